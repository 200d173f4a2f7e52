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
    """Retries that wait for nothing or never come, and times that are never over.

    AF-RETRY-ONCE: the step has `retry`, and may run once only: it is tried again only where nothing was done.

    Example:
        flow: {id: report}
        resources:
          post: {kind: mail, driver: file, config: {folder: outbox, from_addr: shop@example.com}}
        jobs:
          - id: tell
            steps:
              - id: ada
                type: mail_send
                inputs: {resource: post, to: ada@example.com, subject: Totals, body: All is well.}
                retry: {max_attempts: 3}

    Mend: say what is meant: `rerun: SAFE` where doing it twice does no harm, `rerun: ONCE` where it would.
        flow: {id: report}
        resources:
          post: {kind: mail, driver: file, config: {folder: outbox, from_addr: shop@example.com}}
        jobs:
          - id: tell
            steps:
              - id: ada
                type: mail_send
                rerun: ONCE
                inputs: {resource: post, to: ada@example.com, subject: Totals, body: All is well.}
                retry: {max_attempts: 3}

    AF-NO-EFFECT: what is written changes nothing, so that something else must be meant.

    Example:
        flow: {id: report}
        jobs:
          - id: show
            steps:
              - {id: today, type: external.process, inputs: {command: [date]}, retry: {max_attempts: 1}}

    Mend: write what is meant, or leave it out.
        - {id: today, type: external.process, inputs: {command: [date]}, retry: {max_attempts: 2}}

    AF-ERROR-PATTERN: a code under `on_errors` is none of AetherFlow's own, and looks much like one of them.

    Example:
        flow: {id: report}
        jobs:
          - id: show
            steps:
              - id: today
                type: external.process
                inputs: {command: [date]}
                retry: {max_attempts: 2, on_errors: [AF-CONECTOR]}

    Mend: write the code as it is called.
        retry: {max_attempts: 2, on_errors: [AF-CONNECTOR]}
    """
    for job, step in subject.directed_steps:
        if step.retry is not None:
            yield from _check_retry(subject, step, step.retry)
        if step.timeout_seconds is not None:
            yield from _check_time(job.job, step, step.timeout_seconds)


def _check_retry(subject: Subject, step: Step, retry: Retry) -> Iterator[Problem]:
    if step.rerun is None and retry.max_attempts > 1 and _runs_once(subject, step):
        yield _warning(
            "AF-RETRY-ONCE",
            "this step may run once only: it is tried again only after an attempt that surely did nothing",
            "write `rerun: SAFE` if doing it twice does no harm, or `rerun: ONCE` if this is what you mean",
            retry.path,
        )
    yield from _without_effect(retry)
    for position, pattern in enumerate(retry.on_errors):
        yield from _check_pattern(pattern, (*retry.path, "on_errors", position))


def _runs_once(subject: Subject, step: Step) -> bool:
    return subject.contributions.rerun_of(step.type, without_raw(step.inputs)) is Rerun.ONCE


def _without_effect(retry: Retry) -> Iterator[Problem]:
    if retry.max_attempts == 1:
        message = "`max_attempts: 1` changes nothing: a step is tried once without `retry` too"
        yield _warning("AF-NO-EFFECT", message, "write 2 or more, or leave `retry` out", (*retry.path, "max_attempts"))
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
        message = f"{shown(pattern)} looks like a misspelt code: AetherFlow itself has none that it matches"
        yield _warning("AF-ERROR-PATTERN", message, f"did you mean {meant + pattern[start:]!r}?", path)


def _family(error: type[AetherFlowError]) -> Iterator[type[AetherFlowError]]:
    yield error
    for below in error.__subclasses__():
        yield from _family(below)


def _check_time(job: Job, step: Step, seconds: float) -> Iterator[Problem]:
    if job.timeout_seconds is not None and seconds > job.timeout_seconds:
        message = f"the job's time is over first: all of its steps together have {job.timeout_seconds} seconds"
        mend = "give the job more time, or the step less"
        yield _warning("AF-NO-EFFECT", message, mend, (*step.path, "timeout_seconds"))


def _warning(code: str, message: str, mend: str, path: YamlPath) -> Problem:
    return Problem(code=code, severity="warning", message=message, help=mend, path=path)
