"""Templates filled by the steps in real flows: nothing is lost, everything refers to what it should, others agree."""

from __future__ import annotations

import math

import pytest

from plugins.excel.tests.fidelity.gallery import SOURCES, TEMPLATES, WAYS, landings
from plugins.excel.tests.oracles.judging import faults_of_facts, faults_of_parts
from plugins.excel.tests.oracles.opc import Package, elements
from plugins.excel.tests.oracles.readers import (
    area,
    by_calamine,
    by_openpyxl,
    differences,
    same_text,
    texts_by_openpyxl,
)

pytestmark = pytest.mark.acceptance

FILLED = [(name, way) for name in TEMPLATES for way in WAYS]
READERS = {"openpyxl": by_openpyxl, "calamine": by_calamine}
EVERY = [(name, way, source) for name, way in FILLED for source in SOURCES]


@pytest.mark.parametrize(("name", "way", "source"), EVERY)
def test_parts_that_need_no_change_are_the_same_bytes_and_none_is_lost(gallery, fills, name, way, source):
    result = Package(fills.result(name, way, source))

    assert faults_of_parts(TEMPLATES[name], Package(gallery.path(name)), result, way) == []


@pytest.mark.parametrize(("name", "way", "source"), EVERY)
def test_everything_refers_to_what_a_person_expects(gallery, fills, name, way, source):
    result = Package(fills.result(name, way, source))

    assert faults_of_facts(TEMPLATES[name], Package(gallery.path(name)), result, way) == []


@pytest.mark.parametrize(("name", "way", "source"), EVERY)
def test_openpyxl_and_calamine_read_the_rows_where_they_belong(fills, name, way, source):
    result = fills.result(name, way, source)

    for reader in sorted(TEMPLATES[name].read_by & READERS.keys()):
        sheets = READERS[reader](result)
        for target, landing in landings(TEMPLATES[name], way):
            assert differences(sheets[target.sheet], area(landing, target.rows)) == {}, reader


@pytest.mark.parametrize(
    ("name", "way", "source"), [each for each in EVERY if "openpyxl" in TEMPLATES[each[0]].read_by]
)
def test_a_text_that_looks_like_a_formula_is_a_text(fills, name, way, source):
    """D19."""
    result = fills.result(name, way, source)

    for target, landing in landings(TEMPLATES[name], way):
        suspicious = [
            cell for cell, value in area(landing, target.rows).items() if isinstance(value, str) and value[0] in "=+-@"
        ]
        told = texts_by_openpyxl(result, target.sheet, suspicious)
        assert told == dict.fromkeys(suspicious, ("s", True))


@pytest.mark.parametrize(("name", "way"), FILLED)
def test_the_source_of_the_rows_makes_no_difference(fills, name, way):
    read = by_openpyxl if "openpyxl" in TEMPLATES[name].read_by else by_calamine
    small, from_csv, from_parquet = (read(fills.result(name, way, source)) for source in SOURCES)

    assert repr(small) == repr(from_csv) == repr(from_parquet)


@pytest.mark.parametrize(("name", "way"), FILLED)
def test_excelize_reads_the_rows_where_they_belong(fills, excelize_readings, name, way):
    sheets = excelize_readings[fills.result(name, way, "csv")]
    assert isinstance(sheets, dict), sheets

    for target, landing in landings(TEMPLATES[name], way):
        assert differences(sheets[target.sheet], area(landing, target.rows), same_text) == {}


@pytest.mark.parametrize(("name", "way"), FILLED)
def test_libreoffice_computes_the_totals_that_a_person_expects(fills, office_readings, name, way):
    told = office_readings[fills.result(name, way, "csv")]
    assert isinstance(told, dict), told
    expected = TEMPLATES[name].expected(way).values

    found = {place: told["sheets"][place.rpartition("!")[0]].get(place.rpartition("!")[2]) for place in expected}
    assert found == {place: _close(value) for place, value in expected.items()}


def _close(value):
    return pytest.approx(value) if isinstance(value, float) else value


@pytest.mark.parametrize(("name", "way"), FILLED)
def test_no_formula_keeps_a_value_that_is_no_longer_its_own(fills, office_readings, name, way):
    """Who reads the file without computing it gets the right number or none."""
    result = fills.result(name, way, "csv")
    told = office_readings[result]["sheets"]
    package = Package(result)

    stale = {}
    for sheet, part in package.sheets.items():
        for cell in elements(package.root(part), "c"):
            formula, value = (next(iter(elements(cell, tag)), None) for tag in ("f", "v"))
            place = cell.attrib.get("r")
            if formula is None or value is None or place is None or not value.text:
                continue
            computed = told.get(sheet, {}).get(place, 0.0)
            if isinstance(computed, float) and not math.isclose(float(value.text), computed):
                stale[f"{sheet}!{place}"] = (value.text, computed)
    assert stale == {}


@pytest.mark.parametrize(("name", "way"), FILLED)
def test_programs_are_asked_to_compute_everything_anew(fills, name, way):
    package = Package(fills.result(name, way, "csv"))
    asked = [each.attrib.get("fullCalcOnLoad") for each in elements(package.root(package.workbook), "calcPr")]

    assert asked in (["1"], ["true"])
    assert package.related(package.workbook, "calcChain") == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_printed_page_shows_the_rows(fills, office_pages, name):
    text = office_pages[fills.result(name, "below", "csv")]

    texts = {
        value for target in TEMPLATES[name].targets for row in target.rows for value in row if isinstance(value, str)
    }
    assert {each for each in texts if each not in text} == set()
