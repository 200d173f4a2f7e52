"""Faults of single values in words: what is wrong, and what to write instead."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..contracts.spelling import did_you_mean
from ..spec.misfits import kind_of, shown, wrong_type

Facts = Mapping[str, Any]
Words = tuple[str, str]

TYPE_WORDS: Mapping[str, str] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "a boolean",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_EXAMPLES = {"date": " like 2026-01-31", "date-time": " like 2026-01-31T06:30:00Z", "time": " like 06:30:00Z"}


def words_for(kind: str, facts: Facts, value: object) -> Words:
    """Message and mend for a fault; the value itself is never shown."""
    explain = _EXPLAINED.get(kind)
    return explain(facts, value) if explain else ("this value is not allowed here", "")


def words_beside_mend(kind: str) -> str:
    """The message where the schema's author says what to write, if then another one tells more; else empty."""
    return _BESIDE_MEND.get(kind, "")


def words_of_types(types: Iterable[str]) -> str:
    """Names of JSON types in words, nothing last."""
    given = dict.fromkeys(types)
    # A whole number is a number.
    names = [TYPE_WORDS.get(name, name) for name in given if name != "integer" or "number" not in given]
    *first, last = sorted(names, key=lambda name: name == TYPE_WORDS["null"]) or [""]
    return f"{', '.join(first)} or {last}" if first else last


def words_for_type(types: Iterable[str], value: object) -> Words:
    """Message and mend for a value of another type than these."""
    wanted = words_of_types(types)
    misfit = wrong_type(value, wanted)
    if isinstance(value, float) and not math.isfinite(value) and "number" in wanted:
        finite = wanted.replace(TYPE_WORDS["number"], "a finite number")
        return f"this must be {finite}, not {'NaN' if math.isnan(value) else 'infinity'}", misfit.mend
    return misfit.message, misfit.mend


def _choice(facts: Facts, value: object) -> Words:
    options = [str(option) for option in facts["options"]]
    if isinstance(value, str):
        return "this is none of the values that are allowed here", did_you_mean(value, options)
    return f"this must be one of a few values, not {kind_of(value)}", f"there is: {', '.join(sorted(options))}"


def _constant(facts: Facts, _value: object) -> Words:
    return "this is not the value that is allowed here", f"write {facts['expected_value']}"


def _format(facts: Facts, _value: object) -> Words:
    name = facts["format"]
    return f"this is no {name}", f"write a {name}{_EXAMPLES.get(name, '')}"


def _pattern(facts: Facts, _value: object) -> Words:
    return f"this does not have the form {shown(facts['pattern'])}", ""


def _multiple(facts: Facts, _value: object) -> Words:
    return f"this must be a multiple of {facts['multiple_of']}", ""


def _unique(_facts: Facts, _value: object) -> Words:
    return "an item stands in this list twice", "remove one of them"


def _least_length(facts: Facts, value: object) -> Words:
    return ("this must not be empty", "") if facts["limit"] == 1 else _at_least_long(facts, value)


def _limit(before: str, noun: str = "", after: str = "") -> Callable[[Facts, object], Words]:
    def explain(facts: Facts, _value: object) -> Words:
        limit = facts["limit"]
        counted = f" {noun}{'' if limit == 1 else 's'}{after}" if noun else ""
        return f"this must be {before} {limit}{counted}", ""

    return explain


_at_least_long = _limit("at least", "character", " long")
_CONTRADICTION = "this does not go together with what else is written here"
_BESIDE_MEND: Mapping[str, str] = {
    "Pattern": "this does not have the form that belongs here",
    "Constant": _CONTRADICTION,
    "FalseSchema": "this can't be given here",
}

_EXPLAINED: Mapping[str, Callable[[Facts, object], Words]] = {
    "Enum": _choice,
    "Constant": _constant,
    "Format": _format,
    "Pattern": _pattern,
    "MultipleOf": _multiple,
    "UniqueItems": _unique,
    "Minimum": _limit("at least"),
    "Maximum": _limit("at most"),
    "ExclusiveMinimum": _limit("more than"),
    "ExclusiveMaximum": _limit("less than"),
    "MinLength": _least_length,
    "MaxLength": _limit("at most", "character", " long"),
    "MinItems": _limit("a list of at least", "item"),
    "MaxItems": _limit("a list of at most", "item"),
    "MinProperties": _limit("a mapping of at least", "key"),
    "MaxProperties": _limit("a mapping of at most", "key"),
}
