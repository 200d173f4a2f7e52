"""The list `items`: each a flow and when it runs, as written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aetherflow.kernel.api import Field, Fields, Misfit, Reading, shapes

from .calendar_use import calendar_use
from .findings import Findings, YamlPath
from .models import Retry
from .paths import path_text
from .times import zone
from .triggers import TRIGGER_KEYS

#: A run's id is the item's and a time, such as -20261126T050000.123Z; and has 64 characters at most.
LONGEST_ID = 64 - 21
_LONGEST_NAME = 64
#: Runs that one machine can hold, and more.
MOST_RUNS = 1_000
_MOST_ATTEMPTS = 1_000
_FLOW_KEYS = ("flow_yaml", "flow", "bundle_manifest")


def _item_id(reading: Reading, value: object, path: YamlPath) -> str:
    found = shapes.text(reading, value, path)
    if len(found) > LONGEST_ID:
        message = f"the id has {len(found)} characters, at most {LONGEST_ID} are allowed"
        mend = "choose a shorter one: ids of runs are made of it and of a time"
        raise Misfit("AF-SCHEDULE-ID", message, mend)
    return shapes.identifier(reading, found, path)


def _name(reading: Reading, value: object, path: YamlPath) -> str:
    found = shapes.text(reading, value, path)
    if len(found) > _LONGEST_NAME:
        message = f"no name has {len(found):,} characters"
        raise Misfit("AF-WRONG-VALUE", message, f"write one of at most {_LONGEST_NAME}")
    return found


_RETRY_KEYS = Fields(
    "`retry`",
    {
        "max_attempts": Field(shapes.whole_number(1, _MOST_ATTEMPTS), is_required=True),
        "backoff_seconds": Field(shapes.seconds),
        "backoff_multiplier": Field(shapes.number(1, 1000)),
        "max_backoff_seconds": Field(shapes.seconds),
    },
)


def _retry(reading: Reading, value: object, path: YamlPath) -> Retry:
    written = _RETRY_KEYS(reading, value, path)
    found = Retry(**written)
    if "max_backoff_seconds" in written and found.max_backoff_seconds < found.backoff_seconds:
        message = "`max_backoff_seconds` is below `backoff_seconds`, the first wait"
        reading.report(
            "AF-WRONG-VALUE", message, f"write {found.backoff_seconds:g} or more", (*path, "max_backoff_seconds")
        )
    return found


ITEM_KEYS = Fields(
    "an item",
    {
        "id": Field(_item_id),
        **TRIGGER_KEYS,
        "flow_yaml": Field(path_text),
        "flow": Field(path_text),
        "bundle_manifest": Field(shapes.anything),
        "allow_stale_bundle": Field(shapes.anything),
        "flow_job": Field(_name),
        "params": Field(shapes.free_mapping),
        "profile": Field(_name),
        "timezone": Field(zone),
        "calendar": Field(calendar_use),
        "overlap": Field(shapes.one_of("skip", "queue", "allow", "cancel")),
        "misfire": Field(shapes.one_of("skip", "latest", "all")),
        "misfire_grace_time": Field(shapes.seconds),
        "dst": Field(shapes.one_of("skip", "once", "twice")),
        "jitter_seconds": Field(shapes.seconds),
        "enabled": Field(shapes.truth),
        "max_run_seconds": Field(shapes.duration),
        "max_runs": Field(shapes.whole_number(1, MOST_RUNS)),
        "pool": Field(shapes.text),
        "retry": Field(_retry),
    },
)


def _item(reading: Reading, value: object, path: YamlPath) -> dict[str, Any]:
    found = ITEM_KEYS(reading, value, path)
    written = found.keys() | (value.keys() if isinstance(value, dict) else set())
    if "id" not in written:
        reading.report("AF-MISSING-KEY", "an item needs the key 'id'", "write `id: …` here", path)
    _report_bundles(reading, written, path)
    _report_choice(reading, written, tuple(TRIGGER_KEYS), "AF-SCHEDULE-TRIGGER", path)
    _report_choice(reading, written, _FLOW_KEYS, "AF-SCHEDULE-FLOW", path)
    return {**found, "path": path}


items = shapes.list_of(_item)


def _report_bundles(reading: Reading, written: Iterable[str], path: YamlPath) -> None:
    for key in ("bundle_manifest", "allow_stale_bundle"):
        if key in written:
            message = f"`{key}` needs the plugin for bundles, which is not there yet"
            reading.report(
                "AF-SCHEDULE-BUNDLE", message, "name the flow's file: `flow_yaml: …`", (*path, key), at_key=True
            )


def _report_choice(reading: Reading, written: Iterable[str], keys: tuple[str, ...], code: str, path: YamlPath) -> None:
    """Note where none of some keys is written, or more than one."""
    there = [key for key in keys if key in written]
    *others, last = keys
    if not there:
        reading.report(code, f"an item needs {', '.join(others)} or {last}", f"write `{keys[0]}: …` here", path)
    for key in there[1:]:
        message = f"an item has one of {', '.join(others)} and {last}: here is {there[0]}, too"
        reading.report(code, message, "take one of them out", (*path, key), at_key=True)


def report_duplicates(written: Iterable[Mapping[str, Any]], findings: Findings) -> None:
    """Note every id that was there before, whatever the case of its letters: ids become names of folders."""
    first: dict[str, Mapping[str, Any]] = {}
    for item in written:
        name = item.get("id")
        if name is None:
            continue
        before = first.setdefault(name.casefold(), item)
        if before is item:
            continue
        place = findings.reading.document.where((*before["path"], "id"))
        case = "" if before["id"] == name else f", as {before['id']!r}: capital and small letters count as the same"
        findings.error(
            "AF-SCHEDULE-DUPLICATE",
            f"there are two items {name!r}",
            f"choose another id: the first one stands at {place}{case}",
            (*item["path"], "id"),
        )
