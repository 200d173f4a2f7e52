"""The `flow:` block: the flow's name, and where and how it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from ..contracts.spelling import did_you_mean
from ..errors import InvalidInput, YamlPath
from ..quick_dataclasses import replace
from .fields import Field, Fields, Reading
from .identifiers import problem_with_id
from .misfits import Broken, Misfit, shown
from .models import DEFAULT_LAYOUT, CleanupPolicy, Concurrency, Locks, LockScope, StateBackend, StatePlace, Workspace
from .shapes import (
    LONGEST_SECONDS,
    Rendered,
    dotted_identifier,
    one_of,
    seconds,
    text,
    text_or_null,
    truth,
    whole_number,
)

Render = Callable[[object, YamlPath], object]

#: Below that, a lease can't be told from a slow disk.
SHORTEST_LEASE_SECONDS = 5
#: Each job that runs at the same time has a thread of its own.
MOST_PARALLEL_JOBS = 1024


def rendered(reading: Reading, value: object, path: YamlPath, render: Render) -> object:
    """The value with its texts rendered; those that can't be are reported and marked as broken."""
    if isinstance(value, dict):
        return {key: rendered(reading, item, (*path, key), render) for key, item in value.items()}
    if isinstance(value, list):
        return [rendered(reading, item, (*path, number), render) for number, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    try:
        result = render(value, path)
    except InvalidInput as error:
        where = reading.document.where(path)
        for problem in error.problems:
            reading.note(replace(problem, where=problem.where or where, path=path))
        return Broken()
    return Rendered(result) if isinstance(result, str) and result != value else result


def _folder(reading: Reading, value: object, path: YamlPath) -> str:
    """The relative path of a folder inside a job's own."""
    found = text(reading, value, path)
    problems = [problem_with_id(part, dotted=True) for part in found.split("/")]
    if any(problems):
        problem = next(problem for problem in problems if problem)
        raise Misfit("AF-ID", f"a part of the folder name {shown(found)} {problem}", "write a plain relative name")
    return found


LAYOUT_KEYS = Fields("`layout`", {name: Field(_folder) for name in DEFAULT_LAYOUT})


def _layout(reading: Reading, value: object, path: YamlPath) -> dict[str, str]:
    found: dict[str, str] = {**DEFAULT_LAYOUT, **LAYOUT_KEYS(reading, value, path)}
    taken: dict[str, str] = {}
    # Those that are written come last, so that the problem is told at one of them.
    for name in sorted(found, key=lambda name: name in value if isinstance(value, dict) else False):
        other = taken.setdefault(str(found[name]).casefold(), name)
        if other != name:
            message = f"{name!r} and {other!r} are the same folder, {shown(found[name])}"
            reading.report("AF-WRONG-VALUE", message, "give each a name of its own", (*path, name))
    return found


WORKSPACE_KEYS = Fields(
    "`workspace`",
    {
        "root": Field(text_or_null),
        "cleanup_policy": Field(one_of(*get_args(CleanupPolicy))),
        "layout": Field(_layout),
    },
)


def _workspace(reading: Reading, value: object, path: YamlPath) -> Workspace:
    return Workspace(**WORKSPACE_KEYS(reading, value, path), path=path)


def _ledger_file(reading: Reading, value: object, path: YamlPath) -> str | None:
    found = text_or_null(reading, value, path)
    if found is not None and (found.startswith(":memory:") or "\0" in found):
        raise Misfit("AF-WRONG-VALUE", "the ledger must be a file: it is read again after a crash", "write a path")
    return found


STATE_KEYS = Fields("`state`", {"backend": Field(one_of(*get_args(StateBackend))), "path": Field(_ledger_file)})


def _state(reading: Reading, value: object, path: YamlPath) -> StatePlace:
    return StatePlace(**STATE_KEYS(reading, value, path))


LOCKS_KEYS = Fields(
    "`locks`",
    {
        "scope": Field(one_of(*get_args(LockScope))),
        "ttl_seconds": Field(whole_number(SHORTEST_LEASE_SECONDS, LONGEST_SECONDS)),
        "wait_seconds": Field(seconds),
    },
)


def _locks(reading: Reading, value: object, path: YamlPath) -> Locks:
    return Locks(**LOCKS_KEYS(reading, value, path), path=path)


CONCURRENCY_KEYS = Fields(
    "`concurrency`",
    {"max_parallel_jobs": Field(whole_number(1, MOST_PARALLEL_JOBS)), "fail_fast": Field(truth)},
)


def _concurrency(reading: Reading, value: object, path: YamlPath) -> Concurrency:
    return Concurrency(**CONCURRENCY_KEYS(reading, value, path))


def _timezone(reading: Reading, value: object, path: YamlPath) -> str:
    found = text(reading, value, path)
    if found != "UTC":
        _refuse_unknown_timezone(found)
    return found


def _refuse_unknown_timezone(name: str) -> None:
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        known = available_timezones()
        mend = did_you_mean(name, known) if known else "this machine has no time zones: install the package tzdata"
        raise Misfit("AF-WRONG-VALUE", f"there is no time zone {shown(name)}", mend) from None


FLOW_BLOCK_KEYS = Fields(
    "`flow`",
    {
        "id": Field(dotted_identifier, is_required=True),
        "description": Field(text_or_null),
        "workspace": Field(_workspace),
        "state": Field(_state),
        "locks": Field(_locks),
        "concurrency": Field(_concurrency),
        "timezone": Field(_timezone),
    },
)
