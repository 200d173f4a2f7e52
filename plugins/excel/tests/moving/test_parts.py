"""All parts but worksheets after rows were inserted; the expected XML is written by hand."""

from __future__ import annotations

import pytest

from aetherflow.kernel.api import StepError
from aetherflow_excel.moving.insertions import Insertion
from aetherflow_excel.moving.moves import Moves
from aetherflow_excel.moving.parts import DROPPED_TYPES, Part, moved_target, part_patcher, readable
from aetherflow_excel.package.patching import patched

pytestmark = pytest.mark.unit

SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml."
DRAWINGS = "application/vnd.openxmlformats-officedocument."
EXCEL = "application/vnd.ms-excel."
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
CHART = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    ' xmlns:c15="http://schemas.microsoft.com/office/drawing/2012/chart"'
)
DRAWING = (
    'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main"'
)
VML = 'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:x="urn:schemas-microsoft-com:office:excel"'
#: Ten rows come in front of row 5 of Data; the data stands in B to D, and its header in row 4.
MOVES = Moves([Insertion("Data", 5, 10, 2, 4, header_row=4)], ("First", "Data"), anchored_names=["Begin"])


def moved(content_type, xml, sheet="Data", moves=MOVES, warnings=None):
    part = Part("xl/part.xml", content_type, sheet, lambda: [xml.encode()])
    patcher = part_patcher(moves, part, [] if warnings is None else warnings)
    return xml if patcher is None else patched(xml.encode(), patcher).decode()


def workbook(names, tail='<calcPr calcId="191029"/>'):
    return f"<workbook {MAIN}><sheets/><definedNames>{names}</definedNames>{tail}</workbook>"


def table(ref, inner="", **attributes):
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<table {MAIN} id="1" ref="{ref}"{more}>{inner}</table>'


def corner(name, row, offset=9):
    return f"<xdr:{name}><xdr:col>1</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{row}</xdr:row><xdr:rowOff>{offset}</xdr:rowOff></xdr:{name}>"


def anchored(first, last, offset=9, how="", text="$B$9"):
    return (
        f"<xdr:wsDr {DRAWING}><xdr:twoCellAnchor{how}>{corner('from', first)}{corner('to', last, offset)}"
        f'<xdr:sp macro="" textlink="{text}"/></xdr:twoCellAnchor></xdr:wsDr>'
    )


def series(name, categories, values, caches=("",) * 3):
    return (
        f"<c:chartSpace {CHART}><c:ser><c:tx><c:strRef><c:f>{name}</c:f>{caches[0]}</c:strRef></c:tx>"
        f"<c:cat><c:strRef><c:f>{categories}</c:f>{caches[1]}</c:strRef></c:cat>"
        f"<c:val><c:numRef><c:f>{values}</c:f>{caches[2]}</c:numRef></c:val></c:ser></c:chartSpace>"
    )


STRINGS = '<c:strCache><c:ptCount val="1"/><c:pt idx="0"><c:v>x</c:v></c:pt></c:strCache>'
NUMBERS = '<c:numCache><c:formatCode>General</c:formatCode><c:ptCount val="1"/></c:numCache>'


def note(row, first, last, kind="Note", flags="<x:MoveWithCells/><x:SizeWithCells/>"):
    return (
        f'<xml {VML}><v:shape id="s1"><x:ClientData ObjectType="{kind}">{flags}'
        f"<x:Anchor>\n 3, 15, {first}, 10, 5, 31, {last}, 9</x:Anchor><x:Row>{row}</x:Row><x:Column>2</x:Column>"
        f"</x:ClientData></v:shape></xml>"
    )


def button(first, last, flags="", link="$B$9"):
    return (
        f'<xml {VML}><v:shape id="s1"><x:ClientData ObjectType="Drop">{flags}'
        f"<x:Anchor>3, 15, {first}, 10, 5, 31, {last}, 9</x:Anchor><x:FmlaMacro>[0]!B9</x:FmlaMacro>"
        f"<x:FmlaLink>{link}</x:FmlaLink><x:FmlaRange>Data!$B$5:$B$9</x:FmlaRange></x:ClientData></v:shape></xml>"
    )


def cache(source, attributes=""):
    return f'<pivotCacheDefinition {MAIN}{attributes}><cacheSource type="worksheet">{source}</cacheSource></pivotCacheDefinition>'


