"""The files that packing is measured with, and what Python's own `zipfile` does with them.

`archives.py make MEGABYTES FOLDER`, `archives.py zipfile FOLDER OUTPUT.zip`
"""

from __future__ import annotations

import random
import sys
import zipfile
from pathlib import Path

_MEGABYTE = 1_000_000
_LARGE, _SMALL = 4 * _MEGABYTE, 20_000
_WORDS = ("order", "customer", "invoice", "delivered", "open", "paid", "returned", "1024", "19.90", "2024-05-17")


def make(megabytes: int, folder: Path) -> None:
    """Write mixed files: half of it tables in large files, a quarter small letters, a quarter incompressible."""
    chance = random.Random(megabytes)  # noqa: S311 -- the same files on every machine
    total = megabytes * _MEGABYTE
    kinds = (("tables", total // 2, _LARGE), ("letters", total // 4, _SMALL), ("photos", total // 4, _LARGE))
    for kind, share, size in kinds:
        (folder / kind).mkdir(parents=True)
        for number in range(max(1, share // size)):
            size_of_file = min(size, share)
            content = chance.randbytes(size_of_file) if kind == "photos" else _text(chance, size_of_file)
            (folder / kind / f"{number:05}.dat").write_bytes(content)


def _text(chance: random.Random, size: int) -> bytes:
    words = chance.choices(_WORDS, k=size // 5)
    numbers = chance.randbytes(size // 5).hex(",", 4).split(",")
    lines = (f"{number};{word}\n" for number, word in zip(numbers, words, strict=False))
    return "".join(lines).encode()[:size]


def pack(folder: Path, output: Path) -> None:
    """Pack a folder as Python does when nothing is said but that it be deflated."""
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*.dat")):
            archive.write(file, file.relative_to(folder))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        pack(Path(sys.argv[2]), Path(sys.argv[3]))
