"""A workbook laden with parts that neither XlsxWriter nor excelize writes, put into one that XlsxWriter wrote.

Threaded comments, a chart of 2014 (a waterfall), validations and formats of 2009, a second part of the workbook's own
XML, a connection, another workbook that is linked, printer settings, the order of calculation, properties of the
user's own, scenarios, watches, a view of a user's own, and comments in UTF-16.
"""

from __future__ import annotations

from pathlib import Path

from plugins.excel.tests.templates.frame import FORMULAS, TARGET, TOTALS_INSERTED, TOTALS_REPLACED, write_frame
from plugins.excel.tests.templates.parts import MAIN, SHEET_ML, change_parts, override, relationship, relationships
from plugins.excel.tests.templates.record import Expected, Template

X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
XM = "http://schemas.microsoft.com/office/excel/2006/main"
OF_2017 = "http://schemas.microsoft.com/office/2017/10/relationships"
THREADS = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
OF_2014 = "http://schemas.microsoft.com/office/2014/relationships/chartEx"
PERSON, THREAD = "{A0000000-0000-4000-8000-000000000001}", "{B0000000-0000-4000-8000-000000000002}"

WATERFALL = """<cx:chartSpace xmlns:cx="http://schemas.microsoft.com/office/drawing/2014/chartex"
 xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><cx:chartData><cx:data id="0">
<cx:strDim type="cat"><cx:f>Report!$B$5:$B$7</cx:f></cx:strDim><cx:numDim type="val"><cx:f>Report!$C$5:$C$7</cx:f></cx:numDim>
</cx:data></cx:chartData><cx:chart><cx:title/><cx:plotArea><cx:plotAreaRegion><cx:series layoutId="waterfall"
 uniqueId="{C0000000-0000-4000-8000-000000000003}"><cx:tx><cx:txData><cx:f>Report!$C$4</cx:f><cx:v>Count</cx:v></cx:txData></cx:tx>
<cx:dataId val="0"/></cx:series></cx:plotAreaRegion><cx:axis id="0"><cx:catScaling/></cx:axis><cx:axis id="1"><cx:valScaling/></cx:axis>
</cx:plotArea></cx:chart></cx:chartSpace>"""
#: Beside the chart that XlsxWriter made.
ANCHOR = """<xdr:twoCellAnchor><xdr:from><xdr:col>5</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>20</xdr:row><xdr:rowOff>0</xdr:rowOff>
</xdr:from><xdr:to><xdr:col>9</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>30</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:to>
<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice Requires="cx1"
 xmlns:cx1="http://schemas.microsoft.com/office/drawing/2015/9/8/chartex"><xdr:graphicFrame macro=""><xdr:nvGraphicFramePr>
<xdr:cNvPr id="9" name="Waterfall"/><xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr><xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/>
</xdr:xfrm><a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/drawing/2014/chartex"><cx:chart
 xmlns:cx="http://schemas.microsoft.com/office/drawing/2014/chartex"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="rId9"/></a:graphicData></a:graphic>
</xdr:graphicFrame></mc:Choice><mc:Fallback/></mc:AlternateContent><xdr:clientData/></xdr:twoCellAnchor>"""
COMMENTS = f"""<?xml version="1.0" encoding="UTF-16"?>
<comments xmlns="{MAIN}"><authors><author>tc={THREAD}</author></authors><commentList><comment ref="C9" authorId="0">
<text><r><t>[Threaded comment] Why żółty?</t></r></text></comment></commentList></comments>"""
THREADED = f"""<ThreadedComments xmlns="{THREADS}"><threadedComment ref="C9" dT="2024-05-01T10:00:00.00" personId="{PERSON}"
 id="{THREAD}"><text>Why?</text></threadedComment></ThreadedComments>"""
