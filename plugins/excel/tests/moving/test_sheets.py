"""The XML of worksheets after rows were inserted; the expected XML is written by hand."""

from __future__ import annotations

import pytest

from aetherflow.kernel.api import StepError
from aetherflow_excel.grid.cells import CellRange
from aetherflow_excel.moving.insertions import Insertion
from aetherflow_excel.moving.moves import Moves
from aetherflow_excel.moving.sheet_patcher import sheet_patcher
from aetherflow_excel.moving.survey import survey_sheet
from aetherflow_excel.package.patching import patched
from aetherflow_excel.package.problems import BrokenPart

pytestmark = pytest.mark.unit

SHEETS = ("First", "Data", "Last")
HEAD = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    ' xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"'
    ' xmlns:x15="http://schemas.microsoft.com/office/spreadsheetml/2010/11/main"'
    ' xmlns:new="urn:of-tomorrow"'
    ' xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">'
)
#: Ten rows come in front of row 5 of Data; the data stands in B to D, and its header in row 4.
MOVES = Moves([Insertion("Data", 5, 10, 2, 4, header_row=4)], SHEETS)


def moved(inner, sheet="Data", moves=MOVES, *, is_stale=False):
    xml = f"{HEAD}{inner}</worksheet>".encode()
    result = patched(xml, sheet_patcher(moves, survey_sheet([xml], sheet), is_stale=is_stale)).decode()
    assert result.startswith(HEAD)
    return result.removeprefix(HEAD).removesuffix("</worksheet>")


def rule(sqref, formula):
    return (
        f'<conditionalFormatting sqref="{sqref}"><cfRule type="expression" priority="1">'
        f"<formula>{formula}</formula></cfRule></conditionalFormatting>"
    )


def extension(inner):
    return f'<extLst><ext uri="{{X}}">{inner}</ext></extLst>'


def x14_format(sqref, formula):
    return extension(
        '<x14:conditionalFormattings><x14:conditionalFormatting><x14:cfRule type="dataBar" id="{1}"><x14:dataBar>'
        f'<x14:cfvo type="formula"><xm:f>{formula}</xm:f></x14:cfvo></x14:dataBar></x14:cfRule>'
        f"<xm:sqref>{sqref}</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings>"
    )


def sparkline(formula, cell):
    return extension(
        "<x14:sparklineGroups><x14:sparklineGroup><x14:sparklines><x14:sparkline>"
        f"<xm:f>{formula}</xm:f><xm:sqref>{cell}</xm:sqref>"
        "</x14:sparkline></x14:sparklines></x14:sparklineGroup></x14:sparklineGroups>"
    )


def x14_validation(sqref, formula):
    return extension(
        '<x14:dataValidations count="1"><x14:dataValidation type="list"><x14:formula1>'
        f"<xm:f>{formula}</xm:f></x14:formula1><xm:sqref>{sqref}</xm:sqref></x14:dataValidation></x14:dataValidations>"
    )


def validation(sqref, first, second="9"):
    return (
        f'<dataValidations count="1"><dataValidation type="whole" sqref="{sqref}"><formula1>{first}</formula1>'
        f"<formula2>{second}</formula2></dataValidation></dataValidations>"
    )


def control(flags, first, last, link):
    return (
        '<mc:AlternateContent><mc:Choice Requires="x14"><controls><control shapeId="1" r:id="rId3"><controlPr '
        f'linkedCell="{link}" listFillRange="Data!$B$5:$B$9" macro="[0]!Run9"><anchor{flags}><from><xdr:col>1</xdr:col>'
        f"<xdr:colOff>0</xdr:colOff><xdr:row>{first}</xdr:row><xdr:rowOff>9</xdr:rowOff></from><to><xdr:col>2</xdr:col>"
        f"<xdr:colOff>0</xdr:colOff><xdr:row>{last}</xdr:row><xdr:rowOff>9</xdr:rowOff></to></anchor></controlPr>"
        "</control></controls></mc:Choice></mc:AlternateContent>"
    )


