"""The project that is run while it is recorded: every way in which a step puts something on the disk."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import apsw

from .disk import Image, find, write_image

FLOW_ID = "power"
_HEAD = """
version: 1
flow: {id: power, workspace: {cleanup_policy: never}, concurrency: {max_parallel_jobs: 3}}
params:
  edition: {type: string}
resources:
  store: {kind: db, driver: sqlite3, config: {path: data/deep/store.db}}
jobs:
"""
#: The jobs, each with what it stands on before it.
JOBS = {
    "load": """\
  - id: load
    steps:
      - {id: merge, type: db_load, inputs: {resource: store, source: "edition{{params.edition}}.csv", table: orders, mode: upsert, key: [id]}, outputs: {rows: "{{result.row_count}}"}}
      - {id: append, type: db_load, inputs: {resource: store, source: "edition{{params.edition}}.csv", table: log, mode: append}}
      - {id: script, type: db_execute, inputs: {resource: store, sql: UPDATE orders SET amount = amount + 1}}
""",
    "report": """\
  - id: report
    depends_on: [load]
    when: jobs.load.outputs.rows > 0
    steps:
      - {id: csv, type: db_extract_stream, inputs: {resource: store, sql: SELECT * FROM orders ORDER BY id, output: tables/by_id/orders.csv, format: csv}, outputs: {file: "{{result.artifact_path}}"}}
      - {id: parquet, type: db_extract_stream, inputs: {resource: store, sql: SELECT * FROM orders ORDER BY id, output: "{{env.OUT}}/tables/orders.parquet", format: parquet}, outputs: {digest: "{{result.sha256}}"}}
""",
    "pack": """\
  - id: pack
    steps:
      - {id: zip, type: zip, inputs: {src_dir: "sources{{params.edition}}", items: ["*.txt", deep], dest_path: "{{env.OUT}}/archives/packed.zip"}, outputs: {archive: "{{result.output}}"}}
      - {id: unzip, type: unzip, inputs: {archives: "{{job.outputs.archive}}", dest_dir: unpacked/here}}
      - {id: over, type: unzip, inputs: {archives: "{{job.outputs.archive}}", dest_dir: "{{env.OUT}}/unpacked"}}
""",
    "program": """\
  - id: program
    steps:
      - id: site
        type: external.process
        inputs:
          command: 'mkdir "$AETHERFLOW_OUTPUT_DIR/pages" && echo "index $1" >"$AETHERFLOW_OUTPUT_DIR/index" && echo "page $1" >"$AETHERFLOW_OUTPUT_DIR/pages/one"'
          shell: true
          args: ["{{params.edition}}"]
          idempotency: {strategy: atomic_dir, final_output_dir: "{{env.OUT}}/site"}
      - {id: listing, type: external.process, inputs: {command: [echo, "edition {{params.edition}}"], log: {stdout: file, file_path: logs/said.txt}}}
      - {id: marked, type: external.process, inputs: {command: ["true"], idempotency: {strategy: marker, marker_path: "marks/{{params.edition}}.json"}}}
""",
    "many": """\
  - id: many
    steps:
      - id: parts
        type: external.process
        foreach: {items: [a, b, c], max_parallel: 2}
        inputs:
          command: 'echo "$1 of edition $2" >"$AETHERFLOW_OUTPUT_DIR/text"'
          shell: true
          args: ["{{item}}", "{{params.edition}}"]
          idempotency: {strategy: atomic_dir, final_output_dir: "{{env.OUT}}/parts/{{item}}"}
      - id: second
        type: external.process
        retry: {max_attempts: 9, backoff_seconds: 0.01}
        inputs:
          command: 'test -e tried || { : >tried; exit 1; }; echo "edition $1" >"$AETHERFLOW_OUTPUT_DIR/text"'
          shell: true
          args: ["{{params.edition}}"]
          idempotency: {strategy: atomic_dir, final_output_dir: "{{env.OUT}}/second"}
""",
    "last": """\
finally:
  - id: last
    steps:
      - {id: note, type: external.process, inputs: {command: ["true"], idempotency: {strategy: marker, marker_path: "marks/last{{params.edition}}.json"}}}
