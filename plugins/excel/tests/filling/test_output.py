"""What the system says against the output of a fill."""

from __future__ import annotations

import pytest
import xlsxwriter

from aetherflow.kernel.api import StepError
from aetherflow_excel.fill_inputs import FillSmallInputs
from aetherflow_excel.fill_small_step import ExcelFillSmall
from plugins.excel.tests.workplace import Workplace

pytestmark = pytest.mark.contract


def test_a_folder_in_the_way(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "template.xlsx") as book:
        book.add_worksheet("Report")
    (tmp_path / "out.xlsx").mkdir()
    target = {"cell": "B4", "sheet": "Report", "rows_json": [[1]]}
    inputs = FillSmallInputs(
        template_path=str(tmp_path / "template.xlsx"), output=str(tmp_path / "out.xlsx"), targets=[target]
    )

    with pytest.raises(StepError, match=r"out\.xlsx can't be written") as caught:
        ExcelFillSmall().run(Workplace(tmp_path).context, inputs)
    assert caught.value.problem.code == "AF-EXCEL-OUTPUT"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.xlsx", "scratch", "template.xlsx"]
