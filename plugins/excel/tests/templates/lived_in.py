"""A workbook as it looks after years in Excel, with everything that XML allows: a mark in front, line ends of Windows,
quotes of both kinds, comments, instructions, CDATA, characters written as numbers, rich text, and markup for programs
of other years around controls, with a view of a user's own.

The list is that of `frame.py`, but its marker is rich text with a no-break space; the columns B to E of rows 4 to 7
are a table, whose last column is computed.
"""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.parts import (
    MAIN,
    RELATIONS,
    SHEET_ML,
    content_types,
    override,
    relationships,
    write_parts,
)
from plugins.excel.tests.templates.record import Expected, Target, Template

MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
X14AC = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac"
XDR = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
VIEW = "{11111111-2222-4333-8444-555555555555}"

WORKBOOK = f"""<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}" xmlns:mc="{MC}" mc:Ignorable="x15 xr"
 xmlns:x15="http://schemas.microsoft.com/office/spreadsheetml/2010/11/main"
 xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision"><fileVersion appName="xl" lastEdited="7"/>
<workbookPr codeName="ThisWorkbook"/><xr:revisionPtr revIDLastSave="0" documentId="x" xr6:coauthVersionLast="47"
 xmlns:xr6="http://schemas.microsoft.com/office/spreadsheetml/2016/revision6"/><bookViews><workbookView/></bookViews>
<sheets><sheet name="Report" sheetId="7" r:id="rId1"/></sheets><definedNames>
<definedName name="_xlnm.Print_Area" localSheetId="0">Report!$A$1:$E$12,Report!$G$1:$H$4</definedName>
<definedName name="Z_{VIEW[1:-1].replace("-", "_")}_.wvu.PrintArea" localSheetId="0" hidden="1">Report!$A$1:$E$9</definedName>
<definedName name="Total" comment="&lt;the total&gt;">Report!$C$9</definedName></definedNames>
<calcPr calcId="191029" calcMode="auto"/><customWorkbookViews><customWorkbookView name="Ada" guid="{VIEW}" windowWidth="1"
 windowHeight="1" activeSheetId="7"/></customWorkbookViews></workbook>"""
