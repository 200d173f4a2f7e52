"""Rule: a step is repeated for lists, that hold something and not too much."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import prod

from ..errors import Problem, YamlPath
from ..quick_dataclasses import dataclass
from ..resolve.references import Reference
from ..resolve.schemas import DeclaredTypes, types_of
from ..spec.foreach import MAX_ITEMS
from ..spec.misfits import wrong_type
from ..spec.models import Foreach
from ..spec.values import without_raw
from .definitions import JobIndex
from .fault_words import TYPE_WORDS
from .rules import Subject

_OF_PARAMETER = 2
_OF_OUTPUT = 3
_TEXTS = frozenset({"flow_id", "run_id", "run"})


def check_foreach(subject: Subject) -> Iterator[Problem]:
    """Items that are no list, none, or too many."""
    for job, step in subject.directed_steps:
        template = subject.flow.compiled_foreach.get((job.job.id, step.id))
        if step.foreach is not None and template is not None:
            whole = {reference.path: reference for reference in template.references if reference.is_whole}
            yield from _check_lists(_Lists(subject, job, step.foreach, whole))


@dataclass(frozen=True, slots=True)
class _Lists:
    """The lists of one step."""

    subject: Subject
    job: JobIndex
    foreach: Foreach
    #: The references that are all that stands at their places.
    whole: Mapping[YamlPath, Reference]

    def written(self) -> Mapping[YamlPath, object]:
        """Each list, or what stands for it, by its place."""
        path, matrix = self.foreach.source_path, self.foreach.matrix
        return {path: self.foreach.items} if matrix is None else {(*path, name): matrix[name] for name in matrix}


def _check_lists(lists: _Lists) -> Iterator[Problem]:
    lengths: list[int] = []
    for path, written in lists.written().items():
        value = without_raw(written)
        if isinstance(value, list):
            lengths.append(len(value))
            if not value:
                yield _empty(path)
        elif path not in lists.whole:
            misfit = wrong_type(value, "a list, or one template that stands for a list")
            yield Problem(code=misfit.code, message=misfit.message, help="write it as a list: [a, b]", path=path)
        else:
            yield from _check_type(lists, lists.whole[path])
    if prod(lengths) > MAX_ITEMS:
        yield _too_many(prod(lengths), lists.foreach.source_path)


def _check_type(lists: _Lists, reference: Reference) -> Iterator[Problem]:
    found = _kind(lists, reference)
    if found:
        message = f"here belongs a list, and {reference.dotted!r} is {found}"
        yield Problem(code="AF-WRONG-TYPE", message=message, help="refer to a list", path=reference.path)


def _kind(lists: _Lists, reference: Reference) -> str:
    """What a reference stands for, where that is known and can be no list; else nothing."""
    parts = reference.parts
    if reference.root == "params" and len(parts) > 1:
        parameter = lists.subject.flow.flow.parameters.get(parts[1])
        is_known = parameter is not None and parameter.type != "list" and len(parts) == _OF_PARAMETER
        return f"of the type {parameter.type}" if parameter is not None and is_known else ""
    if reference.root == "steps" and len(parts) == _OF_OUTPUT:
        return _kind_of_output(lists, parts[1], parts[2])
    return "text" if reference.root in _TEXTS else ""


def _kind_of_output(lists: _Lists, step_id: str, name: str) -> str:
    step = lists.job.step(step_id) if step_id in lists.job.steps else None
    known = lists.subject.contributions.step(step.type).found if step is not None else None
    if step is None or step.foreach is not None or known is None or known.outputs_from is not None:
        return ""
    declared = DeclaredTypes(known.outputs)
    types = types_of(declared.of_property(declared.top(), {}, name))
    return "" if types is None or "array" in types else _words(types)


def _words(types: Collection[str]) -> str:
    return " or ".join(sorted(TYPE_WORDS.get(name, name) for name in types))


def _empty(path: YamlPath) -> Problem:
    return Problem(
        code="AF-NO-EFFECT",
        severity="warning",
        message="there is no item: the step does nothing",
        help="write items, or take the step out",
        path=path,
    )


def _too_many(count: int, path: YamlPath) -> Problem:
    return Problem(
        code="AF-FOREACH-SIZE",
        message=f"{count:,} items are too many, at most {MAX_ITEMS:,} may be",
        help="write them to a file that one step works through",
        path=path,
    )
