"""Archives that no honest program writes: built field by field, numbered as the list of hostile archives numbers them."""

from __future__ import annotations

import bz2
import functools
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

MIB = 1 << 20
REGULAR, LINK, FIFO, DEVICE, SOCKET, FOLDER = 0o100644, 0o120777, 0o010644, 0o020644, 0o140644, 0o040755


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One member; what is null is told rightly."""

    name: bytes
    data: bytes = b""
    method: int = 0
    flags: int = 0
    mode: int = REGULAR
    made_by: int = 3
    needs: int = 20
    crc: int | None = None
    size: int | None = None
    packed: int | None = None
    content: bytes | None = None
    start: int | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    local_packed: int | None = None
    local_method: int | None = None
    local_crc: int | None = None
    extra: bytes = b""
    local_extra: bytes = b""
    comment: bytes = b""
    descriptor: bytes = b""

    def bytes_inside(self) -> bytes:
        if self.content is not None:
            return self.content
        if self.method != 8:
            return self.data
        press = zlib.compressobj(9, zlib.DEFLATED, -15)
        return press.compress(self.data) + press.flush()

    def numbers(self) -> tuple[int, int, int]:
        crc = zlib.crc32(self.data) if self.crc is None else self.crc
        packed = len(self.bytes_inside()) if self.packed is None else self.packed
        return crc, packed, len(self.data) if self.size is None else self.size


def local(entry: Entry) -> bytes:
    crc, packed, size = entry.numbers()
    name = entry.name if entry.local_name is None else entry.local_name
    told = (
        crc if entry.local_crc is None else entry.local_crc,
        packed if entry.local_packed is None else entry.local_packed,
        size if entry.local_size is None else entry.local_size,
    )
    method = entry.method if entry.local_method is None else entry.local_method
    head = struct.pack(
        "<4s5H3L2H", b"PK\3\4", 20, entry.flags, method, 0, 0x21, *told, len(name), len(entry.local_extra)
    )
    return head + name + entry.local_extra + entry.bytes_inside() + entry.descriptor


def central(entry: Entry, start: int) -> bytes:
    numbers = entry.numbers()
    lengths = (len(entry.name), len(entry.extra), len(entry.comment))
    head = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\1\2", entry.made_by << 8 | 20, entry.needs, entry.flags, entry.method, 0, 0x21),
        *(*numbers, *lengths, 0, 0, entry.mode << 16),
        start if entry.start is None else entry.start,
    )
    return head + entry.name + entry.extra + entry.comment


def end(count: int, size: int, start: int, comment: bytes = b"") -> bytes:
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, start, len(comment)) + comment


def end_64(count: int, size: int, start: int, place: int) -> bytes:
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    return record + struct.pack("<4sLQL", b"PK\6\7", 0, place, 1)


def build(*entries: Entry, comment: bytes = b"", count: int | None = None) -> bytes:
    """An archive of these members."""
    body, listing = b"", b""
    for entry in entries:
        listing += central(entry, len(body))
        body += local(entry)
    return body + listing + end(len(entries) if count is None else count, len(listing), len(body), comment)


def one(name: bytes | str, data: bytes = b"evil", **options) -> Entry:
    raw = name if isinstance(name, bytes) else name.encode()
    flags = options.pop("flags", 0 if raw.isascii() else 0x0800)
    return Entry(name=raw, data=data, flags=flags, **options)


def good(*names: str) -> list[Entry]:
    return [one(name, f"content of {name}".encode()) for name in names]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A hostile archive, and what has to become of it."""

    number: str
    make: Callable[[], bytes]
    #: The code of the refusal, or null where it is unpacked.
    code: str | None = None
    #: What is then there.
    files: tuple[str, ...] = ()
    #: Refused only where the archive has to be strict.
    strict_only: bool = field(default=False)


@functools.cache
def bytes_of(case: Case) -> bytes:
    """Built once: some are big."""
    return case.make()


def many(number: int) -> bytes:
    body, listing = [], []
    place = 0
    for index in range(number):
        entry = Entry(name=b"%d" % index)
        header = local(entry)
        listing.append(central(entry, place))
        body.append(header)
        place += len(header)
    listed = b"".join(listing)
    wide = end_64(number, len(listed), place, place + len(listed))
    return b"".join(body) + listed + wide + end(0xFFFF, len(listed), place)


