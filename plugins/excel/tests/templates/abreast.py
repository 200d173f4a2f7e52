"""Two lists beside each other that both have rows inserted: they share the new rows, as many as the longer one needs.

| row | A | B | | D | E |
|---|---|---|---|---|---|
| 2 | LEFT | | | RIGHT | |
| 3 | City | Count | | Ship | Length |
| 4 | | | | | |
| 5 | Total | =SUM(B4:B4) | | Total | =SUM(E4:E4) |
"""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.record import Expected, Target, Template

LEFT = (("Oslo", 1), ("Rome", 2))
RIGHT = (("Fram", 39.0), ("Vasa", 69.5), ("Gorch", 89.5), ("Alex", 62.0))


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet, other = book.add_worksheet("Report"), book.add_worksheet("Other")
        sheet.write_row("A2", ("LEFT", "", "", "RIGHT"))
        sheet.write_row("A3", ("City", "Count", "", "Ship", "Length"))
        sheet.write_row("A5", ("Total", "=SUM(B4:B4)", "", "Total", "=SUM(E4:E4)"))
        other.write_row("A2", ("OTHER", "=SUM(Report!B4:B4)", "=SUM(Report!$E$4:$E$4)", "=Report!E5"))
        other.write_row("A3", ("City", "Count"))
        other.write_row("A5", ("Total", "=SUM(B4:B4)+Report!B5"))


def _target(sheet: str, anchor: str, columns: tuple[str, str], word: str, rows, **lands: str) -> Target:
    dtypes = {columns[0]: "string", columns[1]: word}
    return Target(sheet=sheet, anchor=anchor, columns=columns, dtypes=dtypes, rows=rows, lands=lands)


TEMPLATE = Template(
    name="abreast",
    make=write,
    targets=(
        _target("Report", "LEFT", ("city", "count"), "int", LEFT[:1], replace="A4", below="A4"),
        _target("Report", "RIGHT", ("ship", "length"), "float", RIGHT[:1], replace="D4", below="D4"),
        _target("Other", "OTHER", ("city", "count"), "int", LEFT[:1], replace="A4", below="A4"),
    ),
    replaced=Expected(values={"Report!B5": 1.0, "Report!E5": 39.0, "Other!C2": 39.0, "Other!B5": 2.0}),
    inserted=Expected(
        facts={
            "Report formulas": {"B6": "SUM(B4:B5)", "E6": "SUM(E4:E5)"},
            "Other formulas": {
                "B2": "SUM(Report!B4:B5)",
                "C2": "SUM(Report!$E$4:$E$5)",
                "D2": "Report!E6",
                "B6": "SUM(B4:B5)+Report!B6",
            },
        },
        values={"Report!B6": 1.0, "Report!E6": 39.0, "Other!C2": 39.0, "Other!B6": 2.0},
    ),
)
LONGER = Template(
    name="abreast_longer",
    make=write,
    targets=(
        _target("Report", "LEFT", ("city", "count"), "int", LEFT, replace="A4", below="A4"),
        _target("Report", "RIGHT", ("ship", "length"), "float", RIGHT, replace="D4", below="D4"),
    ),
    # The longer list goes over its total, as it was told to.
    replaced=Expected(
        facts={"Report formulas": {}},
        changed=frozenset({"xl/worksheets/sheet2.xml"}),
    ),
    inserted=Expected(
        facts={
            "Report formulas": {"B9": "SUM(B4:B8)", "E9": "SUM(E4:E8)"},
            "Other formulas": {
                "B2": "SUM(Report!B4:B8)",
                "C2": "SUM(Report!$E$4:$E$8)",
                "D2": "Report!E9",
                "B5": "SUM(B4:B4)+Report!B9",
            },
        },
        values={"Report!B9": 3.0, "Report!E9": 260.0, "Other!B2": 3.0, "Other!C2": 260.0},
        changed=frozenset({"xl/worksheets/sheet2.xml"}),
    ),
)
