"""Styles that are added to a workbook's own."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import openpyxl
import pyarrow as pa
import pytest

from aetherflow.kernel.api import StepError
from aetherflow_excel.package.problems import BrokenPart
from aetherflow_excel.rows.cells import render_cells
from aetherflow_excel.rows.number_formats import shows_dates
from aetherflow_excel.rows.planning import plan_cells, require_room
from aetherflow_excel.rows.styles import MINIMAL, StyleSheet
from plugins.excel.tests.rows.sheets import template

pytestmark = pytest.mark.unit

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STYLES = (
    f'<?xml version="1.0"?>\n<!-- kept --><styleSheet  xmlns="{MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="170" formatCode="dd\\.mm\\.yyyy"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/></font><font><b val="0"/><sz val="9"/></font></fonts>'
    '<fills count="1"><fill/></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0"/><xf numFmtId="170" fontId="1" applyNumberFormat="1">'
    '<alignment horizontal="left"/><extLst><ext uri="{x}" xmlns:q="urn:q"><q:i/></ext></extLst></xf><xf numFmtId="14"/></cellXfs>'
    '<dxfs count="0"/></styleSheet>'
).encode()


def test_sheet_to_which_nothing_was_added_has_the_same_bytes():
    sheet = StyleSheet(STYLES)
    assert [sheet.is_date_format(style) for style in range(3)] == [False, True, True]
    assert not sheet.is_changed
    assert sheet.patched() is STYLES


def test_added_style_stands_at_the_end_and_all_else_stays():
    sheet = StyleSheet(STYLES)

    assert sheet.with_quote_prefix(1) == 3

    assert sheet.patched() == STYLES.replace(b'<cellXfs count="3">', b'<cellXfs count="4">').replace(
        b"</cellXfs>",
        b'<xf numFmtId="170" fontId="1" applyNumberFormat="1" quotePrefix="1"><alignment horizontal="left"/>'
        b'<extLst><ext xmlns:q="urn:q" uri="{x}"><q:i/></ext></extLst></xf></cellXfs>',
    )


def test_same_style_is_added_once_and_found_again_in_the_patched_sheet():
    sheet = StyleSheet(STYLES)
    added = [sheet.with_number_format(0, "0.000"), sheet.with_quote_prefix(0), sheet.with_bold(0)]
    assert added == [3, 4, 5]
    assert [sheet.with_number_format(0, "0.000"), sheet.with_quote_prefix(0), sheet.with_bold(0)] == added

    again = StyleSheet(sheet.patched())
    assert [again.with_number_format(0, "0.000"), again.with_quote_prefix(0), again.with_bold(0)] == added
    assert not again.is_changed


def test_number_format_that_is_there_is_used():
    sheet = StyleSheet(STYLES)
    sheet.with_number_format(0, "dd\\.mm\\.yyyy")
    sheet.with_number_format(0, "0.00")
    patched = sheet.patched()
    assert b'<numFmts count="1">' in patched
    assert b'<xf numFmtId="170" fontId="0" applyNumberFormat="1"/><xf numFmtId="2" fontId="0"' in patched


def test_new_number_format_has_a_number_of_its_own_and_its_code_escaped():
    sheet = StyleSheet(STYLES)
    sheet.with_number_format(0, '"<a> & b" 0')
    assert b'<numFmts count="2">' in sheet.patched()
    assert b"""<numFmt numFmtId="171" formatCode='"&lt;a&gt; &amp; b" 0'/></numFmts>""" in sheet.patched()


def test_bold_replaces_what_says_that_a_font_is_not():
    sheet = StyleSheet(STYLES)
    sheet.with_bold(1)
    assert b'<fonts count="3">' in sheet.patched()
    assert b'<font><b/><sz val="9"/></font></fonts>' in sheet.patched()


def test_prefixes_of_the_file_are_kept():
    xml = f'<x:styleSheet xmlns:x="{MAIN}"><x:cellXfs count="1"><x:xf/></x:cellXfs></x:styleSheet>'.encode()
    sheet = StyleSheet(xml)
    sheet.with_number_format(0, "yyyy")
    assert (
        sheet.patched()
        == (
            f'<x:styleSheet xmlns:x="{MAIN}"><x:numFmts count="1"><x:numFmt numFmtId="164" formatCode="yyyy"/></x:numFmts>'
            '<x:cellXfs count="2"><x:xf/><x:xf numFmtId="164" applyNumberFormat="1"/></x:cellXfs></x:styleSheet>'
        ).encode()
    )


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        (
            '<styleSheet xmlns="{main}"/>',
            (
                '<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
                '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" quotePrefix="1"/></cellXfs></styleSheet>'
            ),
        ),
        (
            '<styleSheet xmlns="{main}"><borders/><cellXfs/><dxfs/></styleSheet>',
            (
                '<styleSheet xmlns="{main}"><borders/><cellXfs count="2">'
                '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
                '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" quotePrefix="1"/></cellXfs><dxfs/></styleSheet>'
            ),
        ),
        (
            '<styleSheet xmlns="{main}"><borders/><dxfs/></styleSheet>',
            (
                '<styleSheet xmlns="{main}"><borders/><cellXfs count="2">'
                '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
                '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" quotePrefix="1"/></cellXfs><dxfs/></styleSheet>'
            ),
        ),
    ],
    ids=["nothing", "empty", "missing"],
)
def test_lists_that_are_not_there_are_made_where_they_belong(xml, expected):
    sheet = StyleSheet(xml.replace("{main}", MAIN).encode())
    assert sheet.with_quote_prefix(0) == 1
    assert sheet.patched().decode() == expected.replace("{main}", MAIN)


def test_minimal_sheet_opens_with_the_added_styles():
    sheet = StyleSheet()
    bold = sheet.with_bold(sheet.with_number_format(0, "yyyy-mm-dd"))
    parts = template() | {"xl/styles.xml": sheet.patched()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(
        b'<c r="A1" t="s"><v>0</v></c>', f'<c r="A1" s="{bold}"><v>45351</v></c>'.encode()
    )
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as written:
        for name, content in parts.items():
            written.writestr(name, content)

    cell = openpyxl.load_workbook(package).active["A1"]

    assert (cell.value, cell.font.b, cell.number_format) == (dt.datetime(2024, 2, 29), True, "yyyy-mm-dd")  # noqa: DTZ001
    assert MINIMAL in StyleSheet().patched()


@pytest.mark.parametrize("xml", [b"", b"<styleSheet>", b'<!DOCTYPE a><styleSheet xmlns="urn:a"/>'])
def test_part_that_is_no_xml_of_a_workbook_is_refused(xml):
    with pytest.raises(BrokenPart):
        StyleSheet(xml)


def test_more_styles_than_programs_read_are_refused():
    many = f'<styleSheet xmlns="{MAIN}"><cellXfs>{"<xf/>" * 65_490}</cellXfs></styleSheet>'.encode()
    with pytest.raises(StepError, match="the workbook would have more than 65,490 styles of cells"):
        StyleSheet(many).with_quote_prefix(0)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("yyyy-mm-dd", True),
        ("[h]:mm", True),
        ("[ss].00", True),
        ("h:mm AM/PM", True),
        ('[$-409]d\\ "de" mmmm', True),
        ("General", False),
        ("0.00", False),
        ('0 "days"', False),
        ("0 \\d", False),
        ("[Red]0.00;[Blue]-0", False),
        ("0_d", False),
        ("0.0E+00", False),
        ("[$USD] 0", False),
        ("@", False),
        ("", False),
    ],
)
def test_date_formats_are_told_from_others_by_their_code(code, expected):
    assert shows_dates(164, code) is expected


def test_built_in_date_formats_are_known_by_their_number():
    dates = [number for number in range(60) if shows_dates(number, None)]
    assert dates == [*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)]


# The plan for a table's columns


def test_columns_of_dates_get_a_date_format_unless_their_style_has_one():
    sheet = StyleSheet(STYLES)
    schema = pa.schema([("a", pa.date32()), ("b", pa.date32()), ("c", pa.string()), ("d", pa.timestamp("us"))])

    plan = plan_cells(schema, [None, 1, None, 0], sheet)

    assert [column.style for column in plan.styles] == [3, 1, None, 4]
    assert b'formatCode="yyyy-mm-dd"' in sheet.patched()
    assert b'formatCode="yyyy-mm-dd hh:mm:ss"' in sheet.patched()


def test_quote_prefix_is_added_only_for_a_text_that_needs_it():
    sheet = StyleSheet(STYLES)
    schema = pa.schema([("a", pa.string())])
    plan = plan_cells(schema, [None], sheet)

    render_cells(pa.record_batch([pa.array(["a"])], schema=schema), 1, 1, plan)
    assert not sheet.is_changed
    cells = render_cells(pa.record_batch([pa.array(["=a"])], schema=schema), 1, 1, plan)

    assert cells.to_pylist() == ['<c r="A1" s="3" t="inlineStr"><is><t>=a</t></is></c>']
    assert sheet.is_changed


def test_table_that_just_fits_has_room():
    require_room(1_048_575, 16_384, first_row=2, first_column=1)


@pytest.mark.parametrize(
    ("rows", "columns", "told"),
    [
        (1_048_576, 1, "1,048,576 rows from row 2 on don't fit into a worksheet, which has 1,048,576 rows"),
        (1, 16_385, "16,385 columns from column 1 on don't fit into a worksheet, which has 16,384 columns"),
    ],
)
def test_table_that_does_not_fit_is_refused(rows, columns, told):
    with pytest.raises(StepError) as error:
        require_room(rows, columns, first_row=2, first_column=1)
    assert (error.value.problem.code, error.value.problem.message) == ("AF-EXCEL-LIMIT", told)