SHEET = f"""<worksheet xmlns='{MAIN}' xmlns:r="{RELATIONS}" xmlns:mc="{MC}" mc:Ignorable="x14ac" xmlns:x14ac="{X14AC}">
<?keep this?><!-- <row r="5"/> --><sheetPr codeName="Sheet1"/><dimension ref="A1:E12"/><sheetViews><sheetView workbookViewId="0">
<pane ySplit="4" topLeftCell="A5" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft" activeCell="C9" sqref="C9"/>
</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15" x14ac:dyDescent="0.25"/><cols><col min="2" max="2" width="20"
 customWidth="1"/></cols><sheetData>
<row r="3" spans="2:4" x14ac:dyDescent="0.25"><c r="B3" t="s"><v>0</v></c></row>
<row r='4' spans='2:5'><c r='B4' t='s'><v>1</v></c><c r='C4' t='s'><v>2</v></c><c r='D4' t='s'><v>3</v></c><c r="E4" t="s"><v>4</v></c></row>
<row r="5" thickBot="1"/><row r="6"><c r="E6"><f>lists[[#This Row],[Count]]*2</f><v>0</v></c></row>
<row r="7"><c r="B7" t="inlineStr"><is><t xml:space="preserve"> a &lt;b&gt; </t></is></c></row>
<row r="9" ht="20" customHeight="1"><c r="B9" t="s"><v>5</v></c><c r="C9"><f><![CDATA[SUM(C5:C7)]]></f><v>0</v></c>
<c r="D9" t="str"><f xml:space="preserve">TEXT(C9,"0")&amp;" &lt;"&#38;C5:C5&amp;">"</f><v>0 &lt;0&gt;</v></c></row>
<row r="10"><c r="A10" t="b"><v>1</v></c><c r="B10" t="e"><v>#N/A</v></c><c r="C10" t="d"><v>2024-02-29T00:00:00Z</v></c></row>
<row r="12"><c r="C12"><f>C9&#10;+1</f><v>1</v></c></row></sheetData>
<customSheetViews><customSheetView guid="{VIEW}" printArea="1"><selection activeCell="C9" sqref="C9"/><rowBreaks count="1"
 manualBreakCount="1"><brk id="9" max="16383" man="1"/></rowBreaks><pageMargins left="1" right="1" top="1" bottom="1" header="1"
 footer="1"/></customSheetView></customSheetViews><phoneticPr fontId="0"/>
<pageMargins left="1" right="1" top="1" bottom="1" header="1" footer="1"/>
<colBreaks count="1" manualBreakCount="1"><brk id="5" max="1048575" man="1"/></colBreaks><drawing r:id="rId1"/><legacyDrawing r:id="rId2"/>
<mc:AlternateContent><mc:Choice Requires="x14"><controls><mc:AlternateContent><mc:Choice Requires="x14"><control shapeId="1025" r:id="rId3"
 name="Drop Down 1"><controlPr defaultSize="0" autoLine="0" autoPict="0"><anchor moveWithCells="1"><from><xdr:col xmlns:xdr="{XDR}">6</xdr:col>
<xdr:colOff xmlns:xdr="{XDR}">0</xdr:colOff><xdr:row xmlns:xdr="{XDR}">8</xdr:row><xdr:rowOff xmlns:xdr="{XDR}">0</xdr:rowOff></from><to>
<xdr:col xmlns:xdr="{XDR}">7</xdr:col><xdr:colOff xmlns:xdr="{XDR}">0</xdr:colOff><xdr:row xmlns:xdr="{XDR}">9</xdr:row>
<xdr:rowOff xmlns:xdr="{XDR}">0</xdr:rowOff></to></anchor></controlPr></control></mc:Choice></mc:AlternateContent></controls></mc:Choice>
</mc:AlternateContent><tableParts count="1"><tablePart r:id="rId4"/></tableParts></worksheet>"""
STRINGS = f"""<sst xmlns="{MAIN}" count="6" uniqueCount="6"><si><r><rPr><b/></rPr><t xml:space="preserve"> THE</t></r><r><t xml:space="preserve">\u00a0 </t>
</r><r><t>ROWS</t></r><rPh sb="0" eb="1"><t>no</t></rPh><phoneticPr fontId="0"/></si><si><t>City</t></si><si><t>Count</t></si><si><t>Share</t></si>
<si><t>Twice</t></si><si><t>Total</t></si></sst>"""
TABLE = f"""<table xmlns="{MAIN}" id="1" name="lists" displayName="lists" ref="B4:E7" totalsRowShown="0"><autoFilter ref="B4:E7"><filterColumn
 colId="1"/></autoFilter><sortState ref="B5:E7"><sortCondition ref="C5:C7"/></sortState><tableColumns count="4"><tableColumn id="1" name="City"/>
<tableColumn id="2" name="Count"/><tableColumn id="3" name="Share"/><tableColumn id="4" name="Twice"><calculatedColumnFormula>lists[[#This Row],[Count]]*Report!$C$9
</calculatedColumnFormula></tableColumn></tableColumns><tableStyleInfo name="TableStyleLight1"/></table>"""
CONTROL = """<formControlPr xmlns="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" objectType="Drop" dropStyle="combo"
 fmlaLink="$C$12" fmlaRange="$B$5:$B$7" noThreeD="1" sel="0" val="0"/>"""
LEGACY = """<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel">
<v:shapetype id="_x0000_t201" coordsize="21600,21600" o:spt="201" path="m,l,21600r21600,l21600,xe"/><v:shape id="_x0000_s1025" type="#_x0000_t201"
 style='position:absolute;margin-left:1pt'><x:ClientData ObjectType="Drop"><x:SizeWithCells/><x:Anchor>
    6, 0, 8, 0, 7, 0, 9, 0</x:Anchor><x:FmlaLink>$C$12</x:FmlaLink><x:FmlaRange>$B$5:$B$7</x:FmlaRange><x:Val>0</x:Val></x:ClientData></v:shape></xml>"""
