"""Texts as the content of XML elements, as spreadsheets write them.

What XML can't hold is written as `_xHHHH_`, as the format has it, and so is the start of a text that only looks like
that; U+FFFE and U+FFFF, which are no characters, become U+FFFD.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from .refused import Refused, refuse_where

#: As many UTF-16 units as a cell holds.
LONGEST_TEXT = 32_767
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_MARKED_UP = ((b"&", "&amp;"), (b"<", "&lt;"), (b">", "&gt;"), (b"\r", "&#13;"))
_SPECIAL = b"&<>\r" + _CONTROLS
_NO_CHARACTERS = ("\ufffe", "\uffff")
_LOOKALIKE = re.compile(rb"_x[0-9A-Fa-f]{4}")
_SPACE = " \t\r\n"
#: Typed by a person, a text that begins with one of these would be a formula.
_FORMULA_SIGNS = "=+-@\t\r"


def content_of(text: pa.Array) -> memoryview:
    """All texts of an array, one after the other."""
    _, offsets, content = text.buffers()
    if content is None:
        return memoryview(b"")
    places = memoryview(offsets).cast("i")
    return memoryview(content)[places[text.offset] : places[text.offset + len(text)]]


def escaped(text: pa.Array) -> pa.Array:
    """The texts as they stand between the tags of an element."""
    content = bytes(content_of(text))
    if _LOOKALIKE.search(content):
        text = pc.replace_substring_regex(text, pattern="_(x[0-9A-Fa-f]{4})", replacement=r"_x005F_\1")
    if len(content.translate(None, _SPECIAL)) < len(content):
        for mark, reference in _MARKED_UP:
            if mark in content:
                text = pc.replace_substring(text, mark.decode(), reference)
        for code in set(content).intersection(_CONTROLS):
            text = pc.replace_substring(text, chr(code), f"_x{code:04X}_")
    for character in _NO_CHARACTERS:
        if character.encode() in content:
            text = pc.replace_substring(text, character, "\ufffd")
    return text


def has_space_at_an_end(text: pa.Array) -> bool:
    """Whether any text begins or ends with white space, which is lost unless it is asked for."""
    return _bytes(pc.ascii_trim(text, characters=_SPACE)) < _bytes(text)


def is_formula_like(text: pa.Array) -> pa.Array | None:
    """Which texts begin as a formula would; nothing if none does."""
    if _bytes(pc.ascii_ltrim(text, characters=_FORMULA_SIGNS)) == _bytes(text):
        return None
    return pc.match_substring_regex(text, f"^[{re.escape(_FORMULA_SIGNS)}]")


def _bytes(text: pa.Array) -> int:
    """How long all texts together are; the content of what is null does not count."""
    return pc.sum(pc.binary_length(text), min_count=0).as_py()  # type: ignore[no-any-return]


def refuse_broken(text: pa.Array) -> None:
    """Refuse bytes that are no UTF-8, which a Parquet file may call a text.

    Raises:
        Refused: there are some.
    """
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        index = next(index for index, value in enumerate(text.cast(pa.binary()).to_pylist()) if not _is_utf8(value))
        raise Refused(index, "its bytes are no text") from None


def _is_utf8(value: bytes | None) -> bool:
    try:
        str(value or b"", "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def refuse_long(text: pa.Array) -> None:
    """Refuse a text that is longer than a cell.

    Raises:
        Refused: one is.
    """
    longest = pc.max(pc.binary_length(text)).as_py()
    if longest is None or longest <= LONGEST_TEXT:
        return
    outside_plane = pc.count_substring_regex(text, pattern=r"[\x{10000}-\x{10FFFF}]")
    units = pc.add(pc.utf8_length(text), outside_plane)
    refuse_where(pc.greater(units, LONGEST_TEXT), f"its text is longer than {LONGEST_TEXT:,} characters")
