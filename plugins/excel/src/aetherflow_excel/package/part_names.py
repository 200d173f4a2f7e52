"""Names of parts, and how one part points at another."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

CONTENT_TYPES = "[Content_Types].xml"


def relationships_name(part: str) -> str:
    """The part that holds the relationships of a part; those of the whole package for an empty name."""
    folder, _, name = part.rpartition("/")
    return f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"


def resolve_target(source: str, target: str) -> str:
    """The name of the part that a relationship of another one points at: inside the package, whatever it says."""
    path = unquote(target.partition("#")[0])
    joined = path if path.startswith("/") else posixpath.join("/", posixpath.dirname(source), path)
    return posixpath.normpath(joined).lstrip("/")
