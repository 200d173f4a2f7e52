"""What is different now from what a plan was made for: two plans as JSON, compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Told = Mapping[str, Any]

_LONGEST = 60
#: What is decided about a job or a step; the rest of it follows from the flow and from values.
_DECIDED = ("decision", "reason")


def changes_between(planned: Told, now: Told) -> list[str]:
    """Each thing that changed, in words; empty where a run would do what was planned.

    Args:
        planned: the plan, as it was kept.
        now: the plan that would be made now.
    """
    found = [
        *changes_of_surroundings(planned, now),
        *_changed_values("resource profile", planned["basis"]["resource_profiles"], now["basis"]["resource_profiles"]),
        *_changed_parameters(planned["parameters"], now["parameters"]),
        *_changed_decisions(planned, now),
    ]
    # What follows from the above is not told besides.
    return found or list(_changed_outlooks(planned, now))


def changes_of_surroundings(planned: Told, now: Told) -> Iterator[str]:
    """What changed of the flow, the kernel, the policy and the plugins: known also where the flow is wrong now."""
    before, after = planned["basis"], now["basis"]
    flow_id = now["flow"]["flow_id"]
    if flow_id not in {None, planned["flow"]["flow_id"]}:
        yield f"the flow: {planned['flow']['flow_id']} → {flow_id}"
    elif before["flow"] != after["flow"]:
        yield f"the flow: {now['flow']['file']} was edited"
    if before["kernel"] != after["kernel"]:
        yield f"the kernel: {before['kernel']} → {after['kernel']}"
    if planned["profile"] != now["profile"]:
        yield f"the runtime profile: {_profile(planned)} → {_profile(now)}"
    elif before["policy"] != after["policy"]:
        yield f"the policy of the runtime profile {now['profile']['name']}"
    yield from _changed_plugins(planned["plugins"], now["plugins"])


def _profile(told: Told) -> str:
    return f"{told['profile']['name']} ({told['profile']['mode']})"


def _changed_plugins(planned: list[Told], now: list[Told]) -> Iterator[str]:
    before, after = ({each["name"]: each for each in plugins} for plugins in (planned, now))
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield f"plugin {name} {before[name]['version']}: it is not used or not here any more"
        elif name not in before:
            yield f"plugin {name} {after[name]['version']}: it was not used"
        elif before[name]["version"] != after[name]["version"]:
            yield f"plugin {name}: {before[name]['version']} → {after[name]['version']}"
        elif before[name]["digest"] != after[name]["digest"]:
            yield (
                f"plugin {name} {after[name]['version']}".rstrip() + ": it has other code or contributes something else"
            )


def _changed_values(what: str, planned: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(planned.keys() | now.keys()):
        if planned.get(name) != now.get(name):
            yield f"{what} {name}"


def _changed_parameters(planned: Mapping[str, Told], now: Mapping[str, Told]) -> Iterator[str]:
    for name in dict.fromkeys((*planned, *now)):
        before, after = (_parameter(each.get(name)) for each in (planned, now))
        if before != after:
            yield f"parameter {name}: {before} → {after}"


def _parameter(found: Told | None) -> str:
    if found is None:
        return "none"
    return _shown(found["value"]) if found["is_known"] else "settled at the start"


def _changed_decisions(planned: Told, now: Told) -> Iterator[str]:
    """What the history of the run has made of jobs and steps since."""
    if planned["run"]["start"] != now["run"]["start"]:
        yield f"run {now['run']['run_id']}: it would be start {planned['run']['start']} → {now['run']['start']}"
    before, after = _by_name(planned), _by_name(now)
    for name in before:
        if name in after and _decision(before[name]) != _decision(after[name]):
            yield f"{name}: {_decision(before[name])} → {_decision(after[name])}"


def _by_name(told: Told) -> dict[str, Told]:
    """Jobs and steps by what they are called."""
    found: dict[str, Told] = {}
    for job in told["jobs"]:
        found[f"job {job['job_id']}"] = job
        found |= {f"step {job['job_id']}.{step['step_id']}": step for step in job["steps"]}
    return found


def _decision(told: Told) -> str:
    decision, reason = (told[key] for key in _DECIDED)
    return f"{decision} ({reason})" if reason else str(decision)


def _changed_outlooks(planned: Told, now: Told) -> Iterator[str]:
    """Jobs and steps of which something else is foreseen: values of the environment, the date, or the plan itself."""
    before, after = _by_name(planned), _by_name(now)
    changed = [name for name in dict.fromkeys((*before, *after)) if _own(before.get(name)) != _own(after.get(name))]
    if changed and planned["run"]["date"] != now["run"]["date"]:
        yield f"run.date: {planned['run']['date']} → {now['run']['date']}"
    for name in changed:
        if name not in before or name not in after:
            yield f"{name}: it is not in both"
            continue
        keys = [key for key, value in after[name].items() if before[name].get(key) != value and key != "steps"]
        yield f"{name}: {', '.join(keys) or 'what is told of it'}"
    if not changed and list(before) != list(after):
        yield "the order of the jobs"


def _own(told: Told | None) -> Told | None:
    """What is told of a job without its steps, or of a step."""
    return None if told is None else {key: value for key, value in told.items() if key != "steps"}


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
