"""Which schedulers live and are at work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from aetherflow.kernel.api import CommandContext

if TYPE_CHECKING:
    from ..occurrences.records import OwnerState

#: Schedulers say that they live every few seconds; one that has not for so long hangs, or its machine sleeps.
_SILENT_SECONDS = 60.0


def silent_seconds(owner: OwnerState, now: datetime) -> float:
    """How long a scheduler has not been heard of."""
    return max((now - owner.heard_at).total_seconds(), 0.0)


def beats(owner: OwnerState, now: datetime) -> bool:
    """Whether a scheduler lives, and was heard of lately."""
    return owner.is_alive and silent_seconds(owner, now) < _SILENT_SECONDS


def say_who_does_it(context: CommandContext, owners: Iterable[OwnerState]) -> None:
    """Tell whoever asked for runs where no scheduler lives that would do them."""
    if not any(owner.is_alive for owner in owners):
        context.say_beside("note: no scheduler lives: `aetherflow-scheduler run FILE` or `tick FILE` does it")
