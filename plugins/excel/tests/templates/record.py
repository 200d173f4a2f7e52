"""What is written down of a template by hand: how it is made, where it is filled, and what a person expects then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: What the facts of a workbook are compared by: a section's name, and all that stands in it.
Facts = Mapping[str, Any]

#: The rows of most targets: a text, a whole number and a fraction.
COLUMNS = ("city", "count", "share")
DTYPES: Mapping[str, str] = {"city": "string", "count": "int", "share": "float"}
ROWS: tuple[tuple[Any, ...], ...] = (("Łódź & Co", 10, 0.5), ("=Bonn", 20, 0.25), ("Rome", 30, 0.25))


@dataclass(frozen=True, kw_only=True)
class Target:
    """One table and its place; `lands` is the cell of its first value, by how it is filled."""

    sheet: str
    anchor: str | None = None
    cell: str | None = None
    columns: tuple[str, ...] = COLUMNS
    dtypes: Mapping[str, str] = field(default_factory=lambda: DTYPES)
    rows: tuple[tuple[Any, ...], ...] = ROWS
    options: Mapping[str, Any] = field(default_factory=dict)
    #: Where rows are inserted; a target that is filled in place in both ways says `replace`.
    insert: str = "below"
    lands: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What holds after a fill.

    Sections of facts that are not named are as they were in the template.
    """

    facts: Facts = field(default_factory=dict)
    #: Recalculated by LibreOffice: `Sheet!C9` and the value; an error is `{"error": …}`.
    values: Mapping[str, Any] = field(default_factory=dict)
    #: Parts that change beside the sheets that are filled, the styles and the workbook.
    changed: frozenset[str] = frozenset()
    #: Parts that may be gone; nothing but the chain of calculations and signatures ever is.
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Template:
    """A workbook that is made when tests run."""

    name: str
    suffix: str = ".xlsx"
    #: Writes the template to a path; `made` of the office are asked for by name instead.
    make: Callable[[Path], None]
    targets: tuple[Target, ...]
    replaced: Expected = field(default_factory=Expected)
    inserted: Expected
    #: The job of the program that drives LibreOffice, after `make` wrote its source.
    office: Mapping[str, str] | None = None
    #: The libraries that can open the template itself.
    read_by: frozenset[str] = frozenset({"openpyxl", "calamine", "excelize"})

    def expected(self, way: str) -> Expected:
        """Answer what holds after the way it was filled: `replace` or `below`."""
        return self.inserted if way == "below" else self.replaced
