"""Workbooks put together from parts, and parts put into workbooks that others wrote."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
SHEET_ML = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def write_parts(path: Path, parts: Mapping[str, str | bytes]) -> None:
    """Write a package; text is XML without its declaration."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, (DECLARATION + content).encode() if isinstance(content, str) else content)


def change_parts(
    path: Path, added: Mapping[str, str | bytes], edits: Mapping[str, tuple[tuple[str, str], ...]]
) -> None:
    """Add parts, and replace what stands exactly once in a part by something else."""
    with zipfile.ZipFile(path) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    for name, replacements in edits.items():
        text = bytes(parts[name]).decode()
        for old, new in replacements:
            assert text.count(old) == 1, f"{old} stands {text.count(old)} times in {name}"
            text = text.replace(old, new)
        parts[name] = text.encode()
    write_parts(path, {**parts, **added})


def relationships(*given: tuple[str, str, str] | tuple[str, str, str, str]) -> str:
    """A part of relationships: id, kind (of the office's namespace unless it has one), target, and perhaps the mode."""
    return f'<Relationships xmlns="{PACKAGE_RELATIONS}">{"".join(map(relationship, given))}</Relationships>'


def relationship(given: tuple[str, ...]) -> str:
    identifier, kind, target, *mode = given
    full = kind if "/" in kind else f"{RELATIONS}/{kind}"
    modes = "".join(f' TargetMode="{each}"' for each in mode)
    return f'<Relationship Id="{identifier}" Type="{full}" Target="{target}"{modes}/>'


def override(part: str, content_type: str) -> str:
    return f'<Override PartName="/{part}" ContentType="{content_type}"/>'


def content_types(*overrides: str) -> str:
    defaults = (("rels", "application/vnd.openxmlformats-package.relationships+xml"), ("xml", "application/xml"))
    said = "".join(f'<Default Extension="{suffix}" ContentType="{of}"/>' for suffix, of in defaults)
    return f'<Types xmlns="{TYPES}">{said}{"".join(overrides)}</Types>'