WORKBOOK = SHEETS + "sheet.main+xml"
CASES = {
    "names": (
        WORKBOOK,
        workbook(
            '<definedName name="Total">Data!$B$9</definedName><definedName name="begin">Data!$B$5</definedName>'
            '<definedName name="_xlnm.Print_Area" localSheetId="1">Data!$A$1:$D$9</definedName>'
            '<definedName name="_xlnm.Print_Titles" localSheetId="1">Data!$A:$B,Data!$1:$4</definedName>'
            '<definedName name="_xlnm._FilterDatabase" localSheetId="1" hidden="1">Data!$B$4:$D$4</definedName>'
            '<definedName name="Here" localSheetId="1">$B$9</definedName><definedName name="Rate">0.19</definedName>'
        ),
        workbook(
            '<definedName name="Total">Data!$B$19</definedName><definedName name="begin">Data!$B$5</definedName>'
            '<definedName name="_xlnm.Print_Area" localSheetId="1">Data!$A$1:$D$19</definedName>'
            '<definedName name="_xlnm.Print_Titles" localSheetId="1">Data!$A:$B,Data!$1:$4</definedName>'
            '<definedName name="_xlnm._FilterDatabase" localSheetId="1" hidden="1">Data!$B$4:$D$14</definedName>'
            '<definedName name="Here" localSheetId="1">$B$19</definedName><definedName name="Rate">0.19</definedName>',
            '<calcPr calcId="191029" fullCalcOnLoad="1"/>',
        ),
    ),
    "a workbook with macros, without settings of its calculation": (
        EXCEL + "sheet.macroEnabled.main+xml",
        workbook("", '<pivotCaches><pivotCache cacheId="1"/></pivotCaches>'),
        workbook("", f'<calcPr {MAIN} fullCalcOnLoad="1"/><pivotCaches><pivotCache cacheId="1"/></pivotCaches>'),
    ),
    "a template that ends with its names": (
        SHEETS + "template.main+xml",
        workbook("", ""),
        workbook("", f'<calcPr {MAIN} fullCalcOnLoad="1"/>'),
    ),
    "a table that is a header and an empty row": (
        SHEETS + "table+xml",
        table("B4:D5", '<autoFilter ref="B4:D5"/><sortState ref="B5:D5"><sortCondition ref="B5:B5"/></sortState>'),
        table("B4:D15", '<autoFilter ref="B4:D15"/><sortState ref="B5:D15"><sortCondition ref="B5:B15"/></sortState>'),
    ),
    "a table whose totals come right after the data": (
        SHEETS + "table+xml",
        table("B3:D5", '<autoFilter ref="B3:D4"/>', totalsRowCount=1),
        table("B3:D15", '<autoFilter ref="B3:D14"/>', totalsRowCount=1),
    ),
    "a table below": (
        SHEETS + "table+xml",
        table("B5:D9", '<autoFilter ref="B5:D9"/>'),
        table("B15:D19", '<autoFilter ref="B15:D19"/>'),
    ),
    "a table without a header": (
        SHEETS + "table+xml",
        table("B5:D9", headerRowCount=0),
        table("B5:D19", headerRowCount=0),
    ),
    "a table of which programs show an empty row": (
        SHEETS + "table+xml",
        table("B4:D5", insertRow=1),
        table("B4:D15"),
    ),
    "a table above": (SHEETS + "table+xml", table("B1:D3"), table("B1:D3")),
    "the formulas of a table": (
        SHEETS + "table+xml",
        table(
            "B4:D9",
            "<tableColumn><calculatedColumnFormula>B5*$C$9*Sales[x]</calculatedColumnFormula><totalsRowFormula>SUM(B5:B8)</totalsRowFormula></tableColumn>",
            totalsRowCount=1,
        ),
        table(
            "B4:D19",
            "<tableColumn><calculatedColumnFormula>B5*$C$19*Sales[x]</calculatedColumnFormula><totalsRowFormula>SUM(B5:B18)</totalsRowFormula></tableColumn>",
            totalsRowCount=1,
        ),
    ),
    "comments": (
        SHEETS + "comments+xml",
        f'<comments {MAIN}><commentList><comment ref="B4"/><comment ref="B5"><text><t>B5</t></text></comment></commentList></comments>',
        f'<comments {MAIN}><commentList><comment ref="B4"/><comment ref="B15"><text><t>B5</t></text></comment></commentList></comments>',
    ),
    "threaded comments": (
        EXCEL + "threadedcomments+xml",
        '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"><threadedComment ref="B5" id="{1}"/></ThreadedComments>',
        '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"><threadedComment ref="B15" id="{1}"/></ThreadedComments>',
    ),
    "the state of a control": (
        EXCEL + "controlproperties+xml",
        '<formControlPr xmlns="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" objectType="Drop" fmlaLink="$B$9" fmlaRange="Data!$B$5:$B$9" fmlaGroup="First!$A$9" val="3"/>',
        '<formControlPr xmlns="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" objectType="Drop" fmlaLink="$B$19" fmlaRange="Data!$B$5:$B$19" fmlaGroup="First!$A$9" val="3"/>',
    ),
    "cells of an XML map": (
        SHEETS + "tableSingleCells+xml",
        f'<singleXmlCells {MAIN}><singleXmlCell id="1" r="B9"/></singleXmlCells>',
        f'<singleXmlCells {MAIN}><singleXmlCell id="1" r="B19"/></singleXmlCells>',
    ),
    "a parameter of a connection": (
        SHEETS + "connections+xml",
        f'<connections {MAIN}><connection id="1"><parameters><parameter cell="Data!$B$9"/></parameters></connection></connections>',
        f'<connections {MAIN}><connection id="1"><parameters><parameter cell="Data!$B$19"/></parameters></connection></connections>',
    ),
    "a view of a sheet": (
        EXCEL + "namedsheetviews+xml",
        '<namedSheetViews xmlns="http://schemas.microsoft.com/office/spreadsheetml/2019/namedsheetviews"><namedSheetView><nsvFilter ref="B4:D9"><sortRules><sortRule><richSortCondition ref="B5:B9"/></sortRule></sortRules></nsvFilter></namedSheetView></namedSheetViews>',
        '<namedSheetViews xmlns="http://schemas.microsoft.com/office/spreadsheetml/2019/namedsheetviews"><namedSheetView><nsvFilter ref="B4:D19"><sortRules><sortRule><richSortCondition ref="B5:B19"/></sortRule></sortRules></nsvFilter></namedSheetView></namedSheetViews>',
    ),
    "an object that spans the place": (DRAWINGS + "drawing+xml", anchored(1, 6), anchored(1, 16, text="$B$19")),
    "an object below": (DRAWINGS + "drawing+xml", anchored(4, 9, text=""), anchored(14, 19, text="")),
    "an object above": (DRAWINGS + "drawing+xml", anchored(0, 3), anchored(0, 3, text="$B$19")),
    "an object that ends at the upper edge of the row": (
        DRAWINGS + "drawing+xml",
        anchored(0, 4, 0),
        anchored(0, 4, 0, text="$B$19"),
    ),
    "an object that keeps its size": (
        DRAWINGS + "drawing+xml",
        anchored(1, 6, how=' editAs="oneCell"'),
        anchored(1, 6, how=' editAs="oneCell"', text="$B$19"),
    ),
    "an object that keeps its size, below": (
        DRAWINGS + "drawing+xml",
        anchored(5, 9, how=' editAs="oneCell"'),
        anchored(15, 19, how=' editAs="oneCell"', text="$B$19"),
    ),
    "an object that stays": (
        DRAWINGS + "drawing+xml",
        anchored(5, 9, how=' editAs="absolute"'),
        anchored(5, 9, how=' editAs="absolute"', text="$B$19"),
    ),
    "objects of all kinds": (
        DRAWINGS + "drawing+xml",
        (
            f"<xdr:wsDr {DRAWING}><xdr:absoluteAnchor><xdr:pos/></xdr:absoluteAnchor><mc:AlternateContent><mc:Choice>"
            f'<xdr:oneCellAnchor>{corner("from", 9)}<xdr:ext/><xdr:pic><a14:cameraTool cellRange="Data!$B$9:$C$9"/></xdr:pic>'
            f"</xdr:oneCellAnchor></mc:Choice></mc:AlternateContent><xdr:twoCellAnchor>{corner('from', 4)}{corner('to', 5)}</xdr:twoCellAnchor></xdr:wsDr>"
        ),
        (
            f"<xdr:wsDr {DRAWING}><xdr:absoluteAnchor><xdr:pos/></xdr:absoluteAnchor><mc:AlternateContent><mc:Choice>"
            f'<xdr:oneCellAnchor>{corner("from", 19)}<xdr:ext/><xdr:pic><a14:cameraTool cellRange="Data!$B$19:$C$19"/></xdr:pic>'
            f"</xdr:oneCellAnchor></mc:Choice></mc:AlternateContent><xdr:twoCellAnchor>{corner('from', 14)}{corner('to', 15)}</xdr:twoCellAnchor></xdr:wsDr>"
        ),
    ),
    "a shape on a chart": (
        DRAWINGS + "drawingml.chartshapes+xml",
        '<c:userShapes xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" xmlns:cdr="http://schemas.openxmlformats.org/drawingml/2006/chartDrawing"><cdr:sp textlink="Data!$B$9"/></c:userShapes>',
        '<c:userShapes xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" xmlns:cdr="http://schemas.openxmlformats.org/drawingml/2006/chartDrawing"><cdr:sp textlink="Data!$B$19"/></c:userShapes>',
    ),
    "a chart of the data": (
        DRAWINGS + "drawingml.chart+xml",
        series("Data!$C$4", "Data!$B$5:$B$9", "Data!$C$5", (STRINGS, STRINGS, NUMBERS)),
        series("Data!$C$4", "Data!$B$5:$B$19", "Data!$C$5:$C$15", (STRINGS, "", "")),
    ),
    "a chart of a row below": (
        DRAWINGS + "drawingml.chart+xml",
        series("Data!$A$5", "Data!$B$4:$D$4", "Data!$B$5:$D$5", (STRINGS, STRINGS, NUMBERS)),
        series("Data!$A$15", "Data!$B$4:$D$4", "Data!$B$15:$D$15", (STRINGS, STRINGS, "")),
    ),
    "a chart of another sheet": (
        DRAWINGS + "drawingml.chart+xml",
        series("First!$C$9", "First!$B$5:$B$9", "First!$C$5:$C$9", (STRINGS, STRINGS, NUMBERS)),
        series("First!$C$9", "First!$B$5:$B$9", "First!$C$5:$C$9", (STRINGS, STRINGS, NUMBERS)),
    ),
    "a chart's labels and full ranges": (
        DRAWINGS + "drawingml.chart+xml",
        f"<c:chartSpace {CHART}><c15:datalabelsRange><c15:f>Data!$D$5:$D$9</c15:f><c15:dlblRangeCache/></c15:datalabelsRange><c15:fullRef><c15:sqref>Data!$C$5:$C$9</c15:sqref></c15:fullRef></c:chartSpace>",
        f"<c:chartSpace {CHART}><c15:datalabelsRange><c15:f>Data!$D$5:$D$19</c15:f></c15:datalabelsRange><c15:fullRef><c15:sqref>Data!$C$5:$C$19</c15:sqref></c15:fullRef></c:chartSpace>",
    ),
    "a chart of the newer kind": (
        "application/vnd.ms-office.chartex+xml",
        '<cx:chartSpace xmlns:cx="http://schemas.microsoft.com/office/drawing/2014/chartex"><cx:data id="0"><cx:numDim type="val"><cx:f>Data!$C$5:$C$9</cx:f><cx:lvl ptCount="1"/></cx:numDim></cx:data><cx:tx><cx:txData><cx:f>Data!$C$5</cx:f><cx:v>x</cx:v></cx:txData></cx:tx></cx:chartSpace>',
        '<cx:chartSpace xmlns:cx="http://schemas.microsoft.com/office/drawing/2014/chartex"><cx:data id="0"><cx:numDim type="val"><cx:f>Data!$C$5:$C$19</cx:f></cx:numDim></cx:data><cx:tx><cx:txData><cx:f>Data!$C$15</cx:f><cx:v>x</cx:v></cx:txData></cx:tx></cx:chartSpace>',
    ),
    "the box of a comment goes with its cell": (DRAWINGS + "vmlDrawing", note(8, 7, 11), note(18, 17, 21)),
    "the box of a comment above stays": (DRAWINGS + "vmlDrawing", note(3, 2, 6), note(3, 2, 6)),
    "an old control that stretches": (
        DRAWINGS + "vmlDrawing",
        button(2, 6),
        button(2, 16, link="$B$19").replace("$B$5:$B$9", "$B$5:$B$19"),
    ),
    "an old control that moves": (
        DRAWINGS + "vmlDrawing",
        button(2, 6, "<x:SizeWithCells/>"),
        button(2, 6, "<x:SizeWithCells/>", link="$B$19").replace("$B$5:$B$9", "$B$5:$B$19"),
    ),
    "an old control that stays": (
        DRAWINGS + "vmlDrawing",
        button(5, 6, "<x:MoveWithCells>True</x:MoveWithCells><x:SizeWithCells/>"),
        button(5, 6, "<x:MoveWithCells>True</x:MoveWithCells><x:SizeWithCells/>", link="$B$19").replace(
            "$B$5:$B$9", "$B$5:$B$19"
        ),
    ),
    "a pivot table below": (
        SHEETS + "pivotTable+xml",
        f'<pivotTableDefinition {MAIN} name="P"><location ref="A5:C9" firstHeaderRow="1" firstDataRow="1"/></pivotTableDefinition>',
        f'<pivotTableDefinition {MAIN} name="P"><location ref="A15:C19" firstHeaderRow="1" firstDataRow="1"/></pivotTableDefinition>',
    ),
    "the source of a pivot table": (
        SHEETS + "pivotCacheDefinition+xml",
        cache('<worksheetSource ref="B4:D9" sheet="Data"/>', ' r="1" refreshOnLoad="0"'),
        cache('<worksheetSource ref="B4:D19" sheet="Data"/>', ' r="1" refreshOnLoad="1"'),
    ),
    "a source that is a header and nothing else": (
        SHEETS + "pivotCacheDefinition+xml",
        cache('<worksheetSource ref="B4:D4" sheet="data"/>'),
        cache('<worksheetSource ref="B4:D14" sheet="data"/>', ' refreshOnLoad="1"'),
    ),
    "a source by its name": (
        SHEETS + "pivotCacheDefinition+xml",
        cache('<worksheetSource name="Sales"/>'),
        cache('<worksheetSource name="Sales"/>', ' refreshOnLoad="1"'),
    ),
    "a source on another sheet": (
        SHEETS + "pivotCacheDefinition+xml",
        cache('<worksheetSource ref="B4:D9" sheet="First"/>'),
        cache('<worksheetSource ref="B4:D9" sheet="First"/>'),
    ),
    "a source in another workbook": (
        SHEETS + "pivotCacheDefinition+xml",
        cache(
            '<worksheetSource xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="rId1" ref="B4:D9" sheet="Data"/>'
        ),
        cache(
            '<worksheetSource xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="rId1" ref="B4:D9" sheet="Data"/>'
        ),
    ),
    "links of a drawing": (
        "application/vnd.openxmlformats-package.relationships+xml",
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Target="#Data!B9"/><Relationship Id="r2" Target="../media/B9.png"/></Relationships>',
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Target="#Data!B19"/><Relationship Id="r2" Target="../media/B9.png"/></Relationships>',
    ),
    "a link to another workbook": (
        SHEETS + "externalLink+xml",
        f'<externalLink {MAIN}><externalBook><sheetDataSet><sheetData><row r="9"/></sheetData></sheetDataSet></externalBook></externalLink>',
        f'<externalLink {MAIN}><externalBook><sheetDataSet><sheetData><row r="9"/></sheetData></sheetDataSet></externalBook></externalLink>',
    ),
}


