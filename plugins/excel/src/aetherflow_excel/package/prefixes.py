"""Prefixes that a part has chosen for the names of its elements."""

from __future__ import annotations

import re

from .package import Package

#: A root element begins before that.
_MOST_HEAD_BYTES = 1024 * 1024


def prefix_of_root(package: Package, part: str, name: str) -> str:
    """In front of the name of a part's root element, and its colon; empty for none.

    Raises:
        StepError: the part can't be read.
    """
    root = re.compile(rb"<(?:([\w.-]+):)?" + name.encode() + rb"[\s>]")
    head = b""
    for chunk in package.chunks(part):
        head += chunk.replace(b"\0", b"")  # so that it is found in UTF-16 as well
        if (found := root.search(head)) is not None:
            return f"{found[1].decode()}:" if found[1] else ""
        if len(head) > _MOST_HEAD_BYTES:
            break
    return ""
