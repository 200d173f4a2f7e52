"""One way to put files and folders in place: whole or not at all, whatever happens in between."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from ..contracts.records import ArtifactRecord
from ..errors import NothingDone, StepError
from ..quick_dataclasses import dataclass
from ..state.folders import enter_folder, open_folder
from ..state.named_locks import open_locked
from .digests import sync_file_and_tell, sync_tree, sync_tree_and_tell
from .moving import EXCHANGE, KEEP, Entry, move, move_file_to_free_place
from .removal import empty_folder, remove_folder, remove_folder_of_name
from .unfinished import CLAIM_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .unfinished import Unfinished

#: The start and the end of the name of every file that is not in place yet.
TEMPORARY_PREFIX = ".aetherflow."
TEMPORARY_SUFFIX = ".tmp"

#: So many attempts at one file, left behind by their runs, may still be busy.
_MOST_ATTEMPTS = 100
_FOLDER_CODE = "AF-PUBLISH-FOLDER"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookkeeping:
    """What a run keeps of what is published in it."""

    #: Where what is not in place yet is noted, for the run's next start.
    unfinished: Unfinished | None = None
    #: Told what was put in place, when it is on the disk.
    published: Callable[[ArtifactRecord], None] | None = None
    #: Entered for the move itself; raises where nothing may be published any more.
    moving: Callable[[], AbstractContextManager[None]] = nullcontext

    @contextmanager
    def noted(self, place: Path) -> Iterator[Callable[[os.stat_result], None]]:
        """Have something temporary on the list while the block lasts; the block says what it made."""
        if self.unfinished is None:
            yield lambda _: None
            return
        number = self.unfinished.begin(place)
        try:
            yield lambda found: self._made(number, found)
        finally:
            # What could not be removed stays on the list.
            if not os.path.lexists(place):
                self.unfinished.end(number)

    def tell(self, record: ArtifactRecord | None) -> None:
        """Tell what was put in place."""
        if self.published is not None and record is not None:
            self.published(record)

    def _made(self, number: int, found: os.stat_result) -> None:
        if self.unfinished is not None:
            self.unfinished.made(number, found)


_NO_BOOKS = Bookkeeping()


@contextmanager
def publish(
    path: Path, *, mode: int = 0o666, owner: str = "", replace: bool = True, books: Bookkeeping = _NO_BOOKS
) -> Iterator[Path]:
    """Give a temporary path to write to, and move it over `path` when the block ends well.

    The content is on the disk before the move, the move before the block is left. When the block raises,
    the temporary file is removed, and so are folders that were made; `path` stays as it was.

    The temporary file bears the name of `path`, in a folder of its own that nobody else may enter. On Linux its path
    leads there through the open folder: it does not matter what is put in the place of a part of `path` meanwhile.

    Args:
        path: where the file goes; no part of it is a link, missing folders are made.
        mode: permissions of a new file, less the user's umask.
        owner: tells who writes; what an earlier attempt of the same owner left when it was killed is removed.
        replace: whether a file that stands there gives way.
        books: what a run keeps of it.

    Raises:
        FileExistsError: something stands at `path`, and does not give way.
        OSError: the folder can't be written, or a part of its path is a link.
    """
    with open_folder(path.parent, make=_folder_mode(mode)) as folder:
        with _staged_file(folder, path, owner=owner, mode=mode, books=books) as (stage, place):
            yield place
            record = _settle(stage, path, books)
            with books.moving():
                _move_file(Entry(stage, path.name), Entry(folder, path.name), replace=replace)
        os.fsync(folder)
    books.tell(record)


@contextmanager
def staged_folder(
    final: Path, *, owner: str, given: Path | None = None, mode: int = 0o777, books: Bookkeeping = _NO_BOOKS
) -> Iterator[Path]:
    """Give an empty folder to fill, which is gone when the block ends, with whatever is still in it.

    Args:
        final: the folder that it is to become; what stages it stands beside it, open to nobody else.
        owner: tells who fills it; what an earlier attempt of the same owner left when it was killed is removed.
        given: where to stage instead; leftovers of an attempt that was cut off are removed, anything else is not.
        mode: permissions of the folder, less the user's umask.
        books: what a run keeps of it.

    Raises:
        NothingDone: the folder can't be made or is somebody else's.
    """
    home = given or final.with_name(f"{TEMPORARY_PREFIX}{_mark(final, owner)}")
    with contextlib.ExitStack() as stack:
        try:
            beside = stack.enter_context(open_folder(home.parent, make=mode))
            if final.parent != home.parent:
                stack.enter_context(open_folder(final.parent, make=mode))
        except OSError as error:
            raise _unusable(home, error.strerror or "the system refused") from None
        descriptor = stack.enter_context(_claimed(home, beside, mode if given else None, books))
        if given is None:
            os.mkdir(final.name, mode, dir_fd=descriptor)
        yield given or home / final.name


def publish_folder(
    staged: Path, final: Path, *, replace: bool = True, may_copy: bool = False, books: Bookkeeping = _NO_BOOKS
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
        books: what a run keeps of it.

    Raises:
        FileExistsError: something stands at `final`, and does not give way.
        StepError: `final` is no folder, or on another file system.
    """
    with open_folder(final.parent) as there, open_folder(staged.parent) as here:
        source, target = Entry(here, staged.name), Entry(there, final.name)
        if _kind_of(target) not in {None, stat.S_IFDIR}:
            raise StepError(f"{final.name} is no folder and is not replaced by one", code=_FOLDER_CODE)
        if _kind_of(source) != stat.S_IFDIR:
            raise StepError(f"the output folder of {final.name} is gone", code=_FOLDER_CODE)
        if _device_of(source) == os.fstat(there).st_dev:
            record = _settle_folder(source, final, books)
            with books.moving():
                _move_folder(source, target, replace=replace)
            for folder in {there, here}:
                os.fsync(folder)
            books.tell(record)
            return
    _publish_copy(staged, final, replace=replace, may_copy=may_copy, books=books)


