"""The main job on its real data: made once, not twice, and nothing from an empty file."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT

pytestmark = pytest.mark.acceptance


@pytest.fixture
def weather(tmp_path):
    """A copy of the demo's folder, as a fresh clone has it."""
    folder = tmp_path / "weather"
    shutil.copytree(ROOT / "demo" / "weather", folder, ignore=shutil.ignore_patterns("out", ".aetherflow"))
    return folder


def aetherflow(weather: Path, *more: str) -> dict:
    command = [
        sys.executable,
        "-m",
        "aetherflow.kernel",
        "run",
        "flow.yaml",
        "--json",
        "--param",
        f"results={weather / 'out'}",
        *more,
    ]
    done = subprocess.run(command, cwd=weather, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_days_are_loaded_as_dates_and_the_months_add_up(weather):
    result = aetherflow(weather)

    assert result["status"] == "SUCCESS"
    assert result["jobs"][0]["outputs"] == {"days": 1461, "new_days": 1461}
    with (weather / "seattle-weather.csv").open() as source:
        days = list(csv.DictReader(source))
    expected: dict[str, float] = {}
    for day in days:
        month = day["date"][:7].replace("/", "-")
        expected[month] = expected.get(month, 0.0) + float(day["precipitation"])
    with (weather / "out" / "months.csv").open() as made:
        months = {row["month"]: row for row in csv.DictReader(made)}
    assert len(days) == 1461
    assert {month: float(row["precipitation"]) for month, row in months.items()} == pytest.approx(expected, abs=0.051)
    assert sum(int(row["days"]) for row in months.values()) == 1461

    import pyarrow.parquet

    table = pyarrow.parquet.read_table(weather / "out" / "months.parquet")
    assert [row["month"] for row in table.to_pylist()] == list(months)
    assert (weather / "out" / "summary.txt").read_text().count("\n") >= 4
    database = sqlite3.connect(weather / "out" / "weather.db")
    assert database.execute("SELECT min(date), max(date), count(*) FROM days").fetchone() == (
        "2012-01-01",
        "2015-12-31",
        1461,
    )
    assert dict(database.execute("SELECT name, type FROM pragma_table_info('days')"))["date"] == "DATE"
    database.close()


def test_second_run_finds_nothing_new_and_does_nothing_twice(weather):
    aetherflow(weather)
    before = {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in (weather / "out").iterdir()
        if path.suffix != ".db"
    }

    again = aetherflow(weather)

    assert again["status"] == "SKIPPED"
    assert [job["status"] for job in again["jobs"]] == ["SKIPPED", "BLOCKED"]
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in before} == before


def test_new_days_are_reported_on(weather):
    source = weather / "seattle-weather.csv"
    lines = source.read_text().splitlines(keepends=True)
    source.write_text("".join(lines[:-1]))
    aetherflow(weather)
    source.write_text("".join(lines))

    result = aetherflow(weather)

    assert result["status"] == "SUCCESS"
    assert result["jobs"][0]["outputs"] == {"days": 1461, "new_days": 1}


def test_empty_file_ends_skipped_and_answers_0(weather):
    result = aetherflow(weather, "--param", "source=empty.csv")
    assert result["status"] == "SKIPPED"
    assert not (weather / "out" / "months.csv").exists()
