"""The charts of the template: each refers to a single hidden row, and grows with the rows that come in above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from template_places import (
    BLUE,
    COLDEST,
    DAYS,
    GREY,
    LINE,
    MONTHS,
    NAVY,
    ORANGE,
    PERIOD,
    RAIN,
    SKY,
    WARMEST,
    YEARS,
    rows_of,
)  # fmt: skip

if TYPE_CHECKING:
    from xlsxwriter.chart import Chart
    from xlsxwriter.workbook import Workbook

GRIDLINES = {"visible": True, "line": {"color": "#E6EBF0"}}
NO_LINE = {"line": {"none": True}}
QUIET_LINE = {"color": LINE}


def chart_of_months(book: Workbook) -> Chart:
    """Precipitation as columns, the warmest and coldest day of each month as lines."""
    months = "=" + rows_of(MONTHS, PERIOD, sheet="Report!")
    chart = book.add_chart({"type": "column"})
    chart.add_series(
        {
            "name": "Precipitation (mm)",
            "categories": months,
            "values": "=" + rows_of(MONTHS, RAIN, sheet="Report!"),
            "fill": {"color": SKY},
            "gap": 60,
        }
    )
    lines = book.add_chart({"type": "line"})
    for name, column, colour in (("Warmest (°C)", WARMEST, ORANGE), ("Coldest (°C)", COLDEST, NAVY)):
        lines.add_series(
            {
                "name": name,
                "categories": months,
                "values": "=" + rows_of(MONTHS, column, sheet="Report!"),
                "line": {"color": colour, "width": 2.25},
                "marker": {"type": "circle", "size": 5, "fill": {"color": "white"}, "border": {"color": colour}},
                "y2_axis": True,
            }
        )
    chart.combine(lines)
    low = {"label_position": "low"}
    chart.set_x_axis({"num_font": small(), "num_format": "mmm", "line": QUIET_LINE, "text_axis": True, **low})
    chart.set_y_axis({"num_font": small(), "name": "mm", "name_font": small(), **NO_LINE, "major_gridlines": GRIDLINES})
    lines.set_y2_axis({"num_font": small(), "name": "°C", "name_font": small(), **NO_LINE})
    chart.set_title({"name": "Precipitation and temperature", "name_font": heading(), "overlay": False})
    chart.set_legend({"position": "bottom", "font": small()})
    finish_chart(chart, height=342)
    return chart


def chart_of_years(book: Workbook) -> Chart:
    """The precipitation of each year."""
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "Precipitation (mm)",
            "categories": "=" + rows_of(YEARS, PERIOD, sheet="Report!"),
            "values": "=" + rows_of(YEARS, RAIN, sheet="Report!"),
            "fill": {"color": BLUE},
            "gap": 45,
            "data_labels": {"value": True, "num_format": "#,##0", "font": small()},
        }
    )
    # Of bars, the y axis has the categories.
    no_gridlines = {"visible": False}
    chart.set_y_axis({"num_font": small(), "reverse": True, "line": QUIET_LINE, "major_gridlines": no_gridlines})
    chart.set_x_axis({"visible": False, "min": 0, "major_gridlines": no_gridlines})
    chart.set_title({"name": "Precipitation by year (mm)", "name_font": heading(), "overlay": False})
    chart.set_legend({"none": True})
    finish_chart(chart, height=171)
    return chart


def small() -> dict[str, object]:
    """The font of a chart's numbers."""
    return {"name": "Arial", "size": 9, "bold": False, "color": GREY}


def heading() -> dict[str, object]:
    """The font of a chart's title."""
    return {"name": "Arial", "size": 11, "bold": True, "color": NAVY}


def finish_chart(chart: Chart, *, height: int, width: int = 476) -> None:
    """Size and frame: a chart ends in the row where the totals are when the rows of its region have come in."""
    chart.set_size({"width": width, "height": height})
    chart.set_chartarea({"border": QUIET_LINE})


def chart_of_days(book: Workbook) -> Chart:
    """The warmest and the coldest moment of each day."""
    chart = book.add_chart({"type": "line"})
    for name, column, colour in (("Warmest (°C)", "C", ORANGE), ("Coldest (°C)", "D", BLUE)):
        chart.add_series(
            {
                "name": name,
                "categories": "=" + rows_of(DAYS, "A", sheet="Days!"),
                "values": "=" + rows_of(DAYS, column, sheet="Days!"),
                "line": {"color": colour, "width": 0.75},
            }
        )
    by_year = {"date_axis": True, "num_format": "yyyy", "major_unit": 1, "major_unit_type": "years"}
    chart.set_x_axis({**by_year, "num_font": small(), "label_position": "low"})
    chart.set_y_axis({"num_font": small(), **NO_LINE, "major_gridlines": GRIDLINES})
    chart.set_title({"name": "Temperature of each day", "name_font": heading(), "overlay": False})
    chart.set_legend({"position": "bottom", "font": small()})
    finish_chart(chart, width=900, height=380)
    return chart
