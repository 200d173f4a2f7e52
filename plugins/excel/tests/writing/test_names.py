"""Whatever sheets, columns, formats and links are called: it is told, or other libraries open the workbook and see it."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from openpyxl.utils.escape import unescape
from pyarrow import parquet
from python_calamine import CalamineWorkbook

from aetherflow.kernel.api import StepError
from plugins.excel.tests.workplace import Workplace

pytestmark = pytest.mark.unit

EXAMPLES = int(os.environ.get("AETHERFLOW_EXAMPLES", "40"))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\ufffe\uffff"), min_size=1, max_size=31)
ODD = st.sampled_from(
    ["A1", "=x", "'", "a'b", "a&b<c>", '"', "_x0041_", "\n", " a ", "Ä", "ä", "R1C1", "history", "💶"]
)
NAMES = TEXTS | ODD
CODES = st.text('0#,.;@[]"\\_*hmsyd%E+- $€', min_size=1, max_size=12)
ADDRESSES = st.builds("{}{}".format, st.sampled_from(["https://", "HTTP://a", "mailto:", "ftp://", ""]), TEXTS)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    sheet=NAMES,
    columns=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    table=st.none() | st.just("Rows") | TEXTS,
    code=st.none() | CODES,
    address=ADDRESSES,
)
def test_a_workbook_that_is_written_is_opened(sheet, columns, table, code, address):
    with TemporaryDirectory() as folder:
        workplace, path = Workplace(Path(folder)), Path(folder, "book.xlsx")
        parquet.write_table(pa.table({name: [address, None] for name in columns}), Path(folder, "rows.parquet"))
        formats = {} if code is None else {"column_formats": {columns[0]: code}}
        try:
            workplace.write(source="rows.parquet", sheet=sheet, table=table, hyperlinks=columns[:1], **formats)
        except StepError as error:
            told = error.problem.code
        else:
            told = None
        assert path.exists() == (told is None)
        if told is None:
            book = openpyxl.load_workbook(path)
            assert book.sheetnames == [sheet]
            assert [unescape(cell.value) for cell in book.active[1]] == columns
            assert CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[0] == columns
