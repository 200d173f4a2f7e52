"""What a start of a run would do, found out without starting it: nothing is written, imported or opened for it."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from ..check.preparation import require_job
from ..contracts.events import Status
from ..contracts.records import History, RunKey
from ..errors import InvalidInput, Problem
from ..quick_dataclasses import dataclass
from ..state.ledger import open_ledger
from ..state.liveness import status_now
from .claiming import as_cut_off, make_record, refuse_to_go_on, settle_run_id
from .places import places_of
from .resources import resolved_resources
from .selecting import make_plan
from .start_description import describe_start

if TYPE_CHECKING:
    from ..check.definitions import FlowIndex
    from ..check.preparation import Prepared
    from ..contracts.stores import StateStore
    from .places import Places
    from .request import RunRequest


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
    record = make_record(prepared, flow_index.flow, request, key=key, history=history)
    plan = make_plan(prepared, flow_index, request, ledger=store, history=history, start=record.starts)
    _learn_secrets(prepared, flow_index)
    told = describe_start(prepared, request, history, record, plan, warnings=tuple(warnings))
    return Foresight(told=told, warnings=tuple(warnings))


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
