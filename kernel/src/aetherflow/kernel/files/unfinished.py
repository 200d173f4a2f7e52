"""What a run is about to put in place, on a list that its next start reads: nothing of ours stays behind a kill."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..quick_dataclasses import dataclass
from ..state.folders import enter_folder, open_folder
from .removal import identity_of, remove_folder, remove_folder_of_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..contracts.records import RunKey
    from .removal import Identity

#: The end of the name of the file that tells whose a folder is.
CLAIM_SUFFIX = ".claim"
_LONGEST_LIST = 64 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class _Left:
    """A temporary file or folder; without an identity it was not made yet, or is an empty folder."""

    place: Path
    identity: Identity | None = None


def unfinished_file(owners: Path, key: RunKey) -> Path:
    """Where the list of a run is: beside the lock of whoever owns it."""
    return owners / key.flow_id / f"{key.run_id}.unfinished"


class Unfinished:
    """The list: a line before something is made, one with its identity after, one when it is gone again.

    Nothing waits for the disk: the list is there to outlive the process. After a power cut the newest lines may be
    missing, and then what they tell of may stay.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._guard = threading.Lock()
        self._descriptor: int | None = None
        self._count = 0
        self._open: set[int] = set()

    def begin(self, place: Path) -> int:
        """Say that something temporary is about to be made; answers its number.

        Raises:
            OSError: the list can't be written.
        """
        with self._guard:
            self._count += 1
            self._open.add(self._count)
            try:
                self._write([self._count, str(place)])
            except BaseException:
                self._open.discard(self._count)
                raise
            return self._count

    def made(self, number: int, found: os.stat_result) -> None:
        """Say what was made: clean-up removes nothing else.

        Raises:
            OSError: the list can't be written.
        """
        with self._guard:
            self._write([number, *identity_of(found)])

    def end(self, number: int) -> None:
        """Say that it is gone, or in its place."""
        with self._guard, contextlib.suppress(OSError):
            self._open.discard(number)
            if self._open:
                self._write([number])
            elif self._descriptor is not None:
                os.ftruncate(self._descriptor, 0)

    def clear(self) -> None:
        """Remove what was left; only by whoever owns the run, and where none of its steps is at work."""
        with self._guard:
            left = [entry for entry in self._read() if not _remove(entry)]
            self._close()
            # What could not be removed is tried again by the next start.
            with contextlib.suppress(OSError):
                if left:
                    self._rewrite(left)
                else:
                    self._file.unlink(missing_ok=True)

    def _write(self, line: list[Any]) -> None:
        if self._descriptor is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(self._file, flags, 0o600)
        # In ASCII, so that a name that is no text has a form too.
        os.write(self._descriptor, f"{json.dumps(line)}\n".encode("ascii"))

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None
        self._open.clear()

    def _rewrite(self, left: Iterable[_Left]) -> None:
        for entry in left:
            self._count += 1
            self._write([self._count, str(entry.place)])
            if entry.identity is not None:
                self._write([self._count, *entry.identity])

    def _read(self) -> list[_Left]:
        try:
            descriptor = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return []
        with os.fdopen(descriptor, encoding="ascii", errors="replace") as lines:
            return _listed(lines.read(_LONGEST_LIST).splitlines())


def _listed(lines: Iterable[str]) -> list[_Left]:
    """What the list says is left, the newest first."""
    left: dict[int, _Left] = {}
    for line in lines:
        # The last one may be cut; what it would tell of was not made yet.
        with contextlib.suppress(ValueError, TypeError, KeyError):
            number, *told = json.loads(line)
            if not told:
                left.pop(number, None)
            elif isinstance(told[0], str):
                left[number] = _Left(place=Path(told[0]))
            else:
                device, inode, kind = told
                left[number].identity = (device, inode, kind)
    return list(reversed(left.values()))


def _remove(entry: _Left) -> bool:
    """Remove what was left, if it is what was made; answers whether nothing of it is there any more."""
    try:
        with open_folder(entry.place.parent) as parent:
            return _remove_from(parent, entry.place.name, entry.identity)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def _remove_from(parent: int, name: str, identity: Identity | None) -> bool:
    found = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if identity is None:
        _remove_empty(name, parent, found)
        return True
    if identity_of(found) != identity:
        return True
    if stat.S_ISREG(found.st_mode):
        return _remove_claimed(name, parent, found)
    descriptor = enter_folder(name, parent)
    try:
        return identity_of(os.fstat(descriptor)) != identity or remove_folder(name, parent, descriptor)
    finally:
        os.close(descriptor)


def _remove_claimed(claim: str, parent: int, found: os.stat_result) -> bool:
    """Remove a folder that is ours by its claim, and the claim; one that holds nothing yet claims an empty folder."""
    name = claim.removesuffix(CLAIM_SUFFIX)
    if found.st_size and not remove_folder_of_name(name, parent):
        return False
    with contextlib.suppress(OSError):
        os.rmdir(name, dir_fd=parent)
    os.unlink(claim, dir_fd=parent)
    return True


def _remove_empty(name: str, parent: int, found: os.stat_result) -> None:
    """Remove what was made, perhaps, and not yet told to be: then nothing is in it."""
    with contextlib.suppress(OSError):
        if stat.S_ISDIR(found.st_mode):
            os.rmdir(name, dir_fd=parent)
        elif name.endswith(CLAIM_SUFFIX) and stat.S_ISREG(found.st_mode) and not found.st_size:
            os.unlink(name, dir_fd=parent)
