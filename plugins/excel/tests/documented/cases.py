"""Many fills of one template in one flow, started by the command line as a user would; what each of them made."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import yaml
from openpyxl.worksheet.worksheet import Worksheet

ROWS = [["Ada", 1], ["Bob", 2]]
COLUMNS = ["name", "amount"]


@dataclass(frozen=True, slots=True)
class Case:
    """A step: what is given to it, beside the template and the output."""

    inputs: Mapping[str, Any]
    type: str = "excel_fill_small"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step answered, and the workbook that it made."""

    status: str
    reason: str
    error_code: str | None
    outputs: Mapping[str, Any]
    workbook: Path

    @property
    def written(self) -> Mapping[str, Any]:
        """What became of the first target."""
        first: Mapping[str, Any] = self.outputs["written"][0]
        return first

    def sheet(self, name: str = "Report") -> Worksheet:
        """A sheet as openpyxl reads it, formulas as they are written."""
        with warnings.catch_warnings():
            # It tells of every extension that it does not know.
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(self.workbook)[name]

    def cells(self, area: str, name: str = "Report") -> list[list[Any]]:
        """The values of an area, row by row."""
        return [[cell.value for cell in row] for row in self.sheet(name)[area]]


def small(*targets: Mapping[str, Any], **more: Any) -> Case:
    """Rows that stand in the flow."""
    filled = [{"rows_json": ROWS, "columns_json": COLUMNS, **more, **target} for target in targets or ({},)]
    return Case({"targets": filled})


def from_file(*targets: Mapping[str, Any], **step: Any) -> Case:
    """Rows of files."""
    return Case({"targets": list(targets), **step}, "excel_fill_from_file")


def aetherflow(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, in a folder."""
    command = [sys.executable, "-m", "aetherflow.kernel", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def run_cases(folder: Path, cases: Mapping[str, Case]) -> dict[str, Outcome]:
    """Run all of them in one flow; one that fails does not keep the others from running."""
    steps = [
        {
            "id": name,
            "type": case.type,
            "continue_on_error": True,
            "outputs": {name: {"written": "{{result.written}}", "fidelity": "{{result.fidelity}}"}},
            "inputs": {"template_path": "template.xlsx", "output": str(folder / f"{name}.xlsx"), **case.inputs},
        }
        for name, case in cases.items()
    ]
    write_flow(folder, steps)
    done = aetherflow(folder, "run", "flow.yaml", "--json")
    job = json.loads(done.stdout)["jobs"][0]
    steps = {step["step_id"]: step for step in job["steps"]}
    return {
        name: Outcome(
            status=steps[name]["status"],
            reason=steps[name]["reason"],
            error_code=steps[name].get("error_code"),
            outputs=job["outputs"].get(name, {}),
            workbook=folder / f"{name}.xlsx",
        )
        for name in cases
    }


def write_flow(folder: Path, steps: Iterable[Mapping[str, Any]]) -> None:
    """Write a flow of one job."""
    flow = {"version": 1, "flow": {"id": "documented"}, "jobs": [{"id": "fill", "steps": list(steps)}]}
    (folder / "flow.yaml").write_text(yaml.safe_dump(flow, sort_keys=False, width=1000), encoding="utf-8")
