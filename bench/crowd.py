"""An environment in which many plugins are installed, for what a start costs where they are not used."""

from __future__ import annotations

import json
import stat
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

_FLOORS = Path(__file__).resolve().parent / "floors"
_SCRIPT = "#!{python}\nimport sys\nfrom {module} import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
_PACKAGE = '''\
"""A plugin that is installed and not used."""

from __future__ import annotations

from typing import Any

from aetherflow.kernel.api import Effect, Rerun, Step, StepContext, StepInputs, StepOutputs, hookimpl


class CountInputs(StepInputs):
    """What to count."""

    path: str
    limit: int = 100


class CountOutputs(StepOutputs):
    """What was counted."""

    rows: int


class Count(Step[CountInputs, CountOutputs]):
    """Count the rows of a file."""

    name = "{name}.count"
    effects = frozenset({{Effect.READ_FILES}})
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: CountInputs) -> CountOutputs:
        return CountOutputs(rows=inputs.limit)


@hookimpl
def aetherflow_steps() -> tuple[type[Step[Any, Any]], ...]:
    """Contribute the step."""
    return (Count,)
'''


@dataclass(frozen=True, slots=True)
class Crowd:
    """The two programs of the environment."""

    aetherflow: str
    #: A typer program that does nothing, installed like ours.
    bare: str


def make_crowd(folder: Path, plugins: int) -> Crowd:
    """Make an environment that sees what is installed for this Python, and so many plugins more."""
    venv.create(folder, symlinks=True)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    packages, scripts = Path(paths["purelib"]), Path(paths["scripts"])
    installed = sysconfig.get_path("purelib")
    (packages / "installed.pth").write_text(f"import site; site.addsitedir({installed!r})\n", encoding="utf-8")
    for number in range(plugins):
        _install_plugin(packages, f"crowd{number:02}")
    (packages / "bare_typer_program.py").write_bytes((_FLOORS / "typer_program.py").read_bytes())
    python = scripts / "python"
    return Crowd(
        aetherflow=_install_script(scripts / "aetherflow", python, "aetherflow.kernel.cli"),
        bare=_install_script(scripts / "bare", python, "bare_typer_program"),
    )


def _install_script(file: Path, python: Path, module: str) -> str:
    file.write_text(_SCRIPT.format(python=python, module=module), encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


def _install_plugin(packages: Path, name: str) -> None:
    """Write what an installer unpacks from a plugin's wheel."""
    package = packages / name
    package.mkdir()
    (package / "__init__.py").write_text(_PACKAGE.format(name=name), encoding="utf-8")
    (package / "aetherflow_plugin.json").write_text(json.dumps(_manifest(name), indent=2), encoding="utf-8")
    information = packages / f"{name}-1.0.0.dist-info"
    information.mkdir()
    header = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0.0\nRequires-Dist: aetherflow-kernel\n\n"
    written = {
        "METADATA": header + "A plugin that is installed and not used.\n" * 40,
        "entry_points.txt": f"[aetherflow.plugins]\n{name} = {name}\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "INSTALLER": "bench\n",
    }
    names = [
        f"{name}/__init__.py",
        f"{name}/aetherflow_plugin.json",
        *(f"{information.name}/{each}" for each in written),
    ]
    written["RECORD"] = "".join(f"{each},,\n" for each in names)
    for file, text in written.items():
        (information / file).write_text(text, encoding="utf-8")


def _manifest(name: str) -> dict[str, object]:
    text, number = {"type": "string", "description": "File to count."}, {"type": "integer"}
    return {
        "manifest": 1,
        "interface": "1.0",
        "name": name,
        "summary": "A plugin that is installed and not used.",
        "hooks": ["aetherflow_steps"],
        "steps": [
            {
                "name": f"{name}.count",
                "target": f"{name}:Count",
                "summary": "Count the rows of a file.",
                "effects": ["read_files"],
                "rerun": "SAFE",
                "inputs": {
                    "additionalProperties": False,
                    "description": "What to count.",
                    "properties": {"path": text, "limit": {**number, "default": 100}},
                    "required": ["path"],
                    "type": "object",
                },
                "outputs": {
                    "additionalProperties": False,
                    "description": "What was counted.",
                    "properties": {"rows": number},
                    "required": ["rows"],
                    "type": "object",
                },
                "outputs_from": None,
            }
        ],
        "connectors": [],
        "retired": [],
    }
