"""`aetherflow-scheduler list --watch`: a line for each item, with a letter for each of its newest occurrences."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from aetherflow.kernel.api import CommandContext, ExitCode, plain, times

from ..occurrences.records import Status
from .liveness import beats
from .showing import on_the_clock, zone_of_all
from .snapshot import Snapshot, next_of, standing_of, take_snapshot

if TYPE_CHECKING:
    from ..schedules.models import Item, Schedule

_RED, _GREEN, _YELLOW, _BLUE, _GREY = 31, 32, 33, 34, 90
_LETTERS = {
    Status.WAITING: ("w", _BLUE),
    Status.RUNNING: ("R", _BLUE),
    Status.SUCCESS: (".", _GREEN),
    Status.FAILED: ("F", _RED),
    Status.TIMED_OUT: ("T", _RED),
    Status.CANCELLED: ("C", _YELLOW),
    Status.INTERRUPTED: ("I", _YELLOW),
    Status.SKIPPED: ("s", _GREY),
    Status.MISSED: ("m", _YELLOW),
}
#: How many of the newest occurrences are shown.
_SHOWN = 30
#: On narrow screens.
_FEWEST_LETTERS = 10
#: What is said to the right of the letters has so much room, whatever it is by now: nothing must jump.
_WITH_TIME, _WITHOUT_TIME = 62, 40
_NARROWEST_ID = 12
_GAP = "  "
_SECONDS = 1.0
_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
_OTHER_SCREEN, _SCREEN_BEFORE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


def watch_items(context: CommandContext, schedule: Schedule) -> None:
    """Follow what happens, until Ctrl-C: drawn anew on a terminal that can be, elsewhere a line for each change.

    Raises:
        StoreFailed: the ledger can't be read.
    """
    try:
        if context.is_terminal and context.environment.get("TERM") != "dumb":
            with _another_screen(context):
                _draw_forever(context, schedule)
        else:
            _say_forever(context, schedule)
    except KeyboardInterrupt:
        return


def _draw_forever(context: CommandContext, schedule: Schedule) -> NoReturn:
    has_colours = not context.environment.get("NO_COLOR")
    while True:
        size = os.get_terminal_size(sys.stdout.fileno())
        lines = screen(schedule, take_snapshot(schedule, most=_SHOWN), datetime.now(UTC), size, has_colours=has_colours)
        context.write(_HOME + "".join(f"{line}{_REST_OF_LINE}\n" for line in lines) + _REST_OF_SCREEN)
        time.sleep(_SECONDS)


def _say_forever(context: CommandContext, schedule: Schedule) -> NoReturn:
    width = _longest(schedule.items)
    said: dict[str, str] = {}
    while True:
        snapshot, now = take_snapshot(schedule, most=_SHOWN), datetime.now(UTC)
        for item in schedule.items.values():
            letters = _letters(item, snapshot, _SHOWN, has_colours=False)
            line = f"{_shown_id(item, width)}{_GAP}{letters}{_GAP}{', '.join(_rest(item, snapshot))}"
            if said.get(item.id) != line:
                said[item.id] = line
                context.say(f"{on_the_clock(now, item.zone)}  {line}")
        time.sleep(_SECONDS)


def screen(
    schedule: Schedule, snapshot: Snapshot, now: datetime, size: os.terminal_size, *, has_colours: bool
) -> list[str]:
    """The lines of the screen: as many as fit, and none wider than it."""
    items = list(schedule.items.values())
    legend = _legend(size.columns)
    # Above are two lines, below is the one that the cursor stands in.
    has_room = len(items) <= size.lines - len(legend) - 3
    shown = items if has_room else items[: max(size.lines - 4, 1)]
    foot = legend if has_room else [f"and {len(items) - len(shown)} more"[: size.columns]]
    alive = sum(beats(owner, now) for owner in snapshot.owners)
    schedulers = f"{alive or 'no'} scheduler{'s' if alive > 1 else ''} alive"
    head = f"{plain(schedule.file.name)}  {on_the_clock(now, zone_of_all(item.zone for item in items))}  {schedulers}"
    return [head[: size.columns], "", *_lines(shown, snapshot, now, size.columns, has_colours=has_colours), *foot]


def _lines(
    items: Sequence[Item], snapshot: Snapshot, now: datetime, columns: int, *, has_colours: bool
) -> Iterator[str]:
    """A line for each item: what is narrow is its name first, then the time of the next one, then the past."""
    width = min(_longest(item.id for item in items), max(columns // 3, _NARROWEST_ID))
    room = columns - width - len(_GAP) * 2
    has_time = room >= _FEWEST_LETTERS + _WITH_TIME
    most = min(max(room - (_WITH_TIME if has_time else _WITHOUT_TIME), _FEWEST_LETTERS), _SHOWN)
    for item in items:
        tail = _tail(item, snapshot, now, room - most, has_time=has_time)
        letters = _letters(item, snapshot, most, has_colours=has_colours)
        yield f"{_shown_id(item, width)}{_GAP}{letters}{_GAP}{tail}"


def _longest(texts: Iterable[str]) -> int:
    return max(map(len, texts), default=0)


def _legend(columns: int) -> list[str]:
    lines = [""]
    for letter, words in ((letter, status.value.lower().replace("_", " ")) for status, (letter, _) in _LETTERS.items()):
        part = f"{letter} {words}"
        if lines[-1] and len(lines[-1]) + len(_GAP) + len(part) > columns:
            lines.append("")
        lines[-1] += f"{_GAP if lines[-1] else ''}{part}"
    return [line[:columns] for line in lines]


def _shown_id(item: Item, width: int) -> str:
    """The id; what does not fit is left out in its middle, as ids that begin alike end in different ways."""
    if len(item.id) <= width:
        return item.id.ljust(width)
    end = (width - 1) // 2
    return f"{item.id[: width - 1 - end]}…{item.id[-end:]}"


def _letters(item: Item, snapshot: Snapshot, most: int, *, has_colours: bool) -> str:
    """The newest one to the right, as wide as the widest."""
    newest = snapshot.recent.get(item.id, ())[:most]
    found = [_LETTERS[occurrence.status] for occurrence in reversed(newest)]
    text = "".join(f"\x1b[{colour}m{letter}\x1b[0m" if has_colours else letter for letter, colour in found)
    return " " * (most - len(found)) + text


def _tail(item: Item, snapshot: Snapshot, now: datetime, width: int, *, has_time: bool) -> str:
    """How the item stands and when the next one is; as much of it as fits whole, as half of a time is another one."""
    parts = [*_rest(item, snapshot), *_next(item, now, has_time=has_time)]
    if has_time and len(", ".join(parts)) > width:
        return _tail(item, snapshot, now, width, has_time=False)
    while parts and len(", ".join(parts)) > width:
        parts.pop()
    return ", ".join(parts)


def _rest(item: Item, snapshot: Snapshot) -> list[str]:
    parts = [standing_of(item, snapshot)]
    parts += [f"{count} running" for count in (snapshot.running[item.id],) if count]
    parts += [f"{count} waiting" for count in (snapshot.waiting[item.id],) if count]
    return parts


def _next(item: Item, now: datetime, *, has_time: bool) -> list[str]:
    following = next_of(item, now)
    if following is None:
        return []
    seconds = round((following - now).total_seconds())
    wait = f"in {times.duration(seconds * 1000)}" if seconds else "now"
    at = f" ({on_the_clock(following, item.zone)})" if has_time else ""
    return [f"next {wait}{at}"]


@contextmanager
def _another_screen(context: CommandContext) -> Iterator[None]:
    """The terminal's other screen, and its own again in the end, whatever ends the program."""
    before = signal.signal(signal.SIGTERM, _leave)
    context.write(_OTHER_SCREEN)
    try:
        yield
    finally:
        context.write(_SCREEN_BEFORE)
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, _frame: object) -> NoReturn:
    sys.exit(ExitCode.of_signal(number))
