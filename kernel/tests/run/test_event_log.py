"""What a scheduler tells: its lines, its observers, and that neither holds it up or grows with it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import textwrap
import tracemalloc
from contextlib import suppress

import pytest

from aetherflow.kernel.api import OccurrenceEnded, open_event_log
from aetherflow.kernel.check.preparation import find_surroundings
from aetherflow.kernel.run.event_log import EventLog

pytestmark = pytest.mark.integration

WATCH = """
import json, pathlib
from aetherflow.kernel.api import hookimpl

@hookimpl
def aetherflow_event(event, context):
    with (context.project / "seen").open("a") as lines:
        lines.write(json.dumps([event.name, getattr(event, "item", ""), getattr(event, "message", "")]) + "\\n")
"""
STUCK = """
import threading
from aetherflow.kernel.api import hookimpl

@hookimpl
def aetherflow_event(event, context):
    threading.Event().wait()
"""
REFUSING = """
from aetherflow.kernel.api import InvalidInput, hookimpl

@hookimpl
def aetherflow_observe(context):
    raise InvalidInput("no such place", code="AF-WATCH-PLACE")

@hookimpl
def aetherflow_event(event, context):
    pass
"""
TELLING = """
import logging, os, sys
from pathlib import Path
from aetherflow.kernel.api import AetherFlowError, OccurrenceEnded, OccurrenceStarted, SchedulerLogged, open_event_log

AT = "2026-03-01T06:00:00+01:00"
try:
    with open_event_log(Path("schedule.yaml")) as log:
        log.tell(SchedulerLogged(at=1.5, flow_id="", run_id="", level="INFO", message="started", fields={"items": 2}))
        log.tell(OccurrenceStarted(at=2.0, flow_id="sales", run_id="nightly-1", item="nightly", scheduled_for=AT, attempt=1, late_seconds=0.25))
        log.tell(OccurrenceEnded(at=3.0, flow_id="sales", run_id="nightly-1", item="nightly", scheduled_for=AT, status="SUCCESS", attempt=1, exit_code=0, duration_ms=1000))
        log.tell(OccurrenceEnded(at=4.0, flow_id="", run_id="", item="weekly", scheduled_for=AT, status="MISSED", reason="too_old", attempt=0, duration_ms=0))
        logging.getLogger("croniter").warning("odd %s", os.environ.get("MY_TOKEN"))
    if log.has_left_behind:
        print("left behind", flush=True)
        os._exit(0)
except AetherFlowError as error:
    print(error.problem.code, int(error.exit_code))
