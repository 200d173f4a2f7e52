"""Where the template has its regions, and its colours."""

from __future__ import annotations

NAVY, BLUE, SKY, PALE = "#17324D", "#2F75B5", "#9DC3E6", "#F2F6FA"
ORANGE, INK, GREY, LINE = "#E07B39", "#1F2933", "#6B7785", "#C5D0DB"

# The header of each region, in rows as people count them; below it are the row of looks and the totals.
MONTHS, YEARS, DAYS = 9, 14, 1
#: Columns of FIGURES on the sheet.
PERIOD, ALL_DAYS, WET, SUNNY, RAIN, WARMEST, COLDEST = "BCDEFGH"


def rows_of(region: int, column: str, *, sheet: str = "") -> str:
    """The cells of a region's column: one now, and all that come in."""
    cell = f"${column}${region + 1}"
    return f"{sheet}{cell}:{cell}"


def total_of(region: int, column: str) -> str:
    """The cell with a column's total."""
    return f"{column}{region + 2}"
