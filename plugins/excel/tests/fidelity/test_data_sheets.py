"""A file on a sheet of its own, which is made where the template has none: all else is as it was."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import pytest

from plugins.excel.tests.fidelity.gallery import TEMPLATES
from plugins.excel.tests.oracles.comparing import compare
from plugins.excel.tests.oracles.facts import facts_of
from plugins.excel.tests.oracles.opc import Package
from plugins.excel.tests.oracles.readers import area, by_calamine, differences
from plugins.excel.tests.oracles.soundness import complaints

pytestmark = pytest.mark.acceptance

NAMES = [name for name, template in TEMPLATES.items() if template.office is None]
ROWS = (("city", "count"), ("Łódź & Co", 1), ("Rome", 2))
NEW_SHEET = "DATA_sales"


@pytest.fixture(scope="module")
def filled(gallery, tmp_path_factory):
    """Every template with a new sheet."""
    folder = tmp_path_factory.mktemp("data_sheets")
    (folder / "aetherflow.yaml").write_text("profile: internal_fast\n")
    (folder / "sales.csv").write_text("city,count\nŁódź & Co,1\nRome,2\n", encoding="utf-8")
    jobs = []
    for name in NAMES:
        path = gallery.path(name)
        (folder / path.name).write_bytes(path.read_bytes())
        target = {"name": "sales", "source_path": "sales.csv", "mode": "data_sheet", "type_cast": "basic"}
        inputs = {"template_path": path.name, "output": str(folder / f"filled_{path.name}"), "targets": [target]}
        steps = [{"id": "fill", "type": "excel_fill_from_file", "inputs": inputs}]
        jobs.append({"id": name, "steps": steps})
    (folder / "flow.yaml").write_text(json.dumps({"version": 1, "flow": {"id": "sheets"}, "jobs": jobs}))
    command = [sys.executable, "-m", "aetherflow.kernel", "run", "flow.yaml", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    reasons = {job["job_id"]: job["reason"] for job in json.loads(done.stdout)["jobs"] if job["status"] != "SUCCESS"}
    assert reasons == {}
    return {name: folder / f"filled_{gallery.path(name).name}" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_template_has_one_sheet_more_and_nothing_else_is_another(gallery, filled, name):
    before, after = Package(gallery.path(name)), Package(filled[name])
    difference = compare(before, after)

    told = {before.workbook, "[Content_Types].xml", "xl/_rels/workbook.xml.rels"}
    told |= set(before.related(before.workbook, "styles"))
    assert difference.lost <= {"xl/calcChain.xml"}
    assert len(difference.added) == 1
    assert (difference.changed | difference.rewritten | difference.same) - told == set()
    assert list(after.sheets) == [*before.sheets, NEW_SHEET]
    assert set(complaints(after)) <= set(complaints(before))
    facts = {section: told for section, told in facts_of(after).items() if not section.startswith(NEW_SHEET)}
    facts["names"] = {key: value for key, value in facts.get("names", {}).items() if not key.startswith(NEW_SHEET)}
    assert facts == {"names": {}, **facts_of(before)}


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_stand_on_it_below_a_bold_header_that_stays_in_sight(filled, name):
    found = by_calamine(filled[name])[NEW_SHEET]
    assert differences(found, area("A1", ROWS)) == {}

    root = Package(filled[name]).root(Package(filled[name]).sheets[NEW_SHEET])
    panes = [each.attrib for each in root.iter() if each.tag.endswith("}pane")]
    assert [(pane["ySplit"], pane["topLeftCell"], pane["state"]) for pane in panes] == [("1", "A2", "frozen")]
    assert facts_of(Package(filled[name]))[f"{NEW_SHEET} filter"] == ["A1:B3"]


@pytest.mark.parametrize("name", [name for name in NAMES if "openpyxl" in TEMPLATES[name].read_by])
def test_the_header_is_bold_and_the_rows_are_not(filled, name):
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sheet = openpyxl.load_workbook(filled[name], data_only=True)[NEW_SHEET]
    assert [(row[0].font.b, row[1].font.b) for row in sheet.iter_rows()] == [
        (True, True),
        (False, False),
        (False, False),
    ]
