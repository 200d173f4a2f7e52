"""Rows that are inserted into sheets, and what kinds of references there are to those sheets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Insertion:
    """New rows in a sheet, in front of a row of the template.

    The data stands in them from `first_column` to `last_column`. `header_row` is the row right above, where that is
    the header of the data. With `is_before_pattern`, the row behind is the pattern of the data's rows, and ranges over
    it mean the data. All numbers are the template's, counted from 1.

    One of no rows says that other data begins in front of that row too, in rows that somebody else inserts.
    """

    sheet: str
    before_row: int
    count: int
    first_column: int
    last_column: int
    header_row: int | None = None
    is_before_pattern: bool = False


class Kind(Enum):
    """What refers to cells: it says what becomes of a range whose first row is the one that data comes in front of.

    A range of several rows grows upward to the data. What differs is a range of one row, and who has a header.
    """

    #: The formula of a cell: a single cell and a row move; a range of one row under a header grows with the data.
    FORMULA = "formula"
    #: A defined name: a single cell moves.
    NAME = "name"
    #: A defined name where data begins: it stays there.
    ANCHOR = "anchor"
    #: What a chart or a sparkline shows: a single cell becomes a range, several in a row move.
    SERIES = "series"
    #: Where a format or a rule holds: it grows, also from one row.
    AREA = "area"
    #: Its first row is a header: it moves, and grows with the data where the header is all that there is.
    TABLE = "table"
    #: Something that stands in cells, such as a merged range: it moves.
    OBJECT = "object"
