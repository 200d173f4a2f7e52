"""Whether what a value may be fits what belongs where it goes."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum

from ..quick_dataclasses import dataclass
from .kinds import Kind, is_number_in_disguise

#: So many choices fit a line.
_MOST_CHOICES = 6
#: One thing and many of it.
_MANY = {
    "text": "texts",
    "a whole number": "whole numbers",
    "a number": "numbers",
    "a boolean": "booleans",
    "a list": "lists",
    "a mapping": "mappings",
    "nothing": "nothing",
}
_FORMS = {"date-time": "date with a time"}
#: Values within values are compared so deep.
_DEEPEST = 8


class Verdict(Enum):
    """What can be said before the value is there."""

    FITS = "fits"
    #: It may fit, or not.
    UNKNOWN = "unknown"
    #: It fits, unless there is none.
    MAY_BE_NULL = "may be null"
    #: It can't.
    MISFIT = "misfit"


@dataclass(frozen=True, slots=True)
class Fit:
    """A verdict, with what belongs there and what comes, in words."""

    verdict: Verdict
    wanted: str = ""
    given: str = ""


_FITS = Fit(Verdict.FITS)
_UNKNOWN = Fit(Verdict.UNKNOWN)


def fit_of(given: Kind, wanted: Kind, depth: int = 0) -> Fit:
    """Hold what comes against what belongs there."""
    types = wanted.types
    if types is None or depth > _DEEPEST:
        return _FITS
    if given.types is None:
        return Fit(Verdict.UNKNOWN, wanted.words, "")
    may_be_null = "null" in given.types and "null" not in types
    offered = given.types - {"null"} if may_be_null and len(given.types) > 1 else given.types
    taken = {name for name in offered if is_number_in_disguise(name, types)}
    # What fits only where there is nothing was not meant.
    if not taken or (taken == {"null"} and offered != {"null"}):
        return Fit(Verdict.MISFIT, wanted.words, given.words)
    if taken != offered:
        return Fit(Verdict.UNKNOWN, wanted.words, given.words)
    inner = _fit_inside(given, wanted, taken, depth)
    is_whole = inner.verdict is not Verdict.FITS or not may_be_null
    return inner if is_whole else Fit(Verdict.MAY_BE_NULL, wanted.words, given.words)


def _fit_inside(given: Kind, wanted: Kind, taken: set[str], depth: int) -> Fit:
    """Hold the values, the forms, the items and the keys of the same type against each other."""
    if (values := _fit_values(given, wanted)).verdict is not Verdict.FITS:
        return values
    if taken == {"array"}:
        inner = fit_of(given.item(), wanted.item(), depth + 1)
        return Fit(inner.verdict, _listed(inner.wanted), _listed(inner.given))
    return _fit_keys(given, wanted, depth) if taken == {"object"} else _FITS


def _fit_values(given: Kind, wanted: Kind) -> Fit:
    offered, allowed = given.choices, wanted.choices
    if allowed is not None and offered is None:
        return Fit(Verdict.UNKNOWN, _one_of(allowed), "another value")
    if allowed is not None and offered is not None:
        fitting = [value in allowed for value in offered]
        if not any(fitting):
            return Fit(Verdict.MISFIT, _one_of(allowed), _one_of(offered))
        if not all(fitting):
            return Fit(Verdict.UNKNOWN, _one_of(allowed), "another value")
    forms, expected = given.formats, wanted.formats
    if forms is not None and expected is not None and forms.isdisjoint(expected):
        return Fit(Verdict.MISFIT, _form_of(expected), _form_of(forms))
    if expected is not None and forms is None:
        return Fit(Verdict.UNKNOWN, _form_of(expected), "any text")
    return _FITS


def _fit_keys(given: Kind, wanted: Kind, depth: int) -> Fit:
    offered, allowed = given.keys, wanted.keys
    if offered is None:
        return _FITS if allowed is None else _UNKNOWN
    for key in sorted(offered):
        if allowed is not None and key not in allowed:
            return Fit(Verdict.MISFIT, f"a mapping without the key {key!r}", "a mapping with it")
        inner = fit_of(given.at(key), wanted.at(key), depth + 1)
        if inner.verdict is not Verdict.FITS:
            return Fit(inner.verdict, _below(key, inner.wanted), _below(key, inner.given))
    return _FITS


def _one_of(values: tuple[object, ...]) -> str:
    more = ["…"] if len(values) > _MOST_CHOICES else []
    return " or ".join([*map(str, values[:_MOST_CHOICES]), *more])


def _form_of(names: Collection[str]) -> str:
    return f"a {' or a '.join(_FORMS.get(name, name) for name in sorted(names))}"


def _listed(words: str) -> str:
    """A list of what these words say of one thing; no words for what is not known."""
    if not words:
        return ""
    parts = re.split("(, | or )", words)
    if all(part in _MANY for part in parts[::2]):
        return f"a list of {''.join(_MANY.get(part, part) for part in parts)}"
    return f"a list in which each item is {words}"


def _below(key: str, words: str) -> str:
    return f"a mapping with {words} under {key!r}" if words else ""
