"""The items of a schedule and where they are remembered, also while its file is wrong: somebody may be editing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aetherflow.kernel.api import CommandContext, InvalidInput

from ..calendars.clocks import UTC_ZONE
from .ledger import remembered
from .schedule_file import read_file, unknown_item
from .showing import zone_of_all

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItems:
    """What is enough to tell of occurrences, and to pause."""

    #: The schedule file, absolute.
    file: Path
    state: Path
    #: Of each item the zone that it is shown in.
    zones: Mapping[str, ZoneInfo]

    def zone_of(self, item: str) -> ZoneInfo:
        """An item's zone; UTC where it is no longer in the file."""
        return self.zones.get(item, UTC_ZONE)

    @property
    def zone_of_all(self) -> ZoneInfo:
        """The zone that the items have in common; UTC where they have none."""
        return zone_of_all(self.zones.values())

    def named(self, names: Iterable[str]) -> list[str]:
        """The items of some names, each once.

        Raises:
            InvalidInput: there is no item of a name.
        """
        asked = list(dict.fromkeys(names))
        for name in asked:
            if name not in self.zones:
                raise unknown_item(name, self.zones)
        return asked


def known_items(context: CommandContext, file: str) -> KnownItems:
    """The items of a schedule file; where it is wrong, those that its ledger remembers, which is told.

    Raises:
        InvalidInput: the file is wrong, and nothing is remembered.
        StoreFailed: the ledger can't be read.
    """
    try:
        schedule = read_file(context, file)
    except InvalidInput:
        known = _remembered_items(file)
        if not known.zones:
            raise
        context.say_beside(
            f"note: {file} has errors, which `aetherflow-scheduler validate` tells: these are the items that schedulers"
            " know, on the clock of UTC"
        )
        return known
    zones = {item.id: item.zone for item in schedule.items.values()}
    return KnownItems(file=schedule.file, state=schedule.state, zones=zones)


def _remembered_items(file: str) -> KnownItems:
    from ..schedules.state_folder import state_folder

    state = state_folder(Path(file))
    with remembered(state) as store:
        return KnownItems(file=Path(file).absolute(), state=state, zones=dict.fromkeys(store.states(), UTC_ZONE))
