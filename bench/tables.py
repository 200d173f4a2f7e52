"""The table that reading and writing is measured with, and what others do with it.

`python bench/tables.py make ROWS FILE` writes a SQLite file with the table `sales`, the same for everyone;
`adbc-csv`, `adbc-parquet` and `flow` take it from there, `compare` runs them and us in turn as whole processes.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

QUERY = "SELECT * FROM sales"
_TABLE = """
CREATE TABLE sales (
    id INTEGER PRIMARY KEY, customer INTEGER, quantity INTEGER, ratio REAL, price DECIMAL_REAL(12,2), is_paid BOOLEAN,
    code TEXT, status TEXT, note TEXT, blank TEXT, day DATE, moment TIMESTAMP
)
"""
#: Every value follows from its row's number: no two machines measure with different tables.
_ROWS = """
INSERT INTO sales
WITH RECURSIVE
    numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ?),
    mixed(i, large, small) AS (SELECT i, (i * 2654435761) % 4294967296, (i * 40503 + 12345) % 65536 FROM numbers)
SELECT
    i,
    CASE WHEN small % 50 > 0 THEN large % 1000000 END,
    small % 100,
    large / 4294967296.0 * small,
    (large % 10000000) / 100.0,
    small % 2,
    printf('C-%08x', large),
    CASE small % 4 WHEN 0 THEN 'open' WHEN 1 THEN 'paid' WHEN 2 THEN 'sent' ELSE 'returned' END,
    CASE
        WHEN small % 3 = 0 THEN NULL
        WHEN small % 97 = 1 THEN 'said "no", then' || char(10) || 'wrote again'
        WHEN small % 101 = 1 THEN printf('%.300c', 'x')
        ELSE 'Ordered by customer ' || large || ', süß'
    END,
    CASE WHEN small % 5 > 0 THEN '' END,
    date('2000-01-01', '+' || (large % 9000) || ' days'),
    datetime(946684800 + large % 800000000, 'unixepoch')
FROM mixed
"""
_FLOW = """
version: 1
flow: {{id: tables}}
resources:
  store: {{kind: db, driver: sqlite3, config: {{path: {database}}}}}
jobs:
  - id: extract
    steps:
      - id: rows
        type: db_extract_stream
        inputs: {{resource: store, sql: {query}, output: {output}, format: {format}}}
"""


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, (action, arguments) in _COMMANDS.items():
        command = commands.add_parser(name, help=action.__doc__)
        for argument, kind in arguments.items():
            command.add_argument(argument, type=kind)
        command.set_defaults(action=action, arguments=tuple(arguments))
    given = parser.parse_args()
    given.action(*(getattr(given, argument) for argument in given.arguments))


def make(rows: int, file: Path) -> None:
    """Write the table into a new file."""
    file.unlink(missing_ok=True)
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(_TABLE)
    connection.execute(_ROWS, (rows,))
    connection.commit()
    connection.close()


def adbc_csv(file: Path, output: Path) -> None:
    """Copy the table to CSV with ADBC and Arrow."""
    from pyarrow import csv

    _adbc(file, output, csv.CSVWriter)


def adbc_parquet(file: Path, output: Path) -> None:
    """Copy the table to Parquet with ADBC and Arrow."""
    from pyarrow import parquet

    _adbc(file, output, parquet.ParquetWriter)


def _adbc(file: Path, output: Path, writer_of: Callable[..., object]) -> None:
    from adbc_driver_sqlite import dbapi

    with dbapi.connect(str(file)) as connection, connection.cursor() as cursor:
        cursor.execute(QUERY)
        reader = cursor.fetch_record_batch()
        with writer_of(output, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)


def flow(file: Path, table_format: str) -> Path:
    """Write a flow that extracts the table, beside it: a flow's files are in its project."""
    path = file.with_name(f"{table_format}.yaml")
    path.write_text(_FLOW.format(database=file.name, query=QUERY, output=f"rows.{table_format}", format=table_format))
    return path


def compare(file: Path, runs: int) -> None:
    """Extract the table with each in turn, and print seconds, MiB and ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures: dict[str, list[tuple[float, float, float]]] = {}
        for number in range(runs + 1):
            for title, command in _sides(file.resolve()).items():
                figure = _measure(command, folder)
                if number:
                    figures.setdefault(title, []).append(figure)
    print(f"{'medians':22}  wall s    cpu s      MiB   ours / this: wall")
    for title, found in figures.items():
        middle = [statistics.median(column) for column in zip(*found, strict=True)]
        ours = figures[f"ours, {title.rpartition(' ')[2]}"]
        ratio = statistics.median(mine[0] / its[0] for mine, its in zip(ours, found, strict=True))
        print(f"{title:22}" + " ".join(f"{value:8.2f}" for value in middle) + f" {ratio:20.2f}")


def _sides(file: Path) -> Mapping[str, list[str]]:
    script = [sys.executable, __file__]
    aetherflow = [str(Path(sys.executable).with_name("aetherflow")), "run"]
    return {
        "ours, csv": [*aetherflow, str(flow(file, "csv"))],
        "sqlite3, csv": ["sh", "-c", f'sqlite3 -csv -header "{file}" "{QUERY}" > cli.csv'],
        "adbc, csv": [*script, "adbc-csv", str(file), "adbc.csv"],
        "ours, parquet": [*aetherflow, str(flow(file, "parquet"))],
        "adbc, parquet": [*script, "adbc-parquet", str(file), "adbc.parquet"],
    }


def _measure(command: list[str], folder: Path) -> tuple[float, float, float]:
    started = time.monotonic()
    # Without PYTHON*: some of it makes each start compile every module again.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"exit code {process.returncode}: {' '.join(command)}")
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


_COMMANDS: dict[str, tuple[Callable[..., object], dict[str, type]]] = {
    "make": (make, {"rows": int, "file": Path}),
    "adbc-csv": (adbc_csv, {"file": Path, "output": Path}),
    "adbc-parquet": (adbc_parquet, {"file": Path, "output": Path}),
    "flow": (flow, {"file": Path, "format": str}),
    "compare": (compare, {"file": Path, "runs": int}),
}

if __name__ == "__main__":
    main()
