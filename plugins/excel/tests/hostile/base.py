"""A small workbook that has a part of almost every kind, and the zip archives that hostile ones are put into."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import xlsxwriter

from plugins.excel.tests.templates.pixels import png

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
WORKBOOK = "xl/workbook.xml"
WORKBOOK_RELATIONSHIPS = "xl/_rels/workbook.xml.rels"
SHEET_RELATIONSHIPS = "xl/worksheets/_rels/sheet1.xml.rels"
TYPES = "[Content_Types].xml"
DRAWING = "xl/drawings/drawing1.xml"
STYLES = "xl/styles.xml"
ROOT_RELATIONSHIPS = "_rels/.rels"
CHAIN = "xl/calcChain.xml"


@cache
def base() -> bytes:
    """The workbook: its rows go to the text ROWS, the sheet also has what moves when rows come in."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet, other = book.add_worksheet("Report"), book.add_worksheet("Other")
    bold = book.add_format({"bold": True})
    sheet.write_row("A1", ["ROWS", "more"], bold)
    sheet.write_row("A2", ["City", "Count"])
    sheet.write_row("A3", ["Oslo", 5])
    sheet.write_formula("B5", "=SUM(B3:B4)", None, 5)
    sheet.merge_range("A8:B8", "merged")
    sheet.add_table("D2:E4", {"columns": [{"header": "Kind"}, {"header": "Size"}]})
    sheet.conditional_format("B3:B9", {"type": "cell", "criteria": ">", "value": 3, "format": bold})
    sheet.conditional_format("B3:B9", {"type": "data_bar", "data_bar_2010": True})
    sheet.data_validation("B3:B9", {"validate": "integer", "criteria": ">", "value": 0})
    sheet.add_sparkline("F3", {"range": "Report!B3:B9"})
    sheet.write_comment("A3", "a comment")
    sheet.write_url("A10", "internal:'Other'!A1")
    sheet.insert_image("H2", "pixel.png", {"image_data": io.BytesIO(png())})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=Report!$B$3:$B$4"})
    sheet.insert_chart("H12", chart)
    other.write_formula("A1", "=Report!B5", None, 5)
    book.define_name("Counts", "=Report!$B$3:$B$4")
    book.close()
    return file.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    """The parts of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@cache
def _parts() -> dict[str, bytes]:
    return parts_of(base())


def parts() -> dict[str, bytes]:
    """The parts of the base, to be changed."""
    return dict(_parts())


def replaced(part: str, old: str, new: str) -> dict[str, bytes]:
    """The base with something else in one part; the old text stands there."""
    found = parts()
    assert old.encode() in found[part], f"{old} is not in {part}"
    found[part] = found[part].replace(old.encode(), new.encode(), 1)
    return found


# Zip archives of which every byte can be said


@dataclass
class Member:
    """A member as the directory tells it; `local` says what its own header tells otherwise."""

    name: bytes
    packed: bytes
    method: int = 8
    crc: int = 0
    size: int = 0
    packed_size: int | None = None
    flags: int = 0x0800
    local_name: bytes | None = None
    local_size: int | None = None
    local_flags: int | None = None
    #: Where its header is, if not where it is written.
    place: int | None = None


def member(name: str | bytes, content: bytes, **fields) -> Member:
    """A member that is right but for the fields given."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    raw = name if isinstance(name, bytes) else name.encode()
    return Member(raw, packed, **{"crc": zlib.crc32(content), "size": len(content), **fields})


def bomb(name: str, head: bytes, block: bytes, count: int, tail: bytes, *, noise: bool = True) -> Member:
    """A part that holds a block many times; with noise it is packed just well enough not to look like a bomb.

    A block is packed once: where a deflater has flushed all, what follows may be any such block.
    """
    crc, parts_ = 0, []
    for content, times in ((head, 1), (block, count), (tail, 1)):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)
        for _ in range(times):
            crc = zlib.crc32(content, crc)
        parts_.append(packed * times)
    size = len(head) + len(block) * count + len(tail)
    packed = b"".join([*parts_, b"\3\0"])
    assert not noise or size < 240 * len(packed), f"{name} shrinks to 1 of {size // len(packed)}"
    return Member(name.encode(), packed, crc=crc, size=size)


def write_zip(path: Path, members: list[Member], *, count: int | None = None, tail: bytes = b"") -> None:
    """Write the members one after the other, then the directory."""
    directory = b""
    with path.open("wb") as file:
        for each in members:
            place = file.tell() if each.place is None else each.place
            packed_size = len(each.packed) if each.packed_size is None else each.packed_size
            name = each.local_name if each.local_name is not None else each.name
            size = each.size if each.local_size is None else each.local_size
            flags = each.flags if each.local_flags is None else each.local_flags
            if each.place is None:
                header = (20, flags, each.method, 0, 33, each.crc, packed_size, size, len(name), 0)
                file.write(struct.pack("<4s5H3L2H", b"PK\3\4", *header) + name + each.packed)
            directory += struct.pack(
                "<4s6H3L5H2L",
                *(b"PK\1\2", 20, 20, each.flags, each.method, 0, 33, each.crc, packed_size, each.size),
                *(len(each.name), 0, 0, 0, 0, 0, place),
            )
            directory += each.name
        start = file.tell()
        total = len(members) if count is None else count
        file.write(directory)
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, total & 0xFFFF, total & 0xFFFF, len(directory), start, 0))
        file.write(tail)


def members_of(parts_: dict[str, bytes]) -> list[Member]:
    """All parts as right members."""
    return [member(name, content) for name, content in parts_.items()]
