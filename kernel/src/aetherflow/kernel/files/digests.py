"""What was published, told by its digest: read while the system writes it to the disk, so that it costs no time."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from typing import TYPE_CHECKING, TypeVar

from .moving import sync_file_system

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHUNK = 1024 * 1024
#: Below that a thread takes longer to start than the digest takes.
_WORTH_A_THREAD = 256 * 1024
#: From so many files on, waiting for each takes longer than waiting for the file system.
_MANY = 64
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Told = TypeVar("Told")


def sync_file_and_tell(descriptor: int) -> str:
    """Have an open file on the disk; answers the SHA-256 of what is in it.

    Raises:
        OSError: the system could not write it.
    """
    if os.fstat(descriptor).st_size < _WORTH_A_THREAD:
        os.fsync(descriptor)
        return _digest_of(descriptor)
    return _while_syncing(lambda: os.fsync(descriptor), lambda: _digest_of(descriptor))


def sync_tree(folder: int) -> None:
    """Have everything in an open folder on the disk; where it is much, by one wait for the whole file system.

    Raises:
        OSError: the system could not write it all.
    """
    if _holds_many(folder) and sync_file_system(folder):
        return
    for place in _files_and_folders(folder):
        os.fsync(place)


def sync_tree_and_tell(folder: int) -> tuple[int, int, str]:
    """The same; answers how many files there are, their size together, and a digest of names, sizes and contents.

    Raises:
        OSError: the system could not write or read it all.
    """
    return _while_syncing(lambda: sync_tree(folder), lambda: _told_of_tree(folder))


def _while_syncing(sync: Callable[[], None], tell: Callable[[], Told]) -> Told:
    """Both at once: reading, hashing and waiting for the disk all let other threads go on."""
    answers: list[Told] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            answers.append(tell())
        except BaseException as error:  # noqa: BLE001 - raised below, by whoever asked
            errors.append(error)

    thread = threading.Thread(target=work, name="aetherflow-digest", daemon=True)
    thread.start()
    try:
        sync()
    finally:
        thread.join()
    if errors:
        raise errors[0]
    return answers[0]


def _digest_of(descriptor: int) -> str:
    digest = hashlib.sha256()
    offset = 0
    while chunk := os.pread(descriptor, _CHUNK, offset):
        digest.update(chunk)
        offset += len(chunk)
    return digest.hexdigest()


def _told_of_tree(folder: int) -> tuple[int, int, str]:
    files: list[tuple[str, int, str]] = []
    links: list[tuple[str, str]] = []
    for root, folders, names, parent in os.fwalk(".", dir_fd=folder, follow_symlinks=False, onerror=_raise):
        for name in (*names, *folders):
            path = f"{root}/{name}".removeprefix("./")
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode):
                links.append((path, os.readlink(name, dir_fd=parent)))
            elif stat.S_ISREG(found.st_mode):
                files.append((path, *_told_of_file(name, parent)))
    digest = hashlib.sha256()
    for path, size, inner in sorted(files):
        digest.update(f"{path}\0{size}\0{inner}\n".encode("utf-8", "surrogateescape"))
    for path, target in sorted(links):
        digest.update(f"{path}\0link\0{target}\n".encode("utf-8", "surrogateescape"))
    return len(files), sum(size for _, size, _ in files), digest.hexdigest()


def _raise(error: OSError) -> None:
    # Left to itself, os.fwalk passes over a folder that can't be read.
    raise error


def _told_of_file(name: str, parent: int) -> tuple[int, str]:
    descriptor = os.open(name, _READ, dir_fd=parent)
    try:
        return os.fstat(descriptor).st_size, _digest_of(descriptor)
    finally:
        os.close(descriptor)


def _holds_many(folder: int) -> bool:
    count = 0
    for _, _, names, _ in os.fwalk(".", dir_fd=folder, follow_symlinks=False, onerror=_raise):
        count += len(names) + 1
        if count > _MANY:
            return True
    return False


def _files_and_folders(folder: int) -> Iterator[int]:
    """Each regular file and each folder, open until the next one is asked for."""
    for _, _, names, parent in os.fwalk(".", dir_fd=folder, follow_symlinks=False, onerror=_raise):
        for name in names:
            if not stat.S_ISREG(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
                continue
            descriptor = os.open(name, _READ, dir_fd=parent)
            try:
                yield descriptor
            finally:
                os.close(descriptor)
        yield parent
