"""What becomes of the occurrences of one item that have just got their rows; pure, so that tables can test it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from .records import Due, Reason, Status

#: So late an occurrence is still on time: nobody looks at each moment, and a machine may be busy.
ON_TIME_SECONDS = 5
_ON_TIME = timedelta(seconds=ON_TIME_SECONDS)
#: So many occurrences of an item wait for the one before (`overlap: queue`).
MOST_QUEUED = 100


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one occurrence: it waits to be run, or is over before it began."""

    at: datetime
    status: Status = Status.WAITING
    reason: Reason = Reason.NONE


@dataclass(frozen=True, slots=True)
class Decisions:
    """What becomes of new occurrences, one for each, and of those that were there before."""

    new: tuple[Decision, ...]
    #: Those that were not over, and whose place a new one takes.
    replaced: tuple[datetime, ...] = ()


def due_at(item: str, at: datetime, jitter_seconds: float) -> datetime:
    """From when on an occurrence may start; the same whoever asks, and another for each item and time.

    It is later than the time by whole milliseconds.
    """
    if jitter_seconds <= 0:
        return at
    digest = blake2b(f"{item} {at.timestamp()}".encode(), digest_size=8).digest()
    return at + timedelta(milliseconds=int(1000 * jitter_seconds * int.from_bytes(digest) / 2**64))


def decide(
    due: Due, new: Sequence[datetime], *, not_over: Mapping[datetime, Status], is_paused: bool, now: datetime
) -> Decisions:
    """Decide of the new occurrences of an item.

    Args:
        due: the item's policies.
        new: the times, ascending, each of which has just got its row.
        not_over: the item's other occurrences that wait or run, those of backfills left out.
        is_paused: whether the item is paused.
        now: the time.
    """
    if is_paused:
        return Decisions(tuple(Decision(at, Status.SKIPPED, Reason.PAUSED) for at in new))
    missed = _missed(due, new, now)
    to_run = [at for at in new if at not in missed]
    overlapping = _overlapping(due, to_run, not_over, now)
    return Decisions(
        new=tuple(missed.get(at) or overlapping.new[at] for at in new),
        replaced=overlapping.replaced,
    )


def _missed(due: Due, new: Sequence[datetime], now: datetime) -> dict[datetime, Decision]:
    """Those that nobody looked at in time, and that are not made up for."""
    late = _late(new, now)
    if not late:
        return {}
    oldest = now - timedelta(seconds=due.misfire_grace_seconds)
    missed = {at: Decision(at, Status.MISSED, Reason.TOO_OLD) for at in late if at < oldest}
    in_grace = [at for at in late if at not in missed]
    if due.misfire == "skip":
        missed |= {at: Decision(at, Status.MISSED, Reason.MISFIRE) for at in in_grace}
    elif due.misfire == "latest":
        is_followed = len(late) < len(new)
        coalesced = in_grace if is_followed else in_grace[:-1]
        missed |= {at: Decision(at, Status.MISSED, Reason.COALESCED) for at in coalesced}
    return missed


def _late(times: Sequence[datetime], now: datetime) -> list[datetime]:
    on_time = now - _ON_TIME
    return [at for at in times if at < on_time]


@dataclass(frozen=True, slots=True)
class _Overlapping:
    new: Mapping[datetime, Decision]
    replaced: tuple[datetime, ...] = ()


def _overlapping(
    due: Due, to_run: Sequence[datetime], not_over: Mapping[datetime, Status], now: datetime
) -> _Overlapping:
    if due.overlap != "skip" or due.misfire != "all":
        return _OVERLAPS[due.overlap](to_run, not_over)
    # Those that nobody looked at are all to be run, and did not overlap when they were due: one after the other.
    late = _late(to_run, now)
    made_up = _queue(late, not_over).new
    before = {**not_over, **dict.fromkeys(late, Status.WAITING)}
    return _Overlapping({**made_up, **_skip(to_run[len(late) :], before).new})


def _skip(to_run: Sequence[datetime], not_over: Mapping[datetime, Status]) -> _Overlapping:
    runs = [] if not_over else to_run[:1]
    return _Overlapping({at: _decision(at, runs, Status.SKIPPED, Reason.OVERLAP) for at in to_run})


def _queue(to_run: Sequence[datetime], not_over: Mapping[datetime, Status]) -> _Overlapping:
    waiting = sum(status is Status.WAITING for status in not_over.values())
    queued = to_run[: max(MOST_QUEUED - waiting, 0)]
    return _Overlapping({at: _decision(at, queued, Status.SKIPPED, Reason.QUEUE_FULL) for at in to_run})


def _allow(to_run: Sequence[datetime], not_over: Mapping[datetime, Status]) -> _Overlapping:
    return _Overlapping({at: Decision(at) for at in to_run})


def _cancel(to_run: Sequence[datetime], not_over: Mapping[datetime, Status]) -> _Overlapping:
    if not to_run:
        return _Overlapping({})
    newest = max(to_run[-1], *not_over) if not_over else to_run[-1]
    return _Overlapping(
        {at: _decision(at, [newest], Status.CANCELLED, Reason.REPLACED) for at in to_run},
        tuple(at for at in not_over if at < newest),
    )


def _decision(at: datetime, runs: Collection[datetime], otherwise: Status, reason: Reason) -> Decision:
    return Decision(at) if at in runs else Decision(at, otherwise, reason)


_OVERLAPS = {"skip": _skip, "queue": _queue, "allow": _allow, "cancel": _cancel}
