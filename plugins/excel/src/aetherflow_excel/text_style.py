"""What a file of separated values is made of: its encoding, and the characters with a meaning."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from .conditions import JsonSchema, all_of, is_value, when

_PROBE = "a,1\r\n"


def _text_encoding(name: str) -> str:
    try:
        is_text = str(_PROBE.encode(name), name) == _PROBE
    except (LookupError, ValueError):
        is_text = False
    if not is_text:
        raise ValueError("Python knows no text encoding of this name; utf-8, utf-16, latin-1 and cp1252 are some")
    return name


def _plain_mark(mark: str) -> str:
    if not mark.isascii() or mark in "\r\n\0":
        raise ValueError("it must be an ASCII character, and no end of a line")
    return mark


def refuse_same_marks(delimiter: str | None, quotechar: str) -> None:
    """Refuse a character with two meanings.

    Raises:
        ValueError: it is one and the same.
    """
    if delimiter == quotechar:
        raise ValueError("delimiter and quotechar must differ")


TextEncoding = Annotated[str, Field(min_length=1), AfterValidator(_text_encoding)]
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


def marks_differ(condition: JsonSchema) -> JsonSchema:
    """The same as a rule under a condition; a schema knows only of the characters that people write."""
    rules = [
        when(
            all_of(condition, is_value("quotechar", mark)),
            {"properties": {"delimiter": {"not": {"const": mark}}}},
            "give two different characters as `delimiter` and `quotechar`",
        )
        for mark in ",;|\t\"'"
    ]
    by_default = when(
        all_of(condition, {"not": {"required": ["quotechar"]}}),
        {"properties": {"delimiter": {"not": {"const": '"'}}}},
        'write another character, or give `quotechar` too, which is " otherwise',
    )
    return all_of(*rules, by_default)
