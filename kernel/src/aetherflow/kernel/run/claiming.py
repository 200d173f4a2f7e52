"""A run taken over by this process: what is remembered of it settled, what is fixed at its first start made."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..contracts.events import Status
from ..contracts.records import DecisionRecord, JobRecord, RunRecord, StartRecord, StepRecord
from ..errors import InvalidInput, RefusedByPolicy
from ..plan.decisions import Decision
from ..plan.definitions import flow_definitions
from ..policy.document import Mode
from ..quick_dataclasses import replace
from ..spec.identifiers import problem_with_id
from ..state.identity import own_identity
from ..state.liveness import DIED, as_noted
from .parameters import (
    facts_of,
    refuse_other_parameters,
    refuse_other_scheduled_time,
    refuse_secret_parameters,
    settle_parameters,
)
from .recording import environment_keys_of, kernel_version, plugins_of, policy_digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..check.preparation import Prepared
    from ..contracts.records import History, RunKey
    from ..contracts.stores import StateStore
    from ..plan.decisions import Plan
    from ..spec.models import Flow
    from .request import RunRequest

Cut = TypeVar("Cut", JobRecord, StepRecord)


def settle_history(ledger: StateStore, key: RunKey) -> History:
    """What is remembered of a run that this process owns now: what is still RUNNING there was cut off."""
    history = ledger.history(key)
    is_cut_off = history.run is not None and history.run.status is Status.RUNNING
    if not is_cut_off and all(step.status is not Status.RUNNING for step in history.steps.values()):
        return history
    with ledger.transaction():
        ledger.cut_off(key, DIED)
    return ledger.history(key)


def as_cut_off(history: History) -> History:
    """What `settle_history` would make of it, for whoever may only look."""
    if history.run is None:
        return history
    status = {Status.RUNNING: Status.INTERRUPTED}
    return replace(
        history,
        run=replace(history.run, status=status.get(history.run.status, history.run.status)),
        jobs={key: _cut_off(job) for key, job in history.jobs.items()},
        steps={key: _cut_off(step) for key, step in history.steps.items()},
    )


def _cut_off(record: Cut) -> Cut:
    if record.status is not Status.RUNNING:
        return record
    found: Cut = replace(record, status=Status.INTERRUPTED, reason=DIED)
    return found


def settle_run_id(run_id: str | None) -> str:
    """The run's id: the one that was given, else a new random one.

    Raises:
        InvalidInput: it is no id.
    """
    if run_id is None:
        return secrets.token_hex(6)
    if problem := problem_with_id(run_id, dotted=True):
        raise InvalidInput(
            f"the run id {run_id!r} {problem}", code="AF-RUN-ID", help="choose another one, or leave it out"
        )
    return run_id


def refuse_to_go_on(
    prepared: Prepared, request: RunRequest, *, store: StateStore | None, key: RunKey, history: History
) -> None:
    """A run goes on where it exists, nobody ended it for good, and a locked profile finds the code that it began with.

    Args:
        prepared: the flow.
        request: what was asked for.
        store: what remembers the run; null where there is no store yet.
        key: of the run.
        history: what is remembered of it.

    Raises:
        InvalidInput: there is no such run, or it was cancelled.
        RefusedByPolicy: it was started with other code.
    """
    if request.must_exist and history.run is None:
        raise InvalidInput(
            f"flow {key.flow_id!r} has no run {key.run_id!r}",
            code="AF-RUN-UNKNOWN",
            help="aetherflow runs list shows those there are",
        )
    refuse_cancelled(history, key, is_taken_up=request.must_exist and not request.only_failed)
    if store is not None:
        refuse_changed_code(prepared, store, key)


def refuse_cancelled(history: History, key: RunKey, *, is_taken_up: bool) -> None:
    """A run that somebody ended for good goes on only where that is said by name.

    Raises:
        InvalidInput: it was cancelled, and `is_taken_up` is false.
    """
    if history.run is not None and history.run.status is Status.CANCELLED and not is_taken_up:
        raise InvalidInput(
            f"run {key.run_id!r} of flow {key.flow_id!r} was cancelled",
            code="AF-RUN-CANCELLED",
            help="start a new run; or take this one up on purpose:"
            f" aetherflow run {history.run.flow_file} --resume {key.run_id}",
        )


def refuse_changed_code(prepared: Prepared, store: StateStore, key: RunKey) -> None:
    """In a locked profile a run goes on with the plugins and the policy that it began with; elsewhere it is noted.

    Raises:
        RefusedByPolicy: a plugin has another version, or the policy is another one.
    """
    surroundings = prepared.surroundings
    starts = store.starts(key)
    if not starts or surroundings.profile.mode is not Mode.LOCKED:
        return
    before, now = starts[-1].plugins, plugins_of(prepared.checked(), surroundings.index)
    changed = [
        f"{name} {before[name]} is now {now[name]}"
        for name in sorted(before.keys() & now.keys())
        if before[name] != now[name]
    ]
    if starts[-1].policy_digest != policy_digest_of(surroundings.profile):
        changed.append("the policy is another one")
    if changed:
        raise RefusedByPolicy(
            f"run {key.run_id!r} was started with other code: {'; '.join(changed)}",
            code="AF-CODE-CHANGED",
            help="bring back what it was started with, or start a new run",
        )


def make_record(
    prepared: Prepared,
    flow: Flow,
    request: RunRequest,
    *,
    key: RunKey,
    history: History,
) -> RunRecord:
    """The run as this start finds it; parameters and facts are settled once.

    Raises:
        InvalidInput: parameters are missing, unknown, wrong, secret, or others than those of the first start; or the
            scheduled time is another one.
    """
    given = request.parameters
    environment, redactor = prepared.surroundings.environment.values, prepared.surroundings.redactor
    if history.run is not None:
        fixed = history.run.parameters
        refuse_other_parameters(flow, given, fixed)
        refuse_other_scheduled_time(request.scheduled_time, history.run.facts.get("scheduled_time"))
        added = settle_parameters(
            flow, given, environment=environment, facts=history.run.facts, settled=frozenset(fixed)
        )
        refuse_secret_parameters(flow, added, redactor)
        return replace(
            history.run,
            status=Status.RUNNING,
            starts=history.run.starts + 1,
            ended_at=None,
            parameters={**fixed, **added},
            cancel_requested_at=None,
            flow_file=str(Path(prepared.document.file).absolute()),
            flow_digest=prepared.document.digest,
            profile=prepared.surroundings.profile.name,
        )
    now = request.clock()
    facts = facts_of(flow, key, now, request.scheduled_time)
    parameters = settle_parameters(flow, given, environment=environment, facts=facts)
    refuse_secret_parameters(flow, parameters, redactor)
    return RunRecord(
        status=Status.RUNNING,
        starts=1,
        started_at=now,
        ended_at=None,
        parameters=parameters,
        facts=facts,
        marker=secrets.token_hex(16),
        flow_file=str(Path(prepared.document.file).absolute()),
        flow_digest=prepared.document.digest,
        profile=prepared.surroundings.profile.name,
    )


def claim_run(
    prepared: Prepared, ledger: StateStore, key: RunKey, record: RunRecord, plan: Plan, *, asked: str, now: float
) -> None:
    """Note that this process runs the run, with what, and what it is going to do.

    Raises:
        LedgerFailed: the ledger can't be written.
    """
    surroundings = prepared.surroundings
    flow_index = prepared.checked()
    start = StartRecord(
        number=record.starts,
        status=Status.RUNNING,
        asked=asked,
        started_at=now,
        flow_digest=record.flow_digest,
        profile=record.profile,
        policy_digest=policy_digest_of(surroundings.profile),
        kernel=kernel_version(),
        plugins=plugins_of(flow_index, surroundings.index),
        environment_keys=environment_keys_of(flow_index),
        owner=as_noted(own_identity()),
        jobs=len(plan.jobs),
    )
    definitions = surroundings.redactor.redact(flow_definitions(flow_index.flow))
    with ledger.transaction():
        ledger.put_run(key, record)
        ledger.put_start(key, start)
        ledger.put_definitions(record.flow_digest, definitions)
        if record.starts > 1:
            ledger.put_decisions(key, record.starts, _decisions(plan))


def _decisions(plan: Plan) -> Iterator[DecisionRecord]:
    for job in plan.jobs:
        yield DecisionRecord(job_id=job.job.id, step_id="", decision=job.decision.value, reason=job.reason)
        if job.decision is Decision.LEAVE:
            continue
        for step in job.steps:
            yield DecisionRecord(
                job_id=job.job.id, step_id=step.step.id, decision=step.decision.value, reason=step.reason
            )
