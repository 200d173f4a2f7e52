"""Is a package whole: well-formed parts, relationships that lead somewhere, types for all, and elements in order."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from plugins.excel.tests.oracles.opc import Package, child, elements, local

#: The children of a worksheet, as the schema (ECMA-376, CT_Worksheet) orders them.
WORKSHEET = (
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios "
    "autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting dataValidations "
    "hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches "
    "ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF drawingHF picture oleObjects controls webPublishItems "
    "tableParts extLst "
)
#: The children of a workbook.
WORKBOOK = (
    "fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups externalReferences definedNames "
    "calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes webPublishing fileRecoveryPr "
    "webPublishObjects extLst "
)
#: The children of the styles.
STYLES = "numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst"
TYPES = "[Content_Types].xml"


def complaints(package: Package) -> list[str]:
    """What is wrong with a package; empty for a sound one."""
    # What has to be there for a look at the rest comes first.
    for checks in ((_broken,), (_untyped, _dangling), (_disordered, _bad_rows)):
        found = [complaint for check in checks for complaint in check(package)]
        if found:
            return found
    return []


def _broken(package: Package) -> Iterator[str]:
    for name, content in package.parts.items():
        if name.endswith((".xml", ".rels", ".vml")):
            try:
                ET.fromstring(content)  # noqa: S314 - the files are the tests' own
            except ET.ParseError as error:
                yield f"{name} is not well-formed: {error}"


def _untyped(package: Package) -> Iterator[str]:
    types = package.root(TYPES)
    suffixes = {each.attrib["Extension"].lower() for each in types if local(each.tag) == "Default"}
    overrides = [each.attrib["PartName"].removeprefix("/") for each in types if local(each.tag) == "Override"]
    if len(overrides) != len(set(overrides)):
        yield "a part has two content types"
    for name in package.parts:
        if name != TYPES and name not in overrides and name.rpartition(".")[2].lower() not in suffixes:
            yield f"{name} has no content type"
    yield from (f"{name} has a content type and is not there" for name in set(overrides) - set(package.parts))


def _dangling(package: Package) -> Iterator[str]:
    for rels in [name for name in package.parts if name.endswith(".rels")]:
        folder, _, name = rels.rpartition("_rels/")
        part = folder + name.removesuffix(".rels")
        if part and part not in package.parts:
            yield f"{rels} is of a part that is not there"
        given = package.relationships(part)
        if len({each.id for each in given}) != len(given):
            yield f"{rels} uses an id twice"
        for each in given:
            if not each.external and not each.target.startswith("#") and each.target not in package.parts:
                yield f"{rels}: {each.id} leads to {each.target}, which is not there"
        if part.endswith(".xml"):
            yield from _unknown_ids(package, part, {each.id for each in given})


def _unknown_ids(package: Package, part: str, known: set[str]) -> Iterator[str]:
    for element in package.root(part).iter():
        for key, value in element.attrib.items():
            if "relationships}" in key and value and value not in known:
                yield f"{part}: {local(element.tag)} names the relationship {value}, which is not there"


def _disordered(package: Package) -> Iterator[str]:
    ordered = {package.workbook: WORKBOOK, **dict.fromkeys(worksheets(package), WORKSHEET)}
    ordered |= dict.fromkeys(package.related(package.workbook, "styles"), STYLES)
    for part, order in ordered.items():
        # What stands in front for newer programs is wrapped into markup of its own.
        found = [local(each.tag) for each in package.root(part) if "markup-compatibility" not in each.tag]
        places = order.split()
        known = [name for name in found if name in places]
        if known != sorted(known, key=places.index):
            yield f"{part}: its children are not in the schema's order: {' '.join(known)}"


def _bad_rows(package: Package) -> Iterator[str]:
    """Rows and cells that say their place say each a later one, and each place lies in its row."""
    for part in worksheets(package):
        last = 0
        for row in elements(package.root(part), "row"):
            number = int(row.attrib.get("r", last + 1))
            if number <= last:
                yield f"{part}: row {number} comes after row {last}"
            last = number
            yield from _bad_cells(part, number, row)


def _bad_cells(part: str, number: int, row: ET.Element) -> Iterator[str]:
    from openpyxl.utils.cell import column_index_from_string

    last = 0
    for cell in row:
        reference = cell.attrib.get("r")
        if reference is None:
            last += 1
            continue
        letters = reference.rstrip("0123456789")
        if reference != f"{letters}{number}":
            yield f"{part}: the cell {reference} stands in row {number}"
        column = column_index_from_string(letters)
        if column <= last:
            yield f"{part}: the cell {reference} comes too late"
        last = column
        if cell.attrib.get("t") == "inlineStr" and child(cell, "is") is None:
            yield f"{part}: the cell {reference} has no text in it"


def worksheets(package: Package) -> list[str]:
    return package.related(package.workbook, "worksheet")
