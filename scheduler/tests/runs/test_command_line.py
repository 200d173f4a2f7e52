"""The command line of an occurrence."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aetherflow.kernel.api import InvalidInput
from aetherflow.scheduler.runs.command_line import Surroundings, command_of

pytestmark = pytest.mark.unit

SURROUNDINGS = Surroundings(folder=Path("/schedules"), state=Path("/state"), environment={"PATH": "/bin"})
OUTPUT = Path("/state/outputs/nightly/run.log")


def test_command_line_names_run_and_time_on_the_items_clock(item, occurrence):
    command = command_of(item(max_run_seconds=5), occurrence(), SURROUNDINGS, output=OUTPUT)
    assert command.arguments == (
        *(sys.executable, "-P", "-m", "aetherflow.kernel", "run", "/flows/sales.yaml"),
        *("--run-id", "nightly-20261126T050000Z", "--scheduled-time", "2026-11-26T06:00:00+01:00"),
    )
    assert (command.cwd, command.stdout, command.stderr) == (Path("/schedules"), OUTPUT, OUTPUT)
    assert command.timeout_seconds == 5


def test_job_profile_and_parameters_are_handed_over(item, occurrence):
    params = {"day": "{{run.date}}", "count": 3, "deep": {"a": [1, "ü"]}, "is_on": True, "none": None}
    command = command_of(
        item(flow_job="load", profile="locked", params=params), occurrence(), SURROUNDINGS, output=OUTPUT
    )
    assert command.arguments[10:] == (
        *("--flow-job", "load", "--profile", "locked"),
        *("--param", "day=2026-11-26", "--param", "count=3", "--param", 'deep={"a": [1, "\\u00fc"]}'),
        *("--param", "is_on=true", "--param", "none=null"),
    )


def test_date_is_that_of_the_items_clock(item, occurrence):
    late = occurrence(scheduled_for=datetime(2026, 11, 26, 23, 30, tzinfo=UTC))
    command = command_of(item(params={"day": "{{run.date}}"}), late, SURROUNDINGS, output=OUTPUT)
    assert command.arguments[-1] == "day=2026-11-27"


def test_schedulers_profile_counts_for_items_that_name_none(item, occurrence):
    surroundings = Surroundings(folder=Path("/"), state=Path("/"), environment={}, profile="narrow")
    command = command_of(item(), occurrence(), surroundings, output=OUTPUT)
    assert command.arguments[-2:] == ("--profile", "narrow")


def test_runs_don_t_speak_to_systemd_in_the_schedulers_place(item, occurrence):
    environment = {"PATH": "/bin", "NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}
    surroundings = Surroundings(folder=Path("/"), state=Path("/"), environment=environment)
    assert command_of(item(), occurrence(), surroundings, output=OUTPUT).environment == {"PATH": "/bin"}


def test_parameter_that_no_command_line_takes_is_refused(item, occurrence):
    with pytest.raises(InvalidInput) as caught:
        command_of(item(params={"text": "a\0b"}), occurrence(), SURROUNDINGS, output=OUTPUT)
    assert caught.value.problem.code == "AF-PARAMETER-TEXT"
