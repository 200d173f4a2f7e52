"""One way to put a file in place: whole or not at all, whatever happens in between."""

from __future__ import annotations

import contextlib
import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The start and the end of the name of every file that is not in place yet.
TEMPORARY_PREFIX = ".aetherflow."
TEMPORARY_SUFFIX = ".tmp"


@contextmanager
def publish(path: Path, *, mode: int = 0o666) -> Iterator[Path]:
    """Give a temporary path to write to, and move it over `path` when the block ends well.

    The content is on the disk before the move, the move before the block is left. When the block raises,
    the temporary file is removed and `path` stays as it was.

    Args:
        path: where the file goes; missing folders are made.
        mode: permissions of a new file, less the user's umask.

    Raises:
        OSError: the folder can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode))
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise


def _sync(path: Path) -> None:
    flags = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_DIRECTORY" if path.is_dir() else "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
