"""From a schedule file to a schedule: everything that is wrong told at once, before anything runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aetherflow.kernel.api import (
    Document,
    EnoughProblems,
    Field,
    Fields,
    InvalidInput,
    Misfit,
    Problem,
    Reading,
    StartChecks,
    read_document,
    read_into,
    shapes,
)

from ..calendars.clocks import UTC_ZONE
from .building import FLOW_KEYS, Shared, build_item
from .calendar_blocks import build_calendars, calendars
from .combinations import report_calendars, report_idle, report_limits
from .findings import Findings, YamlPath
from .flows import Flows
from .items import MOST_RUNS, items, report_duplicates
from .models import Item, Limits, Retention, Schedule
from .paths import absolute, path_text, shown
from .state_folder import usual_state
from .times import zone

_VERSION = 1
#: A hundred years.
_MOST_DAYS = 36_525


def read_schedule(
    file: Path,
    *,
    environment: Mapping[str, str],
    profile: str | None = None,
    now: datetime | None = None,
    checks_flows: bool = True,
) -> Schedule:
    """The schedule that a file holds.

    Args:
        file: the YAML file.
        environment: what its flows are checked with.
        profile: the runtime profile of items that name none.
        now: what is past and what is not; the clock's by default.
        checks_flows: whether its flows are checked too; who starts none of them can do without.

    Raises:
        InvalidInput: all that is wrong with it and with what it names, in the order of the file.
    """
    document = read_document(file)
    findings = Findings(Reading(document))
    whole = Path(os.path.abspath(file))  # noqa: PTH100 - links stay: paths start where the user sees the file
    schedule = None
    now = now or datetime.now(UTC)
    with StartChecks(environment=environment) as checks:
        flows = Flows(findings, checks, profile=profile, now=now) if checks_flows else None
        try:
            schedule = _schedule(document, whole, findings, flows, now)
        except EnoughProblems:
            findings.stop()
    problems = findings.in_order()
    if schedule is None or findings.error_count:
        raise _refusal(problems)
    return replace(schedule, problems=problems)


def _refusal(problems: tuple[Problem, ...]) -> InvalidInput:
    """All problems as one error; where one of them is told alone, it is the first that is more than a warning."""
    refusal = InvalidInput.of(problems)
    refusal.problem = next(problem for problem in problems if problem.severity == "error")
    refusal.args = (refusal.problem.message,)
    return refusal


def _schedule(
    document: Document, file: Path, findings: Findings, flows: Flows | None, now: datetime
) -> Schedule | None:
    found: dict[str, Any] = {}
    read_into(found, "schedule", _whole, findings.reading, document.value, ())
    if "schedule" not in found:
        return None
    written = found["schedule"]
    _report_missing_zone(document, written, findings)
    shared = Shared(
        folder=file.parent,
        zone=written.get("timezone", UTC_ZONE),
        calendars=build_calendars(written.get("calendars", {}), file.parent, findings),
        limits=Limits(**written.get("limits", {})),
        written_calendars=_names(document.value, "calendars"),
        written_pools=_names(document.value, "limits", "pools"),
        now=now,
    )
    built = _items(written["items"], shared, findings, flows)
    return Schedule(
        document=document,
        file=file,
        state=_state(written, file, findings),
        items={item.id: item for item in built},
        limits=shared.limits,
        retention=Retention(**written.get("retention", {})),
    )


def _items(written: tuple[dict[str, Any], ...], shared: Shared, findings: Findings, flows: Flows | None) -> list[Item]:
    report_duplicates(written, findings)
    if not written:
        findings.warning("AF-SCHEDULE-NO-EFFECT", "there are no items: nothing will run", "write some", ("items",))
    built: list[tuple[Item, YamlPath]] = []
    for found in written:
        item = build_item(found, shared, findings)
        if flows is not None:
            _check_flow(found, item, shared, flows)
        if item is not None:
            built.append((item, found["path"]))
    if not findings.error_count:
        _report_unused(written, shared, findings)
        report_idle(built, shared.now, findings)
    return [item for item, _ in built]


def _check_flow(found: Mapping[str, Any], item: Item | None, shared: Shared, flows: Flows) -> None:
    """Look at an item's flow, also where there is no item because something else about it is wrong."""
    key = next((key for key in FLOW_KEYS if key in found), None)
    if key is None:
        return
    if item is not None:
        flows.check(item, found["path"], key)
    else:
        flows.look_at(absolute(shared.folder, found[key]), found.get("profile"), found["path"], key)


def _report_unused(written: tuple[dict[str, Any], ...], shared: Shared, findings: Findings) -> None:
    report_limits(shared.limits, {found["pool"] for found in written if "pool" in found}, findings)
    used = {found["calendar"].use for found in written if "calendar" in found}
    report_calendars(shared.calendars, used, findings)


def _names(value: object, *keys: str) -> frozenset[str]:
    """The names in a block of the file, whether what stands under them can be read or not."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return frozenset(value) if isinstance(value, dict) else frozenset()


def _state(written: Mapping[str, Any], file: Path, findings: Findings) -> Path:
    found = absolute(file.parent, written.get("state", {}).get("path", usual_state(file)))
    # Unlike those of `Path`, these don't raise where a name is too long.
    if os.path.exists(found) and not os.path.isdir(found):  # noqa: PTH110, PTH112 - as said
        message = f"{shown(found)} is a file: what is remembered needs a folder"
        findings.error("AF-SCHEDULE-PATH", message, "name another one", ("state", "path"))
    return found


def _report_missing_zone(document: Document, written: Mapping[str, Any], findings: Findings) -> None:
    if "timezone" not in written and isinstance(document.value, dict) and "timezone" not in document.value:
        message = (
            "a schedule needs the key 'timezone': no clock is taken for it in silence, as machines differ in theirs"
        )
        findings.error("AF-SCHEDULE-ZONE", message, "write one, such as `timezone: Europe/Berlin`", ())


def _version(_reading: Reading, value: object, _path: YamlPath) -> int:
    found: int = shapes.whole_number(1)(_reading, value, _path)
    if found != _VERSION:
        raise Misfit("AF-WRONG-VALUE", f"there is no version {found} of schedules", f"write {_VERSION}")
    return found


_RUNS = shapes.whole_number(1, MOST_RUNS)
_DAYS = shapes.number(0, _MOST_DAYS, of="days")
_SCHEDULE_KEYS = Fields(
    "a schedule",
    {
        "version": Field(_version),
        "timezone": Field(zone),
        "state": Field(Fields("`state`", {"path": Field(path_text)})),
        "limits": Field(Fields("`limits`", {"max_runs": Field(_RUNS), "pools": Field(shapes.named(_RUNS))})),
        "retention": Field(Fields("`retention`", {"history_days": Field(_DAYS), "output_days": Field(_DAYS)})),
        "calendars": Field(calendars),
        "items": Field(items, is_required=True),
    },
)


def _whole(reading: Reading, value: object, path: YamlPath) -> dict[str, Any]:
    try:
        return _SCHEDULE_KEYS(reading, value, path)
    except Misfit as misfit:
        if isinstance(value, dict):
            raise
        mend = "a schedule is a mapping with `timezone` and `items`"
        raise Misfit(misfit.code, misfit.message, mend) from None
