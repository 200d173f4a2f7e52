"""The report of the demo: every figure where a person looks for it, and everything in the template grown with it."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from plugins.excel.tests.oracles import office
from plugins.excel.tests.oracles.readers import by_calamine, by_openpyxl
from tests.architecture.repository import ROOT

pytestmark = pytest.mark.acceptance

# Counted with awk from the file of days, and written down: days, wet days, sunny days, mm, warmest, coldest.
MONTHS = [
    (31, 14, 3, 93.0, 17.2, -3.2),
    (28, 17, 9, 134.2, 16.7, 0.6),
    (31, 16, 16, 113.5, 20.6, -0.5),
    (30, 13, 19, 51.6, 25.0, 2.8),
    (31, 4, 23, 14.8, 27.8, 6.1),
    (30, 4, 26, 5.9, 33.3, 9.4),
    (31, 2, 25, 2.3, 35.0, 12.2),
    (31, 6, 20, 83.3, 33.3, 12.2),
    (30, 9, 19, 21.1, 27.2, 7.2),
    (31, 14, 5, 122.4, 23.3, 7.2),
    (30, 20, 9, 212.6, 15.6, -3.8),
    (31, 25, 6, 284.5, 15.6, -2.1),
]
YEAR = (365, 144, 180, 1139.2, 35.0, -3.8)
YEARS = {
    2012: (366, 177, 118, 1226.0, 34.4, -3.3),
    2013: (365, 152, 205, 828.0, 33.9, -7.1),
    2014: (365, 150, 211, 1232.8, 35.6, -6.0),
    2015: YEAR,
}
ALL_YEARS = (1461, 623, 714, 4426.0, 35.6, -7.1)
DAYS = {
    2: (dt.date(2012, 1, 1), 0.0, 12.8, 5.0, 4.7, "drizzle"),
    800: (dt.date(2014, 3, 9), 4.3, 15.0, 9.4, 4.3, "fog"),
    1462: (dt.date(2015, 12, 31), 0.0, 5.6, -2.1, 3.5, "sun"),
}
SUMS_OF_DAYS = {"B": 4426.0, "C": 24017.5, "D": 12031.0, "E": 4735.3}


def run_demo(folder: Path, *arguments: str) -> tuple[str, Path]:
    """What the demo says in a copy of the demos' folder, as a fresh clone has it, and the workbook that it makes."""
    shutil.copytree(ROOT / "demo", folder, ignore=shutil.ignore_patterns("out", ".aetherflow", "__pycache__"))
    command = [sys.executable, folder / "report" / "run_demo.py", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, folder / "report" / "out" / "weather.xlsx"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[str, Path]:
    return run_demo(tmp_path_factory.mktemp("demos") / "demo")


@pytest.fixture(scope="module")
def told(made) -> str:
    return made[0]


@pytest.fixture(scope="module")
def workbook(made) -> Path:
    return made[1]


@pytest.fixture(scope="module")
def computed(workbook, tmp_path_factory) -> dict:
    """The sheets as LibreOffice computes them."""
    target = tmp_path_factory.mktemp("office") / "computed.json"
    office.ask([{"do": "values", "source": str(workbook), "target": str(target)}], target.parent)
    return json.loads(target.read_text())["sheets"]


def part(workbook: Path, name: str) -> str:
    with zipfile.ZipFile(workbook) as package:
        return package.read(name).decode()


def row(cells: dict, number: int, columns: str) -> list:
    return [cells.get(f"{column}{number}") for column in columns]


def test_one_command_makes_the_report_and_tells_what_was_filled(told):
    assert "months: 12 rows on Report, from B10 on" in told
    assert "years: 4 rows on Report, from B27 on" in told
    assert "days: 1461 rows on Days, from A2 on" in told


@pytest.mark.parametrize("read", [by_openpyxl, by_calamine])
def test_both_regions_stand_one_under_the_other_with_the_figures_of_the_days(workbook, read):
    cells = read(workbook)["Report"]

    months = [row(cells, number, "CDEFGH") for number in range(10, 22)]
    assert months == [[pytest.approx(value) for value in month] for month in MONTHS]
    named = [cells[f"B{number}"] for number in range(10, 22)]
    assert [(day.year, day.month, day.day) for day in named] == [(2015, month, 1) for month in range(1, 13)]
    years = {cells[f"B{number}"]: row(cells, number, "CDEFGH") for number in range(27, 31)}
    assert years == {year: [pytest.approx(value) for value in figures] for year, figures in YEARS.items()}
    assert (cells["B9"], cells["B23"], cells["B25"], cells["B26"], cells["B32"]) == (
        "Month", "Year", "By year", "Year", "All years",
    )  # fmt: skip


@pytest.mark.parametrize("read", [by_openpyxl, by_calamine])
def test_every_day_is_on_its_sheet(workbook, read):
    cells = read(workbook)["Days"]

    found = {number: row(cells, number, "ABCDEF") for number in DAYS}
    assert {number: [_date(values[0]), *values[1:]] for number, values in found.items()} == {
        number: list(day) for number, day in DAYS.items()
    }
    sums = {column: sum(cells[f"{column}{number}"] for number in range(2, 1463)) for column in "BCDE"}
    assert sums == pytest.approx(SUMS_OF_DAYS)
    assert row(cells, 1463, "ABCDEF") == [None] * 6


def _date(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def test_totals_and_tiles_are_what_a_person_would_add_up(computed):
    cells = computed["Report"]

    assert row(cells, 23, "CDEFGH") == pytest.approx(list(YEAR))
    assert row(cells, 32, "CDEFGH") == pytest.approx(list(ALL_YEARS))
    assert [cells[cell] for cell in ("B5", "D5", "F5", "J5", "M5")] == pytest.approx([1139.2, 144, 180, 35.0, -3.8])
    # 1139.2 beside a mean of 1106.5; 144 and 180 of 365 days.
    assert [cells[cell] for cell in ("B6", "D6", "F6")] == pytest.approx([0.029553, 0.394521, 0.493151], abs=1e-6)
    # The warmest day was in July, the coldest in November: 2015-07-01 and 2015-11-01, as days since 1899-12-30.
    assert (cells["J6"], cells["M6"]) == (42186.0, 42309.0)
    assert cells["B1"] == "Seattle's weather in 2015"
    assert cells["B2"] == "Daily observations by NOAA, 2012 to 2015"


def test_formulas_beneath_and_above_grew_over_the_rows(workbook):
    cells = by_openpyxl(workbook, values=False)["Report"]

    assert cells["F23"] == "=SUM($F$10:$F$22)"
    assert cells["G32"] == "=MAX($G$27:$G$31)"
    assert cells["B5"] == "=F23"
    assert cells["B6"] == "=F23/AVERAGE($F$27:$F$31)-1"
    assert (
        cells["B2"]
        == '="Daily observations by NOAA, "&YEAR(MIN(Days!$A$2:$A$1463))&" to "&YEAR(MAX(Days!$A$2:$A$1463))'
    )


def test_charts_formats_names_filter_and_print_set_up_follow_the_rows(workbook):
    charts = [
        set(re.findall(r"<c:f>(.*?)</c:f>", part(workbook, f"xl/charts/chart{number}.xml"))) for number in (1, 2, 3)
    ]
    assert charts == [
        {f"Report!${column}$10:${column}$22" for column in "BFGH"},
        {f"Report!${column}$27:${column}$31" for column in "BF"},
        {f"Days!${column}$2:${column}$1463" for column in "ACD"},
    ]
    sheet = part(workbook, "xl/worksheets/sheet1.xml")
    assert re.findall(r'conditionalFormatting sqref="(.*?)"', sheet) == [
        "F10:F22", "F27:F31", "G10:G22", "H10:H22", "B10:H22",
    ]  # fmt: skip
    assert re.findall(r"<xm:sqref>(.*?)</xm:sqref>", sheet) == ["F10:F22", "F27:F31"]
    names = dict(re.findall(r'<definedName name="(\w+)"[^>]*>(.*?)<', part(workbook, "xl/workbook.xml")))
    assert names["Months"] == "Report!$B$9"
    assert names["Years"] == "Report!$B$26"
    areas = re.findall(r'Print_Area"[^>]*>(.*?)<', part(workbook, "xl/workbook.xml"))
    assert areas == ["Days!$A$1:$F$1463", "Report!$A$1:$P$33"]
    assert '<autoFilter ref="A1:F1463"' in part(workbook, "xl/worksheets/sheet2.xml")


# The bars of the template are in an extension that openpyxl does not know, and tells of.
@pytest.mark.filterwarnings("ignore:.* extension is not supported")
def test_rows_look_as_the_hidden_row_says_and_are_seen(workbook):
    import openpyxl

    sheet = openpyxl.load_workbook(workbook)["Report"]

    hidden = [number for number, dimension in sheet.row_dimensions.items() if dimension.hidden]
    assert hidden == [22, 31]
    assert {sheet.row_dimensions[number].height for number in (10, 21, 27, 30)} == {20.25}
    for pattern, rows in ((22, range(10, 22)), (31, range(27, 31))):
        for column in "BCDEFGH":
            looks = {sheet[f"{column}{number}"].style_id for number in rows}
            assert looks == {sheet[f"{column}{pattern}"].style_id}
    assert (sheet["B10"].number_format, sheet["G10"].number_format) == ("mmmm", '0.0" °C"_W')


def test_another_year_is_told_by_its_own_months(tmp_path):
    _, workbook = run_demo(tmp_path / "demo", "--year", "2012")

    cells = by_calamine(workbook)["Report"]
    # 2012 was a leap year.
    assert [cells[f"C{number}"] for number in range(10, 22)] == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert sum(cells[f"F{number}"] for number in range(10, 22)) == pytest.approx(1226.0)


def test_the_template_is_what_its_script_makes(tmp_path):
    made = tmp_path / "template.xlsx"
    subprocess.run([sys.executable, ROOT / "demo" / "report" / "make_template.py", made], check=True)

    kept = ROOT / "demo" / "report" / "template.xlsx"
    with zipfile.ZipFile(made) as one, zipfile.ZipFile(kept) as other:
        assert one.namelist() == other.namelist()
        assert [name for name in one.namelist() if one.read(name) != other.read(name)] == []
