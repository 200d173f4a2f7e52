"""Rule: everything that a template or a condition names exists, and has been made by then."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from ..contracts.spelling import did_you_mean
from ..errors import Problem
from ..quick_dataclasses import replace
from ..spec.misfits import shown
from ..spec.models import Step
from .definitions import JobIndex, Use
from .rules import Subject

_CODE = "AF-UNKNOWN-REFERENCE"
_RUN = frozenset({"id", "date", "scheduled_time", "attempt"})
#: A parameter's default is settled once for all attempts.
_RUN_FOR_PARAMETERS = _RUN - {"attempt"}
_JOB = frozenset({"id", "outputs"})
_EARLIER_JOB = frozenset({"status", "outputs", "skip_reason"})
_FAILURE = frozenset({"job_id", "step_id", "status", "error", "error_code"})

Found = Problem | None


def check_references(subject: Subject) -> Iterator[Problem]:
    """References to what does not exist, or comes later.

    AF-UNKNOWN-REFERENCE: a template or a condition names a job, step, output or parameter that does not exist, or that
    comes later.

    Example:
        flow: {id: report}
        resources:
          shop: {kind: db, driver: sqlite3, config: {path: shop.sqlite}}
        jobs:
          - id: show
            steps:
              - {id: rows, type: db_fetch_small, inputs: {resource: shop, sql: SELECT 1}}
              - {id: tell, type: external.process, inputs: {command: [echo, "{{steps.rows.rowcount}}"]}}

    Mend: write the name as it is; what comes later is moved up.
        - {id: tell, type: external.process, inputs: {command: [echo, "{{steps.rows.row_count}}"]}}
    """
    for use in subject.flow.uses:
        check = _CHECKS.get(use.reference.root)
        problem = check(subject, use) if check else None
        if problem is not None:
            yield problem


def _unknown(use: Use, what: str, name: str, known: Collection[str]) -> Problem:
    return _wrong(use, f"there is no {what} {shown(name)}", did_you_mean(name, known))


def _lacks(use: Use, owner: str, noun: str, name: str, known: Collection[str]) -> Problem:
    return _wrong(use, f"{owner} has no {noun} {shown(name)}", did_you_mean(name, known))


def _wrong(use: Use, message: str, mend: str) -> Problem:
    return Problem(code=_CODE, message=message, help=mend, path=use.reference.path)


def _part(use: Use, number: int) -> str | None:
    parts = use.reference.parts
    return parts[number] if number < len(parts) else None


def _text(_subject: Subject, use: Use) -> Found:
    """A root that is one text, or a key of the environment."""
    return _no_parts(use, "text", depth=2 if use.reference.root == "env" else 1)


def _no_parts(use: Use, kind: str, *, depth: int) -> Found:
    """Nothing may follow after so many parts."""
    if len(use.reference.parts) <= depth:
        return None
    whole = ".".join(use.reference.parts[:depth])
    return _wrong(use, f"{whole!r} is {kind}, which has no parts", f"write {use.as_written(whole)}")


def _parameter(subject: Subject, use: Use) -> Found:
    name = _part(use, 1)
    known = subject.flow.flow.parameters
    return _unknown(use, "parameter", name, known) if name is not None and name not in known else None


def _run(subject: Subject, use: Use) -> Found:
    name = _part(use, 1)
    known = _RUN_FOR_PARAMETERS if use.field == "parameter" else _RUN
    return _lacks(use, "'run'", "value", name, known) if name is not None and name not in known else None


def _step(subject: Subject, use: Use) -> Found:
    name = _part(use, 1)
    if name is None or use.job is None:
        return None
    number = use.job.steps.get(name)
    if number is None:
        return _unknown_step(subject, use, use.job, name)
    # A job's own outputs come after all of its steps.
    if use.step is not None and number >= use.step:
        return _too_early(use, "step", name, is_same=number == use.step)
    return _output_of_step(subject, use, use.job.job.steps[number], depth=2)


def _output_of_step(subject: Subject, use: Use, step: Step, *, depth: int) -> Found:
    """The part of the reference that names an output of a step, and what follows it."""
    output = _part(use, depth)
    if output is None:
        return None
    known = subject.contributions.output_names(step.type, step.inputs)
    if known is None or output in known:
        return None
    found = _lacks(use, f"the step {step.id!r}", "output", output, known)
    if output == "outputs" and (meant := _part(use, depth + 1)) in known:
        # As it is written of jobs.
        return replace(found, help=f"write {use.as_written('.'.join((*use.reference.parts[:depth], str(meant))))}")
    return found


def _unknown_step(subject: Subject, use: Use, own: JobIndex, name: str) -> Problem:
    owner = next((job.job.id for job in subject.flow.jobs.values() if name in job.steps), None)
    if owner is None:
        earlier = [step for step, number in own.steps.items() if use.step is None or number < use.step]
        return _unknown(use, "step", name, earlier)
    mend = f"promote what is needed with `outputs` there, and write {use.as_written(f'jobs.{owner}.outputs.…')} here"
    return _wrong(use, f"the step {shown(name)} belongs to another job, {owner!r}", mend)


def _too_early(use: Use, noun: str, name: str, *, is_same: bool) -> Problem:
    if is_same:
        mend = "its own outputs are in {{result.…}}" if use.field == "outputs" else "refer to an earlier one"
        return _wrong(use, f"the {noun} {shown(name)} can't refer to itself here", mend)
    return _wrong(use, f"the {noun} {shown(name)} comes later", f"move it up, or refer to an earlier {noun}")


def _own_job(_subject: Subject, use: Use) -> Found:
    part, output = _part(use, 1), _part(use, 2)
    if part is not None and part not in _JOB:
        return _lacks(use, "'job'", "value", part, _JOB)
    if part != "outputs" or output is None or use.job is None:
        return None
    if output in use.job.job.outputs:
        message = f"the output {shown(output)} is not there yet: the job gives it at its end"
        return _wrong(use, message, "refer to what it is made of")
    number = use.job.outputs.get(output)
    if number is None:
        return _lacks(use, "this job", "output", output, use.job.outputs)
    is_too_early = use.step is not None and number >= use.step
    return _too_early(use, "output", output, is_same=False) if is_too_early else None


def _other_job(subject: Subject, use: Use) -> Found:
    name = _part(use, 1)
    if use.job is None:
        return None
    if name is None:
        return _all_jobs(subject, use)
    job = subject.flow.jobs.get(name)
    if job is None:
        return _unknown(use, "job", name, subject.flow.jobs)
    if job.number < use.job.number:
        return _value_of_job(use, job)
    if job.section == use.job.section:
        return _too_early(use, "job", name, is_same=job is use.job)
    message = f"the job {shown(name)} stands in `{job.section}`, which runs after all of `{use.job.section}`"
    return _wrong(use, message, "refer to an earlier job")


def _all_jobs(subject: Subject, use: Use) -> Found:
    """Which jobs there are by then is only certain where they run one after the other."""
    if subject.flow.flow.concurrency.max_parallel_jobs == 1:
        return None
    message = "'jobs' alone would be those that have ended by then, which differ where jobs run at the same time"
    return _wrong(use, message, f"name one job: {use.as_written('jobs.ID.outputs.NAME')}")


def _value_of_job(use: Use, job: JobIndex) -> Found:
    part, output = _part(use, 2), _part(use, 3)
    if part is not None and part not in _EARLIER_JOB:
        return _lacks(use, f"'jobs.{job.job.id}'", "value", part, _EARLIER_JOB)
    if part != "outputs" or output is None or output in job.outputs or output in job.job.outputs:
        return None
    return _lacks(use, f"the job {job.job.id!r}", "output", output, job.output_names)


def _result(subject: Subject, use: Use) -> Found:
    step = use.own_step
    return None if step is None else _output_of_step(subject, use, step, depth=1)


def _item(_subject: Subject, use: Use) -> Found:
    """An item of a matrix has a value for each of its lists; those of a plain list may differ."""
    name = _part(use, 1)
    foreach = use.own_step.foreach if use.own_step is not None else None
    if name is None or foreach is None or foreach.matrix is None or name in foreach.matrix:
        return None
    return _lacks(use, "the matrix", "list", name, foreach.matrix)


def _item_index(_subject: Subject, use: Use) -> Found:
    return _no_parts(use, "a number", depth=1)


def _failure(_subject: Subject, use: Use) -> Found:
    name = _part(use, 1)
    if name is None and use.is_in_condition:
        return _wrong(
            use, "'failure' itself is always there", "look at failure.job_id: it is null where nothing failed"
        )
    if name is not None and name not in _FAILURE:
        return _lacks(use, "'failure'", "value", name, _FAILURE)
    return _no_parts(use, "text", depth=2)


_CHECKS: Mapping[str, Callable[[Subject, Use], Found]] = {
    "env": _text,
    "flow_id": _text,
    "run_id": _text,
    "params": _parameter,
    "run": _run,
    "steps": _step,
    "job": _own_job,
    "jobs": _other_job,
    "result": _result,
    "item": _item,
    "item_index": _item_index,
    "failure": _failure,
}
