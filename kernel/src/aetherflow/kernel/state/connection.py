"""A connection to the ledger's file: opened for its user only, brought up to date, with transactions that tell."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import apsw

from ..errors import LedgerFailed
from .folders import make_private_folder, refuse_unsafe, without_links
from .ownership import one_at_a_time
from .schema import APPLICATION_ID, CONNECTION_SETTINGS, MIGRATIONS, SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

_BUSY_MILLISECONDS = 30_000


def open_connection(path: Path) -> apsw.Connection:
    """Open the ledger file, made with its folders where it is missing, for its user only.

    Raises:
        LedgerFailed: the file can't be opened, is no ledger, or is newer than this kernel.
        RunFailed: others could change it, or somebody else made a link on the way to it.
    """
    try:
        path = without_links(path.absolute())
        make_private_folder(path.parent)
        with one_at_a_time(path.with_name(f"{path.name}.opening")):
            return _open(path)
    except (OSError, apsw.Error) as error:
        raise unusable(path, str(error)) from error


def open_to_read(path: Path) -> apsw.Connection:
    """Open a ledger that is there, to look into it; one that a newer AetherFlow wrote as well.

    Raises:
        LedgerFailed: there is none, or it can't be read.
    """
    if not path.is_file():
        raise LedgerFailed(
            f"there is no ledger {path}",
            help="name the flow (--flow FLOW) or the file (--ledger FILE), or go to the project's folder",
        )
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(_BUSY_MILLISECONDS)
        if _pragma(connection, "application_id") != APPLICATION_ID:
            raise unusable(path, "it is another program's SQLite file")
        if _pragma(connection, "user_version") < SCHEMA_VERSION:
            connection.close()
            return open_connection(path)
        connection.execute("PRAGMA query_only = ON")
    except apsw.Error as error:
        raise unusable(path, str(error)) from error
    return connection


class Transaction:
    """One transaction; what SQLite says of the file is told as an error for the user."""

    __slots__ = ("_connection", "_guard", "_path")

    def __init__(self, connection: apsw.Connection, path: Path, guard: threading.RLock) -> None:
        self._connection = connection
        self._path = path
        self._guard = guard

    def __enter__(self) -> None:
        self._guard.acquire()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            self._guard.release()
            tell_failure(self._path, error)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        try:
            if error is None:
                self._connection.execute("COMMIT")
        except BaseException as failed:
            self._roll_back()
            tell_failure(self._path, failed)
            raise
        else:
            if error is not None:
                self._roll_back()
                tell_failure(self._path, error)
        finally:
            self._guard.release()

    def _roll_back(self) -> None:
        with suppress(apsw.Error):
            self._connection.execute("ROLLBACK")


def tell_failure(path: Path, error: BaseException) -> None:
    """Raise what SQLite says of the file (full, unreadable, damaged) as an error for the user; else do nothing."""
    if isinstance(error, apsw.Error):
        failure = unusable(path, str(error))
        failure.may_be_tried_again = not isinstance(error, apsw.IOError | apsw.CorruptError)
        raise failure from error


def unusable(path: Path, why: str) -> LedgerFailed:
    """The error for a ledger that can't be used."""
    return LedgerFailed(
        f"the ledger {path} can't be used: {why}",
        help="make room, make it readable and writable, or give another file in flow.state.path",
    )


def _open(path: Path) -> apsw.Connection:
    # Only where it is missing: closing the file by other means drops SQLite's own locks on it in this process.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    refuse_unsafe(path.lstat(), path)
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_NOFOLLOW
    connection = apsw.Connection(str(path), flags=flags)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: apsw.Connection, path: Path) -> None:
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    version, application = (_pragma(connection, name) for name in ("user_version", "application_id"))
    is_new = version == 0 and application == 0 and not _pragma(connection, "schema_version")
    if not is_new and application != APPLICATION_ID:
        raise unusable(path, "it is another program's SQLite file")
    if version > SCHEMA_VERSION:
        raise unusable(path, f"a newer AetherFlow wrote it (version {version}, this one knows {SCHEMA_VERSION})")
    for setting in CONNECTION_SETTINGS:
        connection.execute(setting)
    if is_new:
        _in_one_commit(connection, lambda: _create(connection))
    elif version < SCHEMA_VERSION:
        _in_one_commit(connection, lambda: _migrate(connection, version))


def _in_one_commit(connection: apsw.Connection, change: Callable[[], None]) -> None:
    """The old tables or the new ones, whenever it is killed: the version is a part of the transaction."""
    connection.execute("BEGIN IMMEDIATE")
    change()
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _create(connection: apsw.Connection) -> None:
    connection.execute(TABLES)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _migrate(connection: apsw.Connection, version: int) -> None:
    for older in range(version, SCHEMA_VERSION):
        connection.execute(MIGRATIONS[older])


def _pragma(connection: apsw.Connection, name: str) -> int:
    return int(connection.pragma(name) or 0)