@pytest.mark.parametrize(("content_type", "before", "after"), CASES.values(), ids=CASES)
def test_each_part_follows_the_rows(content_type, before, after):
    assert moved(content_type, before) == after


@pytest.mark.parametrize(("content_type", "before"), [each[:2] for each in CASES.values()], ids=CASES)
def test_a_part_of_another_sheet_moves_only_where_it_names_the_moved_one(content_type, before):
    if "Data" not in before and "data" not in before and ".main+" not in content_type and "name=" not in before:
        assert moved(content_type, before, sheet="First") == before


@pytest.mark.parametrize(
    ("content_type", "xml", "said"),
    [
        (SHEETS + "revisionHeaders+xml", "<headers/>", "the workbook is shared"),
        (
            SHEETS + "pivotTable+xml",
            f'<pivotTableDefinition {MAIN} name="P"><location ref="F4:G9"/></pivotTableDefinition>',
            "the pivot table 'P' of sheet 'Data'",
        ),
        (
            SHEETS + "pivotTable+xml",
            f'<pivotTableDefinition {MAIN} name="P"><location ref="F6:G9" rowPageCount="1"/></pivotTableDefinition>',
            "the pivot table 'P' of sheet 'Data'",
        ),
        (WORKBOOK, workbook('<definedName name="x">SUM(First:Data!$B$9)</definedName>'), "'First:Data!$B$9'"),
    ],
)
def test_what_nobody_can_move_is_refused_by_name(content_type, xml, said):
    with pytest.raises(StepError) as caught:
        moved(content_type, xml)
    assert caught.value.problem.code == "AF-EXCEL-MOVE"
    assert said in str(caught.value)


