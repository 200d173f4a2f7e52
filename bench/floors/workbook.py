"""The least that filling a workbook must do: read typed rows, write their XML, deflate it into a copy of the template.

`workbook.py make ROWS` writes `rows.csv` (ten typed columns) and `template.xlsx` (a header, a chart, a total);
`workbook.py fill` puts the rows into the first sheet from its second row on, and looks after nothing else.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from xml.sax.saxutils import escape

HEADER = ("id", "name", "quantity", "price", "share", "status", "note", "day", "at", "code")
ROWS, TEMPLATE, FILLED, SHEET = "rows.csv", "template.xlsx", "filled.xlsx", "xl/worksheets/sheet1.xml"
END = "</sheetData>"
AT_ONCE = 500
FIRST_DAY, FIRST_MOMENT = dt.date(2024, 1, 1), dt.datetime(2024, 1, 1)  # noqa: DTZ001 -- cells have no zone
DAY_ZERO, MOMENT_ZERO = dt.date(1899, 12, 30), dt.datetime(1899, 12, 30)  # noqa: DTZ001 -- as above
SECONDS_OF_A_DAY = 86_400


def make(count: int) -> None:
    """Write the rows and the template."""
    import xlsxwriter

    with Path(ROWS).open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        writer.writerows(map(row_of, range(count)))
    book = xlsxwriter.Workbook(TEMPLATE)
    sheet, chart = book.add_worksheet("Report"), book.add_chart({"type": "column"})
    sheet.write_row(0, 0, HEADER, book.add_format({"bold": True}))
    sheet.write_formula("L1", "=SUM(C2:C101)")
    chart.add_series({"values": "=Report!$C$2:$C$101"})
    sheet.insert_chart("L2", chart)
    book.close()


def row_of(number: int) -> tuple[object, ...]:
    """Every value follows from the row's number."""
    day, moment = FIRST_DAY + dt.timedelta(days=number % 700), FIRST_MOMENT + dt.timedelta(minutes=number)
    share = "" if number % 7 == 0 else f"{number % 100 / 100:.2f}"
    note = "" if number % 5 else f"<note {number}>"
    status = ("open", "closed")[number % 2]
    told = (number, f"name & {number}", number % 997, f"{number * 1.25:.2f}", share, status, note)
    return *told, day.isoformat(), moment.isoformat(" "), f"C{number:07d}"


def fill() -> int:
    """Fill the template, and answer how many rows went into it."""
    count = 0
    with (
        zipfile.ZipFile(TEMPLATE) as source,
        zipfile.ZipFile(FILLED, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
        Path(ROWS).open(newline="", encoding="utf-8") as data,
    ):
        for info in source.infolist():
            if info.filename != SHEET:
                target.writestr(info, source.read(info))
        before, after = source.read(SHEET).decode().split(END)
        reader = csv.reader(data)
        next(reader)
        with target.open(SHEET, "w") as sheet:
            sheet.write(before.encode())
            numbered = enumerate(reader, 2)
            while written := list(xml_of(islice(numbered, AT_ONCE))):
                sheet.write("".join(written).encode())
                count += len(written)
            sheet.write((END + after).encode())
    return count


def xml_of(numbered: Iterator[tuple[int, list[str]]]) -> Iterator[str]:
    """Each row's XML; one expression a row, as this is where the time goes."""
    for n, (a, b, c, d, e, f, g, h, i, j) in numbered:
        moment = dt.datetime.fromisoformat(i) - MOMENT_ZERO
        yield (
            f'<row r="{n}"><c r="A{n}"><v>{int(a)}</v></c><c r="B{n}" t="inlineStr"><is><t>{escape(b)}</t></is></c>'
            f'<c r="C{n}"><v>{int(c)}</v></c><c r="D{n}"><v>{float(d)!r}</v></c>'
            + (f'<c r="E{n}"><v>{float(e)!r}</v></c>' if e else "")
            + f'<c r="F{n}" t="inlineStr"><is><t>{escape(f)}</t></is></c>'
            + (f'<c r="G{n}" t="inlineStr"><is><t>{escape(g)}</t></is></c>' if g else "")
            + f'<c r="H{n}"><v>{(dt.date.fromisoformat(h) - DAY_ZERO).days}</v></c>'
            f'<c r="I{n}"><v>{moment.days + moment.seconds / SECONDS_OF_A_DAY!r}</v></c>'
            f'<c r="J{n}" t="inlineStr"><is><t>{escape(j)}</t></is></c></row>'
        )


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(int(sys.argv[2]))
    else:
        print(f"{fill()} rows")
