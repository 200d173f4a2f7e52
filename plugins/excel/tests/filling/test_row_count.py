"""As many rows as a flow says must come: none are left out without a word."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pyarrow import parquet

from aetherflow.kernel.api import StepError
from plugins.excel.tests.workplace import Workplace

pytestmark = pytest.mark.contract


@pytest.fixture
def workplace(tmp_path):
    """A template, and six rows in two groups."""
    made = Workplace(tmp_path)
    made.write_csv("a\n1\n")
    made.write(output="template.xlsx", source="rows.csv", sheet="Report")
    parquet.write_table(pa.table({"a": range(6)}), tmp_path / "rows.parquet", row_group_size=3)
    return made


@pytest.mark.parametrize("insert", ["below", "replace"])
@pytest.mark.parametrize("row_count", [0, 2, 3, 5, 7])
def test_another_number_of_rows_is_refused(workplace, row_count, insert):
    target = {"source_path": "rows.parquet", "sheet": "Report", "row_count": row_count, "insert": insert}
    with pytest.raises(StepError, match="row_count"):
        workplace.fill("template.xlsx", "report.xlsx", target)
    assert not (workplace.folder / "report.xlsx").exists()


def test_the_right_number_is_taken(workplace):
    target = {"source_path": "rows.parquet", "sheet": "Report", "row_count": 6}
    assert workplace.fill("template.xlsx", "report.xlsx", target)["written"][0]["rows"] == 6
