"""`aetherflow-scheduler history`: what ran, was skipped or missed, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aetherflow.kernel.api import CommandContext, InvalidInput, did_you_mean, plain, times

from ..occurrences.records import Occurrence, Status
from ..runs.outputs import output_file
from .known_items import KnownItems, known_items
from .ledger import remembered
from .narrow_terminals import say_fitted
from .options import count_of, since_of
from .schedule_file import unknown_item
from .showing import duration_of, in_utc, occurrence_as_json, on_the_clock, status_words, why

if TYPE_CHECKING:
    from pathlib import Path

    from ..occurrences.store import OccurrenceStore

Gap = tuple[str, datetime, datetime]
_COLUMNS = ("ITEM", "TIME", "STATUS", "ATTEMPT", "TOOK", "EXIT", "ORIGIN", "RUN", "WHY")
_NUMBERS = {"ATTEMPT", "TOOK", "EXIT"}
#: What a narrow terminal goes without, the first one first. The run and the reason stay: they are what is asked for.
_LEAST_NEEDED = ("ATTEMPT", "ORIGIN", "EXIT", "TOOK")


def show_history(
    context: CommandContext,
    file: str,
    items: list[str],
    *,
    status: str | None,
    since: str | None,
    limit: str | None,
    output: str | None,
) -> None:
    """Show what ran, was skipped or missed, and why; or what a run has said.

    Raises:
        InvalidInput: there is no schedule file, or no item, status or run of a name.
        StoreFailed: the ledger can't be read.
    """
    wanted = None if status is None else _status(status)
    most = count_of(limit, option="--limit")
    known = known_items(context, file)
    if output is not None:
        from .kept_output import item_of, print_output

        print_output(context, known.state, _only(items or [item_of(output)]), output)
        return
    begin = None if since is None else since_of(since, known.zone_of_all, datetime.now(UTC), option="--since")
    found, gaps = _recall(known, items, wanted, begin, most)
    if context.as_json:
        _answer(context, known, found, gaps)
    else:
        _tell(context, known, found, gaps)


def _recall(
    known: KnownItems, items: Sequence[str], status: Status | None, since: datetime | None, most: int
) -> tuple[tuple[Occurrence, ...], list[Gap]]:
    asked = set(items) or None
    with remembered(known.state) as store:
        for name in dict.fromkeys(items):
            if name not in known.zones and not _is_remembered(store, name):
                raise unknown_item(name, known.zones)
        found = store.history(asked, statuses=None if status is None else {status}, since=since, limit=most)
        gaps = [gap for gap in store.gaps(asked) if since is None or gap[2] >= since]
    return found, gaps if status in {None, Status.MISSED} else []


def _is_remembered(store: OccurrenceStore, item: str) -> bool:
    """Whether an item was in the schedule once."""
    return bool(store.history([item], limit=1))


def _answer(context: CommandContext, known: KnownItems, found: Sequence[Occurrence], gaps: Sequence[Gap]) -> None:
    told = [occurrence_as_json(each, known.zone_of(each.item), _kept_output(known.state, each)) for each in found]
    left_out = [{"item": item, "first": in_utc(first), "last": in_utc(last)} for item, first, last in gaps]
    context.say_json({"occurrences": told, "gaps": left_out})


def _tell(context: CommandContext, known: KnownItems, found: Sequence[Occurrence], gaps: Sequence[Gap]) -> None:
    if found:
        rows = [_row(each, known.zone_of(each.item), _kept_output(known.state, each)) for each in found]
        say_fitted(context, _COLUMNS, rows, least_needed=_LEAST_NEEDED, numbers=_NUMBERS)
    else:
        context.say("no occurrences")
    for item, first, last in gaps:
        zone = known.zone_of(item)
        told = f"{on_the_clock(first, zone)} to {on_the_clock(last, zone)}"
        context.say_beside(f"{plain(item)}: nobody looked from {told}: too many occurrences to list were missed")


def _row(occurrence: Occurrence, zone: ZoneInfo, output: Path | None) -> list[str]:
    return [
        occurrence.item,
        on_the_clock(occurrence.scheduled_for, zone),
        occurrence.status.value,
        str(occurrence.attempt or ""),
        times.duration(duration_of(occurrence)),
        "" if occurrence.exit_code is None else str(occurrence.exit_code),
        occurrence.origin.value,
        # Where nothing was started, there is no run to ask for; one that another process owns counts as no attempt.
        occurrence.run_id if occurrence.attempt or output is not None else "",
        _why(occurrence, zone),
    ]


def _why(occurrence: Occurrence, zone: ZoneInfo) -> str:
    """Why it stands so; of what waits for a later time, also until when."""
    is_put_off = occurrence.status is Status.WAITING and occurrence.due_at > datetime.now(UTC)
    return f"{why(occurrence)}; not before {on_the_clock(occurrence.due_at, zone)}" if is_put_off else why(occurrence)


def _kept_output(state: Path, occurrence: Occurrence) -> Path | None:
    """Where the output of an occurrence is; null where none is kept."""
    file = output_file(state, occurrence)
    return file if file.is_file() else None


def _status(text: str) -> Status:
    if text.upper() in status_words():
        return Status(text.upper())
    raise InvalidInput(f"there is no status {text!r}", code="AF-USAGE", help=did_you_mean(text.upper(), status_words()))


def _only(items: Sequence[str]) -> str:
    if len(items) == 1:
        return items[0]
    raise InvalidInput("--output is that of one run", code="AF-USAGE", help="name its item alone, or none")
