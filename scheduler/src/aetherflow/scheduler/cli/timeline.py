"""`aetherflow-scheduler list --watch`: a line for each item, with a letter for each of its newest occurrences."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from aetherflow.kernel.api import CommandContext, ExitCode, plain, times

from ..occurrences.records import Status
from .showing import on_the_clock
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
_WIDEST_ID = 32
_SECONDS = 1.0
_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
_OTHER_SCREEN, _SCREEN_BEFORE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


def watch_items(context: CommandContext, schedule: Schedule) -> None:
    """Follow what happens, until Ctrl-C: drawn anew on a terminal, elsewhere a line for each change.

    Raises:
        StoreFailed: the ledger can't be read.
    """
    try:
        if context.is_terminal:
            with _another_screen(context):
                _draw_forever(context, schedule)
        else:
            _say_forever(context, schedule)
    except KeyboardInterrupt:
        return


def _draw_forever(context: CommandContext, schedule: Schedule) -> NoReturn:
    has_colours = not context.environment.get("NO_COLOR") and context.environment.get("TERM") != "dumb"
    while True:
        size = os.get_terminal_size(sys.stdout.fileno())
        lines = screen(schedule, take_snapshot(schedule, most=_SHOWN), datetime.now(UTC), size, has_colours=has_colours)
        context.write(_HOME + "".join(f"{line}{_REST_OF_LINE}\n" for line in lines) + _REST_OF_SCREEN)
        time.sleep(_SECONDS)


def _say_forever(context: CommandContext, schedule: Schedule) -> NoReturn:
    width = _width_of_ids(schedule)
    said: dict[str, str] = {}
    while True:
        snapshot, now = take_snapshot(schedule, most=_SHOWN), datetime.now(UTC)
        for item in schedule.items.values():
            line = f"{_shown_id(item, width)}  {_letters(item, snapshot, has_colours=False)}  {_rest(item, snapshot)}"
            if said.get(item.id) != line:
                said[item.id] = line
                context.say(f"{on_the_clock(now, item.zone)}  {line}")
        time.sleep(_SECONDS)


def screen(
    schedule: Schedule, snapshot: Snapshot, now: datetime, size: os.terminal_size, *, has_colours: bool
) -> list[str]:
    """The lines of the screen: as many as fit, and none wider than it."""
    items = list(schedule.items.values())
    shown = items[: max(size.lines - 4, 1)]
    width = _width_of_ids(schedule)
    lines = [f"{plain(schedule.file.name)}  {now.astimezone():%Y-%m-%d %H:%M:%S}"[: size.columns], ""]
    for item in shown:
        head = f"{_shown_id(item, width)}  "
        tail = f"  {_rest(item, snapshot)}{_next(item, now)}"
        room = max(size.columns - len(head) - _SHOWN, 0)
        lines.append(f"{head}{_letters(item, snapshot, has_colours=has_colours)}{tail[:room]}")
    left = len(items) - len(shown)
    legend = "  ".join(f"{letter} {status.value.lower()}" for status, (letter, _) in _LETTERS.items())
    lines.append((f"and {left} more" if left else legend)[: size.columns - 1])
    return lines


def _shown_id(item: Item, width: int) -> str:
    return item.id[:width].ljust(width)


def _width_of_ids(schedule: Schedule) -> int:
    return min(max((len(item) for item in schedule.items), default=0), _WIDEST_ID)


def _letters(item: Item, snapshot: Snapshot, *, has_colours: bool) -> str:
    """The newest one to the right, as wide as the widest."""
    found = [_LETTERS[occurrence.status] for occurrence in reversed(snapshot.recent.get(item.id, ()))]
    text = "".join(f"\x1b[{colour}m{letter}\x1b[0m" if has_colours else letter for letter, colour in found)
    return " " * (_SHOWN - len(found)) + text


def _rest(item: Item, snapshot: Snapshot) -> str:
    parts = [standing_of(item, snapshot)]
    parts += [f"{count} running" for count in (snapshot.running[item.id],) if count]
    parts += [f"{count} waiting" for count in (snapshot.waiting[item.id],) if count]
    return ", ".join(parts)


def _next(item: Item, now: datetime) -> str:
    following = next_of(item, now)
    if following is None:
        return ""
    wait = times.duration(round((following - now).total_seconds()) * 1000)
    return f", next {on_the_clock(following, item.zone)} (in {wait})"


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
