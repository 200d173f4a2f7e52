"""What stands in the ledger, in the witness file and in the log when no process of a run lives."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from .scene import Scene

Row = Mapping[str, Any]


class Step(NamedTuple):
    """Which step of a run."""

    job: str
    step: str
    item: str = ""
    #: The start of the run that it belongs to; 0 where it belongs to the run as a whole.
    start: int = 0

    def __str__(self) -> str:
        return "/".join(filter(None, (self.job, self.step, self.item, f"start {self.start}" if self.start else "")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The rows of the ledger by table, the lines of the witness and of the log."""

    tables: Mapping[str, Sequence[Row]]
    integrity: str
    witnessed: Sequence[Row]
    told: Sequence[Row]

    @property
    def run(self) -> Row | None:
        """The run's row."""
        rows = self.tables.get("runs", ())
        return rows[0] if rows else None

    @property
    def jobs(self) -> dict[str, Row]:
        """The rows of jobs; of those that belong to one start, those of the newest one that came to them."""
        return {row["job_id"]: row for row in sorted(self.tables.get("jobs", ()), key=lambda row: int(row["start"]))}

    @property
    def steps(self) -> dict[Step, Row]:
        """The rows of steps."""
        return {step_of(row): row for row in self.tables.get("steps", ())}

    @property
    def lines(self) -> Counter[Step]:
        """How often each step left its trace."""
        return Counter(map(step_that_told, self.witnessed))

    def running(self) -> set[Step]:
        """The steps that the ledger says are at work: those that a kill hit."""
        return {step for step, row in self.steps.items() if row["status"] == "RUNNING"}


def step_of(row: Row) -> Step:
    """Which step a row of the ledger is about."""
    return Step(row["job_id"], row["step_id"], row["item"], row["start"])


def step_that_told(line: Row) -> Step:
    """Which step a line of the witness is from."""
    return Step(line["job"], line["step"], line.get("item") or "", line.get("start", 0))


def moment_of(scene: Scene) -> Moment:
    """Look at a scene in which nothing runs; the ledger is copied first, so that the look changes nothing."""
    with tempfile.TemporaryDirectory(dir=scene.folder) as folder:
        tables, integrity = _read(_copy(scene.state, Path(folder)))
    return Moment(tables=tables, integrity=integrity, witnessed=scene.witnessed(), told=scene.told())


def _copy(state: Path, folder: Path) -> Path | None:
    for name in ("ledger.sqlite", "ledger.sqlite-wal"):
        if (state / name).exists():
            shutil.copy(state / name, folder)
    copied = folder / "ledger.sqlite"
    return copied if copied.exists() else None


def _read(path: Path | None) -> tuple[dict[str, list[Row]], str]:
    if path is None:
        return {}, "ok"
    connection = apsw.Connection(str(path))
    try:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        integrity = "; ".join(text for (text,) in connection.execute("PRAGMA integrity_check"))
        if broken := connection.execute("PRAGMA foreign_key_check").fetchall():
            integrity += f"; rows without what they belong to: {broken}"
        return {name: _rows(connection, name) for name in names}, integrity
    except apsw.Error as error:
        return {}, str(error)
    finally:
        connection.close()


def _rows(connection: apsw.Connection, table: str) -> list[Row]:
    cursor = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a table of the ledger
    rows: list[Row] = []
    for values in cursor:
        names = [name for name, _ in cursor.get_description()]
        rows.append(dict(zip(names, values, strict=True)))
    return rows


def outputs_of(row: Row) -> dict[str, Any]:
    """The outputs in a row, as they would be read."""
    return json.loads(row["outputs"]) if row["outputs"] else {}
