"""A plugin that somebody else wrote, built as a wheel and installed: it works where allowed, and runs no line where not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, root_pyproject

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

PYPROJECT = """
[project]
name = "acme-steps"
version = "2.1"
requires-python = ">=3.11"
dependencies = ["aetherflow-kernel"]

[project.entry-points."aetherflow.plugins"]
acme = "acme_steps"

[build-system]
requires = ["uv_build>=0.13,<0.14"]
build-backend = "uv_build"

[tool.uv.build-backend]
module-name = "acme_steps"
"""
PACKAGE = '''
"""Steps of Acme."""

import os
from pathlib import Path

from aetherflow.kernel.api import hookimpl

# What the tests look for: a line of this package was executed.
Path(os.environ.get("ACME_CANARY", os.devnull)).write_text("imported")


@hookimpl
def aetherflow_steps():
    from .count_rows import CountRows, shout

    return [CountRows, shout]
'''
STEPS = '''
"""Counting, and shouting."""

from pydantic import Field

from aetherflow.kernel.api import ArtifactPath, Effect, Rerun, Skip, Step, StepContext, StepInputs, StepOutputs, register_step


class CountRowsInputs(StepInputs):
    path: ArtifactPath = Field(description="CSV file to count.")


class CountRowsOutputs(StepOutputs):
    rows: int = Field(description="Rows, without the header.")


class CountRows(Step[CountRowsInputs, CountRowsOutputs]):
    """Count the rows of a CSV file."""

    name = "acme.count_rows"
    effects = frozenset({Effect.READ_FILES})
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: CountRowsInputs) -> CountRowsOutputs | Skip[CountRowsOutputs]:
        rows = inputs.path.read_text().count("\\n") - 1
        return CountRowsOutputs(rows=rows) if rows else Skip("no rows", CountRowsOutputs(rows=0))


class Shouted(StepOutputs):
    text: str


@register_step("acme.shout", rerun=Rerun.SAFE)
def shout(text: str, times: int = 1) -> Shouted:
    """Say it louder."""
    return Shouted(text=text.upper() * times)
'''
FLOW = """
version: 1
flow: {id: counting}
jobs:
  - id: main
    steps:
      - {id: count, type: acme.count_rows, inputs: {path: rows.csv}, outputs: {rows: "{{result.rows}}"}}
      - {id: shout, type: acme.shout, inputs: {text: "rows {{steps.count.rows}} "}, outputs: {told: "{{result.text}}"}}
"""


def run(*command: object, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("AETHERFLOW_", "PYTHON"))}
    return subprocess.run(
        [*map(str, command)], cwd=folder, env={**outside, **environment}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    """An environment with the kernel and the stranger's plugin, both from wheels."""
    folder = tmp_path_factory.mktemp("acme")
    source = folder / "source" / "src" / "acme_steps"
    source.mkdir(parents=True)
    (folder / "source" / "pyproject.toml").write_text(PYPROJECT)
    (source / "__init__.py").write_text(PACKAGE)
    (source / "count_rows.py").write_text(STEPS)
    wheels, environment, pins = folder / "wheels", folder / "environment", folder / "pins.txt"
    pins.write_text("\n".join(root_pyproject()["tool"]["uv"]["constraint-dependencies"]) + "\n")
    uv = (sys.executable, "-m", "uv", "--quiet")

    def do(*command: object) -> None:
        done = run(*command, folder=ROOT)
        assert done.returncode == 0, done.stdout + done.stderr

    do(*uv, "build", "--package", "aetherflow-kernel", "--wheel", "--out-dir", wheels)
    do(*uv, "venv", "--python", sys.executable, environment)
    do(
        *uv,
        "pip",
        "install",
        "--python",
        environment,
        "--constraint",
        pins,
        next(wheels.glob("aetherflow_kernel*.whl")),
    )
    do(environment / "bin" / "aetherflow", "plugins", "manifest", folder / "source", "--write")
    do(*uv, "build", folder / "source", "--wheel", "--out-dir", wheels)
    do(*uv, "pip", "install", "--python", environment, "--constraint", pins, next(wheels.glob("acme*.whl")))
    return environment / "bin" / "aetherflow"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "flow.yaml").write_text(FLOW)
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n3,4\n")
    return tmp_path


def policy(place: Path, text: str) -> None:
    (place / "aetherflow.yaml").write_text(textwrap.dedent(text))


