"""`aetherflow-scheduler status`: which schedulers live, and what they do; for people and for probes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aetherflow.kernel.api import CommandContext, ExitCode, times

from .ledger import remembered
from .liveness import beats, silent_seconds
from .showing import in_utc

if TYPE_CHECKING:
    from ..occurrences.records import OwnerState

_COLUMNS = ("SCHEDULER", "PID", "STANDING", "SINCE", "HEARD", "RUNNING")
_NUMBERS = {"PID", "RUNNING"}


def show_status(context: CommandContext, file: str) -> int:
    """Say which schedulers live and what they run; the exit code is 0 where one lives and was heard of lately.

    Raises:
        InvalidInput: there is no schedule file.
        StoreFailed: the ledger can't be read.
    """
    from ..occurrences.records import Status
    from ..schedules.state_folder import state_folder

    state = state_folder(Path(file))
    now = datetime.now(UTC)
    with remembered(state) as store:
        owners = store.owners()
        counts = store.count_not_over()
    running, waiting = (counts[status].total() for status in (Status.RUNNING, Status.WAITING))
    is_ready = any(beats(owner, now) for owner in owners)
    if context.as_json:
        told = {"ready": is_ready, "schedulers": [_as_json(owner, now) for owner in owners]}
        context.say_json({**told, "running": running, "waiting": waiting})
    else:
        if owners:
            context.say_table(_COLUMNS, [_row(owner, now) for owner in owners], numbers=_NUMBERS)
        context.say(f"{'ready' if is_ready else 'no scheduler lives'}: {running} running, {waiting} waiting")
    return ExitCode.DONE if is_ready else ExitCode.FAILED


def _standing(owner: OwnerState, now: datetime) -> str:
    if not owner.is_alive:
        return "dead"
    return "alive" if beats(owner, now) else "silent"


def _row(owner: OwnerState, now: datetime) -> list[str]:
    ago = times.duration(round(silent_seconds(owner, now) * 1000))
    since = f"{times.for_people(owner.started_at.timestamp())}Z"
    return [owner.name, str(owner.pid), _standing(owner, now), since, f"{ago} ago", str(owner.running)]


def _as_json(owner: OwnerState, now: datetime) -> dict[str, object]:
    return {
        "scheduler": owner.name,
        "pid": owner.pid,
        "standing": _standing(owner, now),
        "started_at": in_utc(owner.started_at),
        "heard_at": in_utc(owner.heard_at),
        "silent_seconds": round(silent_seconds(owner, now), 3),
        "running": owner.running,
    }
