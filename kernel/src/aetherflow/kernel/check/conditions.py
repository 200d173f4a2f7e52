"""Rule: a condition compares what can be compared, and could hold or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..contracts.spelling import nearest
from ..errors import InvalidInput, Problem, YamlPath
from ..quick_dataclasses import dataclass
from ..resolve.expressions import Both, Comparison, Either, Expression, Literal, Not, Path
from ..resolve.text import read_text
from ..spec.core_schema import read_scalar
from ..spec.misfits import shown
from .kinds import UNKNOWN, Kind, kind_of_value
from .rules import Subject

if TYPE_CHECKING:
    from ..resolve.when import When
    from .definitions import Use

_NUMBERS = frozenset({"integer", "number"})
_BOOLEAN = frozenset({"boolean"})
_ORDERED = _NUMBERS | {"string"}


def check_conditions(subject: Subject) -> Iterator[Problem]:
    """Conditions that fail, never hold or always do, and jobs that never run because of it.

    AF-WHEN-TYPES: a condition asks which of two values is greater, and they have no order, as a text and a number.

    Example:
        flow: {id: report}
        params:
          rows: {type: integer, default: 0}
        jobs:
          - id: show
            when: params.rows > '0'
            steps: [{id: today, type: external.process, inputs: {command: [date]}}]

    Mend: compare values of one type.
        when: params.rows > 0

    AF-WHEN-CONSTANT: a condition always ends the same, whatever the run finds.

    Example:
        flow: {id: report}
        params:
          rows: {type: integer, default: 0}
        jobs:
          - id: show
            when: params.rows == 'many'
            steps: [{id: today, type: external.process, inputs: {command: [date]}}]

    Mend: compare with a value that can be there, or take the condition out.
        when: params.rows == 100

    AF-UNREACHABLE: a job depends on one that never runs; why not is told beside it, as `AF-WHEN-CONSTANT`.

    Example:
        flow: {id: report}
        jobs:
          - id: extract
            when: "false"
            steps: [{id: today, type: external.process, inputs: {command: [date]}}]
          - id: send
            depends_on: [extract]
            steps: [{id: month, type: external.process, inputs: {command: [cal]}}]

    Mend: mend the condition of the other job, or take that job out of `depends_on`.
        flow: {id: report}
        params:
          is_new: {type: boolean, default: true}
        jobs:
          - id: extract
            when: params.is_new
            steps: [{id: today, type: external.process, inputs: {command: [date]}}]
          - id: send
            depends_on: [extract]
            steps: [{id: month, type: external.process, inputs: {command: [cal]}}]
    """
    never = set()
    for job_id, when in subject.flow.compiled_conditions.items():
        reading = _Reading(subject, when)
        yield from reading.problems()
        if reading.truth is False:
            never.add(job_id)
    for when in subject.flow.compiled_step_conditions.values():
        yield from _Reading(subject, when).problems()
    yield from _check_reach(subject, never)


def _check_reach(subject: Subject, never: set[str]) -> Iterator[Problem]:
    """Jobs that depend on one that never runs."""
    for job in (each.job for each in subject.flow.jobs.values()):
        for number, name in enumerate(job.depends_on):
            if name in never:
                yield Problem(
                    code="AF-UNREACHABLE",
                    severity="warning",
                    message=f"the job {job.id!r} never runs: {name!r}, on which it depends, is always skipped",
                    help=f"mend the condition of {name!r}, or take it out of `depends_on`",
                    path=(*job.path, "depends_on", number),
                )
                never.add(job.id)


@dataclass(frozen=True, slots=True)
class _Finding:
    """What is wrong with one comparison; null where it only can't hold, or always does."""

    message: str
    help: str
    is_error: bool = False


