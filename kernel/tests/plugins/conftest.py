"""Distributions made for a test: metadata, a package and its manifest in a folder that stands for site-packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

from aetherflow.kernel.policy.choice import decide_profile
from aetherflow.kernel.policy.project import find_project

#: Leaves a file when it is imported, and contributes one step.
CANARY = """
import os
import pathlib

pathlib.Path(os.environ["CANARIES"], __name__).touch()

from aetherflow.kernel.api import Effect, Rerun, hookimpl, register_step


@register_step("{step}", effects={{Effect.NETWORK}}, rerun=Rerun.SAFE)
def count(text: str) -> None:
    pass


@hookimpl
def aetherflow_steps():
    return [count]
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


def step_manifest(name, anchor, *, effects=("network",), rerun="SAFE", attribute="count"):
    """A step of a manifest with one text input."""
    return {
        "name": name,
        "target": f"{anchor}:{attribute}",
        "summary": "",
        "effects": list(effects),
        "rerun": rerun,
        "inputs": {
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
            "additionalProperties": False,
        },
        "outputs": {"type": "object", "properties": {}, "additionalProperties": False},
        "outputs_from": None,
    }


def connector_manifest(kind, driver, anchor):
    """A connector of a manifest without settings."""
    empty = {"type": "object", "properties": {}}
    return {
        "kind": kind,
        "driver": driver,
        "target": f"{anchor}:Driver",
        "protocol": "Database",
        "summary": "",
        "config": empty,
        "options": empty,
        "effects": ["database"],
    }


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
class Site:
    """A folder of installed distributions, a project, and the files that imported canaries leave."""

    folder: Path
    project: Path
    canaries: Path
    environ: dict[str, str] = field(default_factory=dict)

    def install(
        self,
        name,
        *,
        distribution=None,
        version="1.0",
        anchor=None,
        code=CANARY,
        steps=None,
        connectors=(),
        manifest=True,
        interface="1.0",
        entry_points=None,
        **changes,
    ):
        """Install a plugin; by default one step `<name>.count` and a canary in its package."""
        anchor = anchor or name.replace("-", "_").replace(".", "_")
        distribution = distribution or name
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n\nText\n")
        entries = entry_points if entry_points is not None else f"{name} = {anchor}"
        (info / "entry_points.txt").write_text(f"[console_scripts]\nx = y:z\n\n[aetherflow.plugins]\n{entries}\n")
        package = self.folder / anchor
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text(
            dedent(code).format(step=f"{name}.count") if code is CANARY else dedent(code)
        )
        if manifest:
            data = {
                "manifest": 1,
                "interface": interface,
                "name": name,
                "summary": "",
                "hooks": ["aetherflow_steps"],
                "steps": [step_manifest(f"{name}.count", anchor)] if steps is None else steps,
                "connectors": list(connectors),
                "retired": [],
                **changes,
            }
            text = json.dumps(data) if manifest is True else manifest
            (package / "aetherflow_plugin.json").write_text(text)
        return package

    def policy(self, text):
        (self.project / "aetherflow.yaml").write_text(dedent(text))

    def profile(self, requested=None):
        return decide_profile(
            find_project(self.project), requested=requested, environ={}, administrator_file=self.folder / "none.yaml"
        )

    def imported(self):
        """The canaries that were imported."""
        return sorted(path.name for path in self.canaries.iterdir())

    def python(self, program, *arguments, **environ):
        """Run a program in a process of its own, with this folder first on its path."""
        path = os.pathsep.join([str(self.folder), *(entry for entry in sys.path if entry)])
        kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        done = subprocess.run(
            [sys.executable, "-c", dedent(program), *arguments],
            cwd=self.project,
            env={**kept, "PYTHONPATH": path, "CANARIES": str(self.canaries), **self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        lines = done.stderr.splitlines(keepends=True)
        modules = [json.loads(line.removeprefix("MODULES ")) for line in lines if line.startswith("MODULES ")]
        err = "".join(line for line in lines if not line.startswith("MODULES "))
        return Answer(done.returncode, done.stdout, err, set(modules[-1]) if modules else set())

    def aetherflow(self, *arguments, **environ):
        """Run the command line."""
        return self.python(PROGRAM, *arguments, **environ)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Nothing installed yet, and a project without a policy."""
    places = [tmp_path / name for name in ("site", "project", "canaries")]
    for place in places:
        place.mkdir()
    monkeypatch.chdir(places[1])
    return Site(*places)


@pytest.fixture
def make_step():
    """A step of a manifest."""
    return step_manifest


@pytest.fixture
def make_connector():
    """A connector of a manifest."""
    return connector_manifest
