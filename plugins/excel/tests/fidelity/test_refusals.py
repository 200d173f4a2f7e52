"""What nobody can move safely is named and refused, and then nothing is written."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from plugins.excel.tests.templates.frame import HEADER
from plugins.excel.tests.templates.immovable import IN_THE_WAY, TEMPLATES
from plugins.excel.tests.templates.record import ROWS

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What became of filling each in each way, and the folder of the outputs."""
    folder = tmp_path_factory.mktemp("refusals")
    (folder / "aetherflow.yaml").write_text("profile: internal_fast\n")
    for name, (write, _) in (TEMPLATES | IN_THE_WAY).items():
        write(folder / f"{name}.xlsx")
    jobs = [_job(folder, name, way) for name in TEMPLATES | IN_THE_WAY for way in ("below", "replace")]
    (folder / "flow.yaml").write_text(json.dumps({"version": 1, "flow": {"id": "refusals"}, "jobs": jobs}))
    command = [sys.executable, "-m", "aetherflow.kernel", "run", "flow.yaml", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    return folder, {job["job_id"]: job for job in json.loads(done.stdout)["jobs"]}


def _job(folder, name, way):
    target = {"anchor": "ROWS", "sheet": "Report", "insert": way, "rows_json": list(ROWS), "columns_json": list(HEADER)}
    inputs = {"template_path": f"{name}.xlsx", "output": str(folder / f"{name}_{way}.xlsx"), "targets": [target]}
    return {"id": f"{name}_{way}", "steps": [{"id": "fill", "type": "excel_fill_small", "inputs": inputs}]}


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_can_not_be_moved_is_named_and_nothing_is_written(told, name):
    folder, jobs = told
    job = jobs[f"{name}_below"]

    assert (job["status"], job["steps"][0]["error_code"]) == ("FAILED", "AF-EXCEL-MOVE"), job["reason"]
    assert [word for word in TEMPLATES[name][1] if word not in job["reason"]] == [], job["reason"]
    assert list(folder.glob(f"{name}_below*")) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_can_be_filled_in_place_all_the_same(told, name):
    folder, jobs = told

    assert jobs[f"{name}_replace"]["status"] == "SUCCESS", jobs[f"{name}_replace"]["reason"]
    assert (folder / f"{name}_replace.xlsx").exists()


@pytest.mark.parametrize("name", IN_THE_WAY)
def test_cells_that_belong_together_are_not_written_over(told, name):
    folder, jobs = told
    job = jobs[f"{name}_replace"]

    assert (job["status"], job["steps"][0]["error_code"]) == ("FAILED", "AF-EXCEL-IN-THE-WAY"), job["reason"]
    assert [word for word in IN_THE_WAY[name][1] if word not in job["reason"]] == [], job["reason"]
    assert not (folder / f"{name}_replace.xlsx").exists()


@pytest.mark.parametrize("name", IN_THE_WAY)
def test_they_move_out_of_the_way_of_inserted_rows(told, name):
    _folder, jobs = told

    assert jobs[f"{name}_below"]["status"] == "SUCCESS", jobs[f"{name}_below"]["reason"]