class _Reading:
    """One condition, as far as it can be told beforehand whether it holds."""

    def __init__(self, subject: Subject, when: When) -> None:
        self._subject = subject
        self._path: YamlPath = when.path
        self._uses: Mapping[tuple[str, ...], Use] = {
            use.reference.parts: use for use in subject.values.referents.uses_at(when.path)
        }
        self._found: list[_Finding] = []
        #: Whether it always holds or never does; null where that is open.
        self.truth: bool | None = None
        if when.expression is not None:
            self.truth = self._truth(when.expression)

    def problems(self) -> Iterator[Problem]:
        """What is wrong with it; that it always ends the same only where no part of it is to blame."""
        for found in self._found:
            code, severity = ("AF-WHEN-TYPES", "error") if found.is_error else ("AF-WHEN-CONSTANT", "warning")
            yield Problem(code=code, severity=severity, message=found.message, help=found.help, path=self._path)  # type: ignore[arg-type] # one of the literals
        if self.truth is not None and not self._found:
            told = "always holds" if self.truth else "never holds"
            yield Problem(
                code="AF-WHEN-CONSTANT",
                severity="warning",
                message=f"this condition {told}, whatever happens",
                help="compare with something that only the run finds out, or take the condition out",
                path=self._path,
            )

    def _truth(self, expression: Expression) -> bool | None:
        match expression:
            case Literal():
                return expression.holds({})
            case Not():
                negated = self._truth(expression.negated)
                return None if negated is None else not negated
            case Both():
                return _all([self._truth(part) for part in expression.parts])
            case Either():
                truths = [self._truth(part) for part in expression.parts]
                return True if any(truth is True for truth in truths) else None if None in truths else False
            case Comparison():
                return self._compared(expression)
            case Path():
                self._is_misread(expression, None)
        return None

    def _compared(self, comparison: Comparison) -> bool | None:
        left, truths = comparison.first, []
        for operator, right in comparison.rest:
            truths.append(self._pair(left, operator, right))
            left = right
        return _all(truths)

    def _pair(self, left: Expression, operator: str, right: Expression) -> bool | None:
        if isinstance(left, Literal) and isinstance(right, Literal):
            return self._constants(left, operator, right)
        if self._is_misread(left, right) or self._is_misread(right, left):
            return None
        kinds = self._kind(left), self._kind(right)
        if kinds[0].types is None or kinds[1].types is None:
            return None
        if operator in ("==", "!="):
            return self._equality(left, right, kinds, is_equal=operator == "==")
        return self._order(left, right, kinds)

    def _constants(self, left: Literal, operator: str, right: Literal) -> bool | None:
        try:
            return Comparison(left, ((operator, right),)).holds({})
        except InvalidInput as error:
            self._found.append(_Finding(str(error), error.problem.help, is_error=True))
            return None

    def _equality(
        self, left: Expression, right: Expression, kinds: tuple[Kind, Kind], *, is_equal: bool
    ) -> bool | None:
        types = _grouped(kinds[0]), _grouped(kinds[1])
        outcome = "never holds" if is_equal else "always holds"
        # What does not exist is null.
        if any(types[number] == {"null"} for number in (0, 1)):
            return self._null(left, right, is_equal=is_equal, outcome=outcome)
        if (types[0] & types[1]) - {"null"}:
            offered, wanted = kinds[0].choices, kinds[1].choices
            if offered is None or wanted is None or any(value in wanted for value in offered):
                return None
            written, known = (wanted, offered) if isinstance(right, Literal) else (offered, wanted)
            meant = nearest(str(written[0]), [str(choice) for choice in known])
            can_be = ", ".join(str(choice) for choice in known)
            message = f"this comparison {outcome}: {_named(left, right)} can only be {can_be}"
            self._found.append(_Finding(message, f"did you mean {meant!r}?" if meant else "compare with one of these"))
            return not is_equal
        message = f"this comparison {outcome}: {_shown(left, kinds[0])}, and {_shown(right, kinds[1])}"
        self._found.append(_Finding(message, _unquoted(left, right, kinds) or "compare values of one type"))
        return not is_equal

    def _null(self, left: Expression, right: Expression, *, is_equal: bool, outcome: str) -> bool | None:
        """A comparison with null of what is always there."""
        path = left if isinstance(left, Path) else right
        use = self._uses.get(path.reference.parts) if isinstance(path, Path) else None
        if use is None or not _is_always_there(use):
            return None
        self._found.append(
            _Finding(f"this comparison {outcome}: {use.reference.dotted!r} is never null here", "take it out")
        )
        return not is_equal

    def _order(self, left: Expression, right: Expression, kinds: tuple[Kind, Kind]) -> bool | None:
        types = _grouped(kinds[0]) - {"null"}, _grouped(kinds[1]) - {"null"}
        if not types[0] or not types[1]:
            return False
        if not (types[0] & types[1] & _ORDERED):
            message = f"{_shown(left, kinds[0])}, and {_shown(right, kinds[1])}: there is no order between them"
            mend = _unquoted(left, right, kinds) or "compare numbers with numbers, and texts with texts"
            self._found.append(_Finding(message, mend, is_error=True))
        return None

    def _is_misread(self, path: Expression, other: Expression | None) -> bool:
        """Whether the environment holds a text that can't be read as what it is compared with, or as true or false."""
        parts = path.reference.parts if isinstance(path, Path) else ()
        text = self._subject.environment.get(parts[1]) if parts[:1] == ("env",) and len(parts) > 1 else None
        types = _BOOLEAN if other is None else _grouped(self._kind(other)) - {"null"}
        if text is None or types not in (_BOOLEAN, {"number"}):
            return False
        try:
            read_text(text, types | {"null"} if types == _BOOLEAN else types)
        except InvalidInput:
            words = "true or false" if types == _BOOLEAN else "a number"
            told = f"what {parts[1]!r} in the environment holds is not {words}, as it would have to be here"
            self._found.append(_Finding(told, "mend it there, or compare with a text in quotes", is_error=True))
            return True
        return False

    def _kind(self, operand: Expression) -> Kind:
        if isinstance(operand, Literal):
            return kind_of_value(operand.literal)
        use = self._uses.get(operand.reference.parts) if isinstance(operand, Path) else None
        # Text from the environment is read for the type of what it is compared with.
        return UNKNOWN if use is None or use.reference.root == "env" else self._subject.values.referents.of(use)


