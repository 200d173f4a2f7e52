"""Two packages, part by part: what was kept as it was, what changed and how much, what was lost."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from plugins.excel.tests.oracles.opc import Package


@dataclass(frozen=True)
class Difference:
    """The parts of two packages: each of the template's stands in one of the first five sets."""

    #: The same compressed bytes.
    raw: frozenset[str]
    #: The same bytes, compressed otherwise.
    same: frozenset[str]
    #: The same XML, written otherwise.
    rewritten: frozenset[str]
    changed: frozenset[str]
    lost: frozenset[str]
    added: frozenset[str]


def compare(template: Package, result: Package) -> Difference:
    kinds: dict[str, set[str]] = {name: set() for name in ("raw", "same", "rewritten", "changed", "lost")}
    for name in template.parts:
        kinds[_kind(template, result, name)].add(name)
    added = frozenset(result.parts) - frozenset(template.parts)
    return Difference(added=added, **{kind: frozenset(names) for kind, names in kinds.items()})


def _kind(template: Package, result: Package, name: str) -> str:
    if name not in result.parts:
        return "lost"
    before, after = template.parts[name], result.parts[name]
    if before == after:
        return "raw" if template.compressed[name] == result.compressed[name] else "same"
    if name.endswith((".xml", ".rels", ".vml")) and canonical(before) == canonical(after):
        return "rewritten"
    return "changed"


def canonical(content: bytes) -> str | bytes:
    """C14N; what is not XML stays as it is."""
    try:
        return ET.canonicalize(content.decode())
    except (ET.ParseError, UnicodeDecodeError):
        return content