CASES = {
    "a row and its cells": (
        '<sheetData><row r="4"><c r="A4"/></row><row r="5" spans="1:3" ht="30"><c r="A5" s="1"><v>1</v></c></row></sheetData>',
        '<sheetData><row r="4"><c r="A4"/></row><row r="15" spans="1:3" ht="30"><c r="A15" s="1"><v>1</v></c></row></sheetData>',
    ),
    "rows and cells without names": (
        "<sheetData><row/><row><c/></row><row r='4'/><row><c/><c><f>A5</f></c></row></sheetData>",
        '<sheetData><row r="1"/><row r="2"><c/></row><row r=\'4\'/><row r="15"><c/><c><f>A15</f></c></row></sheetData>',
    ),
    "the size of the sheet": ('<dimension ref="A1:C8"/>', '<dimension ref="A1:D18"/>'),
    "the size of a sheet that ends above": ('<dimension ref="A1:C2"/>', '<dimension ref="A1:D14"/>'),
    "merged cells": (
        '<mergeCells count="3"><mergeCell ref="A1:B2"/><mergeCell ref="A4:A6"/><mergeCell ref="B5:C6"/></mergeCells>',
        '<mergeCells count="3"><mergeCell ref="A1:B2"/><mergeCell ref="A4:A16"/><mergeCell ref="B15:C16"/></mergeCells>',
    ),
    "a filter on the header alone": ('<autoFilter ref="B4:D4"/>', '<autoFilter ref="B4:D14"/>'),
    "a filter with rows, and its order": (
        '<autoFilter ref="B4:D9"><filterColumn colId="0"/><sortState ref="B5:D9"><sortCondition ref="C5:C9"/></sortState></autoFilter>',
        '<autoFilter ref="B4:D19"><filterColumn colId="0"/><sortState ref="B5:D19"><sortCondition ref="C5:C19"/></sortState></autoFilter>',
    ),
    "a filter whose header is below": ('<autoFilter ref="B5:D9"/>', '<autoFilter ref="B15:D19"/>'),
    "protected and ignored cells": (
        (
            '<protectedRanges><protectedRange sqref="B5:D5 F5" name="x"/></protectedRanges>'
            '<ignoredErrors><ignoredError sqref="B5:B9 A:A" numberStoredAsText="1"/></ignoredErrors>'
        ),
        (
            '<protectedRanges><protectedRange sqref="B5:D15 F15" name="x"/></protectedRanges>'
            '<ignoredErrors><ignoredError sqref="B5:B19 A:A" numberStoredAsText="1"/></ignoredErrors>'
        ),
    ),
    "scenarios and watched cells": (
        (
            '<scenarios sqref="B9"><scenario name="s"><inputCells r="B7" val="1"/></scenario></scenarios>'
            '<cellWatches><cellWatch r="B5"/></cellWatches>'
        ),
        (
            '<scenarios sqref="B19"><scenario name="s"><inputCells r="B17" val="1"/></scenario></scenarios>'
            '<cellWatches><cellWatch r="B15"/></cellWatches>'
        ),
    ),
    "links": (
        (
            '<hyperlinks><hyperlink ref="A9" location="Data!B9" display="B9"/><hyperlink ref="A3" location="\'Data\'!A5:B6"/>'
            '<hyperlink ref="A9" r:id="rId1" location="Data!B9"/><hyperlink ref="A1" location="Total"/></hyperlinks>'
        ),
        (
            '<hyperlinks><hyperlink ref="A19" location="Data!B19" display="B9"/><hyperlink ref="A3" location="\'Data\'!A5:B16"/>'
            '<hyperlink ref="A19" r:id="rId1" location="Data!B9"/><hyperlink ref="A1" location="Total"/></hyperlinks>'
        ),
    ),
    "breaks of pages": (
        (
            '<rowBreaks count="2"><brk id="3" max="16383" man="1"/><brk id="4" max="16383"/><brk id="8"/></rowBreaks>'
            '<colBreaks><brk id="5" max="1048575" man="1"/><brk id="9" min="2" max="19"/></colBreaks>'
        ),
        (
            '<rowBreaks count="2"><brk id="3" max="16383" man="1"/><brk id="14" max="16383"/><brk id="18"/></rowBreaks>'
            '<colBreaks><brk id="5" max="1048575" man="1"/><brk id="9" min="2" max="29"/></colBreaks>'
        ),
    ),
    "a custom view": (
        '<customSheetViews><customSheetView guid="{1}"><rowBreaks><brk id="8"/></rowBreaks><autoFilter ref="B4:D9"/></customSheetView></customSheetViews>',
        '<customSheetViews><customSheetView guid="{1}"><rowBreaks><brk id="18"/></rowBreaks><autoFilter ref="B4:D19"/></customSheetView></customSheetViews>',
    ),
    "consolidated data": (
        '<dataConsolidate><dataRefs><dataRef ref="B5:D9" sheet="Data"/><dataRef ref="B5:D9" sheet="Last"/><dataRef ref="B5" sheet="Data" r:id="rId1"/></dataRefs></dataConsolidate>',
        '<dataConsolidate><dataRefs><dataRef ref="B5:D19" sheet="Data"/><dataRef ref="B5:D9" sheet="Last"/><dataRef ref="B5" sheet="Data" r:id="rId1"/></dataRefs></dataConsolidate>',
    ),
    "a control that moves and stretches": (
        control(' moveWithCells="1" sizeWithCells="1"', 1, 6, "$C$9"),
        control(' moveWithCells="1" sizeWithCells="1"', 1, 16, "$C$19").replace("$B$9", "$B$19"),
    ),
    "a control that moves": (
        control(' moveWithCells="1"', 5, 6, "C9"),
        control(' moveWithCells="1"', 15, 16, "C19").replace("$B$9", "$B$19"),
    ),
    "a control that stays": (control("", 5, 6, "First!C9"), control("", 5, 6, "First!C9").replace("$B$9", "$B$19")),
    "a format over the data": (rule("B5:D5", "$B5&gt;$C$9"), rule("B5:D15", "$B5&gt;$C$19")),
    "a format over several areas": (rule("B9 F2:F4", "$B2&gt;B$9"), rule("B19 F2:F4", "$B2&gt;B$19")),
    "a format below, of several rows": (rule("A8:A9", "A8&gt;A7"), rule("A18:A19", "A18&gt;A17")),
    "a format below, of one row": (rule("A8:F8", "A8&gt;A4+$A$7"), rule("A18:F18", "A18&gt;A4+$A$17")),
    "a format of whole columns": (rule("A:B", "$A1=B$9"), rule("A:B", "$A1=B$19")),
    "bounds of a scale": (
        '<conditionalFormatting sqref="B5:B9"><cfRule type="colorScale"><colorScale><cfvo type="formula" val="$B$9"/><cfvo type="num" val="10"/><cfvo type="max"/></colorScale></cfRule></conditionalFormatting>',
        '<conditionalFormatting sqref="B5:B19"><cfRule type="colorScale"><colorScale><cfvo type="formula" val="$B$19"/><cfvo type="num" val="10"/><cfvo type="max"/></colorScale></cfRule></conditionalFormatting>',
    ),
    "validated cells": (validation("B5:B5", "$F$5", "C5*2"), validation("B5:B15", "$F$15", "C5*2")),
    "validated by a list": (
        validation("F9", '"B9,C9"', "Data!$B$5:$B$9"),
        validation("F19", '"B9,C9"', "Data!$B$5:$B$19"),
    ),
    "a format of an extension": (x14_format("B5:D5", "$C$9"), x14_format("B5:D15", "$C$19")),
    "a format of an extension with distance": (x14_format("B8:D9", "$C8"), x14_format("B18:D19", "$C18")),
    "cells validated by an extension": (
        x14_validation("F5:F6 B5", "First!$A$1:$A$9"),
        x14_validation("F15:F16 B5:B15", "First!$A$1:$A$9"),
    ),
    "a sparkline of the data": (sparkline("Data!C5:C5", "C2"), sparkline("Data!C5:C15", "C2")),
    "a sparkline in its own row": (sparkline("Data!B5:D5", "E5"), sparkline("Data!B15:D15", "E15")),
    "what an add-in is bound to": (
        extension(
            '<x15:webExtensions><x15:webExtension appRef="{1}"><xm:f>Data!$B$9:$C$10</xm:f></x15:webExtension></x15:webExtensions>'
        ),
        extension(
            '<x15:webExtensions><x15:webExtension appRef="{1}"><xm:f>Data!$B$19:$C$20</xm:f></x15:webExtension></x15:webExtensions>'
        ),
    ),
    "what an extension ignores and protects": (
        extension(
            '<x14:ignoredErrors><x14:ignoredError evalError="1"><xm:sqref>B5</xm:sqref></x14:ignoredError></x14:ignoredErrors>'
            "<x14:protectedRanges><x14:protectedRange name='x'><xm:sqref>A9</xm:sqref></x14:protectedRange></x14:protectedRanges>"
        ),
        extension(
            '<x14:ignoredErrors><x14:ignoredError evalError="1"><xm:sqref>B5:B15</xm:sqref></x14:ignoredError></x14:ignoredErrors>'
            "<x14:protectedRanges><x14:protectedRange name='x'><xm:sqref>A19</xm:sqref></x14:protectedRange></x14:protectedRanges>"
        ),
    ),
    "an unknown extension about what stays": (
        extension('<new:thing ref="A1:B3"><new:f>Data!A2</new:f></new:thing>'),
        extension('<new:thing ref="A1:B3"><new:f>Data!A2</new:f></new:thing>'),
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_each_element_of_a_sheet_follows_its_rows(before, after):
    assert moved(before) == after


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_where_no_rows_are_inserted_the_bytes_stay(before, after):
    if "Data!" not in before and 'sheet="Data"' not in before:
        assert moved(before, sheet="Last") == before
    assert moved(before, moves=Moves([], SHEETS)) == before


FORMULAS = {
    "plain formulas": (
        '<row r="9"><c r="A9"><f>SUM(B5:B8)</f><v>4</v></c><c r="B9"><f>IF(B8&lt;1,"&amp;",B8)</f><v>4</v></c></row>',
        '<row r="19"><c r="A19"><f>SUM(B5:B18)</f><v>4</v></c><c r="B19"><f>IF(B18&lt;1,"&amp;",B18)</f><v>4</v></c></row>',
    ),
    "shared formulas are written out": (
        (
            '<row r="3"><c r="E3"><f t="shared" ref="E3:E6" si="0">D3*E$1+First!A3</f></c></row>'
            '<row r="4"><c r="E4"><f t="shared" si="0"/></c></row><row r="5"><c r="E5"><f t="shared" si="0"></f></c></row>'
            '<row r="6"><c><f t="shared" si="0"/></c></row>'
        ),
        (
            '<row r="3"><c r="E3"><f>D3*E$1+First!A3</f></c></row>'
            '<row r="4"><c r="E4"><f>D4*E$1+First!A4</f></c></row><row r="15"><c r="E15"><f>D15*E$1+First!A5</f></c></row>'
            '<row r="16"><c><f>XFD16*A$1+First!XFA6</f></c></row>'
        ),
    ),
    "shared formulas without cells stay shared": (
        '<row r="4"><c r="E4"><f t="shared" ref="E4:E5" si="7">RAND()</f></c></row><row r="5"><c r="E5"><f t="shared" si="7"/></c></row>',
        '<row r="4"><c r="E4"><f t="shared" ref="E4:E15" si="7">RAND()</f></c></row><row r="15"><c r="E15"><f t="shared" si="7"/></c></row>',
    ),
    "a number of shared formulas used twice": (
        (
            '<row r="6"><c r="A6"><f t="shared" ref="A6:A7" si="0">B6</f></c></row><row r="7"><c r="A7"><f t="shared" si="0"/></c></row>'
            '<row r="8"><c r="A8"><f t="shared" ref="A8:A9" si="0">C8</f></c></row><row r="9"><c r="A9"><f t="shared" si="0"/></c></row>'
        ),
        (
            '<row r="16"><c r="A16"><f>B16</f></c></row><row r="17"><c r="A17"><f>B17</f></c></row>'
            '<row r="18"><c r="A18"><f>C18</f></c></row><row r="19"><c r="A19"><f>C19</f></c></row>'
        ),
    ),
    "an array formula below": (
        '<row r="8"><c r="A8"><f t="array" ref="A8:A9">B5:B6*2</f><v>2</v></c></row>',
        '<row r="18"><c r="A18"><f t="array" ref="A18:A19">B5:B16*2</f><v>2</v></c></row>',
    ),
    "a data table below": (
        '<row r="8"><c r="B8"><f t="dataTable" ref="B8:C9" dt2D="1" dtr="1" r1="A5" r2="A2"/><v>2</v></c></row>',
        '<row r="18"><c r="B18"><f t="dataTable" ref="B18:C19" dt2D="1" dtr="1" r1="A15" r2="A2"/><v>2</v></c></row>',
    ),
}


@pytest.mark.parametrize(("before", "after"), FORMULAS.values(), ids=FORMULAS)
def test_formulas_in_cells_follow_their_rows(before, after):
    assert moved(f"<sheetData>{before}</sheetData>") == f"<sheetData>{after}</sheetData>"


def test_shared_formulas_of_another_sheet_are_written_out_where_they_name_the_moved_one():
    before = (
        '<sheetData><row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">Data!B4+C1</f></c>'
        '<c r="B1"><f t="shared" ref="B1:B2" si="1">C1*2</f></c></row>'
        '<row r="2"><c r="A2"><f t="shared" si="0"/></c><c r="B2"><f t="shared" si="1"/></c></row></sheetData>'
    )
    assert moved(before, sheet="Last") == (
        '<sheetData><row r="1"><c r="A1"><f>Data!B4+C1</f></c>'
        '<c r="B1"><f t="shared" ref="B1:B2" si="1">C1*2</f></c></row>'
        '<row r="2"><c r="A2"><f>Data!B15+C2</f></c><c r="B2"><f t="shared" si="1"/></c></row></sheetData>'
    )


def test_old_values_of_formulas_are_left_out_with_their_kind():
    before = (
        '<sheetData><row r="1"><c r="A1" s="2" t="str"><f>B1</f><v>old</v></c><c r="B1" t="b"><f>C1&gt;1</f><v>1</v></c>'
        '<c r="C1" t="b"><v>1</v></c><c r="D1" t="s"><v>0</v></c><c r="E1" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
        '<row r="2"><c r="A2"><f t="array" ref="A2:B2">C2:D2</f><v>1</v></c><c r="B2" t="e"><v>#N/A</v></c><c r="C2"><v>3</v></c>'
        "</row></sheetData>"
    )
    assert moved(before, sheet="Last", is_stale=True) == (
        '<sheetData><row r="1"><c r="A1" s="2"><f>B1</f></c><c r="B1"><f>C1&gt;1</f></c>'
        '<c r="C1" t="b"><v>1</v></c><c r="D1" t="s"><v>0</v></c><c r="E1"><f>1/0</f></c></row>'
        '<row r="2"><c r="A2"><f t="array" ref="A2:B2">C2:D2</f></c><c r="B2"></c><c r="C2"><v>3</v></c>'
        "</row></sheetData>"
    )


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        (
            '<sheetData><row r="4"><c r="F4"><f t="array" ref="F4:F6">B4:B6*2</f></c></row></sheetData>',
            "an array formula of sheet 'Data', at F4",
        ),
        (
            '<sheetData><row r="4"><c r="F4"><f t="dataTable" ref="F4:G6" r1="A1"/></c></row></sheetData>',
            "a data table of sheet 'Data', at F4",
        ),
        (extension('<new:thing ref="A1:B9"/>'), "an extension '{urn:of-tomorrow}thing'"),
        (extension("<new:thing><new:f>Data!A9</new:f></new:thing>"), "an extension '{urn:of-tomorrow}f'"),
        (extension("<x14:unheard><xm:sqref>A9</xm:sqref></x14:unheard>"), "an extension 'xm:sqref'"),
        ('<sheetData><row r="9"><c r="A9"><f>SUM(First:Last!A9)</f></c></row></sheetData>', "'First:Last!A9'"),
        ('<sheetData><row r="1048570"/></sheetData>', "row 1,048,570 of sheet 'Data'"),
    ],
)
def test_what_nobody_can_move_is_refused_by_name(inner, said):
    with pytest.raises(StepError) as caught:
        moved(inner)
    assert caught.value.problem.code == "AF-EXCEL-MOVE"
    assert said in str(caught.value)
    assert caught.value.problem.help


