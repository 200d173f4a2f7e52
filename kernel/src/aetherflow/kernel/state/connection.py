"""A connection to the ledger's file: opened for its user only, brought up to date, with transactions that tell."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import apsw

from ..errors import LedgerFailed
from ..quick_dataclasses import dataclass
from .folders import make_private_folders, refuse_unsafe, without_links
from .ownership import one_at_a_time
from .schema import APPLICATION_ID, CONNECTION_SETTINGS, MIGRATIONS, SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from pathlib import Path

_BUSY_MILLISECONDS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerContents:
    """What a file of SQLite holds, and as what it is told that it can't be used."""

    #: Written into the file's header, so that no other SQLite file is taken for one.
    application_id: int
    #: The version of its tables; a newer file is refused.
    version: int
    tables: str
    #: How a file of an older version becomes one of the next.
    migrations: Mapping[int, str]
    #: Makes the error for a file, and why it can't be used.
    failed: Callable[[Path, str], LedgerFailed]
    #: What a user does to have another file looked into.
    named_by: str = "give --ledger FILE"


class LedgerConnection(apsw.Connection):
    """A connection that leaves its file alone once the device has failed.

    After a sync that failed, the system may take what it could not write for written: a later sync that
    goes well would say nothing.
    """

    has_failed = False

    def prepare(self, *, busy_milliseconds: int = _BUSY_MILLISECONDS) -> None:
        """Set what holds for each connection that writes to a ledger: above all that its commits are on the disk.

        Args:
            busy_milliseconds: how long it waits for whoever writes at the moment.

        Raises:
            apsw.Error: the file can't be read or written.
        """
        self.set_busy_timeout(busy_milliseconds)
        for setting in CONNECTION_SETTINGS:
            # Read to its end: what a statement that still has rows to give can't write is told to nobody.
            self.execute(setting).fetchall()

    def note_failure(self, error: BaseException) -> None:
        """After an I/O error nothing is written any more, not even when the file is closed."""
        if isinstance(error, apsw.IOError):
            self.has_failed = True
            self.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)


def unusable(path: Path, why: str) -> LedgerFailed:
    """The error for a ledger that can't be used."""
    return LedgerFailed(
        f"the ledger {path} can't be used: {why}",
        help="make room, make it readable and writable, or give another file in flow.state.path",
    )


LEDGER = LedgerContents(
    application_id=APPLICATION_ID, version=SCHEMA_VERSION, tables=TABLES, migrations=MIGRATIONS, failed=unusable
)


def open_connection(path: Path, contents: LedgerContents = LEDGER) -> LedgerConnection:
    """Open the ledger file, made with its folders where it is missing, for its user only.

    Args:
        path: the file.
        contents: what it holds.

    Raises:
        LedgerFailed: the file can't be opened, is no ledger, or is newer than this kernel.
        RunFailed: others could change it, or somebody else made a link on the way to it.
    """
    _refuse_other_names(path, contents)
    try:
        path = without_links(path.absolute())
        make_private_folders(path.parent)
        with one_at_a_time(path.with_name(f"{path.name}.opening")):
            return _open(path, contents)
    except OSError as error:
        raise contents.failed(path, _words_of(error)) from error
    except apsw.Error as error:
        raise contents.failed(path, str(error)) from error


def _words_of(error: OSError) -> str:
    """What went wrong, and where that was: it may be a folder above."""
    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}"


def open_to_read(path: Path, contents: LedgerContents = LEDGER) -> LedgerConnection:
    """Open a ledger that is there, to look into it and no more; one that a newer AetherFlow wrote as well.

    Args:
        path: the file.
        contents: what it holds.

    Raises:
        LedgerFailed: there is none, or it can't be read.
    """
    if not path.is_file():
        raise LedgerFailed(
            f"there is no ledger {path}",
            help="name the flow (--flow FLOW) or the file (--ledger FILE), or go to the project's folder",
        )
    _refuse_other_names(path, contents)
    try:
        return _looked_into(_connect_to_read(path, contents), path, contents)
    except apsw.Error as error:
        raise contents.failed(path, str(error)) from error


