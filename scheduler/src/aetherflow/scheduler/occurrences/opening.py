"""Opening the occurrence ledger of a schedule: to work with it, or only to look."""

from __future__ import annotations

import stat
from pathlib import Path

from aetherflow.kernel.api import LedgerConnection, network_under, open_connection, open_to_read

from .failures import StoreFailed, unusable
from .ledger import OccurrenceLedger
from .schema import CONTENTS, TABLES
from .store import OccurrenceStore


def open_store(
    state: Path, *, is_to_read: bool = False, is_network_allowed: bool = False, busy_seconds: float | None = None
) -> OccurrenceStore:
    """Open the occurrence ledger of a folder for state, made with the folder where it is missing.

    Args:
        state: the folder.
        is_to_read: only look; nothing is made, and where there is no ledger, nothing is remembered.
        is_network_allowed: whether it may be on a network file system; then no other machine may use it.
        busy_seconds: how long one call waits for others who write, where that is not as long as usual.

    Raises:
        StoreFailed: it can't be opened, is none, or is newer than this scheduler.
        RunFailed: others could change it.
    """
    file = state.absolute() / "occurrences.sqlite"
    try:
        is_there = _is_there(file)
    except OSError as error:
        raise unusable(file, error.strerror or str(error)) from error
    if is_to_read:
        connection = open_to_read(file, CONTENTS) if is_there else _nothing()
        return OccurrenceLedger(connection, file)
    if not is_network_allowed:
        refuse_network(file)
    connection = open_connection(file, CONTENTS)
    if busy_seconds is not None:
        connection.set_busy_timeout(int(busy_seconds * 1000))
    return OccurrenceLedger(connection, file.resolve())


def _is_there(file: Path) -> bool:
    try:
        # Asked once: whoever makes it at this moment may come between two questions.
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if file.is_symlink():
            raise unusable(file, "it is no regular file") from None
        return False
    if not stat.S_ISREG(mode):
        raise unusable(file, "it is no regular file")
    return True


def _nothing() -> LedgerConnection:
    """A ledger in memory that holds nothing, for whoever only looks."""
    connection = LedgerConnection(":memory:")
    connection.execute(TABLES)
    connection.execute("PRAGMA query_only = ON")
    return connection


def refuse_network(file: Path, *, mounts: Path = Path("/proc/self/mountinfo")) -> None:
    """Refuse a ledger on a network file system.

    Raises:
        StoreFailed: it is on one.
    """
    kind = network_under(file, mounts=mounts)
    if kind is not None:
        raise StoreFailed(
            f"the occurrence ledger {file} would be on a network file system ({kind}), where it can be damaged",
            code="AF-SCHEDULE-LEDGER-NETWORK",
            help="name a folder on a disk of this machine in state.path of the schedule file",
        )
