"""Keys that say nothing together, or less than they seem to: warnings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..calendars.cron import Cron
from ..calendars.on_days import OnDays
from ..calendars.rules import Moments
from .calendar_use import CalendarUse
from .findings import Findings, YamlPath
from .models import Item, Limits, Retry

_CODE = "AF-SCHEDULE-NO-EFFECT"


def report_item(found: Mapping[str, Any], limits: Limits, findings: Findings) -> None:
    """Note what has no effect in an item.

    Args:
        found: its keys, as read, and its path.
        limits: the file's.
        findings: takes the warnings.
    """
    path: YamlPath = found["path"]
    if "max_runs" in found:
        _report_max_runs(found, limits, findings, path)
    if "dst" in found:
        _report_dst(found, findings, path)
    calendar: CalendarUse | None = found.get("calendar")
    if calendar is not None and calendar.working_day is None and calendar.of != "month":
        message = "`of` says within what `working_day` is counted, which is not there"
        _warn(findings, message, "write `working_day: …`, or leave it out", (*path, "calendar", "of"))
    if "interval" in found and _jitter(found) >= found["interval"]["every"]:
        message = "`jitter_seconds` is as long as the interval: occurrences start in each other's place"
        _warn(findings, message, "write less", (*path, "jitter_seconds"))
    retry: Retry | None = found.get("retry")
    if retry is not None and retry.max_attempts == 1:
        _warn(findings, "one attempt is what there is without `retry`", "write 2 or more", (*path, "retry"))


def _report_dst(found: Mapping[str, Any], findings: Findings, path: YamlPath) -> None:
    if "interval" in found:
        message = "`dst` changes nothing with `interval`, which follows the time that passes"
        _warn(findings, message, "leave it out", (*path, "dst"))
    # As Debian's cron sees it: by the first characters of the fields for minutes and hours.
    elif any(part.startswith("*") for part in found.get("cron", "").split()[:2]):
        message = "`dst` changes nothing here: a line with a star for minutes or hours follows the time that passes"
        _warn(findings, message, "leave it out", (*path, "dst"))


def _report_max_runs(found: Mapping[str, Any], limits: Limits, findings: Findings, path: YamlPath) -> None:
    if found.get("overlap") != "allow":
        message = "`max_runs` changes nothing without `overlap: allow`: there is one run at a time"
        _warn(findings, message, "write `overlap: allow`, or leave it out", (*path, "max_runs"))
    elif found["max_runs"] > limits.max_runs:
        message = f"`max_runs` of the item is above `limits.max_runs`, which is {limits.max_runs}"
        _warn(findings, message, f"write {limits.max_runs} or less", (*path, "max_runs"))


def _jitter(found: Mapping[str, Any]) -> timedelta:
    return timedelta(seconds=found.get("jitter_seconds", 0))


def report_limits(limits: Limits, used_pools: Collection[str], findings: Findings) -> None:
    """Note pools that limit nothing."""
    for name, most in limits.pools.items():
        path = ("limits", "pools", name)
        if name not in used_pools:
            _warn(findings, f"no item is in the pool {name!r}", "leave it out, or write `pool: …` at an item", path)
        elif most > limits.max_runs:
            message = f"the pool {name!r} may hold more than `limits.max_runs`, which is {limits.max_runs}"
            _warn(findings, message, f"write {limits.max_runs} or less", path)


def report_calendars(names: Collection[str], used: Collection[str], findings: Findings) -> None:
    """Note calendars that nothing uses."""
    for name in names:
        if name not in used:
            mend = "leave it out, or write `calendar: …` at an item"
            _warn(findings, f"no item uses the calendar {name!r}", mend, ("calendars", name))


def report_idle(items: Iterable[tuple[Item, YamlPath]], now: datetime, findings: Findings) -> None:
    """Note items whose calendar leaves them no time; that is looked for once for items that are alike."""
    known: dict[tuple[object, ...], bool] = {}
    for item, path in items:
        if not isinstance(item.rule, OnDays) or isinstance(item.rule.rule, Moments):
            continue
        kind = (_days_named_by(item), item.zone.key, item.dst, item.calendar_name, item.rule.otherwise, item.rule.days)
        if kind not in known:
            known[kind] = next(item.rule.after(now), None) is None
        if known[kind]:
            message = f"it never runs: the calendar {item.calendar_name!r} leaves none of its times"
            _warn(findings, message, "look at both: aetherflow-scheduler explain", (*path, "calendar"))


def _days_named_by(item: Item) -> str:
    """What decides on which days an item's times come, whatever the time of the day."""
    rule = item.rule.rule if isinstance(item.rule, OnDays) else item.rule
    return " ".join(rule.text.split()[2:]) if isinstance(rule, Cron) else item.trigger


def _warn(findings: Findings, message: str, mend: str, path: YamlPath) -> None:
    findings.warning(_CODE, message, mend, path, at_key=True)
