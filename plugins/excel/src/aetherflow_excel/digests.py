"""What a file that was written is known by."""

from __future__ import annotations

import hashlib
from pathlib import Path


def digest_of(path: Path) -> tuple[str, int]:
    """The SHA-256 of a file's bytes, in hexadecimal digits, and how many they are."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
