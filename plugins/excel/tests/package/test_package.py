"""Packages are read with care, and written with the same bytes."""

from __future__ import annotations

import io
import zipfile
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from aetherflow.kernel.api import StepError
from aetherflow_excel.package.package import Package
from aetherflow_excel.package.part_names import relationships_name, resolve_target
from aetherflow_excel.package.writing import PackageWriter, new_member

pytestmark = pytest.mark.unit

TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/Book.xml" ContentType="application/book"/></Types>'
)
RELATIONSHIPS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="one" Type="http://x/y/officeDocument" Target="XL/book.xml"/>'
    '<Relationship Id="two" Type="http://x/y/link" Target="http://x/" TargetMode="External"/></Relationships>'
)


def make(path, parts, method=ZIP_DEFLATED):
    with ZipFile(path, "w", method) as file:
        for name, content in {"[Content_Types].xml": TYPES, **parts}.items():
            file.writestr(name, content)
    return path


def test_types_and_relationships_are_found_whatever_the_case_of_names(tmp_path):
    path = make(tmp_path / "a.xlsx", {"_rels/.rels": RELATIONSHIPS, "xl/Book.xml": "<a/>", "xl/other.XML": "<b/>"})
    with Package(path) as package:
        assert package.content_type("xl/Book.xml") == "application/book"
        assert package.content_type("xl/other.XML") == "application/xml"
        assert package.content_type("xl/none") == ""
        assert package.related("", "officeDocument") == ["xl/Book.xml"]
        assert package.relationships("")["two"].target is None


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("xl/workbook.xml", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
        ("xl/worksheets/sheet1.xml", "../drawings/drawing1.xml", "xl/drawings/drawing1.xml"),
        ("xl/worksheets/sheet1.xml", "/xl/tables/t.xml", "xl/tables/t.xml"),
        ("xl/a.xml", "../../../../etc/passwd", "etc/passwd"),
        ("xl/a.xml", "b%20c.xml#x", "xl/b c.xml"),
        ("", "xl/workbook.xml", "xl/workbook.xml"),
    ],
)
def test_a_target_is_a_part_whatever_it_says(source, target, expected):
    assert resolve_target(source, target) == expected


def test_relationships_stand_beside_their_part():
    assert relationships_name("xl/a.xml") == "xl/_rels/a.xml.rels"
    assert relationships_name("") == "_rels/.rels"


@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED])
def test_a_copied_part_is_the_same_packed_bytes(tmp_path, method):
    path = make(
        tmp_path / "a.xlsx", {"xl/Book.xml": "<a>" + "text " * 1000 + "</a>", "xl/ü.bin": bytes(range(256))}, method
    )
    with Package(path) as package, (tmp_path / "b.xlsx").open("wb") as file:
        writer = PackageWriter(file, "b.xlsx")
        for member in package.members.values():
            writer.copy(package.stream, member)
        writer.write(new_member("new.xml"), [b"<new>", b"x" * 100_000, b"</new>"])
        writer.finish()
    with ZipFile(tmp_path / "b.xlsx") as written, ZipFile(path) as source:
        assert written.testzip() is None
        assert written.namelist() == [*source.namelist(), "new.xml"]
        assert written.read("new.xml") == b"<new>" + b"x" * 100_000 + b"</new>"
        for name in source.namelist():
            assert packed(tmp_path / "b.xlsx", written.getinfo(name)) == packed(path, source.getinfo(name))
            assert written.getinfo(name).compress_type == source.getinfo(name).compress_type


def packed(path, info):
    data = path.read_bytes()
    start = info.header_offset + 30
    lengths = data[start - 4 : start]
    start += int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
    return data[start : start + info.compress_size]


def test_members_whose_sizes_follow_them_are_copied_too(tmp_path):
    class Unseekable(io.RawIOBase):
        def __init__(self):
            self.data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    stream = Unseekable()
    with ZipFile(stream, "w", ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", TYPES)
        file.writestr("a.xml", "<a/>" * 100)
    (tmp_path / "a.xlsx").write_bytes(stream.data)
    with Package(tmp_path / "a.xlsx") as package, (tmp_path / "b.xlsx").open("wb") as file:
        assert package.members["a.xml"].flag_bits & 8
        writer = PackageWriter(file, "b")
        writer.copy(package.stream, package.members["a.xml"])
        writer.finish()
    with ZipFile(tmp_path / "b.xlsx") as written:
        assert written.read("a.xml") == b"<a/>" * 100
        assert not written.getinfo("a.xml").flag_bits & 8


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "an empty file"),
        (b"a,b\n1,2\n", "no workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "encrypted"),
        (b"PK\x03\x04" + bytes(100), "no whole zip"),
    ],
)
def test_a_file_that_is_no_package_is_told(tmp_path, content, told):
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(StepError, match=told):
        Package(tmp_path / "a.xlsx")


def test_a_damaged_part_is_told_when_it_is_read(tmp_path):
    path = make(tmp_path / "a.xlsx", {"xl/Book.xml": "<a>some text</a>"}, ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"some text", b"some tent"))
    with Package(path) as package, pytest.raises(StepError, match="damaged"):
        package.read("xl/Book.xml")


def test_a_part_that_grows_as_a_bomb_does_is_refused(tmp_path):
    path = make(tmp_path / "a.xlsx", {"xl/Book.xml": bytes(40_000_000)})
    with Package(path) as package, pytest.raises(StepError, match="bomb"):
        package.read("xl/Book.xml")


def test_two_parts_of_one_name_are_refused(tmp_path):
    path = make(tmp_path / "a.xlsx", {"a.xml": "<a/>", "A.XML": "<a/>"})
    with pytest.raises(StepError, match="two parts"):
        Package(path)


def test_encrypted_members_are_refused(tmp_path):
    path = make(tmp_path / "a.xlsx", {"a.xml": "<a/>"})
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02")
    data[place + 8] |= 1
    path.write_bytes(data)
    assert zipfile.is_zipfile(path)
    with pytest.raises(StepError, match="encrypted"):
        Package(path)