def _refuse_other_names(path: Path, contents: LedgerContents) -> None:
    """Refuse a path that SQLite does not take: it may hold any bytes for the system, and is UTF-8 for SQLite."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        raise contents.failed(path, "its path must be UTF-8") from None


def _connect_to_read(path: Path, contents: LedgerContents) -> LedgerConnection:
    has_unmerged = _has_unmerged(path)
    connection = LedgerConnection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        # What a killed run left unmerged is for whoever writes next: a look leaves both files as they are.
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, int(has_unmerged))
        connection.set_busy_timeout(_BUSY_MILLISECONDS)
        # Only now SQLite looks at the file, and makes what it shares with writers.
        _pragma(connection, "schema_version")
    except (apsw.CantOpenError, apsw.ReadOnlyError) as error:
        connection.close()
        return _connect_as_it_stands(path, contents, error)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_as_it_stands(path: Path, contents: LedgerContents, error: apsw.Error) -> LedgerConnection:
    """Where nothing can be made beside the file, it is all there is; nobody else can write it there either."""
    if _has_unmerged(path):
        failure = contents.failed(path, f"it can't be read where it is: {error}")
        raise type(failure)(
            f"{failure}",
            help=f"its newest part is in {path.name}-wal, which needs a folder that can be written to:"
            f" copy both files to one, and {contents.named_by}",
        ) from error
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    return LedgerConnection(f"{path.resolve().as_uri()}?immutable=1", flags=flags)


def _has_unmerged(path: Path) -> bool:
    """Whether there is a log of writes that are not in the file itself yet."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def _looked_into(connection: LedgerConnection, path: Path, contents: LedgerContents) -> LedgerConnection:
    try:
        if _is_empty(connection):
            # Whoever makes it has not come to its tables yet, or was killed before: it holds nothing so far.
            connection.close()
            connection = LedgerConnection(":memory:")
            _in_one_commit(connection, contents, lambda: _create(connection, contents))
        _refuse_other_files(connection, path, contents)
        version = _pragma(connection, "user_version")
        if version < contents.version:
            # A look must not take the file from the older AetherFlow that may still work with it.
            connection = _copy_in_memory(connection)
            _migrate(connection, version, contents)
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _is_empty(connection: LedgerConnection) -> bool:
    """Whether nobody has written anything into a file yet."""
    return not any(_pragma(connection, name) for name in ("user_version", "application_id", "schema_version"))


def _refuse_other_files(connection: LedgerConnection, path: Path, contents: LedgerContents) -> None:
    if _pragma(connection, "application_id") != contents.application_id:
        raise contents.failed(path, "it is another program's SQLite file")


def _copy_in_memory(connection: LedgerConnection) -> LedgerConnection:
    copy = LedgerConnection(":memory:")
    with copy.backup("main", connection, "main") as backup:
        backup.step()
    connection.close()
    return copy


class Transaction:
    """One transaction; what SQLite says of the file is told as an error for the user."""

    __slots__ = ("_connection", "_failed", "_guard", "_path")

    def __init__(
        self, connection: LedgerConnection, path: Path, guard: threading.RLock, contents: LedgerContents = LEDGER
    ) -> None:
        self._connection = connection
        self._failed = contents.failed
        self._path = path
        self._guard = guard

    def __enter__(self) -> None:
        if self._connection.has_failed:
            failure = self._failed(self._path, "its device has failed before")
            failure.may_be_tried_again = False
            raise failure
        self._guard.acquire()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            self._connection.note_failure(error)
            self._guard.release()
            self._tell(error)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        try:
            if error is None:
                self._connection.execute("COMMIT")
        except BaseException as failed:
            self._roll_back(failed)
            self._tell(failed)
            raise
        else:
            if error is not None:
                self._roll_back(error)
                self._tell(error)
        finally:
            self._guard.release()

    def _roll_back(self, error: BaseException) -> None:
        self._connection.note_failure(error)
        with suppress(apsw.Error):
            self._connection.execute("ROLLBACK")

    def _tell(self, error: BaseException) -> None:
        """Raise what SQLite says of the file (full, unreadable, damaged) as an error for the user; else do nothing."""
        if isinstance(error, apsw.Error):
            failure = self._failed(self._path, str(error))
            failure.may_be_tried_again = not isinstance(error, apsw.IOError | apsw.CorruptError)
            raise failure from error


def _open(path: Path, contents: LedgerContents) -> LedgerConnection:
    # Only where it is missing: closing the file by other means drops SQLite's own locks on it in this process.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    refuse_unsafe(path.lstat(), path)
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_NOFOLLOW
    connection = LedgerConnection(str(path), flags=flags)
    try:
        _prepare(connection, path, contents)
    except BaseException as error:
        connection.note_failure(error)
        connection.close()
        raise
    return connection


def _prepare(connection: LedgerConnection, path: Path, contents: LedgerContents) -> None:
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    is_new = _is_empty(connection)
    if not is_new:
        _refuse_other_files(connection, path, contents)
    version = _pragma(connection, "user_version")
    if version > contents.version:
        raise contents.failed(
            path, f"a newer AetherFlow wrote it (version {version}, this one knows {contents.version})"
        )
    connection.prepare()
    if connection.pragma("journal_mode") != "wal":
        raise contents.failed(path, "its file system does not let it be in WAL mode")
    if is_new:
        _in_one_commit(connection, contents, lambda: _create(connection, contents))
    elif version < contents.version:
        _in_one_commit(connection, contents, lambda: _migrate(connection, version, contents))


def _in_one_commit(connection: apsw.Connection, contents: LedgerContents, change: Callable[[], None]) -> None:
    """The old tables or the new ones, whenever it is killed: the version is a part of the transaction."""
    connection.execute("BEGIN IMMEDIATE")
    change()
    connection.execute(f"PRAGMA user_version = {contents.version}")
    connection.execute("COMMIT")


def _create(connection: apsw.Connection, contents: LedgerContents) -> None:
    connection.execute(contents.tables)
    connection.execute(f"PRAGMA application_id = {contents.application_id}")


def _migrate(connection: apsw.Connection, version: int, contents: LedgerContents) -> None:
    for older in range(version, contents.version):
        connection.execute(contents.migrations[older])


def _pragma(connection: apsw.Connection, name: str) -> int:
    return int(connection.pragma(name) or 0)
