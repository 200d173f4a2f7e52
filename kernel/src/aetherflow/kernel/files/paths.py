"""Which paths a step may use: what it reads and writes stays inside, after links are resolved."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidInput, PathRefused
from ..quick_dataclasses import dataclass
from ..state.folders import open_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from io import BufferedReader


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedPlaces:
    """What no step and no connector may touch: the ledger, the policy, code that may be loaded.

    Told by identity (device and inode), so that no other name of it serves.
    """

    folders: tuple[Path, ...]
    files: tuple[Path, ...]

    def folder_holds(self, path: Path) -> bool:
        """Whether a resolved path is one of the folders, or lies in one."""
        identities = {_identity(folder) for folder in self.folders} - {None}
        is_named = any(path.is_relative_to(folder) for folder in self.folders)
        return is_named or any(_identity(place) in identities for place in (path, *path.parents))

    def is_file(self, path: Path) -> bool:
        """Whether a resolved path is one of the files, under whatever name."""
        return path in self.files or _identity(path) in {_identity(file) for file in self.files} - {None}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPaths:
    """The paths of one job; all folders are absolute and resolved."""

    artifacts: Path
    project: Path
    #: Below these, any step of the run may read.
    read_roots: tuple[Path, ...]
    #: Below these, steps of this job may write.
    write_roots: tuple[Path, ...]
    #: Folders inside protected ones that may be read, and that may be written.
    own_to_read: tuple[Path, ...]
    own_to_write: tuple[Path, ...]
    protected: ProtectedPlaces
    #: Called before a path is looked for.
    make_folders: Callable[[], None] = lambda: None

    def readable(self, path: str) -> Path:
        """Where to read: looked for in the job's artifacts, then in the project.

        Raises:
            PathRefused: it lies outside, or is no regular file or folder.
        """
        given = _as_path(path)
        self.make_folders()
        inside_artifacts = self.artifacts / given
        candidate = inside_artifacts if os.path.lexists(inside_artifacts) else self.project / given
        resolved = self._inside(candidate, path, roots=self.read_roots, own=self.own_to_read, use="read")
        try:
            is_special = resolved.exists() and not (resolved.is_file() or resolved.is_dir())
        except OSError as error:
            # The system will not even look: a folder in front of it is closed, or a name is too long.
            reason = error.strerror or type(error).__name__
            raise PathRefused(f"{path!r} can't be read: {reason}", code="AF-PATH-REFUSED") from None
        if is_special:
            raise PathRefused(f"{path!r} is neither a file nor a folder", code="AF-PATH-SPECIAL")
        return resolved

    def open(self, path: str) -> BufferedReader:
        """A file to read, opened: whatever is put in the place of a part of its path, it is the one that was allowed.

        Raises:
            PathRefused: it lies outside, is no regular file, or a part of its path is a link by now.
        """
        place = self.readable(path)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            with open_folder(place.parent) as folder:
                descriptor = os.open(place.name, flags, dir_fd=folder)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise PathRefused(f"{path!r} can't be read: {reason}", code="AF-PATH-REFUSED") from None
        opened = os.fdopen(descriptor, "rb")
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            opened.close()
            raise PathRefused(f"{path!r} is no file", code="AF-PATH-SPECIAL")
        return opened

    def writable(self, path: str) -> Path:
        """Where to write: below the job's artifacts unless it is absolute.

        Raises:
            PathRefused: it lies outside the folders that may be written.
        """
        self.make_folders()
        resolved = self._inside(
            self.artifacts / _as_path(path), path, roots=self.write_roots, own=self.own_to_write, use="write"
        )
        if resolved in self.write_roots:
            raise PathRefused(
                f"{path!r} names a whole folder of the run",
                code="AF-PATH-REFUSED",
                help="name a file or folder below it",
            )
        return resolved

    def _inside(self, candidate: Path, given: str, *, roots: Iterable[Path], own: Iterable[Path], use: str) -> Path:
        try:
            resolved = candidate.resolve()
        except (OSError, RuntimeError) as error:
            raise PathRefused(f"{given!r} can't be resolved: {type(error).__name__}", code="AF-PATH-REFUSED") from error
        if not any(resolved.is_relative_to(root) for root in roots):
            raise PathRefused(
                f"{given!r} leads out of the folders that this step may {use}",
                code="AF-PATH-REFUSED",
                help=f"it may {use} below: {', '.join(map(str, dict.fromkeys(roots)))}",
            )
        is_own = any(resolved.is_relative_to(folder) for folder in own)
        if self.protected.is_file(resolved) or (not is_own and self.protected.folder_holds(resolved)):
            raise PathRefused(
                f"{given!r} belongs to AetherFlow itself", code="AF-PATH-PROTECTED", help="choose another place"
            )
        return resolved


class PathsOnDemand:
    """The paths of one job, put together when a step first names one: most steps name none."""

    def __init__(self, make: Callable[[], StepPaths]) -> None:
        self._make = make
        self._paths: StepPaths | None = None

    def get(self) -> StepPaths:
        """The paths of the job; two threads that ask at once may make them twice, and get the same."""
        paths = self._paths
        if paths is None:
            paths = self._paths = self._make()
        return paths

    def readable(self, path: str) -> Path:
        """Where to read, see `StepPaths`."""
        return self.get().readable(path)

    def open(self, path: str) -> BufferedReader:
        """A file to read, opened, see `StepPaths`."""
        return self.get().open(path)

    def writable(self, path: str) -> Path:
        """Where to write, see `StepPaths`."""
        return self.get().writable(path)


def expanded(path: str | Path) -> Path:
    """A path of settings or of a flow's own block, where `~` is a home folder.

    Raises:
        InvalidInput: it holds a NUL, or there is no such home folder.
    """
    if "\0" in str(path):
        raise InvalidInput("a path can't hold a NUL", code="AF-PATH-REFUSED", help="take it out")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        wrong = f"{str(path)!r} starts with a home folder that is not known here"
        raise InvalidInput(wrong, code="AF-PATH-REFUSED", help="write the whole path") from None


def _as_path(path: str) -> Path:
    if not path or "\0" in path:
        raise PathRefused("an empty path, or one with a NUL, names no file", code="AF-PATH-REFUSED")
    return Path(path)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)
