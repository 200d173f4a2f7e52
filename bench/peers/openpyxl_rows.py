"""The same rows into a new workbook with openpyxl, in the mode that only writes."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import openpyxl


def main() -> None:
    """Write the workbook, and say how many rows went into it."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Report")
    count = 0
    with Path("rows.csv").open(newline="", encoding="utf-8") as data:
        reader = csv.reader(data)
        sheet.append(next(reader))
        for count, (a, b, c, d, e, f, g, h, i, j) in enumerate(reader, 1):  # noqa: B007 -- how many there are
            share = float(e) if e else None
            moment = dt.datetime.fromisoformat(i)
            sheet.append((int(a), b, int(c), float(d), share, f, g, dt.date.fromisoformat(h), moment, j))
    book.save("filled.xlsx")
    print(f"{count} rows")


if __name__ == "__main__":
    main()
