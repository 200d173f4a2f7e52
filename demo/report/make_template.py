"""Make the template of the report: python3 make_template.py [FILE].

It was made once, with XlsxWriter; from then on people change it in a spreadsheet program, and nobody needs this again.
It is kept to show what the template is made of. Each region is a header, a hidden row that says how rows look, and
totals. Formulas, formats and charts refer to the hidden row, and grow over the rows that come in above it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import xlsxwriter
from template_charts import chart_of_days, chart_of_months, chart_of_years
from template_places import (
    ALL_DAYS,
    BLUE,
    COLDEST,
    DAYS,
    GREY,
    INK,
    LINE,
    MONTHS,
    NAVY,
    PALE,
    PERIOD,
    RAIN,
    SKY,
    SUNNY,
    WARMEST,
    WET,
    YEARS,
    rows_of,
    total_of,
)  # fmt: skip

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

HERE = Path(__file__).resolve().parent
#: Title, number format, and how the column is totalled. `_W` leaves as much room as a W at the right.
FIGURES = (
    ("Days", "#,##0_W", "SUM"),
    ("Wet days", "#,##0_W", "SUM"),
    ("Sunny days", "#,##0_W", "SUM"),
    ("Precipitation", '#,##0.0" mm"_W', "SUM"),
    ("Warmest", '0.0" °C"_W', "MAX"),
    ("Coldest", '0.0" °C"_W', "MIN"),
)
RIGHT = {"align": "right", "indent": 1}
FONT = {"font_name": "Arial", "font_size": 10, "font_color": INK, "valign": "vcenter"}

Looks = Callable[..., "Format"]


def make(path: Path) -> None:
    """Write the template."""
    with xlsxwriter.Workbook(path) as book:
        # With a date of its own, the file is the same whenever it is made.
        book.set_properties({"title": "Seattle's weather", "created": datetime(2026, 1, 1, tzinfo=UTC)})

        def looks(**more: object) -> Format:
            return book.add_format({**FONT, **more})

        report, days = book.add_worksheet("Report"), book.add_worksheet("Days")
        make_report(book, report, looks)
        make_days(book, days, looks)
        book.define_name("Months", f"=Report!$B${MONTHS}")
        book.define_name("Years", f"=Report!$B${YEARS}")
        book.define_name("Days", f"=Days!$A${DAYS}")


def make_report(book: Workbook, sheet: Worksheet, looks: Looks) -> None:
    """The page that people read."""
    sheet.hide_gridlines(2)
    for columns, width in (("A:A", 2), ("B:B", 14), ("C:E", 10.5), ("F:F", 14), ("G:H", 11), ("I:I", 2), ("J:P", 9)):
        sheet.set_column(columns, width)
    write_titles(sheet, looks)
    write_tiles(sheet, looks)
    write_region(sheet, looks, MONTHS, ("By month", "Month", "mmmm", "Year"))
    write_region(sheet, looks, YEARS, ("By year", "Year", "0", "All years"))
    add_conditions(book, sheet)
    # Beside the regions; they keep their size when rows come in, and the second one moves down.
    place = {"object_position": 2}
    sheet.insert_chart(f"J{MONTHS - 1}", chart_of_months(book), place)
    sheet.insert_chart(f"J{YEARS - 1}", chart_of_years(book), place)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 1)
    sheet.center_horizontally()
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.print_area(f"A1:P{YEARS + 3}")
    sheet.set_footer("&L&8&K6B7785Source: NOAA&C&8&K6B7785&F&R&8&K6B7785Page &P of &N")


def write_titles(sheet: Worksheet, looks: Looks) -> None:
    """A band that says what the page is about; its year comes from the rows."""
    title = looks(bold=True, font_size=20, font_color="white", bg_color=NAVY, align="left", indent=1)
    subtitle = looks(font_color="#C9D8E8", bg_color=NAVY, valign="top", align="left", indent=1)
    for row, height, look in ((0, 40, title), (1, 24, subtitle)):
        sheet.set_row(row, height)
        for column in range(1, 16):
            sheet.write_blank(row, column, None, look)
    sheet.write_formula("B1", f'="Seattle\'s weather in "&YEAR(MAX({rows_of(MONTHS, PERIOD)}))', title)
    days = rows_of(DAYS, "A", sheet="Days!")
    text = f'="Daily observations by NOAA, "&YEAR(MIN({days}))&" to "&YEAR(MAX({days}))'
    sheet.write_formula("B2", text, subtitle)
    sheet.set_row(2, 10)


def write_tiles(sheet: Worksheet, looks: Looks) -> None:
    """Five figures of the year, each with a remark."""
    all_days, wet, sunny, rain = (total_of(MONTHS, column) for column in (ALL_DAYS, WET, SUNNY, RAIN))
    to_mean = f"={rain}/AVERAGE({rows_of(YEARS, RAIN)})-1"
    compared = '+0%" on the mean year";-0%" on the mean year"'
    share = '0%" of all days"'
    tiles = (
        ("B", "C", "Precipitation", RAIN, '#,##0" mm"', to_mean, compared),
        ("D", "E", "Wet days", WET, "0", f"={wet}/{all_days}", share),
        ("F", "H", "Sunny days", SUNNY, "0", f"={sunny}/{all_days}", share),
        ("J", "L", "Warmest", WARMEST, '0.0" °C"', month_of(WARMEST), '"in "mmmm'),
        ("M", "P", "Coldest", COLDEST, '0.0" °C"', month_of(COLDEST), '"in "mmmm'),
    )
    box = {"bg_color": PALE, "align": "left", "indent": 1, "left": 5, "left_color": BLUE}
    small = {"font_color": GREY, "font_size": 9}
    large = {"font_size": 20, "bold": True, "font_color": NAVY}
    for first, last, label, column, form, remark, remark_form in tiles:
        for row, text, look in (
            (4, label, {"font_color": GREY, "valign": "bottom"}),
            (5, f"={total_of(MONTHS, column)}", {**large, "num_format": form}),
            (6, remark, {**small, "num_format": remark_form, "valign": "top"}),
        ):
            sheet.merge_range(f"{first}{row}:{last}{row}", "", looks(**box, **look))
            sheet.write(f"{first}{row}", text, looks(**box, **look))
    for row, height in ((3, 22), (4, 32), (5, 22), (6, 12)):
        sheet.set_row(row, height)


def month_of(column: str) -> str:
    """A formula for the month that has the total's value in this column."""
    cells = rows_of(MONTHS, column)
    return f"=INDEX({rows_of(MONTHS, PERIOD)},MATCH({total_of(MONTHS, column)},{cells},0))"


