# In a race, a Path for every look costs too much.
# ruff: noqa: PTH110, PTH208
"""A process that reads published paths without end and counts what it finds: run by path, with the paths as arguments."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter

LENGTH = 13 * 4_000


def look_at_file(path: str, found: Counter[str]) -> bytes:
    """What stands in a file that is whole; else empty, and counted."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        found["absent"] += 1
        return b""
    try:
        data = os.read(descriptor, LENGTH + 1)
    finally:
        os.close(descriptor)
    found["polls"] += 1
    if len(data) != LENGTH or data != data[:13] * 4_000:
        found["partial"] += 1
        return b""
    return data[:13]


def look_at_folder(path: str, found: Counter[str]) -> None:
    """All its files are of one time; a folder that gave way while it was read tells nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        found["absent"] += 1
        return
    try:
        names = sorted(os.listdir(descriptor))
        lines = set()
        for name in names:
            file = os.open(name, os.O_RDONLY, dir_fd=descriptor)
            try:
                data = os.read(file, LENGTH + 1)
            finally:
                os.close(file)
            found["partial"] += data != data[:13] * 4_000 or len(data) != LENGTH
            lines.add(data[:13])
    except FileNotFoundError:
        # It was removed after it had given way.
        found["gone"] += 1
        return
    finally:
        os.close(descriptor)
    found["polls"] += 1
    still_there = os.path.exists(path) and len(names)
    found["partial"] += len(lines) > 1
    if not still_there or len(names) != 3:
        found["gone"] += 1


def main() -> None:
    """Read until told to stop; then say what was found."""
    is_over = []
    signal.signal(signal.SIGTERM, lambda *_: is_over.append(True))
    found: Counter[str] = Counter()
    versions = set()
    print("ready", flush=True)
    while not is_over:
        for path in sys.argv[1:]:
            if path.endswith("folder"):
                look_at_folder(path, found)
            else:
                versions.add((path, look_at_file(path, found)))
    found["versions"] = len(versions)
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
