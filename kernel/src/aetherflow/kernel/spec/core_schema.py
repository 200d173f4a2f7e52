"""How plain text is read: the scalars of YAML 1.2's core schema, for documents and for text from outside."""

from __future__ import annotations

import math
import re

from ..errors import InvalidInput

#: A plain text can only be something else than text when it is empty or starts with one of these.
FIRST_CHARACTERS = frozenset("~nNtTfF+-.0123456789")
#: Python's own bound for reading whole numbers; nobody writes a longer one on purpose.
MAX_NUMBER_LENGTH = 4_300

_CONSTANTS: dict[str, object] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    ".nan": math.nan,
    ".NaN": math.nan,
    ".NAN": math.nan,
}
_INFINITY = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def read_scalar(text: str) -> object:
    """What a plain text means in YAML 1.2: null, a boolean, a whole number, a float, or itself.

    `no`, `on`, `22:22` and dates are text, `022` is 22.

    Raises:
        InvalidInput: a number that is too long, or too big for a float.
    """
    if text and text[0] not in FIRST_CHARACTERS:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return _read_number(text)


def _read_number(text: str) -> object:
    if _DECIMAL.fullmatch(text):
        return int(_bounded(text))
    if _OCTAL.fullmatch(text):
        return int(_bounded(text), 0)
    if _HEXADECIMAL.fullmatch(text):
        return int(_bounded(text), 0)
    if _FLOAT.fullmatch(text):
        return _finite(text)
    if _INFINITY.fullmatch(text):
        return -math.inf if text[0] == "-" else math.inf
    return text


def _bounded(text: str) -> str:
    if len(text) > MAX_NUMBER_LENGTH:
        raise InvalidInput(
            f"a number of {len(text)} characters is too long, at most {MAX_NUMBER_LENGTH} are read",
            code="AF-YAML-NUMBER",
            help="put it in quotes where text is meant",
        )
    return text


def _finite(text: str) -> float:
    """A float that is a number.

    AF-YAML-NUMBER: what is written without quotes is a number, and longer or bigger than numbers can be.

    Example:
        flow: {id: report}
        params:
          most: {type: number, default: 1e999}
        jobs:
          - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}

    Mend: write a smaller number; where text is meant, put it in quotes.
        most: {type: number, default: 1e99}
    """
    number = float(_bounded(text))
    if math.isinf(number):
        raise InvalidInput(
            "this number is too big: the biggest is about 1.8e308",
            code="AF-YAML-NUMBER",
            help="put it in quotes if it is meant as text, or write .inf",
        )
    return number
