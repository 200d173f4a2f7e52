"""A list of which the template has one row only, as an example: what looks at that row looks at all rows then.

| row | A | B | C |
|---|---|---|---|
| 3 | City (a filter on A3:B3) | Count | Twice |
| 4 | (formatted, 24 points high) | | =B4*2 |
| 5 | Total | =SUM(B4:B4) | =SUM(C4:C4) |
| 6 | Both | =SUM(B3:B5) | =SUM(B3:B3) |

The rows that are written get the formats and the height of row 4.
"""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.record import Expected, Target, Template

ROWS = (("Oslo", 1), ("Rome", 2), ("Bonn", 4))


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Report")
        sheet.write_row("A3", ("City", "Count", "Twice"))
        sheet.write_blank("A4", None, book.add_format({"italic": True}))
        sheet.write_blank("B4", None, book.add_format({"num_format": "0.00"}))
        sheet.write_formula("C4", "=B4*2")
        sheet.set_row(3, 24)
        sheet.write_row("A5", ("Total", "=SUM(B4:B4)", "=SUM(C4:C4)"))
        sheet.write_row("A6", ("Both", "=SUM(B3:B5)", "=SUM(B3:B3)"))
        sheet.autofilter("A3:B3")
        sheet.conditional_format(
            "A4:B4", {"type": "formula", "criteria": "=$B4>1", "format": book.add_format({"bold": True})}
        )
        sheet.data_validation("B4", {"validate": "integer", "criteria": ">", "value": 0})
        sheet.ignore_errors({"number_stored_as_text": "A4"})
        book.define_name("One", "=Report!$A$4:$B$4")
        chart = book.add_chart({"type": "column"})
        chart.add_series({"categories": "=Report!$A$4", "values": "=Report!$B$4"})
        chart.add_series({"categories": "=Report!$A$3:$B$3", "values": "=Report!$A$4:$B$4"})
        sheet.insert_chart("E1", chart, {"object_position": 3})
        sheet.add_sparkline("E6", {"range": "Report!B4:B4"})


TEMPLATE = Template(
    name="sparse",
    make=write,
    targets=(
        Target(
            sheet="Report",
            cell="A3",
            columns=("city", "count"),
            dtypes={"city": "string", "count": "int"},
            rows=ROWS,
            options={
                "template_has_header": True,
                "style_mode": "copy_row",
                "style_row_offset": 1,
            },
            lands={"replace": "A4", "below": "A4"},
        ),
    ),
    # The rows go over the totals, as they were told to.
    replaced=Expected(facts={"Report formulas": {"C4": "B4*2", "C5": "SUM(C4:C4)", "C6": "SUM(B3:B3)"}}),
    inserted=Expected(
        facts={
            "Report formulas": {
                "C7": "B7*2",
                "B8": "SUM(B4:B7)",
                # Nothing is written into column C.
                "C8": "SUM(C7:C7)",
                "B9": "SUM(B3:B8)",
                "C9": "SUM(B3:B6)",
            },
            "Report filter": ["A3:B6"],
            "names": {"One": "Report!$A$4:$B$7", "Report!_xlnm._FilterDatabase": "Report!$A$3:$B$6"},
            "Report formats": ["A4:B7: $B4>1"],
            "Report validations": ["B4:B7: 0"],
            "Report ignored errors": ["A4:A7"],
            "Report rows": {4: "ht=24", 5: "ht=24", 6: "ht=24", 7: "ht=24"},
            "Report sparklines": {"E9": "Report!B4:B7"},
            # A series over a row is no list of the rows that come in: it stays with its row.
            "charts": {
                "xl/charts/chart1.xml": ["Report!$A$4:$A$7", "Report!$B$4:$B$7", "Report!$A$3:$B$3", "Report!$A$7:$B$7"]
            },
        },
        values={"Report!B8": 7.0, "Report!B9": 14.0, "Report!C9": 7.0},
        changed=frozenset({"xl/charts/chart1.xml"}),
    ),
)
