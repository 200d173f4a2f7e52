"""Jobs and steps as a flow writes them, and that each stands where it may."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from ..contracts.spelling import did_you_mean
from ..errors import YamlPath
from .fields import Field, Fields, Reading
from .misfits import Misfit, shown, wrong_type
from .models import Foreach, Job, NoData, RerunName, Retry, Step
from .shapes import (
    free_mapping,
    identifier,
    list_of,
    named,
    number,
    one_of_or_null,
    positive_number,
    report_bad_id,
    text,
    text_or_null,
    truth,
    whole_number,
)


def _outputs(reading: Reading, value: object, path: YamlPath) -> dict[str, object]:
    found = free_mapping(reading, value, path)
    for name in found:
        report_bad_id(reading, name, (*path, name), at_key=True)
    return found


_RETRY = Fields(
    "`retry`",
    {
        "max_attempts": Field(whole_number(1), is_required=True),
        "backoff_seconds": Field(number(0)),
        "backoff_multiplier": Field(number(1)),
        "max_backoff_seconds": Field(number(0)),
        "jitter": Field(number(0, 1)),
        "on_errors": Field(list_of(text)),
    },
)


def _retry(reading: Reading, value: object, path: YamlPath) -> Retry:
    return Retry(**_RETRY(reading, value, path))


def _items(_reading: Reading, value: object, _path: YamlPath) -> object:
    """A list, or a template that stands for one."""
    if not isinstance(value, list | str):
        raise wrong_type(value, "a list")
    return value


_FOREACH = Fields(
    "`foreach`",
    {"items": Field(_items), "matrix": Field(named(_items)), "max_parallel": Field(whole_number(1))},
)


def _foreach(reading: Reading, value: object, path: YamlPath) -> Foreach:
    found = _FOREACH(reading, value, path)
    if ("items" in found) == ("matrix" in found) and not reading.is_incomplete:
        raise Misfit("AF-WRONG-VALUE", "`foreach` needs one of `items` and `matrix`", "write `items: […]` here")
    return Foreach(**found, path=path)


_STEP = Fields(
    "a step",
    {
        "id": Field(identifier, is_required=True),
        "type": Field(text, is_required=True),
        "inputs": Field(free_mapping),
        "outputs": Field(_outputs),
        "on_no_data": Field(one_of_or_null(*get_args(NoData))),
        "rerun": Field(one_of_or_null(*get_args(RerunName))),
        "when": Field(text_or_null),
        "retry": Field(_retry),
        "timeout_seconds": Field(positive_number),
        "continue_on_error": Field(truth),
        "foreach": Field(_foreach),
    },
)


def _step(reading: Reading, value: object, path: YamlPath) -> Step:
    found = _STEP(reading, value, path)
    found.setdefault("inputs", {})
    found.setdefault("outputs", {})
    return Step(**found, path=path)


def _steps(reading: Reading, value: object, path: YamlPath) -> tuple[Step, ...]:
    steps: tuple[Step, ...] = list_of(_step)(reading, value, path)
    report_duplicates(reading, "step", [(step.id, (*step.path, "id")) for step in steps])
    return steps


_JOB = Fields(
    "a job",
    {
        "id": Field(identifier, is_required=True),
        "description": Field(text_or_null),
        "depends_on": Field(list_of(text)),
        "when": Field(text_or_null),
        "steps": Field(_steps, is_required=True),
        "timeout_seconds": Field(positive_number),
        "outputs": Field(_outputs),
    },
)


def _job(reading: Reading, value: object, path: YamlPath) -> Job:
    job = Job(**_JOB(reading, value, path), path=path)
    promoted = {name: step for step in job.steps for name in step.outputs}
    for name in job.outputs:
        if name in promoted:
            message = f"the output {shown(name)} is given by step {promoted[name].id!r} as well"
            reading.report("AF-DUPLICATE-ID", message, "keep one of them", (*path, "outputs", name), at_key=True)
    return job


def jobs(reading: Reading, value: object, path: YamlPath) -> tuple[Job, ...]:
    """The jobs, in the order of the file, which is the order that they run in."""
    found: tuple[Job, ...] = list_of(_job)(reading, value, path)
    if not reading.is_incomplete:
        _report_order(reading, found)
    return found


def report_duplicates(reading: Reading, noun: str, ids: Iterable[tuple[str, YamlPath]]) -> None:
    """Note every id that was there before, whatever the case of its letters: ids become file names."""
    first: dict[str, YamlPath] = {}
    for name, path in ids:
        before = first.setdefault(name.casefold(), path)
        if before is not path:
            line = reading.document.where_key(before).line
            mend = f"the first one stands at line {line}: letters in capitals count as the same"
            reading.report("AF-DUPLICATE-ID", f"there are two {noun}s {shown(name)}", mend, path, at_key=True)


def _report_order(reading: Reading, found: Sequence[Job]) -> None:
    known = {job.id for job in found}
    earlier: set[str] = set()
    for job in found:
        for position, name in enumerate(job.depends_on):
            path = (*job.path, "depends_on", position)
            if name == job.id:
                reading.report("AF-SELF-DEPENDENCY", f"the job {shown(name)} waits for itself", "remove it here", path)
            elif name not in known:
                reading.report("AF-UNKNOWN-JOB", f"there is no job {shown(name)}", did_you_mean(name, known), path)
            elif name not in earlier:
                mend = f"move {shown(name)} above {shown(job.id)}: jobs run in the order of the file"
                reading.report("AF-JOB-ORDER", f"the job {shown(name)} comes later in the file", mend, path)
        earlier.add(job.id)
