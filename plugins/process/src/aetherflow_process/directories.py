"""Folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aetherflow.kernel.api import NothingDone, StepError

AT_FDCWD = -100
RENAME_NOREPLACE, RENAME_EXCHANGE = 1, 2
#: What a system or a file system says that has no renameat2, or not with this flag.
NOT_SUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}


@contextmanager
def staged_folder(final: Path, *, given: Path | None, owner: str) -> Iterator[Path]:
    """An empty folder to fill, which is gone when the block ends, with whatever is still in it.

    Args:
        final: the folder that it is to become; the staged one stands beside it unless `given`.
        given: where to stage instead; leftovers of an attempt that was cut off are removed, anything else is not.
        owner: tells apart steps that stage for the same folder.

    Raises:
        NothingDone: the folder can't be made or is somebody else's.
    """
    mark = hashlib.sha256(owner.encode()).hexdigest()[:12]
    staged = given or final.with_name(f".{final.name}.{mark}")
    try:
        staged.parent.mkdir(parents=True, exist_ok=True)
        final.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(staged, error.strerror or "the system refused") from None
    with _claimed(staged):
        try:
            yield staged
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def publish_directory(staged: Path, final: Path, *, may_copy: bool = False) -> None:
    """Put a folder in the place of another, or where none was, in one move.

    The content is on the disk before the move. Afterwards `staged` is gone, or holds what `final` held.
    Where the system can't exchange two folders at once (anything but Linux, some network file systems),
    there is a moment without `final` when it is replaced.

    Args:
        staged: what to publish.
        final: its place; a folder or nothing.
        may_copy: whether to copy first where the two are on different file systems.

    Raises:
        StepError: `final` is no folder, or on another file system.
    """
    if final.is_symlink() or (final.exists() and not final.is_dir()):
        raise StepError(f"{final.name} is no folder and is not replaced by one", code="AF-PROCESS-OUTPUT-DIR")
    if staged.is_symlink() or not staged.is_dir():
        raise StepError(f"the output folder of {final.name} is gone", code="AF-PROCESS-OUTPUT-DIR")
    if staged.stat().st_dev != final.parent.stat().st_dev:
        _publish_copy(staged, final, may_copy=may_copy)
        return
    _sync_tree(staged)
    try:
        _rename(staged, final, RENAME_NOREPLACE)
    except FileExistsError:
        _rename(staged, final, RENAME_EXCHANGE)
    for folder in {final.parent, staged.parent}:
        _sync(folder)


def _publish_copy(staged: Path, final: Path, *, may_copy: bool) -> None:
    if not may_copy:
        raise StepError(
            f"the output folder can't be moved to {final.name}: they are on different file systems",
            code="AF-PROCESS-OUTPUT-DIR",
            help="leave out `temp_output_dir`, or set `atomic_rename: false` to have it copied first",
        )
    with staged_folder(final, given=None, owner=str(staged)) as copy:
        shutil.copytree(staged, copy, symlinks=True, dirs_exist_ok=True)
        publish_directory(copy, final)


@contextmanager
def _claimed(staged: Path) -> Iterator[None]:
    """Make the folder anew; a claim beside it tells our leftovers from what is not ours to remove."""
    import fcntl

    claim = staged.with_name(f"{staged.name}.claim")
    with contextlib.ExitStack() as stack:
        descriptor = os.open(claim, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        stack.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _unusable(staged, "another step is filling it") from None
        stack.callback(claim.unlink, missing_ok=True)
        if os.read(descriptor, 1):
            shutil.rmtree(staged, ignore_errors=True)
        _make_empty(staged)
        # Only now: whoever is killed before has not made the folder.
        os.write(descriptor, b"claimed\n")
        yield


def _make_empty(staged: Path) -> None:
    try:
        with contextlib.suppress(FileNotFoundError):
            staged.rmdir()
        staged.mkdir()
    except OSError as error:
        raise _unusable(staged, error.strerror or "the system refused") from None


def _unusable(staged: Path, reason: str) -> NothingDone:
    return NothingDone(
        f"{staged.name} can't be used as an empty folder: {reason}",
        code="AF-PROCESS-OUTPUT-DIR",
        help="name a folder that does not exist yet, or leave out `temp_output_dir`",
    )


def _rename(source: Path, target: Path, flag: int) -> None:
    try:
        _rename_at_once(source, target, flag)
    except OSError as error:
        if error.errno not in NOT_SUPPORTED:
            raise
        _rename_by_hand(source, target)


def _rename_at_once(source: Path, target: Path, flag: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if library.renameat2(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), flag):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(source), None, str(target))


def _rename_by_hand(source: Path, target: Path) -> None:
    if not target.exists():
        source.rename(target)
        return
    aside = source.with_name(f"{source.name}.old")
    target.rename(aside)
    try:
        source.rename(target)
    except OSError:
        aside.rename(target)
        raise
    aside.rename(source)


def _sync_tree(folder: Path) -> None:
    for place, _, files in os.walk(folder):
        for file in files:
            path = Path(place, file)
            if path.is_file() and not path.is_symlink():
                _sync(path)
        _sync(Path(place))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
