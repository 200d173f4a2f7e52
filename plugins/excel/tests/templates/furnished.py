"""Everything that a sheet has below and around its list, and another sheet that refers to it."""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.frame import FORMULAS, TARGET, TOTALS_INSERTED, TOTALS_REPLACED, write_frame
from plugins.excel.tests.templates.record import Expected, Template


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = write_frame(book)
        summary = book.add_worksheet("Sum mary")
        sheet.merge_range("A11:D12", "Checked by")
        sheet.merge_range("F2:F3", "above")
        sheet.write_formula("E7", "=C7*2")
        sheet.write_formula("C10", "=C9*2")
        sheet.write_formula("A2", "=C9")
        sheet.write_formula("C14", "=SUM(C$5:C7)+C2+SUM(5:7)*0+SUM(F:F)")
        sheet.write_formula("C15", '=IF(D9>0,"C5:C7",Total)')
        _furnish_rows(sheet)
        _set_up_printing(sheet)
        _watch_values(book, sheet)
        summary.write_formula("A1", "=SUM(Report!C5:C7)")
        summary.write_formula("A2", "=Report!C9+'Sum mary'!A9")
        summary.write_formula("A3", "=SUM(Counts)")
        summary.write_formula("A4", '=VLOOKUP("Rome",Report!$B$4:$D$7,2,FALSE)')
        summary.write("A9", 5)
        summary.write_url("A10", "internal:Report!C9", string="the total")
        book.define_name("Total", "=Report!$C$9")
        book.define_name("Counts", "=Report!$C$5:$C$7")
        book.define_name("Title", "=Report!$A$1")
        book.define_name("Mixed", "=Report!$C$9*2+'Sum mary'!$A$9")
        book.define_name("'Sum mary'!Local", "=Report!$D$5:$D$9")


def _furnish_rows(sheet) -> None:
    sheet.set_row(8, 30)
    sheet.set_row(12, 12.75, None, {"level": 1, "hidden": True})
    sheet.set_row(13, 12.75, None, {"collapsed": True})
    sheet.set_row(1, 22)
    sheet.freeze_panes(4, 2)
    sheet.write_url("B16", "https://example.com/", string="more")
    sheet.write_url("B17", "internal:Report!B9", string="to the total")
    sheet.write_comment("C9", "What the report is about", {"author": "Ada"})
    sheet.write_comment("B4", "Where", {"author": "Ada"})


def _set_up_printing(sheet) -> None:
    sheet.print_area("A1:F20")
    sheet.repeat_rows(3)
    sheet.set_h_pagebreaks([3, 10])
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_header("&LA report&R&D")


def _watch_values(book, sheet) -> None:
    red = book.add_format({"bg_color": "#FFC7CE"})
    sheet.conditional_format("C5:C7", {"type": "cell", "criteria": ">", "value": "$C$9", "format": red})
    sheet.conditional_format("B9:D10", {"type": "formula", "criteria": "=$C9>SUM(C$5:C$7)", "format": red})
    sheet.conditional_format("B4:D4", {"type": "no_blanks", "format": red})
    sheet.data_validation("D5:D7", {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1})
    sheet.data_validation("C20", {"validate": "list", "source": "=$B$5:$B$7"})
    sheet.data_validation("F2", {"validate": "custom", "value": "=C9>0"})


SUMMARY = {"Sum mary!A1": 60.0, "Sum mary!A2": 65.0, "Sum mary!A3": 60.0, "Sum mary!A4": 30.0}
TEMPLATE = Template(
    name="furnished",
    make=write,
    targets=(TARGET,),
    replaced=Expected(
        values={**TOTALS_REPLACED, **SUMMARY, "Report!A2": 60.0, "Report!C10": 120.0, "Report!E7": 60.0}
        | {"Report!C14": 60.0, "Report!C15": "C5:C7"},
        # Its formulas look at the list: what they came to in the template is taken out.
        changed=frozenset({"xl/worksheets/sheet2.xml"}),
    ),
    inserted=Expected(
        facts={
            "names": {
                "Total": "Report!$C$12",
                "Counts": "Report!$C$5:$C$10",
                "Title": "Report!$A$1",
                "Mixed": "Report!$C$12*2+'Sum mary'!$A$9",
                "Sum mary!Local": "Report!$D$5:$D$12",
                "Report!_xlnm.Print_Area": "Report!$A$1:$F$23",
                "Report!_xlnm.Print_Titles": "Report!$4:$4",
            },
            "Report formulas": {
                **FORMULAS,
                "A2": "C12",
                "C13": "C12*2",
                "C17": "SUM(C$5:C10)+C2+SUM(5:10)*0+SUM(F:F)",
                "C18": 'IF(D12>0,"C5:C7",Total)',
                "E10": "C10*2",
            },
            "Sum mary formulas": {
                "A1": "SUM(Report!C5:C10)",
                "A2": "Report!C12+'Sum mary'!A9",
                "A3": "SUM(Counts)",
                "A4": 'VLOOKUP("Rome",Report!$B$4:$D$10,2,FALSE)',
            },
            "Report merges": ["A14:D15", "F2:F3"],
            "Report rows": {
                2: "ht=21.75",
                12: "ht=30",
                16: "hidden=1 ht=12.75 outlineLevel=1",
                17: "collapsed=1 ht=12.75",
            },
            "Report breaks": [3, 13],
            "Report links": {"B19": "https://example.com/", "B20": "Report!B12"},
            "Sum mary links": {"A10": "Report!C12"},
            "Report comments": {"B4": "Where", "C12": "What the report is about"},
            "Report legacy shapes": ["Note Row 3 Column 1", "Note Row 11 Column 2"],
            "Report formats": ["B12:D13: $C12>SUM(C$5:C$10)", "B4:D4: LEN(TRIM(B4))>0", "C5:C10: $C$12"],
            "Report validations": ["C23: $B$5:$B$10", "D5:D10: 0 | 1", "F2: C12>0"],
        },
        values={**TOTALS_INSERTED, **SUMMARY, "Report!A2": 60.0, "Report!C13": 120.0, "Report!E10": 0.0}
        | {"Report!C17": 60.0, "Report!C18": "C5:C7"},
        changed=frozenset({"xl/worksheets/sheet2.xml", "xl/comments1.xml", "xl/drawings/vmlDrawing1.vml"}),
    ),
)
