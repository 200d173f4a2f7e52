"""What a file of separated values is made of: its encoding, and the characters with a meaning."""

from __future__ import annotations

import codecs
from typing import Annotated

from pydantic import AfterValidator, Field

from .conditions import all_of, holds, is_one_of, missing

#: The usual delimiter of each format.
DELIMITERS = {"csv": ",", "tsv": "\t"}
#: Every character that a file of numbers needs, whatever else its encoding has.
_PROBE = "".join(map(chr, range(ord(" "), 127))) + "\t\r\n"


def _text_encoding(name: str) -> str:
    if not is_text_encoding(name):
        raise ValueError("Python knows no text encoding of this name; utf-8, utf-16, latin-1 and cp1252 are some")
    return name


def is_text_encoding(name: str) -> bool:
    """Whether text can be written in it piece by piece, and read back."""
    try:
        encoder = codecs.getincrementalencoder(name)()
        written = encoder.encode(_PROBE) + encoder.encode(_PROBE, final=True)
        return str(written, name) == _PROBE * 2
    except (LookupError, TypeError, ValueError):
        return False


def is_utf8(name: str) -> bool:
    """Whether it is UTF-8 without a byte order mark, by whichever of its names."""
    return codecs.lookup(name).name == "utf-8"


def _plain_mark(mark: str) -> str:
    if not mark.isascii() or mark in "\r\n\0":
        raise ValueError("it must be an ASCII character, and no end of a line")
    return mark


def refuse_same_marks(**marks: str | None) -> None:
    """Refuse characters with two meanings.

    Raises:
        ValueError: two of them are the same.
    """
    given = {name: mark for name, mark in marks.items() if mark is not None}
    if len(set(given.values())) < len(given):
        raise ValueError(f"{' and '.join(given)} must differ")


_DIFFER_MEND = "give two different characters as `delimiter` and `quotechar`"
#: A schema can't say that any two characters must differ: these are the ones that people write.
_SAME_MARKS = [all_of(is_one_of("delimiter", mark), is_one_of("quotechar", mark)) for mark in ",;|\t\"'"]
MARKS_DIFFER = holds({"anyOf": _SAME_MARKS}, "delimiter", _DIFFER_MEND, const=None)
NO_QUOTE_AS_DELIMITER = holds(
    missing("quotechar"),
    "delimiter",
    'write another character, or give `quotechar` too, which is " otherwise',
    **{"not": {"const": '"'}},
)
TextEncoding = Annotated[str, AfterValidator(_text_encoding)]
Mark = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1,
        json_schema_extra={
            "pattern": r"^[\x01-\x09\x0b\x0c\x0e-\x7f]*$",
            "x-aetherflow": {"mend": "write an ASCII character that is no end of a line"},
        },
    ),
    AfterValidator(_plain_mark),
]
