"""Rule: what a flow says of a step's attempts has an effect, and the one that is meant."""

from __future__ import annotations

from collections.abc import Iterator

from ..contracts.effects import Rerun
from ..contracts.spelling import nearest
from ..errors import AetherFlowError, Problem, StepError, YamlPath
from ..spec.misfits import shown
from ..spec.models import Job, Retry, Step
from ..spec.values import without_raw
from .rules import Subject

_WILDCARDS = "*?["
#: A typo changes the length by so much at most, and not what stands at the start.
_TYPO = 2
_SAME_START = 5


def check_attempts(subject: Subject) -> Iterator[Problem]:
    """Retries that wait for nothing or never come, and times that are never over."""
    for job, step in subject.directed_steps:
        if step.retry is not None:
            yield from _check_retry(subject, step, step.retry)
        if step.timeout_seconds is not None:
            yield from _check_time(job.job, step, step.timeout_seconds)


def _check_retry(subject: Subject, step: Step, retry: Retry) -> Iterator[Problem]:
    if step.rerun is None and retry.max_attempts > 1 and _runs_once(subject, step):
        yield _warning(
            "AF-RETRY-ONCE",
            "this step may run once only: after an attempt that may have done something there is no other",
            "write `rerun: SAFE` where it may be repeated, or `rerun: ONCE` where that is meant",
            retry.path,
        )
    yield from _without_effect(retry)
    for position, pattern in enumerate(retry.on_errors):
        yield from _check_pattern(pattern, (*retry.path, "on_errors", position))


def _runs_once(subject: Subject, step: Step) -> bool:
    return subject.contributions.rerun_of(step.type, without_raw(step.inputs)) is Rerun.ONCE


def _without_effect(retry: Retry) -> Iterator[Problem]:
    if retry.max_attempts == 1:
        message = "one attempt is what there is without `retry`"
        yield _warning("AF-NO-EFFECT", message, "write 2 or more", (*retry.path, "max_attempts"))
    elif not retry.backoff_seconds:
        given = {
            "backoff_multiplier": retry.backoff_multiplier != 1,
            "max_backoff_seconds": retry.max_backoff_seconds is not None,
            "jitter": bool(retry.jitter),
        }
        for key in (key for key, is_given in given.items() if is_given):
            message = f"`{key}` changes nothing where there is no wait"
            yield _warning("AF-NO-EFFECT", message, "write `backoff_seconds: …` as well", (*retry.path, key))


def _check_pattern(pattern: str, path: YamlPath) -> Iterator[Problem]:
    """The codes of plugins are not known here, so only what looks like one of the kernel's own is told."""
    start = min((pattern.find(mark) for mark in _WILDCARDS if mark in pattern), default=len(pattern))
    written = pattern[:start].rstrip("-")
    codes = [error.code for error in _family(StepError)]
    meant = nearest(written, codes)
    if meant is None or any(code.startswith(written) or written.startswith(code) for code in codes):
        return
    if abs(len(meant) - len(written)) <= _TYPO and meant[:_SAME_START] == written[:_SAME_START]:
        message = f"{shown(pattern)} may match no code of an error"
        yield _warning("AF-ERROR-PATTERN", message, f"did you mean {meant + pattern[start:]!r}?", path)


def _family(error: type[AetherFlowError]) -> Iterator[type[AetherFlowError]]:
    yield error
    for below in error.__subclasses__():
        yield from _family(below)


def _check_time(job: Job, step: Step, seconds: float) -> Iterator[Problem]:
    if job.timeout_seconds is not None and seconds > job.timeout_seconds:
        message = f"the job's time is over before the step's: it has {job.timeout_seconds} seconds for all of its steps"
        yield _warning("AF-NO-EFFECT", message, "give the job more time", (*step.path, "timeout_seconds"))


def _warning(code: str, message: str, mend: str, path: YamlPath) -> Problem:
    return Problem(code=code, severity="warning", message=message, help=mend, path=path)
