"""One owner per run: a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import contextlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import LedgerFailed, OwnedByAnother
from .folders import make_private_folder, open_folder, refuse_unsafe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..contracts.records import RunKey

_HAS_FILE_LOCKS = os.name == "posix"


@contextmanager
def own_run(folder: Path, key: RunKey) -> Iterator[None]:
    """Own a run while the block lasts.

    The lock file stays: removing it would let two owners hold two files of one name.

    Raises:
        OwnedByAnother: a living process owns it.
        LedgerFailed: the folder can't be used.
    """
    descriptor = _open_lock(folder, key)
    try:
        _lock(descriptor, key)
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            raise _unusable(folder, error) from error
        yield
    finally:
        os.close(descriptor)


def _open_lock(folder: Path, key: RunKey) -> int:
    place = folder / key.flow_id
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        make_private_folder(folder)
        make_private_folder(place)
        with open_folder(place) as beside:
            descriptor = os.open(f"{key.run_id}.lock", flags, 0o600, dir_fd=beside)
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        refuse_unsafe(os.fstat(descriptor), place / f"{key.run_id}.lock")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _unusable(folder: Path, error: OSError) -> LedgerFailed:
    return LedgerFailed(
        f"{folder}, where it stands which process owns a run, can't be used: {error.strerror or error}",
        code="AF-LEDGER-OWNERS",
        help="make room, make it readable and writable, or give another file in flow.state.path",
    )


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Wait until no other process or thread is in such a block with the same lock file, which stays."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        if _HAS_FILE_LOCKS:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, key: RunKey) -> None:
    # Elsewhere the ledger's own locks are all there is: the flow still runs, unguarded against its twin.
    if not _HAS_FILE_LOCKS:
        return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = ""
        with contextlib.suppress(OSError):
            owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        raise OwnedByAnother(
            f"run {key.run_id!r} of flow {key.flow_id!r} is owned by another process (pid {owner or 'unknown'})",
            code="AF-RUN-OWNED",
            help="wait for it to end, or start a run with another id",
        ) from None
