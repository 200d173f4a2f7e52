"""What the ancestor got wrong, each as it was observed: D3, D19, and the second table of its demo."""

from __future__ import annotations

import pytest
import xlsxwriter

from plugins.excel.tests.oracles import opc
from plugins.excel.tests.oracles.readers import by_calamine, texts_by_openpyxl

from .cases import from_file, run_cases, small

pytestmark = pytest.mark.acceptance


def test_d3_rows_that_are_put_in_move_all_that_is_below_them(tmp_path):
    """Observed: values vanished in an unshifted merged cell, `=SUM(B5:B7)` stayed for 7 rows, `=B8*2` meant data."""
    with xlsxwriter.Workbook(tmp_path / "template.xlsx") as book:
        sheet = book.add_worksheet("Report")
        sheet.write_row("A4", ["Name", "Amount"])
        sheet.write_column("B5", [1, 2, 3])
        sheet.write("A8", "TOTAL")
        sheet.write_formula("B8", "=SUM(B5:B7)")
        sheet.merge_range("A9:B9", "Approved by")
        sheet.write_formula("B10", "=B8*2")
        sheet.set_row(8, 40)
        sheet.conditional_format("B5:B7", {"type": "data_bar"})
        sheet.data_validation("B10", {"validate": "decimal", "criteria": ">", "value": "=$B$8"})
        sheet.write_url("A11", "https://example.com/", string="more")
        sheet.insert_textbox("D9", "a text box")
        sheet.add_sparkline("C8", {"range": "Report!B5:B7"})
        sheet.print_area("A1:C11")
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Report!$B$5:$B$7"})
        sheet.insert_chart("D12", chart)
        book.define_name("Start", "=Report!$A$5")
        book.define_name("Total", "=Report!$B$8")

    rows = [[f"row {number}", number] for number in range(1, 5)]
    (outcome,) = run_cases(tmp_path, {"filled": small({"anchor": "Start", "insert": "below"}, rows_json=rows)}).values()

    assert outcome.status == "SUCCESS", outcome.reason
    cells = outcome.cells("A5:B14")
    assert cells[:4] == rows
    assert [row[1] for row in cells[4:7]] == [1, 2, 3]
    assert cells[7:] == [["TOTAL", "=SUM(B5:B11)"], ["Approved by", None], [None, "=B12*2"]]
    sheet = outcome.sheet()
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["A13:B13"]
    assert (sheet.row_dimensions[13].height, sheet.row_dimensions[9].height) == (39.75, None)
    assert [str(area.sqref) for area in sheet.conditional_formatting] == ["B5:B11"]
    (rule,) = sheet.data_validations.dataValidation
    assert (str(rule.sqref), rule.formula1) == ("B14", "$B$12")
    assert sheet["A15"].hyperlink.target == "https://example.com/"
    assert sheet.print_area == "'Report'!$A$1:$C$15"
    package = opc.Package(outcome.workbook)
    names = {each.attrib["name"]: each.text for each in opc.elements(package.root(package.workbook), "definedName")}
    assert (names["Start"], names["Total"]) == ("Report!$A$5", "Report!$B$12")
    sparkline = [
        [each.text for each in opc.elements(package.root(package.sheets["Report"]), tag)] for tag in ("f", "sqref")
    ]
    assert [text for text in sparkline[0] if text and text.startswith("Report!")] == ["Report!B5:B11"]
    assert sparkline[1] == ["C12"]
    chart = next(part for part in package.parts if part.startswith("xl/charts/chart"))
    assert [each.text for each in opc.elements(package.root(chart), "f")] == ["Report!$B$5:$B$11"]
    drawing = next(part for part in package.parts if part.startswith("xl/drawings/drawing"))
    assert b"a text box" in package.parts[drawing]


