"""R7: in a locked profile a run goes on with the code and the policy that it began with."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.acceptance

PROFILE = """
profile: closed
profiles:
  closed: {extends: BASE, plugins: {mode: MODE, allow: ALLOW}}
"""
BASES = {"locked": "enterprise", "listed": "internal_fast"}
FLOW = """
version: 1
flow: {id: f, workspace: {root: work}, state: {path: state/ledger.sqlite}}
jobs:
  - id: a
    steps:
      - {id: s, type: check_items, inputs: {items: [1]}}
      - {id: t, type: check_items, inputs: {items: [1], min_count: "{{env.LEAST}}"}}
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "flow.yaml").write_text(FLOW)
    return tmp_path


def run(project, mode, allow, least, *, folder=None):
    (project / "aetherflow.yaml").write_text(
        PROFILE.replace("MODE", mode).replace("ALLOW", allow).replace("BASE", BASES[mode])
    )
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "aetherflow.kernel",
            "run",
            os.path.relpath(project / "flow.yaml", folder or project),
            "--run-id",
            "r1",
        ],
        cwd=folder or project,
        env={**os.environ, **({"LEAST": least} if least else {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("mode", "code"), [("locked", 3), ("listed", 0)])
def test_a_policy_that_was_changed_is_refused_where_it_is_locked(project, mode, code):
    # A key that is not set fails the second step.
    assert run(project, mode, "[control]", "").returncode == 1
    again = run(project, mode, "[control, process]", "1")
    assert again.returncode == code, again.stderr
    assert ("AF-CODE-CHANGED" in again.stderr) == (code == 3)
    assert run(project, mode, "[control]", "1").returncode == 0


def test_a_run_goes_on_from_another_folder_under_the_same_policy(project):
    assert run(project, "locked", "[control]", "").returncode == 1
    (project / "below").mkdir()
    again = run(project, "locked", "[control]", "1", folder=project / "below")
    assert again.returncode == 0, again.stderr