def sync_folder(folder: Path) -> None:
    """Have everything in a folder on the disk; where it is much, by one wait for the whole file system.

    Raises:
        OSError: the system could not write it all.
    """
    with open_folder(folder) as descriptor:
        sync_tree(descriptor)


# A file --------------------------------------------------------------------------------------------------------------


@contextmanager
def _staged_file(folder: int, path: Path, *, owner: str, mode: int, books: Bookkeeping) -> Iterator[tuple[int, Path]]:
    """An open folder of ours beside the file, with an empty file of the same name, and the path to write it."""
    with contextlib.ExitStack() as stack:
        name, stage = _make_stage(folder, path, owner, stack, books)
        os.close(os.open(path.name, _NEW, mode, dir_fd=stage))
        yield stage, _through(stage, path.with_name(name)) / path.name


def _make_stage(
    folder: int, path: Path, owner: str, stack: contextlib.ExitStack, books: Bookkeeping
) -> tuple[str, int]:
    """The name and the descriptor of a new folder; one that another attempt still writes in is left alone."""
    mark = _mark(path, owner)
    for number in range(_MOST_ATTEMPTS):
        name = f"{TEMPORARY_PREFIX}{mark}{f'-{number}' if number else ''}{TEMPORARY_SUFFIX}"
        with contextlib.ExitStack() as tried:
            say_made = tried.enter_context(books.noted(path.with_name(name)))
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=folder)
            try:
                stage = enter_folder(name, folder)
            except NotADirectoryError:
                continue
            tried.callback(os.close, stage)
            if not _is_ours(stage):
                continue
            say_made(os.fstat(stage))
            tried.callback(remove_folder, name, folder, stage)
            empty_folder(stage)
            stack.push(tried.pop_all())
            return name, stage
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _is_ours(stage: int) -> bool:
    """Whether a staging folder is this user's, and no other attempt writes in it."""
    import fcntl

    if not _is_for_us_only(stage):
        return False
    try:
        fcntl.flock(stage, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks: then the name alone tells.
        return True
    return True


def _is_for_us_only(folder: int) -> bool:
    found = os.fstat(folder)
    return found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077


def _through(stage: int, plain: Path) -> Path:
    """A path to an open folder that no link on the way to it can change; the plain one where the system has none."""
    link = f"/proc/{os.getpid()}/fd/{stage}"
    with contextlib.suppress(OSError):
        if os.path.samestat(os.stat(link), os.fstat(stage)):  # noqa: PTH116 - a Path costs more than the call
            return Path(link)
    return plain.absolute()


def _settle(stage: int, path: Path, books: Bookkeeping) -> ArtifactRecord | None:
    """Have what was written on the disk; answers what it is, where anybody wants to know."""
    descriptor = os.open(path.name, _READ, dir_fd=stage)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise StepError(f"what was written for {path.name} is no file", code="AF-PUBLISH-FILE")
        if books.published is None:
            os.fsync(descriptor)
            return None
        digest = sync_file_and_tell(descriptor)
        return ArtifactRecord(path=str(path.absolute()), size=found.st_size, sha256=digest)
    finally:
        os.close(descriptor)


def _move_file(source: Entry, target: Entry, *, replace: bool) -> None:
    if replace:
        os.replace(source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder)
    else:
        move_file_to_free_place(source, target)


def _folder_mode(mode: int) -> int:
    """Permissions of the folders that are made for a file: who may read it may enter them."""
    return mode | (mode & 0o444) >> 2


def _mark(final: Path, owner: str) -> str:
    return hashlib.sha256(f"{owner}\0{final}".encode()).hexdigest()[:16] if owner else secrets.token_hex(8)


# A folder ------------------------------------------------------------------------------------------------------------


@contextmanager
def _claimed(home: Path, beside: int, mode: int | None, books: Bookkeeping) -> Iterator[int]:
    """Make the folder anew, and give it open.

    A claim beside it tells our leftovers from what is not ours to remove. Without a mode the folder is for us only,
    and its name is of our own making: that tells them too, where a power cut took the claim and left the folder.
    """
    claim = f"{home.name}{CLAIM_SUFFIX}"
    with contextlib.ExitStack() as stack:
        say_claimed = stack.enter_context(books.noted(home.with_name(claim)))
        descriptor = _lock_claim(claim, home, beside)
        stack.callback(os.close, descriptor)
        say_claimed(os.fstat(descriptor))
        stack.callback(_let_go, claim, home.name, beside)
        if os.read(descriptor, 1):
            remove_folder_of_name(home.name, beside)
        elif mode is None:
            _remove_ours(home.name, beside)
        folder = _make_empty(home, 0o700 if mode is None else mode, beside)
        # By its name: the folder itself may be in its place by then.
        stack.callback(remove_folder_of_name, home.name, beside)
        stack.callback(os.close, folder)
        # Only now: whoever is killed before has not made the folder.
        os.write(descriptor, b"claimed\n")
        yield folder


def _lock_claim(claim: str, home: Path, beside: int) -> int:
    """A descriptor that holds the lock on the claim of that name."""
    import fcntl

    def lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    try:
        return open_locked(claim, lock, folder=beside)
    except BlockingIOError:
        raise _unusable(home, "another step is filling it") from None
    except OSError as error:
        raise _unusable(home, error.strerror or "the system refused") from None


def _remove_ours(name: str, beside: int) -> None:
    """Remove the folder of that name if it is for this user only."""
    with contextlib.suppress(OSError):
        folder = enter_folder(name, beside)
        try:
            if _is_for_us_only(folder):
                remove_folder(name, beside, folder)
        finally:
            os.close(folder)


def _let_go(claim: str, name: str, beside: int) -> None:
    """Remove a claim; one on a folder that could not be removed stays, for a later attempt to know it by."""
    with contextlib.suppress(FileNotFoundError):
        is_made = os.stat(claim, dir_fd=beside, follow_symlinks=False).st_size > 0
        if not is_made or _kind_of(Entry(beside, name)) is None:
            os.unlink(claim, dir_fd=beside)


def _make_empty(home: Path, mode: int, beside: int) -> int:
    try:
        with contextlib.suppress(FileNotFoundError):
            os.rmdir(home.name, dir_fd=beside)
        os.mkdir(home.name, mode, dir_fd=beside)
        return enter_folder(home.name, beside)
    except OSError as error:
        raise _unusable(home, error.strerror or "the system refused") from None


def _settle_folder(source: Entry, final: Path, books: Bookkeeping) -> ArtifactRecord | None:
    descriptor = enter_folder(source.name, source.folder)
    try:
        if books.published is None:
            sync_tree(descriptor)
            return None
        files, size, digest = sync_tree_and_tell(descriptor)
        return ArtifactRecord(path=str(final.absolute()), size=size, sha256=digest, files=files)
    finally:
        os.close(descriptor)


def _move_folder(source: Entry, target: Entry, *, replace: bool) -> None:
    try:
        move(source, target, KEEP)
    except FileExistsError:
        if not replace:
            raise
        move(source, target, EXCHANGE)


def _publish_copy(staged: Path, final: Path, *, replace: bool, may_copy: bool, books: Bookkeeping) -> None:
    if not may_copy:
        raise StepError(
            f"the output folder can't be moved to {final.name}: they are on different file systems",
            code=_FOLDER_CODE,
            help="make it on the file system where it is to go",
        )
    import shutil

    with staged_folder(final, owner=str(staged), books=books) as copy:
        shutil.copytree(staged, copy, symlinks=True, dirs_exist_ok=True)
        publish_folder(copy, final, replace=replace, books=books)


def _kind_of(entry: Entry) -> int | None:
    try:
        return stat.S_IFMT(os.stat(entry.name, dir_fd=entry.folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return None


def _device_of(entry: Entry) -> int:
    return os.stat(entry.name, dir_fd=entry.folder, follow_symlinks=False).st_dev


def _unusable(home: Path, reason: str) -> NothingDone:
    return NothingDone(
        f"{home.name} can't be used as an empty folder: {reason}",
        code=_FOLDER_CODE,
        help="name a folder that does not exist yet, in a place that may be written",
    )
