"""The quick look and the parser see the same; what the quick look can't judge it leaves to the parser."""

from __future__ import annotations

import pytest

from aetherflow_excel.grid.cells import CellRange
from aetherflow_excel.package.problems import BrokenPart
from aetherflow_excel.reading.quick_look import plain_bounds
from aetherflow_excel.reading.scanning import scan_sheet

pytestmark = pytest.mark.unit

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet(cells, *, prefix="", more=""):
    name = f"{prefix}:worksheet" if prefix else "worksheet"
    binding = f"xmlns:{prefix}" if prefix else "xmlns"
    return f'<{name} {binding}="{MAIN}" {more}>{cells}</{name}>'.encode()


def in_pieces(xml, size):
    return [xml[start : start + size] for start in range(0, len(xml), size)]


PLAIN = sheet('<sheetData><row r="2"><c r="B2"><v>1</v></c><c r="D2" t="s"><v>0</v></c></row></sheetData>')


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 10_000])
def test_a_plain_sheet_is_judged_alike_however_it_comes_in_pieces(size):
    assert plain_bounds(in_pieces(PLAIN, size)) == CellRange(2, 2, 2, 4)
    assert scan_sheet(in_pieces(PLAIN, size)).used == CellRange(2, 2, 2, 4)


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row>',
        '<row r="1"><c r="A1" t=\'e\'><v>#N/A</v></c></row>',
        '<row r="1"><c r="A1"><f>B1</f></c></row>',
        '<row r="1"><c r="A1"><f>B1</f><v></v></c></row>',
        '<row r="1"><c r="A1"><f>B1</f><v/></c></row>',
        "<row><c><v>1</v></c></row>",
        '<row r="1"><c s="1" r="XFD1048576"><v>1</v></c></row>',
        "<row r='1'><c r='XFD1048576'><v>1</v></c></row>",
        '<row r="1"><c\nr="XFD1048576"><v>1</v></c></row>',
        '<row r="1"><c  r="XFD1048576"><v>1</v></c></row>',
        '<row r="1"><c r="XFD&#49;048576"><v>1</v></c></row>',
        '<row r="1"><c r="xfd1048576"><v>1</v></c></row>',
    ],
)
def test_what_is_remarkable_is_left_to_the_parser(cells):
    for size in (1, 5, 10_000):
        assert plain_bounds(in_pieces(sheet(cells), size)) is None


@pytest.mark.parametrize("prefix", ["x", "evil"])
def test_cells_with_a_prefix_are_left_to_the_parser_which_counts_them(prefix):
    cell = f'<{prefix}:row r="1"><{prefix}:c r="XFD1048576"><{prefix}:v>1</{prefix}:v></{prefix}:c></{prefix}:row>'
    xml = sheet(cell, more=f'xmlns:{prefix}="urn:other"')

    assert plain_bounds([xml]) is None
    assert scan_sheet([xml]).used == CellRange(1_048_576, 16_384, 1_048_576, 16_384)


def test_a_document_type_is_refused():
    xml = b'<!DOCTYPE worksheet [<!ENTITY a "aaaa">]>' + PLAIN

    assert plain_bounds([xml]) is None
    with pytest.raises(BrokenPart, match="document type"):
        scan_sheet([xml])


def test_cells_without_places_stand_one_after_the_other():
    cells = '<row><c><v>1</v></c><c><v>2</v></c></row><row r="7"><c r="C7"><v>1</v></c><c t="e"><v>#N/A</v></c></row>'

    scan = scan_sheet([sheet(cells)])

    assert scan.used == CellRange(1, 1, 7, 4)
    assert scan.errors == {7: {4: "#N/A"}}


def test_cells_without_a_value_are_not_counted():
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="4"/></row>'

    assert scan_sheet([sheet(cells)]).used == CellRange(1, 1, 1, 1)


def test_a_formula_that_gives_an_empty_text_has_a_value():
    cells = '<row r="1"><c r="A1" t="str"><f>""</f><v></v></c><c r="B1"><f>A1</f></c><c r="C1"><f>A1</f></c></row>'

    scan = scan_sheet([sheet(cells)])

    assert (scan.unvalued, scan.first_unvalued) == (2, (1, 2))


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="1048577"/>',
        '<row r="0"/>',
        '<row r="-1"/>',
        '<row r="99999999999999999999"/>',
        '<row r="1"><c r="XFE1"/></row>',
        '<row r="1"><c r="A1048577"/></row>',
        '<row r="1"><c r="A"/></row>',
        '<row r="1"><c r="1"/></row>',
        '<row r="1"><c r="AAAA1"/></row>',
        '<row r="1"><c r="É1"/></row>',
    ],
)
def test_cells_that_no_sheet_has_are_refused(cells):
    with pytest.raises(BrokenPart, match=r"no sheet has"):
        scan_sheet([sheet(cells)])


@pytest.mark.parametrize("xml", [b"", b"<worksheet>", b"no xml", b"<a></b>"])
def test_what_is_no_xml_is_refused(xml):
    with pytest.raises(BrokenPart, match="broken XML"):
        scan_sheet([xml])
