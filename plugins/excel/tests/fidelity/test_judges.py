"""The judges are judged: a copy passes, and what loses parts, leaves ranges behind or breaks a package does not."""

from __future__ import annotations

import shutil
import warnings
import zipfile

import pytest

from plugins.excel.tests.fidelity.gallery import TEMPLATES
from plugins.excel.tests.oracles.comparing import compare
from plugins.excel.tests.oracles.judging import faults_of_facts, faults_of_parts
from plugins.excel.tests.oracles.office import ask, failure
from plugins.excel.tests.oracles.opc import Package
from plugins.excel.tests.oracles.readers import by_calamine, by_excelize, by_openpyxl
from plugins.excel.tests.oracles.soundness import complaints

pytestmark = pytest.mark.integration

#: What openpyxl drops, to name one part of each template that has such parts.
LOST_BY_OPENPYXL = {
    "decorated": "xl/featurePropertyBag/featurePropertyBag.xml",
    "pivoted": "xl/slicers/slicer1.xml",
    "laden": "xl/threadedComments/threadedComment1.xml",
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_copy_of_a_template_has_no_fault(gallery, tmp_path, name):
    copy = tmp_path / "copy.zip"
    shutil.copy(gallery.path(name), copy)
    before, after = Package(gallery.path(name)), Package(copy)

    assert compare(before, after).raw == frozenset(before.parts)
    assert faults_of_parts(TEMPLATES[name], before, after, "replace") == []


@pytest.mark.parametrize(("name", "part"), LOST_BY_OPENPYXL.items())
def test_parts_that_openpyxl_loses_are_told(gallery, tmp_path, name, part):
    saved = tmp_path / "saved.xlsx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _open(gallery.path(name)).save(saved)

    faults = faults_of_parts(TEMPLATES[name], Package(gallery.path(name)), Package(saved), "replace")
    assert f"{part} is lost" in faults


def test_what_the_ancestor_left_behind_when_it_inserted_rows_is_told(gallery, tmp_path):
    """D3."""
    book = _open(gallery.path("furnished"))
    book["Report"].insert_rows(5, 3)
    book.save(tmp_path / "inserted.xlsx")

    faults = faults_of_facts(
        TEMPLATES["furnished"], Package(gallery.path("furnished")), Package(tmp_path / "inserted.xlsx"), "below"
    )
    assert {fault.partition(":")[0] for fault in faults} >= {
        "names",
        "Report formulas",
        "Report merges",
        "Report formats",
        "Report validations",
        "Report rows",
        "Sum mary formulas",
    }


@pytest.mark.parametrize(
    ("part", "old", "new", "complaint"),
    [
        ("xl/workbook.xml", "</workbook>", "", "xl/workbook.xml is not well-formed"),
        (
            "[Content_Types].xml",
            'PartName="/xl/comments1.xml"',
            'PartName="/xl/other.xml"',
            "has a content type and is not",
        ),
        (
            "[Content_Types].xml",
            'Extension="vml"',
            'Extension="bin"',
            "xl/drawings/vmlDrawing1.vml has no content type",
        ),
        ("xl/_rels/workbook.xml.rels", "styles.xml", "style.xml", "leads to xl/style.xml, which is not there"),
        (
            "xl/worksheets/sheet1.xml",
            '<legacyDrawing r:id="',
            '<legacyDrawing r:id="x',
            "legacyDrawing names the relationship",
        ),
        ("xl/worksheets/sheet1.xml", "<mergeCells", "<pageMargins/><mergeCells", "not in the schema's order"),
        ("xl/worksheets/sheet1.xml", '<row r="9"', '<row r="2"', "row 2 comes after row 7"),
        ("xl/worksheets/sheet1.xml", '<c r="C9"', '<c r="C8"', "the cell C8 stands in row 9"),
        ("xl/worksheets/sheet1.xml", '<c r="C9"', '<c r="A9"', "the cell A9 comes too late"),
        ("xl/worksheets/sheet1.xml", '<c r="C9"', '<c t="inlineStr" r="C9"', "the cell C9 has no text in it"),
    ],
)
def test_a_broken_package_is_told(gallery, tmp_path, part, old, new, complaint):
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(gallery.path("furnished")) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == part:
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode(), 1)
            target.writestr(name, content)

    assert complaint in " ".join(complaints(Package(broken)))


def test_a_changed_a_repacked_and_a_rewritten_part_are_told_apart(gallery, tmp_path):
    before, result = Package(gallery.path("furnished")), tmp_path / "result.zip"
    with zipfile.ZipFile(result, "w") as target:
        for name, content in before.parts.items():
            changed = content.replace(b"<Application>", b"<Application >").replace(b"<sst ", b'<sst x="" ')
            target.writestr(name, changed, zipfile.ZIP_STORED)

    difference = compare(before, Package(result))
    assert (difference.raw, difference.rewritten) == (frozenset(), frozenset({"docProps/app.xml"}))
    assert (difference.changed, difference.lost) == (frozenset({"xl/sharedStrings.xml"}), frozenset())
    assert len(difference.same) == len(before.parts) - 2


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_read_by_the_readers_that_it_is_said_to_be_read_by(gallery, tmp_path, name):
    path, sheet = gallery.path(name), TEMPLATES[name].targets[0].sheet
    readers = {"openpyxl": by_openpyxl, "calamine": by_calamine}

    for reader in TEMPLATES[name].read_by & readers.keys():
        assert sheet in readers[reader](path), reader
    excelize = by_excelize([path], tmp_path)[path]
    assert ("excelize" in TEMPLATES[name].read_by) == isinstance(excelize, dict), excelize


def test_libreoffice_reads_every_template(gallery, tmp_path):
    targets = {name: tmp_path / f"{name}.json" for name in TEMPLATES}
    ask(
        [{"do": "values", "source": str(gallery.path(name)), "target": str(targets[name])} for name in targets],
        tmp_path,
    )

    assert {name: failure(target) for name, target in targets.items() if failure(target)} == {}


def _open(path):
    import openpyxl

    return openpyxl.load_workbook(path, keep_vba=path.suffix == ".xlsm")
