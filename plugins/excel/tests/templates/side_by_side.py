"""Two lists beside each other on the same rows, each placed by a named cell: the ancestor's use case 2.

| row | A | B | | D | E |
|---|---|---|---|---|---|
| 3 (named Left, Right) | City | Count | | Ship | Length |
| 4, 5 | | | | | |
| 6 | Total | =SUM(B4:B5) | | Longest | =MAX(E4:E5) |

The right list is filled in place: rows that the left one inserts go through both, and both begin where they began.
"""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.record import Expected, Target, Template

LEFT = (("Oslo", 1), ("Rome", 2))
RIGHT = (("Fram", 39.0), ("Vasa", 69.5))


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Two lists")
        sheet.write("A1", "Both")
        sheet.write_row("A3", ("City", "Count"))
        sheet.write_row("D3", ("Ship", "Length"))
        sheet.write("A6", "Total")
        sheet.write("D6", "Longest")
        sheet.write_formula("B6", "=SUM(B4:B5)")
        sheet.write_formula("E6", "=MAX(E4:E5)")
        sheet.write_formula("G6", "=SUM(B$4:$E$5)")
        book.define_name("Left", "='Two lists'!$A$3")
        book.define_name("Right", "='Two lists'!$D$3")
        for column, place in (("B", "A12"), ("E", "E12")):
            chart = book.add_chart({"type": "column"})
            chart.add_series({"values": f"='Two lists'!${column}$4:${column}$5"})
            sheet.insert_chart(place, chart)


def _target(anchor: str, columns: tuple[str, str], word: str, rows, **more) -> Target:
    dtypes = {columns[0]: "string", columns[1]: word}
    options = {"template_has_header": True}
    return Target(sheet="Two lists", anchor=anchor, columns=columns, dtypes=dtypes, rows=rows, options=options, **more)


TEMPLATE = Template(
    name="side_by_side",
    make=write,
    targets=(
        _target("Left", ("city", "count"), "int", LEFT, lands={"replace": "A4", "below": "A4"}),
        _target(
            "Right",
            ("ship", "length"),
            "float",
            RIGHT,
            lands={"replace": "D4", "below": "D4"},
            insert="replace",
        ),
    ),
    replaced=Expected(values={"Two lists!B6": 3.0, "Two lists!E6": 69.5, "Two lists!G6": 111.5}),
    inserted=Expected(
        facts={
            "Two lists formulas": {"B8": "SUM(B4:B7)", "E8": "MAX(E4:E7)", "G8": "SUM(B$4:$E$7)"},
            "Two lists drawing": ["13-27 Chart 1", "13-27 Chart 2"],
            "charts": {
                "xl/charts/chart1.xml": ["'Two lists'!$B$4:$B$7"],
                "xl/charts/chart2.xml": ["'Two lists'!$E$4:$E$7"],
            },
        },
        values={"Two lists!B8": 3.0, "Two lists!E8": 69.5, "Two lists!G8": 111.5},
        changed=frozenset({"xl/charts/chart1.xml", "xl/charts/chart2.xml", "xl/drawings/drawing1.xml"}),
    ),
)
