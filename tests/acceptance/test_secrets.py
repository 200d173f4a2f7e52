"""Secrets reach their destination and nothing else: every byte that a run leaves is searched (S9, S28)."""

from __future__ import annotations

import base64
import html
import json
import os
import shlex
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance

#: One for each way in, with what breaks naive masking: quotes, braces, a line end, Unicode, JSON, a URL.
CANARIES = {
    "PROCESS_PASSWORD": 'pr0cess-"canary"-{}$&%<\\end',
    "DOTENV_TOKEN": "d0tenv-canary-{x}-7f3a9c2b",
    "FOLDER_SECRET": "f0lder-canary\nsecond-line-of-it-é",
    "ENCODED_KEY": base64.b64encode(b"dec0ded-canary-'quoted'-91c4").decode(),
    "DATABASE_URL_SECRET": "postgres://user:url-p4ss-canary-55@db.example/x",
}
DECODED = "dec0ded-canary-'quoted'-91c4"

HOOK = "import base64\n\n\ndef decode(text):\n    return base64.b64decode(text).decode()\n"
FLOW = """
version: 1
flow: {{id: canaries, workspace: {{cleanup_policy: never}}}}
resources:
  store: {{kind: db, driver: sqlite3, config: {{path: store.sqlite}}}}
jobs:
  - id: main
    steps:
      - id: deliver
        type: external.process
        inputs:
          command: [{python}, -c, "import os; open(os.environ['TO'], 'w').write(os.environ['GIVEN'])"]
          env: {{GIVEN: "{{{{env.{key}}}}}", TO: "{delivered}"}}
      - id: echo
        type: external.process
        inputs:
          command: [{python}, -c, "import os; print(os.environ['GIVEN']); print(repr(os.environ['GIVEN']))"]
          env: {{GIVEN: "{{{{env.{key}}}}}"}}
          log: {{stdout: {stdout}}}
        outputs: {{seen: "{{{{result.stdout:none}}}}"}}
  - id: failing
    steps:
      - id: break
        type: {failing_type}
        inputs: {failing}
"""
FAILURES = {
    "process": ("external.process", '{{command: ["/bin/sh", -c, "echo $0 >&2; exit 3", "{{{{env.{key}}}}}"], log: {{stderr: capture}}}}'),
    "missing program": ("external.process", '{{command: ["{{{{env.{key}}}}}"]}}'),
    "sql": ("db_extract_stream", '{{resource: store, sql: "selec {{{{env.{key}}}}}", output: out.csv, format: csv}}'),
    "path": ("db_load", '{{resource: store, table: t, source: "/nowhere/{{{{env.{key}}}}}"}}'),
}  # fmt: skip


