"""Writing takes as much memory for many rows as for few."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = [pytest.mark.unit, pytest.mark.slow]

PROGRAM = """
import pathlib, resource, sys
import pyarrow as pa
from pyarrow import parquet
from plugins.excel.tests.workplace import Workplace
import aetherflow_excel.writing.workbooks, xlsxwriter
import pyarrow.csv

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

before = peak()
Workplace(pathlib.Path(sys.argv[1])).write(source=sys.argv[2], table="Rows")
print(peak() - before)
"""
COLUMNS = 10
MOST_BYTES = 40 * 1024 * 1024


@pytest.mark.parametrize("source", ["rows.csv", "rows.parquet"])
def test_two_hundred_thousand_rows_take_little_memory(workplace, source):
    import pyarrow as pa
    from pyarrow import csv, parquet

    numbers = pa.array(range(200_000))
    table = pa.table({f"c{number}": numbers if number % 2 else numbers.cast(pa.string()) for number in range(COLUMNS)})
    csv.write_csv(table, workplace.folder / "rows.csv")
    parquet.write_table(table, workplace.folder / "rows.parquet")

    words = [sys.executable, "-c", PROGRAM, str(workplace.folder), source]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)

    assert int(done.stdout) < MOST_BYTES
