"""The tables of a sheet."""

from __future__ import annotations

from dataclasses import dataclass

from ..grid.cells import CellRange, whole_number
from ..package.elements import read_elements
from ..package.package import MOST_PART_BYTES, Package
from ..package.problems import BrokenPart
from .book import Sheet


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name as formulas write it, its cells, and how many rows at its top and bottom are no data."""

    name: str
    part: str
    range: CellRange
    header_rows: int
    totals_rows: int
    columns: tuple[str, ...]
    #: What each column computes in its rows, empty where it does not.
    formulas: tuple[str, ...] = ()


def tables_of(package: Package, sheet: Sheet) -> list[Table]:
    """The tables of a sheet.

    Raises:
        StepError: one of their parts is broken.
    """
    return [_read_table(package, part) for part in package.related(sheet.part, "table")]


def _read_table(package: Package, part: str) -> Table:
    columns: list[str] = []
    formulas: list[str] = []
    formula = ""
    with package.blame(part):
        for tag, attributes, text in read_elements(package.chunks(part, MOST_PART_BYTES)):
            if tag == "main:calculatedColumnFormula":
                # One for arrays can't be written into a cell as it stands.
                formula = "" if attributes.get("array") in ("1", "true") else text.strip()
            elif tag == "main:tableColumn":
                columns.append(attributes.get("name", ""))
                formulas.append(formula)
                formula = ""
            elif tag == "main:table":
                return Table(
                    attributes.get("displayName") or attributes.get("name", ""),
                    part,
                    _range(attributes.get("ref", "")),
                    _count(attributes.get("headerRowCount", "1")),
                    _count(attributes.get("totalsRowCount", "0")),
                    tuple(columns),
                    tuple(formulas),
                )
        raise BrokenPart("it holds no table")


def _range(reference: str) -> CellRange:
    try:
        return CellRange.parse(reference)
    except ValueError:
        raise BrokenPart(f"the table's range is {reference[:40]!r}") from None


def _count(text: str) -> int:
    count = whole_number(text)
    if count is None:
        raise BrokenPart(f"a number of rows is {text[:20]!r}")
    return count
