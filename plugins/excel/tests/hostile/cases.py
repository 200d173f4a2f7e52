"""Hostile workbooks by name, each made as a file when it is asked for, and how it may end."""

from __future__ import annotations

import base64
import os
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from plugins.excel.tests.hostile.base import (
    DRAWING,
    ROOT_RELATIONSHIPS,
    SHEET,
    SHEET_RELATIONSHIPS,
    STRINGS,
    STYLES,
    TYPES,
    WORKBOOK,
    WORKBOOK_RELATIONSHIPS,
    base,
    bomb,
    member,
    members_of,
    parts,
    replaced,
    write_zip,
)

PACKAGE, LIMIT, MOVE = "AF-EXCEL-PACKAGE", "AF-EXCEL-LIMIT", "AF-EXCEL-MOVE"
#: A right result.
FINE = None
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@dataclass(frozen=True)
class Case:
    """A hostile workbook: what makes it, and the codes that it may end with; FINE stands for a right result."""

    name: str
    make: Callable[[Path], None]
    ends: frozenset[str | None]
    #: What the steps may end with that do not fill this sheet: they look at less.
    lookers: frozenset[str | None] = frozenset()

    @property
    def is_heavy(self) -> bool:
        """Whether it takes a while to be made, or to be refused."""
        return self.name in HEAVY


#: Heavy ones besides those of millions.
HEAVY: set[str] = set()
CASES: dict[str, Case] = {}


def add(name: str, make: Callable[[Path], None], *ends: str | None, lookers: tuple[str | None, ...] = ()) -> None:
    """Remember a case."""
    assert name not in CASES
    CASES[name] = Case(name, make, frozenset(ends), frozenset(lookers))


def of_bytes(content: Callable[[], bytes]) -> Callable[[Path], None]:
    return lambda path: void(path.write_bytes(content()))


def of_parts(changed: Callable[[], dict[str, bytes]]) -> Callable[[Path], None]:
    return lambda path: write_zip(path, members_of(changed()))


def edit(part: str, old: str, new: str) -> Callable[[Path], None]:
    return of_parts(lambda: replaced(part, old, new))


def whole(part: str, content: bytes) -> Callable[[Path], None]:
    return of_parts(lambda: {**parts(), part: content})


def without(*names: str) -> Callable[[Path], None]:
    return of_parts(lambda: {name: content for name, content in parts().items() if name not in names})


def with_member(part: str, **fields) -> Callable[[Path], None]:
    """The base, in which the zip lies about one part."""

    def make(path: Path) -> None:
        write_zip(
            path,
            [member(name, content, **(fields if name == part else {})) for name, content in parts().items()],
        )

    return make


def with_bomb(part: str, head: bytes, block: bytes, count: int, tail: bytes, *, noise: bool = True):
    """The base, in which one part is huge; `count` blocks of about a MiB."""

    def make(path: Path) -> None:
        big = bomb(part, head, block, count, tail, noise=noise)
        write_zip(path, [*members_of({name: c for name, c in parts().items() if name != part}), big])

    return make


def void(_: object) -> None:
    """Forget an answer."""