def test_d19_values_of_a_file_are_what_they_are_and_no_formula(tmp_path):
    """Observed: a live formula, 0 and 1 as FALSE and TRUE, an id as 1.23e19, a whole report lost by one character."""
    with xlsxwriter.Workbook(tmp_path / "template.xlsx") as book:
        book.add_worksheet("Report").write_row("A1", ["text", "flag", "id", "note"])
        book.define_name("Rows", "=Report!$A$2")
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A1"]
    lines = [f'"{text}",{number % 2},1234567890123456789{number},plain' for number, text in enumerate(texts)]
    lines[1] = lines[1].replace("plain", "bell \x07 rings")
    (tmp_path / "rows.csv").write_text("text,flag,id,note\n" + "\n".join(lines) + "\n")
    target = {"source_path": "rows.csv", "mode": "report_region", "anchor": "Rows", "type_cast": "basic"}

    (outcome,) = run_cases(tmp_path, {"filled": from_file(target)}).values()

    assert outcome.status == "SUCCESS", outcome.reason
    cells = by_calamine(outcome.workbook)["Report"]
    assert [cells[f"A{row}"] for row in range(2, 7)] == texts
    assert [cells[f"B{row}"] for row in range(2, 7)] == [0, 1, 0, 1, 0]
    assert not any(isinstance(cells[f"B{row}"], bool) for row in range(2, 7))
    assert [cells[f"C{row}"] for row in range(2, 7)] == [f"1234567890123456789{number}" for number in range(5)]
    assert (cells["D2"], cells["D3"]) == ("plain", "bell \x07 rings")
    # Marked as text, so that it stays one also when a person edits the cell.
    marked = texts_by_openpyxl(outcome.workbook, "Report", [f"A{row}" for row in range(2, 7)])
    assert set(marked.values()) == {("s", True)}


def test_the_second_of_two_tables_lands_below_the_first_with_its_own_totals(tmp_path):
    """Observed: the second target of the ancestor's own demo was written to where its name had been before."""
    with xlsxwriter.Workbook(tmp_path / "template.xlsx") as book:
        sheet = book.add_worksheet("Report")
        for header, total in ((2, 4), (7, 9)):
            sheet.write_row(header - 1, 0, ["Name", "Amount"])
            sheet.write(total - 1, 0, "Total")
            sheet.write_formula(total - 1, 1, f"=SUM(B{total - 1}:B{total - 1})")
        sheet.write_formula("B11", "=B4+B9")
        book.define_name("Sales", "=Report!$A$3")
        book.define_name("Returns", "=Report!$A$8")
    sales, returns = [["Ada", 1], ["Bob", 2], ["Cid", 3]], [["Dot", 10], ["Eve", 20]]
    targets = [
        {"name": "sales", "anchor": "Sales", "insert": "below", "rows_json": sales},
        {"name": "returns", "anchor": "Returns", "insert": "below", "rows_json": returns},
    ]

    outcomes = run_cases(tmp_path, {"in_order": small(*targets), "turned_round": small(*reversed(targets))})

    for outcome in outcomes.values():
        assert outcome.status == "SUCCESS", outcome.reason
        assert outcome.cells("A2:B16") == [
            ["Name", "Amount"],
            *sales,
            [None, None],
            ["Total", "=SUM(B3:B6)"],
            [None, None],
            [None, None],
            ["Name", "Amount"],
            *returns,
            [None, None],
            ["Total", "=SUM(B11:B13)"],
            [None, None],
            [None, "=B7+B14"],
        ]
        starts = {told["name"]: told["start_cell"] for told in outcome.outputs["written"]}
        assert starts == {"sales": "A3", "returns": "A11"}
        names = outcome.sheet().parent.defined_names
        assert {name: names[name].attr_text for name in names} == {"Sales": "Report!$A$3", "Returns": "Report!$A$11"}


def test_targets_that_would_write_over_one_another_are_refused(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "template.xlsx") as book:
        book.add_worksheet("Report")
    cases = {
        "replaced": small({"name": "one", "cell": "Report!A1"}, {"name": "two", "cell": "Report!B2"}),
        "twice_the_same": small(*[{"name": name, "cell": "Report!A1", "insert": "below"} for name in ("one", "two")]),
    }

    for outcome in run_cases(tmp_path, cases).values():
        assert outcome.error_code == "AF-EXCEL-OVERLAP"
        assert "two targets would write to the same cells of 'Report'" in outcome.reason
        assert not outcome.workbook.exists()
