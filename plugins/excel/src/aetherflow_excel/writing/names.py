"""What sheets, tables and columns may be called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from aetherflow.kernel.api import StepError

from ..grid.cells import parse_cell
from ..write_inputs import SheetInputs

_LONGEST_SHEET_NAME = 31
_NO_SHEET_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f\ufffe\uffff]|^'|'$")
_TABLE_NAME = re.compile(r"[A-Za-z_\\][A-Za-z0-9_.\\]*")
_LONGEST_TABLE_NAME = 255
#: A reference by row and column, which a name may not look like.
_ROW_AND_COLUMN = re.compile(r"[Rr][0-9]*([Cc][0-9]*)?|[Cc][0-9]*")


def check_names(sheets: Sequence[SheetInputs]) -> None:
    """See that sheets and tables may be called so, each once.

    Raises:
        StepError: one may not.
    """
    for sheet in sheets:
        _check_sheet_name(sheet.name)
        if sheet.table is not None:
            _check_table_name(sheet.table)
    _check_once("sheets", [sheet.name for sheet in sheets], "AF-EXCEL-SHEET-NAME")
    _check_once("tables", [sheet.table for sheet in sheets if sheet.table is not None], "AF-EXCEL-TABLE-NAME")


def _check_sheet_name(name: str) -> None:
    units = len(name.encode("utf-16-le", "surrogatepass")) // 2
    is_wrong = _NO_SHEET_NAME.search(name) or not name.strip()
    if is_wrong or units > _LONGEST_SHEET_NAME or name.casefold() == "history":
        raise StepError(
            f"no sheet may be called {name[:40]!r}",
            code="AF-EXCEL-SHEET-NAME",
            help="1 to 31 characters, none of [ ] : * ? / \\, no apostrophe at the ends, and not History",
        )


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
    """See that the columns of a table have different names, whatever their capitals.

    Raises:
        StepError: they have not.
    """
    if not columns or not all(name.strip() for name in columns):
        raise StepError(
            f"sheet {sheet.name!r}: a column has no name, and in a table each must have one",
            code="AF-EXCEL-COLUMNS",
            help=f"name it in {sheet.source.name}, or leave `table` out",
        )
    _check_once(f"columns of {sheet.source.name}", columns, "AF-EXCEL-COLUMNS")


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