PERSONS = f"""<personList xmlns="{THREADS}"><person displayName="Ada" id="{PERSON}" userId="ada" providerId="None"/></personList>"""
OTHER_BOOK = f"""<externalLink xmlns="{MAIN}"><externalBook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"
 r:id="rId1"><sheetNames><sheetName val="Report"/></sheetNames><sheetDataSet><sheetData sheetId="0"><row r="9"><cell r="C9"><v>7</v></cell>
</row></sheetData></sheetDataSet></externalBook></externalLink>"""
CONNECTION = f"""<connections xmlns="{MAIN}"><connection id="1" name="Sales" type="1" refreshedVersion="6"><dbPr connection="DSN=Sales"
 command="select 1"/></connection></connections>"""
EXTENSIONS = f"""<extLst><ext uri="{{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}}" xmlns:x14="{X14}"><x14:dataValidations xmlns:xm="{XM}"
 count="1"><x14:dataValidation type="list" allowBlank="1"><x14:formula1><xm:f>Other!$A$1:$A$3</xm:f></x14:formula1><xm:sqref>B5:B7</xm:sqref>
</x14:dataValidation></x14:dataValidations></ext><ext uri="{{78C0D931-6437-407d-A8EE-F0AAD7539E65}}" xmlns:x14="{X14}">
<x14:conditionalFormattings><x14:conditionalFormatting xmlns:xm="{XM}"><x14:cfRule type="expression" priority="9"
 id="{{D0000000-0000-4000-8000-000000000004}}"><xm:f>$C5&gt;Other!$A$1+$C$9</xm:f></x14:cfRule><xm:sqref>B5:D7</xm:sqref>
</x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst>"""
SCENARIOS = (
    """<scenarios><scenario name="high" count="1" user="Ada"><inputCells r="C9" val="5"/></scenario></scenarios>"""
)
WATCHES = """<cellWatches><cellWatch r="C9"/></cellWatches>"""


