"""A flow of every step that writes, the moments at which it may be killed, and what may be there afterwards.

The command line runs as a process of its own. Where `strace` is there it kills at chosen system calls on the
database and on the files; otherwise, and between two writes of a file, the test does it itself.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

ROWS = 6000
#: strace counts calls for each thread: the one that runs the steps has to be ahead of the one that starts the run.
#: No step here begins ahead of its start in the ledger, so that one thread commits all that is committed.
_AHEAD = "\n".join(
    f"      - {{id: ahead{number}, type: db_fetch_small, rerun: KEYED, inputs: {{resource: store, sql: SELECT 1 AS one}}}}"
    for number in range(15)
)
FLOW = """
version: 1
flow: {id: killed}
params: {out: {type: string}}
resources:
  store: {kind: db, driver: sqlite3, config: {path: store.db}}
jobs:
  - id: main
    steps:
AHEAD
      - {id: create, type: db_load, inputs: {resource: store, source: rows.csv, table: made}}
      - {id: append, type: db_load, inputs: {resource: store, source: rows.csv, table: grown, mode: append}}
      - {id: replace, type: db_load, inputs: {resource: store, source: rows.csv, table: swapped, mode: replace}}
      - {id: upsert, type: db_load, inputs: {resource: store, source: rows.csv, table: merged, mode: upsert, key: [id]}}
      - {id: script, type: db_execute, inputs: {resource: store, script: script.sql, params: {more: 5}}}
      - {id: plain, type: db_extract, rerun: KEYED, inputs: {resource: store, sql: SELECT * FROM made, output: "{{params.out}}/plain.jsonl", format: jsonl}}
      - {id: csv, type: db_extract_stream, rerun: KEYED, inputs: {resource: store, sql: SELECT * FROM made, output: "{{params.out}}/stream.csv", format: csv}}
      - {id: parquet, type: db_extract_stream, rerun: KEYED, inputs: {resource: store, sql: SELECT * FROM merged, output: "{{params.out}}/stream.parquet", format: parquet}}
