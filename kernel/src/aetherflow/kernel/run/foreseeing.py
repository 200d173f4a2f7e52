"""What a start of a run would do, found out without starting it: nothing is written, imported or opened for it."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..check.preparation import require_job
from ..check.report import problem_as_json
from ..contracts.events import Status
from ..contracts.records import History, RunKey
from ..errors import InvalidInput, Problem
from ..plan.describing import describe_jobs
from ..plan.description import ParameterDescription, PlanDescription, ResourceDescription
from ..plan.knowledge import Knowledge
from ..plan.used_plugins import used_plugins
from ..quick_dataclasses import dataclass
from ..state.ledger import open_ledger
from ..state.liveness import status_now
from .claiming import as_cut_off, make_record, refuse_to_go_on, settle_run_id
from .places import places_of
from .recording import kernel_version, policy_digest_of
from .resources import resolved_resources
from .selecting import make_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..check.definitions import FlowIndex
    from ..check.preparation import Prepared, Surroundings
    from ..contracts.records import RunRecord
    from ..contracts.stores import StateStore
    from ..plan.decisions import Plan
    from ..plan.description import PluginDescription
    from ..spec.models import Flow
    from .places import Places
    from .request import RunRequest

#: References to what only the start of a run settles that has no id yet.
_OF_THE_START = frozenset({("run",), ("run", "id")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """A plan as JSON without secrets, and what there is to warn of."""

    told: dict[str, Any]
    warnings: tuple[Problem, ...]


def foresee_run(prepared: Prepared, request: RunRequest) -> Foresight:
    """What a run of a flow would do if it were started now, with the same errors where it would not start.

    Raises:
        InvalidInput: the flow or its parameters are wrong, or there is no such run.
        RefusedByPolicy: the runtime profile does not allow the flow.
        DecisionNeeded: only a person can say how to go on.
        LedgerFailed: the ledger can't be read.
    """
    flow_index = prepared.checked()
    flow = flow_index.flow
    if request.only_job is not None:
        require_job(flow, request.only_job)
    key = RunKey(flow.id, settle_run_id(request.run_id))
    places = places_of(prepared.surroundings, flow)
    if not places.ledger.is_file():
        return _foresee(prepared, request, store=None, key=key, places=places)
    with closing(open_ledger(places.ledger, to_read=True)) as store, store.reading():
        return _foresee(prepared, request, store=store, key=key, places=places)


def _foresee(
    prepared: Prepared, request: RunRequest, *, store: StateStore | None, key: RunKey, places: Places
) -> Foresight:
    flow_index = prepared.checked()
    history = History() if store is None else store.history(key)
    warnings = [*prepared.warnings, *_is_at_work(store, key, places)]
    history = as_cut_off(history)
    refuse_to_go_on(prepared, request, store=store, key=key, history=history)
    record = make_record(prepared, flow_index.flow, request.parameters, key=key, history=history, clock=request.clock)
    plan = make_plan(prepared, flow_index, request, ledger=store, history=history, start=record.starts)
    _learn_secrets(prepared, flow_index)
    told = describe_start(prepared, request, history, record, plan, warnings=tuple(warnings))
    return Foresight(told=told, warnings=tuple(warnings))


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
        run={
            "run_id": request.run_id,
            "start": record.starts,
            "asked": request.asked,
            "date": record.facts.get("date"),
            "scheduled_time": record.facts.get("scheduled_time"),
        },
        request={
            "run_id": request.run_id,
            "must_exist": request.must_exist,
            "only_job": request.only_job,
            "from_step": request.from_step,
            "accept_changes": request.accept_changes,
            "parameters": dict(request.parameters),
        },
        profile=_profile(surroundings),
        parameters={name: _parameter(name, record, request, open_parameters) for name in flow.parameters},
        resources=tuple(
            ResourceDescription(
                name=each.name,
                kind=each.kind,
                driver=each.driver,
                plugin=index.connector(each.kind, each.driver).plugin.name,
                profile=each.profile,
            )
            for each in flow.resources.values()
        ),
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


def _is_at_work(store: StateStore | None, key: RunKey, places: Places) -> list[Problem]:
    found = () if store is None else store.runs(flow_id=key.flow_id, run_id=key.run_id)
    if not any(status_now(each, places.owners) is Status.RUNNING for each in found):
        return []
    return [
        Problem(
            code="AF-RUN-OWNED",
            severity="warning",
            message=f"run {key.run_id!r} of flow {key.flow_id!r} is under way: this is what a start would do if it were"
            " cut off now",
            help="wait for it to end",
        )
    ]


def _learn_secrets(prepared: Prepared, flow_index: FlowIndex) -> None:
    """Let the redactor know what is secret in the resources, as far as that can be known without the secrets hook.

    Raises:
        InvalidInput: a resource can't be resolved.
    """
    surroundings, resources = prepared.surroundings, flow_index.flow.resources
    if not resources:
        return
    if surroundings.settings.secrets_module is None and surroundings.settings.secrets_path is None:
        resolved_resources(surroundings, flow_index.flow, None)
        return
    # The hook is code, and stays out. Whatever resources take from the environment may be secret then.
    named = [use.reference.parts for use in flow_index.uses if use.field == "resource"]
    values = surroundings.environment.values
    surroundings.redactor.add([values[parts[1]] for parts in named if len(parts) > 1 and parts[1] in values])
    with suppress(InvalidInput):
        resolved_resources(surroundings, flow_index.flow, None)


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
