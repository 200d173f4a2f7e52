"""Kinds of files that rows come from."""

from __future__ import annotations

from pathlib import Path

_KINDS = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".parquet": "parquet", ".pq": "parquet"}
#: The usual delimiter of each kind of separated values.
DELIMITERS = {"csv": ",", "tsv": "\t"}


def kind_of(path: Path) -> str | None:
    """What a file is by its suffix; null where that does not say."""
    return _KINDS.get(path.suffix.lower())
