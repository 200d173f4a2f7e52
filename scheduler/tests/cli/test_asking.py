"""Commands that ask schedulers for something: pause, resume, trigger, backfill."""

from __future__ import annotations

import pytest

from aetherflow.scheduler.occurrences.records import Reason, Status

pytestmark = pytest.mark.acceptance

FAILED = (Status.FAILED, Reason.NONE)
NOBODY = "note: no scheduler lives: `aetherflow-scheduler run FILE` or `tick FILE` does it\n"
THREE_DAYS = ("--from", "2026-01-01", "--to", "2026-01-03")


def test_pause_and_resume_say_what_they_changed(place):
    first = place("pause", "schedule.yaml", "nightly", "off")
    assert (first.code, first.out) == (0, "paused: nightly\npaused: off\n")
    again = place("pause", "schedule.yaml", "nightly", "failing", "--json").json
    assert again == {
        "items": [
            {"id": "nightly", "paused": True, "changed": False},
            {"id": "failing", "paused": True, "changed": True},
        ]
    }
    resumed = place("resume", "schedule.yaml", "nightly", "workdays")
    assert resumed.out == "resumed: nightly\nworkdays was not paused\n"
    items = {item["id"]: item["paused"] for item in place("list", "schedule.yaml", "--json").json["items"]}
    assert items == {"nightly": False, "workdays": False, "failing": True, "off": True}


def test_trigger_leaves_an_occurrence_that_waits_and_says_that_nobody_runs_it(place):
    answer = place("trigger", "schedule.yaml", "nightly")
    assert answer.code == 0
    assert answer.out.startswith("triggered: nightly, run nightly-2")
    assert answer.err == NOBODY
    told = place("trigger", "schedule.yaml", "nightly", "--json").json
    assert (told["item"], told["origin"], told["status"]) == ("nightly", "MANUAL", "WAITING")
    waiting = place("history", "schedule.yaml", "--status", "WAITING", "--json").json["occurrences"]
    assert len({each["run_id"] for each in waiting}) == 2
    assert told["run_id"] in {each["run_id"] for each in waiting}


def test_backfill_asks_for_each_time_once_the_last_day_included(place):
    dry = place("backfill", "schedule.yaml", "nightly", *THREE_DAYS, "--dry-run")
    assert dry.out == (
        "2026-01-01 02:30:00+01:00\n2026-01-02 02:30:00+01:00\n2026-01-03 02:30:00+01:00\n"
        "nightly: 3 of 3 times would run; nothing was done\n"
    )
    first = place("backfill", "schedule.yaml", "nightly", *THREE_DAYS, "--parallel", "2", "--json")
    assert first.json == {"item": "nightly", "times": 3, "asked": 3, "max_parallel": 2}
    again = place("backfill", "schedule.yaml", "nightly", "--from", "2026-01-03", "--to", "2026-01-04")
    assert (
        again.out
        == "nightly: 1 of 2 times are to run; the others ran, or are to run; --again also takes those that failed\n"
    )
    assert again.err == NOBODY
    dry = place("backfill", "schedule.yaml", "nightly", *THREE_DAYS, "--dry-run", "--json").json
    assert dry == {"item": "nightly", "times": 3, "would_run": []}


def test_backfill_takes_what_failed_only_where_it_is_asked_to(place, hour_ago):
    place.write(
        "schedule.yaml",
        'version: 1\ntimezone: UTC\nitems: [{id: m, cron: "* * * * *", flow_yaml: flow.yaml}]\n',
    )
    minute = hour_ago.replace(second=0)
    place.remember("m", minute, ends=[FAILED])
    span = ("--from", f"{minute:%Y-%m-%dT%H:%M}", "--to", f"{minute:%Y-%m-%dT%H:%M}")
    assert place("backfill", "schedule.yaml", "m", *span, "--dry-run", "--json").json["would_run"] == []
    dry = place("backfill", "schedule.yaml", "m", *span, "--again", "--dry-run", "--json").json
    assert dry["would_run"] == [f"{minute:%Y-%m-%dT%H:%M:%S}.000Z"]
    assert place("backfill", "schedule.yaml", "m", *span, "--json").json["asked"] == 0
    assert place("backfill", "schedule.yaml", "m", *span, "--again", "--json").json["asked"] == 1


