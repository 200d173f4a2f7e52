"""Reads the words of a `when` into an expression; nothing evaluates code.

any      := all ("or" all)*
all      := negation ("and" negation)*
negation := "not" negation | comparison
comparison := operand (("==" | "!=" | "<" | "<=" | ">" | ">=") operand)*
operand  := number | text | true | false | null | none | path | "(" any ")"
"""

from __future__ import annotations

from ..errors import InvalidInput, YamlPath
from .expressions import Both, Comparison, Either, Expression, Literal, Not, Path
from .references import Reference, mend_of_root
from .tokens import Token

MAX_DEPTH = 32

_WORDS = frozenset({"true", "false", "null", "and", "or", "not"})
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_GRAMMAR = "a condition is made of comparisons (== != < <= > >=), and, or, not, parentheses, paths and literals"


class ConditionParser:
    """Recursive descent over the tokens; the depth is counted, so that no input exhausts the stack."""

    def __init__(self, tokens: list[Token], roots: frozenset[str], path: YamlPath) -> None:
        self.references: list[Reference] = []
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self._roots = roots
        self._path = path

    def read(self) -> Expression | None:
        """The whole condition; null where it is blank."""
        if self._tokens[0].kind == "end":
            return None
        expression = self._any()
        if self._tokens[self._next].kind != "end":
            raise self._unexpected("the end, 'and' or 'or'")
        return expression

    def _any(self) -> Expression:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self) -> Expression:
        parts = [self._negation()]
        while self._take("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _negation(self) -> Expression:
        if not self._take("not"):
            return self._comparison()
        self._enter()
        negated = Not(self._negation())
        self._depth -= 1
        return negated

    def _comparison(self) -> Expression:
        first = self._operand()
        rest: list[tuple[str, Expression]] = []
        while operator := self._take(*_COMPARISONS):
            rest.append((operator, self._operand()))
        return Comparison(first, tuple(rest)) if rest else first

    def _operand(self) -> Expression:
        token = self._tokens[self._next]
        if token.kind == "literal":
            self._next += 1
            return Literal(token.value)
        if token.kind == "path":
            self._next += 1
            return self._path_to(token)
        if not self._take("("):
            raise self._unexpected("a value")
        self._enter()
        inner = self._any()
        if not self._take(")"):
            raise self._unexpected("')'")
        self._depth -= 1
        return inner

    def _path_to(self, token: Token) -> Expression:
        parts = tuple(token.text.split("."))
        if parts[0] not in self._roots:
            message = f"there is no {parts[0]!r} to look at here (character {token.start + 1})"
            mend = mend_of_root(parts[0], self._roots | _WORDS)
            if len(parts) == 1:
                mend = f"put it in quotes if it is text: {token.text!r}; if not, {mend}"
            raise InvalidInput(message, code="AF-WHEN-NAME", help=mend)
        reference = Reference(parts, None, self._path)
        self.references.append(reference)
        return Path(reference)

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            message = f"a condition must not be nested deeper than {MAX_DEPTH} levels"
            mend = "leave parentheses out, or let a step find out, and look at its output"
            raise InvalidInput(message, code="AF-WHEN-SIZE", help=mend)

    def _take(self, *symbols: str) -> str | None:
        token = self._tokens[self._next]
        if token.kind != "symbol" or token.text not in symbols:
            return None
        self._next += 1
        return token.text

    def _unexpected(self, wanted: str) -> InvalidInput:
        token = self._tokens[self._next]
        found = "the end" if token.kind == "end" else "a value" if token.kind == "literal" else repr(token.text)
        message = f"{wanted} is expected at character {token.start + 1}, not {found}"
        return InvalidInput(message, code="AF-WHEN-SYNTAX", help=_GRAMMAR)
