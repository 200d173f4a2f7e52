"""What a correct schedule file comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from aetherflow.kernel.api import InvalidInput
from aetherflow.scheduler.schedules.models import Limits, Retention, Retry
from aetherflow.scheduler.schedules.reading import read_schedule
from aetherflow.scheduler.schedules.state_folder import state_folder

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ALL_KEYS = """\
version: 1
timezone: Europe/Berlin
state: {path: ../state}
limits: {max_runs: 4, pools: {warehouse: 2}}
retention: {history_days: 7, output_days: 0.5}
calendars:
  office:
    weekdays: [mon, tue, wed, thu, fri]
    holidays: {country: DE, subdivision: BY}
    closed: [2026-12-24, 2026-12-31]
    open: {file: dates/open.txt}
items:
  - id: nightly
    cron: "0 6 * * *"
    flow_yaml: flows/sales.yaml
    flow_job: load
    params: {day: "{{run.date}}", count: 3, names: [a, b]}
    timezone: America/New_York
    calendar: {use: office, working_day: -1, of: month, otherwise: skip}
    overlap: allow
    misfire: all
    misfire_grace_time: 60
    dst: twice
    jitter_seconds: 30
    enabled: false
    max_run_seconds: 3600
    max_runs: 3
    pool: warehouse
    retry: {max_attempts: 3, backoff_seconds: 60, backoff_multiplier: 2, max_backoff_seconds: 900}
