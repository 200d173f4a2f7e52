"""What sheets, tables and columns may be called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from aetherflow.kernel.api import StepError

from ..grid.cells import parse_cell
from ..workbook.sheet_names import check_sheet_name
from ..write_inputs import SheetInputs

_TABLE_NAME = re.compile(r"[A-Za-z_\\][A-Za-z0-9_.\\]*")
_LONGEST_TABLE_NAME = _LONGEST_COLUMN_NAME = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff]")
#: What stands for itself in a number format, and what is in brackets.
_LITERAL = re.compile(r'"[^"]*"|[\\_*].|\[[^\[\]"]*\]')
_MOST_SECTIONS = 4
#: A reference by row and column, which a name may not look like.
_ROW_AND_COLUMN = re.compile(r"[Rr][0-9]*([Cc][0-9]*)?|[Cc][0-9]*")


def check_names(sheets: Sequence[SheetInputs]) -> None:
    """See that sheets and tables may be called so, each once.

    Raises:
        StepError: one may not.
    """
    for sheet in sheets:
        check_sheet_name(sheet.name)
        if sheet.table is not None:
            _check_table_name(sheet.table)
    _check_once("sheets", [sheet.name for sheet in sheets], "AF-EXCEL-SHEET-NAME")
    _check_once("tables", [sheet.table for sheet in sheets if sheet.table is not None], "AF-EXCEL-TABLE-NAME")


def _check_table_name(name: str) -> None:
    if not _TABLE_NAME.fullmatch(name) or len(name) > _LONGEST_TABLE_NAME or _is_reference(name):
        raise StepError(
            f"no table may be called {name[:40]!r}",
            code="AF-EXCEL-TABLE-NAME",
            help="a letter or an underscore, then letters, digits, dots and underscores; not the name of a cell",
        )


def _is_reference(name: str) -> bool:
    try:
        parse_cell(name)
    except ValueError:
        return _ROW_AND_COLUMN.fullmatch(name) is not None
    return True


def check_columns_of_table(sheet: SheetInputs, columns: Sequence[str]) -> None:
    """See that the columns of a table have names that it may have, each once whatever its capitals.

    Raises:
        StepError: they have not.
    """
    for name in columns or ("",):
        if not name.strip() or _CONTROL.search(name) or len(name) > _LONGEST_COLUMN_NAME:
            raise StepError(
                f"sheet {sheet.name!r}: no column of a table may be called {name[:40]!r}",
                code="AF-EXCEL-COLUMNS",
                help=f"rename it in {sheet.source.name}: 1 to 255 characters, none of them a line end or another "
                "control character; or leave `table` out",
            )
    _check_once(f"columns of {sheet.source.name}", columns, "AF-EXCEL-COLUMNS")


def check_number_formats(sheet: SheetInputs) -> None:
    """See that number formats are some: spreadsheets refuse a whole workbook for the sake of one that is none.

    Raises:
        StepError: one is none.
    """
    for code in (*sheet.number_formats.values(), *sheet.column_formats.values()):
        bare = _LITERAL.sub("", code)
        if _CONTROL.search(code) or set('"[]\\') & set(bare) or bare.count(";") >= _MOST_SECTIONS:
            raise StepError(
                f"sheet {sheet.name!r}: {code[:40]!r} is no number format",
                code="AF-EXCEL-NUMBER-FORMAT",
                help="write it as spreadsheets show it, as in dd.mm.yyyy or #,##0.00: quotes and brackets in pairs",
            )


def check_column_options(sheet: SheetInputs, columns: Sequence[str]) -> None:
    """See that what is said of columns is said of those that are there.

    Raises:
        StepError: it is not.
    """
    said: dict[str, Iterable[str]] = {
        "column_widths": sheet.column_widths,
        "column_formats": sheet.column_formats,
        "hyperlinks": sheet.hyperlinks,
    }
    for option, names in said.items():
        if unknown := sorted(set(names) - set(columns)):
            raise StepError(
                f"{option} names the column {unknown[0]!r}, which {sheet.source.name} does not have",
                code="AF-EXCEL-COLUMNS",
                help=f"there is: {', '.join(columns)}",
            )


def _check_once(what: str, names: Sequence[str], code: str) -> None:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.get(name.casefold())
        if other is not None:
            both = repr(name) if other == name else f"{other!r} and {name!r}"
            raise StepError(
                f"two {what} are called {both}", code=code, help="capitals make no difference: rename one of them"
            )
        seen[name.casefold()] = name