def test_it_runs_in_a_flow_and_is_imported_for_it(acme, place):
    done = run(acme, "run", "flow.yaml", "--json", folder=place, ACME_CANARY=str(place / "canary"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["jobs"][0]["outputs"] == {"rows": 2, "told": "ROWS 2 "}
    assert (place / "canary").exists()


@pytest.mark.parametrize(
    "command", [["plugins", "list"], ["validate", "flow.yaml"], ["--help"], ["plugins", "show", "acme"]]
)
def test_it_is_not_imported_to_be_listed_shown_or_checked(acme, place, command):
    done = run(acme, *command, folder=place, ACME_CANARY=str(place / "canary"))
    assert done.returncode == 0, done.stderr
    assert not (place / "canary").exists()


@pytest.mark.parametrize(
    "rule", ["acme", "dist:acme-*", "dist:Acme_Steps", "acme>=2,<3", "step:acme.*", "effect:read_files"]
)
def test_denied_it_is_never_imported_and_the_rule_is_shown(acme, place, rule):
    policy(
        place,
        f"""
        profiles:
          internal_fast:
            plugins:
              allow: [acme]
              deny: ["{rule}"]
        """,
    )
    canary = {"ACME_CANARY": str(place / "canary")}
    ran = run(acme, "run", "flow.yaml", "--json", folder=place, **canary)
    listed = run(acme, "plugins", "list", folder=place, **canary)
    shown = run(acme, "plugins", "list", "--json", folder=place, **canary)
    imported = run(acme, "plugins", "list", "--import", folder=place, **canary)

    assert ran.returncode == 3, ran.stdout + ran.stderr
    assert rule in json.loads(ran.stdout)["errors"][0]["message"]
    assert shown.returncode == imported.returncode == 0
    if rule != "effect:read_files":  # acme.shout reads no files: the plugin stays, one step of it goes
        assert f'deny "{rule}" (aetherflow.yaml:6)' in listed.stdout
        assert not (place / "canary").exists()


def test_enterprise_lets_in_only_what_is_named(acme, place):
    policy(place, "profile: enterprise\n")
    canary = {"ACME_CANARY": str(place / "canary")}
    refused = run(acme, "run", "flow.yaml", "--json", folder=place, **canary)
    loosened = run(acme, "run", "flow.yaml", "--profile", "internal_fast", folder=place, **canary)
    ambient = run(acme, "run", "flow.yaml", folder=place, AETHERFLOW_PROFILE="internal_fast", **canary)
    assert [refused.returncode, loosened.returncode, ambient.returncode] == [3, 3, 3]
    assert not (place / "canary").exists()

    policy(place, "profile: enterprise\nprofiles: {enterprise: {plugins: {allow: [acme]}}}\n")
    allowed = run(acme, "run", "flow.yaml", "--json", folder=place, **canary)
    assert allowed.returncode == 0, allowed.stdout + allowed.stderr


@pytest.mark.parametrize("fault", ["raise RuntimeError('broken at import')", "import sys; sys.exit(3)", "def ("])
def test_broken_it_hurts_only_the_flows_that_use_it(acme, place, fault):
    package = next((acme.parent.parent / "lib").glob("python*/site-packages/acme_steps/__init__.py"))
    kept = package.read_text()
    (place / "other.yaml").write_text("version: 1\nflow: {id: other}\njobs: []\n")
    try:
        package.write_text(fault + "\n")
        harmless = [
            ["plugins", "list"],
            ["plugins", "list", "--json"],
            ["validate", "flow.yaml"],
            ["--help"],
            ["run", "other.yaml"],
        ]
        for command in harmless:
            done = run(acme, *command, folder=place)
            assert done.returncode == 0, done.stderr
        used = run(acme, "run", "flow.yaml", "--json", folder=place)
        tried = run(acme, "plugins", "list", "--import", folder=place)
    finally:
        package.write_text(kept)
    assert used.returncode == 1
    assert "acme" in json.loads(used.stdout)["jobs"][0]["steps"][0]["reason"]
    assert "Traceback" not in used.stderr + tried.stderr
    assert "broken" in tried.stdout


def test_code_that_differs_from_its_manifest_is_not_used(acme, place):
    package = next((acme.parent.parent / "lib").glob("python*/site-packages/acme_steps/__init__.py"))
    kept = package.read_text()
    try:
        package.write_text(kept.replace("return [CountRows, shout]", "return [CountRows]"))
        done = run(acme, "run", "flow.yaml", "--json", folder=place)
    finally:
        package.write_text(kept)
    assert done.returncode == 1
    assert "plugins manifest" in json.loads(done.stdout)["jobs"][0]["steps"][0]["reason"]
