"""The words of a `when`: numbers, texts, literals, paths and symbols."""

from __future__ import annotations

import math
import re
from typing import Literal as OneOf, NamedTuple

from ..errors import InvalidInput
from .references import NAME

_BLANKS = re.compile(r"[ \t\r\n]*+")
_NUMBER = re.compile(r"[-+]?[0-9]++(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+(?![A-Za-z0-9_.-])")
_TEXT = re.compile(r""""(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'""", re.DOTALL)
_PATH = re.compile(rf"[A-Za-z_][A-Za-z0-9_-]*+(?:\.{NAME})*+")
_SYMBOL = re.compile(r"[=!<>]=|[<>()]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t"}
_WORDS = frozenset({"and", "or", "not"})
_LITERALS: dict[str, object] = {"true": True, "false": False, "null": None, "none": None}


class Token(NamedTuple):
    """One word; `start` counts characters from 0, `value` is what a literal means."""

    kind: OneOf["literal", "path", "symbol", "end"]
    text: str
    start: int
    value: object = None


#: What may be meant by signs that other languages have.
_MENDS = {"=": "compare with ==", "&": "write and", "|": "write or", "!": "write not, or compare with !="}


def read_tokens(text: str) -> list[Token]:
    """The words of a condition, and the end as the last one.

    Raises:
        InvalidInput: there is something that is no word.
    """
    tokens: list[Token] = []
    start = _after_blanks(text, 0)
    while start < len(text):
        token, end = _read_one(text, start)
        tokens.append(token)
        start = _after_blanks(text, end)
    return [*tokens, Token("end", "", start)]


def _after_blanks(text: str, start: int) -> int:
    blanks = _BLANKS.match(text, start)
    return blanks.end() if blanks else start


def _read_one(text: str, start: int) -> tuple[Token, int]:
    if number := _NUMBER.match(text, start):
        return Token("literal", number.group(), start, _number(number.group(), start)), number.end()
    if quoted := _TEXT.match(text, start):
        return Token("literal", quoted.group(), start, _unquoted(quoted.group(), start)), quoted.end()
    if path := _PATH.match(text, start):
        return _word(path.group(), start), path.end()
    if symbol := _SYMBOL.match(text, start):
        return Token("symbol", symbol.group(), start), symbol.end()
    what = "a quote that is not closed" if text[start] in "'\"" else ascii(text[start])
    mend = _MENDS.get(text[start], "calls, indexes and arithmetic have no place in a condition")
    raise InvalidInput(f"{what} at character {start + 1} is no part of a condition", code="AF-WHEN-SYNTAX", help=mend)


def _word(text: str, start: int) -> Token:
    if text in _WORDS:
        return Token("symbol", text, start)
    if text.lower() in _LITERALS:
        return Token("literal", text, start, _LITERALS[text.lower()])
    return Token("path", text, start)


def _number(text: str, start: int) -> int | float:
    value = float(text) if any(mark in text for mark in ".eE") else int(text)
    if isinstance(value, float) and math.isinf(value):
        raise InvalidInput(f"the number at character {start + 1} is too big", code="AF-WHEN-SYNTAX")
    return value


def _unquoted(quoted: str, start: int) -> str:
    return _ESCAPE.sub(lambda found: _unescaped(found, start), quoted[1:-1])


def _unescaped(found: re.Match[str], start: int) -> str:
    character = found.group(1)
    if character not in _ESCAPED:
        message = f"{found.group()!a} in the text at character {start + 1} is no escape"
        raise InvalidInput(message, code="AF-WHEN-SYNTAX", help=r"there are \\ \' \" \n \t")
    return _ESCAPED[character]
