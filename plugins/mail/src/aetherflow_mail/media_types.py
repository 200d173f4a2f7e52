"""Which media type a file name stands for: a table of our own, so that no machine's own lists make a difference."""

from __future__ import annotations

from pathlib import PurePath
from types import MappingProxyType

_UNKNOWN = "application/octet-stream"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_BY_SUFFIX = MappingProxyType(
    {
        ".csv": "text/csv",
        ".docx": f"{_OFFICE}.wordprocessingml.document",
        ".gif": "image/gif",
        ".gz": "application/gzip",
        ".htm": "text/html",
        ".html": "text/html",
        ".ics": "text/calendar",
        ".jpeg": "image/jpeg",
        ".jpg": "image/jpeg",
        ".json": "application/json",
        ".log": "text/plain",
        ".md": "text/markdown",
        ".ods": "application/vnd.oasis.opendocument.spreadsheet",
        ".odt": "application/vnd.oasis.opendocument.text",
        ".parquet": "application/vnd.apache.parquet",
        ".pdf": "application/pdf",
        ".png": "image/png",
        ".pptx": f"{_OFFICE}.presentationml.presentation",
        ".svg": "image/svg+xml",
        ".tar": "application/x-tar",
        ".tsv": "text/tab-separated-values",
        ".txt": "text/plain",
        ".webp": "image/webp",
        ".xls": "application/vnd.ms-excel",
        ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
        ".xml": "application/xml",
        ".yaml": "application/yaml",
        ".yml": "application/yaml",
        ".zip": "application/zip",
    }
)


def media_type_of(name: str) -> str:
    """The media type of a file of this name."""
    return _BY_SUFFIX.get(PurePath(name).suffix.lower(), _UNKNOWN)
