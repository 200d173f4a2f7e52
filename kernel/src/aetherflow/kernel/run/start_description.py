"""The description of a start of a run: its plan, and all that this was made from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..check.report import problem_as_json
from ..plan.describing import describe_jobs
from ..plan.description import ParameterDescription, PlanDescription, ResourceDescription
from ..plan.knowledge import Knowledge
from ..plan.used_plugins import used_plugins
from .recording import kernel_version, policy_digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..check.definitions import FlowIndex
    from ..check.preparation import Prepared, Surroundings
    from ..contracts.records import History, RunRecord
    from ..errors import Problem
    from ..plan.decisions import Plan
    from ..plan.description import PluginDescription
    from ..plugins.index import PluginIndex
    from ..spec.models import Flow, Resource
    from .request import RunRequest

#: References to what only the start of a run settles that has no id yet.
_OF_THE_START = frozenset({("run",), ("run", "id")})


def describe_start(
    prepared: Prepared,
    request: RunRequest,
    history: History,
    record: RunRecord,
    plan: Plan,
    *,
    warnings: tuple[Problem, ...] = (),
) -> dict[str, Any]:
    """A start whose record and plan are made, as JSON without secrets.

    Args:
        prepared: the flow.
        request: what was asked for.
        history: what is remembered of the run.
        record: the run as the start finds it.
        plan: what is decided about each job and step.
        warnings: what there is to warn of.
    """
    flow_index, surroundings = prepared.checked(), prepared.surroundings
    flow, index = flow_index.flow, surroundings.index
    open_parameters = _open_parameters(flow_index, request)
    knowledge = _knowledge(prepared, flow_index, record, request, open_parameters)
    was_done = history.run is not None and history.run.status.is_done
    description = PlanDescription(
        flow=_flow(prepared, flow),
        run=_run(request, record),
        request=_request(request),
        profile=_profile(surroundings),
        parameters={name: _parameter(name, record, request, open_parameters) for name in flow.parameters},
        resources=tuple(_resource(each, index) for each in flow.resources.values()),
        plugins=used_plugins(flow_index, index),
        jobs=describe_jobs(flow_index, plan, index, knowledge, is_idle=was_done and not plan.has_work),
        warnings=tuple(map(problem_as_json, warnings)),
        basis=_basis(prepared),
    )
    told: dict[str, Any] = surroundings.redactor.redact_value(description.as_json())
    return told


def surroundings_of(prepared: Prepared, plugins: Sequence[PluginDescription]) -> dict[str, Any]:
    """The parts of a plan that are known also where the flow is wrong, for these plugins."""
    flow = prepared.flow_index.flow if prepared.flow_index else None
    shown = {"flow_id": None, "file": _shown_file(prepared)} if flow is None else _flow(prepared, flow)
    return {
        "flow": shown,
        "profile": _profile(prepared.surroundings),
        "plugins": [{"name": each.name, "version": each.version, "digest": each.digest} for each in plugins],
        "basis": _basis(prepared),
    }


def _flow(prepared: Prepared, flow: Flow) -> dict[str, object]:
    return {
        "flow_id": flow.id,
        "file": _shown_file(prepared),
        "max_parallel_jobs": flow.concurrency.max_parallel_jobs,
        "fail_fast": flow.concurrency.fail_fast,
        "lock_scope": flow.locks.scope,
    }


def _run(request: RunRequest, record: RunRecord) -> dict[str, object]:
    return {
        "run_id": request.run_id,
        "start": record.starts,
        "asked": request.asked,
        "date": record.facts.get("date"),
        "scheduled_time": record.facts.get("scheduled_time"),
    }


def _request(request: RunRequest) -> dict[str, object]:
    return {
        "run_id": request.run_id,
        "must_exist": request.must_exist,
        "only_job": request.only_job,
        "from_step": request.from_step,
        "accept_changes": request.accept_changes,
        "scheduled_time": request.scheduled_time.isoformat() if request.scheduled_time else None,
        "parameters": dict(request.parameters),
    }


def _resource(resource: Resource, index: PluginIndex) -> ResourceDescription:
    return ResourceDescription(
        name=resource.name,
        kind=resource.kind,
        driver=resource.driver,
        plugin=index.connector(resource.kind, resource.driver).plugin.name,
        profile=resource.profile,
    )


def _profile(surroundings: Surroundings) -> dict[str, object]:
    return {"name": surroundings.profile.name, "mode": surroundings.profile.mode.value}


def _basis(prepared: Prepared) -> dict[str, object]:
    """Digests of what a plan is made from besides plugins and history, and the version of the kernel."""
    surroundings = prepared.surroundings
    resources = prepared.flow_index.flow.resources.values() if prepared.flow_index else ()
    profiles = {each.profile for each in resources if each.profile in surroundings.resource_profiles}
    return {
        "kernel": kernel_version(),
        "flow": prepared.document.digest,
        "policy": policy_digest_of(surroundings.profile),
        "resource_profiles": {name: _profile_digest(prepared, name) for name in sorted(filter(None, profiles))},
    }


def _profile_digest(prepared: Prepared, name: str) -> str:
    """A digest of a resource profile without its secrets: who has it can't try out passwords on it."""
    found = prepared.surroundings.resource_profiles[name]
    said = prepared.surroundings.redactor.redact_value([found.config, found.options, found.decode])
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=repr).encode()).hexdigest()


def _open_parameters(flow_index: FlowIndex, request: RunRequest) -> frozenset[str]:
    """The parameters whose defaults name the id of a run that has none yet."""
    if request.run_id is not None:
        return frozenset()
    named = {use.reference.path for use in flow_index.uses if use.reference.parts in _OF_THE_START}
    return frozenset(
        name
        for name, parameter in flow_index.flow.parameters.items()
        if name not in request.parameters and any(path[: len(parameter.path)] == parameter.path for path in named)
    )


def _parameter(
    name: str, record: RunRecord, request: RunRequest, open_parameters: frozenset[str]
) -> ParameterDescription:
    is_known = name not in open_parameters
    source = "given" if name in request.parameters else "run" if record.starts > 1 else "default"
    return ParameterDescription(
        value=record.parameters.get(name) if is_known else None, is_known=is_known, source=source
    )


def _knowledge(
    prepared: Prepared,
    flow_index: FlowIndex,
    record: RunRecord,
    request: RunRequest,
    open_parameters: frozenset[str],
) -> Knowledge:
    """What is known of a run before it starts; the date is that of now."""
    facts: Mapping[str, object] = {**record.facts, "attempt": record.starts}
    scope: dict[str, object] = {
        "env": prepared.surroundings.environment.values,
        "params": record.parameters,
        "run": facts if request.run_id is not None else {name: facts[name] for name in facts if name != "id"},
        "flow_id": flow_index.flow.id,
    }
    if request.run_id is not None:
        scope["run_id"] = request.run_id
    return Knowledge(scope=scope, open_parameters=open_parameters)


def _shown_file(prepared: Prepared) -> str:
    """The flow's file: relative to the current folder where it lies below it."""
    file = Path(prepared.document.file).absolute()
    try:
        return file.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(file)
