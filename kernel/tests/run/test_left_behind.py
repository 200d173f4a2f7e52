"""Threads that nobody waits for don't keep the process from leaving, however the run ended."""

from __future__ import annotations

import json

import pytest
from kernel.tests.run.test_resume import wait_for

pytestmark = pytest.mark.acceptance

#: Python waits at its end for the threads of a pool, which no step that is left behind ends.
STEPS = """
import apsw
import time
from concurrent.futures import ThreadPoolExecutor
from aetherflow.kernel.api import NoOutputs, Rerun, StepContext, register_step


@register_step("pool", rerun=Rerun.SAFE)
def pool(context: StepContext) -> NoOutputs:
    with ThreadPoolExecutor(1) as threads:
        (context.project / "ready").touch()
        threads.submit(time.sleep, 600).result()
    return NoOutputs()


@register_step("sql", rerun=Rerun.SAFE)
def sql(context: StepContext, statement: str) -> NoOutputs:
    while not (context.project / "ready").exists():
        time.sleep(0.02)
    connection = apsw.Connection(str(context.project / ".aetherflow/state/ledger.sqlite"))
    connection.set_busy_timeout(30_000)
    connection.execute(statement)
    connection.close()
    return NoOutputs()


@register_step("either", rerun=Rerun.SAFE)
def either(context: StepContext, number: int, statement: str) -> NoOutputs:
    return pool(context) if number == 1 else sql(context, statement)
"""


def end_of(project, flow):
    project.write("steps/pool.py", STEPS)
    running = project.start("run", project.write("flow.yaml", flow), "--json")
    try:
        wait_for((project.folder / "ready").exists)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
    return running.returncode, json.loads(out), err


def test_where_another_process_goes_on_with_the_run(project):
    code, told, err = end_of(
        project,
        """
        version: 1
        flow: {id: left, concurrency: {max_parallel_jobs: 2}}
        jobs:
          - {id: a, steps: [{id: s, type: pool}]}
          - {id: b, steps: [{id: s, type: sql, inputs: {statement: "UPDATE runs SET starts = starts + 1"}}]}
        """,
    )
    assert (code, told["errors"][0]["code"]) == (75, "AF-RUN-TAKEN"), err


def test_where_an_item_of_a_job_that_broke_goes_on(project):
    """The job's thread is gone, and nobody waits for the items that it started."""
    code, told, err = end_of(
        project,
        """
        version: 1
        flow: {id: left}
        jobs:
          - id: a
            steps:
              - id: s
                type: either
                inputs: {number: "{{item}}", statement: "UPDATE runs SET starts = starts + 1"}
                foreach: {items: [1, 2], max_parallel: 2}
        """,
    )
    assert (code, told["errors"][0]["code"]) == (75, "AF-RUN-TAKEN"), err


def test_where_the_lock_of_the_flow_was_lost_and_the_result_says_so_once(project):
    code, told, err = end_of(
        project,
        """
        version: 1
        flow: {id: left, locks: {scope: flow, ttl_seconds: 5}, concurrency: {max_parallel_jobs: 2}}
        jobs:
          - {id: a, steps: [{id: s, type: pool}]}
          - {id: b, steps: [{id: s, type: sql, inputs: {statement: "UPDATE locks SET held = 0"}}]}
        """,
    )
    assert (code, told["status"], told["exit_code"]) == (1, "LOCK_LOST", 1), err
    assert {job["job_id"]: job["status"] for job in told["jobs"]} == {"a": "INTERRUPTED", "b": "SUCCESS"}
    assert err.count("the lock of the flow was lost") == 1
