"""What can be looked at and done while somebody is editing the schedule file, and it is wrong."""

from __future__ import annotations

import pytest

from aetherflow.scheduler.occurrences.records import Reason, Status

pytestmark = pytest.mark.acceptance

SUCCESS = (Status.SUCCESS, Reason.NONE)
NOTE = "note: schedule.yaml has errors, which `aetherflow-scheduler validate` tells"


@pytest.fixture(
    params=["items: [\n", "version: 1\ntimezone: Mars/Base\nitems: []\n", ""], ids=["yaml", "zone", "empty"]
)
def wrong(request, place, hour_ago):
    """A schedule that somebody has run, and then broken."""
    place.remember("nightly", hour_ago, ends=[SUCCESS])
    place.write("schedule.yaml", request.param)
    return place


def test_what_is_remembered_is_told_in_utc(wrong, hour_ago):
    answer = wrong("history", "schedule.yaml", "nightly")

    assert answer.code == 0
    assert f"nightly  {hour_ago:%Y-%m-%d %H:%M:%S}+00:00  SUCCESS" in answer.out
    assert answer.err.startswith(NOTE)


def test_what_runs_can_be_paused_and_resumed(wrong):
    paused = wrong("pause", "schedule.yaml", "nightly", "--json")
    resumed = wrong("resume", "schedule.yaml", "nightly")

    assert paused.json == {"items": [{"id": "nightly", "paused": True, "changed": True}]}
    assert resumed.out == "resumed: nightly\n"


def test_item_that_nobody_knows_is_refused(wrong):
    answer = wrong("pause", "schedule.yaml", "nigthly")

    assert (answer.code, answer.out) == (2, "")
    assert "did you mean 'nightly'?" in answer.err


def test_file_that_nobody_has_run_is_told_as_wrong(place):
    place.write("schedule.yaml", "items: [\n")

    answer = place("history", "schedule.yaml", "--json")

    assert (answer.code, answer.error) == (2, "AF-YAML-SYNTAX")
    assert not place.state.exists()


def test_machine_without_a_database_of_zones_knows_utc_and_says_what_to_install(place, tmp_path):
    place.environment["PYTHONTZPATH"] = str(tmp_path / "nothing")
    place.write("utc.yaml", 'version: 1\ntimezone: UTC\nitems: [{id: it, cron: "0 6 * * *", flow_yaml: flow.yaml}]\n')

    told = place("explain", "utc.yaml", "it", "--from", "2026-11-26", "--count", "1", "--json").json
    refused = place("validate", "schedule.yaml")

    assert told["occurrences"][0]["local"] == "2026-11-26T06:00:00+00:00"
    assert refused.code == 2
    assert "there is no time zone 'Europe/Berlin'\n" in refused.err
    assert "help: this machine knows UTC alone: install tzdata" in refused.err
