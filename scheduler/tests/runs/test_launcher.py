"""Runs as processes: their output, their ends, and what ends them before their time."""

from __future__ import annotations

import os
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aetherflow.scheduler.occurrences.records import Reason, Status
from aetherflow.scheduler.runs.command_line import Surroundings
from aetherflow.scheduler.runs.launcher import Launcher
from aetherflow.scheduler.runs.outputs import output_file
from aetherflow.scheduler.runs.wake_up import WakeUp
from aetherflow.scheduler.schedules.models import Retry

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 26, 5, 0, 2, tzinfo=UTC)


@pytest.fixture
def wake_up():
    made = WakeUp()
    yield made
    made.close()


@pytest.fixture
def launcher(tmp_path, wake_up):
    """Makes a launcher whose program is a line for the shell; the kernel's arguments are $1 and so on."""

    def make(line, **environment):
        program = ("/bin/sh", "-c", line, "kernel")
        surroundings = Surroundings(
            folder=tmp_path,
            state=tmp_path / "state",
            environment={"PATH": os.environ["PATH"], **environment},
            program=program,
        )
        return Launcher(surroundings, wake_up, now=lambda: NOW)

    return make


@pytest.fixture
def end_of(wake_up):
    def wait(launcher):
        while True:
            ends = launcher.collect()
            if ends:
                assert launcher.working == ()
                (end,) = ends
                return end
            wake_up.sleep(20)

    return wait


def test_run_ends_with_its_exit_code_and_its_output_is_kept_privately(launcher, end_of, item, occurrence, tmp_path):
    launched = launcher('echo "$1 $4 in $PWD"; echo trouble >&2; exit 3')
    launched.start(occurrence(), item())
    end = end_of(launched)
    assert (end.status, end.exit_code, end.ended_at) == (Status.FAILED, 3, NOW)
    file = output_file(tmp_path / "state", occurrence())
    assert file == tmp_path / "state/outputs/nightly/nightly-20261126T050000Z.log"
    assert file.read_text() == (
        "--- nightly-20261126T050000Z: attempt 1 of 1, meant for 2026-11-26T06:00:00+01:00, started 2026-11-26T06:00:02+01:00\n"
        f"run nightly-20261126T050000Z in {tmp_path}\ntrouble\n"
        "--- nightly-20261126T050000Z: FAILED, exit code 3\n"
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_second_attempt_is_appended_behind_a_line_of_its_own(launcher, end_of, item, occurrence, tmp_path):
    launched = launcher("exit 1")
    twice = item(retry=Retry(max_attempts=2, backoff_seconds=30))
    launched.start(occurrence(), twice)
    assert end_of(launched).again_at == datetime(2026, 11, 26, 5, 0, 32, tzinfo=UTC)
    launched.start(occurrence(attempt=2), twice)
    assert end_of(launched).again_at is None
    lines = output_file(tmp_path / "state", occurrence()).read_text().splitlines()
    assert [line.partition(": ")[2].partition(",")[0] for line in lines] == [
        "attempt 1 of 2",
        "FAILED",
        "attempt 2 of 2",
        "FAILED",
    ]


def test_run_is_ended_when_its_time_is_over(launcher, end_of, item, occurrence):
    launched = launcher("exec sleep 60")
    launched.start(occurrence(), item(max_run_seconds=0.1))
    assert end_of(launched).status is Status.TIMED_OUT


def test_run_that_somebody_wants_ended_is_cancelled_once(launcher, end_of, item, occurrence):
    launched = launcher("exec sleep 60")
    launched.start(occurrence(), item(retry=Retry(max_attempts=9)))
    assert launched.cancel(occurrence(reason=Reason.REPLACED), "asked")
    assert not launched.cancel(occurrence(), "asked")
    end = end_of(launched)
    assert (end.status, end.reason, end.again_at) == (Status.CANCELLED, Reason.REPLACED, None)


def test_program_that_is_missing_is_told_in_the_output(item, occurrence, tmp_path, wake_up, end_of):
    surroundings = Surroundings(folder=tmp_path, state=tmp_path, environment={}, program=("/no/such/program",))
    launched = Launcher(surroundings, wake_up, now=lambda: NOW)
    launched.start(occurrence(), item())
    end = end_of(launched)
    assert end.status is Status.FAILED
    assert end.error == "there is no program program"
    assert "AF-PROCESS-NOT-FOUND" in output_file(tmp_path, occurrence()).read_text()


def test_parameter_that_can_t_be_handed_over_fails_the_occurrence_for_good(
    launcher, end_of, item, occurrence, tmp_path
):
    launched = launcher("exit 0")
    launched.start(occurrence(), item(params={"text": "\0"}, retry=Retry(max_attempts=9)))
    end = end_of(launched)
    assert (end.status, end.again_at) == (Status.FAILED, None)
    assert "AF-PARAMETER-TEXT" in output_file(tmp_path / "state", occurrence()).read_text()


def test_output_whose_folder_can_t_be_made_fails_the_occurrence(launcher, end_of, item, occurrence, tmp_path):
    (tmp_path / "state").write_text("in the way")
    launched = launcher("exit 0")
    launched.start(occurrence(), item())
    end = end_of(launched)
    assert end.status is Status.FAILED
    assert end.error == f"{tmp_path / 'state/outputs/nightly'}: Not a directory"


def test_link_in_place_of_the_output_is_not_followed(launcher, end_of, item, occurrence, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    file = output_file(tmp_path / "state", occurrence())
    file.parent.mkdir(parents=True)
    file.symlink_to(victim)
    launched = launcher("echo overwritten")
    launched.start(occurrence(), item())
    end = end_of(launched)
    assert end.status is Status.FAILED
    assert end.error == f"{file}: Too many levels of symbolic links"
    assert victim.read_text() == "untouched"


def test_occurrence_that_is_started_twice_ends_twice(launcher, item, occurrence, wake_up):
    launched = launcher("exit 0")
    for _ in range(2):
        launched.start(occurrence(), item())
    ends = []
    while len(ends) < 2:
        ends += launched.collect()
        wake_up.sleep(0.05)
    assert [end.status for end in ends] == [Status.SUCCESS, Status.SUCCESS]
    assert launched.working == ()


def test_nothing_is_left_of_runs_that_ended(launcher, end_of, item, occurrence):
    launched = launcher("exit 0")
    launched.start(occurrence(), item())
    end_of(launched)
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    for minute in range(1, 6):
        launched.start(occurrence(scheduled_for=datetime(2026, 11, 26, 5, minute, tzinfo=UTC)), item())
        assert end_of(launched).status is Status.SUCCESS
    for thread in threading.enumerate():
        if thread.name.startswith("nightly-"):
            thread.join()
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_time_of_the_next_attempt_is_told_on_the_clock_of_the_item(launcher, end_of, item, occurrence, tmp_path):
    launched = launcher("exit 1")
    launched.start(occurrence(), item(retry=Retry(max_attempts=2, backoff_seconds=60)))
    end_of(launched)
    last = output_file(tmp_path / "state", occurrence()).read_text().splitlines()[-1]
    assert last == "--- nightly-20261126T050000Z: FAILED, exit code 1; again at 2026-11-26T06:01:02+01:00"
