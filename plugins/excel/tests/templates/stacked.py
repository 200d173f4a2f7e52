"""Two lists, one under the other, each with its marker and total; and a total of both. The ancestor wrote the second
list to where it had been before the first one grew (D3).

| row | A | B | | row | A | B |
|---|---|---|---|---|---|---|
| 1 | FIRST | | | 10 | SECOND | |
| 2 | City | Count | | 11 | City | Count |
| 3 to 6 | | | | 12 to 14 | | |
| 7 | Total | =SUM(B3:B6) | | 15 | Total | =SUM(B12:B14) |
| | | | | 17 | Both | =B7+B15 |
"""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.record import Expected, Target, Template

COLUMNS, DTYPES = ("city", "count"), {"city": "string", "count": "int"}
FIRST = (("Oslo", 1), ("Rome", 2), ("Bonn", 4), ("Graz", 8))
SECOND = (("Lima", 100), ("Cusco", 200), ("Ica", 400))


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Report")
        for top, marker, total in ((0, "FIRST", 6), (9, "SECOND", 14)):
            sheet.write(top, 0, marker)
            sheet.write_row(top + 1, 0, ("City", "Count"))
            sheet.write(total, 0, "Total")
        sheet.write_formula("B7", "=SUM(B3:B6)")
        sheet.write_formula("B15", "=SUM(B12:B14)")
        sheet.write_formula("B17", "=B7+B15")
        sheet.merge_range("A18:B18", "Seen by")
        sheet.conditional_format("B3:B6", {"type": "data_bar"})
        sheet.conditional_format("B12:B14", {"type": "3_color_scale"})
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Report!$B$3:$B$6"})
        chart.add_series({"values": "=Report!$B$12:$B$14", "categories": "=Report!$A$12:$A$14"})
        sheet.insert_chart("D10", chart)
        book.define_name("Everything", "=Report!$A$2:$B$17")


def _target(anchor: str, rows, **lands: str) -> Target:
    return Target(sheet="Report", anchor=anchor, columns=COLUMNS, dtypes=DTYPES, rows=rows, lands=lands)


TEMPLATE = Template(
    name="stacked",
    make=write,
    targets=(
        _target("FIRST", FIRST, replace="A3", below="A3"),
        # Four rows went in above.
        _target("SECOND", SECOND, replace="A12", below="A16"),
    ),
    replaced=Expected(values={"Report!B7": 15.0, "Report!B15": 700.0, "Report!B17": 715.0}),
    inserted=Expected(
        facts={
            "Report formulas": {"B11": "SUM(B3:B10)", "B22": "SUM(B16:B21)", "B24": "B11+B22"},
            "Report merges": ["A25:B25"],
            "Report formats": ["B16:B21: ", "B3:B10: "],
            "charts": {"xl/charts/chart1.xml": ["Report!$B$3:$B$10", "Report!$A$16:$A$21", "Report!$B$16:$B$21"]},
            "names": {"Everything": "Report!$A$2:$B$24"},
            "Report drawing": ["13-30 Chart 1"],
        },
        values={"Report!B11": 15.0, "Report!B22": 700.0, "Report!B24": 715.0},
        changed=frozenset({"xl/charts/chart1.xml", "xl/drawings/drawing1.xml"}),
    ),
)
