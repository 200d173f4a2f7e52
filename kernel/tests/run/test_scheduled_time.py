"""Runs that a scheduler starts: what `--scheduled-time` settles, and what is refused."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from aetherflow.kernel.api import InvalidInput, RunRequest, run_flow

pytestmark = pytest.mark.acceptance

FLOW = """
version: 1
flow: {id: daily, timezone: Pacific/Auckland}
params:
  day: {type: date, default: "{{run.date}}"}
jobs:
  - id: tell
    steps:
      - id: say
        type: say
        inputs: {value: "{{run.date}} {{params.day}} {{run.scheduled_time:never}}"}
        outputs: {told: "{{result.value}}"}
"""
MIDNIGHT_IN_BERLIN = "2026-03-01T00:30:00+01:00"


@pytest.fixture
def project(project):
    project.write("daily.yaml", FLOW)
    return project


def run(project, *options):
    return project.aetherflow("run", "daily.yaml", *options, "--json")


def told(answer):
    assert answer.code == 0, answer.out + answer.err
    return answer.json["jobs"][0]["outputs"]["told"]


@pytest.mark.parametrize(
    ("given", "date", "settled"),
    [
        (MIDNIGHT_IN_BERLIN, "2026-03-01", MIDNIGHT_IN_BERLIN),
        ("2026-02-28T23:30:00Z", "2026-02-28", "2026-02-28T23:30:00+00:00"),
        ("20260228T233000.5-0930", "2026-02-28", "2026-02-28T23:30:00.500000-09:30"),
    ],
)
def test_scheduled_time_settles_the_local_date_whatever_the_zone_of_the_flow(project, given, date, settled):
    answer = run(project, "--scheduled-time", given)

    assert told(answer) == f"{date} {date} {settled}"


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-03-01", "2026-03-01T00:30:00", "2026-03-01 00:30:00+01:00", "2026-02-30T00:30:00Z", "2026-03-01T25:00Z", "1772321400", "2026-03-01T00:30:00+25:00"],
)  # fmt: skip
def test_what_is_no_time_with_an_offset_is_refused_before_anything_is_kept(project, text):
    answer = run(project, f"--scheduled-time={text}")

    assert answer.code == 2
    assert answer.json["errors"][0]["code"] == "AF-USAGE"
    assert "2026-01-31T06:00:00+01:00" in answer.json["errors"][0]["help"]
    assert not (project.folder / ".aetherflow").exists()


@pytest.mark.parametrize("again", [[], ["--scheduled-time", MIDNIGHT_IN_BERLIN], ["--scheduled-time", "2026-02-28T23:30:00Z"]])  # fmt: skip
def test_later_start_may_leave_it_out_or_give_the_same_moment(project, again):
    run(project, "--run-id", "one", "--scheduled-time", MIDNIGHT_IN_BERLIN)

    answer = run(project, "--run-id", "one", *again, "--from", "say")

    assert told(answer) == f"2026-03-01 2026-03-01 {MIDNIGHT_IN_BERLIN}"


@pytest.mark.parametrize("first", [["--scheduled-time", "2026-03-02T00:30:00+01:00"], []])
def test_later_start_with_another_moment_is_refused(project, first):
    run(project, "--run-id", "one", *first)

    answer = run(project, "--run-id", "one", "--scheduled-time", MIDNIGHT_IN_BERLIN, "--from", "say")

    assert (answer.code, answer.json["errors"][0]["code"]) == (2, "AF-PARAMETER-FIXED")


def test_plan_tells_it_and_a_kept_plan_runs_with_it(project):
    shown = project.aetherflow("plan", "daily.yaml", "--scheduled-time", MIDNIGHT_IN_BERLIN)
    planned = project.aetherflow(
        "plan", "daily.yaml", "--scheduled-time", MIDNIGHT_IN_BERLIN, "--out", "plan.json", "--json"
    )
    answer = project.aetherflow("run", "--plan", "plan.json", "--json")

    assert f"  scheduled   {MIDNIGHT_IN_BERLIN}\n" in shown.out
    assert planned.json["request"]["scheduled_time"] == MIDNIGHT_IN_BERLIN
    assert (planned.json["run"]["date"], planned.json["run"]["scheduled_time"]) == ("2026-03-01", MIDNIGHT_IN_BERLIN)
    assert told(answer) == f"2026-03-01 2026-03-01 {MIDNIGHT_IN_BERLIN}"


def test_plan_of_an_earlier_version_which_does_not_say_it_still_runs(project):
    kept = project.aetherflow("plan", "daily.yaml", "--param", "day=2026-05-05", "--json").json
    del kept["request"]["scheduled_time"]
    project.write("plan.json", json.dumps(kept))

    answer = project.aetherflow("run", "--plan", "plan.json", "--json")

    assert told(answer).endswith("2026-05-05 never")


@pytest.mark.parametrize("scheduled_time", ["2026-02-30T00:00:00Z", "2026-02-28T00:00:00", 5, ["2026"]])
def test_plan_with_a_scheduled_time_that_is_none_is_refused(project, scheduled_time):
    kept = project.aetherflow("plan", "daily.yaml", "--json").json
    kept["request"]["scheduled_time"] = scheduled_time
    project.write("plan.json", json.dumps(kept))

    answer = project.aetherflow("run", "--plan", "plan.json", "--json")

    assert (answer.code, answer.json["errors"][0]["code"]) == (2, "AF-PLAN-FILE")


def test_kept_plan_takes_no_scheduled_time_besides(project):
    project.aetherflow("plan", "daily.yaml", "--out", "plan.json")

    answer = project.aetherflow("run", "--plan", "plan.json", "--scheduled-time", MIDNIGHT_IN_BERLIN, "--json")

    assert (answer.code, answer.json["errors"][0]["code"]) == (2, "AF-USAGE")


def test_program_that_gives_a_time_without_an_offset_is_refused(project):
    request = RunRequest(scheduled_time=datetime(2026, 3, 1))  # noqa: DTZ001 - what is refused

    with pytest.raises(InvalidInput, match=r"2026-03-01T00:00:00 has no offset"):
        run_flow(
            project.folder / "daily.yaml", request, environ={"AETHERFLOW_PLUGIN_PATHS": str(project.folder / "steps")}
        )


@pytest.mark.parametrize("command", ["run", "plan"])
def test_flow_that_names_the_time_without_a_default_is_warned_about_only_where_none_is_given(project, command):
    project.write("daily.yaml", FLOW.replace(":never", ""))

    scheduled = project.aetherflow(command, "daily.yaml", "--scheduled-time", MIDNIGHT_IN_BERLIN)
    by_hand = project.aetherflow(command, "daily.yaml")

    assert "AF-MAY-BE-MISSING" not in scheduled.err
    assert "daily.yaml:11:25: warning AF-MAY-BE-MISSING: 'run.scheduled_time' may be missing" in by_hand.err
