"""The bytes of a file: read once, without ever waiting, and checked to be text."""

from __future__ import annotations

import codecs
import os
import re
import stat
from pathlib import Path

from ..contracts.spelling import nearest
from ..errors import InvalidInput, Location

MAX_BYTES = 16 * 1024 * 1024

_SUFFIXES = (".yaml", ".yml")
_CHUNK = 256 * 1024
#: Control characters, what other readers take for a line break, and what is no character at all.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_UNWANTED_ASCII = bytes([*range(9), 11, 12, *range(14, 32), 127])
_OTHER_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def read_source(path: Path, *, shown_as: str) -> bytes:
    """All bytes of a regular file.

    Raises:
        InvalidInput: the file is missing, is no regular file, is too big or can't be read.
    """
    start = Location(shown_as, 1, 1)
    try:
        _refuse_unless_regular(path.stat().st_mode, start)
        # A FIFO that takes the file's place in between must not make us wait.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            _refuse_unless_regular(status.st_mode, start)
            _refuse_above_limit(status.st_size, start)
            source = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InvalidInput("there is no such file", code="AF-FILE-MISSING", help=_mend(path), where=start) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no path"
        raise InvalidInput(f"the file can't be read: {reason}", code="AF-FILE-UNREADABLE", where=start) from None
    _refuse_above_limit(len(source), start)
    return source


def _refuse_unless_regular(mode: int, where: Location) -> None:
    if stat.S_ISREG(mode):
        return
    kind = "a folder" if stat.S_ISDIR(mode) else "a pipe" if stat.S_ISFIFO(mode) else "a device or a socket"
    raise InvalidInput(f"this is {kind}, not a file", code="AF-FILE-KIND", help="name a regular file", where=where)


def _refuse_above_limit(size: int, where: Location) -> None:
    if size > MAX_BYTES:
        raise InvalidInput(
            f"the file is bigger than {MAX_BYTES // 1024**2} MiB",
            code="AF-FILE-SIZE",
            help="split it, or keep data in files of its own",
            where=where,
        )


def _mend(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return "its folder does not exist"
    # By their stems: the endings, which are alike, would make all names seem alike.
    names = {file.stem: file.name for file in folder.iterdir() if file.suffix in _SUFFIXES}
    meant = nearest(path.stem, names)
    return f"did you mean {names[meant]!r}?" if meant else ""


def check_text(source: bytes, file: str) -> bytes:
    """The same bytes without a byte order mark, known to be UTF-8 without control characters.

    Raises:
        InvalidInput: another encoding, broken UTF-8, or a character that a YAML file must not hold.
    """
    for mark, name in _OTHER_ENCODINGS:
        if source.startswith(mark):
            message = f"the file is written in {name}"
            where = Location(file, 1, 1)
            raise InvalidInput(message, code="AF-YAML-ENCODING", help="save it as UTF-8", where=where)
    text = source.removeprefix(codecs.BOM_UTF8)
    if text.isascii():
        if len(text.translate(None, _UNWANTED_ASCII)) != len(text):
            _refuse_character(text.decode("ascii"), 0, text, file)
        return text
    _check_in_pieces(text, file)
    return text


def _check_in_pieces(source: bytes, file: str) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = 0
    for start in range(0, len(source), _CHUNK):
        piece = source[start : start + _CHUNK]
        try:
            text = decoder.decode(piece, final=start + _CHUNK >= len(source))
        except UnicodeDecodeError as error:
            # The decoder may hold back the first bytes of a character of the piece before.
            place = start + error.start - (len(error.object) - len(piece))
            where = _place_of_byte(source, place, file)
            message = "a byte here is no UTF-8"
            raise InvalidInput(message, code="AF-YAML-ENCODING", help="save the file as UTF-8", where=where) from None
        if _UNWANTED.search(text):
            _refuse_character(text, done, source, file)
        done += len(text.encode())


def _refuse_character(text: str, offset: int, source: bytes, file: str) -> None:
    found = _UNWANTED.search(text)
    if found is None:
        return
    character = found.group()
    raise InvalidInput(
        f"the character U+{ord(character):04X} must not stand in a YAML file",
        code="AF-YAML-CHARACTER",
        help=f'remove it, or write it in a double-quoted text as "\\u{ord(character):04x}"',
        where=_place_of_byte(source, offset + len(text[: found.start()].encode()), file),
    )


def _place_of_byte(source: bytes, offset: int, file: str) -> Location:
    before = source[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode("utf-8", errors="replace"))
    return Location(file, before.count(b"\n") + 1, column + 1)
