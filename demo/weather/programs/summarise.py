"""Tell the weather of each year in one line: python3 summarise.py MONTHS_CSV SUMMARY_TXT."""

from __future__ import annotations

import csv
import sys
from itertools import groupby
from pathlib import Path


def summarise(months: list[dict[str, str]]) -> list[str]:
    """One line for each year."""
    lines = []
    for year, group in groupby(months, key=lambda month: month["month"][:4]):
        of_year = list(group)
        wettest = max(of_year, key=lambda month: float(month["precipitation"]))
        rain = sum(float(month["precipitation"]) for month in of_year)
        wet_days = sum(int(month["wet_days"]) for month in of_year)
        warmest = max(float(month["warmest"]) for month in of_year)
        rainy = f"{rain:.0f} mm on {wet_days} wet days, most of it in {wettest['month']}"
        lines.append(f"{year}: {rainy}; up to {warmest:.1f} degrees")
    return lines


def main(source: Path, target: Path) -> None:
    """Read the months, write and print the summary."""
    with source.open(newline="", encoding="utf-8") as file:
        text = "\n".join(summarise(list(csv.DictReader(file)))) + "\n"
    beside = target.with_suffix(".tmp")
    beside.write_text(text, encoding="utf-8")
    beside.replace(target)  # whole or not at all
    sys.stdout.write(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
