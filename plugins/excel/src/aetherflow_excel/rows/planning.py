"""Which style the cells of each column get, and what does not fit into a worksheet at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from aetherflow.kernel.api import StepError

from ..grid.cells import LAST_COLUMN, LAST_ROW
from .cells import CellPlan, ColumnStyle
from .rules import ValueRules
from .styles import StyleSheet

#: How dates and times are shown where the template does not say.
_FORMATS: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_date, "yyyy-mm-dd"),
    (pa.types.is_timestamp, "yyyy-mm-dd hh:mm:ss"),
    (pa.types.is_time, "hh:mm:ss"),
    (pa.types.is_duration, "[h]:mm:ss"),
)


def plan_cells(
    schema: pa.Schema,
    bases: Sequence[int | None],
    sheet: StyleSheet,
    *,
    rules: ValueRules | None = None,
    prefix: str = "",
) -> CellPlan:
    """The plan for a table's columns, each with the style that its cells have in the template, if any.

    A column of dates or times whose style shows plain numbers gets a format for them.
    """
    styles = [_column_style(kind, base, sheet) for kind, base in zip(schema.types, bases, strict=True)]
    return CellPlan(styles, rules or ValueRules(), prefix)


def _column_style(kind: pa.DataType, base: int | None, sheet: StyleSheet) -> ColumnStyle:
    style = base
    code = next((code for is_kind, code in _FORMATS if is_kind(_value_type(kind))), None)
    if code is not None and not sheet.is_date_format(base or 0):
        style = sheet.with_number_format(base or 0, code)
    return ColumnStyle(style, lambda: sheet.with_quote_prefix(style or 0))


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind) else kind


def require_room(row_count: int, column_count: int, *, first_row: int, first_column: int) -> None:
    """Refuse a table that does not fit into a worksheet, with its upper left cell at this place.

    Raises:
        StepError: it does not.
    """
    if first_row + row_count - 1 > LAST_ROW:
        raise _no_room(f"{row_count:,} rows from row {first_row:,} on", f"{LAST_ROW:,} rows")
    if first_column + column_count - 1 > LAST_COLUMN:
        raise _no_room(f"{column_count:,} columns from column {first_column:,} on", f"{LAST_COLUMN:,} columns")


def _no_room(wanted: str, limit: str) -> StepError:
    return StepError(
        f"{wanted} don't fit into a worksheet, which has {limit}",
        code="AF-EXCEL-LIMIT",
        help="write fewer, or spread them over several sheets",
    )
