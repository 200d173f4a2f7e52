"""What the tests of pictures share: pictures of hostile text, and a project to draw flows of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

STEPS = """
from aetherflow.kernel.api import Rerun, StepContext, StepOutputs, register_step

class Out(StepOutputs):
    value: object = None

@register_step("work", rerun=Rerun.SAFE)
def work(context: StepContext, value: object = None) -> Out:
    return Out()

@register_step("pay")
def pay(context: StepContext) -> Out:
    return Out()
"""
#: Runs the command line, then tells which modules it left loaded.
PROGRAM = """
import json, sys
from aetherflow.kernel.cli.program import run_program
try:
    run_program(sys.argv[1:])
finally:
    print("MODULES " + json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


@dataclass
class Answer:
    """What a process answered."""

    code: int
    out: str
    err: str
    modules: set[str]

    @property
    def json(self):
        return json.loads(self.out)


@dataclass
class Project:
    """A folder with flows, and steps for them."""

    folder: Path

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def graph(self, *arguments, **environment):
        """Run `aetherflow graph`."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "PYTHONPATH") if key in os.environ}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "graph", *map(str, arguments)],
            env={**kept, "AETHERFLOW_PLUGIN_PATHS": "steps", **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        err, _, modules = done.stderr.rpartition("MODULES ")
        return Answer(done.returncode, done.stdout, err, set(json.loads(modules)))


@pytest.fixture
def project(tmp_path):
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "steps.py").write_text(STEPS)
    return Project(tmp_path)