"""


def told_by(project, **environment):
    """A process that tells what a scheduler does."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(TELLING)],
        cwd=project.folder,
        env=project.environ(AETHERFLOW_PLUGIN_PATHS="", TZ="UTC", **environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def project(project):
    project.folder.mkdir(exist_ok=True)
    return project


def ended(number):
    return OccurrenceEnded(
        at=float(number),
        flow_id="sales",
        run_id=f"nightly-{number}",
        item="nightly",
        scheduled_for=f"2026-03-01T06:00:00.{number % 1000:03d}+01:00",
        status="FAILED",
        reason=f"reason {number}",
        attempt=1,
        exit_code=1,
        duration_ms=number,
    )


def test_lines_for_people_say_what_became_of_each_occurrence(project):
    answer = told_by(project, MY_TOKEN="s3cret-and-long")

    assert (answer.returncode, answer.stdout) == (0, "")
    assert answer.stderr.splitlines()[:4] == [
        "1970-01-01 00:00:01.500 INFO    scheduler_log message=started items=2",
        "1970-01-01 00:00:02.000 INFO    occurrence_start item=nightly scheduled_for=2026-03-01T06:00:00+01:00 attempt=1 late_seconds=0.25 flow_id=sales run_id=nightly-1",
        "1970-01-01 00:00:03.000 INFO    occurrence_end item=nightly scheduled_for=2026-03-01T06:00:00+01:00 status=SUCCESS attempt=1 exit_code=0 duration_ms=1000 flow_id=sales run_id=nightly-1",
        "1970-01-01 00:00:04.000 WARNING occurrence_end item=weekly scheduled_for=2026-03-01T06:00:00+01:00 status=MISSED reason=too_old attempt=0 duration_ms=0",
    ]
    assert answer.stderr.splitlines()[4].endswith('log logger=croniter message="odd ***"')


def test_lines_for_machines_are_json_and_the_level_counts(project):
    answer = told_by(project, AETHERFLOW_LOG_FORMAT="json", AETHERFLOW_LOG_LEVEL="WARNING")

    lines = [json.loads(line) for line in answer.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["occurrence_end", "log"]
    assert lines[0] == {
        "ts_ms": 4000,
        "level": "WARNING",
        "event": "occurrence_end",
        "item": "weekly",
        "scheduled_for": "2026-03-01T06:00:00+01:00",
        "status": "MISSED",
        "reason": "too_old",
        "attempt": 0,
        "duration_ms": 0,
    }


def test_observers_that_are_granted_hear_everything_in_order(project, plant):
    plant("watch", WATCH)

    answer = told_by(project)

    assert answer.returncode == 0, answer.stderr
    assert [json.loads(line) for line in project.lines("seen")] == [
        ["scheduler_log", "", "started"],
        ["occurrence_start", "nightly", ""],
        ["occurrence_end", "nightly", ""],
        ["occurrence_end", "weekly", ""],
    ]


def test_observer_that_is_not_granted_hears_nothing(project, plant):
    plant("watch", WATCH)
    project.write("aetherflow.yaml", "profiles: {internal_fast: {plugins: {hooks: {}}}}")

    assert told_by(project).returncode == 0
    assert project.lines("seen") == []


def test_observer_that_refuses_keeps_it_from_opening(project, plant):
    plant("watch", REFUSING, hooks=("aetherflow_event", "aetherflow_observe"))

    answer = told_by(project)

    assert answer.stdout == "AF-WATCH-PLACE 2\n"
    assert answer.stderr == ""


@pytest.mark.slow
def test_observer_that_hangs_is_left_behind_and_the_others_hear_everything(project, plant):
    plant("stuck", STUCK)
    plant("watch", WATCH)

    answer = told_by(project)

    assert (answer.returncode, answer.stdout) == (0, "left behind\n")
    assert "observer stuck is still busy: it is left behind" in answer.stderr
    assert len(project.lines("seen")) == 4


def test_wrong_settings_are_refused_before_anything_is_told(project):
    answer = told_by(project, AETHERFLOW_LOG_LEVEL="LOUD")

    assert answer.stdout.endswith(" 2\n")
    assert answer.stderr == ""


def test_process_that_opens_it_has_its_own_logging_and_warnings_back_afterwards(project, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    import logging
    import warnings

    before = (logging.getLogger().handlers[:], logging.getLogger().level, warnings.showwarning)
    with open_event_log(project.folder, environment={}) as log:
        log.tell(ended(1))
    assert (logging.getLogger().handlers[:], logging.getLogger().level, warnings.showwarning) == before
    assert stream.getvalue().count("\n") == 1
    assert not log.has_left_behind


def test_memory_stays_flat_however_much_is_told_to_a_pipe_that_nobody_reads(project):
    reading, writing = os.pipe()
    surroundings = find_surroundings(project.folder, profile=None, environ={})
    file = os.fdopen(writing, "w")
    log = EventLog(surroundings, file)
    for number in range(15_000):
        log.tell(ended(number))
    tracemalloc.start()
    for number in range(15_000, 30_000):
        log.tell(ended(number))
    # What waits was made before the measure or within it: the texts that are there now, and no more of them.
    first, _ = tracemalloc.get_traced_memory()
    for number in range(30_000, 60_000):
        log.tell(ended(number))
    second, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    os.close(reading)
    log.close()
    with suppress(BrokenPipeError):
        file.close()
    assert abs(second - first) < 200_000
