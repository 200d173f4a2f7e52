from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]

MEASURED = """
import resource, sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]).parent))
from conftest import Workplace
from aetherflow.kernel.api import StepError
workplace = Workplace(Path(sys.argv[2]))
"""
THERE_AND_BACK = """
def there_and_back(rows):
    query = f"SELECT * FROM things LIMIT {rows}"
    for name in ("csv", "parquet", "jsonl"):
        workplace.extract(query, f"{rows}.{name}")
        workplace.load(workplace.folder / f"{rows}.{name}", table=f"{name}{rows}")
    workplace.extract_plain(query)
    try:
        workplace.fetch(query, max_rows=10_000)
    except StepError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

print(there_and_back(40_000), there_and_back(400_000))
"""
EXTRACTED = """
rows, name = sys.argv[3:]
workplace.extract(f"SELECT * FROM things LIMIT {rows}", f"{rows}.{name}")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.fixture(autouse=True)
def things(workplace):
    workplace.run(
        "CREATE TABLE things (i INTEGER, price DECIMAL_REAL(12,2), day DATE, text TEXT)",
        "INSERT INTO things WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 800000)"
        " SELECT i, i / 100.0, date(i % 9000 * 86400, 'unixepoch'), hex(randomblob(60)) FROM n",
    )


def measured(workplace, program, *arguments):
    """What a process of its own prints: kibibytes."""
    command = [sys.executable, "-c", MEASURED + program, __file__, str(workplace.folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [int(number) for number in done.stdout.split()]


def test_ten_times_the_rows_take_hardly_more_memory(workplace):
    """D51."""
    few, many = measured(workplace, THERE_AND_BACK)

    # Fetching everything at once takes some 215 MiB more (tried); the allocators' play reaches 70 on a busy machine.
    assert many - few < 130 * 1024, f"{many - few} KiB more"


def test_the_memory_of_an_extract_does_not_follow_its_rows(workplace):
    for name in ("csv", "parquet"):
        (few,) = measured(workplace, EXTRACTED, "200000", name)
        (many,) = measured(workplace, EXTRACTED, "800000", name)

        # 140 bytes a row: all of them at once would be 80 MiB more in Arrow, and several times that in Python.
        assert many < few * 1.25, f"{name}: {few} KiB, {many} KiB"
