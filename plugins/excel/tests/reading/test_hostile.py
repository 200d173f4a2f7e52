"""Files that are no workbooks, broken ones and bombs: one clear error each, in little time and memory."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
import zlib

import pytest
import xlsxwriter

from aetherflow.kernel.api import StepError

pytestmark = pytest.mark.unit

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"


def a_workbook():
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_column("A1", ["a", "x", 1])
    return content.getvalue()


def changed(parts, *, drop=()):
    """A good workbook with some parts changed: by text, or by what makes it of the old one."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(a_workbook())) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in [*old.namelist(), *(name for name in parts if name not in old.namelist())]:
            content = parts.get(name, old.read(name) if name in old.namelist() else b"")
            if name not in drop:
                new.writestr(name, content(old.read(name)) if callable(content) else content)
    return made.getvalue()


def sheet(cells):
    return f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'


FAR_APART = sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def lying_about_its_size():
    """Shared strings that unpack to more than the archive says."""
    body = f'<sst xmlns="{MAIN}"><si><t>a</t></si><si><t>{"b" * 50_000_000}</t></si></sst>'.encode()
    content = bytearray(changed({"xl/sharedStrings.xml": body}))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        info = packed.getinfo("xl/sharedStrings.xml")
    said = 200
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        place = content.find(b"xl/sharedStrings.xml", content.find(mark))
        start = content.rfind(mark, 0, place)
        offset = {b"PK\x03\x04": 14, b"PK\x01\x02": 16}[mark]
        content[start + offset : start + offset + 4] = zlib.crc32(body[:said]).to_bytes(4, "little")
        content[start + offset + 8 : start + offset + 12] = said.to_bytes(4, "little")
    assert info.file_size > said
    return bytes(content)


FILES = {
    "an empty file": (b"", "AF-EXCEL-PACKAGE"),
    "a text": (b"a,b\n1,2\n", "AF-EXCEL-PACKAGE"),
    "an old or encrypted one": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "AF-EXCEL-PACKAGE"),
    "one that is cut off": (a_workbook()[:-100], "AF-EXCEL-PACKAGE"),
    "one without its sheet": (changed({}, drop=(SHEET,)), "AF-EXCEL-PACKAGE"),
    "one without its list of types": (changed({}, drop=("[Content_Types].xml",)), "AF-EXCEL-PACKAGE"),
    "one without its workbook": (changed({}, drop=("xl/workbook.xml",)), "AF-EXCEL-PACKAGE"),
    "a sheet that is no XML": (changed({SHEET: "no xml"}), "AF-EXCEL-PACKAGE"),
    "a sheet that is cut off": (changed({SHEET: lambda old: old[: len(old) // 2]}), "AF-EXCEL-PACKAGE"),
    "an empty sheet part": (changed({SHEET: b""}), "AF-EXCEL-PACKAGE"),
    "texts that are no XML": (changed({"xl/sharedStrings.xml": "<sst><si>"}), "AF-EXCEL-PACKAGE"),
    "styles that are no XML": (changed({"xl/styles.xml": "<styleSheet><cellXfs>"}), "AF-EXCEL-PACKAGE"),
    "a text that is not there": (
        changed({SHEET: sheet('<row r="1"><c r="A1" t="s"><v>99</v></c></row>')}),
        "AF-EXCEL-PACKAGE",
    ),
    "a type that is none": (
        changed({SHEET: sheet('<row r="1"><c r="A1" t="zz"><v>1</v></c></row>')}),
        "AF-EXCEL-PACKAGE",
    ),
    "an entity from outside": (
        changed({SHEET: '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + sheet("&e;")}),
        "AF-EXCEL-PACKAGE",
    ),
    "entities that grow": (
        changed({"xl/sharedStrings.xml": '<!DOCTYPE x [<!ENTITY e "eeeeeeee">]><sst>&e;</sst>'}),
        "AF-EXCEL-PACKAGE",
    ),
    "two cells far apart": (changed({SHEET: FAR_APART}), "AF-EXCEL-LIMIT"),
    "two cells far apart, with a prefix": (
        changed({SHEET: FAR_APART.replace("<", "<q:").replace("<q:/", "</q:").replace("xmlns=", "xmlns:q=")}),
        "AF-EXCEL-LIMIT",
    ),
    "two cells far apart, in UTF-16": (changed({SHEET: FAR_APART.encode("utf-16")}), "AF-EXCEL-LIMIT"),
    "a bomb": (changed({SHEET: sheet(" " * 200_000_000)}), "AF-EXCEL-LIMIT"),
    "a bomb of texts": (changed({"xl/sharedStrings.xml": b"<sst>" + b" " * 300_000_000}), "AF-EXCEL-LIMIT"),
    "a bomb of styles": (changed({"xl/styles.xml": b"<styleSheet>" + b" " * 100_000_000}), "AF-EXCEL-LIMIT"),
    "texts that lie about their size": (lying_about_its_size(), "AF-EXCEL-PACKAGE"),
}


@pytest.mark.parametrize("name", FILES)
def test_one_clear_error_and_no_file(workplace, name):
    content, code = FILES[name]
    (workplace.folder / "book.xlsx").write_bytes(content)

    with pytest.raises(StepError) as caught:
        workplace.read()

    assert caught.value.problem.code == code
    assert caught.value.problem.message.startswith("book.xlsx: ")
    assert caught.value.problem.help
    assert not (workplace.folder / "out.csv").exists()


def test_a_file_that_is_not_there_is_told(workplace):
    with pytest.raises(StepError, match=r"book\.xlsx: it can't be read") as caught:
        workplace.read()
    assert caught.value.problem.code == "AF-EXCEL-SOURCE"


def test_what_calamine_would_find_beside_the_sheet_is_not_what_is_read(workplace):
    """calamine follows some relationships to other parts than we do: it gets the one that was looked at."""
    relationships = changed(
        {
            "xl/_rels/workbook.xml.rels": lambda old: old.replace(b'"worksheets/', b'"xl/worksheets/'),
            "xl/xl/worksheets/sheet1.xml": sheet('<row r="1"><c r="A1"><v>7</v></c></row>'),
            SHEET: FAR_APART,
        }
    )
    (workplace.folder / "book.xlsx").write_bytes(relationships)

    assert workplace.read_text(header=False) == "A\n7\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["two cells far apart", "a bomb of texts", "a bomb", "texts that lie about their size"]
)
def test_memory_stays_small(workplace, name):
    (workplace.folder / "book.xlsx").write_bytes(FILES[name][0])
    code = (
        "import pathlib, resource, sys\n"
        "from plugins.excel.tests.workplace import Workplace\n"
        "from aetherflow.kernel.api import StepError\n"
        "import aetherflow_excel.reading.tables, python_calamine, zipfile\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    Workplace(pathlib.Path(sys.argv[1])).read()\n"
        "except StepError as error: print(error.problem.code)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    words = [sys.executable, "-c", code, str(workplace.folder)]

    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)

    said, grown = done.stdout.split()
    assert said == FILES[name][1]
    assert int(grown) * _unit() < 64 * 1024 * 1024


def _unit():
    """Linux counts in kibibytes, others in bytes."""
    return 1024 if sys.platform == "linux" else 1
