"""The same rows into a new workbook with XlsxWriter, which keeps one row at a time in memory."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import xlsxwriter

TEXT = (1, 5, 6, 9)


def main() -> None:
    """Write the workbook, and say how many rows went into it."""
    row = 0
    with (
        xlsxwriter.Workbook("filled.xlsx", {"constant_memory": True}) as book,
        Path("rows.csv").open(newline="", encoding="utf-8") as data,
    ):
        sheet = book.add_worksheet("Report")
        day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        reader = csv.reader(data)
        sheet.write_row(0, 0, next(reader))
        for row, values in enumerate(reader, 1):
            for column in TEXT:
                sheet.write_string(row, column, values[column])
            for column in (0, 2, 3, 4):
                if values[column]:
                    sheet.write_number(row, column, float(values[column]))
            sheet.write_datetime(row, 7, dt.date.fromisoformat(values[7]), day)
            sheet.write_datetime(row, 8, dt.datetime.fromisoformat(values[8]), moment)
    print(f"{row} rows")


if __name__ == "__main__":
    main()
