"""Texts in a table that a worksheet can make links of, for columns that a flow names.

Only addresses of a few schemes become links: another one would start a program on the machine of whoever clicks. Their
cells hold the text as any other does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from aetherflow.kernel.api import StepError

from ..grid.cells import cell_name
from .text_values import is_text

#: As many links as a worksheet may have, and characters as an address.
MOST_LINKS = 65_530
LONGEST_ADDRESS = 2_079
ADDRESS = r"^(?i:https?://|ftp://|mailto:)[^\s\x00-\x20<>\"]+$"


class Links:
    """Finds the links in batches of rows as they go by; `targets` are their cells and addresses."""

    def __init__(self, columns: Sequence[str], first_column: int, address: str = ADDRESS) -> None:
        self._columns = columns
        self._address = address
        self._first_column = first_column
        self.targets: list[tuple[str, str]] = []

    def look_at(self, batch: pa.RecordBatch, first_row: int) -> None:
        """Remember the links of some more rows, the first of which has this number.

        Raises:
            StepError: they are more than a worksheet may have, or a column is not there.
        """
        for column in self._columns:
            place = batch.schema.get_field_index(column)
            if place < 0:
                raise StepError(
                    f"hyperlinks names a column {column!r}, which the rows don't have",
                    code="AF-EXCEL-COLUMNS",
                    help=f"they have: {', '.join(batch.schema.names)}",
                )
            self.targets += self._found(batch.column(place), first_row, self._first_column + place)
        if len(self.targets) > MOST_LINKS:
            raise StepError(
                f"a worksheet holds at most {MOST_LINKS:,} links",
                code="AF-EXCEL-LIMIT",
                help="leave hyperlinks out: programs show addresses without them too",
            )

    def _found(self, column: pa.Array, first_row: int, column_number: int) -> Iterator[tuple[str, str]]:
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if not is_text(column.type):
            return
        column = column.cast(pa.string())
        is_link = pc.and_(
            pc.match_substring_regex(column, self._address),
            pc.less_equal(pc.utf8_length(column), LONGEST_ADDRESS),
        )
        places = pc.indices_nonzero(is_link)
        for place, address in zip(places.to_pylist(), column.take(places).to_pylist(), strict=True):
            yield cell_name(first_row + place, column_number), address
