"""Workbooks read by others: openpyxl and calamine here, excelize in a process of its own."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl.utils.cell import coordinate_to_tuple, get_column_letter

PROGRAM = Path(__file__).with_name("excelize_program.py")
Cells = dict[str, dict[str, Any]]


def by_openpyxl(path: Path, *, values: bool = True) -> Cells:
    """Each sheet's cells: what was stored for them, or what they say where that is a formula."""
    import openpyxl

    with warnings.catch_warnings():
        # It tells of every extension that it does not know.
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path, data_only=values, keep_vba=path.suffix in {".xlsm", ".xltm"})
    return {
        sheet.title: {
            cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None
        }
        for sheet in book.worksheets
    }


def texts_by_openpyxl(path: Path, sheet: str, cells: Iterable[str]) -> dict[str, tuple[str, bool]]:
    """Of cells their type, and whether they are marked as text that looks like something else."""
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Values, as it stumbles over formulas of cells that do not say their place; of a formula the type is a number.
        book = openpyxl.load_workbook(path, data_only=True)
    return {cell: (book[sheet][cell].data_type, bool(book[sheet][cell].quotePrefix)) for cell in cells}


def by_calamine(path: Path) -> Cells:
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    book = CalamineWorkbook.from_path(path)
    names = [each.name for each in book.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    return {name: _cells(book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in names}


def by_excelize(paths: Sequence[Path], folder: Path) -> dict[Path, Any]:
    """Of each file the cells as text; or why it can't be opened."""
    files, answers = folder / "files.json", folder / "answers.json"
    files.write_text(json.dumps([str(path) for path in paths]))
    subprocess.run([sys.executable, PROGRAM, files, answers], check=True, timeout=120)
    found = json.loads(answers.read_text())
    return {
        Path(path): {name: _cells(rows) for name, rows in told.items()} if isinstance(told, dict) else told
        for path, told in found.items()
    }


def _cells(rows: Iterable[Sequence[Any]] | None) -> dict[str, Any]:
    return {
        f"{get_column_letter(column)}{row}": value
        for row, values in enumerate(rows or (), 1)
        for column, value in enumerate(values, 1)
        if value != ""
    }


def area(start: str, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The cells of a table that begins at one."""
    first_row, first_column = coordinate_to_tuple(start)
    return {
        f"{get_column_letter(column)}{row}": value
        for row, values in enumerate(rows, first_row)
        for column, value in enumerate(values, first_column)
    }


def same(found: Any, wanted: Any) -> bool:
    """Whether a reader's value is the one that was written: a day may come as its midnight, and the other way round."""
    if isinstance(wanted, dt.date):
        return _moment(found) == _moment(wanted)
    return _kind(found) == _kind(wanted) and found == wanted


def _moment(value: Any) -> Any:
    is_day = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    return dt.datetime.combine(value, dt.time()) if is_day else value


def same_text(found: str | None, wanted: Any) -> bool:
    """As `same`, of a reader that answers text; dates and moments it has as numbers of days, which are not looked at."""
    if isinstance(wanted, bool):
        return found in {str(int(wanted)), str(wanted).upper()}
    if isinstance(wanted, (int, float)):
        return found is not None and float(found) == wanted
    return isinstance(wanted, dt.date) or found == wanted


def _kind(value: Any) -> type:
    return float if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value)


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any], compare: Any = same) -> dict[str, Any]:
    """The cells that differ, with both values."""
    return {cell: (found.get(cell), value) for cell, value in wanted.items() if not compare(found.get(cell), value)}
