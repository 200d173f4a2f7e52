"""Charts of several kinds: above, beside, over and below the list, on another sheet and on a sheet that is a chart."""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.frame import FORMULAS, TARGET, TOTALS_INSERTED, TOTALS_REPLACED, write_frame
from plugins.excel.tests.templates.record import Expected, Template

CATEGORIES, COUNTS, SHARES = "=Report!$B$5:$B$7", "=Report!$C$5:$C$7", "=Report!$D$5:$D$7"
#: The order of their numbers is that of the sheets.
CHARTS = tuple(f"xl/charts/chart{number}.xml" for number in range(1, 7))


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = write_frame(book)
        other = book.add_worksheet("Other")
        sheet.insert_chart("F2", _combined(book), {"object_position": 2})
        sheet.insert_chart("V2", _pie(book), {"object_position": 1})
        sheet.insert_chart("N8", _scatter(book), {"object_position": 3})
        other.write_column("A1", (1, 2, 3))
        other.insert_chart("C2", _bars(book))
        sheet.insert_chart("F20", _single(book), {"object_position": 2})
        whole = book.add_chart({"type": "area"})
        whole.add_series({"values": COUNTS, "categories": CATEGORIES, "name": "=Report!$C$4"})
        book.add_chartsheet("Whole").set_chart(whole)


def _combined(book):
    columns = book.add_chart({"type": "column"})
    columns.add_series(
        {
            "name": "=Report!$C$4",
            "categories": CATEGORIES,
            "values": COUNTS,
            "data_labels": {"value": True, "custom": [{"value": "=Report!$B$9"}, {"value": "fixed"}]},
        }
    )
    line = book.add_chart({"type": "line"})
    line.add_series({"name": "share", "categories": CATEGORIES, "values": SHARES, "y2_axis": True})
    columns.combine(line)
    columns.set_title({"name": "=Report!$A$1"})
    columns.set_x_axis({"name": "=Report!$B$4", "name_font": {"size": 14}})
    return columns


def _pie(book):
    pie = book.add_chart({"type": "pie"})
    pie.add_series({"categories": CATEGORIES, "values": COUNTS})
    return pie


def _scatter(book):
    scatter = book.add_chart({"type": "scatter"})
    bars = {"type": "custom", "plus_values": SHARES, "minus_values": SHARES}
    scatter.add_series({"categories": COUNTS, "values": SHARES, "trendline": {"type": "linear"}, "y_error_bars": bars})
    return scatter


def _bars(book):
    bars = book.add_chart({"type": "bar"})
    bars.add_series({"categories": CATEGORIES, "values": COUNTS})
    bars.add_series({"values": "=Other!$A$1:$A$3"})
    bars.add_series({"values": "=(Report!$C$5:$C$7,Report!$C$9)"})
    return bars


def _single(book):
    single = book.add_chart({"type": "doughnut"})
    single.add_series({"name": "=Report!$B$9", "values": "=Report!$C$9"})
    single.add_series({"values": "=Report!$C$5"})
    return single


GROWN_CATEGORIES, GROWN_COUNTS, GROWN_SHARES = "Report!$B$5:$B$10", "Report!$C$5:$C$10", "Report!$D$5:$D$10"
TEMPLATE = Template(
    name="charted",
    make=write,
    targets=(TARGET,),
    replaced=Expected(values=TOTALS_REPLACED),
    inserted=Expected(
        facts={
            "Report formulas": FORMULAS,
            # Objects of the first kind grow, of the second move, of the third stay.
            "Report drawing": ["1-15 Chart 1", "1-18 Chart 2", "7-21 Chart 3", "22-36 Chart 4"],
            "charts": {
                "xl/charts/chart1.xml": [
                    "Report!$A$1",
                    "Report!$C$4",
                    "Report!$B$12",
                    GROWN_CATEGORIES,
                    GROWN_COUNTS,
                    GROWN_CATEGORIES,
                    GROWN_SHARES,
                    "Report!$B$4",
                ],
                "xl/charts/chart2.xml": [GROWN_CATEGORIES, GROWN_COUNTS],
                "xl/charts/chart3.xml": [GROWN_SHARES, GROWN_SHARES, GROWN_COUNTS, GROWN_SHARES],
                "xl/charts/chart4.xml": ["Report!$B$12", "Report!$C$12", "Report!$C$5:$C$8"],
                "xl/charts/chart5.xml": [
                    GROWN_CATEGORIES,
                    GROWN_COUNTS,
                    "Other!$A$1:$A$3",
                    "(Report!$C$5:$C$10,Report!$C$12)",
                ],
                "xl/charts/chart6.xml": ["Report!$C$4", GROWN_CATEGORIES, GROWN_COUNTS],
            },
        },
        values=TOTALS_INSERTED,
        changed=frozenset({*CHARTS, "xl/drawings/drawing1.xml"}),
    ),
)