@pytest.mark.parametrize(
    "inner",
    [
        '<sheetData><row r="x"/></sheetData>',
        '<sheetData><row r="1"><c r="1A"/></row></sheetData>',
        '<sheetData><row r="1"><c><f t="array" ref="nowhere">A1</f></c></row></sheetData>',
        '<rowBreaks><brk id="-1"/></rowBreaks>',
        '<dimension ref="everything"/>',
        control("", "first", 2, "A1"),
    ],
)
def test_broken_numbers_are_told_as_a_broken_part(inner):
    with pytest.raises(BrokenPart, match="stands where a"):
        moved(inner)


def test_a_survey_tells_what_finds_cells_in_ways_that_nobody_can_follow():
    xml = f'{HEAD}<sheetData><row><c><f>INDIRECT("A9")</f></c><c><f>SUM(INDIRECT(B1))+OFFSET(A1,1,1)</f></c><c><f>HYPERLINK("#Data!A9")</f></c><c><f>HYPERLINK("x")</f></c></row></sheetData></worksheet>'
    assert survey_sheet([xml.encode()], "Data").warnings == [
        "sheet 'Data': INDIRECT in cell A1 and 1 more: what it finds by text or by number does not move with inserted rows",
        "sheet 'Data': OFFSET in cell B1: what it finds by text or by number does not move with inserted rows",
        "sheet 'Data': HYPERLINK in cell C1: what it finds by text or by number does not move with inserted rows",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<dimension ref="A1:C8"/>', '<dimension ref="A1:F20"/>'),
        ('<dimension ref="H30"/>', '<dimension ref="D2:H30"/>'),
    ],
)
def test_a_sheet_goes_as_far_as_what_is_filled_in_without_new_rows(before, after):
    xml = f"{HEAD}{before}</worksheet>".encode()
    filled = [CellRange.parse("D2:F20")]
    patcher = sheet_patcher(Moves([], SHEETS), survey_sheet([xml], "Data"), is_stale=False, filled=filled)
    assert patched(xml, patcher).decode() == f"{HEAD}{after}</worksheet>"


def test_the_patcher_tells_where_a_row_is_now():
    xml = f'{HEAD}<sheetData><row r="4"/><row r="5"/></sheetData></worksheet>'.encode()
    patcher = sheet_patcher(MOVES, survey_sheet([xml], "Data"), is_stale=False)
    seen = []
    for tag, attributes in (("main:row", {"r": "4"}), ("main:row", {"r": "5"}), ("main:row", {})):
        patcher.start(tag, attributes)
        seen.append((patcher.place.row, patcher.row))
    assert seen == [(4, 4), (5, 15), (6, 16)]
