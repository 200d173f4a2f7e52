"""The same rows into the template with openpyxl, which holds all of it in memory: the mode that can fill one."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import openpyxl


def main() -> None:
    """Fill the template, and say how many rows went into it."""
    book = openpyxl.load_workbook("template.xlsx")
    sheet = book["Report"]
    count = 0
    with Path("rows.csv").open(newline="", encoding="utf-8") as data:
        reader = csv.reader(data)
        next(reader)
        for count, (a, b, c, d, e, f, g, h, i, j) in enumerate(reader, 1):
            share = float(e) if e else None
            day, moment = dt.date.fromisoformat(h), dt.datetime.fromisoformat(i)
            for column, value in enumerate((int(a), b, int(c), float(d), share, f, g, day, moment, j), 1):
                sheet.cell(count + 1, column, value)
    book.save("filled.xlsx")
    print(f"{count} rows")


if __name__ == "__main__":
    main()