_SHAPE = """<xdr:sp macro="" textlink="{link}"><xdr:nvSpPr><xdr:cNvPr id="{id}" name="{name}"/><xdr:cNvSpPr/></xdr:nvSpPr><xdr:spPr><a:xfrm>
<a:off x="0" y="0"/><a:ext cx="9525" cy="9525"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:sp>"""
_GROUP = f"""<xdr:grpSp><xdr:nvGrpSpPr><xdr:cNvPr id="2" name="Group"/><xdr:cNvGrpSpPr/></xdr:nvGrpSpPr><xdr:grpSpPr/>
{_SHAPE.format(link="$C$9", id=3, name="Inner")}</xdr:grpSp><xdr:clientData/>"""
_PLACE = "<xdr:col>6</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{row}</xdr:row><xdr:rowOff>0</xdr:rowOff>"
DRAWING = f"""<xdr:wsDr xmlns:xdr="{XDR}" xmlns:a="{A}">
<xdr:twoCellAnchor editAs="oneCell"><xdr:from>{_PLACE.format(row=1)}</xdr:from><xdr:to>{_PLACE.format(row=6)}</xdr:to>{_GROUP}</xdr:twoCellAnchor>
<xdr:oneCellAnchor><xdr:from>{_PLACE.format(row=10)}</xdr:from><xdr:ext cx="9525" cy="9525"/>{_SHAPE.format(link="Total", id=4, name="One")}
<xdr:clientData/></xdr:oneCellAnchor>
<xdr:absoluteAnchor><xdr:pos x="0" y="0"/><xdr:ext cx="9525" cy="9525"/>{_SHAPE.format(link="", id=5, name="Fixed")}<xdr:clientData/></xdr:absoluteAnchor>
</xdr:wsDr>"""
STYLES = f"""<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill>
<patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>
<cellXfs count="1"><xf xfId="0"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""


def write(path: Path) -> None:
    sheet = f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n{SHEET}'.replace("\n", "\r\n")
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": content_types(
            '<Default Extension="vml" ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/>',
            override("xl/workbook.xml", f"{SHEET_ML}.sheet.main+xml"),
            override("xl/worksheets/sheet1.xml", f"{SHEET_ML}.worksheet+xml"),
            override("xl/styles.xml", f"{SHEET_ML}.styles+xml"),
            override("xl/sharedStrings.xml", f"{SHEET_ML}.sharedStrings+xml"),
            override("xl/tables/table1.xml", f"{SHEET_ML}.table+xml"),
            override("xl/drawings/drawing1.xml", "application/vnd.openxmlformats-officedocument.drawing+xml"),
            override("xl/ctrlProps/ctrlProp1.xml", "application/vnd.ms-excel.controlproperties+xml"),
        ),
        "_rels/.rels": relationships(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": relationships(
            ("rId1", "worksheet", "worksheets/sheet1.xml"),
            ("rId2", "styles", "styles.xml"),
            ("rId3", "sharedStrings", "sharedStrings.xml"),
        ),
        "xl/worksheets/sheet1.xml": b"\xef\xbb\xbf" + sheet.encode(),
        "xl/worksheets/_rels/sheet1.xml.rels": relationships(
            ("rId1", "drawing", "../drawings/drawing1.xml"),
            ("rId2", "vmlDrawing", "../drawings/vmlDrawing1.vml"),
            ("rId3", "ctrlProp", "../ctrlProps/ctrlProp1.xml"),
            ("rId4", "table", "../tables/table1.xml"),
        ),
        "xl/sharedStrings.xml": STRINGS,
        "xl/styles.xml": STYLES,
        "xl/tables/table1.xml": TABLE,
        "xl/drawings/drawing1.xml": DRAWING,
        "xl/drawings/vmlDrawing1.vml": LEGACY.encode(),
        "xl/ctrlProps/ctrlProp1.xml": CONTROL,
    }
    write_parts(path, parts)


TEMPLATE = Template(
    name="lived_in",
    make=write,
    targets=(
        # Blanks around a marker, and of whatever kind between its words, do not count.
        Target(sheet="Report", anchor="THE ROWS", lands={"replace": "B5", "below": "B5"}),
    ),
    replaced=Expected(values={"Report!C9": 60.0, "Report!C12": 61.0}),
    inserted=Expected(
        facts={
            "Report formulas": {
                "E5": "lists[[#This Row],[Count]]*Report!$C$12",
                "E6": "lists[[#This Row],[Count]]*Report!$C$12",
                "E7": "lists[[#This Row],[Count]]*Report!$C$12",
                "E9": "lists[[#This Row],[Count]]*2",
                "C12": "SUM(C5:C10)",
                "D12": 'TEXT(C12,"0")&" <"&C5:C8&">"',
                "C15": "C12\n+1",
            },
            "names": {
                "Report!_xlnm.Print_Area": "Report!$A$1:$E$15,Report!$G$1:$H$4",
                "Report!Z_11111111_2222_4333_8444_555555555555_.wvu.PrintArea": "Report!$A$1:$E$12",
                "Total": "Report!$C$12",
            },
            "tables": {
                "lists": "B4:E10, filter B4:E10, column lists[[#This Row],[Count]]*Report!$C$12\n, sorted B5:E10"
            },
            "Report rows": {12: "ht=20"},
            "Report breaks": [12],
            # The first keeps its size, the second moves with its row.
            "Report drawing": ["1-6 Group $C$12", "13 One Total", "Fixed"],
            "Report controls": ["11-12 fmlaLink $C$15 fmlaRange $B$5:$B$10"],
            "Report legacy shapes": ["Drop rows 11-12 FmlaLink $C$15 FmlaRange $B$5:$B$10"],
        },
        values={"Report!C12": 60.0, "Report!C15": 61.0},
        changed=frozenset(
            {
                "xl/tables/table1.xml",
                "xl/drawings/drawing1.xml",
                "xl/drawings/vmlDrawing1.vml",
                "xl/ctrlProps/ctrlProp1.xml",
            }
        ),
    ),
)
