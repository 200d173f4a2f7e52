"""Runs for people and for machines: as lines of a list, and one of them as a tree."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from ..contracts.events import Status
from ..contracts.records import StepKey
from ..events.lines import one_line
from ..history.remembered import attempt_as_noted
from .times import duration, for_machines, for_people, milliseconds_between

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..contracts.records import ArtifactRecord, ResolutionRecord, RunSummary, StartRecord, StepRecord
    from ..history.remembered import RememberedJob, RememberedRun

COLUMNS = ("FLOW", "RUN", "STATUS", "STARTED", "DURATION", "STARTS", "JOBS")
NUMBERS = frozenset({"DURATION", "STARTS", "JOBS"})
#: More of a digest than anybody compares by eye.
_DIGEST = 12


def listed(summary: RunSummary, status: Status) -> dict[str, Any]:
    """A run as `runs list --json` gives it; the duration is that of its newest start."""
    run, start = summary.run, summary.newest_start
    began, ended = (start.started_at, start.ended_at) if start else (run.started_at, run.ended_at)
    if ended is None and status is Status.RUNNING:
        ended = time.time()
    has_one = start is not None or run.starts == 1
    return {
        "flow_id": summary.key.flow_id,
        "run_id": summary.key.run_id,
        "status": status.value,
        "started_at": for_machines(run.started_at),
        "ended_at": for_machines(run.ended_at),
        "duration_ms": milliseconds_between(began, ended) if has_one else None,
        "start_count": run.starts,
        "jobs_done": summary.jobs_done,
        "job_count": max(summary.jobs_known, start.jobs if start else 0),
        "asked": start.asked if start else None,
        "flow_file": run.flow_file,
        "profile": run.profile,
        "cancel_requested_at": for_machines(run.cancel_requested_at),
    }


def row(told: Mapping[str, Any], started_at: float) -> list[str]:
    """A run's cells, one for each of `COLUMNS`."""
    return [
        told["flow_id"],
        told["run_id"],
        told["status"],
        for_people(started_at),
        duration(told["duration_ms"]),
        str(told["start_count"]),
        f"{told['jobs_done']}/{told['job_count']}",
    ]


def shown(run: RememberedRun) -> dict[str, Any]:
    """A run as `runs show --json` gives it."""
    record = run.summary.run
    return {
        **listed(run.summary, run.status),
        "flow_digest": record.flow_digest,
        "parameters": dict(record.parameters),
        "facts": dict(record.facts),
        "shown_start": run.start,
        "starts": [_shown_start(start) for start in run.starts],
        "resolutions": [_shown_resolution(each) for each in run.resolutions],
        "jobs": [_shown_job(job, run) for job in run.jobs],
    }


def tree(told: Mapping[str, Any]) -> Iterator[str]:
    """A run as `runs show` prints it."""
    yield f"run {told['run_id']} of flow {told['flow_id']}: {told['status']}"
    yield f"  flow file   {one_line(told['flow_file'])}"
    if told["parameters"]:
        yield f"  parameters  {', '.join(f'{name}={short(value)}' for name, value in told['parameters'].items())}"
    if told["cancel_requested_at"]:
        yield f"  cancel      asked for at {told['cancel_requested_at']}"
    starts = {start["start"]: start for start in told["starts"]}
    for number in range(1, told["start_count"] + 1):
        yield from _start_lines(starts[number]) if number in starts else [_unknown_start(number, told)]
    for each in told["resolutions"]:
        yield f"  decided     {one_line(_resolution_line(each))}"
    for job in told["jobs"]:
        yield from _job_lines(job)


def _shown_start(start: StartRecord) -> dict[str, Any]:
    return {
        "start": start.number,
        "asked": start.asked,
        "status": start.status.value,
        "started_at": for_machines(start.started_at),
        "ended_at": for_machines(start.ended_at),
        "duration_ms": milliseconds_between(start.started_at, start.ended_at),
        "flow_digest": start.flow_digest,
        "profile": start.profile,
        "policy_digest": start.policy_digest,
        "kernel": start.kernel,
        "plugins": dict(start.plugins),
        "environment_keys": list(start.environment_keys),
        "owner": dict(start.owner),
    }


