"""Folders reached through open ones, so that no link is followed; that a power cut leaves; that belong to one user."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RunFailed
from ..quick_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_LINK = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | _NO_LINK
_FOLDER_BY_ANY_PATH = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
#: On the way, a folder need not be readable: it is enough to be let through.
_ON_THE_WAY = getattr(os, "O_PATH", os.O_RDONLY) | _NO_LINK
#: Permissions of a folder that nobody else may look into.
FOR_ITS_USER_ONLY = 0o700
#: How often folders are made again that another run removed at the same time, because they were empty.
_TRIES = 100
_MOST_LINKS = 40


#: Folders by device and number.
_Folders = set[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Walk:
    """Open folders, and the names of those that were made in them."""

    #: The folder that was asked for is the last one.
    opened: list[int]
    made: list[tuple[str, int]]
    #: Those whose names are on the disk.
    known: _Folders

    def close(self) -> None:
        for descriptor in self.opened:
            os.close(descriptor)

    def undo(self) -> None:
        """Remove the folders that were made, as far as they are empty."""
        for name, parent in reversed(self.made):
            with suppress(OSError):
                os.rmdir(name, dir_fd=parent)


def enter_folder(name: str, parent: int) -> int:
    """The descriptor of a folder in an open one.

    Raises:
        OSError: there is none, or it is a link.
    """
    return os.open(name, _FOLDER, dir_fd=parent)


@contextmanager
def open_folder(folder: Path, *, make: int | None = None) -> Iterator[int]:
    """The open folder at a path, no part of which may be a link: whoever puts one there meanwhile gains nothing.

    Part by part, and not by openat2: that takes ctypes, which costs every start of the program more than all the
    walks of a run do, and holds back no more.

    Args:
        folder: the path.
        make: permissions, less the umask, of folders that are missing; where the block raises they are removed
            again. Before the block begins the folder is where a power cut does not take it away, whoever made it.

    Raises:
        OSError: there is no such folder, it can't be made, or a part of the path is a link.
    """
    walk = _walk(folder.absolute(), make)
    try:
        if make is not None:
            _sync_names(walk.opened[-1:], walk.known)
        yield walk.opened[-1]
    except BaseException:
        walk.undo()
        raise
    finally:
        walk.close()


def make_private_folders(*folders: Path) -> None:
    """Make folders, each below the one before, and those above them that are missing, each for its user only.

    From the top: where only this user may write, nobody puts another folder in the place of the next one.
    A power cut does not take the last one away afterwards, whoever made it.

    Raises:
        OSError: one can't be made.
        RunFailed: one is there, and is not safe.
    """
    for number, folder in enumerate(folders, start=1):
        walk = _walk_to_make(folder, FOR_ITS_USER_ONLY)
        try:
            refuse_unsafe(os.fstat(walk.opened[-1]), folder)
            if number == len(folders):
                _sync_names(walk.opened[-1:], walk.known)
        finally:
            walk.close()


def make_folders(*folders: Path, mode: int = 0o777) -> None:
    """Make those folders that are missing, and those above them; a power cut does not take them away afterwards.

    Nor those that are there: whoever made them may have been killed before their names were on the disk.

    Args:
        folders: what to make; no part of their paths is a link.
        mode: permissions of each one that is made, less the user's umask.

    Raises:
        OSError: one can't be made.
    """
    known: _Folders = set()
    with ExitStack() as stack:
        opened = [_open_or_make(folder, mode, known, stack) for folder in folders]
        _sync_names(opened, known)


def _open_or_make(folder: Path, mode: int, known: _Folders, stack: ExitStack) -> int:
    try:
        # Asked once: whoever removes it at this moment may come between two questions.
        descriptor = os.open(folder, _FOLDER_BY_ANY_PATH)
    except (FileNotFoundError, NotADirectoryError):
        walk = _walk_to_make(folder, mode, known)
        stack.callback(walk.close)
        return walk.opened[-1]
    stack.callback(os.close, descriptor)
    return descriptor


def _walk_to_make(folder: Path, mode: int, known: _Folders | None = None) -> _Walk:
    try:
        return _walk(folder.absolute(), mode, known)
    except NotADirectoryError:
        if folder.is_symlink() or not folder.exists():
            raise
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder)) from None


def _walk(folder: Path, make: int | None, known: _Folders | None = None) -> _Walk:
    known = set() if known is None else known
    tries = 1 if make is None else _TRIES
    while True:
        walk = _Walk([os.open(folder.anchor, _ON_THE_WAY if len(folder.parts) > 1 else _FOLDER)], [], known)
        try:
            for part in folder.parts[1:-1]:
                _go_on(part, walk, make, _ON_THE_WAY)
            if len(folder.parts) > 1:
                _go_on(folder.name, walk, make, _FOLDER)
        except BaseException as error:
            walk.undo()
            walk.close()
            tries -= 1
            if isinstance(error, FileNotFoundError) and tries:
                # One that is made again may be given the number of the one that is gone.
                known.clear()
                continue
            if isinstance(error, OSError):
                raise OSError(error.errno, error.strerror, str(folder)) from None
            raise
        return walk


def _go_on(part: str, walk: _Walk, make: int | None, flags: int) -> None:
    """Open the next folder; the one before stays open where the next was made in it.

    The name of a folder is on the disk before another is put into it: so it is for whoever finds the inner one,
    wherever this process is killed.
    """
    parent = walk.opened[-1]
    is_made = False
    try:
        inner = os.open(part, flags, dir_fd=parent)
    except FileNotFoundError:
        if make is None:
            raise
        _sync_names([parent], walk.known)
        with suppress(FileExistsError):
            os.mkdir(part, make, dir_fd=parent)
            is_made = True
        inner = os.open(part, flags, dir_fd=parent)
    if is_made:
        walk.made.append((part, parent))
    else:
        walk.opened.pop()
        os.close(parent)
    walk.opened.append(inner)


def _sync_names(folders: list[int], known: _Folders) -> None:
    """Have the names of open folders on the disk: a file that was synced is lost with that of a folder above it.

    Where a folder is the top of what is mounted there, its name stands in no folder that could be synced.

    Args:
        folders: the folders; none is made before this ends.
        known: those whose names are on the disk; these are added.
    """
    synced: _Folders = set()
    for folder in folders:
        inner = _identity(folder)
        if inner in known:
            continue
        # Names may be put into a folder that may not be read; nobody can sync it then.
        with suppress(PermissionError):
            descriptor = os.open("..", _FOLDER, dir_fd=folder)
            try:
                above = _identity(descriptor)
                if above not in synced and above[0] == inner[0]:
                    synced.add(above)
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
        known.add(inner)


def _identity(folder: int) -> tuple[int, int]:
    found = os.fstat(folder)
    return found.st_dev, found.st_ino


def refuse_unsafe(found: os.stat_result, place: Path) -> None:
    """Refuse a file or folder that somebody else could change.

    As with SSH's own files, only the folder that is ours and what is in it are looked at: who owns those above it
    can put another in its place, but not one that belongs to this user.

    Raises:
        RunFailed: it belongs to somebody else, or others may write it.
    """
    if found.st_uid not in {0, os.geteuid()}:
        raise RunFailed(
            f"{place} belongs to user {found.st_uid}, and this process runs as user {os.geteuid()}",
            code="AF-FOLDER-UNSAFE",
            help=f"run it as user {found.st_uid} (in a container: `--user {found.st_uid}`), change the owner, or name"
            " another place",
        )
    others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if others == stat.S_IWGRP and _is_own_group(found.st_gid):
        return
    if others and not found.st_mode & stat.S_ISVTX:
        raise RunFailed(
            f"{place} may be written by other users (mode {stat.S_IMODE(found.st_mode):04o})",
            code="AF-FOLDER-UNSAFE",
            help="take their right away (`chmod go-w`), or name another place",
        )


def _is_own_group(group: int) -> bool:
    """Whether nobody but the user is in a group: many systems give each user one, and a umask of 002."""
    import grp
    import pwd

    try:
        user, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return user.pw_gid == group and found.gr_name == user.pw_name and set(found.gr_mem) <= {user.pw_name}


def without_links(path: Path) -> Path:
    """An absolute path with its links resolved, each of which is the user's or root's.

    Raises:
        RunFailed: somebody else made one of the links, or there are too many.
    """
    current, rest = Path(path.anchor), list(reversed(path.parts[1:]))
    links = 0
    while rest:
        part = rest.pop()
        if part == "..":
            current = current.parent
            continue
        place = current / part
        target = _target_of(place)
        if target is None:
            current = place
            continue
        links += 1
        if links > _MOST_LINKS:
            raise RunFailed(f"{path} is a loop of links", code="AF-FOLDER-UNSAFE", help="remove the link")
        current = Path(target.anchor) if target.anchor else current
        rest.extend(reversed(target.parts[1:] if target.anchor else target.parts))
    return current


def _target_of(place: Path) -> Path | None:
    """Where a link leads; null where there is none."""
    try:
        found = place.lstat()
        if not stat.S_ISLNK(found.st_mode):
            return None
        target = place.readlink()
    except OSError as error:
        # What can't be looked at is told by whoever opens it.
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EINVAL, errno.ENAMETOOLONG}:
            return None
        raise
    if found.st_uid not in {0, os.geteuid()}:
        raise RunFailed(
            f"{place} is a link that user {found.st_uid} made, and this process runs as user {os.geteuid()}",
            code="AF-FOLDER-UNSAFE",
            help="remove the link, or name the place itself",
        )
    return target
