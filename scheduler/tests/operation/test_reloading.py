"""What the log says of a schedule file that was read again."""

from __future__ import annotations

import signal

import pytest

pytestmark = pytest.mark.integration

CALENDARS = "calendars: {office: {holidays: {country: DE}, closed: [2026-12-24]}}\n"
SAME = "{id: same, cron: 0 6 * * *, flow_yaml: flow.yaml, params: {}, calendar: office, retry: {max_attempts: 2}}"
OTHER = "{id: other, interval: 365d, flow_yaml: flow.yaml}"
GOES = "{id: goes, interval: 365d, flow_yaml: flow.yaml}"
COMES = "{id: comes, interval: 365d, flow_yaml: flow.yaml}"


def test_items_that_came_went_and_were_changed_are_named(schedule, start):
    schedule(SAME, OTHER, GOES, extra=CALENDARS)
    daemon = start()
    daemon.wait_for("schedule_start")

    daemon.send(signal.SIGHUP)
    again = daemon.wait_for("schedule_reload")
    assert again.keys().isdisjoint({"added", "removed", "changed"})

    schedule(SAME, OTHER.replace("}", ", overlap: queue}"), COMES, extra=CALENDARS)
    daemon.send(signal.SIGHUP)
    said = daemon.wait_for("schedule_reload", times=2)
    assert (said["added"], said["removed"], said["changed"]) == ("comes", "goes", "other")
