"""Rule: a step is repeated for lists, that hold something and not too much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from ..errors import Problem, YamlPath
from ..quick_dataclasses import dataclass
from ..resolve.references import Reference
from ..spec.foreach import MAX_ITEMS
from ..spec.misfits import wrong_type
from ..spec.models import Foreach
from ..spec.values import without_raw
from .definitions import JobIndex
from .kinds import kind_of_schema
from .outside_texts import check_outside_texts
from .rules import Subject

_LIST = kind_of_schema({"type": "array"})

_OF_PARAMETER = 2
_OF_OUTPUT = 3
_TEXTS = frozenset({"flow_id", "run_id", "run"})


def check_foreach(subject: Subject) -> Iterator[Problem]:
    """Items that are no list, none, or too many.

    AF-FOREACH-SIZE: a step would be repeated for more than 100,000 items; each is a row in the ledger.

    Example:
        flow: {id: report}
        jobs:
          - id: show
            steps:
              - id: each
                type: external.process
                foreach: {matrix: {a: &ten [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], b: *ten, c: *ten, d: *ten, e: *ten, f: *ten}}
                inputs: {command: [echo, "{{item.a}}"]}

    Mend: repeat the step for less, or write the items to a file that one step works through.
        foreach: {matrix: {a: &ten [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], b: *ten, c: *ten}}
    """
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
            yield from _check_type(lists, lists.whole[path], written)
    if prod(lengths) > MAX_ITEMS:
        yield _too_many(prod(lengths), lists.foreach.source_path)


def _check_type(lists: _Lists, reference: Reference, written: object) -> Iterator[Problem]:
    yield from check_outside_texts(reference, _LIST, lists.subject.environment)
    if reference.root == "env":
        return
    kind = lists.subject.values.referents.of_written(written, reference.path)
    if kind.types is not None and "array" not in kind.types:
        message = f"a step is repeated for the items of a list, and {reference.dotted!r} is {kind.words}"
        mend = "refer to a value that is a list"
        yield Problem(code="AF-TYPE-MISMATCH", message=message, help=mend, path=reference.path)


def _empty(path: YamlPath) -> Problem:
    return Problem(
        code="AF-NO-EFFECT",
        severity="warning",
        message="the list is empty: the step does nothing",
        help="write items, or take the step out",
        path=path,
    )


def _too_many(count: int, path: YamlPath) -> Problem:
    return Problem(
        code="AF-FOREACH-SIZE",
        message=f"the step would be repeated for {count:,} items, and at most {MAX_ITEMS:,} are allowed",
        help="write them to a file that one step works through",
        path=path,
    )
