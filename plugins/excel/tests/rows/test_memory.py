"""Memory does not grow with the rows, wherever they come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc"),
]

#: The peak above what the imports take, in KiB. What `getrusage` tells would be the peak of who started the process.
MEASURED = """
import sys
from pathlib import Path
import pyarrow.compute, pyarrow.csv, pyarrow.parquet
from aetherflow_excel.rows.cells import CellPlan, ColumnStyle, render_cells, render_rows, row_slices
from aetherflow_excel.rows.csv_file import CsvFile
from aetherflow_excel.rows.memory import lean_memory
from aetherflow_excel.rows.parquet_file import ParquetFile
from aetherflow_excel.rows.sources import CountedTable, with_types

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])

path = Path(sys.argv[1])
before = peak()
with lean_memory():
    table = CsvFile(path=path) if path.suffix == ".csv" else ParquetFile(path=path)
    table = CountedTable(with_types(table, "basic"))
    plan, row = CellPlan([ColumnStyle(1, lambda: 2)] * len(table.columns)), 1
    assert table.count_rows() == int(sys.argv[2])
    for batch in table.batches():
        for piece in row_slices(batch):
            render_rows(render_cells(piece, row, 1, plan), row)
            row += piece.num_rows
assert row == int(sys.argv[2]) + 1
print(peak() - before)
"""
#: Parquet reads pages, which are of their full size only in a file of some size.
FEW_AND_MANY = {"csv": (10_000, 300_000), "parquet": (100_000, 600_000)}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    for count in {count for counts in FEW_AND_MANY.values() for count in counts}:
        numbers = range(count)
        table = pa.table(
            {
                "id": numbers,
                "name": [f"name & {number}" for number in numbers],
                "price": [number * 1.25 for number in numbers],
                "note": [f"<note {number}>" if number % 5 == 0 else None for number in numbers],
                "day": pa.array([number % 20_000 for number in numbers], pa.int32()).cast(pa.date32()),
                "code": [f"C{number:07d}" for number in numbers],
            }
        )
        pyarrow.csv.write_csv(table, folder / f"{count}.csv")
        pyarrow.parquet.write_table(table, folder / f"{count}.parquet")
    return folder


@pytest.mark.parametrize("suffix", FEW_AND_MANY)
def test_many_rows_take_hardly_more_memory_than_few(files, suffix):
    def measured(count):
        command = [sys.executable, "-c", MEASURED, str(files / f"{count}.{suffix}"), str(count)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    few, many = map(measured, FEW_AND_MANY[suffix])

    # The XML of all cells is 85 and 170 MB: whoever keeps it, or the table, takes several times as much as for a few.
    assert many < 2 * few, f"{few} KiB, {many} KiB"
