"""Jobs and steps as a flow writes them, and that each stands where it may."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from ..contracts.spelling import did_you_mean
from ..errors import YamlPath
from .fields import Field, Fields, Reading
from .misfits import shown
from .models import Job, NoData, RerunName, Step
from .shapes import free_mapping, identifier, list_of, one_of_or_null, report_bad_id, text, text_or_null


def _outputs(reading: Reading, value: object, path: YamlPath) -> dict[str, object]:
    found = free_mapping(reading, value, path)
    for name in found:
        report_bad_id(reading, name, (*path, name), at_key=True)
    return found


_STEP = Fields(
    "a step",
    {
        "id": Field(identifier, is_required=True),
        "type": Field(text, is_required=True),
        "inputs": Field(free_mapping),
        "outputs": Field(_outputs),
        "on_no_data": Field(one_of_or_null(*get_args(NoData))),
        "rerun": Field(one_of_or_null(*get_args(RerunName))),
    },
    later=("when", "retry", "timeout_seconds", "continue_on_error", "foreach"),
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
    },
    later=("timeout_seconds", "outputs"),
)


def _job(reading: Reading, value: object, path: YamlPath) -> Job:
    return Job(**_JOB(reading, value, path), path=path)


def jobs(reading: Reading, value: object, path: YamlPath) -> tuple[Job, ...]:
    """The jobs, in the order of the file, which is the order that they run in."""
    found: tuple[Job, ...] = list_of(_job)(reading, value, path)
    report_duplicates(reading, "job", [(job.id, (*job.path, "id")) for job in found])
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
        for number, name in enumerate(job.depends_on):
            path = (*job.path, "depends_on", number)
            if name == job.id:
                reading.report("AF-SELF-DEPENDENCY", f"the job {shown(name)} waits for itself", "remove it here", path)
            elif name not in known:
                reading.report("AF-UNKNOWN-JOB", f"there is no job {shown(name)}", did_you_mean(name, known), path)
            elif name not in earlier:
                mend = f"move {shown(name)} above {shown(job.id)}: jobs run in the order of the file"
                reading.report("AF-JOB-ORDER", f"the job {shown(name)} comes later in the file", mend, path)
        earlier.add(job.id)
