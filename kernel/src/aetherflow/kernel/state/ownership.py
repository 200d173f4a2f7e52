"""One owner per run: a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import LedgerFailed, OwnedByAnother
from .folders import make_private_folders, refuse_unsafe
from .named_locks import open_locked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..contracts.records import RunKey

_HAS_FILE_LOCKS = os.name == "posix"
#: How often, and how fast, a lock is looked at whose owner is dead: what the owner had started is being ended, or the
#: next one has only just become it and not written its name.
_LOOKS = 200
_SECONDS_BETWEEN_LOOKS = 0.02


@contextmanager
def own_run(folder: Path, key: RunKey) -> Iterator[int]:
    """Own a run while the block lasts; gives the descriptor that stands for it.

    Whoever has a copy of the descriptor owns the run as well: what supervises external processes does, so that no
    later start meets them. The lock file stays; `forget_owner` alone removes it.

    Raises:
        OwnedByAnother: a living process owns it.
        LedgerFailed: the folder can't be used.
        RunFailed: others could change it.
    """
    descriptor = _own(folder, key)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _own(folder: Path, key: RunKey) -> int:
    file = lock_file(folder, key)
    try:
        descriptor = _open_locked_in_its_folder(folder, file, key)
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        raise LedgerFailed(
            f"{folder}, where it stands which process owns a run, can't be used: {error.strerror or error}",
            code="AF-LEDGER-OWNERS",
            help="make room, make it readable and writable, or give another file in flow.state.path",
        ) from error
    return descriptor


def lock_file(folder: Path, key: RunKey) -> Path:
    """The file that the owner of a run holds a lock on."""
    return folder / key.flow_id / f"{key.run_id}.lock"


def forget_owner(folder: Path, key: RunKey) -> None:
    """Remove the lock file of a run that is forgotten; only while this process owns it."""
    file = lock_file(folder, key)
    with contextlib.suppress(OSError):
        file.unlink()
        # Only where nothing else is in it; whoever is about to own another run of the flow makes it again.
        file.parent.rmdir()


def _open_locked_in_its_folder(folder: Path, file: Path, key: RunKey) -> int:
    for _ in range(_LOOKS):
        # Whoever forgets the last run of a flow may remove the folder at any time before there is a file in it.
        with contextlib.suppress(FileNotFoundError):
            make_private_folders(folder, file.parent)
            return _open_locked(file, key)
    raise FileNotFoundError(errno.ENOENT, "it is removed again and again", str(file.parent))


def _open_locked(file: Path, key: RunKey) -> int:
    def lock(descriptor: int) -> None:
        refuse_unsafe(os.fstat(descriptor), file)
        _lock(descriptor, key)

    return open_locked(file, lock)


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
    owner = None
    for _ in range(_LOOKS):
        if _is_locked_by_us(descriptor):
            return
        # The last owner's, or nobody's, as long as the new one has not written its own.
        owner = _owner_of(descriptor)
        if owner is not None and _lives(owner):
            break
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    raise OwnedByAnother(
        f"run {key.run_id!r} of flow {key.flow_id!r} is owned by another process (pid {owner or 'unknown'})",
        code="AF-RUN-OWNED",
        help="wait for it to end, or start a run with another id",
    )


def _is_locked_by_us(descriptor: int) -> bool:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner_of(descriptor: int) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int(os.pread(descriptor, 32, 0))
    return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