def test_a_name_that_finds_its_cells_by_text_is_told():
    warnings = []
    xml = workbook('<definedName name="Moving">OFFSET(Data!$B$4,1,0,COUNTA(Data!$B:$B),1)</definedName>')
    moved(WORKBOOK, xml, warnings=warnings)
    assert warnings == ["the name 'Moving' uses OFFSET: what it finds by text or by number does not move"]
    warnings.clear()
    moved(WORKBOOK, xml, moves=Moves([], ("First", "Data")), warnings=warnings)
    assert warnings == []


def test_a_shared_workbook_may_be_filled_without_new_rows():
    assert moved(SHEETS + "revisionHeaders+xml", "<headers/>", moves=Moves([], ("First", "Data"))) == "<headers/>"


def test_a_pivot_table_is_computed_anew_where_its_source_is_filled_without_new_rows():
    moves = Moves([], ("First", "Data"), filled_sheets=["data"])
    kind = SHEETS + "pivotCacheDefinition+xml"
    source = '<worksheetSource ref="B4:D9" sheet="{}"/>'
    assert moved(kind, cache(source.format("Data")), moves=moves) == cache(source.format("Data"), ' refreshOnLoad="1"')
    assert moved(kind, cache(source.format("First")), moves=moves) == cache(source.format("First"))


