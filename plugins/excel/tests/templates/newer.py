"""What programs since 2010 added to a sheet, in extensions of its own: sparklines, newer bars and icons."""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.frame import FORMULAS, TARGET, TOTALS_INSERTED, TOTALS_REPLACED, write_frame
from plugins.excel.tests.templates.record import Expected, Template


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = write_frame(book)
        other = book.add_worksheet("Other")
        sheet.add_sparkline("C2", {"range": "Report!C5:C7", "markers": True})
        sheet.add_sparkline("E9", {"range": "Report!C9:D9", "type": "column"})
        other.add_sparkline("A1", {"range": "Report!D5:D7"})
        sheet.conditional_format("C5:C7", {"type": "data_bar", "data_bar_2010": True, "bar_color": "#63C384"})
        sheet.conditional_format(
            "D5:D7", {"type": "data_bar", "data_bar_2010": True, "max_type": "formula", "max_value": "=$D$9"}
        )
        sheet.conditional_format("C9:D9", {"type": "icon_set", "icon_style": "3_arrows"})
        # One that looks at another sheet; this and the list from another sheet are written as extensions by Excel.
        sheet.data_validation("D5:D7", {"validate": "list", "source": "=Other!$A$5:$A$7"})


TEMPLATE = Template(
    name="newer",
    make=write,
    targets=(TARGET,),
    replaced=Expected(values=TOTALS_REPLACED),
    inserted=Expected(
        facts={
            "Report formulas": FORMULAS,
            "Report sparklines": {"C2": "Report!C5:C10", "E12": "Report!C12:D12"},
            "Other sparklines": {"A1": "Report!D5:D10"},
            "Report formats": [
                "C12:D12: ",
                "C5:C10: ",
                "D5:D10: $D$12",
                "x14 C5:C10: ",
                "x14 D5:D10: $D$12",
            ],
            "Report validations": ["D5:D10: Other!$A$5:$A$7"],
        },
        values=TOTALS_INSERTED,
        changed=frozenset({"xl/worksheets/sheet2.xml"}),
    ),
)
