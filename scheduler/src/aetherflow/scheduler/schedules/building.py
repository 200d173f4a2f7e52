"""From what is written of an item to the item: names looked up, moments worked out, defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aetherflow.kernel.api import RunTexts, TemplateError, compile_run_texts, did_you_mean

from ..calendars.days import WorkingDays
from ..calendars.on_days import OnDays
from ..calendars.rules import Rule
from .calendar_use import CalendarUse
from .combinations import report_item
from .findings import Findings, YamlPath, quoted
from .models import Item, Limits
from .paths import absolute
from .triggers import Clock, build_trigger

FLOW_KEYS = ("flow_yaml", "flow")
#: Keys whose values the item takes as they are read, under the name that it has for them.
_TAKEN = {
    "flow_job": "flow_job",
    "profile": "profile",
    "params": "params",
    "enabled": "enabled",
    "overlap": "overlap",
    "misfire": "misfire",
    "misfire_grace_time": "misfire_grace_seconds",
    "dst": "dst",
    "jitter_seconds": "jitter_seconds",
    "max_run_seconds": "max_run_seconds",
    "max_runs": "max_runs",
    "pool": "pool",
    "retry": "retry",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the items of a file share."""

    folder: Path
    #: The file's own; UTC where it is missing, which is told.
    zone: ZoneInfo
    calendars: Mapping[str, WorkingDays]
    limits: Limits
    #: What the file has names for, also where the rest of it can't be read, which is told.
    written_calendars: frozenset[str]
    written_pools: frozenset[str]
    now: datetime


def build_item(found: Mapping[str, Any], shared: Shared, findings: Findings) -> Item | None:
    """The item; null where it can't be made, which is told then.

    Args:
        found: its keys, as read, and its path.
        shared: what stands outside of it.
        findings: takes what is wrong.
    """
    path: YamlPath = found["path"]
    zone = found.get("timezone", shared.zone)
    clock = Clock(zone, found.get("dst", "once"), shared.now)
    trigger = build_trigger(found, clock, findings, path)
    _report_unknown(found, shared, findings, path)
    report_item(found, shared.limits, findings)
    flow = next((found[key] for key in FLOW_KEYS if key in found), None)
    texts = _run_texts(found, findings, path)
    if trigger is None or flow is None or texts is None or "id" not in found:
        return None
    calendar = found.get("calendar")
    return Item(
        id=found["id"],
        flow=absolute(shared.folder, flow),
        run_texts=texts,
        rule=_on_days(trigger.rule, calendar, clock, shared),
        trigger=trigger.words,
        zone=zone,
        calendar_name=None if calendar is None else calendar.use,
        **{name: found[key] for key, name in _TAKEN.items() if key in found},
    )


def _on_days(rule: Rule, use: CalendarUse | None, clock: Clock, shared: Shared) -> Rule:
    """The rule, on the days of its calendar."""
    if use is None or use.use not in shared.calendars:
        return rule
    return OnDays(rule, use.days_of(shared.calendars[use.use]), clock.zone, use.otherwise, clock.jumps)


def _run_texts(found: Mapping[str, Any], findings: Findings, path: YamlPath) -> RunTexts | None:
    document = findings.reading.document
    try:
        return compile_run_texts(found.get("params", {}), document=document, path=(*path, "params"))
    except TemplateError as error:
        for problem in error.problems:
            findings.reading.note(problem)
        return None


def _report_unknown(found: Mapping[str, Any], shared: Shared, findings: Findings, path: YamlPath) -> None:
    """Note names that nothing outside of the item has."""
    calendar, pool = found.get("calendar"), found.get("pool")
    if calendar is not None and calendar.use not in shared.written_calendars:
        mend = _mend_of_name(calendar.use, shared.written_calendars, "`calendars: {NAME: {}}`")
        findings.error(
            "AF-SCHEDULE-CALENDAR", f"there is no calendar {quoted(calendar.use)}", mend, (*path, "calendar")
        )
    if pool is not None and pool not in shared.written_pools:
        mend = _mend_of_name(pool, shared.written_pools, "`limits: {pools: {NAME: 1}}`")
        findings.error("AF-SCHEDULE-POOL", f"there is no pool {quoted(pool)} in `limits.pools`", mend, (*path, "pool"))


def _mend_of_name(name: str, known: frozenset[str], block: str) -> str:
    return did_you_mean(name, known) if known else f"write it at the top of the file, as {block}"