def test_rows_on_every_page_move_and_do_not_take_in_the_data():
    name = '<definedName name="_xlnm.Print_Titles" localSheetId="1">Data!$5:$6</definedName>'
    assert "Data!$15:$16<" in moved(WORKBOOK, workbook(name))


def test_a_strict_workbook_gets_settings_of_its_own_namespace():
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    after = moved(WORKBOOK, f'<workbook xmlns="{strict}"><sheets/></workbook>')
    assert after == f'<workbook xmlns="{strict}"><sheets/><calcPr xmlns="{strict}" fullCalcOnLoad="1"/></workbook>'


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("#Data!B9", "#Data!B19"),
        ("#'Data'!B9", "#'Data'!B19"),
        ("#%27Data%27!B9", "#'Data'!B19"),
        ("#Total", "#Total"),
        ("#B9", "#B19"),
        ("https://example.org/#Data!B9", "https://example.org/#Data!B9"),
    ],
)
def test_a_link_inside_the_workbook_follows(target, expected):
    assert moved_target(MOVES, target, "Data") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"<font>a<br>b<BR >c<br class='x'>d</font>", b"<font>a<br/>b<BR />c<br class='x'/>d</font>"),
        (b"<font>a<br></br>b</font>", b"<font>a<br></br>b</font>"),
        (b"<font>a<br/>b<br />c<brick>d</brick></font>", b"<font>a<br/>b<br />c<brick>d</brick></font>"),
    ],
)
def test_line_breaks_that_excel_leaves_open_in_old_drawings_are_closed(text, expected):
    assert readable(DRAWINGS + "vmlDrawing", text) == expected
    assert readable(DRAWINGS + "drawing+xml", text) == text


def test_an_old_drawing_with_an_open_line_break_is_moved():
    before = note(8, 7, 11).replace("<x:ClientData", "<v:textbox><div>a<br>b</div></v:textbox><x:ClientData")
    part = Part("xl/drawings/vmlDrawing1.vml", DRAWINGS + "vmlDrawing", "Data", lambda: [before.encode()])
    patcher = part_patcher(MOVES, part, [])
    assert patcher is not None
    assert patched(readable(part.content_type, before.encode()), patcher).decode() == note(18, 17, 21).replace(
        "<x:ClientData", "<v:textbox><div>a<br/>b</div></v:textbox><x:ClientData"
    )


def test_the_chain_of_calculations_is_left_out():
    assert SHEETS + "calcChain+xml" in DROPPED_TYPES
