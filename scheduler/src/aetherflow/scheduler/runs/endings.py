"""What the end of a process means for its occurrence: it is over, or it is run again and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from ..occurrences.records import Ended, Occurrence, Reason, Status
from ..schedules.models import Retry

if TYPE_CHECKING:
    from aetherflow.kernel.api import ProcessResult

#: Why we ended a run: somebody asked for it, or this scheduler leaves.
Cancel = Literal["asked", "leaving"]
#: How long until a run is tried again that another process owns.
OWNED_SECONDS = 5.0
#: What a shell answers for a program that a signal ended is this much more than the signal's number.
SIGNALLED = 128

_FAILED, _OWNED = 1, 75
#: Other codes, also those that no kernel has, mean FAILED.
_STATUS_OF: Mapping[int | None, Status] = {0: Status.SUCCESS, 130: Status.INTERRUPTED, 143: Status.INTERRUPTED}
_NEVER = Retry()


def ended(
    occurrence: Occurrence, result: ProcessResult, retry: Retry, *, cancel: Cancel | None, now: datetime
) -> Ended:
    """How an occurrence ended whose process ended.

    Args:
        occurrence: as it was started.
        result: how its process ended.
        retry: whether it is run again where it failed.
        cancel: why it was to be ended, where it was. A run that others end while this scheduler leaves is ended with
            it: systemd may signal all processes of a service.
        now: the time.
    """
    if result.timed_out:
        return _failed(occurrence, now, Status.TIMED_OUT, _NEVER if cancel == "asked" else retry, None)
    if result.cancelled:
        return _cancelled(occurrence, now, cancel)
    code = _code_of(result)
    if code == _OWNED and cancel != "asked":
        again_at = now + timedelta(seconds=OWNED_SECONDS)
        return _again(occurrence, now, Reason.OWNED, Status.WAITING, again_at, code)
    has_crashed = result.signal is not None and code not in _STATUS_OF
    if cancel != "asked" and (code == _FAILED or has_crashed):
        return _failed(occurrence, now, Status.FAILED, retry, code)
    status = _STATUS_OF.get(code, Status.FAILED)
    if status is Status.INTERRUPTED and cancel == "leaving":
        return _cancelled(occurrence, now, cancel)
    return Ended(occurrence=occurrence, status=status, ended_at=now, exit_code=code)


def not_started(occurrence: Occurrence, retry: Retry, *, now: datetime, error: str) -> Ended:
    """How an occurrence ended whose process could not be started: the system refused, which may pass."""
    return replace(_failed(occurrence, now, Status.FAILED, retry, None), error=error)


def _cancelled(occurrence: Occurrence, now: datetime, cancel: Cancel | None) -> Ended:
    if cancel == "leaving":
        return Ended(occurrence=occurrence, status=Status.INTERRUPTED, ended_at=now, reason=Reason.CONTINUED)
    return Ended(occurrence=occurrence, status=Status.CANCELLED, ended_at=now, reason=occurrence.reason)


def _failed(occurrence: Occurrence, now: datetime, status: Status, retry: Retry, code: int | None) -> Ended:
    if occurrence.attempt >= retry.max_attempts:
        return Ended(occurrence=occurrence, status=status, ended_at=now, exit_code=code)
    again_at = now + timedelta(seconds=retry.wait_after(occurrence.attempt))
    return _again(occurrence, now, Reason.RETRY, status, again_at, code)


def _again(
    occurrence: Occurrence, now: datetime, reason: Reason, status: Status, again_at: datetime, code: int | None
) -> Ended:
    return Ended(occurrence=occurrence, status=status, ended_at=now, reason=reason, exit_code=code, again_at=again_at)


def _code_of(result: ProcessResult) -> int | None:
    return SIGNALLED + result.signal if result.signal is not None else result.exit_code
