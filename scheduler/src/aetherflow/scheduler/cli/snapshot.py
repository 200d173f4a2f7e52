"""What the ledger says of a schedule's items at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ..occurrences.records import ItemState, Occurrence, OwnerState, Status
from ..operation import looking
from .ledger import remembered

if TYPE_CHECKING:
    from ..schedules.models import Item, Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What nobody has looked at yet is not in here."""

    states: Mapping[str, ItemState] = field(default_factory=dict)
    #: Of each item the newest ones, the newest first.
    recent: Mapping[str, tuple[Occurrence, ...]] = field(default_factory=dict)
    waiting: Counter[str] = field(default_factory=Counter)
    running: Counter[str] = field(default_factory=Counter)
    owners: tuple[OwnerState, ...] = ()

    def is_paused(self, item: str) -> bool:
        """Whether somebody has paused an item."""
        return item in self.states and self.states[item].is_paused

    def last(self, item: str) -> Occurrence | None:
        """The newest occurrence; null where there was none."""
        return next(iter(self.recent.get(item, ())), None)


def take_snapshot(schedule: Schedule, *, most: int = 1) -> Snapshot:
    """What is remembered by now.

    Args:
        schedule: whose items.
        most: how many of the newest occurrences of each item.

    Raises:
        StoreFailed: the ledger can't be read.
    """
    with remembered(schedule.state) as store:
        owners = tuple(store.owners())
        with store.at_one_moment():
            counts = store.count_not_over()
            return Snapshot(
                states=store.states(),
                recent={item: store.history([item], limit=most) for item in schedule.items},
                waiting=counts[Status.WAITING],
                running=counts[Status.RUNNING],
                owners=owners,
            )


def standing_of(item: Item, snapshot: Snapshot) -> str:
    """Whether an item's times count, in a word."""
    if not item.enabled:
        return "not enabled"
    return "paused" if snapshot.is_paused(item.id) else "enabled"


def next_of(item: Item, now: datetime) -> datetime | None:
    """An item's next moment; null where there is none any more, or it is not enabled."""
    return looking.next_of(item, now) if item.enabled else None
