"""Started as a program of its own: the engine behind excelize does not share a process well.

usage: excelize_program.py FILES.json ANSWERS.json   of each file every sheet's rows, as text without formats
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import excelize


def read(path: str) -> dict[str, list[list[str]]]:
    """Read all sheets that hold cells."""
    book = excelize.open_file(path, excelize.Options(raw_cell_value=True))
    raw = excelize.Options(raw_cell_value=True)
    sheets = {}
    for name in book.get_sheet_list():
        try:
            sheets[name] = book.get_rows(name, raw)
        except RuntimeError as error:
            # A sheet that is a chart has no rows.
            if "not a worksheet" not in str(error):
                raise
    book.close()
    return sheets


def answer(path: str) -> object:
    """Rows, or why there are none."""
    try:
        return read(path)
    except RuntimeError as error:
        return str(error)


if __name__ == "__main__":
    files = json.loads(Path(sys.argv[1]).read_text())
    Path(sys.argv[2]).write_text(json.dumps({path: answer(path) for path in files}))