"""


def head(items: str) -> str:
    return f"timezone: Europe/Berlin\nitems:\n{items}"


def times(item, count, start=NOW):
    return [f"{each:%Y-%m-%dT%H:%M}" for each in islice(item.rule.after(start), count)]


def test_every_key_comes_to_its_value(folder):
    flow = folder.write("flows/sales.yaml", (folder.path / "flow.yaml").read_text())
    folder.write("dates/open.txt", "# Saturdays before Christmas\n2026-12-19\n\n 2026-12-12 # the other one\n")

    schedule = folder.read(ALL_KEYS)

    assert schedule.problems == ()
    assert schedule.file == folder.path / "schedule.yaml"
    assert schedule.state == folder.path.parent / "state"
    assert schedule.limits == Limits(max_runs=4, pools={"warehouse": 2})
    assert schedule.retention == Retention(history_days=7, output_days=0.5)
    assert list(schedule.items) == ["nightly"]
    item = schedule.items["nightly"]
    assert (item.id, item.flow, item.flow_job) == ("nightly", flow, "load")
    assert item.params == {"day": "{{run.date}}", "count": 3, "names": ["a", "b"]}
    assert (item.trigger, item.zone, item.dst) == ("cron 0 6 * * *", ZoneInfo("America/New_York"), "twice")
    assert (item.overlap, item.misfire, item.misfire_grace_seconds) == ("allow", "all", 60)
    assert (item.jitter_seconds, item.enabled, item.max_run_seconds) == (30, False, 3600)
    assert (item.max_runs, item.pool, item.calendar_name) == (3, "warehouse", "office")
    assert item.retry == Retry(max_attempts=3, backoff_seconds=60, backoff_multiplier=2, max_backoff_seconds=900)
    # 30 November is a Monday; 31 December is closed; 31 January is a Sunday.
    assert times(item, 3) == ["2026-11-30T11:00", "2026-12-30T11:00", "2027-01-29T11:00"]


def test_what_is_not_said_has_its_default(folder):
    schedule = folder.read(head("  - {id: a, cron: 0 6 * * *, flow: flow.yaml}\n"))

    assert schedule.problems == ()
    assert schedule.state == folder.path / ".aetherflow" / "schedule"
    assert (schedule.limits, schedule.retention) == (Limits(max_runs=8, pools={}), Retention())
    item = schedule.items["a"]
    assert (item.flow_job, item.profile, item.params, item.pool, item.calendar_name) == (None, None, {}, None, None)
    assert (item.overlap, item.misfire, item.misfire_grace_seconds, item.dst) == ("skip", "latest", 300, "once")
    assert (item.jitter_seconds, item.enabled, item.max_run_seconds, item.max_runs) == (0, True, None, None)
    assert item.retry == Retry(max_attempts=1)


def test_params_are_rendered_for_each_run_and_raw_ones_are_not(folder):
    params = '{day: "{{run.date}}", label: !raw "{{run.date}}"}'
    item = folder.read(head(f"  - {{id: a, cron: 0 6 * * *, flow: flow.yaml, params: {params}}}\n")).items["a"]

    at = datetime(2026, 12, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))

    assert item.run_texts.render(run_id="a-1", scheduled_time=at) == {"day": "2026-12-01", "label": "{{run.date}}"}


@pytest.mark.parametrize(
    ("trigger", "words", "expected"),
    [
        ("cron: '@daily'", "cron @daily", ["2026-11-26T23:00", "2026-11-27T23:00"]),
        ("interval: 90m", "every 1h30m", ["2026-11-26T13:30", "2026-11-26T15:00"]),
        ("interval: 1w2d", "every 9d", ["2026-12-03T00:00", "2026-12-12T00:00"]),
        (
            "interval: {every: 1d, start: 2026-11-26T06:00}",
            "every 1d from 2026-11-26T06:00",
            ["2026-11-27T05:00", "2026-11-28T05:00"],
        ),
        (
            "interval: {every: 1d, start: 2026-11-26T06:00-05:00}",
            "every 1d from 2026-11-26T06:00-05:00",
            ["2026-11-27T11:00", "2026-11-28T11:00"],
        ),
        (
            "timezone: Pacific/Apia, interval: {every: 365d, start: 2011-12-30T12:00}",
            "every 365d from 2011-12-30T12:00",
            ["2026-12-26T10:00", "2027-12-26T10:00"],
        ),
        ("at: [2026-12-31 23:00:30]", "at 2026-12-31T23:00", ["2026-12-31T22:00"]),
        ("at: [2027-01-01T06:00Z, 2026-12-31T23:00]", "at 2 times", ["2026-12-31T22:00", "2027-01-01T06:00"]),
        # The clock leaves 2:30 out on 28 March, and shows it twice on 31 October.
        ("at: [2027-03-28T02:30, 2027-10-31T02:30]", "at 2 times", ["2027-03-28T01:00", "2027-10-31T00:30"]),
        ("dst: twice, at: [2027-10-31T02:30]", "at 2027-10-31T02:30", ["2027-10-31T00:30", "2027-10-31T01:30"]),
    ],
)
def test_trigger_names_its_moments(folder, trigger, words, expected):
    schedule = folder.read(head(f"  - {{id: a, {trigger}, flow: flow.yaml}}\n"))

    assert schedule.problems == ()
    assert schedule.items["a"].trigger == words
    assert times(schedule.items["a"], 2) == expected


def test_paths_start_at_the_schedule_file_wherever_one_stands(folder, monkeypatch):
    monkeypatch.chdir("/")

    item = folder.read(head("  - {id: a, cron: 0 6 * * *, flow: ./x/../flow.yaml}\n")).items["a"]

    assert item.flow == folder.path / "flow.yaml"


def test_longest_id_leaves_room_for_the_time_of_a_run(folder):
    name = "a" * 43

    assert list(folder.read(head(f"  - {{id: {name}, cron: 0 6 * * *, flow: flow.yaml}}\n")).items) == [name]
    assert len(f"{name}-20261126T050000.123Z") == 64


def test_file_of_a_mark_and_windows_lines_is_read(folder):
    (folder.path / "closed.txt").write_bytes(b"\xef\xbb\xbf2026-11-27\r\n2026-11-30 # bridge\r\n")
    calendars = "calendars: {office: {closed: {file: closed.txt}}}\n"

    item = folder.read(calendars + head("  - {id: a, cron: 0 6 * * *, flow: flow.yaml, calendar: office}\n")).items["a"]

    assert times(item, 2) == ["2026-12-01T05:00", "2026-12-02T05:00"]


@pytest.mark.parametrize(
    ("item", "path", "words"),
    [
        ("at: [2026-01-01T00:00]", (3, 30), "its times are past: it never runs"),
        ("at: [2026-01-01T00:00, 2027-01-01T00:00]", (3, 30), "1 of 2 times are past"),
        ("at: [2027-01-01T00:00, 2026-12-31T23:00Z]", (3, 53), "stands here twice"),
        ("at: [2026-11-26T12:00Z]", (3, 30), "its times are past: it never runs"),
        ("dst: skip, at: [2027-03-28T02:30]", (3, 46), "this time never comes"),
        ("cron: 0 6 * * *, max_runs: 2", (3, 47), "nothing without `overlap: allow`"),
        ("cron: 0 6 * * *, overlap: allow, max_runs: 9", (3, 63), "above `limits.max_runs`, which is 8"),
        ("interval: 1h, dst: skip", (3, 44), "`dst` changes nothing with `interval`"),
        ("cron: '*/5 6 * * *', dst: skip", (3, 51), "a line with a star"),
        ("cron: '*/90 * * * *'", (3, 36), "a step that leads nowhere: minute: '*/90' is 0 alone"),
        ("cron: '0 8-12/6 * * *'", (3, 36), "hour: '8-12/6' is 8 alone"),
        ("interval: 1h, jitter_seconds: 3600", (3, 44), "as long as the interval"),
        ("cron: 0 6 * * *, retry: {max_attempts: 1}", (3, 47), "one attempt"),
    ],
)
def test_what_has_no_effect_is_a_warning(folder, item, path, words):
    (problem,) = folder.read(head(f"  - {{id: a, flow: flow.yaml, {item}}}\n")).problems

    assert problem.severity == "warning"
    assert problem.code in {"AF-SCHEDULE-NO-EFFECT", "AF-SCHEDULE-PAST"}
    assert words in problem.message
    assert (problem.where.line, problem.where.column) == path


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("limits: {pools: {a: 1}}\n", "no item is in the pool 'a'"),
        ("calendars: {office: {}}\n", "no item uses the calendar 'office'"),
    ],
)
def test_what_nothing_uses_is_a_warning(folder, block, words):
    (problem,) = folder.read(block + head("  - {id: a, cron: 0 6 * * *, flow: flow.yaml}\n")).problems

    assert (problem.code, problem.severity) == ("AF-SCHEDULE-NO-EFFECT", "warning")
    assert problem.message == words


def test_calendar_that_leaves_no_time_is_a_warning(folder):
    text = "calendars: {office: {}}\n" + head("  - {id: a, cron: 0 6 * * sun, flow: flow.yaml, calendar: office}\n")

    (problem,) = folder.read(text).problems

    assert "it never runs" in problem.message


def test_day_that_is_closed_and_open_is_a_warning(folder):
    text = "calendars: {office: {closed: [2026-12-24], open: [2026-12-24]}}\n"

    (problem,) = folder.read(text + head("  - {id: a, cron: 0 6 * * *, flow: flow.yaml, calendar: office}\n")).problems

    assert problem.message == "2026-12-24 is in `closed` and in `open`, which wins"


def test_times_on_other_days_are_moved_where_that_is_said(folder):
    use = "{use: office, otherwise: next}"
    text = "calendars: {office: {}}\n" + head(f"  - {{id: a, cron: 0 6 1 * *, flow: flow.yaml, calendar: {use}}}\n")

    # 1 May 2027 is a Saturday, 1 August a Sunday.
    assert times(folder.read(text).items["a"], 9)[5::3] == ["2027-05-03T04:00", "2027-08-02T04:00"]


def test_calendar_of_given_days_alone_is_one(folder):
    calendars = "calendars: {office: {weekdays: [], open: [2026-12-12, 2027-01-03]}}\n"

    schedule = folder.read(calendars + head("  - {id: a, cron: 0 6 * * *, flow: flow.yaml, calendar: office}\n"))

    assert times(schedule.items["a"], 3) == ["2026-12-12T05:00", "2027-01-03T05:00"]


def test_refusal_told_in_one_line_is_no_warning(folder):
    with pytest.raises(InvalidInput) as refused:
        folder.read(head("  - {id: a, at: [2026-01-01T00:00], flow: flow.yaml, pool: x}\n"))

    assert [problem.severity for problem in refused.value.problems] == ["warning", "error"]
    assert str(refused.value) == refused.value.problem.message == "there is no pool 'x' in `limits.pools`"


def test_schedule_without_items_is_a_warning(folder):
    schedule = folder.read("timezone: UTC\nitems: []\n")

    assert schedule.items == {}
    assert [problem.message for problem in schedule.problems] == ["there are no items: nothing will run"]


def test_schedules_in_one_folder_have_a_state_each(folder):
    text = head("  - {id: a, cron: 0 6 * * *, flow: flow.yaml}\n")
    first, second = folder.write("schedule.yaml", text), folder.write("reports.yml", text)

    states = [read_schedule(file, environment={}).state for file in (first, second)]

    assert states == [folder.path / ".aetherflow/schedule", folder.path / ".aetherflow/schedule-reports"]
    assert states == [state_folder(first), state_folder(second)]


def test_state_that_is_a_file_is_refused(folder):
    with pytest.raises(InvalidInput, match="is a file"):
        folder.read("state: {path: flow.yaml}\n" + head("  - {id: a, cron: 0 6 * * *, flow: flow.yaml}\n"))