def _shown_resolution(each: ResolutionRecord) -> dict[str, Any]:
    return {
        "at": for_machines(each.at),
        "by": each.by,
        "what": each.what,
        "job_id": each.step.job_id if each.step else None,
        "step_id": each.step.step_id if each.step else None,
        "item": each.step.item or None if each.step else None,
        "reason": each.reason,
        "before": dict(each.before),
    }


def _shown_job(job: RememberedJob, run: RememberedRun) -> dict[str, Any]:
    record = job.record
    began, ended = (record.started_at, record.ended_at) if record else (None, None)
    decision = run.decisions.get((job.job_id, ""))
    return {
        "job_id": job.job_id,
        "start": job.start,
        "status": record.status.value if record else Status.PENDING.value,
        "reason": record.reason if record else "",
        "decision": decision.decision if decision else None,
        "decision_reason": decision.reason if decision else "",
        "started_at": for_machines(began),
        "ended_at": for_machines(ended),
        "duration_ms": milliseconds_between(began, ended),
        "outputs": dict(record.outputs) if record else {},
        "is_masked": record.is_masked if record else False,
        "is_in_flow": None if run.in_flow is None else any(job_id == job.job_id for job_id, _ in run.in_flow),
        "steps": [_shown_step(key, step, run) for key, step in job.steps],
    }


def _shown_step(key: StepKey, step: StepRecord, run: RememberedRun) -> dict[str, Any]:
    decision, why = _decision(key, step, run)
    return {
        "step_id": key.step_id,
        "item": key.item or None,
        "step_type": step.step_type,
        "rerun": step.rerun,
        "is_in_flow": None if run.in_flow is None else (key.job_id, key.step_id) in run.in_flow,
        "decision": decision,
        "decision_reason": why,
        **_shown_attempt(attempt_as_noted(step)),
        "is_attempt": not is_told_later(key, step, run),
        "outputs": None if step.outputs is None else dict(step.outputs),
        "is_masked": step.is_masked,
        "generation": step.generation,
        "artifacts": [_shown_artifact(each) for each in step.artifacts],
        "earlier_attempts": [_shown_attempt(each) for each in run.earlier_attempts.get(key, ())],
    }


def _decision(key: StepKey, step: StepRecord, run: RememberedRun) -> tuple[str | None, str]:
    """What the start did with a step, and why; an item that it did not run was restored, or not come to."""
    found = run.decisions.get((key.job_id, key.step_id))
    if found is None:
        return None, ""
    starts = {step.ran_in, *(each["ran_in"] for each in run.earlier_attempts.get(key, ()))}
    if not key.item or run.start in starts or found.decision != "RUN":
        return found.decision, found.reason
    is_restored = step.status.is_done and step.ran_in < run.start
    return ("RESTORE", "done in an earlier start") if is_restored else (None, "")


def is_told_later(key: StepKey, step: StepRecord, run: RememberedRun) -> bool:
    """Whether a step's record tells of no attempt, which is kept as it was, but of a decision or a start after it."""
    return any(each["attempt"] == step.attempt for each in run.earlier_attempts.get(key, ()))


def _shown_attempt(noted: Mapping[str, Any]) -> dict[str, Any]:
    began, ended = noted["started_at"], noted["ended_at"]
    return {
        "attempt": noted["attempt"],
        "ran_in_start": noted["ran_in"],
        "status": noted["status"],
        "started_at": for_machines(began),
        "ended_at": for_machines(ended),
        "duration_ms": milliseconds_between(began, ended),
        "reason": noted["reason"],
        "error_code": noted["error_code"] or None,
        "error": noted["error"] or None,
        "is_without_effect": bool(noted["is_without_effect"]),
        "next_attempt_at": for_machines(noted["next_attempt_at"]),
    }