@pytest.mark.parametrize("command", [["trigger"], ["backfill", *THREE_DAYS]], ids=lambda command: command[0])
def test_nothing_of_an_item_that_is_not_enabled_can_be_asked_for(place, command):
    name, *rest = command
    answer = place(name, "schedule.yaml", "off", *rest, "--json")
    assert (answer.code, answer.error) == (2, "AF-SCHEDULE-NOT-ENABLED")
    assert not place.state.exists()


def test_backfill_of_a_paused_item_is_told_to_wait(place):
    place("pause", "schedule.yaml", "nightly")
    answer = place("backfill", "schedule.yaml", "nightly", *THREE_DAYS)
    assert (answer.code, answer.out) == (0, "nightly: 3 of 3 times are to run\n")
    assert answer.err == "note: nightly is paused: they wait until `aetherflow-scheduler resume`\n"


def test_backfill_of_one_time_is_told_of_in_the_singular(place):
    day = ("--from", "2026-01-01", "--to", "2026-01-01")
    assert place("backfill", "schedule.yaml", "nightly", *day).out == "nightly: 1 of 1 time is to run\n"


@pytest.mark.parametrize(
    "command", [["trigger"], ["backfill", *THREE_DAYS], ["pause"], ["resume"]], ids=lambda command: command[0]
)
def test_nothing_is_asked_for_in_the_folder_for_state_of_another_schedule(place, command):
    named = (
        "version: 1\ntimezone: UTC\nstate: {path: shared}\nitems: [{id: it, cron: '@daily', flow_yaml: flow.yaml}]\n"
    )
    place.write("first.yaml", named)
    place.write("second.yaml", named)
    assert place("trigger", "first.yaml", "it").code == 0
    name, *rest = command
    answer = place(name, "second.yaml", "it", *rest, "--json")
    assert (answer.code, answer.error) == (2, "AF-SCHEDULE-STATE-TAKEN")
    waiting = place("history", "first.yaml", "--json").json["occurrences"]
    assert [each["origin"] for each in waiting] == ["MANUAL"]
    assert place("list", "first.yaml", "--json").json["items"][0]["paused"] is False


def test_validate_tells_of_schedules_that_would_share_a_folder_for_state(place):
    named = (
        "version: 1\ntimezone: UTC\nstate: {path: shared}\nitems: [{id: it, cron: '@daily', flow_yaml: flow.yaml}]\n"
    )
    place.write("first.yaml", named)
    place.write("second.yaml", named)
    both = place("validate", "first.yaml", "second.yaml", "--json").json
    assert [[each["code"] for each in told["errors"]] for told in both["schedules"]] == [
        [],
        ["AF-SCHEDULE-STATE-TAKEN"],
    ]
    assert place("validate", "second.yaml").code == 0, "it is nobody's yet"
    assert not (place.folder / "shared").exists()
    place("trigger", "first.yaml", "it")
    alone = place("validate", "second.yaml")
    assert (alone.code, alone.out) == (2, "INVALID: second.yaml (1 error)\n")
    assert alone.err.startswith("error AF-SCHEDULE-STATE-TAKEN: the folder for state ")


def test_backfill_asks_for_nothing_of_the_future(place):
    told = place("backfill", "schedule.yaml", "nightly", "--from", "2999-01-01", "--to", "2999-01-02", "--json").json
    assert (told["times"], told["asked"]) == (0, 0)
    answer = place("backfill", "schedule.yaml", "nightly", "--from", "2999-01-01", "--to", "2999-01-02")
    assert answer.out == "nightly: no time of it that is past lies between them; nothing was done\n"


@pytest.mark.parametrize(
    ("span", "code"),
    [
        (("--from", "2026-01-03", "--to", "2026-01-01"), "AF-USAGE"),
        (("--from", "yesterday", "--to", "2026-01-01"), "AF-USAGE"),
        (("--from", "2026-02-30", "--to", "2026-03-01"), "AF-USAGE"),
        (("--from", "2026-01-01"), "AF-USAGE"),
        ((*THREE_DAYS, "--parallel", "0"), "AF-USAGE"),
        (("--from", "1970-01-01", "--to", "2026-01-01"), "AF-SCHEDULE-BACKFILL-TOO-MANY"),
    ],
)
def test_backfill_over_days_that_are_wrong_is_refused_and_makes_nothing(place, span, code):
    place.write("often.yaml", "version: 1\ntimezone: UTC\nitems: [{id: a, interval: 1m, flow_yaml: flow.yaml}]\n")
    answer = place("backfill", "often.yaml", "a", *span, "--json")
    assert (answer.code, answer.error) == (2, code)
    assert not place.state.exists()
