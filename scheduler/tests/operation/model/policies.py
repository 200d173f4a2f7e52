"""What the documentation promises becomes of an occurrence, in the plain: to be compared with what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .specs import SECOND, Spec

Verdict = tuple[str, str]

WAITS: Verdict = ("WAITING", "")
ON_TIME = 5 * SECOND
MOST_QUEUED = 100
OWNED = 5 * SECOND


def verdicts(
    spec: Spec, new: Sequence[int], others: Mapping[int, str], *, is_paused: bool, now: int
) -> dict[int, Verdict]:
    """Of each time that is new, status and reason.

    Args:
        spec: the item.
        new: the times.
        others: its occurrences that are not over, and whether each is WAITING or RUNNING; backfills left out.
        is_paused: whether the item is.
        now: the time.
    """
    if is_paused:
        return dict.fromkeys(new, ("SKIPPED", "paused"))
    found = {at: why for at in new if (why := _missed(spec, at, max(new), now))}
    left = sorted(set(new) - set(found))
    is_made_up_for = spec.misfire == "all" and spec.overlap == "skip"
    late = [at for at in left if is_made_up_for and at < now - ON_TIME]
    waiting = sum(status == "WAITING" for status in others.values())
    for number, at in enumerate(left):
        found[at] = WAITS
        if at in late or spec.overlap == "queue":
            if waiting + number >= MOST_QUEUED:
                found[at] = ("SKIPPED", "queue_full")
        elif spec.overlap == "skip" and (others or number > 0):
            found[at] = ("SKIPPED", "overlap")
        elif spec.overlap == "cancel" and at < max([*left, *others]):
            found[at] = ("CANCELLED", "replaced")
    return found


def _missed(spec: Spec, at: int, newest: int, now: int) -> Verdict | None:
    if at >= now - ON_TIME:
        return None
    if at < now - spec.grace:
        return "MISSED", "too_old"
    if spec.misfire == "skip":
        return "MISSED", "misfire"
    if spec.misfire == "latest" and at < newest:
        return "MISSED", "coalesced"
    return None


def replaced(spec: Spec, found: Mapping[int, Verdict], others: Mapping[int, str]) -> set[int]:
    """Those not over whose place is taken by what is new."""
    starting = [at for at, (status, reason) in found.items() if (status, reason) in {WAITS, ("CANCELLED", "replaced")}]
    if spec.overlap != "cancel" or not starting:
        return set()
    return {at for at in others if at < max([*starting, *others])}


#: How the process of a run ends: what it becomes, where it is neither tried again nor was asked to end.
ENDS = {
    "success": "SUCCESS",
    "failed": "FAILED",
    "killed": "FAILED",
    "timed_out": "TIMED_OUT",
    "wrong": "FAILED",
    "owned": "FAILED",
    "interrupted": "INTERRUPTED",
}
TRIED_AGAIN = {"failed", "killed", "timed_out"}


def outcome(how: str, why: str | None, *, attempt: int, attempts: int, is_left: bool) -> Verdict:
    """Status and reason of an occurrence whose run ended.

    Args:
        how: how its process ended, or `cancelled`.
        why: why it was to be ended: `asked`, `replaced`, `leaving`, or not at all.
        attempt: which start it was.
        attempts: how many its item has.
        is_left: whether its item was enabled no more when its end was written down.
    """
    is_asked = why in {"asked", "replaced"}
    if how == "cancelled" or (how == "interrupted" and why == "leaving"):
        return ("INTERRUPTED", "continued") if why == "leaving" else ("CANCELLED", why.replace("asked", ""))
    if how == "owned" and not is_asked:
        return ("INTERRUPTED", "removed") if is_left else ("WAITING", "owned")
    if how in TRIED_AGAIN and not is_asked and attempt < attempts:
        return (ENDS[how], "removed") if is_left else ("WAITING", "retry")
    return ENDS[how], ""
