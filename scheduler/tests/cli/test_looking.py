"""Commands that look: what they show of the file and of the ledger, and that they make nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aetherflow.scheduler.occurrences.opening import open_store
from aetherflow.scheduler.occurrences.records import Due, Reason, Status

pytestmark = pytest.mark.acceptance

FAILED, AGAIN = (Status.FAILED, Reason.NONE), (Status.FAILED, Reason.RETRY)
SUCCESS = (Status.SUCCESS, Reason.NONE)


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["next"],
        ["history"],
        ["status"],
        ["validate"],
        ["explain", "nightly"],
        ["backfill", "nightly", "--from", "2026-01-01", "--to", "2026-01-03", "--dry-run"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_command_that_looks_makes_no_file(place, arguments):
    command, *rest = arguments
    before = sorted(place.folder.rglob("*"))
    for form in ([], ["--json"]):
        answer = place(command, "schedule.yaml", *rest, *form)
        assert answer.code == (1 if command == "status" else 0), answer.err
    assert sorted(place.folder.rglob("*")) == before


@pytest.mark.parametrize("flow", ["", "version: 1\nflow: {id: x\n", None], ids=["empty", "no YAML", "not there"])
def test_flow_that_is_broken_keeps_nobody_from_looking_and_pausing(place, flow):
    if flow is None:
        (place.folder / "flow.yaml").unlink()
    else:
        place.write("flow.yaml", flow)
    assert place("validate", "schedule.yaml").code == 2
    for arguments in (["list"], ["next"], ["history"], ["explain", "nightly"], ["pause", "nightly"]):
        command, *rest = arguments
        assert place(command, "schedule.yaml", *rest).code == 0


def test_list_shows_the_items_as_the_file_and_the_ledger_have_them(place, hour_ago):
    place.remember("nightly", hour_ago, ends=[SUCCESS])
    place("pause", "schedule.yaml", "workdays")
    place("trigger", "schedule.yaml", "failing")
    table = [line.split("  ") for line in place("list", "schedule.yaml").out.splitlines()]
    assert table[0][0] == "ITEM"
    assert [line[0] for line in table[1:]] == ["nightly", "workdays", "failing", "off"]
    items = {item["id"]: item for item in place("list", "schedule.yaml", "--json").json["items"]}
    assert items["nightly"]["last"]["status"] == "SUCCESS"
    assert datetime.fromisoformat(items["nightly"]["last"]["scheduled_for"]) == hour_ago
    assert items["nightly"]["trigger"] == "cron 30 2 * * *"
    assert datetime.fromisoformat(items["nightly"]["next"]["local"]).strftime("%H:%M") == "02:30"
    assert (items["workdays"]["paused"], items["workdays"]["calendar"]) == (True, "office")
    assert (items["failing"]["waiting"], items["failing"]["running"]) == (1, 0)
    assert (items["off"]["enabled"], items["off"]["next"], items["off"]["last"]) == (False, None, None)


def test_next_shows_all_items_in_the_order_of_time(place):
    told = place("next", "schedule.yaml", "--count", "30", "--json").json["occurrences"]
    assert len(told) == 30
    assert [each["utc"] for each in told] == sorted(each["utc"] for each in told)
    assert {each["item"] for each in told} >= {"nightly", "workdays"}
    assert "off" not in {each["item"] for each in told}
    lines = place("next", "schedule.yaml", "off", "nightly", "--count", "3").out.splitlines()
    assert lines[0].split() == ["TIME", "DAY", "ZONE", "ITEM", "NOTE"]
    assert all(line.split()[4] == "off" and line.endswith("not enabled") for line in lines[1:])


def test_next_tells_the_day_of_the_week_on_the_clock_of_the_item(place):
    place.write(
        "schedule.yaml",
        "version: 1\ntimezone: Asia/Tokyo\nitems:\n  - {id: m, at: [2037-02-01T23:30Z], flow_yaml: flow.yaml}\n",
    )
    lines = place("next", "schedule.yaml").out.splitlines()
    assert lines[1:] == ["2037-02-02 08:30:00+09:00  Mon  Asia/Tokyo  m"]


def test_explain_marks_the_jumps_of_the_clock(place):
    spring = place("explain", "schedule.yaml", "nightly", "--from", "2027-03-27", "--count", "3")
    assert spring.out.splitlines() == [
        "nightly: cron 30 2 * * *, Europe/Berlin",
        "TIME                       DAY  UTC                   NOTE",
        "2027-03-27 02:30:00+01:00  Sat  2027-03-27 01:30:00Z",
        "2027-03-28 03:00:00+02:00  Sun  2027-03-28 01:00:00Z  the clock jumped from 02:00 to 03:00 on 2027-03-28; moved from 02:30, which the clock leaves out",
        "2027-03-29 02:30:00+02:00  Mon  2027-03-29 00:30:00Z",
    ]
    autumn = place("explain", "schedule.yaml", "nightly", "--from", "2026-10-25", "--count", "2", "--json").json
    assert (autumn["dst"], autumn["timezone"]) == ("twice", "Europe/Berlin")
    assert [(each["local"], [mark["kind"] for mark in each["marks"]]) for each in autumn["occurrences"]] == [
        ("2026-10-25T02:30:00+02:00", ["repeated_time"]),
        ("2026-10-25T02:30:00+01:00", ["clock_jump", "repeated_time"]),
    ]


def test_explain_tells_a_jump_of_half_an_hour_where_it_is_on_the_clock(place):
    place.write(
        "island.yaml",
        'version: 1\ntimezone: Australia/Lord_Howe\nitems: [{id: i, cron: "0 12 * * *", flow_yaml: flow.yaml}]\n',
    )
    told = place("explain", "island.yaml", "i", "--from", "2026-10-03", "--count", "2", "--json").json
    assert [(each["local"], [mark["text"] for mark in each["marks"]]) for each in told["occurrences"]] == [
        ("2026-10-03T12:00:00+10:30", []),
        ("2026-10-04T12:00:00+11:00", ["the clock jumped from 02:00 to 02:30 on 2026-10-04"]),
    ]


def test_explain_marks_days_that_the_calendar_leaves_out_but_not_weekends(place):
    told = place("explain", "schedule.yaml", "workdays", "--from", "2026-12-18", "--count", "5", "--json").json
    assert [(each["local"][:10], [mark["text"] for mark in each["marks"]]) for each in told["occurrences"]] == [
        ("2026-12-18", []),
        ("2026-12-21", []),
        ("2026-12-22", []),
        ("2026-12-23", []),
        ("2026-12-25", ["not on 2026-12-24: a closed day"]),
    ]


def test_explain_names_holidays_and_the_days_that_times_were_moved_from(place):
    place.write(
        "moved.yaml",
        """\
