"""Rule: what may be missing by then has a default, or a condition that looks at it first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..errors import Problem
from ..spec.models import Job, Step
from .contributions import OUTPUTS_OF_A_SKIP
from .definitions import JobIndex, Use
from .rules import Subject

_WITH_OUTPUT = 3
_WITH_JOB_OUTPUT = 4


def check_missing(subject: Subject) -> Iterator[Problem]:
    """References without a default to steps and jobs that may not have run, and to a failure that may not be.

    AF-MAY-BE-MISSING: a template names an output of a step or job that may be skipped, and has no default.

    Example:
        flow: {id: report}
        resources:
          shop: {kind: db, driver: sqlite3, config: {path: shop.sqlite}}
        jobs:
          - id: show
            steps:
              - {id: rows, type: db_fetch_small, when: run.attempt > 1, inputs: {resource: shop, sql: SELECT 1}}
              - {id: tell, type: external.process, inputs: {command: [echo, "{{steps.rows.row_count}}"]}}

    Mend: give a default, or a condition to the step that needs the output.
        - {id: tell, type: external.process, inputs: {command: [echo, "{{steps.rows.row_count:none}}"]}}
    """
    for use in subject.flow.uses:
        root = use.reference.root
        if root not in _REASONS or use.job is None or use.reference.default is not None:
            continue
        why = _REASONS[root](subject, use, use.job) if use.field in ("inputs", "outputs", "foreach") else ""
        if why and _is_guarded(use, use.job):
            message = f"{use.reference.dotted!r} may be missing, unless the condition sees to it: {why}"
            yield Problem(code="AF-NOT-KNOWN", severity="note", message=message, path=use.reference.path)
        elif why:
            yield _problem(subject, use, use.job, why)


def _is_guarded(use: Use, job: JobIndex) -> bool:
    """A step with a condition of its own is taken to know when it may run; of other jobs, its job may know as well."""
    guards_all = use.reference.root != "steps" and job.job.when is not None
    return guards_all or (use.step is not None and job.job.steps[use.step].when is not None)


def _why_output(subject: Subject, use: Use, job: JobIndex) -> str:
    parts = use.reference.parts
    number = job.steps.get(parts[1]) if len(parts) >= _WITH_OUTPUT else None
    if number is None:
        return ""
    step = job.job.steps[number]
    if parts[2] in OUTPUTS_OF_A_SKIP and step.foreach is None and _is_of_skip(subject, step, parts[2]):
        return f"it is there only where the step {step.id!r} was skipped"
    return _why_without_outputs(step)


def _is_of_skip(subject: Subject, step: Step, name: str) -> bool:
    """Whether an output is not one of the step's own."""
    known = subject.contributions.step(step.type).found
    return known is not None and known.outputs_from is None and name not in known.outputs.get("properties", {})


def _why_without_outputs(step: Step) -> str:
    if step.when is not None and step.foreach is None:
        return f"the step {step.id!r} is skipped where its condition does not hold"
    if step.continue_on_error:
        return f"the job goes on where the step {step.id!r} failed"
    return ""


def _why_failure(_subject: Subject, use: Use, job: JobIndex) -> str:
    is_optional = job.section == "finally" and len(use.reference.parts) > 1
    return "there is no failure where all went well" if is_optional else ""


def _why_job(subject: Subject, use: Use, job: JobIndex) -> str:
    parts = use.reference.parts
    other = subject.flow.jobs.get(parts[1]) if len(parts) > 1 else None
    if other is None:
        return ""
    if other.section == "on_failure" and job.section == "finally":
        return f"the job {parts[1]!r} of `on_failure` does not run where all went well"
    if parts[2:] == ("skip_reason",):
        return f"it is null where the job {parts[1]!r} was not skipped"
    if len(parts) < _WITH_JOB_OUTPUT or parts[2] != "outputs":
        return ""
    if parts[1] in subject.values.referents.depended_on(job):
        return _why_not_promoted(other, parts[3], len(other.job.steps))
    if other.section != job.section:
        return f"the job {parts[1]!r} may have failed, or not have run"
    return _why_not_run(subject, other) or _why_not_promoted(other, parts[3], len(other.job.steps))


def _why_not_run(subject: Subject, job: JobIndex) -> str:
    """Why a job may not have run: it is skipped itself, or blocked by one that is."""
    needed = [subject.flow.jobs[name] for name in sorted(subject.values.referents.depended_on(job))]
    return next(filter(None, (_why_skipped(each.job) for each in (job, *needed))), "")


def _why_run(subject: Subject, use: Use, _job: JobIndex) -> str:
    is_told = subject.circumstances.is_scheduled or use.reference.parts[1:] != ("scheduled_time",)
    return "" if is_told else "only a scheduler says for when a run was planned"


def _why_own_output(_subject: Subject, use: Use, job: JobIndex) -> str:
    parts = use.reference.parts
    if len(parts) < _WITH_OUTPUT or parts[1] != "outputs" or use.step is None:
        return ""
    return _why_not_promoted(job, parts[2], use.step)


def _why_skipped(job: Job) -> str:
    if job.when is not None:
        return f"the job {job.id!r} is skipped where its condition does not hold"
    finder = next((step.id for step in job.steps if step.on_no_data == "skip_job"), None)
    return f"the job {job.id!r} is skipped where its step {finder!r} finds nothing" if finder else ""


def _why_not_promoted(job: JobIndex, name: str, until: int) -> str:
    """Why no step before a number may have given an output of its job."""
    givers = [step for step in job.job.steps[:until] if name in step.outputs]
    reasons = [_why_without_outputs(step) for step in givers]
    return reasons[0] if reasons and all(reasons) and name not in job.job.outputs else ""


_REASONS: Mapping[str, Callable[[Subject, Use, JobIndex], str]] = {
    "steps": _why_output,
    "failure": _why_failure,
    "jobs": _why_job,
    "job": _why_own_output,
    "run": _why_run,
}


def _or_depend(subject: Subject, use: Use, job: JobIndex) -> str:
    """That helps where the other job may not run, and stands in the same part of the flow."""
    parts = use.reference.parts
    if parts[0] != "jobs" or parts[2:3] != ("outputs",):
        return ""
    other = subject.flow.jobs[parts[1]]
    is_open = other.section == job.section and parts[1] not in subject.values.referents.depended_on(job)
    return f", or let the job depend on {parts[1]!r}" if is_open and _why_not_run(subject, other) else ""


def _problem(subject: Subject, use: Use, job: JobIndex, why: str) -> Problem:
    dotted = use.reference.dotted
    return Problem(
        code="AF-MAY-BE-MISSING",
        severity="warning",
        message=f"{dotted!r} may be missing: {why}",
        help=f"give a default: {{{{{dotted}:…}}}}, or write a `when` on this step{_or_depend(subject, use, job)}",
        path=use.reference.path,
    )
