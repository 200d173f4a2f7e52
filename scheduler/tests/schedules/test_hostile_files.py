"""Whatever a schedule file holds, it is read or refused: quickly, and with a message."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings, strategies as st

from aetherflow.kernel.api import InvalidInput
from aetherflow.scheduler.schedules.items import ITEM_KEYS
from aetherflow.scheduler.schedules.models import Schedule
from aetherflow.scheduler.schedules.reading import read_schedule

pytestmark = pytest.mark.integration

HEAD = "timezone: Europe/Berlin\nitems:\n"
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
WORDS = st.sampled_from(
    [
        "0 6 * * *",
        "@daily",
        "* * * * *",
        "15m",
        "2026-12-31T23:00",
        "2026-12-24",
        "office",
        "warehouse",
        "skip",
        "all",
        "allow",
        "twice",
        "flow.yaml",
        "UTC",
        "Europe/Berlin",
        "mon",
        "DE",
        "BY",
        "month",
        "{{run.date}}",
        "{{run.",
        "9999-12-31T23:59",
        "~/x",
        "../..",
        "DE",
        "nightly",
    ]
)
VALUES = st.recursive(
    SCALARS | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["every", "start", "use", "working_day", "of", "file", "max_attempts", "country"])
            | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
ITEMS = st.dictionaries(st.sampled_from(sorted(ITEM_KEYS.known)), VALUES, max_size=8)
SCHEDULES = st.fixed_dictionaries(
    {"timezone": WORDS | SCALARS, "items": st.lists(ITEMS | VALUES, max_size=3)},
    optional={
        "version": VALUES,
        "state": VALUES | st.fixed_dictionaries({"path": VALUES}),
        "limits": VALUES | st.fixed_dictionaries({"max_runs": VALUES, "pools": VALUES}),
        "retention": VALUES,
        "calendars": VALUES
        | st.fixed_dictionaries(
            {"office": st.dictionaries(st.sampled_from(["weekdays", "holidays", "closed", "open"]), VALUES, max_size=3)}
        ),
    },
)


def outcome(file: Path) -> Schedule | InvalidInput:
    """What a file comes to; every problem of a refusal has its code, words and place."""
    try:
        return read_schedule(file, environment={})
    except InvalidInput as error:
        refused = error
    assert any(problem.severity == "error" for problem in refused.problems)
    for problem in refused.problems:
        assert problem.code.startswith("AF-")
        assert problem.message
        assert problem.where is not None
    return refused


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=SCHEDULES | VALUES)
def test_any_values_are_read_or_refused(folder, value):
    file = folder.write("any.yaml", yaml.safe_dump(value, allow_unicode=True))

    assert isinstance(outcome(file), Schedule | InvalidInput)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(sorted(ITEM_KEYS.known)), value=VALUES)
def test_any_value_of_a_key_is_read_or_refused(folder, key, value):
    item = {"id": "a", "cron": "0 6 * * *", "flow": "flow.yaml", key: value}
    text = yaml.safe_dump({"timezone": "UTC", "items": [item]}, allow_unicode=True)

    assert isinstance(outcome(folder.write("any.yaml", text)), Schedule | InvalidInput)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda _file: None, "AF-FILE-MISSING"),
        (lambda file: file.mkdir(), "AF-FILE-KIND"),
        (os.mkfifo, "AF-FILE-KIND"),
        (lambda file: file.symlink_to(file), "AF-FILE-UNREADABLE"),
        (lambda file: file.symlink_to("/dev/zero"), "AF-FILE-KIND"),
        (lambda file: file.write_bytes(b"timezone: \xff\n"), "AF-YAML-ENCODING"),
        (lambda file: file.write_bytes("timezone: UTC\n".encode("utf-16")), "AF-YAML-ENCODING"),
        (lambda file: file.write_bytes(b"timezone: \x00\n"), "AF-YAML-CHARACTER"),
        (lambda file: file.write_text("items: " + "[" * 10_000), "AF-YAML-LIMIT"),
        (lambda file: file.write_text("items:\n" + "- 1\n" * (5 * 1024 * 1024)), "AF-FILE-SIZE"),
        (
            lambda file: file.write_text("a: &a [x, x]\nb: &b [*a, *a]\nitems: [" + "*b, " * 200 + "*b]\n"),
            "AF-YAML-LIMIT",
        ),
    ],
    ids=["missing", "folder", "pipe", "loop", "device", "latin", "utf-16", "nul", "deep", "big", "aliases"],
)
def test_file_that_can_not_be_used_is_one_problem(tmp_path, make, code):
    file = tmp_path / "schedule.yaml"
    make(file)

    refused = outcome(file)

    assert isinstance(refused, InvalidInput)
    assert [problem.code for problem in refused.problems] == [code]
    assert refused.problems[0].where.file == str(file)


@pytest.mark.parametrize(
    "item",
    [
        "{id: a, timezone: Europe/Berln, cron: 0 6 * * *, flow: flow.yaml}",
        "{id: a, cron: 0 6 30 2 *, flow: flow.yaml}",
        "{id: a, cron: 0 6 * * *, flow: nowhere.yaml}",
        "{id: a, cron: 0 6 * * *, flow: flow.yaml, params: {x: 1}}",
        "{crn: 0 6 * * *}",
        "5",
    ],
)
def test_thousands_of_mistakes_are_told_up_to_a_thousand_and_in_seconds(folder, item):
    items = (item.replace("id: a", f"id: a{number}") for number in range(5_000))
    file = folder.write("many.yaml", HEAD + "".join(f"  - {each}\n" for each in items))
    started = time.process_time()

    refused = outcome(file)

    assert isinstance(refused, InvalidInput)
    assert 1_000 <= len(refused.problems) <= 1_010
    assert refused.problems[-1].code == "AF-MORE-PROBLEMS"
    assert time.process_time() - started < 30


def test_thousands_of_items_of_one_flow_are_read_in_seconds(folder):
    items = "".join(
        f"  - {{id: item{number}, cron: {number % 60} 6 * * *, flow: flow.yaml, params: {{count: {number}}}}}\n"
        for number in range(10_000)
    )
    file = folder.write("many.yaml", HEAD + items)
    started = time.process_time()

    schedule = outcome(file)

    assert isinstance(schedule, Schedule)
    assert len(schedule.items) == 10_000
    assert time.process_time() - started < 30


LONG = "x" * 100_000


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"state: {{path: {LONG}}}\n{HEAD}  - {{id: a, cron: 0 6 * * *, flow: flow.yaml}}\n", (1, 15)),
        (f"{HEAD}  - {{id: a, cron: 0 6 * * *, flow: {LONG}}}\n", (3, 36)),
        (f"{HEAD}  - {{id: {LONG}, cron: 0 6 * * *, flow: flow.yaml}}\n", (3, 10)),
        (f"{HEAD}  - {{id: a, cron: {LONG}, flow: flow.yaml}}\n", (3, 19)),
        (f"{HEAD}  - {{id: a, interval: {LONG}, flow: flow.yaml}}\n", (3, 23)),
        (f"{HEAD}  - {{id: a, at: [{LONG}], flow: flow.yaml}}\n", (3, 18)),
        (f"{HEAD}  - {{id: a, cron: 0 6 * * *, flow: flow.yaml, pool: {LONG}}}\n", (3, 53)),
        (f"{HEAD}  - {{id: a, cron: 0 6 * * *, flow: flow.yaml, calendar: {LONG}}}\n", (3, 57)),
        (f"{HEAD}  - {{id: a, cron: 0 6 * * *, flow: flow.yaml, flow_job: {LONG}}}\n", (3, 57)),
        (f"{HEAD}  - {{id: a, cron: 0 6 * * *, flow: flow.yaml, timezone: {LONG}}}\n", (3, 57)),
        (f"{HEAD}  - {{id: a, cron: 0 6 * * *, flow: flow.yaml, profile: {LONG}}}\n", (3, 56)),
        (f'{HEAD}  - {{id: a, cron: 0 6 * * *, flow: "\\ud800.yaml"}}\n', (3, 36)),
    ],
    ids=[
        "state",
        "flow",
        "id",
        "cron",
        "interval",
        "at",
        "pool",
        "calendar",
        "flow_job",
        "timezone",
        "profile",
        "half_a_character",
    ],
)
def test_long_or_strange_text_is_one_short_problem(folder, text, place):
    told = outcome(folder.write("long.yaml", text))

    (problem,) = told.problems
    assert (problem.where.line, problem.where.column) == place
    assert len(f"{problem.message} {problem.help}") < 600


def test_hundreds_of_items_without_a_working_day_are_told_in_seconds(folder):
    items = "".join(
        f"  - {{id: item{number}, cron: {number % 60} {number // 60} * * sun, flow: flow.yaml, calendar: office}}\n"
        for number in range(1_000)
    )
    file = folder.write("idle.yaml", "calendars: {office: {}}\n" + HEAD + items)
    started = time.process_time()

    schedule = outcome(file)

    assert isinstance(schedule, Schedule)
    assert len(schedule.problems) == 1_000
    assert time.process_time() - started < 10
