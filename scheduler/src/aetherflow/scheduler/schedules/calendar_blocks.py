"""The block `calendars`: which days are working days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from aetherflow.kernel.api import Field, Fields, Misfit, Reading, shapes

from ..calendars.days import WorkingDays
from ..calendars.public_holidays import PublicHolidays, read_holidays
from .date_files import read_dates
from .findings import Findings, YamlPath
from .paths import absolute, path_text
from .times import day_shape

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class _DateFile:
    """Stands for the dates of a file, before it is read."""

    text: str


_DATE_FILE_KEYS = Fields("a list of dates", {"file": Field(path_text, is_required=True)})
_HOLIDAY_KEYS = Fields(
    "`holidays`",
    {"country": Field(shapes.text, is_required=True), "subdivision": Field(shapes.text)},
)


def _dates(reading: Reading, value: object, path: YamlPath) -> _DateFile | tuple[date, ...]:
    if isinstance(value, dict):
        return _DateFile(_DATE_FILE_KEYS(reading, value, path)["file"])
    if isinstance(value, str):
        raise Misfit("AF-WRONG-TYPE", "this must be a list of dates, not text", "write [2026-12-24] or {file: PATH}")
    found: tuple[date, ...] = shapes.list_of(day_shape)(reading, value, path)
    return found


def _weekdays(reading: Reading, value: object, path: YamlPath) -> frozenset[int]:
    return frozenset(map(_WEEKDAYS.index, shapes.list_of(shapes.one_of(*_WEEKDAYS))(reading, value, path)))


_CALENDAR_KEYS = Fields(
    "a calendar",
    {
        "weekdays": Field(_weekdays),
        "holidays": Field(_HOLIDAY_KEYS),
        "closed": Field(_dates),
        "open": Field(_dates),
    },
)
calendars = shapes.named(_CALENDAR_KEYS)


def build_calendars(written: Mapping[str, dict[str, Any]], folder: Path, findings: Findings) -> dict[str, WorkingDays]:
    """The calendars, with the dates of their files.

    Args:
        written: as `calendars` read them.
        folder: where their paths start.
        findings: takes what is wrong.
    """
    return {name: _calendar(name, found, folder, findings) for name, found in written.items()}


def _calendar(name: str, found: Mapping[str, Any], folder: Path, findings: Findings) -> WorkingDays:
    path = ("calendars", name)
    days = {}
    for key in ("closed", "open"):
        dates = found.get(key, ())
        days[key] = _read(dates, folder, findings, (*path, key)) if isinstance(dates, _DateFile) else frozenset(dates)
    weekdays = found.get("weekdays", frozenset(range(5)))
    if not weekdays and not days["open"] and not findings.error_count:
        mend = "name some of mon, tue, wed, thu, fri, sat and sun"
        findings.error("AF-SCHEDULE-CALENDAR", f"the calendar {name!r} has no working day", mend, (*path, "weekdays"))
    for both in sorted(days["closed"] & days["open"]):
        mend = "take it out of one of them"
        message = f"{both} is in `closed` and in `open`, which wins"
        findings.warning("AF-SCHEDULE-NO-EFFECT", message, mend, (*path, "closed"), at_key=True)
    holidays = _holidays(found["holidays"], findings, (*path, "holidays")) if "holidays" in found else None
    return WorkingDays(weekdays=weekdays, holidays=holidays, closed=days["closed"], open=days["open"])


def _holidays(found: Mapping[str, str], findings: Findings, path: YamlPath) -> PublicHolidays | None:
    try:
        return read_holidays(found["country"], found.get("subdivision"))
    except ValueError as error:
        message, _, mend = str(error).partition(": ")
        key = "subdivision" if _is_country(found["country"]) else "country"
        findings.error("AF-SCHEDULE-CALENDAR", message, mend, (*path, key))
        return None


def _is_country(code: str) -> bool:
    try:
        read_holidays(code)
    except ValueError:
        return False
    return True


def _read(dates: _DateFile, folder: Path, findings: Findings, path: YamlPath) -> frozenset[date]:
    try:
        found, problems = read_dates(absolute(folder, dates.text))
    except Misfit as misfit:
        findings.error(misfit.code, misfit.message, misfit.mend, (*path, "file"))
        return frozenset()
    findings.behind((*path, "file"), problems)
    return found
