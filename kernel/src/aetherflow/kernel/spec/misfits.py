"""Values that are not of the shape that belongs where they stand, and the words for it."""

from __future__ import annotations

import re

from ..quick_dataclasses import dataclass

_SHOWN_LENGTH = 60
_NUMBER = r"[-+]?[0-9][0-9.]*"
_BOOLEAN_WORDS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


class Misfit(Exception):
    """The value is not of the shape that belongs here."""

    def __init__(self, code: str, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.mend = mend


class AlreadyTold(Misfit):
    """What is wrong is noted already, one level down."""

    def __init__(self) -> None:
        super().__init__("", "")


@dataclass(frozen=True, slots=True)
class Broken:
    """Stands where a value could not be made, which is told already."""


def shown(value: object) -> str:
    """A text as messages show it: on one line, and not too long."""
    text = repr(value)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}…"


def kind_of(value: object) -> str:
    """What a value is, for messages."""
    if value is None:
        return "nothing"
    for types, name in _KINDS:
        if isinstance(value, types):
            return name
    return "something else"


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (int, "a whole number"),
    (float, "a number with a point"),
    (str, "text"),
    (list, "a list"),
    (dict, "a mapping"),
)


def wrong_type(value: object, wanted: str) -> Misfit:
    """The misfit of a value that is something else than what belongs here.

    AF-WRONG-TYPE: a value is of another type than the key, or the input of the step, takes.

    Example:
        flow: {id: report}
        jobs:
          - id: show
            steps:
              - {id: today, type: external.process, inputs: {command: [date]}, timeout_seconds: "60"}

    Mend: write what the message says; in quotes, everything is text.
        - {id: today, type: external.process, inputs: {command: [date]}, timeout_seconds: 60}
    """
    return Misfit("AF-WRONG-TYPE", f"this must be {wanted}, not {kind_of(value)}", _mend_of_type(value, wanted))


def _mend_of_type(value: object, wanted: str) -> str:
    if value is None:
        return "leave the key out, or write its value"
    if isinstance(value, bool | int | float) and "text" in wanted:
        return "write it in quotes"
    if isinstance(value, str) and "a boolean" in wanted:
        word = _BOOLEAN_WORDS.get(value.casefold())
        return f"write {word}, which is what {value!r} was before YAML 1.2" if word else "write true or false"
    if isinstance(value, str) and "number" in wanted and re.fullmatch(_NUMBER, value):
        return "write it without quotes"
    return next((mend for words, mend in _MENDS.items() if words in wanted), "")


#: What to write where one of these belongs.
_MENDS = {
    "a list": "write it as a list: [a, b]",
    "a mapping": "write it as a mapping: {key: value}",
    "text": "write one text, in quotes",
    "a boolean": "write true or false",
    "a whole number": "write it in digits alone, without quotes",
    "a number of": "write how many, as a number alone: 90",
    "a number": "write it as a number, without quotes: 0.5",
}
