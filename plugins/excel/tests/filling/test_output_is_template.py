"""The output may be the template itself, as long as a second run does the same again."""

from __future__ import annotations

import openpyxl
import pytest

from aetherflow.kernel.api import NothingDone
from plugins.excel.tests.workplace import Workplace

pytestmark = pytest.mark.contract


@pytest.fixture
def workplace(tmp_path):
    made = Workplace(tmp_path)
    made.write_csv("a,b\n1,x\n2,y\n")
    made.write(output="template.xlsx", source="rows.csv", sheet="Report")
    return made


def test_rows_written_over_are_the_same_after_a_second_run(workplace):
    target = {"source_path": "rows.csv", "sheet": "Report"}
    for _ in range(2):
        workplace.fill("template.xlsx", "template.xlsx", target)
    sheet = openpyxl.load_workbook(workplace.folder / "template.xlsx")["Report"]
    assert list(sheet.values) == [("a", "b"), ("1", "x"), ("2", "y")]


def test_inserted_rows_are_refused(workplace):
    before = (workplace.folder / "template.xlsx").read_bytes()
    target = {"source_path": "rows.csv", "mode": "report_region", "cell": "Report!A2"}
    with pytest.raises(NothingDone, match="insert its rows again"):
        workplace.fill("template.xlsx", "template.xlsx", target)
    assert (workplace.folder / "template.xlsx").read_bytes() == before
