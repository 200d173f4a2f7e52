"""Tables as Excel has them: one that is filled, with a total row of its own, and one further down.

| row | B | C | D | | row | B | C |
|---|---|---|---|---|---|---|---|
| 3 | City | Count | Share | | 10 | Ship | Length |
| 4 to 6 | | | | | 11, 12 | Fram, Vasa | 39, 69 |
| 7 | Total | subtotal | | | 14 | | =SUM(Cities[Count]) |
"""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.record import COLUMNS, DTYPES, ROWS, Expected, Target, Template


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet, other = book.add_worksheet("Report"), book.add_worksheet("Other")
        cities = [
            {"header": "City", "total_string": "Total"},
            {"header": "Count", "total_function": "sum"},
            {"header": "Share", "total_function": "average"},
        ]
        sheet.add_table(
            "B3:D7", {"name": "Cities", "columns": cities, "total_row": True, "style": "Table Style Medium 9"}
        )
        ships = [{"header": "Ship"}, {"header": "Length"}]
        sheet.add_table("B10:C12", {"name": "Ships", "columns": ships, "data": [["Fram", 39], ["Vasa", 69]]})
        sheet.write_formula("C14", "=SUM(Cities[Count])")
        sheet.write_formula("C15", "=SUM(Ships[Length])+SUM(C11:C12)")
        other.write_formula("A1", "=SUM(Cities[Count])+MAX(Ships[Length])")
        chart = book.add_chart({"type": "bar"})
        chart.add_series({"values": "=Report!$C$4:$C$6", "categories": "=Report!$B$4:$B$6"})
        other.insert_chart("C2", chart)


TEMPLATE = Template(
    name="tabled",
    make=write,
    targets=(
        Target(
            sheet="Report",
            cell="B3",
            columns=COLUMNS,
            dtypes=DTYPES,
            rows=ROWS,
            options={"template_has_header": True},
            lands={"replace": "B4", "below": "B4"},
        ),
    ),
    replaced=Expected(
        # Only Excel understands a column without its table: it gets its table's name.
        facts={
            "Report formulas": {
                "C7": "SUBTOTAL(109,Cities[Count])",
                "D7": "SUBTOTAL(101,Cities[Share])",
                "C14": "SUM(Cities[Count])",
                "C15": "SUM(Ships[Length])+SUM(C11:C12)",
            },
        },
        values={"Report!C7": 60.0, "Report!C14": 60.0, "Report!C15": 216.0, "Other!A1": 129.0},
        changed=frozenset({"xl/worksheets/sheet2.xml"}),
    ),
    inserted=Expected(
        facts={
            "tables": {"Cities": "B3:D10, filter B3:D9", "Ships": "B13:C15, filter B13:C15"},
            "Report formulas": {
                "C10": "SUBTOTAL(109,Cities[Count])",
                "D10": "SUBTOTAL(101,Cities[Share])",
                "C17": "SUM(Cities[Count])",
                "C18": "SUM(Ships[Length])+SUM(C14:C15)",
            },
            "charts": {"xl/charts/chart1.xml": ["Report!$B$4:$B$9", "Report!$C$4:$C$9"]},
        },
        values={"Report!C10": 60.0, "Report!C17": 60.0, "Report!C18": 216.0, "Other!A1": 129.0},
        changed=frozenset(
            {"xl/tables/table1.xml", "xl/tables/table2.xml", "xl/charts/chart1.xml", "xl/worksheets/sheet2.xml"}
        ),
    ),
)