version: 1
timezone: Europe/Berlin
calendars: {bavaria: {holidays: {country: DE, subdivision: BY}}}
items:
  - {id: kept, cron: "0 6 * * *", flow_yaml: flow.yaml, calendar: bavaria}
  - {id: moved, cron: "0 6 24,25 * *", flow_yaml: flow.yaml, calendar: {use: bavaria, otherwise: next}}
""",
    )
    kept = place("explain", "moved.yaml", "kept", "--from", "2026-12-24", "--count", "2", "--json").json
    assert [mark["text"] for mark in kept["occurrences"][1]["marks"]] == ["not on 2026-12-25: Christmas Day"]
    # 25 December 2026 is a Friday.
    moved = place("explain", "moved.yaml", "moved", "--from", "2026-12-24", "--count", "2", "--json").json
    assert [(each["local"], [mark["text"] for mark in each["marks"]]) for each in moved["occurrences"]] == [
        ("2026-12-24T06:00:00+01:00", []),
        ("2026-12-28T06:00:00+01:00", ["moved from 2026-12-25: Christmas Day"]),
    ]


def test_history_says_what_ran_how_long_and_why_it_did_not(place, hour_ago):
    place.remember("nightly", hour_ago, ends=[AGAIN, SUCCESS])
    told = place("history", "schedule.yaml", "--json").json
    (occurrence,) = told["occurrences"]
    assert {key: occurrence[key] for key in ("item", "status", "attempt", "duration_ms", "exit_code", "origin")} == {
        "item": "nightly",
        "status": "SUCCESS",
        "attempt": 2,
        "duration_ms": 5000,
        "exit_code": 0,
        "origin": "SCHEDULE",
    }
    assert told["gaps"] == []
    lines = place("history", "schedule.yaml").out.splitlines()
    assert lines[0].split() == ["ITEM", "TIME", "STATUS", "ATTEMPT", "TOOK", "EXIT", "ORIGIN", "RUN", "WHY"]
    assert lines[1].split()[3:7] == ["SUCCESS", "2", "5.0", "s"]
    assert lines[1].rstrip().endswith(f"  {occurrence['run_id']}"), "also where its output is not kept any more"


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [
        (Status.FAILED, 1, None),
        (Status.FAILED, 2, "its flow or its parameters are wrong"),
        (Status.FAILED, 3, "policy refuses it"),
        (Status.FAILED, 4, "a person must decide"),
        (Status.FAILED, None, "its process could not be started"),
        (Status.TIMED_OUT, None, "it took longer than its item's max_run_seconds"),
        (Status.INTERRUPTED, 143, "somebody stopped it"),
        (Status.SUCCESS, 0, None),
    ],
)
def test_history_says_what_the_exit_code_of_a_run_means(place, hour_ago, status, code, why):
    place.remember("nightly", hour_ago, ends=[(status, Reason.NONE)], exit_code=code)
    (occurrence,) = place("history", "schedule.yaml", "--json").json["occurrences"]
    assert (occurrence["exit_code"], occurrence["why"]) == (code, why)


def test_history_names_a_run_that_has_said_something_though_it_counts_as_no_attempt(place, hour_ago):
    place.remember("nightly", hour_ago)
    run_id = f"nightly-{hour_ago:%Y%m%dT%H%M%S}Z"
    assert run_id not in place("history", "schedule.yaml").out
    outputs = place.state / "outputs" / "nightly"
    outputs.mkdir(parents=True)
    (outputs / f"{run_id}.log").write_text("another process owns the run\n")
    assert f"  {run_id}  " in place("history", "schedule.yaml").out


def test_history_says_until_when_an_attempt_waits(place):
    place.remember("nightly", datetime(2037, 2, 1, 5, tzinfo=UTC), ends=[AGAIN])
    lines = place("history", "schedule.yaml").out.splitlines()
    assert lines[1].endswith("  it failed, and is tried again; not before 2037-02-01 06:00:10+01:00")


def test_history_says_why_an_occurrence_was_skipped(place, hour_ago):
    place("pause", "schedule.yaml", "nightly")
    place.remember("nightly", hour_ago)
    (occurrence,) = place("history", "schedule.yaml", "--status", "skipped", "--json").json["occurrences"]
    assert (occurrence["status"], occurrence["reason"], occurrence["why"]) == (
        "SKIPPED",
        "paused",
        "its item was paused",
    )
    assert place("history", "schedule.yaml").out.splitlines()[1].split()[7:] == [
        *("SCHEDULE", "-", "its", "item", "was", "paused")
    ]


def test_history_tells_of_spans_in_which_nobody_looked(place, hour_ago):
    begin = hour_ago - timedelta(days=2)
    store = open_store(place.state)
    store.register({"nightly": True}, begin)
    due = Due(item="nightly", times=(hour_ago,), looked_until=hour_ago, left_out=(begin, hour_ago - timedelta(days=1)))
    store.account([due], hour_ago)
    store.close()
    told = place("history", "schedule.yaml", "--json").json
    assert [(gap["item"], datetime.fromisoformat(gap["first"])) for gap in told["gaps"]] == [("nightly", begin)]
    shown = place("history", "schedule.yaml")
    assert shown.err.startswith("nightly: nobody looked from 20")
    assert shown.err.endswith("too many occurrences to list were missed\n")
    assert place("history", "schedule.yaml", "--status", "SUCCESS").err == ""
    assert place("history", "schedule.yaml", "failing", "--json").json["gaps"] == []


def test_history_takes_items_status_since_and_limit(place, hour_ago):
    place.remember("nightly", hour_ago, ends=[FAILED])
    place.remember("failing", hour_ago, ends=[SUCCESS])

    def items(*arguments):
        return [each["item"] for each in place("history", "schedule.yaml", *arguments, "--json").json["occurrences"]]

    assert sorted(items()) == ["failing", "nightly"]
    assert items("nightly") == ["nightly"]
    assert items("--status", "success") == ["failing"]
    assert len(items("--since", "2h")) == 2
    assert items("--since", "10m") == []
    assert len(items("--limit", "1")) == 1
    assert len(items("--since", f"{hour_ago.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00")) == 2


def test_history_knows_items_that_are_no_longer_in_the_file(place, hour_ago):
    place.remember("gone", hour_ago, ends=[SUCCESS])
    assert place("history", "schedule.yaml", "gone", "--json").json["occurrences"][0]["item"] == "gone"
    assert place("history", "schedule.yaml", "never", "--json").error == "AF-SCHEDULE-ITEM-UNKNOWN"


def test_validate_answers_for_all_files_with_the_worst(place):
    place.write("wrong.yaml", "version: 1\ntimezone: Mars/Base\nitems: [{id: a, flow_yaml: flow.yaml}]\n")
    answer = place("validate", "schedule.yaml", "wrong.yaml")
    assert answer.code == 2
    assert answer.out.splitlines() == ["OK: schedule.yaml", "INVALID: wrong.yaml (2 errors)"]
    assert "wrong.yaml:2:11: error AF-SCHEDULE-ZONE" in answer.err
    told = place("validate", "schedule.yaml", "wrong.yaml", "--json").json
    assert (told["ok"], told["exit_code"]) == (False, 2)
    assert [each["ok"] for each in told["schedules"]] == [True, False]
    alone = place("validate", "wrong.yaml", "--json").json
    assert sorted(each["code"] for each in alone["errors"]) == ["AF-SCHEDULE-TRIGGER", "AF-SCHEDULE-ZONE"]
    annotated = place("validate", "wrong.yaml", "--github")
    assert annotated.out.startswith("::error file=wrong.yaml,line=2,col=11,title=AF-SCHEDULE-ZONE::")
    assert place("validate", "missing.yaml", "--json").code == 2


def test_status_of_a_schedule_that_nobody_runs_is_not_ready(place):
    answer = place("status", "schedule.yaml")
    assert (answer.code, answer.out) == (1, "no scheduler lives: 0 running, 0 waiting\n")
    told = place("status", "schedule.yaml", "--json")
    assert (told.code, told.json) == (1, {"ready": False, "schedulers": [], "running": 0, "waiting": 0})
    assert place("status", "missing.yaml", "--json").code == 2


def test_occurrence_that_waits_is_told_what_for(place):
    place("trigger", "schedule.yaml", "nightly")

    (occurrence,) = place("history", "schedule.yaml", "--json").json["occurrences"]

    assert (occurrence["status"], occurrence["reason"]) == ("WAITING", None)
    assert occurrence["why"] == "its turn has not come: a limit, the one before it, a pause, or no scheduler"
