"""A workbook that counts days from 1904, and a list of dates, moments, truths and large numbers.

| row | A | B | C | D | E |
|---|---|---|---|---|---|
| 1 | day | at | ok | id | amount |
| 2 | (formatted) | | | | |
| 4 | =MAX(A$2:A$2) | | =COUNTIF(C1:C2,TRUE) | | =SUM(E1:E2) |
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from plugins.excel.tests.templates.record import Expected, Target, Template

COLUMNS = ("day", "at", "ok", "id", "amount")
ROWS = (
    (dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 6, 0), True, "00017", 1250.5),  # noqa: DTZ001 - cells have no zone
    (dt.date(1999, 12, 31), dt.datetime(2000, 1, 1, 0, 0), False, "+49 30", -0.5),  # noqa: DTZ001 - as above
)


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"date_1904": True}) as book:
        sheet = book.add_worksheet("Days")
        day, moment = book.add_format({"num_format": "dd.mm.yyyy"}), book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        sheet.write_row("A1", COLUMNS)
        sheet.write_blank("A2", None, day)
        sheet.write_blank("B2", None, moment)
        sheet.write_formula("A4", "=MAX(A$2:A$2)", day)
        sheet.write_formula("C4", "=COUNTIF(C1:C2,TRUE)")
        sheet.write_formula("E4", "=SUM(E1:E2)")


TEMPLATE = Template(
    name="dated",
    make=write,
    targets=(
        Target(
            sheet="Days",
            cell="A1",
            columns=COLUMNS,
            dtypes={"day": "date", "at": "datetime", "ok": "bool", "id": "string", "amount": "float"},
            rows=ROWS,
            options={"template_has_header": True},
            lands={"replace": "A2", "below": "A2"},
        ),
    ),
    replaced=Expected(values={"Days!C4": 1.0, "Days!E4": 1250.5}),
    inserted=Expected(
        facts={"Days formulas": {"A6": "MAX(A$2:A$4)", "C6": "COUNTIF(C1:C4,TRUE)", "E6": "SUM(E1:E4)"}},
        values={"Days!C6": 1.0, "Days!E6": 1250.0},
    ),
)
