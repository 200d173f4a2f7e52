"""A plan for people: a tree of jobs and steps in their order, each with what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..events.lines import one_line
from .run_display import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Told = Mapping[str, Any]

#: Where a job ends so, there is nothing to be said of its steps.
_WITHOUT_STEPS = frozenset({"RESTORE", "LEAVE", "SKIP", "BLOCK", "FAIL"})
_SECTIONS = {"jobs": "", "on_failure": ", on_failure", "finally": ", finally"}


def tree(told: Told) -> Iterator[str]:
    """A plan as `plan` prints it."""
    run, flow = told["run"], told["flow"]
    which = "a new run" if run["run_id"] is None else f"run {run['run_id']}, start {run['start']}"
    yield f"plan of flow {flow['flow_id']}: {which} ({one_line(run['asked'])})"
    if run["scheduled_time"] is not None:
        yield f"  scheduled   {one_line(run['scheduled_time'])}"
    yield f"  flow file   {one_line(flow['file'])}"
    yield f"  profile     {told['profile']['name']} ({told['profile']['mode']}), kernel {told['basis']['kernel']}"
    if told["plugins"]:
        yield f"  plugins     {', '.join(map(_plugin, told['plugins']))}"
    if told["parameters"]:
        yield f"  parameters  {', '.join(_parameter(*each) for each in told['parameters'].items())}"
    if told["resources"]:
        yield f"  resources   {', '.join(map(_resource, told['resources']))}"
    yield f"  jobs        {_concurrency(flow)}"
    for number, job in enumerate(told["jobs"], start=1):
        yield from _job_lines(number, job)


def _plugin(plugin: Told) -> str:
    imported = " (imported to learn what it has)" if plugin["is_imported"] else ""
    return f"{one_line(plugin['name'])} {one_line(plugin['version'])}".rstrip() + imported


def _parameter(name: str, found: Told) -> str:
    return f"{name}={short(found['value'])}" if found["is_known"] else f"{name} (settled at the start)"


def _resource(found: Told) -> str:
    profile = f", profile {one_line(found['profile'])}" if found["profile"] else ""
    return f"{found['name']} ({found['kind']}:{found['driver']} of {found['plugin']}{profile})"


def _concurrency(flow: Told) -> str:
    most = flow["max_parallel_jobs"]
    together = "one at a time" if most == 1 else f"up to {most} at a time"
    after = (
        "none starts after one that failed"
        if flow["fail_fast"]
        else "those that don't depend on it go on after a failure"
    )
    lock = f", under a lock of the {flow['lock_scope']}" if flow["lock_scope"] != "none" else ""
    return f"{together}, {after}{lock}"


def _job_lines(number: int, job: Told) -> Iterator[str]:
    yield f"{number:>3}. job {job['job_id']}{_SECTIONS[job['section']]}: {_foreseen(job)}"
    if job["waits_for"]:
        waits = (f"job {each['job_id']} ({each['because']})" for each in job["waits_for"])
        yield _detail("waits for", ", ".join(waits))
    if job["when"]:
        yield _detail("when", _condition(job["when"]))
    if job["timeout_seconds"] is not None:
        yield _detail("time", f"at most {job['timeout_seconds']:g} s")
    if job["foreseen"] not in _WITHOUT_STEPS:
        for step in job["steps"]:
            yield from _step_lines(step)


def _step_lines(step: Told) -> Iterator[str]:
    plugin = f"{one_line(step['plugin'])} {one_line(step['version'])}".rstrip()
    yield f"     step {step['step_id']} ({one_line(step['step_type'])} of {plugin}, {step['rerun']}): {_foreseen(step)}"
    if step["foreseen"] == "RESTORE":
        return
    for name, text in _ways(step):
        yield _detail(name, text)
    for name, value in step["inputs"].items():
        yield _detail(name, f"{short(value)}{_waiting(step['waits_for'], name)}")


def _ways(step: Told) -> Iterator[tuple[str, str]]:
    """How a step is done, beside its inputs."""
    if step["when"]:
        yield "when", _condition(step["when"])
    if step["foreach"]:
        yield "foreach", _repetition(step["foreach"])
    if step["retry"]:
        yield "retry", f"up to {step['retry']['max_attempts']} attempts"
    if step["timeout_seconds"] is not None:
        yield "time", f"at most {step['timeout_seconds']:g} s"
    if step["continue_on_error"]:
        yield "on error", "the job goes on"
    if step["on_no_data"]:
        yield "no data", "the rest of the job is skipped"


def _foreseen(told: Told) -> str:
    return f"{told['foreseen']} [{one_line(told['why'])}]" if told["why"] else str(told["foreseen"])


def _condition(when: Told) -> str:
    text = one_line(when["text"])
    if when["problem"]:
        return f"{text} (can't be asked: {one_line(when['problem'])})"
    if when["holds"] is None:
        return f"{text} (decided after {', '.join(map(one_line, when['waits_for']))})"
    return f"{text} ({'holds' if when['holds'] else 'does not hold'})"


def _repetition(foreach: Told) -> str:
    if foreach["items"] is None:
        return one_line(foreach["problem"] or f"the number of items {_waits(foreach['waits_for'])}")
    most = foreach["max_parallel"]
    return f"{foreach['items']} items, {'one' if most == 1 else f'up to {most}'} at a time"


def _waiting(waiting: list[Told], name: str) -> str:
    """What an input waits for; a name may hold anything, a dot as well."""
    paths = f"inputs.{name}"
    found = [each for each in waiting if each["path"] == paths or each["path"].startswith(f"{paths}.")]
    return f" ({one_line(_waits(found))})" if found else ""


def _waits(waiting: list[Told]) -> str:
    """What has to happen, each with the references that it gives a value to; or why there will be none."""
    by_until: dict[str, dict[str, None]] = {}
    for each in waiting:
        by_until.setdefault(each["until"], {})[each["reference"]] = None
    told = (
        f"{', '.join(references)}: {until}" if until.startswith("never") else f"{until}: {', '.join(references)}"
        for until, references in by_until.items()
    )
    return f"waits for {'; '.join(told)}"


def _detail(name: str, text: str) -> str:
    return f"       {one_line(name):<10} {text}"
