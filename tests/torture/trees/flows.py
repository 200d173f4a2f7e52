"""Projects whose flow holds trees or stubborn steps, and the command line that runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from .shapes import SHAPES, TAG, Tree

RUN = "r"
#: The grace of the runner, as docs/cli.md has it, and what a stop may take beyond.
GRACE, BEYOND = 8.0, 2.0


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a flow, and the program run on it."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def write_flow(self, jobs: Sequence[Mapping[str, object]], **head: object) -> None:
        """Write a flow whose jobs run all at once; JSON is YAML."""
        flow = {"id": "trees", "concurrency": {"max_parallel_jobs": len(jobs)}, **head}
        self.write("flow.yaml", json.dumps({"version": 1, "flow": flow, "jobs": jobs}))
        self.write("aetherflow.yaml", "profile: internal_fast\nsettings: {plugin_paths: [steps]}\n")
        (self.folder / "steps").mkdir(exist_ok=True)

    def command(self, *options: str) -> list[str]:
        """The command line that runs the flow."""
        return [sys.executable, "-m", "aetherflow.kernel", "run", f"{self.folder}/flow.yaml", "--run-id", RUN, *options]

    def start(self, *command: str, **streams: object) -> subprocess.Popen[str]:
        """Start the program, or a command in its place; standard output and error are pipes unless said otherwise."""
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        return subprocess.Popen(
            list(command) or self.command("--json"),
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            text=True,
            # What started these tests may ignore it (a shell's `&` does), and its children would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
            **given,
        )

    def status(self) -> str:
        """What the ledger says of the run; empty where it knows of none."""
        return next((status for (status,) in self._rows("SELECT status FROM runs")), "")

    def steps(self) -> dict[str, str]:
        """What the ledger says of the steps."""
        return {
            f"{job}.{step}": status for job, step, status in self._rows("SELECT job_id, step_id, status FROM steps")
        }

    def _rows(self, sql: str) -> list[tuple[str, ...]]:
        path = self.folder / ".aetherflow/state/ledger.sqlite"
        if not path.exists():
            return []
        connection = apsw.Connection(str(path))
        try:
            return connection.execute(sql).fetchall() if connection.table_exists("main", "steps") else []
        finally:
            connection.close()


def environment(folder: Path, **more: str) -> dict[str, str]:
    """What the program is started with; compiled code is kept in `folder`."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder), **more}


def job_of(tree: Tree, project: Project, *, timeout: float | None, kill_grace: float) -> dict[str, object]:
    """A job that starts a tree and stays until it is ended."""
    inputs: dict[str, object] = {
        "command": SHAPES[tree.shape],
        "shell": True,
        "env": {TAG: tree.tag, "READY": str(ready_file(project, tree))},
        "log": {"stdout": tree.mode, "stderr": tree.mode, "file_path": f"{project.folder}/logs/{tree.tag}.log"},
        "kill_grace_seconds": kill_grace,
    }
    if timeout is not None:
        inputs["timeout_seconds"] = timeout
    return {"id": tree.job_id, "steps": [{"id": "tree", "type": "external.process", "inputs": inputs}]}


def ready_file(project: Project, tree: Tree) -> Path:
    """The file by which a tree says that it stands."""
    return project.folder / f"ready.{tree.tag}"
