"""The floor of the engine: the least that a durable engine in Python has to do for a flow of steps that do nothing.

`engine.py FLOW.yaml LEDGER.db [WORKERS]`: the C loader of PyYAML, validation by pydantic, and a commit of its own for
each step, in a SQLite ledger with a write-ahead log that is synced at every commit. Nothing is checked beyond that,
nothing resumed, nothing told. It is meant to be quick: what makes it slower flatters the engine.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
import time
from queue import SimpleQueue

import yaml
from pydantic import BaseModel, ConfigDict


class Step(BaseModel):
    """A step as written."""

    model_config = ConfigDict(extra="forbid")
    id: str
    type: str
    inputs: dict = {}  # type: ignore[type-arg]  # whatever there is
    outputs: dict = {}  # type: ignore[type-arg]


class Job(BaseModel):
    """A job as written."""

    model_config = ConfigDict(extra="forbid")
    id: str
    steps: list[Step]
    depends_on: list[str] = []


class Flow(BaseModel):
    """A flow as written."""

    version: int
    flow: dict  # type: ignore[type-arg]
    jobs: list[Job]


class Ledger:
    """What was done; one commit for each step."""

    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS steps (run TEXT, job TEXT, step TEXT, status TEXT, at REAL, outputs TEXT,"
            " PRIMARY KEY (run, job, step)) WITHOUT ROWID"
        )
        self._run = os.urandom(6).hex()
        self._guard = threading.Lock()

    def note(self, job: str, step: str, outputs: dict[str, object]) -> None:
        """Commit the end of a step."""
        with self._guard:
            self._connection.execute(
                "INSERT INTO steps VALUES (?, ?, ?, 'SUCCESS', ?, ?)",
                (self._run, job, step, time.time(), json.dumps(outputs)),
            )

    def count(self) -> int:
        """How many steps are noted."""
        return int(self._connection.execute("SELECT count(*) FROM steps WHERE run = ?", (self._run,)).fetchone()[0])


def main(flow_file: str, ledger_file: str, workers: str = "1") -> None:
    """Run a flow."""
    with open(flow_file, "rb") as source:  # noqa: PTH123 -- pathlib would have to be imported
        flow = Flow.model_validate(yaml.load(source, Loader=yaml.CSafeLoader))
    ledger = Ledger(ledger_file)
    waiting: SimpleQueue[Job | None] = SimpleQueue()
    for job in [*flow.jobs, *[None] * int(workers)]:
        waiting.put(job)
    threads = [threading.Thread(target=work, args=(waiting, ledger)) for _ in range(int(workers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(ledger.count(), "steps")


def work(waiting: SimpleQueue[Job | None], ledger: Ledger) -> None:
    """Do jobs until there are no more."""
    while (job := waiting.get()) is not None:
        for step in job.steps:
            ledger.note(job.id, step.id, {"has_data": True, "count": len(step.inputs["items"])})


if __name__ == "__main__":
    main(*sys.argv[1:])
