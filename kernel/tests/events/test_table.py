"""The table that people watch: what it shows of jobs while a run goes on, and after it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from aetherflow.kernel.contracts.events import (
    JobEnded,
    JobStarted,
    Status,
    StepEnded,
    StepLogged,
    StepRetried,
    StepStarted,
)
from aetherflow.kernel.events.table import JobTable
from aetherflow.kernel.resolve.redaction import Redactor

RUN = {"at": 1.0, "flow_id": "f", "run_id": "r"}


@pytest.fixture
def table():
    stream = io.StringIO()
    made = JobTable([("work", 1), ("tell", 2), ("tidy", 3)], frozenset({"tell"}), stream, Redactor(), "INFO")
    yield made
    made.close()


def shown(table):
    """The lines of the table as it stands."""
    console = Console(file=io.StringIO(), width=200)
    console.print(table._draw())
    return [line.split() for line in console.file.getvalue().splitlines()[1:]]


def work(table, *, status):
    table.handle(JobStarted(**RUN, job_id="work"))
    table.handle(StepStarted(**RUN, job_id="work", step_id="s", step_type="t", attempt=1))
    table.handle(
        StepRetried(
            **RUN,
            job_id="work",
            step_id="s",
            item="",
            attempt=1,
            wait_seconds=0.0,
            error_code="AF-X",
            reason="broken",
        )
    )
    assert "attempt 1 failed, the next one in 0 s: broken" in " ".join(shown(table)[0])
    table.handle(
        StepEnded(**RUN, job_id="work", step_id="s", step_type="t", status=status, duration_ms=5, reason="broken")
    )
    table.handle(JobEnded(**RUN, job_id="work", status=status, duration_ms=5, reason="broken"))


@pytest.mark.parametrize("status", [Status.FAILED, Status.SUCCESS])
def test_an_attempt_that_failed_is_not_shown_beside_the_end_of_its_job(table, status):
    work(table, status=status)
    assert "attempt" not in " ".join(shown(table)[0])


def test_jobs_at_the_end_have_their_steps_and_those_on_a_failure_are_shown_once_they_ran(table):
    assert [row[:3] for row in shown(table)] == [["work", "PENDING", "0/1"], ["tidy", "PENDING", "0/3"]]
    table.handle(JobStarted(**RUN, job_id="tell"))
    assert [row[:3] for row in shown(table)][1:] == [["tell", "RUNNING", "0/2"], ["tidy", "PENDING", "0/3"]]


@pytest.mark.parametrize(
    ("job_id", "step_id", "line"), [("a", "s", "a.s: said"), ("a", "", "a: said"), ("", "", "said")]
)
def test_what_is_said_has_its_place_where_it_has_one(table, job_id, step_id, line):
    table.handle(StepLogged(**RUN, job_id=job_id, step_id=step_id, level="INFO", message="said", fields={}))
    assert line in table.stream.getvalue().splitlines()