def _is_always_there(use: Use) -> bool:
    of_failure = use.reference.parts[1:] in (("job_id",), ("status",)) and use.reference.root == "failure"
    return of_failure and use.job is not None and use.job.section == "on_failure"


def _all(truths: list[bool | None]) -> bool | None:
    if any(truth is False for truth in truths):
        return False
    return None if any(truth is None for truth in truths) else True


def _grouped(kind: Kind) -> frozenset[str]:
    return frozenset("number" if name in _NUMBERS else name for name in kind.types or ())


def _unquoted(left: Expression, right: Expression, kinds: tuple[Kind, Kind]) -> str:
    """The mend for a text that reads as what it is compared with."""
    for operand, other in ((left, kinds[1]), (right, kinds[0])):
        if isinstance(operand, Literal) and isinstance(operand.literal, str):
            read = kind_of_value(read_scalar(operand.literal))
            if _grouped(read) & _grouped(other) - {"null"}:
                return f"write {operand.literal} without quotes"
    return ""


def _named(left: Expression, right: Expression) -> str:
    path = left if isinstance(left, Path) else right
    return repr(path.reference.dotted) if isinstance(path, Path) else "a value"


def _shown(operand: Expression, kind: Kind) -> str:
    if isinstance(operand, Path):
        return f"{operand.reference.dotted!r} is {kind.words}"
    written = operand.literal if isinstance(operand, Literal) else None
    return f"{str(written).lower() if isinstance(written, bool) else shown(written)} is {kind.words}"
