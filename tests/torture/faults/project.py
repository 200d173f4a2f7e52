"""A project whose flow does everything that writes, on outputs of an earlier day that must not be lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import apsw

FLOW_ID, RUN = "faults", "r"
ROWS = 400
#: A call that takes longer hangs: a run without faults takes less than a second, on a busy machine some.
DEADLINE_SECONDS = 120

STEPS = '''
import os

from aetherflow.kernel.api import Rerun, StepContext, StepOutputs, register_step


class Seen(StepOutputs):
    value: object = None


@register_step("witness", rerun=Rerun.SAFE)
def witness(context: StepContext, value: object = None) -> Seen:
    """Leave a line for each time that it ran, in one write, and hand on what it was given."""
    line = f"{context.job_id}.{context.step_id}\\n".encode()
    descriptor = os.open(context.project / "witness", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.write(descriptor, line) != len(line):
            raise OSError("the line was written in part")
    finally:
        os.close(descriptor)
    return Seen(value=value)
'''

FLOW = """
version: 1
flow: {id: faults, workspace: {cleanup_policy: on_success}, concurrency: {max_parallel_jobs: 2}}
params: {out: {type: string}}
resources:
  store: {kind: db, driver: sqlite3, config: {path: store.db}}
jobs:
  - id: load
    steps:
      - {id: begin, type: witness, inputs: {value: 1}}
      - {id: rows, type: db_load, inputs: {resource: store, source: rows.csv, table: rows, mode: replace}}
      - {id: seen, type: witness, inputs: {value: "{{steps.rows.row_count}}"}, outputs: {rows: "{{result.value}}"}}
  - id: files
    depends_on: [load]
    steps:
      - {id: extract, type: db_extract_stream, inputs: {resource: store, sql: SELECT * FROM rows, output: "{{params.out}}/rows.csv", format: csv}}
      - {id: pack, type: zip, inputs: {src_dir: "{{params.out}}", items: [rows.csv], dest_path: "{{params.out}}/rows.zip"}}
      - {id: unpack, type: unzip, inputs: {src_dir: "{{params.out}}", archives: "{{params.out}}/rows.zip", dest_dir: "{{params.out}}/unpacked"}}
      - {id: seen, type: witness, inputs: {value: "{{steps.extract.sha256}}"}, outputs: {sha256: "{{result.value}}"}}
  - id: made
    depends_on: [load]
    steps:
      - id: make
        type: external.process
        inputs:
          command: 'printf "%s\\\\n" "$ROWS" > "$AETHERFLOW_OUTPUT_DIR/count.txt" && echo made'
          shell: true
          env: {ROWS: "{{jobs.load.outputs.rows}}"}
          log: {stdout: capture}
          idempotency: {strategy: atomic_dir, final_output_dir: "{{params.out}}/made"}
          success: {require_files: ["{{params.out}}/made/count.txt"]}
      - {id: seen, type: witness, inputs: {value: "{{steps.make.stdout}}"}, outputs: {told: "{{result.value}}"}}
  - id: end
    depends_on: [files, made]
    steps:
      - {id: seen, type: witness, inputs: {value: "{{jobs.files.outputs.sha256}}"}, outputs: {sha256: "{{result.value}}"}}
"""
#: What the steps put in place, below `out`, as it was before the run.
BEFORE = {"rows.csv": "old\n", "rows.zip": "old", "unpacked/rows.csv": "old\n", "made/count.txt": "old\n"}
#: A step that ran again although it had ended well, where it is one that leaves lines.
WITNESSES = ("load.begin", "load.seen", "files.seen", "made.seen", "end.seen")


@dataclass(frozen=True, slots=True)
class Answer:
    """How a start of the run ended; a null `code` where it hung."""

    code: int | None
    out: str
    err: str

    def without(self, folder: Path) -> Answer:
        """The same, told of a project that may stand anywhere."""
        return Answer(self.code, self.out.replace(str(folder), "<project>"), self.err)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The project at a folder; `view` is where this process finds it, if that is elsewhere."""

    folder: Path
    view: Path
    #: What starts the program differently: another environment, or a command in front of it.
    environment: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()

    def prepare(self) -> None:
        """Put everything there that is there before a run."""
        self.write("aetherflow.yaml", "profile: internal_fast\nsettings: {plugin_paths: [steps]}\n")
        self.write("steps/steps.py", STEPS)
        self.write("flow.yaml", FLOW)
        self.write("rows.csv", "id,name\n" + "".join(f"{number},name {number}\n" for number in range(ROWS)))
        for name, text in BEFORE.items():
            self.write(f"out/{name}", text)
        connection = apsw.Connection(str(self.view / "store.db"))
        connection.execute("CREATE TABLE rows (id INTEGER, name TEXT); INSERT INTO rows VALUES (-1, 'old')")
        connection.close()

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        path = self.view / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def command(self, *options: str, flow: str = "flow.yaml") -> list[str]:
        """The command line that runs a flow, or goes on with it."""
        run = ["-m", "aetherflow.kernel", "run", f"{self.folder}/{flow}", "--run-id", RUN]
        parameters = ["--param", f"out={self.folder}/out"] if flow == "flow.yaml" else []
        return [*self.before, sys.executable, *run, *parameters, *options]

    def start(self, *options: str, before: Sequence[str] = (), flow: str = "flow.yaml") -> Answer:
        """Run a flow, or go on with it."""
        with subprocess.Popen(
            [*before, *self.command(*options, flow=flow)],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as running:
            try:
                out, err = running.communicate(timeout=DEADLINE_SECONDS)
            except subprocess.TimeoutExpired:
                running.kill()
                out, err = running.communicate()
                return Answer(None, out, err)
        return Answer(running.returncode, out, err)

    def copy_to(self, folder: Path) -> Project:
        """The same content elsewhere, found there by everybody."""
        shutil.copytree(self.view, folder, symlinks=True)
        return Project(folder=folder, view=folder, environment=self.environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the run has made, wherever the project stands."""

    files: Mapping[str, bytes]
    tables: Mapping[str, object]
    outputs: Mapping[str, object]


def content_of(project: Project, answer: Answer | None = None) -> Content:
    """The files and rows that are there, and the outputs that a start answered in JSON."""
    out = project.view / "out"
    files = {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    connection = apsw.Connection(str(project.view / "store.db"))
    try:
        tables = {"rows": connection.execute("SELECT * FROM rows ORDER BY 1").fetchall()}
    finally:
        connection.close()
    told = json.loads(answer.out)["jobs"] if answer else []
    return Content(files=files, tables=tables, outputs={job["job_id"]: job["outputs"] for job in told})
