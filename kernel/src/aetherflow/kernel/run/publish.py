"""One way to put files and folders in place: whole or not at all, whatever happens in between."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import NothingDone, StepError
from ..state.folders import make_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Moving = Callable[[], AbstractContextManager[None]]

#: The start and the end of the name of every file that is not in place yet.
TEMPORARY_PREFIX = ".aetherflow."
TEMPORARY_SUFFIX = ".tmp"

_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2
#: What a system or a file system says that has no renameat2, or not with this flag.
_NOT_SUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}
#: From so many files on, waiting for each takes longer than waiting for the file system.
_MANY = 64
_FOLDER_CODE = "AF-PUBLISH-FOLDER"


@contextmanager
def publish(
    path: Path, *, mode: int = 0o666, owner: str = "", replace: bool = True, moving: Moving = contextlib.nullcontext
) -> Iterator[Path]:
    """Give a temporary path to write to, and move it over `path` when the block ends well.

    The content is on the disk before the move, the move before the block is left. When the block raises,
    the temporary file is removed and `path` stays as it was.

    Args:
        path: where the file goes; missing folders are made.
        mode: permissions of a new file, less the user's umask.
        owner: tells who writes; what an earlier attempt of the same owner left when it was killed is removed.
        replace: whether a file that stands there gives way.
        moving: what the move is done in; raises where it must not be.

    Raises:
        FileExistsError: something stands at `path`, and does not give way.
        OSError: the folder can't be written.
    """
    make_folders(path.parent)
    temporary = path.with_name(f"{_temporary_name(path, owner)}{TEMPORARY_SUFFIX}")
    if owner:
        temporary.unlink(missing_ok=True)
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode))
    try:
        yield temporary
        _sync(temporary)
        with moving():
            if replace:
                temporary.replace(path)
            else:
                _rename(temporary, path, _RENAME_NOREPLACE)
        _sync(path.parent)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise


@contextmanager
def staged_folder(final: Path, *, owner: str, given: Path | None = None, mode: int = 0o777) -> Iterator[Path]:
    """Give an empty folder to fill, which is gone when the block ends, with whatever is still in it.

    Args:
        final: the folder that it is to become; what stages it stands beside it, open to nobody else.
        owner: tells who fills it; what an earlier attempt of the same owner left when it was killed is removed.
        given: where to stage instead; leftovers of an attempt that was cut off are removed, anything else is not.
        mode: permissions of the folder, less the user's umask.

    Raises:
        NothingDone: the folder can't be made or is somebody else's.
    """
    home = given or final.with_name(_temporary_name(final, owner))
    try:
        make_folders(home.parent, final.parent)
    except OSError as error:
        raise _unusable(home, error.strerror or "the system refused") from None
    with _claimed(home, mode if given else 0o700) as beside:
        try:
            if given is None:
                os.mkdir(f"{home.name}/{final.name}", mode, dir_fd=beside)
            yield given or home / final.name
        finally:
            shutil.rmtree(home.name, ignore_errors=True, dir_fd=beside)


def publish_folder(
    staged: Path,
    final: Path,
    *,
    replace: bool = True,
    may_copy: bool = False,
    moving: Moving = contextlib.nullcontext,
) -> None:
    """Put a folder in the place of another, or where none was, in one move.

    The content is on the disk before the move. Afterwards `staged` is gone, or holds what `final` held.
    Where the system can't exchange two folders at once (anything but Linux, some network file systems),
    there is a moment without `final` when it is replaced.

    Args:
        staged: what to publish.
        final: its place; a folder or nothing.
        replace: whether a folder that stands there gives way.
        may_copy: whether to copy first where the two are on different file systems.
        moving: what the move is done in; raises where it must not be.

    Raises:
        FileExistsError: something stands at `final`, and does not give way.
        StepError: `final` is no folder, or on another file system.
    """
    if final.is_symlink() or (final.exists() and not final.is_dir()):
        raise StepError(f"{final.name} is no folder and is not replaced by one", code=_FOLDER_CODE)
    if staged.is_symlink() or not staged.is_dir():
        raise StepError(f"the output folder of {final.name} is gone", code=_FOLDER_CODE)
    if staged.stat().st_dev != final.parent.stat().st_dev:
        _publish_copy(staged, final, replace=replace, may_copy=may_copy, moving=moving)
        return
    sync_folder(staged)
    with moving():
        try:
            _rename(staged, final, _RENAME_NOREPLACE)
        except FileExistsError:
            if not replace:
                raise
            _rename(staged, final, _RENAME_EXCHANGE)
    for folder in {final.parent, staged.parent}:
        _sync(folder)


def sync_folder(folder: Path) -> None:
    """Have everything in a folder on the disk; where it is much, by one wait for the whole file system.

    Raises:
        OSError: the system could not write it all.
    """
    paths = [Path(place, file) for place, _, files in os.walk(folder, onerror=_raise) for file in (*files, "")]
    if len(paths) > _MANY and _sync_file_system(folder):
        return
    for path in paths:
        if path.is_dir() or (path.is_file() and not path.is_symlink()):
            _sync(path)


def _raise(error: OSError) -> None:
    # Left to itself, os.walk passes over a folder that can't be read.
    raise error


def _temporary_name(final: Path, owner: str) -> str:
    mark = hashlib.sha256(f"{owner}\0{final}".encode()).hexdigest()[:16] if owner else secrets.token_hex(8)
    return f"{TEMPORARY_PREFIX}{mark}"


def _publish_copy(staged: Path, final: Path, *, replace: bool, may_copy: bool, moving: Moving) -> None:
    if not may_copy:
        raise StepError(
            f"the output folder can't be moved to {final.name}: they are on different file systems",
            code=_FOLDER_CODE,
            help="make it on the file system where it is to go",
        )
    with staged_folder(final, owner=str(staged)) as copy:
        shutil.copytree(staged, copy, symlinks=True, dirs_exist_ok=True)
        publish_folder(copy, final, replace=replace, moving=moving)


@contextmanager
def _claimed(home: Path, mode: int) -> Iterator[int]:
    """Make the folder anew, and give the open one that it is in.

    A claim beside it tells our leftovers from what is not ours to remove.
    """
    import fcntl

    claim = f"{home.name}.claim"
    with contextlib.ExitStack() as stack:
        try:
            beside = stack.enter_context(_open_folder(home.parent))
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(claim, flags, 0o600, dir_fd=beside)
        except OSError as error:
            raise _unusable(home, error.strerror or "the system refused") from None
        stack.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _unusable(home, "another step is filling it") from None
        stack.callback(_let_go, claim, home.name, beside)
        if os.read(descriptor, 1):
            shutil.rmtree(home.name, ignore_errors=True, dir_fd=beside)
        _make_empty(home, mode, beside)
        # Only now: whoever is killed before has not made the folder.
        os.write(descriptor, b"claimed\n")
        yield beside


def _let_go(claim: str, name: str, beside: int) -> None:
    """Remove a claim; one on a folder that could not be removed stays, for a later attempt to know it by."""
    with contextlib.suppress(FileNotFoundError):
        is_made = os.stat(claim, dir_fd=beside, follow_symlinks=False).st_size > 0
        if not is_made or not _is_there(name, beside):
            os.unlink(claim, dir_fd=beside)


def _is_there(name: str, beside: int) -> bool:
    try:
        os.stat(name, dir_fd=beside, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _make_empty(home: Path, mode: int, beside: int) -> None:
    try:
        with contextlib.suppress(FileNotFoundError):
            os.rmdir(home.name, dir_fd=beside)
        os.mkdir(home.name, mode, dir_fd=beside)
    except OSError as error:
        raise _unusable(home, error.strerror or "the system refused") from None


def _unusable(home: Path, reason: str) -> NothingDone:
    return NothingDone(
        f"{home.name} can't be used as an empty folder: {reason}",
        code=_FOLDER_CODE,
        help="name a folder that does not exist yet, in a place that may be written",
    )


def _rename(source: Path, target: Path, flag: int) -> None:
    try:
        _rename_at_once(source, target, flag)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        _rename_by_hand(source, target, flag)


def _rename_at_once(source: Path, target: Path, flag: int) -> None:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    # Through open folders: somebody may put a link in the place of one between two looks at a path.
    with _open_folder(source.parent) as here, _open_folder(target.parent) as there:
        failed = library.renameat2(here, os.fsencode(source.name), there, os.fsencode(target.name), flag)
        number = ctypes.get_errno()
    if failed:
        raise OSError(number, os.strerror(number), str(source), None, str(target))


@contextmanager
def _open_folder(folder: Path) -> Iterator[int]:
    """The open folder at a path; no part of it may be a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    absolute = folder.absolute()
    descriptor = os.open(absolute.anchor, flags)
    try:
        for part in absolute.parts[1:]:
            inner = os.open(part, flags, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _rename_by_hand(source: Path, target: Path, flag: int) -> None:
    if not os.path.lexists(target):
        source.rename(target)
        return
    if flag == _RENAME_NOREPLACE:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    aside = source.with_name(f"{source.name}.old")
    target.rename(aside)
    try:
        source.rename(target)
    except OSError:
        aside.rename(target)
        raise
    aside.rename(source)


def _sync_file_system(folder: Path) -> bool:
    """Whether the system could do it: only Linux has such a call."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs"):
        return False
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if library.syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)
    return True


def _sync(path: Path) -> None:
    flags = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_DIRECTORY" if path.is_dir() else "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
