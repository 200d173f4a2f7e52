"""`aetherflow runs prune|cancel|resolve`: what people change of what a ledger remembers."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..contracts.events import Status
from ..errors import ExitCode, InvalidInput
from .output import print_json, redactor_of, say
from .which_ledger import chosen_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..contracts.records import RunSummary
    from ..history.pruning import Kept, Pruned
    from ..history.resolving import Resolved

_DEFAULT_WAIT = 15
_MOST_OUTPUTS = 1 << 20
_WHY_KEPT: dict[Kept, str] = {
    "running": "it is running",
    "owned": "it was started meanwhile",
    "pending": "it waits for its next start (--force)",
    "undecided": "a person must still decide of a step of it (runs resolve, or --force)",
}


def prune_runs(
    *,
    older_than: str | None,
    keep: str | None,
    flow_id: str | None,
    dry_run: bool,
    force: bool,
    vacuum: bool,
    flow: str | None,
    ledger: str | None,
    as_json: bool,
    environ: Mapping[str, str],
) -> ExitCode:
    """Forget old runs: rows, logs, locks of their owners, and what is left of their workspaces."""
    from ..history.pruning import PruneRequest, prune_runs as prune
    from ..state.ledger import open_ledger
    from .times import span, whole_number

    if older_than is None and keep is None:
        raise InvalidInput(
            "it was not said which runs are old", code="AF-USAGE", help="give --older-than 30d, or --keep 100"
        )
    request = PruneRequest(
        before=None if older_than is None else time.time() - span(older_than, option="--older-than"),
        keep=None if keep is None else whole_number(keep, option="--keep"),
        flow_id=flow_id,
        force=force,
    )
    file = chosen_ledger(flow=flow, ledger=ledger, environ=environ)
    with closing(open_ledger(file, to_read=dry_run)) as store:
        told = prune(store, request, ledger=file, workspace=_workspace_here(environ), is_only_asked=dry_run)
        if not dry_run:
            store.give_back_room(rewrite=vacuum)
    if as_json:
        print_json(_pruned_as_json(told, is_dry=dry_run))
    else:
        _tell_pruned(told, is_dry=dry_run)
    return ExitCode.DONE


def cancel_run(
    *, run: str, wait: str | None, flow: str | None, ledger: str | None, as_json: bool, environ: Mapping[str, str]
) -> ExitCode:
    """End a run for good: a running one is asked to, and waited for."""
    from ..history.cancellation import cancel_run as cancel
    from ..state.ledger import open_ledger
    from .times import whole_number

    seconds = _DEFAULT_WAIT if wait is None else whole_number(wait, option="--wait")
    file = chosen_ledger(flow=flow, ledger=ledger, environ=environ)
    with closing(open_ledger(file)) as store:
        cancelled = cancel(store, run, ledger=file, wait=seconds)
    key, how = cancelled.summary.key, cancelled.how
    if as_json:
        status = cancelled.summary.run.status.value
        print_json({"flow_id": key.flow_id, "run_id": key.run_id, "status": status, "how": how})
    else:
        tail = {"asked": "", "noted": " (it was not running)", "already": " (it was so already)"}[how]
        say(f"CANCELLED: flow {key.flow_id}, run {key.run_id}{tail}")
    return ExitCode.DONE


def resolve_step(
    *,
    run: str,
    step: str,
    done: bool,
    again: bool,
    outputs: str | None,
    reason: str | None,
    flow: str | None,
    ledger: str | None,
    as_json: bool,
    environ: Mapping[str, str],
) -> ExitCode:
    """Say of a step whose outcome nobody knows that it was done, or that it may run again."""
    from ..history.resolving import Resolution, resolve_step as resolve
    from ..state.ledger import open_ledger
    from .declared_outputs import OutputsCheck, refuse_secrets

    if done and again:
        raise InvalidInput("--done and --again exclude each other", code="AF-USAGE", help="give one of them")
    if not done and not again:
        raise InvalidInput("it was not said what is to be noted", code="AF-USAGE", help="give --done or --again")
    if again and outputs is not None:
        raise InvalidInput("a step that runs again gives its own outputs", code="AF-USAGE", help="leave out --outputs")
    told = redactor_of(environ).redact(reason or "")
    given = _outputs(outputs) if outputs is not None else None
    refuse_secrets(given or {}, redactor_of(environ))
    check = OutputsCheck(flow=flow, given=given, environ=environ)
    file = chosen_ledger(flow=flow, ledger=ledger, environ=environ)
    with closing(open_ledger(file)) as store:
        resolved = resolve(
            store,
            run,
            step,
            ledger=file,
            resolution=lambda summary, key, record, items: Resolution(
                is_done=done,
                is_repeated=done and check.checked(summary, key, record, items),
                outputs=given,
                reason=told,
            ),
        )
    if as_json:
        print_json({**_resolved_as_json(resolved), "notes": check.notes})
    else:
        for note in check.notes:
            say(f"note: {note}", to_error=True)
        _tell_resolved(resolved)
    return ExitCode.DONE


def _outputs(file: str) -> dict[str, Any]:
    try:
        with Path(file).open("rb") as source:
            text = source.read(_MOST_OUTPUTS + 1)
    except OSError as error:
        raise InvalidInput(
            f"{file} can't be read: {error.strerror}",
            code="AF-OUTPUTS",
            help="name a JSON file with the step's outputs",
        ) from error
    if len(text) > _MOST_OUTPUTS:
        raise InvalidInput(f"{file} is larger than 1 MiB", code="AF-OUTPUTS", help="outputs are small: give paths")
    try:
        outputs = json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise InvalidInput(f"{file} holds no JSON: {type(error).__name__}", code="AF-OUTPUTS", help="mend it") from None
    if not isinstance(outputs, dict):
        raise InvalidInput(
            f"{file} holds no mapping", code="AF-OUTPUTS", help='write the outputs by name: {"rows": 12}'
        )
    return outputs


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _workspace_here(environ: Mapping[str, str]) -> Path | None:
    """The workspaces of the project here, for runs whose ledger did not note their own."""
    from ..run.places import default_workspace
    from .which_ledger import settings_here

    project, settings = settings_here(environ)
    return default_workspace(project, settings)


def _pruned_as_json(told: Pruned, *, is_dry: bool) -> dict[str, Any]:
    return {
        "dry_run": is_dry,
        "removed": [_named(summary) for summary in told.removed],
        "kept": [{**_named(summary), "why": why} for summary, why in told.kept],
        "logs": [str(path) for path in told.logs],
        "workspaces": [str(path) for path in told.workspaces],
    }


def _named(summary: RunSummary) -> dict[str, str]:
    return {"flow_id": summary.key.flow_id, "run_id": summary.key.run_id, "status": summary.run.status.value}


def _tell_pruned(told: Pruned, *, is_dry: bool) -> None:
    verb = "would remove" if is_dry else "removed"
    for summary in told.removed:
        say(f"{verb}: flow {summary.key.flow_id}, run {summary.key.run_id} ({summary.run.status})")
    for summary, why in told.kept:
        say(f"kept: flow {summary.key.flow_id}, run {summary.key.run_id}: {_WHY_KEPT[why]}")
    counts = f"{_count(len(told.removed), 'run')}"
    if not is_dry:
        counts += f", {_count(len(told.logs), 'log')}, {_count(len(told.workspaces), 'workspace folder')}"
    say(f"{verb} {counts}; kept {len(told.kept)} that are old enough")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _resolved_as_json(resolved: Resolved) -> dict[str, Any]:
    summary, key, now = resolved.summary, resolved.key, resolved.now
    return {
        "flow_id": summary.key.flow_id,
        "run_id": summary.key.run_id,
        "job_id": key.job_id,
        "step_id": key.step_id,
        "item": key.item or None,
        "status_before": resolved.before.status.value,
        "status": now.status.value,
        "reason": now.reason,
        "outputs": None if now.outputs is None else dict(now.outputs),
    }


def _tell_resolved(resolved: Resolved) -> None:
    key, summary, now = resolved.key, resolved.summary, resolved.now
    say(f"step {key.name} of run {summary.key.run_id}: it was {resolved.before.status}; {now.reason}")
    option = "--resume" if summary.run.status is Status.CANCELLED else "--run-id"
    say(f"go on with: aetherflow run {summary.run.flow_file} {option} {summary.key.run_id}")
