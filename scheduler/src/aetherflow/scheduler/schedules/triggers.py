"""The trigger of an item: the moments that its `cron`, `interval` or `at` names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aetherflow.kernel.api import Field, Fields, Misfit, Reading, shapes

from ..calendars.clocks import JumpRule
from ..calendars.cron import read_cron
from ..calendars.fields import steps_too_wide
from ..calendars.rules import Interval, Moments, Rule
from .findings import Findings, YamlPath
from .times import moments, span, time_shape

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTERVAL_KEYS = Fields("`interval`", {"every": Field(span, is_required=True), "start": Field(time_shape)})


@dataclass(frozen=True, slots=True)
class Trigger:
    """When an item runs, and how that is told."""

    rule: Rule
    words: str


@dataclass(frozen=True, slots=True)
class Clock:
    """What the times of an item are read with."""

    zone: ZoneInfo
    jumps: JumpRule
    now: datetime


def _interval(reading: Reading, value: object, path: YamlPath) -> dict[str, Any]:
    if isinstance(value, dict):
        return _INTERVAL_KEYS(reading, value, path)
    return {"every": span(reading, value, path)}


def _times(reading: Reading, value: object, path: YamlPath) -> tuple[datetime, ...]:
    if isinstance(value, str):
        raise Misfit("AF-WRONG-TYPE", "this must be a list of times, not text", "write [2026-12-31T23:00]")
    found: tuple[datetime, ...] = shapes.list_of(time_shape)(reading, value, path)
    if value == []:
        raise Misfit("AF-SCHEDULE-TRIGGER", "an empty list names no time", "write one: [2026-12-31T23:00]")
    return found


TRIGGER_KEYS = {"cron": Field(shapes.text), "interval": Field(_interval), "at": Field(_times)}


def build_trigger(found: Mapping[str, Any], clock: Clock, findings: Findings, path: YamlPath) -> Trigger | None:
    """The one trigger that an item has; null where it can't be made, which is told then.

    Args:
        found: the item's keys.
        clock: what its times are read with.
        findings: takes what is wrong.
        path: the item's.
    """
    kind = next((kind for kind in TRIGGER_KEYS if kind in found), None)
    if kind is None:
        return None
    try:
        return _BUILDERS[kind](found[kind], clock, findings, (*path, kind))
    except Misfit as misfit:
        findings.error(misfit.code, misfit.message, misfit.mend, (*path, kind))
        return None


def _by_cron(text: str, clock: Clock, findings: Findings, path: YamlPath) -> Trigger:
    try:
        cron = read_cron(text, clock.zone, clock.jumps)
    except ValueError as error:
        mend = "at 6:00 from Monday to Friday is: 0 6 * * mon-fri"
        raise Misfit("AF-SCHEDULE-CRON", f"this line can't be used: {error}", mend) from None
    for wide in steps_too_wide(cron.text):
        mend = "write that number, or `interval: 90m` for what is longer than an hour"
        findings.warning("AF-SCHEDULE-NO-EFFECT", f"a step that leads nowhere: {wide}", mend, path)
    return Trigger(cron, f"cron {' '.join(text.split())}")


def _by_interval(found: Mapping[str, Any], clock: Clock, findings: Findings, path: YamlPath) -> Trigger:
    every: timedelta = found["every"]
    start: datetime | None = found.get("start")
    words = f"every {_words_of(every)}"
    if start is None:
        return Trigger(Interval(every, _EPOCH), words)
    first = moments(start, clock.zone, "once")[0]
    return Trigger(Interval(every, first), f"{words} from {start.isoformat(timespec='minutes')}")


def _by_times(times: Sequence[datetime], clock: Clock, findings: Findings, path: YamlPath) -> Trigger | None:
    found: dict[datetime, datetime] = {}
    for number, time in enumerate(times):
        meant = moments(time, clock.zone, clock.jumps)
        if not meant:
            mend = f"the clock of {clock.zone.key} leaves it out, and `dst` is {clock.jumps}"
            findings.warning("AF-SCHEDULE-NO-EFFECT", "this time never comes", mend, (*path, number))
        if not found.keys().isdisjoint(meant):
            mend = "take one of them out"
            findings.warning("AF-SCHEDULE-NO-EFFECT", "this time stands here twice", mend, (*path, number))
        found.update((moment, time) for moment in meant)
    past = sum(moment <= clock.now for moment in found)
    if past:
        message = f"{past} of {len(found)} times are past" if past < len(found) else "its times are past: it never runs"
        findings.warning("AF-SCHEDULE-PAST", message, "take out what is past", path, at_key=True)
    words = f"at {min(times).isoformat(timespec='minutes')}" if len(times) == 1 else f"at {len(times)} times"
    return Trigger(Moments(tuple(sorted(found))), words)


_BUILDERS: dict[str, Callable[[Any, Clock, Findings, YamlPath], Trigger | None]] = {
    "cron": _by_cron,
    "interval": _by_interval,
    "at": _by_times,
}


def _words_of(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts)
