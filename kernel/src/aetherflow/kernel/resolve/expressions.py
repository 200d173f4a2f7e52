"""The nodes of a `when`, and what they say about a scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any, Protocol

from ..errors import InvalidInput
from ..quick_dataclasses import dataclass
from .references import ABSENT, OutsideText, Reference, find
from .text import read_text

Scope = Mapping[str, object]

_CODE = "AF-WHEN-TYPES"
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_BOOLEAN = frozenset({"boolean", "null"})
_NUMBER = frozenset({"number"})


class Expression(Protocol):
    """A part of a condition."""

    def value(self, scope: Scope) -> object:
        """What it stands for."""

    def holds(self, scope: Scope) -> bool:
        """Whether it counts as true."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written out."""

    literal: object

    def value(self, scope: Scope) -> object:
        return self.literal

    def holds(self, scope: Scope) -> bool:
        return bool(self.literal)


@dataclass(frozen=True, slots=True)
class Path:
    """A value of the scope; null where there is none."""

    reference: Reference

    def value(self, scope: Scope) -> object:
        found = find(self.reference.parts, scope)
        if found is ABSENT:
            return None
        return OutsideText(found) if self.reference.root == "env" and isinstance(found, str) else found

    def holds(self, scope: Scope) -> bool:
        found = self.value(scope)
        # "false" in the environment means false, as it does everywhere else.
        return bool(read_text(found, _BOOLEAN) if isinstance(found, OutsideText) else found)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    negated: Expression

    def value(self, scope: Scope) -> object:
        return self.holds(scope)

    def holds(self, scope: Scope) -> bool:
        return not self.negated.holds(scope)


@dataclass(frozen=True, slots=True)
class Both:
    """All of its parts, asked in order until one does not hold."""

    parts: tuple[Expression, ...]

    def value(self, scope: Scope) -> object:
        return self.holds(scope)

    def holds(self, scope: Scope) -> bool:
        return all(part.holds(scope) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either:
    """One of its parts, asked in order until one holds."""

    parts: tuple[Expression, ...]

    def value(self, scope: Scope) -> object:
        return self.holds(scope)

    def holds(self, scope: Scope) -> bool:
        return any(part.holds(scope) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Neighbours compared with each other: `1 < x < 5` holds when both do."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]

    def value(self, scope: Scope) -> object:
        return self.holds(scope)

    def holds(self, scope: Scope) -> bool:
        left = self.first.value(scope)
        for operator, operand in self.rest:
            right = operand.value(scope)
            if not _compare(left, operator, right):
                return False
            left = right
        return True


def _compare(left: object, operator: str, right: object) -> bool:
    left, right = _typed_like(left, right), _typed_like(right, left)
    if operator in ("==", "!="):
        return _are_equal(left, right) is (operator == "==")
    if left is None or right is None:
        return False
    kinds = _kind(left), _kind(right)
    if kinds[0] != kinds[1] or kinds[0] not in ("a number", "a text"):
        message = f"{kinds[0]} and {kinds[1]} have no order between them ({operator})"
        raise InvalidInput(message, code=_CODE, help="compare numbers with numbers, and texts with texts")
    return _ORDERS[operator](left, right)


def _typed_like(value: object, other: object) -> object:
    """Text from the environment as the type of what it is compared with; anything else as it is."""
    if not isinstance(value, OutsideText) or other is None or isinstance(other, str):
        return value
    if isinstance(other, bool):
        return read_text(value, _BOOLEAN)
    return read_text(value, _NUMBER) if isinstance(other, int | float) else value


def _are_equal(left: object, right: object) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list | tuple) else "a mapping"