def write(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = write_frame(book)
        other = book.add_worksheet("Other")
        other.write_column("A1", (1, 2, 3))
        other.write_formula("B1", "=[1]Report!C9+Report!C9")
        other.write_formula("B2", "=SUM([1]Report!C5:C7)")
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Report!$C$5:$C$7"})
        sheet.insert_chart("F2", chart)
        sheet.write_comment("C9", "to be replaced")
        book.set_custom_property("Reviewed", value=True)
    change_parts(path, ADDED, EDITS)


ADDED: dict[str, str | bytes] = {
    "xl/comments1.xml": COMMENTS.encode("utf-16"),
    "xl/threadedComments/threadedComment1.xml": THREADED,
    "xl/persons/person.xml": PERSONS,
    "xl/charts/chartEx1.xml": WATERFALL,
    "xl/externalLinks/externalLink1.xml": OTHER_BOOK,
    "xl/externalLinks/_rels/externalLink1.xml.rels": relationships(
        ("rId1", "externalLinkPath", "last%20year.xlsx", "External")
    ),
    "xl/connections.xml": CONNECTION,
    "xl/calcChain.xml": f'<calcChain xmlns="{MAIN}"><c r="C9" i="1"/><c r="D9" i="1"/><c r="B1" i="2"/></calcChain>',
    "xl/printerSettings/printerSettings1.bin": b"\0\1printer" * 20,
    "customXml/item1.xml": '<facts xmlns="urn:facts"><fact>kept</fact></facts>',
    "customXml/_rels/item1.xml.rels": relationships(("rId1", "customXmlProps", "itemProps1.xml")),
    "customXml/itemProps1.xml": (
        '<ds:datastoreItem xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml"'
        ' ds:itemID="{E0000000-0000-4000-8000-000000000005}"><ds:schemaRefs/></ds:datastoreItem>'
    ),
}
SHEET = "xl/worksheets/sheet1.xml"
EDITS: dict[str, tuple[tuple[str, str], ...]] = {
    "[Content_Types].xml": (
        (
            "</Types>",
            '<Default Extension="bin" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.printerSettings"/>'
            + override("xl/threadedComments/threadedComment1.xml", "application/vnd.ms-excel.threadedcomments+xml")
            + override("xl/persons/person.xml", "application/vnd.ms-excel.person+xml")
            + override("xl/charts/chartEx1.xml", "application/vnd.ms-office.chartex+xml")
            + override("xl/externalLinks/externalLink1.xml", f"{SHEET_ML}.externalLink+xml")
            + override("xl/connections.xml", f"{SHEET_ML}.connections+xml")
            + override("xl/calcChain.xml", f"{SHEET_ML}.calcChain+xml")
            + override(
                "customXml/itemProps1.xml", "application/vnd.openxmlformats-officedocument.customXmlProperties+xml"
            )
            + "</Types>",
        ),
    ),
    "xl/_rels/workbook.xml.rels": (
        (
            "</Relationships>",
            relationship(("rId91", "externalLink", "externalLinks/externalLink1.xml"))
            + relationship(("rId92", "connections", "connections.xml"))
            + relationship(("rId93", "calcChain", "calcChain.xml"))
            + relationship(("rId94", "customXml", "../customXml/item1.xml"))
            + relationship(("rId95", f"{OF_2017}/person", "persons/person.xml"))
            + "</Relationships>",
        ),
    ),
    "xl/workbook.xml": (
        ("</sheets>", '</sheets><externalReferences><externalReference r:id="rId91"/></externalReferences>'),
    ),
    "xl/worksheets/_rels/sheet1.xml.rels": (
        (
            "</Relationships>",
            relationship(("rId91", f"{OF_2017}/threadedComment", "../threadedComments/threadedComment1.xml"))
            + relationship(("rId92", "printerSettings", "../printerSettings/printerSettings1.bin"))
            + "</Relationships>",
        ),
    ),
    "xl/drawings/_rels/drawing1.xml.rels": (
        ("</Relationships>", relationship(("rId9", OF_2014, "../charts/chartEx1.xml")) + "</Relationships>"),
    ),
    "xl/drawings/drawing1.xml": (("</xdr:wsDr>", ANCHOR + "</xdr:wsDr>"),),
    SHEET: (
        ("<pageMargins", SCENARIOS + "<pageMargins"),
        ("<drawing ", f'<pageSetup paperSize="9" r:id="rId92"/>{WATCHES}<drawing '),
        ("</worksheet>", EXTENSIONS + "</worksheet>"),
    ),
}

TEMPLATE = Template(
    name="laden",
    make=write,
    targets=(TARGET,),
    replaced=Expected(
        values=TOTALS_REPLACED,
        changed=frozenset({"[Content_Types].xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet2.xml"}),
        gone=frozenset({"xl/calcChain.xml"}),
    ),
    inserted=Expected(
        facts={
            "Report formulas": FORMULAS,
            # What stands in another workbook does not move.
            "Other formulas": {"B1": "[1]Report!C9+Report!C12", "B2": "SUM([1]Report!C5:C7)"},
            "Report comments": {"C12": "[Threaded comment] Why żółty?", "C12 thread": "Why?"},
            "Report legacy shapes": ["Note Row 11 Column 2"],
            "Report drawing": ["1-18 Chart 1", "23-33 Waterfall"],
            "charts": {
                "xl/charts/chart1.xml": ["Report!$C$5:$C$10"],
                "xl/charts/chartEx1.xml": ["Report!$B$5:$B$10", "Report!$C$5:$C$10", "Report!$C$4"],
            },
            "Report formats": ["x14 B5:D10: $C5>Other!$A$1+$C$12"],
            "Report validations": ["x14 B5:B10: Other!$A$1:$A$3"],
            "Report scenarios": ["C12"],
            "Report watches": ["C12"],
        },
        values=TOTALS_INSERTED,
        changed=frozenset(
            {
                "[Content_Types].xml",
                "xl/_rels/workbook.xml.rels",
                "xl/worksheets/sheet2.xml",
                "xl/comments1.xml",
                "xl/threadedComments/threadedComment1.xml",
                "xl/drawings/drawing1.xml",
                "xl/drawings/vmlDrawing1.vml",
                "xl/charts/chart1.xml",
                "xl/charts/chartEx1.xml",
            }
        ),
        gone=frozenset({"xl/calcChain.xml"}),
    ),
)