def write_region(sheet: Worksheet, looks: Looks, header: int, words: tuple[str, str, str, str]) -> None:
    """A heading, a header, a hidden row that says how rows look, and the totals."""
    heading, period, form, total = words
    sheet.set_row(header - 2, 26)
    sheet.write_string(f"B{header - 1}", heading, looks(bold=True, font_size=12, font_color=NAVY))
    sheet.set_row(header - 1, 22)
    sheet.set_row(header, 20, None, {"hidden": True})
    sheet.set_row(header + 1, 24)
    sheet.set_row(header + 2, 12)
    top = {"bold": True, "font_color": "white", "bg_color": BLUE}
    bottom = {"bold": True, "bg_color": PALE, "top": 1, "top_color": BLUE, "bottom": 6, "bottom_color": BLUE}
    row = {"bottom": 1, "bottom_color": LINE}
    sheet.write_string(f"B{header}", period, looks(**top, align="left", indent=1))
    sheet.write_blank(f"B{header + 1}", None, looks(**row, num_format=form, align="left", indent=1))
    sheet.write_string(f"B{header + 2}", total, looks(**bottom, align="left", indent=1))
    for column, (title, number, function) in zip("CDEFGH", FIGURES, strict=True):
        sheet.write_string(f"{column}{header}", title, looks(**top, **RIGHT))
        sheet.write_blank(f"{column}{header + 1}", None, looks(**row, align="right", num_format=number))
        formula = f"={function}({rows_of(header, column)})"
        sheet.write_formula(f"{column}{header + 2}", formula, looks(**bottom, align="right", num_format=number))


def add_conditions(book: Workbook, sheet: Worksheet) -> None:
    """Bars for precipitation, colours for the extremes, and the wettest month in bold."""
    from_zero = {"min_type": "num", "min_value": 0}
    bar = {"type": "data_bar", "data_bar_2010": True, "bar_solid": True, "bar_color": SKY, **from_zero}
    for region in (MONTHS, YEARS):
        sheet.conditional_format(rows_of(region, RAIN), bar)
    warm = {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#F8CBAD"}
    cold = {"type": "2_color_scale", "min_color": "#BDD7EE", "max_color": "#FFFFFF"}
    sheet.conditional_format(rows_of(MONTHS, WARMEST), warm)
    sheet.conditional_format(rows_of(MONTHS, COLDEST), cold)
    first, rain = MONTHS + 1, rows_of(MONTHS, RAIN)
    wettest = {"type": "formula", "criteria": f"=${RAIN}{first}=MAX({rain})", "format": book.add_format({"bold": True})}
    sheet.conditional_format(f"$B${first}:$H${first}", wettest)


def make_days(book: Workbook, sheet: Worksheet, looks: Looks) -> None:
    """The sheet with all days, and a chart of them."""
    columns = (
        ("Date", "yyyy-mm-dd", 12),
        ("Precipitation (mm)", "0.0_W", 21),
        ("Warmest (°C)", "0.0_W", 16),
        ("Coldest (°C)", "0.0_W", 16),
        ("Wind (m/s)", "0.0_W", 14),
        ("Weather", "General", 14),
    )
    header = {"bold": True, "font_color": "white", "bg_color": BLUE}
    sheet.set_row(0, 21)
    sheet.set_row(1, 15, None, {"hidden": True})
    for number, (title, form, width) in enumerate(columns):
        align = {"align": "left", "indent": 1} if number in (0, 5) else RIGHT
        sheet.set_column(number, number, width)
        sheet.write_string(0, number, title, looks(**header, **align))
        sheet.write_blank(1, number, None, looks(num_format=form, **({"align": "right"} if align is RIGHT else align)))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, 1, 5)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, 1, 5)
    sheet.set_footer("&L&8&K6B7785&A&R&8&K6B7785Page &P of &N")
    sheet.insert_chart("H2", chart_of_days(book), {"object_position": 3})


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "template.xlsx")
