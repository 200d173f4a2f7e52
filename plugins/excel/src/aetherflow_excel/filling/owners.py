"""Which sheet each part belongs to: its drawings, their charts, its tables and comments, and so on."""

from __future__ import annotations

from ..package.package import Package
from ..package.part_names import relationships_name
from ..workbook.book import Workbook

#: What many sheets may point at.
_SHARED = frozenset({"worksheet", "chartsheet", "pivotCacheDefinition", "pivotCacheRecords", "styles", "sharedStrings"})


def owners_of_parts(book: Workbook) -> dict[str, str]:
    """The sheets of the parts that belong to one, by the names of the parts.

    Raises:
        StepError: relationships can't be read.
    """
    owners: dict[str, str] = {}
    for sheet in book.sheets:
        _claim(book.package, sheet.part, sheet.name, owners)
    return owners


def _claim(package: Package, part: str, sheet: str, owners: dict[str, str]) -> None:
    waiting = [part]
    while waiting:
        owner = waiting.pop()
        owners.setdefault(relationships_name(owner), sheet)
        for related in package.relationships(owner).values():
            target = related.target
            if target is not None and target not in owners and related.kind not in _SHARED and package.has(target):
                owners[target] = sheet
                waiting.append(target)
