"""Whole workbooks with blank rows inserted, read by openpyxl: everything is where its row is."""

from __future__ import annotations

import io
import re
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.pagebreak import Break

from aetherflow_excel.filling.owners import owners_of_parts
from aetherflow_excel.moving.insertions import Insertion
from aetherflow_excel.moving.moves import Moves
from aetherflow_excel.moving.parts import Part, part_patcher
from aetherflow_excel.moving.sheet_patcher import sheet_patcher
from aetherflow_excel.moving.survey import survey_sheet
from aetherflow_excel.package.package import Package
from aetherflow_excel.package.patching import patched
from aetherflow_excel.package.xml_parser import as_utf8
from aetherflow_excel.workbook.book import Workbook
from plugins.excel.tests.fidelity.gallery import TEMPLATES
from plugins.excel.tests.moving.blank_rows import insert_blank_rows

pytestmark = pytest.mark.integration

#: Data in the last column of a sheet, where nothing else is: no range belongs to it and grows because of that.
BESIDE = {"first_column": 16_384, "last_column": 16_384}
ROWS = st.integers(1, 60)
SPANS = (
    st.lists(ROWS, min_size=2, max_size=8, unique=True)
    .map(sorted)
    .map(lambda rows: list(zip(rows[::2], rows[1::2], strict=False)))
)
INSERTIONS = st.lists(st.tuples(ROWS, st.integers(1, 9)), min_size=1, max_size=3)


def make(path, spans):
    """One thing of each kind at each span of rows, all in columns of their own."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    other = book.create_sheet("Other")
    for number, (first, last) in enumerate(spans):
        sheet.cell(first, 1, f"value {number}")
        sheet.row_dimensions[first].height = 20 + number
        sheet.merge_cells(f"C{first}:D{last}")
        sheet.conditional_formatting.add(
            f"F{first}:G{last}", FormulaRule(formula=[f"$F${first}>$A${last}"], stopIfTrue=True)
        )
        validation = DataValidation(type="list", formula1=f"=$H${first}:$H${last}")
        validation.add(f"I{first}:I{last}")
        sheet.add_data_validation(validation)
        link = Hyperlink(ref=f"K{first}", location=f"Data!$A${last}")
        sheet.cell(first, 11, "link").hyperlink = link
        sheet.cell(last, 12, "noted").comment = Comment(f"note {number}", "somebody")
        sheet.row_breaks.append(Break(id=last))
        sheet.cell(last, 14, f"=SUM($A${first}:$A${last})")
        other.cell(number + 1, 1, f"=SUM(Data!A{first}:A{last})+A{last}")
        book.defined_names[f"Name{number}"] = DefinedName(f"Name{number}", attr_text=f"Data!$A${first}:$B${last}")
    first, last = spans[0]
    sheet.print_area = f"A{first}:D{last}"
    sheet.print_title_rows = f"{first}:{last}"
    sheet.auto_filter.ref = f"P{first}:Q{last}"
    book.save(path)


def facts(path):
    """What openpyxl finds of all that."""
    sheet = (book := openpyxl.load_workbook(path))["Data"]
    return {
        "values": {
            cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)
        },
        "other": [cell.value for cell in book["Other"]["A"]],
        "heights": {row: dimension.height for row, dimension in sheet.row_dimensions.items() if dimension.height},
        "merged": sorted(map(str, sheet.merged_cells.ranges)),
        "formats": sorted(
            (str(each.sqref), rule.formula[0]) for each in sheet.conditional_formatting for rule in each.rules
        ),
        "validated": sorted((str(each.sqref), each.formula1) for each in sheet.data_validations.dataValidation),
        "links": sorted((link.ref, link.location) for link in sheet._hyperlinks),
        "notes": {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment},
        "breaks": sorted(each.id for each in sheet.row_breaks.brk),
        "names": {name: defined.attr_text for name, defined in book.defined_names.items()},
        "printed": (sheet.print_area, sheet.print_title_rows, sheet.auto_filter.ref),
    }


@given(SPANS, INSERTIONS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_openpyxl_finds_everything_where_its_row_is(tmp_path, spans, inserted):
    def now(row):
        return row + sum(count for before, count in inserted if before <= row)

    make(tmp_path / "before.xlsx", spans)
    insertions = [Insertion("Data", before, count, **BESIDE) for before, count in inserted]
    insert_blank_rows(tmp_path / "before.xlsx", tmp_path / "after.xlsx", insertions)
    make(tmp_path / "expected.xlsx", [(now(first), now(last)) for first, last in spans])
    expected = facts(tmp_path / "expected.xlsx")
    # What is not on the sheet itself stays, and a break after a row belongs to the row below it.
    expected["other"] = [f"=SUM(Data!A{now(first)}:A{now(last)})+A{last}" for first, last in spans]
    expected["breaks"] = sorted(now(last + 1) - 1 for _, last in spans)
    assert facts(tmp_path / "after.xlsx") == expected


def parts(path):
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_rows_inserted_far_below_leave_everything_as_it_is(tmp_path):
    make(tmp_path / "before.xlsx", [(2, 5), (7, 9)])
    insert_blank_rows(tmp_path / "before.xlsx", tmp_path / "after.xlsx", [Insertion("Data", 50_000, 3, **BESIDE)])
    before, after = parts(tmp_path / "before.xlsx"), parts(tmp_path / "after.xlsx")
    assert before.keys() == after.keys()
    recomputed = re.compile(rb"<dimension[^>]*>|<v ?/>|<v>[^<]*</v>|<calcPr[^>]*>")
    assert {name: recomputed.sub(b"", xml) for name, xml in before.items()} == {
        name: recomputed.sub(b"", xml) for name, xml in after.items()
    }


@pytest.mark.parametrize(
    "template", [each for each in TEMPLATES.values() if not each.office], ids=lambda each: each.name
)
def test_where_no_rows_are_inserted_every_part_of_every_template_stays(tmp_path, template):
    path = tmp_path / f"template{template.suffix}"
    template.make(path)
    with Package(path) as package:
        book = Workbook(package)
        moves, owners = Moves([], [sheet.name for sheet in book.sheets]), owners_of_parts(book)
        sheets = {sheet.part: sheet.name for sheet in book.sheets}
        for name in package.members:
            xml = package.read(name)
            if name in sheets:
                patcher = sheet_patcher(moves, survey_sheet([xml], sheets[name]), is_stale=False)
            else:
                patcher = part_patcher(
                    moves, Part(name, package.content_type(name), owners.get(name), lambda xml=xml: [xml]), []
                )
            after = xml if patcher is None else patched(xml, patcher)
            assert after in (xml, b"".join(as_utf8([xml]))) or name == book.part
