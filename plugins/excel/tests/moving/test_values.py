"""Blank rows change no result: LibreOffice computes the same before and after, wherever they come in."""

from __future__ import annotations

import json
import random
import re
import zipfile

import pytest
import xlsxwriter

from aetherflow_excel.moving.insertions import Insertion
from plugins.excel.tests.moving.blank_rows import insert_blank_rows
from plugins.excel.tests.oracles.office import ask, failure

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROWS, COLUMNS = 30, "ABCDEF"
INSERTIONS = {
    "in the middle": [Insertion("Data", 12, 7, 1, 6, header_row=11)],
    "at several places of both sheets": [
        Insertion("Data", 3, 2, 1, 3, header_row=2),
        Insertion("Data", 9, 40, 4, 6),
        Insertion("Data", 27, 1, 1, 6, header_row=26),
        Insertion("It's other", 15, 3, 2, 2),
        Insertion("Plain", 6, 3, 1, 6, header_row=5),
    ],
    "in front of all": [Insertion("Data", 1, 5, 1, 6), Insertion("Plain", 1, 1, 1, 6)],
    "below all": [Insertion("Data", 40, 5, 1, 6, header_row=39)],
}
#: Functions whose results do not change because of blank cells.
CALLS = [
    "SUM({0})",
    "SUM({0},{1})*2-MAX({1})",
    "COUNT({0})+COUNTA({1})",
    'SUMIF({0},">500")',
    'IF(MIN({0})>300,"A1 or ""more""",{2})',
    "SUMPRODUCT({3},{4})",
    "({2}-{5})/{5}^2%",
    "SUM(({0},{1}))",
    "SUM({6})",
    "SUM(Things)+Single*SUM(Sales[Count])",
    "VLOOKUP({2},{7},1,FALSE)",
    'IFERROR(1/0,{2}&"!")',
    "MAX({2}:INDEX({8},1))+0*SUM({0})",
    "SUM({9})",
]


class Formulas:
    """Formulas over the numbers of the sheets, of many kinds; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._choice = random.Random(seed)  # noqa: S311 - the same each time

    def one(self) -> str:
        """A formula for a cell of a sheet that has formulas."""
        sheet = self._choice.choice(["", "Data!", "data!", "'It''s other'!", "Plain!"])
        first, last = sorted(self._choice.sample(range(1, ROWS + 1), 2))
        column, *others = self._choice.sample(COLUMNS, 3)
        pair = [f"{sheet}{other}{first}:{other}{last}" for other in others]
        return self._choice.choice(CALLS).format(
            self._area(sheet),
            self._area(""),
            f"{sheet}{column}{first}",
            *pair,
            self._cell(sheet),
            self._choice.choice([f"Plain!{first}:{last}", "Plain!$A:$B", f"Plain!${first}:${last}"]),
            f"{sheet}${column}$1:${column}${ROWS}",
            f"{sheet}{column}{last}:{column}{last}",
            f"{pair[0]} {sheet}A{first}:F{last}",
        )

    def _cell(self, sheet: str) -> str:
        marks = self._choice.choices(["", "$"], k=2)
        return f"{sheet}{marks[0]}{self._choice.choice(COLUMNS)}{marks[1]}{self._choice.randint(1, ROWS)}"

    def _area(self, sheet: str) -> str:
        return f"{self._cell(sheet)}:{self._cell('')}"


def make(path, seed):
    """Three sheets of numbers, two with formulas beside them, names, a table, and a column of shared formulas."""
    formulas = Formulas(seed)
    numbers = random.Random(seed + 1)  # noqa: S311 - the same each time
    with xlsxwriter.Workbook(path) as book:
        sheets = [book.add_worksheet(name) for name in ("Data", "It's other", "Plain")]
        for sheet in sheets:
            for row in range(ROWS):
                sheet.write_row(row, 0, [numbers.randint(1, 1000) for _ in COLUMNS])
        for sheet in sheets[:2]:
            for row in range(ROWS):
                sheet.write_formula(row, 7, "=0")
                for column in range(8, 14):
                    sheet.write_formula(row, column, "=" + formulas.one())
        sheets[1].add_table(
            "P4:Q9", {"name": "Sales", "columns": [{"header": "Name"}, {"header": "Count"}], "data": [["x", 5]] * 5}
        )
        book.define_name("Things", "=Data!$B$5:$C$20,'It''s other'!$A$3")
        book.define_name("Single", "=Data!$E$12")
    return share(path)


def share(path):
    """Write the formulas of column H as programs do that share them."""
    shared = path.with_name("shared " + path.name)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(shared, "w") as new:
        for name in old.namelist():
            xml = old.read(name).decode()
            if name.startswith("xl/worksheets/sheet"):
                xml, count = re.subn(r'(<c r="H[0-9]+"[^>]*>)<f>[^<]*</f>', r'\1<f t="shared" si="0"/>', xml)
                assert count in {0, ROWS}
                first = f'<f t="shared" ref="H1:H{ROWS}" si="0">SUM($A1:B1)*$C$3+\'It\'\'s other\'!D1</f>'
                xml = xml.replace('<f t="shared" si="0"/>', first, 1)
            new.writestr(name, xml)
    return shared


def where_now(cell, insertions):
    """The cell after the insertions, counted by hand."""
    column, row = re.fullmatch("([A-Z]+)([0-9]+)", cell).groups()
    more = sum(each.count for each in insertions if each.before_row <= int(row))
    return f"{column}{int(row) + more}"


def test_blank_rows_change_no_result(tmp_path):
    source = make(tmp_path / "source.xlsx", seed=20)
    books = {"before": source}
    for number, (name, insertions) in enumerate(INSERTIONS.items()):
        books[name] = tmp_path / f"moved {number}.xlsx"
        assert insert_blank_rows(source, books[name], insertions) == []
    jobs = {name: {"do": "values", "source": str(path), "target": f"{path}.json"} for name, path in books.items()}
    ask(list(jobs.values()), tmp_path)
    told = {}
    for name, path in books.items():
        target = path.with_name(path.name + ".json")
        assert failure(target) is None
        told[name] = json.loads(target.read_text())["sheets"]
    assert all(len(told["before"][sheet]) >= 13 * ROWS for sheet in ("Data", "It's other"))
    errors = [cell for cells in told["before"].values() for cell, value in cells.items() if isinstance(value, dict)]
    assert errors == []
    for name, insertions in INSERTIONS.items():
        for sheet, cells in told["before"].items():
            here = [each for each in insertions if each.sheet == sheet]
            assert told[name][sheet] == {where_now(cell, here): value for cell, value in cells.items()}, name
