"""Removing what is ours: through open folders, never through a link, never into what is mounted there."""

from __future__ import annotations

import contextlib
import os
import stat

from ..state.folders import enter_folder

_FD_INFO = "/proc/self/fdinfo"


#: What tells a file or folder from any other that bears its name: device, number, and whether it is a file or a
#: folder, as the number of one that is gone is given to the next.
Identity = tuple[int, int, int]


def identity_of(found: os.stat_result) -> Identity:
    """The identity of what was looked at."""
    return found.st_dev, found.st_ino, stat.S_IFMT(found.st_mode)


def remove_folder(name: str, parent: int, descriptor: int, *, last: str = "") -> bool:
    """Remove an open folder with all that is in it; answers whether it is gone.

    Args:
        name: of the folder in its parent.
        parent: the open folder that it is in.
        descriptor: of the folder: whatever may bear its name by now, only what is in this one is removed.
        last: the file in it that says that it is ours, which goes when all else is gone.
    """
    empty_folder(descriptor, last=last)
    if last and os.listdir(descriptor) == [last]:
        os.unlink(last, dir_fd=descriptor)
    # Another one that bears the name is removed only where it is empty.
    try:
        os.rmdir(name, dir_fd=parent)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def remove_folder_of_name(name: str, parent: int) -> bool:
    """Remove whatever folder bears a name in an open one; answers whether it is gone."""
    try:
        descriptor = enter_folder(name, parent)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        return remove_folder(name, parent, descriptor)
    finally:
        os.close(descriptor)


def empty_folder(descriptor: int, *, last: str = "") -> None:
    """Remove what is in an open folder but the file `last`, as far as the system lets us.

    One descriptor at a time, however deep it is; it goes up by `..`, and stops where that leads elsewhere.
    """
    mount = _mount_of(descriptor)
    current = os.dup(descriptor)
    # The way down: the name of each folder, who is above it, and what is still to be removed there.
    path: list[tuple[str, Identity, list[str]]] = []
    pending = _clear_files(current, keep=last)
    try:
        while True:
            if pending:
                name = pending.pop()
                inner = _enter_own(name, current, mount)
                if inner is None:
                    continue
                path.append((name, identity_of(os.fstat(current)), pending))
                os.close(current)
                current = inner
                pending = _clear_files(current)
            elif path:
                name, above, pending = path.pop()
                outer = enter_folder("..", current)
                os.close(current)
                current = outer
                if identity_of(os.fstat(current)) != above:
                    return
                with contextlib.suppress(OSError):
                    os.rmdir(name, dir_fd=current)
            else:
                return
    except OSError:
        return
    finally:
        os.close(current)


def _clear_files(folder: int, *, keep: str = "") -> list[str]:
    """Remove what is no folder; answers the names of the folders."""
    folders: list[str] = []
    with os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.name)
        elif entry.name != keep:
            with contextlib.suppress(OSError):
                os.unlink(entry.name, dir_fd=folder)
    return folders


def _enter_own(name: str, folder: int, mount: tuple[int, str]) -> int | None:
    """The open folder; null where it is a link by now, closed, or something that is mounted there."""
    try:
        inner = enter_folder(name, folder)
    except OSError:
        return None
    if _mount_of(inner) != mount:
        os.close(inner)
        return None
    return inner


def _mount_of(descriptor: int) -> tuple[int, str]:
    """What tells file systems apart; where Linux says so, also two places where one is mounted."""
    device = os.fstat(descriptor).st_dev
    try:
        with open(f"{_FD_INFO}/{descriptor}", encoding="ascii") as lines:  # noqa: PTH123 - a Path costs more than it
            return device, next((line for line in lines if line.startswith("mnt_id")), "")
    except OSError:
        return device, ""
