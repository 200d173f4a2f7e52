"""Folders reached through open ones, so that no link is followed; and those that belong to one user."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FOR_ITS_USER_ONLY = 0o700
#: How often folders are made again that another run removed at the same time, because they were empty.
_TRIES = 100
_MOST_LINKS = 40


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
            again, and where it ends well they are on the disk.

    Raises:
        OSError: there is no such folder, it can't be made, or a part of the path is a link.
    """
    trail, made = _walk(folder.absolute(), make)
    try:
        yield trail[-1]
        for _, parent in made:
            os.fsync(parent)
    except BaseException:
        _undo(made)
        raise
    finally:
        for descriptor in trail:
            os.close(descriptor)


def _walk(folder: Path, make: int | None) -> tuple[list[int], list[tuple[str, int]]]:
    """The open folder, and before it those in which one was made; and the name of each of those."""
    tries = 1 if make is None else _TRIES
    while True:
        trail: list[int] = [os.open(folder.anchor, _FOLDER)]
        made: list[tuple[str, int]] = []
        try:
            for part in folder.parts[1:]:
                _go_on(part, trail, made, make)
        except BaseException as error:
            _undo(made)
            for descriptor in trail:
                os.close(descriptor)
            tries -= 1
            if isinstance(error, FileNotFoundError) and tries:
                continue
            if isinstance(error, OSError):
                raise OSError(error.errno, error.strerror, str(folder)) from None
            raise
        return trail, made


def _go_on(part: str, trail: list[int], made: list[tuple[str, int]], make: int | None) -> None:
    parent = trail[-1]
    is_made = False
    try:
        inner = enter_folder(part, parent)
    except FileNotFoundError:
        if make is None:
            raise
        with contextlib.suppress(FileExistsError):
            os.mkdir(part, make, dir_fd=parent)
            is_made = True
        inner = enter_folder(part, parent)
    if is_made:
        made.append((part, parent))
    else:
        trail.pop()
        os.close(parent)
    trail.append(inner)


def _undo(made: list[tuple[str, int]]) -> None:
    """Remove the folders that were made, as far as they are empty."""
    for name, parent in reversed(made):
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=parent)


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, each for its user only.

    Raises:
        OSError: it can't be made.
        RunFailed: it is there, and is not safe.
    """
    with open_folder(folder, make=_FOR_ITS_USER_ONLY) as descriptor:
        refuse_unsafe(os.fstat(descriptor), folder)


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
