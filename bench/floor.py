"""The least that a durable engine in Python must do: what the runner is measured against.

`floor.py run FLOW.yaml LEDGER.db`: read the YAML with the C loader, validate it with pydantic, commit each step.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict


class Step(BaseModel):
    """A step of the floor's flow."""

    model_config = ConfigDict(extra="forbid")
    id: str
    type: str
    inputs: dict[str, object] = {}


class Job(BaseModel):
    """A job of the floor's flow."""

    model_config = ConfigDict(extra="forbid")
    id: str
    steps: list[Step]


class Flow(BaseModel):
    """The floor's flow."""

    version: int
    flow: dict[str, object]
    jobs: list[Job]


def run(flow_file: Path, ledger: Path) -> None:
    """Run a flow of steps that do nothing, and remember each."""
    with flow_file.open("rb") as source:
        flow = Flow.model_validate(yaml.load(source, Loader=yaml.CSafeLoader))
    connection = sqlite3.connect(ledger, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE steps (run TEXT, job TEXT, step TEXT, status TEXT, at REAL, outputs TEXT)")
    run_id = os.urandom(6).hex()
    for job in flow.jobs:
        for step in job.steps:
            values = (run_id, job.id, step.id, "SUCCESS", time.time(), json.dumps({"count": len(step.inputs)}))
            connection.execute("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?)", values)
    connection.close()


if __name__ == "__main__":
    run(Path(sys.argv[2]), Path(sys.argv[3]))