""".replace("AHEAD", _AHEAD)
BEFORE = """
CREATE TEMP TABLE n AS WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last) SELECT i FROM n;
CREATE TABLE grown AS SELECT -i AS id, 'old ' || i AS name FROM n;
CREATE TABLE swapped AS SELECT * FROM grown;
CREATE TABLE merged (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO merged SELECT i * 3, 'old ' || i FROM n;
CREATE TABLE accounts AS SELECT i AS id, 100 AS balance FROM n;
"""
SCRIPT = """
UPDATE accounts SET balance = balance + :more;
CREATE TABLE booked AS SELECT * FROM accounts;
INSERT INTO accounts SELECT id + 10000, balance FROM accounts;
"""
#: What each step writes, as one: the tables of a script change together.
TABLES = {
    "create": ("made",),
    "append": ("grown",),
    "replace": ("swapped",),
    "upsert": ("merged",),
    "script": ("accounts", "booked"),
}
FILES = {"plain": "plain.jsonl", "csv": "stream.csv", "parquet": "stream.parquet"}
STEPS = (*TABLES, *FILES)

_SYSTEM_CALLS = "pwrite64,fdatasync,unlink,renameat,fsync,write"
LEDGER = (".aetherflow/state/ledger.sqlite-wal",)
_OF_DATABASE = frozenset({"pwrite64", "fdatasync", "unlink"})
_TRACED = re.compile(r"^(\d+) +(\w+)\((.*)")
_STARTED = re.compile(r"step_start .*?step_id=(\w+)")


@dataclass(frozen=True, slots=True)
class AtSystemCall:
    """Killed at the n-th call of one kind on one of some paths."""

    step: str
    call: str
    number: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AtSize:
    """Killed when the output folder has grown by a part of what the step writes."""

    step: str
    part: float


@dataclass(frozen=True, slots=True)
class AfterSeconds:
    """Killed some time after the step began."""

    step: str
    seconds: float


Moment = AtSystemCall | AtSize | AfterSeconds


class Place:
    """A project in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"

    @property
    def command(self) -> list[str]:
        """Run the flow, or go on with it."""
        run = ["-m", "aetherflow.kernel", "run", "flow.yaml", "--run-id", "r", "--param", f"out={self.out}"]
        return [sys.executable, *run]

    def prepare(self) -> None:
        """Fill the folder with what is there before the run."""
        self.out.mkdir(parents=True)
        for name in FILES.values():
            (self.out / name).write_text("old")
        (self.folder / "flow.yaml").write_text(FLOW)
        (self.folder / "script.sql").write_text(SCRIPT)
        rows = (f"{number},name {number}\n" for number in range(ROWS))
        (self.folder / "rows.csv").write_text("id,name\n" + "".join(rows))
        connection = apsw.Connection(str(self.folder / "store.db"))
        for _ in connection.execute(BEFORE, {"last": ROWS // 2}):
            pass
        connection.close()

    def run(self) -> None:
        """Run the flow to its end."""
        subprocess.run(self.command, cwd=self.folder, check=True, capture_output=True)

    # What is there

    def state(self) -> dict[str, str]:
        """A digest of what each step's tables or file hold, as the next process finds them."""
        found = {step: self._digest_of_tables(names) for step, names in TABLES.items()}
        return found | {step: _digest((self.out / name).read_bytes()) for step, name in FILES.items()}

    def _digest_of_tables(self, names: tuple[str, ...]) -> str:
        connection = apsw.Connection(str(self.folder / "store.db"))
        try:
            (checked,) = connection.execute("PRAGMA integrity_check").fetchone()
            assert checked == "ok"
            rows = [
                connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()  # noqa: S608 - names of ours
                if connection.table_exists("main", name)
                else None
                for name in names
            ]
            return _digest(repr(rows).encode())
        finally:
            connection.close()

    def tables(self) -> set[str]:
        """Every table of the database."""
        connection = apsw.Connection(str(self.folder / "store.db"))
        try:
            return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        finally:
            connection.close()

    # Killing

    def run_until(self, moment: Moment, golden_size: int) -> bool:
        """Run the flow until it is killed; answers whether it was, or had come to its end."""
        if isinstance(moment, AtSystemCall):
            killed = subprocess.run(self._strace(moment), cwd=self.folder, capture_output=True, check=False)
            return killed.returncode != 0
        with subprocess.Popen(
            self.command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as running:
            assert running.stderr is not None
            for line in running.stderr:
                if (started := _STARTED.search(line)) and started[1] == moment.step:
                    break
            if isinstance(moment, AtSize):
                self._wait_for_size(running, self._size() + golden_size * moment.part)
            else:
                time.sleep(moment.seconds)
            running.send_signal(signal.SIGKILL)
        return running.returncode == -signal.SIGKILL

    def _strace(self, moment: AtSystemCall) -> list[str]:
        only = [word for path in moment.paths for word in ("-P", str(self.folder / path))]
        inject = f"inject={moment.call}:signal=KILL:when={moment.number}"
        trace = ["strace", "-f", "-o", "/dev/null", *only, "-e", f"trace={moment.call}", "-e", inject]
        return [*trace, *self.command]

    def _wait_for_size(self, running: subprocess.Popen[str], size: float) -> None:
        while running.poll() is None and self._size() < size:
            pass

    def _size(self) -> int:
        """How much is in the output folder; a file may be moved while it is looked at."""
        total = 0
        with suppress(FileNotFoundError):
            for path in self.out.rglob("*"):
                total += path.stat().st_size
        return total


def copy_of(place: Place, folder: Path) -> Place:
    """The same project elsewhere."""
    shutil.copytree(place.folder, folder)
    return Place(folder)


def system_calls(place: Place) -> dict[str, list[AtSystemCall]]:
    """Run the flow and answer, by step, each system call on the database and on the files that it made.

    The last one of a step that writes to the database is the ledger's, after the database's own: the work is done by
    then, and nobody knows it.
    """
    log = place.folder / "strace.log"
    trace = ["strace", "-f", "-y", "-s", "1000", "-o", str(log), "-e", f"trace={_SYSTEM_CALLS}"]
    subprocess.run([*trace, *place.command], cwd=place.folder, check=True, capture_output=True)
    counts: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
    found: dict[str, list[AtSystemCall]] = {step: [] for step in STEPS}
    step = None
    for line in log.read_text(errors="replace").splitlines():
        if (started := _STARTED.search(line)) is not None:
            step = started[1]
        elif (traced := _TRACED.match(line)) is not None:
            thread, call, arguments = traced.groups()
            paths = _paths(place, step, call, arguments)
            counts[thread, call, paths[:1]] += 1
            number = counts[thread, call, paths[:1]]
            # strace counts for each thread: a call that another thread has made as often would be the wrong one.
            others = (counts[other, *key] for other, *key in counts if other != thread and key == [call, paths[:1]])
            if paths and step in found and number > max(others, default=0):
                found[step].append(AtSystemCall(step, call, number, paths))
    return {step: _to_the_first_of_the_ledger(calls) for step, calls in found.items()}


def _to_the_first_of_the_ledger(calls: list[AtSystemCall]) -> list[AtSystemCall]:
    """The calls on the database or on a file, and the one that follows on the ledger."""
    own = [place for place, call in enumerate(calls) if call.paths != LEDGER]
    first, last = own[0], own[-1]
    return [call for call in calls[first : last + 1] if call.paths != LEDGER] + calls[last + 1 : last + 2]


def _paths(place: Place, step: str | None, call: str, arguments: str) -> tuple[str, ...]:
    """The paths, relative to the project, that the call is about; none where it is not about the step's own."""
    if step in TABLES and call in _OF_DATABASE and f"{place.folder}/store.db" in arguments:
        return ("store.db", "store.db-journal")
    if call == "pwrite64" and "/ledger.sqlite-wal>" in arguments:
        return LEDGER
    # Moved through open folders: strace tells and filters by the folder.
    if step in FILES and call == "renameat" and f'/out>, "{FILES[step]}"' in arguments:
        return ("out",)
    return ()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
