"""Started as a program of its own: the engine behind excelize does not share a process well.

usage: excelize_program.py TEMPLATE.xlsx   writes a workbook with a pivot table, slicers, shapes and form controls
"""

from __future__ import annotations

import sys

import excelize

CITIES = (("Oslo", 1, 0.5), ("Rome", 2, 0.25), ("Oslo", 4, 0.25))


def main(path: str) -> None:
    """Write it."""
    book = excelize.new_file()
    book.set_sheet_name("Sheet1", "Report")
    book.new_sheet("Pivot")
    write_list(book)
    add_objects(book)
    add_pivot(book)
    book.save_as(path)
    book.close()


def write_list(book: excelize.File) -> None:
    """The list of `frame.py`, with three rows in it."""
    book.set_cell_value("Report", "A1", "A report")
    book.set_cell_value("Report", "B3", "ROWS")
    for column, header in zip("BCD", ("City", "Count", "Share"), strict=True):
        book.set_cell_value("Report", f"{column}4", header)
    for row, values in enumerate(CITIES, 5):
        for column, value in zip("BCD", values, strict=True):
            book.set_cell_value("Report", f"{column}{row}", value)
    book.set_cell_value("Report", "B9", "Total")
    book.set_cell_formula("Report", "C9", "SUM(C5:C7)")
    book.set_cell_formula("Report", "D9", "AVERAGE(D5:D7)")
    for column, header in zip("JK", ("Ship", "Length"), strict=True):
        book.set_cell_value("Report", f"{column}12", header)
    for row, values in enumerate((("Fram", 39), ("Vasa", 69)), 13):
        book.set_cell_value("Report", f"J{row}", values[0])
        book.set_cell_value("Report", f"K{row}", values[1])


def add_objects(book: excelize.File) -> None:
    """A table with a slicer, a shape, controls with linked cells, sparklines, a chart."""
    book.add_table("Report", excelize.Table(range="J12:K14", name="Ships"))
    book.add_slicer(
        "Report",
        excelize.SlicerOptions(name="Ship", cell="M12", table_sheet="Report", table_name="Ships", caption="Ship"),
    )
    shape = excelize.Shape(cell="F2", type="rightArrow", paragraph=[excelize.RichTextRun(text="look")])
    book.add_shape("Report", shape)
    spin = excelize.FormControl(
        cell="F9",
        type=excelize.FormControlType.FormControlSpinButton,
        cell_link="C9",
    )
    book.add_form_control("Report", spin)
    box = excelize.FormControl(
        cell="F1", type=excelize.FormControlType.FormControlCheckBox, text="ready", cell_link="A20"
    )
    book.add_form_control("Report", box)
    lines = excelize.SparklineOptions(location=["E9"], range=["Report!C5:C7"], markers=True)
    book.add_sparkline("Report", lines)
    series = [excelize.ChartSeries(name="Report!$C$4", categories="Report!$B$5:$B$7", values="Report!$C$5:$C$7")]
    book.add_chart("Report", "F15", excelize.Chart(type=excelize.ChartType.Col3DClustered, series=series))


def add_pivot(book: excelize.File) -> None:
    """A pivot table over the list, on a sheet of its own, with a slicer."""
    book.add_pivot_table(
        excelize.PivotTableOptions(
            data_range="Report!B4:D7",
            pivot_table_range="Pivot!A3:C8",
            name="ByCity",
            rows=[excelize.PivotTableField(data="City")],
            data=[excelize.PivotTableField(data="Count", name="Counted", subtotal="Sum")],
            row_grand_totals=True,
            col_grand_totals=True,
        )
    )
    slicer = excelize.SlicerOptions(name="City", cell="E3", table_sheet="Pivot", table_name="ByCity", caption="City")
    book.add_slicer("Pivot", slicer)


if __name__ == "__main__":
    main(sys.argv[1])
