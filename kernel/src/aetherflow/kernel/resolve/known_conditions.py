"""What can be said of a `when` before all that it looks at is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .expressions import Both, Comparison, Either, Not, Path

if TYPE_CHECKING:
    from .expressions import Expression, Scope
    from .references import Reference

    Knows = Callable[[Reference], bool]


def settled(expression: Expression, scope: Scope, knows: Knows) -> bool | None:
    """Whether a condition holds whatever the rest will be; null where that depends on it.

    Args:
        expression: the condition, or a part of it.
        scope: the values that are known.
        knows: whether a reference is one of them.

    Raises:
        InvalidInput: values are compared that have no common order, or a text is not of the type that it is used as.
    """
    match expression:
        case Not():
            negated = settled(expression.negated, scope, knows)
            return None if negated is None else not negated
        case Both():
            return _first_of(expression.parts, scope, knows, decisive=False)
        case Either():
            return _first_of(expression.parts, scope, knows, decisive=True)
    return expression.holds(scope) if all(map(knows, _references(expression))) else None


def _first_of(parts: tuple[Expression, ...], scope: Scope, knows: Knows, *, decisive: bool) -> bool | None:
    """One part alone can decide; if none does, all of them have to be known."""
    is_open = False
    for part in parts:
        found = settled(part, scope, knows)
        if found is decisive:
            return decisive
        is_open = is_open or found is None
    return None if is_open else not decisive


def _references(expression: Expression) -> Iterator[Reference]:
    match expression:
        case Path():
            yield expression.reference
        case Comparison():
            yield from _references(expression.first)
            for _, operand in expression.rest:
                yield from _references(operand)
        case Not():
            yield from _references(expression.negated)
        case Both() | Either():
            for part in expression.parts:
                yield from _references(part)
