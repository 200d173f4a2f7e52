"""Every distribution builds a wheel, and the wheels work alone: nothing is found through this checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, members, root_pyproject

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

TINY_FLOW = """\
version: 1
flow: {id: tiny}
jobs: [{id: only, steps: [{id: probe, type: check_items, inputs: {items: [a, b]}}]}]
"""


def uv(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "uv", "--quiet", *map(str, arguments)], cwd=ROOT, check=True)


@dataclass(frozen=True)
class Installation:
    """An environment with some of our wheels in it, and a folder to run them in."""

    environment: Path
    folder: Path

    def run(self, *arguments: str) -> str:
        """Run the command line and answer its output; anything but exit code 0 fails the test."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("AETHERFLOW_", "PYTHON"))}
        result = subprocess.run(
            [str(self.environment / "bin" / "aetherflow"), *arguments],
            cwd=self.folder,
            env=outside,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f"exit code {result.returncode}\n{result.stdout}\n{result.stderr}"
        return result.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build all wheels; by the name of their distribution."""
    folder = tmp_path_factory.mktemp("wheels")
    uv("build", "--all-packages", "--wheel", "--out-dir", folder)
    return {path.name.partition("-")[0].replace("_", "-"): path for path in folder.glob("*.whl")}


@pytest.fixture(scope="module")
def pins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pins") / "constraints.txt"
    path.write_text("\n".join(root_pyproject()["tool"]["uv"]["constraint-dependencies"]) + "\n")
    return path


def list_files(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def install(folder: Path, pins: Path, chosen: Sequence[Path]) -> Installation:
    """Install wheels by path into an empty environment; only what they depend on comes from the index."""
    environment = folder / "environment"
    uv("venv", "--python", sys.executable, environment)
    uv("pip", "install", "--python", environment, "--constraint", pins, "--find-links", chosen[0].parent, *chosen)
    return Installation(environment, folder)


def test_every_distribution_builds_a_wheel_of_its_version(wheels: dict[str, Path]) -> None:
    assert sorted(wheels) == sorted(["aetherflow", *(member.name for member in members())])
    assert {path.name.split("-")[1] for path in wheels.values()} == {"0.1.0"}


def test_every_wheel_carries_licence_and_type_marker(wheels: dict[str, Path]) -> None:
    for member in members():
        names = list_files(wheels[member.name])

        assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names), member.name
        assert "/".join([*member.module.split("."), "py.typed"]) in names, member.name


def test_no_wheel_carries_the_namespace_package_or_tests(wheels: dict[str, Path]) -> None:
    for wheel in wheels.values():
        names = list_files(wheel)

        assert "aetherflow/__init__.py" not in names
        assert not [name for name in names if "tests/" in name]


def test_plugin_wheels_carry_their_manifest(wheels: dict[str, Path]) -> None:
    for member in members():
        if member.is_plugin:
            assert f"{member.module}/aetherflow_plugin.json" in list_files(wheels[member.name])


def test_kernel_and_one_plugin_run_a_flow_from_their_wheels(
    tmp_path: Path, wheels: dict[str, Path], pins: Path
) -> None:
    chosen = [wheels["aetherflow-kernel"], wheels["aetherflow-plugin-control"]]
    installation = install(tmp_path, pins, chosen)
    (tmp_path / "tiny.yaml").write_text(TINY_FLOW)

    assert "0.1.0" in installation.run("--version")
    assert "control" in json.dumps(json.loads(installation.run("plugins", "list", "--json")))
    assert "SUCCESS" in json.dumps(json.loads(installation.run("run", "tiny.yaml", "--json")))


def test_kernel_alone_has_no_plugins(tmp_path: Path, wheels: dict[str, Path], pins: Path) -> None:
    installation = install(tmp_path, pins, [wheels["aetherflow-kernel"]])

    assert "0.1.0" in installation.run("--version")
    listed = json.loads(installation.run("plugins", "list", "--json"))
    plugins = listed["plugins"] if isinstance(listed, dict) else listed
    assert plugins == []