def _shown_artifact(artifact: ArtifactRecord) -> dict[str, Any]:
    return {"path": artifact.path, "size": artifact.size, "sha256": artifact.sha256, "files": artifact.files}


def _start_lines(start: Mapping[str, Any]) -> Iterator[str]:
    plugins = ", ".join(f"{name} {version}".rstrip() for name, version in start["plugins"].items())
    told = [
        f"start {start['start']}",
        one_line(start["asked"]),
        start["status"],
        str(start["started_at"]),
        duration(start["duration_ms"]),
        f"profile {one_line(start['profile'])}",
        f"kernel {one_line(start['kernel'])}",
        *([f"plugins {one_line(plugins)}"] if plugins else []),
    ]
    yield f"  {', '.join(filter(None, told))}"


def _unknown_start(number: int, told: Mapping[str, Any]) -> str:
    at = f", {told['started_at']}" if number == 1 else ""
    return f"  start {number}{at}: an older AetherFlow ran it, and noted no more"


def _resolution_line(each: Mapping[str, Any]) -> str:
    step = ""
    if each["job_id"]:
        step = f" {StepKey(each['job_id'], each['step_id'], each['item'] or '').name}"
    before = f" (it was {each['before']['status']})" if "status" in each["before"] else ""
    reason = f": {each['reason']}" if each["reason"] else ""
    return f"{each['at']} {each['by']}: {each['what']}{step}{before}{reason}"


def _job_lines(job: Mapping[str, Any]) -> Iterator[str]:
    at_end = f", of start {job['start']}" if job["start"] else ""
    yield _line(1, f"job {job['job_id']}{at_end}{_if_gone(job)}", job)
    for step in job["steps"]:
        item = f" [{one_line(step['item'])}]" if step["item"] else ""
        yield _line(2, f"step {step['step_id']}{item} ({one_line(step['step_type'])}){_if_gone(step)}", step)
        yield from _step_lines(step)


def _if_gone(told: Mapping[str, Any]) -> str:
    return ", not in the flow any more" if told["is_in_flow"] is False else ""


def _step_lines(step: Mapping[str, Any]) -> Iterator[str]:
    yield from (_attempt_line(each) for each in step["earlier_attempts"])
    if not step["is_attempt"]:
        yield f"      since then: {step['status']}{': ' if step['reason'] else ''}{one_line(step['reason'])}"
    elif step["attempt"] > 1:
        yield _attempt_line({**step, "error": None})
    if step["error"]:
        yield f"      error {step['error_code']}: {one_line(step['error'])}"
    if step["next_attempt_at"]:
        yield f"      next attempt at {step['next_attempt_at']}"
    for artifact in step["artifacts"]:
        files = f", {artifact['files']} files" if artifact["files"] is not None else ""
        digest = artifact["sha256"][:_DIGEST]
        yield f"      artifact {one_line(artifact['path'])}: {artifact['size']} bytes{files}, sha256 {digest}…"


def _attempt_line(each: Mapping[str, Any]) -> str:
    error = f", {each['error_code']}: {one_line(each['error'])}" if each["error"] else ""
    took = f", {duration(each['duration_ms'])}" if each["duration_ms"] is not None else ""
    return f"      attempt {each['attempt']}: {each['status']}, in start {each['ran_in_start']}{took}{error}"


def _line(depth: int, name: str, told: Mapping[str, Any]) -> str:
    has_taken = told["duration_ms"] is not None and told.get("is_attempt", True)
    took = f", {duration(told['duration_ms'])}" if has_taken else ""
    decided = told["decision"]
    why = told["decision_reason"] or told["reason"]
    decision = f" [{decided}{': ' + one_line(why) if why else ''}]" if decided else f" ({one_line(why)})" if why else ""
    return f"{'  ' * depth}{name}: {told['status']}{took}{decision}"


def short(value: object) -> str:
    """A JSON value on a part of a line."""
    text = one_line(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004 - as many as fit a line
