"""Which schedulers live: each holds a lock on a file of its own, which the system drops when it dies."""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path

from aetherflow.kernel.api import make_private_folders, open_locked

from .failures import StoreFailed

_TO_LOOK = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Owner:
    """This scheduler as others see it; from the first time that it is asked for its lock until it is let go."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None
        #: A name that nothing had before, and nothing gets again: who is dead stays dead.
        self.name = secrets.token_hex(8)

    @property
    def is_known(self) -> bool:
        """Whether it holds its lock."""
        return self._descriptor is not None

    def live(self) -> None:
        """Hold the lock from now on.

        Raises:
            StoreFailed: the folder can't be used.
        """
        if self._descriptor is not None:
            if _is_named(_lock_file(self._folder, self.name), self._descriptor):
                return
            # Somebody has removed the file: whoever looks takes us for dead.
            self.let_go()
        try:
            make_private_folders(self._folder)
            self._descriptor = open_locked(_lock_file(self._folder, self.name), _wait_for_lock)
        except OSError as error:
            raise StoreFailed(
                f"{self._folder}, where it stands which schedulers live, can't be used: {error.strerror or error}",
                code="AF-SCHEDULE-LEDGER-OWNERS",
                help="make room, make it readable and writable, or name another folder in state.path of the schedule"
                " file",
            ) from error

    def let_go(self) -> None:
        """Hold it no more."""
        if self._descriptor is None:
            return
        with suppress(OSError):
            _lock_file(self._folder, self.name).unlink()
        os.close(self._descriptor)
        self._descriptor = None


def is_alive(folder: Path, name: str) -> bool:
    """Whether a scheduler lives, one that is stopped included; one whose lock can't be looked at is taken for alive."""
    try:
        descriptor = os.open(_lock_file(folder, name), _TO_LOOK)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        # Together with others who look: none of them is taken for the owner.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def remove_dead(folder: Path) -> None:
    """Remove the lock files of those that are dead; none of their names comes again."""
    with suppress(OSError):
        for file in list(folder.glob("*.lock")):
            with suppress(OSError):
                _remove(file)


def _remove(file: Path) -> None:
    # While we hold its lock: whoever has just made the file, and waits for the lock on it, makes it anew then.
    descriptor = open_locked(file, _take_free_lock)
    try:
        file.unlink()
    finally:
        os.close(descriptor)


def _is_named(file: Path, descriptor: int) -> bool:
    """Whether an open file is still the one of a name."""
    try:
        return os.path.samestat(file.lstat(), os.fstat(descriptor))
    except OSError:
        return False


def _lock_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.lock"


def _wait_for_lock(descriptor: int) -> None:
    """Nobody else holds it for longer than a look takes."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _take_free_lock(descriptor: int) -> None:
    """Raise where somebody holds it."""
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