def zeros(size: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as member:
        for _ in range(size // MIB):
            member.write(bytes(MIB))
    return buffer.getvalue()


def nested() -> bytes:
    inner = zeros(50 * MIB)
    return build(*(one(f"inner{number}.zip", inner) for number in range(16)))


def overlapping() -> bytes:
    """Two members, the second of which starts inside the first one's content."""
    hidden = local(one("b", b"x" * 50))
    outer = one("a", hidden)
    place = len(local(outer)) - len(hidden)
    listing = central(outer, 0) + central(one("b", b"x" * 50), place)
    return local(outer) + listing + end(2, len(listing), len(local(outer)))


def shared_kernel() -> bytes:
    """One content, listed many times: the better zip bomb in small."""
    entry = one("0", bytes(1000), method=8)
    listing = b"".join(central(replace(entry, name=b"%d" % number), 0) for number in range(500))
    return local(entry) + listing + end(500, len(listing), len(local(entry)))


def lying() -> bytes:
    big = bytes(30 * MIB)
    return build(replace(one("a", big, method=8), size=100, crc=zlib.crc32(bytes(100))))


def two_ends() -> bytes:
    """Two archives, one after the other: which of them a program finds depends on where it starts to look."""
    return build(*good("first.txt")) + build(*good("second.txt"))


def end_in_comment() -> bytes:
    """Two end records that both end where the file ends."""
    inner = build(*good("a.txt"))
    second = end(1, len(inner), 0)
    return inner[:-22] + end(1, len(central(good("a.txt")[0], 0)), len(local(good("a.txt")[0])), second)


NAME, TYPE, TWICE, LIMIT = "AF-ARCHIVE-NAME", "AF-ARCHIVE-TYPE", "AF-ARCHIVE-DUPLICATE", "AF-ARCHIVE-LIMIT"
DAMAGED, AMBIGUOUS, METHOD = "AF-ARCHIVE-DAMAGED", "AF-ARCHIVE-AMBIGUOUS", "AF-ARCHIVE-METHOD"
PASSWORD = "AF-ARCHIVE-PASSWORD"


def named(number: str, name: bytes | str, code: str = NAME, **options) -> Case:
    return Case(number=number, make=lambda: build(*good("fine.txt"), one(name, **options)), code=code)


def typed(number: str, mode: int, data: bytes = b"", name: str = "thing") -> Case:
    return Case(number=number, make=lambda: build(*good("fine.txt"), one(name, data, mode=mode)), code=TYPE)


def pair(number: str, *names: str) -> Case:
    return Case(number=number, make=lambda: build(*(one(name, name.encode()) for name in names)), code=TWICE)


#: The list, 00 to 47.
CASES = (
    Case(
        number="00 benign",
        make=lambda: build(*good("a.txt", "b/c.txt"), one("d/", b"", mode=FOLDER)),
        files=("a.txt", "b/c.txt"),
    ),
    named("01 up", "../../evil"),
    named("02 absolute", "/evil"),
    named("03 drive", "C:\\evil"),
    named("04 share", "\\\\srv\\share"),
    named("05 backslashes up", "..\\..\\evil"),
    named("06 in and up", "a/b/../../../evil"),
    named("07 dots", "./a/./b"),
    named("08 two slashes", "a//b"),
    typed("09 absolute link", LINK, b"/etc/passwd", "link"),
    Case(
        number="10 link and a file through it",
        make=lambda: build(one("link", b"/etc", mode=LINK), one("link/evil")),
        code=TWICE,
    ),
    typed("11 link up", LINK, b"../../..", "link"),
    typed("12 fifo", FIFO),
    typed("13 device", DEVICE),
    typed("14 socket", SOCKET),
    Case(number="15 setuid", make=lambda: build(one("tool", b"#!", mode=0o104755)), files=("tool",)),
    named("16 NUL", b"a\0b.txt"),
    named("17 escape and newline", "a\x1b[31m\nb"),
    named("18 dot at the end", "name."),
    named("18 blank at the end", "name "),
    named("19 device CON", "CON"),
    named("19 device aux", "a/aux.txt"),
    named("19 stream", "a:stream"),
    named("20 long", "n" * 300),
    named("21 deep", "/".join("d" * 2000)),
    pair("22 twice", "a.txt", "a.txt"),
    pair("23 capitals", "A.txt", "a.txt"),
    pair("24 forms", "\u00e9.txt", "e\u0301.txt"),
    pair("25 file then folder", "a", "a/b"),
    pair("25 folder then file", "a/b", "a"),
    Case(number="26 many", make=lambda: many(70_000), code=LIMIT),
    Case(number="27 zeros", make=lambda: zeros(200 * MIB), code=LIMIT),
    Case(number="28 nested", make=nested, files=tuple(f"inner{number}.zip" for number in range(16))),
    Case(number="29 overlapping", make=overlapping, code=AMBIGUOUS),
    Case(number="29 one content listed often", make=shared_kernel, code=AMBIGUOUS),
    Case(number="30 lying size", make=lying, code=AMBIGUOUS),
    Case(number="31 checksum", make=lambda: build(*good("a.txt"), one("b", crc=1)), code=DAMAGED),
    Case(number="32 cut off", make=lambda: build(*good("a.txt", "b.txt"))[:-30], code=DAMAGED),
    Case(number="33 70 kB behind", make=lambda: build(*good("a.txt")) + bytes(70_000), code=DAMAGED),
    Case(
        number="34 prefix",
        make=lambda: b"#!/bin/sh\nexit\n" + build(*good("a.txt")),
        code=AMBIGUOUS,
        strict_only=True,
        files=("a.txt",),
    ),
    Case(number="35 two archives", make=two_ends, code=AMBIGUOUS, strict_only=True, files=("second.txt",)),
    Case(number="35 end in the comment", make=end_in_comment, code=AMBIGUOUS),
    Case(number="36 two names", make=lambda: build(one("a.txt", local_name=b"b.txt")), code=AMBIGUOUS),
    Case(number="37 encrypted", make=lambda: build(one("a.txt", b"x" * 20, flags=1)), code=PASSWORD),
    Case(number="38 unknown method", make=lambda: build(one("a.txt", method=77)), code=METHOD),
    named("39 empty name", ""),
    Case(
        number="40 hidden files",
        make=lambda: build(*good(".bashrc", ".git/hooks/pre-commit")),
        files=(".bashrc", ".git/hooks/pre-commit"),
    ),
    named("41 folder up", "../", data=b"", mode=FOLDER),
    named("42 folder here", "./", data=b"", mode=FOLDER),
    named("42 here", "."),
    Case(number="43 literal", make=lambda: build(*good("~/x", "$HOME/x")), files=("$HOME/x", "~/x")),
    Case(number="44 no archive", make=lambda: b"this is a text\n" * 100, code=DAMAGED),
    Case(number="45 empty file", make=lambda: b"", code=DAMAGED),
    Case(number="45 empty archive", make=build, code=DAMAGED),
    named("46 no UTF-8", b"a\xff\xfe.txt", DAMAGED, flags=0x0800),
    named("47 right to left", "invoice\u202efdp.exe"),
)


def aes_extra(form: int = 2, vendor: bytes = b"AE", strength: int = 3, method: int = 0) -> bytes:
    return struct.pack("<2HH2sBH", 0x9901, 7, form, vendor, strength, method)


def unicode_name(raw_name: bytes, name: str) -> bytes:
    """The field for the name of a member whose name is not in UTF-8."""
    encoded = name.encode()
    return struct.pack("<2HBL", 0x7075, 5 + len(encoded), 1, zlib.crc32(raw_name)) + encoded


def wide_extra(*values: int) -> bytes:
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values)


def raw(make: Callable[[bytearray], None]) -> Callable[[], bytes]:
    """A good archive with some bytes changed."""

    def changed() -> bytes:
        data = bytearray(build(*good("a.txt", "b.txt")))
        make(data)
        return bytes(data)

    return changed


def wide(*, told_place: int | None = None, count: int = 1, narrow: int = 0xFFFF, between: bytes = b"") -> bytes:
    entry = good("a.txt")[0]
    body, listing = local(entry), central(entry, 0)
    place = len(body) + len(listing)
    record = end_64(count, len(listing), len(body), place if told_place is None else told_place)
    return body + listing + record[:56] + between + record[56:] + end(narrow, len(listing), len(body))


def set_end(data: bytearray, offset: int, form: str, value: int) -> None:
    struct.pack_into(form, data, len(data) - 22 + offset, value)


def thousands_of_extras() -> list[Entry]:
    extra = b"".join(struct.pack("<2H", 0x4000 + number, 0) for number in range(16_000))
    return [one(str(number), extra=extra) for number in range(200)]


def between() -> bytes:
    entry = one("a")
    body, listing = local(entry) + b"hidden", central(entry, 0)
    return body + listing + end(1, len(listing), len(body))


def bzip2(data: bytes, **options: int) -> bytes:
    import bz2

    return build(replace(one("a", data, method=12), content=bz2.compress(data), **options))


#: What the list does not name.
MORE = (
    Case(number="one byte behind", make=lambda: build(*good("a.txt")) + b"\n", code=DAMAGED),
    Case(number="wide", make=wide, files=("a.txt",)),
    Case(number="wide contradicts narrow", make=lambda: wide(narrow=2), code=AMBIGUOUS),
    Case(number="wide counts wrongly", make=lambda: wide(count=2), code=AMBIGUOUS),
    Case(number="wide is elsewhere", make=lambda: wide(told_place=3), code=AMBIGUOUS),
    Case(number="wide is apart from its locator", make=lambda: wide(between=b"12345678"), code=AMBIGUOUS),
    Case(number="fewer members than told", make=lambda: build(*good("a.txt"), count=2), code=AMBIGUOUS),
    Case(number="more members than told", make=lambda: build(*good("a.txt", "b.txt"), count=1), code=AMBIGUOUS),
    Case(number="list behind the end", make=raw(lambda data: set_end(data, 16, "<L", 10_000)), code=DAMAGED),
    Case(number="huge list", make=raw(lambda data: set_end(data, 12, "<L", 17 * MIB)), code=DAMAGED),
    Case(number="in several files", make=raw(lambda data: set_end(data, 4, "<H", 3)), code=DAMAGED),
    Case(number="header elsewhere", make=lambda: build(one("a", start=7)), code=DAMAGED),
    Case(number="header behind the end", make=lambda: build(one("a", start=0x7FFFFFFF)), code=DAMAGED),
    Case(number="two methods", make=lambda: build(one("a", local_method=8)), code=AMBIGUOUS),
    Case(number="two sizes", make=lambda: build(one("a", local_size=3)), code=AMBIGUOUS),
    Case(number="two packed sizes", make=lambda: build(one("a", local_packed=3)), code=AMBIGUOUS),
    Case(number="two checksums", make=lambda: build(one("a", local_crc=3)), code=AMBIGUOUS),
    Case(number="sizes open without saying so", make=lambda: build(one("a", local_size=0)), code=AMBIGUOUS),
    Case(number="reaches over the list", make=lambda: build(one("a", packed=200, size=200)), code=AMBIGUOUS),
    Case(number="less than told", make=lambda: build(one("a", b"x" * 9, method=8, size=20)), code=DAMAGED),
    Case(
        number="bytes behind the content",
        make=lambda: build(
            replace(one("a", b"x" * 99, method=8), content=one("a", b"x" * 99, method=8).bytes_inside() + b"more")
        ),
        code=DAMAGED,
    ),
    Case(number="no deflated bytes", make=lambda: build(one("a", method=8, content=b"\xff" * 9)), code=DAMAGED),
    Case(
        number="content cut off",
        make=lambda: build(
            replace(one("a", b"xyz" * 99, method=8), content=one("a", b"xyz" * 99, method=8).bytes_inside()[:-2])
        ),
        code=DAMAGED,
    ),
    Case(number="folder with content", make=lambda: build(one("a/", b"x" * 9, mode=FOLDER)), code=AMBIGUOUS),
    Case(
        number="folder noted as a file", make=lambda: build(one("a/", b"", mode=REGULAR), *good("a/b")), files=("a/b",)
    ),
    Case(
        number="folder noted as Maven does",
        make=lambda: build(one("a/", b"", mode=0o177777), *good("a/b")),
        files=("a/b",),
    ),
    Case(number="folder that is a link", make=lambda: build(one("a/", b"", mode=LINK)), code=TYPE),
    Case(number="file that is a folder", make=lambda: build(one("a", b"", mode=FOLDER)), code=TYPE),
    Case(number="link made elsewhere", make=lambda: build(one("a", b"/etc", mode=LINK, made_by=0)), code=TYPE),
    # We would read it; Python's own reader would not.
    Case(number="for a newer program", make=lambda: build(one("a", needs=99)), code=DAMAGED),
    Case(number="strong encryption", make=lambda: build(one("a", flags=0x41)), code=METHOD),
    Case(number="masked headers", make=lambda: build(one("a", flags=0x2001)), code=METHOD),
    Case(number="AES without saying how", make=lambda: build(one("a", flags=1, method=99)), code=DAMAGED),
    Case(
        number="AES of another maker",
        make=lambda: build(one("a", flags=1, method=99, extra=aes_extra(vendor=b"XX"))),
        code=DAMAGED,
    ),
    Case(
        number="AES of unknown strength",
        make=lambda: build(one("a", flags=1, method=99, extra=aes_extra(strength=9))),
        code=DAMAGED,
    ),
    Case(number="AES without the flag", make=lambda: build(one("a", method=99, extra=aes_extra())), code=DAMAGED),
    Case(
        number="AES method told twice",
        make=lambda: build(one("a", flags=1, method=99, extra=aes_extra() * 2)),
        code=AMBIGUOUS,
    ),
    Case(number="extra cut off", make=lambda: build(one("a", extra=b"\1\0\xff\0")), code=DAMAGED),
    Case(number="sizes missing", make=lambda: build(one("a", size=0xFFFFFFFF, extra=b"")), code=DAMAGED),
    Case(
        number="sizes told twice",
        make=lambda: build(one("a", size=0xFFFFFFFF, extra=wide_extra(4) * 2)),
        code=AMBIGUOUS,
    ),
    Case(
        number="wide size lies",
        make=lambda: build(one("a", size=0xFFFFFFFF, local_size=4, extra=wide_extra(5))),
        code=AMBIGUOUS,
    ),
    Case(
        number="huge wide size",
        make=lambda: build(
            one(
                "a",
                size=0xFFFFFFFF,
                local_size=0xFFFFFFFF,
                extra=wide_extra(1 << 62),
                local_extra=wide_extra(1 << 62, 4),
            )
        ),
        code=LIMIT,
    ),
    Case(
        number="big extra and comment",
        make=lambda: build(one("a", extra=b"\xfe\xca\xf0\xff" + bytes(0xFFF0), comment=b"c" * 0xFFFF)),
        files=("a",),
    ),
    Case(number="thousands of extras", make=lambda: build(*thousands_of_extras()), code=DAMAGED),
    Case(
        number="thousands of the same extra",
        make=lambda: build(one("a", extra=b"\xfe\xca\0\0" * 16_000)),
        code=DAMAGED,
    ),
    Case(
        number="AES told in two ways",
        make=lambda: build(
            one("a", bytes(40), flags=1, method=99, extra=aes_extra(), local_extra=aes_extra(strength=1))
        ),
        code=AMBIGUOUS,
    ),
    Case(
        number="AES not told in front of it",
        make=lambda: build(one("a", bytes(40), flags=1, method=99, extra=aes_extra())),
        code=AMBIGUOUS,
    ),
    Case(
        number="other name in front of it",
        make=lambda: build(
            one(
                b"a\x81",
                flags=0,
                made_by=0,
                extra=unicode_name(b"a\x81", "a\u00fc"),
                local_extra=unicode_name(b"a\x81", "b"),
            )
        ),
        code=AMBIGUOUS,
    ),
    Case(
        number="two long names",
        make=lambda: build(one(b"a", extra=unicode_name(b"a", "b" * 60_000))),
        code=AMBIGUOUS,
    ),
    Case(
        number="same name in front of it",
        make=lambda: build(
            one(
                b"a\x81",
                flags=0,
                made_by=0,
                extra=unicode_name(b"a\x81", "a\u00fc"),
                local_extra=unicode_name(b"a\x81", "a\u00fc"),
            )
        ),
        files=("a\u00fc",),
    ),
    Case(
        number="empty folder packed by bzip2",
        make=lambda: build(replace(one("a/", bz2.compress(b""), method=12, mode=FOLDER), size=0, crc=0), *good("a/b")),
        files=("a/b",),
    ),
    Case(number="padded extra", make=lambda: build(one("a", extra=b"\0\0\0", local_extra=b"\0\0")), files=("a",)),
    Case(
        number="descriptor",
        make=lambda: build(
            one(
                "a",
                flags=8,
                local_crc=0,
                local_size=0,
                local_packed=0,
                descriptor=b"PK\7\x08" + struct.pack("<3L", zlib.crc32(b"evil"), 4, 4),
            )
        ),
        files=("a",),
    ),
    Case(
        number="descriptor lies",
        make=lambda: build(
            one(
                "a",
                flags=8,
                local_crc=0,
                local_size=0,
                local_packed=0,
                descriptor=b"PK\7\x08" + struct.pack("<3L", zlib.crc32(b"evil"), 4, 5),
            )
        ),
        code=AMBIGUOUS,
    ),
    Case(
        number="no descriptor",
        make=lambda: build(one("a", flags=8, local_crc=0, local_size=0, local_packed=0)),
        code=AMBIGUOUS,
    ),
    Case(
        number="second name",
        make=lambda: build(one("a.txt", extra=b"up" + struct.pack("<HBL", 5 + 5, 1, zlib.crc32(b"a.txt")) + b"b.exe")),
        code=AMBIGUOUS,
    ),
    Case(
        number="second name is the readable one",
        make=lambda: build(
            Entry(
                name=b"\x81.txt",
                data=b"x",
                made_by=0,
                mode=0,
                extra=b"up" + struct.pack("<HBL", 5 + 6, 1, zlib.crc32(b"\x81.txt")) + "ü.txt".encode(),
            )
        ),
        files=("ü.txt",),
    ),
    Case(
        number="second name leads out",
        make=lambda: build(
            Entry(
                name=b"\x81.txt",
                data=b"x",
                made_by=0,
                mode=0,
                extra=b"up" + struct.pack("<HBL", 5 + 5, 1, zlib.crc32(b"\x81.txt")) + b"../up",
            )
        ),
        code=NAME,
    ),
    Case(
        number="old name", make=lambda: build(Entry(name=b"\x81.txt", data=b"x", made_by=0, mode=0)), files=("ü.txt",)
    ),
    Case(number="name of a Unix", make=lambda: build(Entry(name="ü.txt".encode(), data=b"x")), files=("ü.txt",)),
    named("look-alike of a slash", "a\uff0f..\uff0fb"),
    named("look-alike of dots", "\u2025/x"),
    named("look-alike COM", "COM¹.txt"),
    named("C1 control", "a\x9b31mb"),
    named("line separator", "a\u2028b"),
    named("only a slash", "/", data=b"", mode=FOLDER),
    pair("capitals of folders", "A/x", "a/y"),
    pair("folded", "straße", "STRASSE"),
    Case(
        number="folder twice",
        make=lambda: build(one("a/", b"", mode=FOLDER), one("a/", b"", mode=FOLDER)),
        code=TWICE,
    ),
    Case(number="member too big", make=lambda: build(one("a", size=600 * MIB, method=8, data=b"")), code=LIMIT),
    Case(
        number="ratio of all",
        make=lambda: build(*(one(str(number), bytes(9 * MIB), method=8) for number in range(3))),
        code=LIMIT,
    ),
    Case(number="bytes between", make=between, code=AMBIGUOUS, strict_only=True, files=("a",)),
    Case(number="bzip2", make=lambda: bzip2(b"x" * 100_000), files=("a",)),
    Case(number="bzip2 bomb", make=lambda: bzip2(bytes(64 * MIB)), code=LIMIT),
    Case(number="bzip2 lies", make=lambda: bzip2(bytes(64 * MIB), size=100), code=AMBIGUOUS),
)
