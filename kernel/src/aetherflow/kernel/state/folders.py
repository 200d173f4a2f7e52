"""Folders reached through open ones, so that no link is followed; that a power cut leaves; that belong to one user."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_LINK = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | _NO_LINK
#: On the way, a folder need not be readable: it is enough to be let through.
_ON_THE_WAY = getattr(os, "O_PATH", os.O_RDONLY) | _NO_LINK
#: Permissions of a folder that nobody else may look into.
FOR_ITS_USER_ONLY = 0o700
#: How often folders are made again that another run removed at the same time, because they were empty.
_TRIES = 100
_MOST_LINKS = 40


class _Walk(NamedTuple):
    """Open folders, and the names of those that were made in them."""

    #: The folder that was asked for is the last one.
    opened: list[int]
    made: list[tuple[str, int]]

    def close(self) -> None:
        for descriptor in self.opened:
            os.close(descriptor)

    def undo(self) -> None:
        """Remove the folders that were made, as far as they are empty."""
        for name, parent in reversed(self.made):
            with suppress(OSError):
                os.rmdir(name, dir_fd=parent)

    def named_in(self) -> list[int]:
        """The folders that names were put into."""
        return [parent for _, parent in self.made]


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
            again, and where it ends well a power cut does not take them away.

    Raises:
        OSError: there is no such folder, it can't be made, or a part of the path is a link.
    """
    walk = _walk(folder.absolute(), make)
    try:
        yield walk.opened[-1]
        _sync_names(walk.named_in())
    except BaseException:
        walk.undo()
        raise
    finally:
        walk.close()


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, each for its user only, as `make_folders` does.

    Raises:
        OSError: it can't be made.
        RunFailed: it is there, and is not safe.
    """
    walk = _walk_to_make(folder, FOR_ITS_USER_ONLY)
    try:
        refuse_unsafe(os.fstat(walk.opened[-1]), folder)
        if walk.made:
            _sync_names(walk.named_in())
        else:
            # Whoever made it may have been killed before its name was synced.
            above = os.open("..", _ON_THE_WAY, dir_fd=walk.opened[-1])
            try:
                _sync_names([above])
            finally:
                os.close(above)
    finally:
        walk.close()


def make_folders(*folders: Path, mode: int = 0o777) -> None:
    """Make those folders that are missing, and those above them; a power cut does not take them away afterwards.

    Args:
        folders: what to make; no part of their paths is a link.
        mode: permissions of each one that is made, less the user's umask.

    Raises:
        OSError: one can't be made.
    """
    walks: list[_Walk] = []
    try:
        walks.extend(_walk_to_make(folder, mode) for folder in folders if not folder.is_dir())
        # A file that was synced is lost all the same with the name of a folder above it that was not.
        _sync_names([parent for walk in walks for parent in walk.named_in()])
    finally:
        for walk in walks:
            walk.close()


def _walk_to_make(folder: Path, mode: int) -> _Walk:
    try:
        return _walk(folder.absolute(), mode)
    except NotADirectoryError:
        if folder.is_symlink() or not folder.exists():
            raise
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder)) from None


def _walk(folder: Path, make: int | None) -> _Walk:
    tries = 1 if make is None else _TRIES
    while True:
        walk = _Walk([os.open(folder.anchor, _ON_THE_WAY if len(folder.parts) > 1 else _FOLDER)], [])
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
                continue
            if isinstance(error, OSError):
                raise OSError(error.errno, error.strerror, str(folder)) from None
            raise
        return walk


def _go_on(part: str, walk: _Walk, make: int | None, flags: int) -> None:
    """Open the next folder; the one before stays open where the next was made in it."""
    parent = walk.opened[-1]
    is_made = False
    try:
        inner = os.open(part, flags, dir_fd=parent)
    except FileNotFoundError:
        if make is None:
            raise
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


def _sync_names(folders: list[int]) -> None:
    """Have the names in open folders on the disk, and that of the first one, which may have been made just before."""
    synced: set[tuple[int, int]] = set()
    for number, folder in enumerate(folders):
        for path in ("..", ".") if number == 0 else (".",):
            # Names may be put into a folder that may not be read; nobody can sync it then.
            with suppress(PermissionError):
                descriptor = os.open(path, _FOLDER, dir_fd=folder)
                try:
                    found = os.fstat(descriptor)
                    if (found.st_dev, found.st_ino) not in synced:
                        synced.add((found.st_dev, found.st_ino))
                        os.fsync(descriptor)
                finally:
                    os.close(descriptor)


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
