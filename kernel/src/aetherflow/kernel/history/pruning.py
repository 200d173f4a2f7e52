"""Forgets old runs: their rows, logs, locks and what is left of their workspaces."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..contracts.events import Status
from ..errors import OwnedByAnother
from ..files.unfinished import Unfinished, unfinished_file
from ..files.workspace import remove_marked
from ..quick_dataclasses import dataclass, field, replace
from ..state.companions import forget_log, log_file, logs_folder, owners_folder
from ..state.liveness import status_now
from ..state.ownership import forget_owner, own_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..contracts.records import RunSummary, StepRecord
    from ..contracts.stores import StateStore

#: Runs that are forgotten in one transaction.
_BATCH = 50
_PAGE = 500

#: Why a run that is old enough is kept.
Kept = Literal["running", "undecided", "pending", "owned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneRequest:
    """Which runs are to be forgotten: all that every given condition holds for."""

    #: Ended before this time, in seconds since 1970 in UTC; null does not ask.
    before: float | None = None
    #: Not among so many newest of their flow; null does not ask.
    keep: int | None = None
    flow_id: str | None = None
    #: Also those that a person must still decide of, or that wait for a start.
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was forgotten, or would be."""

    removed: list[RunSummary] = field(default_factory=list)
    kept: list[tuple[RunSummary, Kept]] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)
    workspaces: list[Path] = field(default_factory=list)


def prune_runs(
    store: StateStore, request: PruneRequest, *, ledger: Path, workspace: Path | None, is_only_asked: bool = False
) -> Pruned:
    """Forget runs.

    Args:
        store: the ledger, open to write; to read where it is only asked.
        request: which ones.
        ledger: the ledger's file.
        workspace: where runs of the ledger's first version have their workspaces, which did not note it.
        is_only_asked: remove nothing, and answer what would be removed.

    Raises:
        LedgerFailed: the ledger can't be read or written; what was removed before stays so.
    """
    told = Pruned()
    old = list(_old_runs(store, request, owners_folder(ledger), told))
    if is_only_asked:
        told.removed.extend(map(_as_found, old))
        return told
    for first in range(0, len(old), _BATCH):
        _forget(store, old[first : first + _BATCH], ledger=ledger, workspace=workspace, told=told)
    if old:
        with store.transaction():
            store.forget_definitions()
    return told


def _old_runs(store: StateStore, request: PruneRequest, owners: Path, told: Pruned) -> Iterator[RunSummary]:
    seen: dict[str, int] = {}
    for summary in _all_runs(store, request.flow_id):
        seen[summary.key.flow_id] = number = seen.get(summary.key.flow_id, 0) + 1
        is_new = request.keep is not None and number <= request.keep
        if is_new or (request.before is not None and _ended_at(summary) >= request.before):
            continue
        why = _why_kept(store, summary, owners, force=request.force)
        if why is None:
            yield summary
        else:
            told.kept.append((summary if why == "running" else _as_found(summary), why))


def _as_found(summary: RunSummary) -> RunSummary:
    """A run that is not running, as it stands: RUNNING was what its process said last."""
    if summary.run.status is not Status.RUNNING:
        return summary
    return replace(summary, run=replace(summary.run, status=Status.INTERRUPTED))


def _all_runs(store: StateStore, flow_id: str | None) -> Iterator[RunSummary]:
    offset = 0
    while page := store.runs(flow_id=flow_id, limit=_PAGE, offset=offset):
        yield from page
        offset += len(page)


def _ended_at(summary: RunSummary) -> float:
    """When a run was last heard of."""
    start = summary.newest_start
    times = (summary.run.ended_at, start.started_at if start else None, start.ended_at if start else None)
    return max(summary.run.started_at, *(at for at in times if at is not None))


def _why_kept(store: StateStore, summary: RunSummary, owners: Path, *, force: bool) -> Kept | None:
    status = status_now(summary, owners)
    if status is Status.RUNNING:
        return "running"
    if force:
        return None
    if status is Status.PENDING:
        return "pending"
    if status.is_done or status is Status.CANCELLED:
        return None
    return "undecided" if any(map(_is_undecided, store.history(summary.key).steps.values())) else None


def _is_undecided(step: StepRecord) -> bool:
    """Whether only a person can say if the step did its work."""
    is_open = step.status.is_failure or step.status in {Status.RUNNING, Status.INTERRUPTED}
    return step.rerun == "ONCE" and is_open and not step.is_without_effect


def _forget(
    store: StateStore, runs: Iterable[RunSummary], *, ledger: Path, workspace: Path | None, told: Pruned
) -> None:
    owners, logs = owners_folder(ledger), logs_folder(ledger)
    with ExitStack() as owned:
        mine = [summary for summary in runs if _own(store, summary, owners, owned, told)]
        # The rows last: what is removed in their stead can't be found without them.
        for summary in mine:
            Unfinished(unfinished_file(owners, summary.key)).clear()
            told.workspaces.extend(_remove_workspaces(summary, workspace))
            if forget_log(logs, summary.key):
                told.logs.append(log_file(logs, summary.key))
        with store.transaction():
            for summary in mine:
                store.forget_run(summary.key)
        for summary in mine:
            forget_owner(owners, summary.key)
            told.removed.append(_as_found(summary))


def _own(store: StateStore, summary: RunSummary, owners: Path, owned: ExitStack, told: Pruned) -> bool:
    """Own a run until its batch is done, where nobody has started it since it was looked at."""
    key = summary.key
    try:
        owned.enter_context(own_run(owners, key))
    except OwnedByAnother:
        is_as_seen = False
    else:
        found = store.runs(flow_id=key.flow_id, run_id=key.run_id)
        if not found:
            # Somebody else has forgotten it meanwhile: nothing of it is kept.
            forget_owner(owners, key)
            return False
        is_as_seen = found == (summary,)
    if not is_as_seen:
        told.kept.append((summary, "owned"))
    return is_as_seen


def _remove_workspaces(summary: RunSummary, fallback: Path | None) -> Iterator[Path]:
    root = Path(summary.run.workspace) if summary.run.workspace else fallback
    if root is None:
        return
    flow = root / summary.key.flow_id
    try:
        homes = [job / summary.key.run_id for job in flow.iterdir()]
    except OSError:
        return
    for home in sorted(homes):
        if remove_marked(home, summary.run.marker):
            yield home