def forms(secret: str) -> set[str]:
    """The secret as it is, and as logs, shells, URLs and encoders write it."""
    raw = secret.encode()
    wrapped = {
        secret,
        *(line for line in secret.splitlines() if len(line) >= 8),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
        repr(secret)[1:-1],
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
        html.escape(secret),
        shlex.quote(secret),
        raw.hex(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
    }
    return {form for form in wrapped if len(form) >= 8}


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "project"
    (folder / "secrets").mkdir(parents=True)
    (folder / "hook.py").write_text(HOOK)
    (folder / "env").write_text(f"DOTENV_TOKEN='{CANARIES['DOTENV_TOKEN']}'\n")
    (folder / "secrets" / "FOLDER_SECRET").write_text(CANARIES["FOLDER_SECRET"])
    return folder


def environment(place: Path, **more: str) -> dict[str, str]:
    files = [{"type": "dotenv", "path": "env"}, {"type": "dir", "path": "secrets"}]
    ours = {name: value for name, value in CANARIES.items() if name not in {"DOTENV_TOKEN", "FOLDER_SECRET"}}
    return {
        "PATH": os.environ["PATH"],
        "AETHERFLOW_ENV_FILES_JSON": json.dumps(files),
        "AETHERFLOW_SECRETS_PATH": str(place / "hook.py"),
        **ours,
        **more,
    }


def aetherflow(place: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "aetherflow.kernel", *arguments]
    return subprocess.run(command, cwd=place, env=environment(place, **more), capture_output=True, check=False)


def everything_left(place: Path, *answers: subprocess.CompletedProcess[bytes]) -> bytes:
    kept = [path.read_bytes() for path in (place / ".aetherflow").rglob("*") if path.is_file()]
    names = [str(path).encode() for path in place.rglob("*")]
    return b"\n".join([*kept, *names, *(answer.stdout + answer.stderr for answer in answers)])


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("key", CANARIES)
def test_no_canary_in_anything_that_a_run_leaves(place, key, failure):
    failing_type, failing = FAILURES[failure]
    stdout = "capture" if failure in {"process", "sql"} else "inherit"
    flow = FLOW.format(
        python=sys.executable,
        delivered=place / "delivered",
        key=key,
        failing_type=failing_type,
        failing=failing.format(key=key),
        stdout=stdout,
    )
    (place / "flow.yaml").write_text(flow)
    answers = [
        aetherflow(place, "run", "flow.yaml", "--run-id", "r1", "--json", AETHERFLOW_LOG_LEVEL="DEBUG"),
        aetherflow(place, "run", "flow.yaml", "--run-id", "r1", AETHERFLOW_LOG_FORMAT="json"),
        aetherflow(place, "validate", "flow.yaml", "--json"),
    ]
    assert (place / "delivered").read_text() == CANARIES[key], answers[0].stderr.decode()
    assert answers[0].returncode == 1
    left = everything_left(place, *answers)
    assert [form for form in forms(CANARIES[key]) if form.encode() in left] == []
    assert b"Traceback" not in left
    assert b"***" in left


def test_decoded_value_is_unknown_to_everything_but_the_connector(place):
    (place / "flow.yaml").write_text(
        """
version: 1
flow: {id: decoded}
resources:
  store:
    kind: db
    driver: sqlite3
    config: {path: "{{env.ENCODED_KEY}}"}
    decode: {config: {path: true}}
jobs:
  - {id: main, steps: [{id: s, type: db_load, inputs: {resource: store, table: t, source: rows.csv, mode: create}}]}
  - {id: bad, steps: [{id: s, type: db_extract_stream, inputs: {resource: store, sql: "select nothing", output: o.csv, format: csv}}]}
"""
    )
    (place / "rows.csv").write_text("a\n1\n")
    answer = aetherflow(place, "run", "flow.yaml", "--json", AETHERFLOW_LOG_LEVEL="DEBUG")
    assert (place / DECODED).exists(), answer.stderr.decode()
    assert answer.returncode == 1
    left = (
        answer.stdout
        + answer.stderr
        + b"".join(path.read_bytes() for path in (place / ".aetherflow").rglob("*") if path.is_file())
    )
    assert [form for form in forms(DECODED) if form.encode() in left] == []


def test_hook_that_raises_with_the_value_in_its_message_shows_nothing_of_it(place):
    (place / "hook.py").write_text("def decode(text):\n    raise ValueError('can not decode ' + text)\n")
    (place / "flow.yaml").write_text(
        """
version: 1
flow: {id: decoded}
resources: {store: {kind: db, driver: sqlite3, config: {path: "{{env.ENCODED_KEY}}"}, decode: {config: {path: true}}}}
jobs: [{id: main, steps: [{id: s, type: db_extract_stream, inputs: {resource: store, sql: "select 1", output: o.csv, format: csv}}]}]
"""
    )
    answer = aetherflow(place, "run", "flow.yaml")
    assert answer.returncode == 2
    left = answer.stdout + answer.stderr
    assert b"AF-DECODE" in left
    assert [form for form in forms(CANARIES["ENCODED_KEY"]) if form.encode() in left] == []
    assert b"Traceback" not in left


@pytest.mark.parametrize("key", CANARIES)
def test_no_canary_in_what_is_said_of_an_environment_that_does_not_fit(place, key):
    step = f'{{id: s, type: check_items, inputs: {{items: [a], min_count: "{{{{env.{key}}}}}"}}}}'
    (place / "flow.yaml").write_text(f"version: 1\nflow: {{id: f}}\njobs: [{{id: j, steps: [{step}]}}]\n")
    answers = [aetherflow(place, command, "flow.yaml", AETHERFLOW_LOG_LEVEL="DEBUG") for command in ("validate", "run")]
    assert [(answer.returncode, b"AF-TEXT-TYPE" in answer.stderr) for answer in answers] == [(2, True)] * 2
    left = everything_left(place, *answers)
    assert [form for form in forms(CANARIES[key]) if form.encode() in left] == []
