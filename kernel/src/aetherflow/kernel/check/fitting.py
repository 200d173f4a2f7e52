"""Whether what a value may be fits what belongs where it goes."""

from __future__ import annotations

from enum import Enum

from ..quick_dataclasses import dataclass
from .kinds import Kind, is_number_in_disguise

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
    if (values := _fit_values(given, wanted)).verdict is Verdict.MISFIT:
        return values
    if taken == {"array"}:
        inner = fit_of(given.item(), wanted.item(), depth + 1)
        return Fit(inner.verdict, f"a list with {inner.wanted} in it", f"a list with {inner.given} in it")
    return _fit_keys(given, wanted, depth) if taken == {"object"} else _FITS


def _fit_values(given: Kind, wanted: Kind) -> Fit:
    offered, allowed = given.choices, wanted.choices
    if offered is not None and allowed is not None and not any(value in allowed for value in offered):
        return Fit(Verdict.MISFIT, _one_of(allowed), _one_of(offered))
    forms, expected = given.formats, wanted.formats
    if forms is not None and expected is not None and forms.isdisjoint(expected):
        return Fit(Verdict.MISFIT, f"a {' or '.join(sorted(expected))}", f"a {' or '.join(sorted(forms))}")
    return _FITS


def _fit_keys(given: Kind, wanted: Kind, depth: int) -> Fit:
    offered, allowed = given.keys, wanted.keys
    if offered is None:
        return _FITS if allowed is None else _UNKNOWN
    for key in sorted(offered):
        if allowed is not None and key not in allowed:
            return Fit(Verdict.MISFIT, f"a mapping without {key!r}", f"a mapping with {key!r}")
        inner = fit_of(given.at(key), wanted.at(key), depth + 1)
        if inner.verdict is not Verdict.FITS:
            return Fit(inner.verdict, f"{inner.wanted} below {key!r}", inner.given)
    return _FITS


def _one_of(values: tuple[object, ...]) -> str:
    return " or ".join(str(value) for value in values[:6])
