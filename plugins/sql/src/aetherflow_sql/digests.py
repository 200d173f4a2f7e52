"""What a file's content is known by."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class DigestedFile:
    """A file whose digest is known as soon as it is written: reading it again would take as long as hashing it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._digest = hashlib.sha256()

    def write(self, content: bytes | memoryview) -> None:
        """Add some bytes."""
        self._file.write(content)
        self._digest.update(content)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def sha256(self) -> str:
        """The digest of all bytes written, in hexadecimal digits."""
        return self._digest.hexdigest()
