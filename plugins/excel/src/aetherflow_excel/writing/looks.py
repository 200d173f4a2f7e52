"""How cells look: the styles of columns and of the header, and widths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ..rows.cells import CellPlan, ColumnStyle
from ..rows.planning import plan_cells
from ..rows.rules import ValueRules
from ..rows.styles import StyleSheet
from ..rows.text_values import plain_text
from ..write_inputs import FormattedKind, SheetInputs
from .frames import base_styles

_KINDS: tuple[tuple[FormattedKind, Callable[[pa.DataType], bool]], ...] = (
    ("int", pa.types.is_integer),
    ("float", pa.types.is_floating),
    ("decimal", pa.types.is_decimal),
    ("date", pa.types.is_date),
    ("datetime", pa.types.is_timestamp),
    ("time", pa.types.is_time),
    ("duration", pa.types.is_duration),
)
#: Room beside a text, and for the button of a filter.
_ROOM, _BUTTON = 1.5, 2.5
_NARROWEST, _WIDEST = 6.0, 60.0
_SHOWN_DATES = {"date": 10, "datetime": 19, "time": 8, "duration": 10}


@dataclass(frozen=True, slots=True)
class Looks:
    """The plans for a sheet's header and its rows."""

    header: CellPlan
    rows: CellPlan


def looks_of(sheet: SheetInputs, schema: pa.Schema, styles: StyleSheet) -> Looks:
    """The plans for a sheet; styles that they need are added."""
    header = styles.with_bold(0) if sheet.header_bold else None
    quoted = ColumnStyle(header, lambda: styles.with_quote_prefix(header or 0))
    rules = ValueRules(exact=sheet.exact, not_finite=sheet.not_finite, far_dates=sheet.far_dates)
    bases = [_base(sheet, field, styles) for field in schema]
    return Looks(CellPlan([quoted] * len(schema)), plan_cells(schema, bases, styles, rules=rules))


def _base(sheet: SheetInputs, field: pa.Field, styles: StyleSheet) -> int | None:
    base = base_styles().link if field.name in sheet.hyperlinks else None
    kind = kind_of(field.type)
    code = sheet.column_formats.get(field.name) or (sheet.number_formats.get(kind) if kind else None)
    return base if code is None else styles.with_number_format(base or 0, code)


def kind_of(arrow_type: pa.DataType) -> FormattedKind | None:
    """What number formats are said for; null where a type has none."""
    if pa.types.is_dictionary(arrow_type) or pa.types.is_run_end_encoded(arrow_type):
        return kind_of(arrow_type.value_type)
    return next((kind for kind, is_kind in _KINDS if is_kind(arrow_type)), None)


def widths_of(sheet: SheetInputs, schema: pa.Schema, first_rows: pa.RecordBatch | None) -> Sequence[float]:
    """The widths of columns: those that are said, else what the header and the first rows need."""
    return [
        sheet.column_widths.get(field.name) or _width(sheet, field, first_rows.column(place) if first_rows else None)
        for place, field in enumerate(schema)
    ]


def _width(sheet: SheetInputs, field: pa.Field, first: pa.Array | None) -> float:
    has_button = sheet.header and sheet.autofilter
    needed = [_longest_line(field.name) + (_BUTTON if has_button else _ROOM)] if sheet.header else []
    if first is not None:
        needed.append(_shown(field.type, first) + _ROOM)
    return min(max([_NARROWEST, *needed]), _WIDEST)


def _shown(arrow_type: pa.DataType, values: pa.Array) -> int:
    """About how many characters the longest value has."""
    if (fixed := _SHOWN_DATES.get(kind_of(arrow_type) or "")) is not None:
        return fixed
    try:
        texts = plain_text(values)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return 0
    return int(pc.max(pc.utf8_length(texts)).as_py() or 0)


def _longest_line(text: str) -> int:
    return max(map(len, text.split("\n")))
