"""`aetherflow-scheduler backfill`: times of the past that were not run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from aetherflow.kernel.api import CommandContext, InvalidInput, times

from ..occurrences.records import Status
from .ledger import asking, remembered
from .liveness import say_who_does_it
from .options import end_of, moment_of
from .schedule_file import read_file, the_enabled_item
from .showing import in_utc, on_the_clock

if TYPE_CHECKING:
    from ..schedules.models import Item, Schedule

#: So many times can be asked for at once.
_MOST = 100_000
_INSTANT = timedelta(microseconds=1)
_NOT_RUN = {Status.SKIPPED, Status.MISSED}
_FAILURES = {Status.FAILED, Status.TIMED_OUT, Status.CANCELLED, Status.INTERRUPTED}


def backfill(  # noqa: PLR0913 - one for each option
    context: CommandContext,
    file: str,
    item: str,
    *,
    to: str,
    parallel: str | None,
    again: bool,
    dry_run: bool,
    from_: str,
) -> None:
    """Have times of the past run that were not, so many of them at once.

    Raises:
        InvalidInput: the schedule file can't be used, there is no such item, it is not enabled, the days are wrong, or
            the folder for state is another's.
        StoreFailed: the ledger can't be read or written.
    """
    max_parallel = 1 if parallel is None else times.whole_number(parallel, option="--parallel", least=1)
    schedule = read_file(context, file)
    meant = the_enabled_item(schedule, item)
    found = _times_between(meant, from_, to)
    if not found and not context.as_json:
        context.say(f"{meant.id}: no time of it that is past lies between them; nothing was done")
        return
    if dry_run:
        _tell_plan(context, meant, _left(schedule, meant, found, is_again=again), len(found))
        return
    with asking(schedule.state, schedule.file) as store:
        now = datetime.now(UTC)
        asked = store.backfill(meant.id, found, max_parallel=max_parallel, is_again=again, now=now)
        owners, states = store.owners(), store.states()
    if context.as_json:
        context.say_json({"item": meant.id, "times": len(found), "asked": asked, "max_parallel": max_parallel})
        return
    others = _why_not_all(asked, len(found), again=again)
    verb = "is" if len(found) == 1 else "are"
    context.say(f"{meant.id}: {asked} of {_counted(len(found))} {verb} to run{others}")
    if asked and meant.id in states and states[meant.id].is_paused:
        context.say_beside(f"note: {meant.id} is paused: they wait until `aetherflow-scheduler resume`")
    elif asked:
        say_who_does_it(context, owners)


def _times_between(item: Item, begin: str, end: str) -> list[datetime]:
    first = moment_of(begin, item.zone, option="--from")
    last = end_of(end, item.zone, option="--to")
    if last < first:
        raise InvalidInput("--to is before --from", code="AF-USAGE", help="write the earlier one after --from")
    until = min(last, datetime.now(UTC))
    found = list(islice(takewhile(lambda at: at <= until, item.rule.after(first - _INSTANT)), _MOST + 1))
    if len(found) > _MOST:
        raise InvalidInput(
            f"the item has more than {_MOST} times between them",
            code="AF-SCHEDULE-BACKFILL-TOO-MANY",
            help="ask for fewer days at once",
        )
    return found


def _left(schedule: Schedule, item: Item, found: list[datetime], *, is_again: bool) -> list[datetime]:
    """The times that would be run, as the ledger stands."""
    if not found:
        return []
    with remembered(schedule.state) as store:
        rows = store.history([item.id], since=found[0], until=found[-1], limit=2 * _MOST)
    taken = _NOT_RUN | _FAILURES if is_again else _NOT_RUN
    done = {row.scheduled_for for row in rows if row.status not in taken}
    return [at for at in found if at not in done]


def _tell_plan(context: CommandContext, item: Item, left: list[datetime], count: int) -> None:
    if context.as_json:
        context.say_json({"item": item.id, "times": count, "would_run": [in_utc(at) for at in left]})
        return
    for at in left:
        context.say(on_the_clock(at, item.zone))
    context.say(f"{item.id}: {len(left)} of {_counted(count)} would run; nothing was done")


def _counted(count: int) -> str:
    return f"{count} time" if count == 1 else f"{count} times"


def _why_not_all(asked: int, count: int, *, again: bool) -> str:
    if asked == count:
        return ""
    return f"; the others ran, or are to run{'' if again else '; --again also takes those that failed'}"
