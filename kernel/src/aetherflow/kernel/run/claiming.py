"""A run taken over by this process: what is remembered of it settled, what is fixed at its first start made."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..contracts.records import DecisionRecord, RunRecord, StartRecord
from ..errors import InvalidInput, RefusedByPolicy
from ..plan.decisions import Decision
from ..plan.definitions import flow_definitions
from ..policy.document import Mode
from ..quick_dataclasses import replace
from ..state.identity import own_identity
from ..state.liveness import DIED, as_noted
from .parameters import facts_of, refuse_other_parameters, refuse_secret_parameters, settle_parameters
from .recording import environment_keys_of, kernel_version, plugins_of, policy_digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..check.preparation import Prepared
    from ..contracts.records import History, Json, RunKey
    from ..contracts.stores import StateStore
    from ..plan.decisions import Plan
    from ..spec.models import Flow


def settle_history(ledger: StateStore, key: RunKey) -> History:
    """What is remembered of a run that this process owns now: what is still RUNNING there was cut off."""
    history = ledger.history(key)
    is_cut_off = history.run is not None and history.run.status is Status.RUNNING
    if not is_cut_off and all(step.status is not Status.RUNNING for step in history.steps.values()):
        return history
    with ledger.transaction():
        ledger.cut_off(key, DIED)
    return ledger.history(key)


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
    given: Mapping[str, Json],
    *,
    key: RunKey,
    history: History,
    clock: Callable[[], float],
) -> RunRecord:
    """The run as this start finds it; parameters and facts are settled once.

    Raises:
        InvalidInput: parameters are missing, unknown, wrong, secret, or others than those of the first start.
    """
    environment, redactor = prepared.surroundings.environment.values, prepared.surroundings.redactor
    if history.run is not None:
        fixed = history.run.parameters
        refuse_other_parameters(flow, given, fixed)
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
    now = clock()
    facts = facts_of(flow, key, now)
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
