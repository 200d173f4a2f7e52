"""What the ledger says of a schedule's items at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ..occurrences.records import ItemState, Occurrence, OwnerState, Status
from .ledger import remembered

if TYPE_CHECKING:
    from ..occurrences.store import OccurrenceStore
    from ..schedules.models import Item, Schedule

#: More than there can be.
_ALL = 1_000_000_000


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
        return Snapshot(
            states=store.states(),
            recent={item: store.history([item], limit=most) for item in schedule.items},
            waiting=count_of(store, Status.WAITING),
            running=count_of(store, Status.RUNNING),
            owners=tuple(store.owners()),
        )


def count_of(store: OccurrenceStore, status: Status) -> Counter[str]:
    """How many occurrences of each item stand so."""
    return Counter(each.item for each in store.history(statuses={status}, limit=_ALL))


def standing_of(item: Item, snapshot: Snapshot) -> str:
    """Whether an item's times count, in a word."""
    if not item.enabled:
        return "not enabled"
    return "paused" if snapshot.is_paused(item.id) else "enabled"


def next_of(item: Item, now: datetime) -> datetime | None:
    """An item's next moment; null where there is none any more, or it is not enabled."""
    return next(item.rule.after(now), None) if item.enabled else None
