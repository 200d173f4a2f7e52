"""Logs are lines: one event a line, whatever stands in it, and no secret (S23, D47)."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
import warnings

import pytest
from hypothesis import given, strategies as st

from aetherflow.kernel.contracts.events import (
    JobStarted,
    OccurrenceEnded,
    Status,
    StepEnded,
    StepLogged,
    StepProgressed,
    StepStarted,
)
from aetherflow.kernel.events.bus import EventBus
from aetherflow.kernel.events.library_logs import library_logs
from aetherflow.kernel.events.lines import LineLog, one_line
from aetherflow.kernel.resolve.redaction import Redactor

HOSTILE = [
    "a\nb",
    "a\r\nINFO forged",
    "\x1b[31mred\x1b[0m",
    "a\u2028b",
    "a\u2029b",
    "\u202ereversed",
    "bell\x07",
    "nul\x00",
    "\x85next",
    "\ud800",
]


def log_of(*, as_json, level="INFO", redactor=None):
    stream = io.StringIO()
    return LineLog(stream, redactor=redactor or Redactor(), level=level, as_json=as_json), stream


def logged(message, **fields):
    return StepLogged(
        at=0.5, flow_id="f", run_id="r", job_id="j", step_id="s", level="INFO", message=message, fields=fields
    )


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_on_one_harmless_line(as_json, text):
    log, stream = log_of(as_json=as_json)
    log.handle(logged(text, extra=text, **{text: 1}))
    written = stream.getvalue()
    assert written.endswith("\n")
    assert len(written[:-1].splitlines()) == 1
    assert all(character.isprintable() for character in written[:-1])
    if as_json:
        assert json.loads(written)["message"] == text


@given(st.text())
def test_any_text_stays_printable_and_on_one_line(text):
    assert all(character.isprintable() for character in one_line(text))


ENDED = {"at": 100.25, "flow_id": "f", "run_id": "r", "job_id": "two words", "step_id": 'a"b', "step_type": "t"}


@pytest.mark.parametrize(
    "event",
    [
        JobStarted(at=0.5, flow_id="f", run_id="r", job_id="1"),
        StepStarted(**ENDED, attempt=1),
        StepEnded(**ENDED, status=Status.SUCCESS, duration_ms=0, restored=True),
        StepEnded(**ENDED, status=Status.FAILED, duration_ms=1, error_code="AF-X", reason="why not"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_line_is_the_same_whether_a_secret_is_known_or_not(event):
    redactor = Redactor()
    redactor.add("nowhere-in-the-line")
    (plain, without), (masked, with_one) = log_of(as_json=False), log_of(as_json=False, redactor=redactor)
    for log in (plain, masked):
        log.handle(event)
    assert without.getvalue() == with_one.getvalue()


def test_fields_of_a_step_cannot_forge_the_lines_own():
    log, stream = log_of(as_json=True)
    log.handle(logged("hello", event="run_summary", level="ERROR", ts_ms=0, flow_id="other", status="SUCCESS"))
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["ts_ms"], line["flow_id"]) == ("step_log", "INFO", 500, "f")
    assert line["fields"]["event"] == "run_summary"


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    "secret", ["hunter2hunter2", 'quo"ted\\secret', "two\nlines of secret", "grüße-geheim", "back\\slash\\es"]
)
def test_secret_is_in_no_line_in_any_form(as_json, secret):
    redactor = Redactor()
    redactor.add(secret)
    log, stream = log_of(as_json=as_json, redactor=redactor)
    log.handle(logged(f"the password is {secret}!", nested={"deep": [secret]}, url=f"https://u:{secret}@host"))
    log.handle(
        StepEnded(
            at=1,
            flow_id="f",
            run_id="r",
            job_id="j",
            step_id="s",
            step_type="t",
            status=Status.FAILED,
            duration_ms=1,
            reason=secret,
        )
    )
    written = stream.getvalue()
    for part in (secret, *secret.split("\n"), json.dumps(secret)[1:-1], repr(secret)[1:-1]):
        assert part not in written
    assert written.count("***") >= 3


def test_progress_is_told_now_and_then_and_at_the_end():
    log, stream = log_of(as_json=True)
    for done in range(1, 2001):
        log.handle(
            StepProgressed(
                at=100 + done * 0.01,
                flow_id="f",
                run_id="r",
                job_id="j",
                step_id="s",
                done=done,
                total=2000,
                unit="rows",
            )
        )
    told = [json.loads(line)["done"] for line in stream.getvalue().splitlines()]
    assert told[-1] == 2000
    assert len(told) <= 4


@pytest.mark.parametrize(
    ("status", "level"),
    [
        ("SUCCESS", "INFO"),
        ("SKIPPED", "INFO"),
        ("FAILED", "ERROR"),
        ("TIMED_OUT", "ERROR"),
        ("MISSED", "WARNING"),
        ("CANCELLED", "WARNING"),
        ("INTERRUPTED", "WARNING"),
    ],
)
def test_end_of_an_occurrence_matters_as_much_as_its_status(status, level):
    log, stream = log_of(as_json=True)
    log.handle(
        OccurrenceEnded(
            at=1.5, flow_id="", run_id="a-1", item="a", scheduled_for="", status=status, attempt=1, duration_ms=0
        )
    )
    assert json.loads(stream.getvalue())["level"] == level


def test_what_libraries_say_is_in_the_same_log_line_by_line():
    log, stream = log_of(as_json=True)
    with library_logs(log, "INFO"):
        logging.getLogger("some.library").warning("two\nlines")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old thing", DeprecationWarning, stacklevel=1)
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["log", "log", "thread_error"]
    assert lines[0]["message"] == "two\nlines"
    assert "old thing" in lines[1]["message"]
    assert "ZeroDivisionError" in lines[2]["error"]


def test_what_is_said_through_logging_is_heard_where_it_is_imported_later():
    program = """
import io, sys
from aetherflow.kernel.events.library_logs import library_logs
from aetherflow.kernel.events.lines import LineLog
from aetherflow.kernel.resolve.redaction import Redactor

stream, finders = io.StringIO(), sys.meta_path[:]
with library_logs(LineLog(stream, redactor=Redactor(), level="INFO", as_json=False), "INFO"):
    before = "logging" in sys.modules
    import logging
    logging.getLogger("library").warning("it is heard")
logging.getLogger("library").warning("it is not ours any more")
print(before, stream.getvalue(), sys.meta_path == finders, logging.getLogger().handlers)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("False ")
    assert done.stdout.endswith(" True []\n")
    assert "it is heard" in done.stdout
    assert "any more" not in done.stdout
    assert done.stderr == "it is not ours any more\n"


def test_sink_that_fails_is_told_of_once_and_the_others_go_on():
    class Failing:
        calls = 0

        def handle(self, event):
            self.calls += 1
            raise RuntimeError("broken observer")

        def close(self):
            pass

    class Keeping(list):
        handle = list.append

        def close(self):
            pass

    failing, keeping, told = Failing(), Keeping(), []
    bus = EventBus([failing, keeping], on_failure=lambda sink, error: told.append((sink, str(error))))
    for _ in range(10):
        bus.tell(logged("x"))
    assert len(keeping) == 10
    assert told == [(failing, "broken observer")]
    assert failing.calls == 3