def noisy(unit: bytes, size: int = 1 << 20) -> bytes:
    """A unit many times, with a comment in it that can't be packed: the whole shrinks to 1 of 230 at best."""
    noise = base64.b64encode(random.Random(7).randbytes(size // 300))  # noqa: S311 - nothing is secret
    return b"<!--" + noise + b"-->" + unit * (size // len(unit))


# No workbook at all


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere.xlsx"))


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
NOT_READABLE = "AF-EXCEL-SOURCE"
add("an empty file", of_bytes(lambda: b""), PACKAGE)
add("a folder", a_folder, NOT_READABLE)
add("a pipe", a_pipe, NOT_READABLE)
add("a device", lambda path: path.symlink_to("/dev/zero"), NOT_READABLE)
add("a link to nothing", a_link_to_nothing, NOT_READABLE)
add("a missing file", void, NOT_READABLE)
add("encrypted with a password", of_bytes(lambda: OLE + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le")), PACKAGE)
add("an old xls", of_bytes(lambda: OLE + b"\0" * 4096), PACKAGE)
add("text", of_bytes(lambda: b"City,Count\nOslo,5\n"), PACKAGE)
add("two letters of a zip", of_bytes(lambda: b"PK"), PACKAGE)
add("a zip without members", of_bytes(lambda: b"PK\5\6" + bytes(18)), PACKAGE)
add("a zip of something else", of_parts(lambda: {"a.txt": b"a"}), PACKAGE)
for kept in (5, 50, 95, 99.9):
    add(f"cut off at {kept} percent", of_bytes(lambda kept=kept: base()[: int(len(base()) * kept / 100)]), PACKAGE)
add("without its last byte", of_bytes(lambda: base()[:-1]), PACKAGE)
add("without its first kilobyte", of_bytes(lambda: b"PK\3\4" + base()[1024:]), PACKAGE)
add("with a megabyte behind it", lambda path: write_zip(path, members_of(parts()), tail=b"x" * 1_000_000), PACKAGE)

# Other kinds of packages

for kind, other in {
    "xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.main",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "an add-in": "application/vnd.ms-excel.addin.macroEnabled.main+xml",
    "of no type": "",
}.items():
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    add(f"{kind} by its content type", edit(TYPES, main, other), PACKAGE)
add(
    "ods renamed",
    of_parts(lambda: {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"}),
    PACKAGE,
)

# Members that lie

add("a wrong checksum of the sheet", with_member(SHEET, crc=1), PACKAGE, lookers=(FINE,))
add("a wrong checksum of a picture", with_member("xl/media/image1.png", crc=1), PACKAGE, lookers=(FINE,))
add("a wrong checksum of the styles", with_member(STYLES, crc=1), PACKAGE, lookers=(FINE,))
add("a size that is too small", with_member(SHEET, size=100), PACKAGE)
add("a size that is too large", with_member(SHEET, size=10**6), PACKAGE, lookers=(FINE,))
add("a picture that is shorter than it says", with_member("xl/media/image1.png", size=10**6), PACKAGE, lookers=(FINE,))
add("a size of four gigabytes", with_member(SHEET, size=0xFFFFFFFE), LIMIT, PACKAGE)
add("a packed size that is too small", with_member(SHEET, packed_size=50), PACKAGE)
add("a packed size that is too large", with_member(SHEET, packed_size=10**8), PACKAGE)
add("another name in the part's own header", with_member(SHEET, local_name=b"xl/worksheets/sheet9.xml"), PACKAGE)
add(
    "another name in a picture's own header",
    with_member("xl/media/image1.png", local_name=b"xl/media/image9.png"),
    PACKAGE,
    lookers=(FINE,),
)
add("another size in the part's own header", with_member(SHEET, local_size=5), PACKAGE, FINE)
add("an encrypted part", with_member(SHEET, flags=0x0801), PACKAGE)
add("a part packed by bzip2", with_member(SHEET, method=12), PACKAGE)
add("a part packed by nothing known", with_member(SHEET, method=77), PACKAGE)
add("a stored part that was deflated", with_member(SHEET, method=0), PACKAGE)
add("a part that begins behind the file", with_member(SHEET, place=10**8), PACKAGE)
add("a part that begins in another", with_member(SHEET, place=10), PACKAGE)
add("broken deflated bytes", of_bytes(lambda: _garbled(base())), PACKAGE)


def _garbled(content: bytes) -> bytes:
    place = content.index(SHEET.encode()) + len(SHEET) + 40
    return content[:place] + b"\xff" * 40 + content[place + 40 :]


def overlapping(path: Path) -> None:
    """Many members that are one and the same place."""
    picture = member("xl/media/image1.png", os.urandom(100_000))
    others = [member(f"xl/media/more{number}.png", b"", place=0) for number in range(500)]
    for each in others:
        each.packed, each.crc, each.size = picture.packed, picture.crc, picture.size
    write_zip(path, [picture, *others, *members_of({n: c for n, c in parts().items() if "image1" not in n})])


def overlapping_twice(path: Path) -> None:
    """Two pictures in one place, in a file that is large enough for both."""
    picture = member("xl/media/image1.png", os.urandom(1000))
    twin = member("xl/media/twin.png", b"", place=0)
    twin.packed, twin.crc, twin.size, twin.packed_size = b"", picture.crc, picture.size, len(picture.packed)
    twin.name = b"xl/media/image2.png"
    write_zip(path, [picture, twin, *members_of({n: c for n, c in parts().items() if "image1" not in n})])


def many_members(count: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        more = [member(f"xl/media/{number}.png", b"") for number in range(count)]
        write_zip(path, [*members_of(parts()), *more])

    return make


def many_entries(path: Path) -> None:
    """A directory of two million members, all of them the same one."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    count = 2_000_000
    with path.open("wb") as file:
        file.write(struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b"a")
        start = file.tell()
        for _ in range(100):
            file.write(entry * (count // 100))
        size = file.tell() - start
        end = file.tell()
        file.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start))
        file.write(struct.pack("<4sLQL", b"PK\6\7", 0, end, 1))
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))


add("parts over one another", overlapping, PACKAGE)
add("two pictures in one place", overlapping_twice, PACKAGE, lookers=(FINE,))
add("70,000 parts", many_members(70_000), LIMIT, PACKAGE)
add("12,000 parts", many_members(12_000), LIMIT)
add("a directory of two million parts", many_entries, LIMIT, PACKAGE)
add("two parts of one name", lambda path: write_zip(path, [*members_of(parts()), member(SHEET, b"<a/>")]), PACKAGE)
add(
    "two parts of one name in other case",
    lambda path: write_zip(path, [*members_of(parts()), member(SHEET.upper(), b"<a/>")]),
    PACKAGE,
)
for name in (
    "../evil.xml",
    "/etc/evil.xml",
    "xl\\evil.xml",
    "xl/../../evil",
    "a\0b",
    "",
    "\x1b[2Jxl",
    "xl//a.xml",
    "./a",
):
    add(
        f"a part called {name!r}",
        lambda path, name=name: write_zip(path, [*members_of(parts()), member(name, b"<a/>")]),
        PACKAGE,
        FINE,
    )
add(
    "a part whose name is no UTF-8",
    lambda path: write_zip(path, [*members_of(parts()), member(b"xl/\xff\xfe.xml", b"<a/>")]),
    PACKAGE,
)

# Bombs

SPACES = noisy(b" ")
XML = b'<?xml version="1.0" encoding="UTF-8"?>'
MAIN = b' xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SST = XML + b"<sst" + MAIN + b">"
ROWS_OPEN, ROWS_CLOSE = XML + b"<worksheet" + MAIN + b"><sheetData>", b"</sheetData></worksheet>"
ANYTHING = (FINE, PACKAGE, LIMIT)

add(
    "a picture that unpacks to a gigabyte",
    with_bomb("xl/media/image1.png", b"", bytes(1 << 20), 1024, b"", noise=False),
    LIMIT,
    lookers=(FINE,),
)
add("a sheet of a gigabyte of blanks", with_bomb(SHEET, XML, b" " * (1 << 20), 1024, b"<a/>", noise=False), LIMIT)
add("shared strings of a gigabyte", with_bomb(STRINGS, SST, noisy(b"<si><t>x</t></si>"), 1024, b"</sst>"), LIMIT)
add("a sheet of 300 MiB of blanks", with_bomb(SHEET, ROWS_OPEN, SPACES, 300, ROWS_CLOSE), PACKAGE, LIMIT)
add(
    "a sheet of 100 MiB in one attribute",
    with_bomb(SHEET, XML + b'<worksheet a="', noisy(b"x")[3:].replace(b"<", b"("), 100, b'"/>'),
    PACKAGE,
    LIMIT,
)
add(
    "a sheet of 100 MiB in one comment",
    with_bomb(SHEET, XML + b"<!-- ", noisy(b"x")[4:].replace(b"--", b"(("), 100, b" --><a/>"),
    PACKAGE,
    LIMIT,
)
TEXT = noisy(b"x").replace(b"<!--", b"").replace(b"-->", b"")
CELL = b'<row r="1"><c r="A1" t="inlineStr"><is><t>'
add(
    "a sheet of 100 MiB in one text",
    with_bomb(SHEET, ROWS_OPEN + CELL, TEXT, 100, b"</t></is></c></row>" + ROWS_CLOSE),
    PACKAGE,
    LIMIT,
)
FORMULA = b'<row r="1"><c r="A1"><f>'
add(
    "a sheet of 100 MiB in one formula",
    with_bomb(SHEET, ROWS_OPEN + FORMULA, TEXT, 100, b"</f></c></row>" + ROWS_CLOSE),
    PACKAGE,
    LIMIT,
)
add("a string of 100 MiB", with_bomb(STRINGS, SST + b"<si><t>", TEXT, 100, b"</t></si></sst>"), PACKAGE, LIMIT)
add("a million nested elements", with_bomb(SHEET, ROWS_OPEN, noisy(b"<a>"), 20, b""), PACKAGE, LIMIT)
add("a million rows in no order", with_bomb(SHEET, ROWS_OPEN, noisy(b'<row r="1"/>'), 30, ROWS_CLOSE), PACKAGE, LIMIT)
add(
    "a million cells in a row",
    with_bomb(SHEET, ROWS_OPEN + b"<row>", noisy(b"<c/>"), 30, b"</row>" + ROWS_CLOSE),
    PACKAGE,
    LIMIT,
)
add(
    "a million merged ranges",
    with_bomb(
        SHEET,
        XML + b"<worksheet" + MAIN + b"><sheetData/><mergeCells>",
        noisy(b'<mergeCell ref="Z900:AA901"/>'),
        28,
        b"</mergeCells></worksheet>",
    ),
    *ANYTHING,
)
add(
    "a million columns",
    with_bomb(
        SHEET,
        XML + b"<worksheet" + MAIN + b"><cols>",
        noisy(b'<col min="900" max="901" style="999"/>'),
        28,
        b"</cols><sheetData/></worksheet>",
    ),
    *ANYTHING,
)
add(
    "a million formats of cells",
    with_bomb(
        STYLES,
        XML + b"<styleSheet" + MAIN + b"><cellXfs>",
        noisy(b'<xf numFmtId="0"/>'),
        20,
        b"</cellXfs></styleSheet>",
    ),
    *ANYTHING,
)
add(
    "a million conditional formats",
    with_bomb(
        SHEET,
        XML + b"<worksheet" + MAIN + b"><sheetData/>",
        noisy(
            b'<conditionalFormatting sqref="A1:B900"><cfRule type="expression"><formula>A1</formula></cfRule></conditionalFormatting>'
        ),
        100,
        b"</worksheet>",
    ),
    *ANYTHING,
)
NAMES = (
    XML
    + b"<workbook"
    + MAIN
    + b' xmlns:r="'
    + OFFICE.encode()
    + b'"><sheets><sheet name="Report" sheetId="1" r:id="rId1"/></sheets><definedNames>'
)
add(
    "a million defined names",
    with_bomb(WORKBOOK, NAMES, noisy(b'<definedName name="a">A1</definedName>'), 40, b"</definedNames></workbook>"),
    *ANYTHING,
)
add(
    "a million relationships",
    with_bomb(
        SHEET_RELATIONSHIPS,
        XML + b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">',
        noisy(b'<Relationship Id="a" Target="b" Type="c"/>'),
        40,
        b"</Relationships>",
    ),
    *ANYTHING,
)
add(
    "a million content types",
    with_bomb(
        TYPES,
        parts()[TYPES].removesuffix(b"</Types>"),
        noisy(b'<Override PartName="/a" ContentType="c"/>'),
        40,
        b"</Types>",
    ),
    *ANYTHING,
)


def different(unit: bytes, count: int, width: int = 7) -> bytes:
    """A unit so many times, each with a number of its own in place of its #."""
    return b"".join(unit.replace(b"#", b"%0*d" % (width, number)) for number in range(count))


def long_part(part: str, head: bytes, unit: bytes, count: int, tail: bytes) -> Callable[[Path], None]:
    return of_parts(lambda: {**parts(), part: head + different(unit, count) + tail})


add("a million names of elements", long_part(SHEET, ROWS_OPEN, b"<a#/>", 1_000_000, ROWS_CLOSE), PACKAGE, LIMIT)
add("a million prefixes", long_part(SHEET, ROWS_OPEN, b'<a xmlns:p#="u"/>', 1_000_000, ROWS_CLOSE), PACKAGE, LIMIT)
add("a million namespaces", long_part(SHEET, ROWS_OPEN, b'<a xmlns="u#"/>', 1_000_000, ROWS_CLOSE), PACKAGE, LIMIT)
add(
    "half a million relationships of their own",
    long_part(
        SHEET_RELATIONSHIPS,
        XML + b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">',
        b'<Relationship Id="#" Target="#" Type="c"/>',
        500_000,
        b"</Relationships>",
    ),
    *ANYTHING,
)
add(
    "half a million content types of their own",
    of_parts(
        lambda: {
            **parts(),
            TYPES: parts()[TYPES].removesuffix(b"</Types>")
            + different(b'<Override PartName="/#" ContentType="c"/>', 500_000)
            + b"</Types>",
        }
    ),
    *ANYTHING,
)
add(
    "half a million defined names of their own",
    long_part(
        WORKBOOK, NAMES, b'<definedName name="a#">Report!$A$1</definedName>', 500_000, b"</definedNames></workbook>"
    ),
    *ANYTHING,
)
add(
    "half a million shared formulas",
    long_part(
        SHEET,
        ROWS_OPEN + b'<row r="1">',
        b'<c r="A1"><f t="shared" si="#" ref="A1:A2">B#</f></c>',
        500_000,
        b"</row>" + ROWS_CLOSE,
    ),
    *ANYTHING,
)
add(
    "a hundred thousand array formulas",
    long_part(
        SHEET,
        ROWS_OPEN + b'<row r="1">',
        b'<c r="A1"><f t="array" ref="A1:A2">B#</f><v>1</v></c>',
        100_000,
        b"</row>" + ROWS_CLOSE,
    ),
    *ANYTHING,
    MOVE,
)
add(
    "half a million names in formulas",
    long_part(SHEET, ROWS_OPEN + b'<row r="1">', b'<c r="A1"><f>name#</f></c>', 500_000, b"</row>" + ROWS_CLOSE),
    *ANYTHING,
)
add(
    "half a million sheets in formulas",
    long_part(SHEET, ROWS_OPEN + b'<row r="1">', b'<c r="A1"><f>s#!A1</f></c>', 500_000, b"</row>" + ROWS_CLOSE),
    *ANYTHING,
)
add(
    "half a million attributes",
    of_parts(lambda: {**parts(), SHEET: XML + b"<worksheet" + MAIN + different(b' a#=""', 500_000) + b"/>"}),
    *ANYTHING,
)
add(
    "half a million sheets",
    of_parts(
        lambda: {
            **parts(),
            WORKBOOK: NAMES.replace(
                b"</sheets>", different(b'<sheet name="s#" sheetId="2" r:id="rId2"/>', 500_000) + b"</sheets>"
            )
            + b"</definedNames></workbook>",
        }
    ),
    *ANYTHING,
)
add(
    "a quarter of a million different strings",
    long_part(STRINGS, SST, b"<si><t>#</t></si>", 1_000_000, b"</sst>"),
    *ANYTHING,
)
for bad in (
    "'",
    "''",
    "'a",
    "['",
    "[",
    "[[",
    "[a]",
    "(",
    '"',
    "A1:",
    "a!",
    "a.",
    "1",
    "$A",
    "$",
    "#REF!",
    "A1,",
    "'a'!",
):
    for size in (8000, 200_000):
        formula = (bad * (size // len(bad))).encode()
        add(
            f"a formula of {size} of {bad}",
            of_parts(
                lambda formula=formula: {
                    **parts(),
                    SHEET: ROWS_OPEN + b'<row r="9"><c r="A9"><f>' + formula + b"</f></c></row>" + ROWS_CLOSE,
                }
            ),
            *ANYTHING,
            MOVE,
            "AF-EXCEL-ANCHOR",
        )

# Entities and encodings

EVERY_PART = sorted(name for name in parts() if name.endswith((".xml", ".rels", ".vml")))
DOCTYPE = b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n > 1 else b"&a;" * 10) for n in range(1, 12))
    + b"]>"
)


def after_declaration(content: bytes, more: bytes) -> bytes:
    end = content.index(b"?>") + 2 if content.startswith(b"<?xml") else 0
    return content[:end] + more + content[end:]


UNREAD = ("docProps/app.xml", "docProps/core.xml", "xl/theme/theme1.xml")
for part in EVERY_PART:
    ends = (FINE,) if part in UNREAD else (PACKAGE, FINE)
    add(
        f"a document type in {part}",
        of_parts(lambda part=part: {**parts(), part: after_declaration(parts()[part], DOCTYPE)}),
        *ends,
    )
    add(
        f"broken XML in {part}",
        of_parts(lambda part=part: {**parts(), part: parts()[part].rpartition(b"<")[0] + b"<x"}),
        *ends,
    )
    add(f"without {part}", without(part), *ends, "AF-EXCEL-ANCHOR", "AF-EXCEL-SHEET")
    add(f"nothing in {part}", whole(part, b""), *ends)
    add(f"bytes in {part}", whole(part, bytes(range(256))), *ends)
add("a billion laughs", of_parts(lambda: {**parts(), SHEET: after_declaration(parts()[SHEET], LAUGHS)}), PACKAGE)
for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"):
    add(
        f"a sheet in {encoding}",
        of_parts(
            lambda encoding=encoding: {
                **parts(),
                SHEET: parts()[SHEET]
                .decode()
                .replace('"UTF-8"', f'"{encoding[:6]}"' if encoding != "utf-8-sig" else '"UTF-8"')
                .encode(encoding),
            }
        ),
        PACKAGE,
        FINE,
    )
for encoding in ("ISO-8859-1", "windows-1252", "utf-32", "utf-7", "no-such", "UTF-16"):
    add(f"a sheet that says it is {encoding}", edit(SHEET, '"UTF-8"', f'"{encoding}"'), PACKAGE)
add(
    "bytes that are no UTF-8",
    of_parts(lambda: {**parts(), SHEET: parts()[SHEET].replace(b"<sheetData>", b"<sheetData>\xff\xfe", 1)}),
    PACKAGE,
)

# Relationships

TARGETS = (
    "/etc/passwd",
    "../../../../etc/passwd",
    "..\\..\\x.xml",
    "file:///etc/passwd",
    "http://example.invalid/a",
    "C:\\x",
    "worksheets/sheet1.xml#a",
    "%2e%2e/%2e%2e/etc/passwd",
    "",
    ".",
    "a\x7fb",
    "worksheets/sheet1.xml/",
    "//host/a",
)
for target in TARGETS:
    add(
        f"a sheet at {target!r}",
        edit(WORKBOOK_RELATIONSHIPS, 'Target="worksheets/sheet1.xml"', f'Target="{target}"'),
        PACKAGE,
        FINE,
    )
    add(
        f"a drawing at {target!r}",
        edit(SHEET_RELATIONSHIPS, 'Target="../drawings/drawing1.xml"', f'Target="{target}"'),
        PACKAGE,
        FINE,
    )
    add(
        f"the strings at {target!r}",
        edit(WORKBOOK_RELATIONSHIPS, 'Target="sharedStrings.xml"', f'Target="{target}"'),
        PACKAGE,
        FINE,
        "AF-EXCEL-ANCHOR",
    )
add(
    "an external sheet",
    edit(
        WORKBOOK_RELATIONSHIPS,
        'Target="worksheets/sheet1.xml"',
        'Target="http://example.invalid/" TargetMode="External"',
    ),
    PACKAGE,
)
add(
    "an external workbook",
    edit(ROOT_RELATIONSHIPS, 'Target="xl/workbook.xml"', 'Target="http://example.invalid/" TargetMode="External"'),
    PACKAGE,
)
add(
    "the workbook is its own sheet",
    edit(WORKBOOK_RELATIONSHIPS, 'Target="worksheets/sheet1.xml"', 'Target="workbook.xml"'),
    PACKAGE,
    FINE,
    "AF-EXCEL-ANCHOR",
)
add(
    "a sheet that is the strings",
    edit(WORKBOOK_RELATIONSHIPS, 'Target="worksheets/sheet1.xml"', 'Target="sharedStrings.xml"'),
    PACKAGE,
    FINE,
    "AF-EXCEL-ANCHOR",
)
add(
    "sheets that share a part",
    edit(WORKBOOK_RELATIONSHIPS, 'Target="worksheets/sheet2.xml"', 'Target="worksheets/sheet1.xml"'),
    PACKAGE,
)
add(
    "a drawing that points at itself",
    of_parts(
        lambda: {
            **parts(),
            "xl/drawings/_rels/drawing1.xml.rels": parts()["xl/drawings/_rels/drawing1.xml.rels"].replace(
                b'Target="../charts/chart1.xml"', b'Target="drawing1.xml"'
            ),
        }
    ),
    PACKAGE,
    FINE,
)
add(
    "a drawing that points at its sheet",
    of_parts(
        lambda: {
            **parts(),
            "xl/drawings/_rels/drawing1.xml.rels": parts()["xl/drawings/_rels/drawing1.xml.rels"].replace(
                b'Target="../charts/chart1.xml"', b'Target="../worksheets/sheet1.xml"'
            ),
        }
    ),
    PACKAGE,
    FINE,
)
add("two relationships of one id", edit(WORKBOOK_RELATIONSHIPS, 'Id="rId2"', 'Id="rId1"'), PACKAGE, FINE)
add("a sheet of no relationship", edit(WORKBOOK, 'r:id="rId1"', 'r:id="rId99"'), PACKAGE)
add("a sheet without a relationship", edit(WORKBOOK, ' r:id="rId1"', ""), PACKAGE)
add(
    "the calculation chain is the sheet",
    edit(
        WORKBOOK_RELATIONSHIPS,
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/theme" Target="theme/theme1.xml"',
        f'Type="{OFFICE}/calcChain" Target="worksheets/sheet1.xml"',
    ),
    FINE,
    PACKAGE,
)
add(
    "the calculation chain is the workbook",
    edit(
        WORKBOOK_RELATIONSHIPS,
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/theme" Target="theme/theme1.xml"',
        f'Type="{OFFICE}/calcChain" Target="workbook.xml"',
    ),
    FINE,
    PACKAGE,
)
add(
    "the styles are the sheet",
    edit(WORKBOOK_RELATIONSHIPS, 'Target="styles.xml"', 'Target="worksheets/sheet1.xml"'),
    PACKAGE,
)
add(
    "the strings are the sheet",
    edit(WORKBOOK_RELATIONSHIPS, 'Target="sharedStrings.xml"', 'Target="worksheets/sheet1.xml"'),
    PACKAGE,
    FINE,
    "AF-EXCEL-ANCHOR",
)
add(
    "parts without a content type",
    of_parts(
        lambda: {**parts(), TYPES: b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'}
    ),
    PACKAGE,
)
add("a sheet of the type of a drawing", edit(TYPES, "spreadsheetml.worksheet+xml", "drawing+xml"), PACKAGE, FINE)
add(
    "a drawing of the type of the workbook",
    edit(
        TYPES,
        "application/vnd.openxmlformats-officedocument.drawing+xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    ),
    PACKAGE,
    FINE,
)

# Sheets that are no sheets

A3 = '<row r="3"'
for number in ("0", "-1", "1048577", "9999999", "99999999999999999999", "x", "", " 3 ", "3.5", "\u0663", "1e3"):
    add(f"a row called {number!r}", edit(SHEET, A3, f'<row r="{number}"'), PACKAGE, FINE, MOVE)
for number in (
    "A0",
    "XFE1",
    "A1048577",
    "AAAA1",
    "3",
    "A",
    "",
    "A-1",
    "A99999999999",
    "a3",
    "$A$3",
    "A3:B4",
    "\u0410" + "3",
    "B9",
):
    add(f"a cell called {number!r}", edit(SHEET, 'r="A3"', f'r="{number}"'), PACKAGE, FINE)
add("rows in another order", of_parts(lambda: _turned(b'<row r="2"', b'<row r="3"')), PACKAGE, lookers=(FINE,))
add("a row twice", edit(SHEET, A3, '<row r="2"'), PACKAGE, lookers=(FINE,))
add("cells in another order", edit(SHEET, 'r="A3"', 'r="C3"'), PACKAGE, lookers=(FINE,))
add("a cell twice", edit(SHEET, 'r="A3"', 'r="B3"'), PACKAGE, lookers=(FINE,))


def _turned(first: bytes, second: bytes) -> dict[str, bytes]:
    found = parts()
    sheet = found[SHEET]
    one, two = sheet.index(first), sheet.index(second)
    end = sheet.index(b"</row>", two) + len(b"</row>")
    found[SHEET] = sheet[:one] + sheet[two:end] + sheet[one:two] + sheet[end:]
    return found


for style in ("99999", "-1", "x", "99999999999999999999", ""):
    add(f"a format called {style!r}", edit(SHEET, 'r="A2" t="s"', f'r="A2" s="{style}" t="s"'), PACKAGE, FINE)
for index in ("99999", "-1", "x", "", "99999999999999999999", "1e9"):
    add(
        f"a string called {index!r}",
        of_parts(
            lambda index=index: {
                **parts(),
                SHEET: parts()[SHEET].replace(b'<c r="A3" t="s"><v>4</v>', f'<c r="A3" t="s"><v>{index}</v>'.encode()),
            }
        ),
        PACKAGE,
        FINE,
    )
add("a shared formula of nobody", edit(SHEET, "<f>SUM(B3:B4)</f>", '<f t="shared" si="7"/>'), PACKAGE, FINE, MOVE)
add(
    "a shared formula of no number",
    edit(SHEET, "<f>SUM(B3:B4)</f>", '<f t="shared" ref="B5">SUM(B3:B4)</f>'),
    PACKAGE,
    FINE,
    MOVE,
)
add(
    "a shared formula of no cells",
    edit(SHEET, "<f>SUM(B3:B4)</f>", '<f t="shared" ref="x" si="0">SUM(B3:B4)</f>'),
    PACKAGE,
    FINE,
    MOVE,
)
add(
    "an array formula of no cells",
    edit(SHEET, "<f>SUM(B3:B4)</f>", '<f t="array" ref="">SUM(B3:B4)</f>'),
    PACKAGE,
    FINE,
    MOVE,
)
for ref in ("", "x", "A1:XFD1048576", "A1:B", "B2:A1", "A0", "A1:A9999999", "A1 B2", "Report!A1:B2"):
    add(
        f"merged cells called {ref!r}",
        edit(SHEET, '<mergeCell ref="A8:B8"/>', f'<mergeCell ref="{ref}"/>'),
        PACKAGE,
        FINE,
        "AF-EXCEL-IN-THE-WAY",
        MOVE,
    )
    add(
        f"a condition for {ref!r}",
        edit(SHEET, '<conditionalFormatting sqref="B3:B9">', f'<conditionalFormatting sqref="{ref}">'),
        PACKAGE,
        FINE,
        MOVE,
    )
    add(
        f"a table of {ref!r}",
        edit("xl/tables/table1.xml", 'ref="D2:E4"', f'ref="{ref}"'),
        PACKAGE,
        FINE,
        "AF-EXCEL-IN-THE-WAY",
        MOVE,
    )
    add(f"a comment on {ref!r}", edit("xl/comments1.xml", 'ref="A3"', f'ref="{ref}"'), PACKAGE, FINE, MOVE)
    add(f"a dimension of {ref!r}", of_parts(lambda ref=ref: {**parts(), SHEET: _dimension(ref)}), PACKAGE, FINE, MOVE)


def _dimension(ref: str) -> bytes:
    import re

    return re.sub(rb'<dimension ref="[^"]*"/>', f'<dimension ref="{ref}"/>'.encode(), parts()[SHEET])


for row in ("-5", "x", "", "99999999", "1e3", "2147483648"):
    add(
        f"a picture at row {row!r}",
        of_parts(
            lambda row=row: {
                **parts(),
                DRAWING: parts()[DRAWING].replace(b"<xdr:row>1</xdr:row>", f"<xdr:row>{row}</xdr:row>".encode()),
            }
        ),
        PACKAGE,
        FINE,
        MOVE,
    )
    add(
        f"a table with {row!r} rows of header",
        edit("xl/tables/table1.xml", 'ref="D2:E4" totals', f'ref="D2:E4" headerRowCount="{row}" totals'),
        PACKAGE,
        FINE,
    )
    add(f"a sheet numbered {row!r}", edit(WORKBOOK, 'sheetId="2"', f'sheetId="{row}"'), PACKAGE, FINE)
for formula in (
    "Counts",
    "Other",
    "#REF!",
    "Report!",
    "'Report'!$A$0",
    "Nowhere!$A$1",
    "Report!$A$1:Report!$B$2",
    "[1]Report!$A$1",
    "Report!$XFE$1",
    "",
    "(" * 5000,
    "Report!$B$3:$B$1048577",
    "A" * 100_000,
):
    add(
        f"a name for {formula[:20]!r}",
        edit(WORKBOOK, "Report!$B$3:$B$4</definedName>", f"{formula}</definedName>"),
        PACKAGE,
        FINE,
        "AF-EXCEL-ANCHOR",
        MOVE,
    )
add(
    "a name on sheet 99",
    edit(WORKBOOK, '<definedName name="Counts"', '<definedName name="Counts" localSheetId="99"'),
    PACKAGE,
    FINE,
)
for name in (
    "Re'port",
    "",
    "x" * 1000,
    "a&#10;b",
    "&#9;",
    "[x]",
    "a/b",
    "\u202e" * 5,
    "Other",
    "OTHER",
    "=1+1",
    "&lt;b&gt;",
):
    add(
        f"a sheet called {name[:20]!r}",
        edit(WORKBOOK, 'name="Report"', f'name="{name}"'),
        PACKAGE,
        FINE,
        "AF-EXCEL-SHEET",
        "AF-EXCEL-ANCHOR",
        MOVE,
    )
add(
    "no sheets",
    of_parts(lambda: {**parts(), WORKBOOK: XML + b"<workbook" + MAIN + b"/>"}),
    PACKAGE,
    "AF-EXCEL-SHEET",
    "AF-EXCEL-ANCHOR",
    FINE,
)
add("another root in the workbook", whole(WORKBOOK, XML + b"<html/>"), PACKAGE, "AF-EXCEL-SHEET", "AF-EXCEL-ANCHOR")
add("another root in the sheet", whole(SHEET, XML + b"<html/>"), PACKAGE, "AF-EXCEL-ANCHOR", lookers=(FINE,))
add(
    "another namespace in the sheet",
    edit(SHEET, "spreadsheetml/2006/main", "spreadsheetml/2099/main"),
    PACKAGE,
    "AF-EXCEL-ANCHOR",
    lookers=(FINE,),
)
add("two lists of rows", edit(SHEET, "</sheetData>", "</sheetData><sheetData/>"), PACKAGE, lookers=(FINE,))
add("rows in a row", edit(SHEET, A3, '<row r="2"><row r="9"/></row>' + A3), PACKAGE, lookers=(FINE,))
add("a cell in a cell", edit(SHEET, '<c r="A3" t="s">', '<c r="A3" t="s"><c r="B3"/>'), PACKAGE, lookers=(FINE,))
add("no list of rows", whole(SHEET, XML + b"<worksheet" + MAIN + b"/>"), PACKAGE, "AF-EXCEL-ANCHOR", lookers=(FINE,))
HEAVY.update(name for name in CASES if "MiB" in name or "formula of" in name or name.startswith("a hundred thousand"))
HEAVY.update(("a quarter of a million different strings", "70,000 parts", "a directory of two million parts"))
HEAVY.update(name for name in CASES if "gigabyte" in name or "a million" in name)
#: Of the heavy ones, those that are tried each time.
QUICK = ("a million nested elements", "a million rows in no order", "shared strings of a gigabyte", "12,000 parts")
HEAVY.difference_update(QUICK)
