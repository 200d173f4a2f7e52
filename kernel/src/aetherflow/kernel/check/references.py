"""Rule: everything that a template or a condition names exists, and has been made by then."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from ..contracts.spelling import did_you_mean
from ..errors import Problem
from ..spec.misfits import shown
from .definitions import JobIndex, Use
from .rules import Subject

_CODE = "AF-UNKNOWN-REFERENCE"
_RUN = frozenset({"id", "date", "scheduled_time", "attempt"})
#: A parameter's default is settled once for all attempts.
_RUN_FOR_PARAMETERS = _RUN - {"attempt"}
_JOB = frozenset({"id", "outputs"})
_EARLIER_JOB = frozenset({"status", "outputs", "skip_reason"})

Found = Problem | None


def check_references(subject: Subject) -> Iterator[Problem]:
    """References to what does not exist, or comes later."""
    for use in subject.flow.uses:
        check = _CHECKS.get(use.reference.root)
        problem = check(subject, use) if check else None
        if problem is not None:
            yield problem


def _unknown(use: Use, what: str, name: str, known: Collection[str]) -> Problem:
    return _wrong(use, f"there is no {what} {shown(name)}", did_you_mean(name, known))


def _wrong(use: Use, message: str, mend: str) -> Problem:
    return Problem(code=_CODE, message=message, help=mend, path=use.reference.path)


def _part(use: Use, number: int) -> str | None:
    parts = use.reference.parts
    return parts[number] if number < len(parts) else None


def _text(subject: Subject, use: Use) -> Found:
    """A root that is one text, or a key of the environment."""
    depth = 2 if use.reference.root == "env" else 1
    if len(use.reference.parts) <= depth:
        return None
    whole = ".".join(use.reference.parts[:depth])
    return _wrong(use, f"{whole!r} is text, which has no parts", f"write {{{{{whole}}}}}")


def _parameter(subject: Subject, use: Use) -> Found:
    name = _part(use, 1)
    known = subject.flow.flow.parameters
    return _unknown(use, "parameter", name, known) if name is not None and name not in known else None


def _run(subject: Subject, use: Use) -> Found:
    name = _part(use, 1)
    known = _RUN_FOR_PARAMETERS if use.field == "parameter" else _RUN
    return _unknown(use, "value of the run called", name, known) if name is not None and name not in known else None


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
    step = use.job.job.steps[number]
    output = _part(use, 2)
    known = subject.contributions.output_names(step.type, step.inputs)
    if output is None or known is None or output in known:
        return None
    return _unknown(use, f"output of step {name!r}", output, known)


def _unknown_step(subject: Subject, use: Use, own: JobIndex, name: str) -> Problem:
    owner = next((job.job.id for job in subject.flow.jobs.values() if name in job.steps), None)
    if owner is None:
        earlier = [step for step, number in own.steps.items() if use.step is None or number < use.step]
        return _unknown(use, "step", name, earlier)
    mend = f"promote what is needed with `outputs` there, and write {{{{jobs.{owner}.outputs.…}}}} here"
    return _wrong(use, f"the step {shown(name)} belongs to another job, {owner!r}", mend)


def _too_early(use: Use, noun: str, name: str, *, is_same: bool) -> Problem:
    if is_same:
        mend = "its own outputs are in {{result.…}}" if use.field == "outputs" else "refer to an earlier one"
        return _wrong(use, f"the {noun} {shown(name)} can't refer to itself here", mend)
    return _wrong(use, f"the {noun} {shown(name)} comes later", f"move it up, or refer to an earlier {noun}")


def _own_job(subject: Subject, use: Use) -> Found:
    part, output = _part(use, 1), _part(use, 2)
    if part is not None and part not in _JOB:
        return _unknown(use, "value of the job called", part, _JOB)
    if part != "outputs" or output is None or use.job is None or use.step is None:
        return None
    number = use.job.outputs.get(output)
    if number is None:
        return _unknown(use, "output of this job called", output, use.job.outputs)
    return _too_early(use, "output", output, is_same=False) if number >= use.step else None


def _other_job(subject: Subject, use: Use) -> Found:
    name = _part(use, 1)
    if name is None or use.job is None:
        return None
    job = subject.flow.jobs.get(name)
    if job is None:
        return _unknown(use, "job", name, subject.flow.jobs)
    if job.number >= use.job.number:
        return _too_early(use, "job", name, is_same=job is use.job)
    return _value_of_job(use, job)


def _value_of_job(use: Use, job: JobIndex) -> Found:
    part, output = _part(use, 2), _part(use, 3)
    if part is not None and part not in _EARLIER_JOB:
        return _unknown(use, f"value of job {job.job.id!r} called", part, _EARLIER_JOB)
    if part == "outputs" and output is not None and output not in job.output_names:
        return _unknown(use, f"output of job {job.job.id!r} called", output, job.output_names)
    return None


def _result(subject: Subject, use: Use) -> Found:
    output = _part(use, 1)
    if output is None or use.job is None or use.step is None:
        return None
    step = use.job.job.steps[use.step]
    known = subject.contributions.output_names(step.type, step.inputs)
    return (
        _unknown(use, "output of this step called", output, known)
        if known is not None and output not in known
        else None
    )


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
}
