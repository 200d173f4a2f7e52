"""`when`: comparisons of what earlier jobs left behind, read by a parser of their own; nothing evaluates code.

What does not exist is null, and orders as false. A value alone counts as false when it is null, false, 0
or empty; text from the environment is read as true or false there, and as a number beside a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import InvalidInput, YamlPath
from ..quick_dataclasses import dataclass
from .references import Reference

if TYPE_CHECKING:
    from .expressions import Expression

#: What a job's `when` may look at.
WHEN_ROOTS = frozenset({"jobs", "params", "env", "run"})
MAX_BYTES = 1024


@dataclass(frozen=True, slots=True)
class When:
    """A condition, ready to be asked as often as needed."""

    expression: Expression | None
    references: tuple[Reference, ...]
    path: YamlPath

    def evaluate(self, scope: Mapping[str, object]) -> bool:
        """Does the condition hold? A blank one always does.

        Raises:
            InvalidInput: values are compared that have no common order, or a text from the environment
                is not of the type that it is used as.
        """
        if self.expression is None:
            return True
        try:
            return self.expression.holds(scope)
        except InvalidInput as error:
            error.at(None, self.path)
            raise


def compile_when(text: str, *, roots: frozenset[str] = WHEN_ROOTS, path: YamlPath = ()) -> When:
    """Read a condition.

    Raises:
        InvalidInput: it is too big or too deep, is no condition, or names something that is not in `roots`.
    """
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        message = f"a condition must not be longer than {MAX_BYTES} bytes"
        mend = "write it shorter, or let a step find out, and look at its output"
        raise InvalidInput(message, code="AF-WHEN-SIZE", help=mend, path=path)
    if not text or text.isspace():
        return When(None, (), path)
    # Here and not at the top: most flows have no condition, and don't pay for what reads one.
    from .conditions import ConditionParser
    from .tokens import read_tokens

    try:
        parser = ConditionParser(read_tokens(text), roots, path)
        return When(parser.read(), tuple(parser.references), path)
    except InvalidInput as error:
        error.at(None, path)
        raise