""",
}
#: The runs, in their order: each replaces what the one before put outside its workspace.
EDITIONS = {"r1": "1", "r2": "2"}
_ROWS = 300
_STORE = "data/deep/store.db"
LEDGER = ".aetherflow/state/ledger.sqlite"
_WORK = f".aetherflow/work/{FLOW_ID}"

#: What a step makes, by job and step: files or, with a slash at the end, a folder that appears whole.
PUBLISHED: dict[tuple[str, str], tuple[str, ...]] = {
    ("report", "csv"): (_WORK + "/report/{run}/artifacts/tables/by_id/orders.csv",),
    ("report", "parquet"): ("out/tables/orders.parquet",),
    ("pack", "zip"): ("out/archives/packed.zip",),
    ("pack", "unzip"): (_WORK + "/pack/{run}/artifacts/unpacked/here/",),
    ("pack", "over"): ("out/unpacked/packed.zip/a.txt", "out/unpacked/packed.zip/deep/b.txt"),
    ("program", "site"): ("out/site/",),
    ("program", "listing"): (_WORK + "/program/{run}/artifacts/logs/said.txt",),
    ("program", "marked"): ("marks/{edition}.json",),
    ("many", "parts"): ("out/parts/a/", "out/parts/b/", "out/parts/c/"),
    ("many", "second"): ("out/second/",),
    ("last", "note"): ("marks/last{edition}.json",),
}
#: Steps that are done once for each of some items: what counts as attempts are those of the items.
REPEATED = frozenset({("many", "parts")})
#: Steps that are skipped where their marker stands, also where they made it and were cut off before they were done.
MARKED = frozenset({("program", "marked"), ("last", "note")})
#: How the names of files end that are written as a program speaks, and that every attempt adds to.
GROWING = "said.txt"
#: The tables that a step changes.
TABLES = {("load", "merge"): ("orders",), ("load", "append"): ("log",), ("load", "script"): ("orders",)}


@dataclass(frozen=True, slots=True)
class Project:
    """A project in a folder of its own; always the same one, as paths stand in the ledger."""

    root: Path
    jobs: tuple[str, ...] = tuple(JOBS)

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """The steps of its jobs, by job and step."""
        return tuple(step for step in (*TABLES, *PUBLISHED) if step[0] in self.jobs)

    def prepare(self) -> None:
        """Fill the folder with what is there before the first run."""
        self.root.mkdir()
        (self.root / "aetherflow.yaml").write_text("profile: internal_fast\n")
        (self.root / "flow.yaml").write_text(_HEAD + "".join(JOBS[job] for job in self.jobs))
        for edition in EDITIONS.values():
            rows = "".join(f"{number},{number * 7 + int(edition) * 1000}\n" for number in range(_ROWS))
            (self.root / f"edition{edition}.csv").write_text(f"id,amount\n{rows}")
            deep = self.root / f"sources{edition}" / "deep"
            deep.mkdir(parents=True)
            (deep.parent / "a.txt").write_text(f"first of edition {edition}\n" * 200)
            (deep / "b.txt").write_text(f"second of edition {edition}\n")

    def command(self, run: str) -> list[str]:
        """Run the flow, or go on with it."""
        edition = f"edition={EDITIONS[run]}"
        return [sys.executable, "-m", "aetherflow.kernel", "run", "flow.yaml", "--run-id", run, "--param", edition]

    def command_of(self, runs: Iterable[str]) -> list[str]:
        """Runs, one after the other, in one shell."""
        return ["sh", "-c", " && ".join(shlex.join(self.command(run)) for run in runs)]

    def environment(self, given: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of the runs."""
        kept = {key: value for key, value in (given or os.environ).items() if not key.startswith("AETHERFLOW_")}
        return {**kept, "AETHERFLOW_LOG_FORMAT": "json", "OUT": str(self.root / "out")}

    def resume(self, image: Image, run: str) -> subprocess.CompletedProcess[str]:
        """Go on with a run from an image, which takes the place of what is there."""
        shutil.rmtree(self.root)
        write_image(image, self.root)
        return subprocess.run(
            self.command(run),
            cwd=self.root,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def made_by(image: Image, scratch: Path) -> dict[str, str | None]:
    """A digest of each thing that the steps of all runs make, by its name; None where it is not there."""
    paths = {name for run in EDITIONS for step in PUBLISHED for name in things_of(run, step)}
    files = {path: _digest(find(image, path.rstrip("/"))) for path in paths}
    return files | _tables(image, scratch)


def things_of(run: str, step: tuple[str, str], item: str = "") -> tuple[str, ...]:
    """The names of what a step, or one item of it, makes in one run."""
    paths = tuple(path.format(run=run, edition=EDITIONS[run]) for path in PUBLISHED.get(step, ()))
    tables = tuple(f"{_STORE}:{table}" for table in TABLES.get(step, ()))
    return (paths[int(item)],) if item else (*paths, *tables)


def _tables(image: Image, scratch: Path) -> dict[str, str | None]:
    names = {f"{_STORE}:{table}": table for tables in TABLES.values() for table in tables}
    folder = find(image, str(Path(_STORE).parent))
    if not isinstance(folder, dict) or Path(_STORE).name not in folder:
        return dict.fromkeys(names)
    write_image(folder, scratch)
    try:
        connection = apsw.Connection(str(scratch / Path(_STORE).name))
        with connection:
            require_whole(connection)
            return {name: _rows(connection, table) for name, table in names.items()}
    finally:
        connection.close()
        shutil.rmtree(scratch)


def require_whole(connection: apsw.Connection) -> None:
    """Have SQLite look at all of a file.

    Raises:
        apsw.CorruptError: something is wrong with it.
    """
    checked = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    broken = list(connection.execute("PRAGMA foreign_key_check"))
    if checked != ["ok"] or broken:
        raise apsw.CorruptError(f"{checked} {broken}")


def _rows(connection: apsw.Connection, table: str) -> str | None:
    if not connection.table_exists("main", table):
        return None
    rows = connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608 - names of ours
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _digest(node: bytes | Image | None) -> str | None:
    if node is None:
        return None
    return hashlib.sha256(repr(_sorted(node)).encode()).hexdigest()


def _sorted(node: bytes | Image) -> object:
    if isinstance(node, bytes):
        return _without_time(node)
    return sorted((name, _sorted(inner)) for name, inner in node.items())


def _without_time(content: bytes) -> bytes:
    """A marker says when it was made, which differs from run to run."""
    if not content.startswith(b"{") or not content.endswith(b"}\n"):
        return content
    return json.dumps({**json.loads(content), "finished": "", "attempt": 0}).encode()
