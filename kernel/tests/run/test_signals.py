"""Signals are heard wherever the system delivers them."""

from __future__ import annotations

import json
import signal

import pytest
from kernel.tests.run.test_connectors import PLUGIN, flow_of
from kernel.tests.run.test_resume import wait_for

pytestmark = pytest.mark.acceptance


def test_a_signal_that_the_system_gives_to_another_thread_stops_the_run(project):
    """As one does that comes just before the main thread begins to wait: neither ends its wait."""
    project.write(
        "steps/signalling.py",
        """
        import signal
        import threading
        from aetherflow.kernel.api import NoOutputs, Rerun, StepContext, StepError, register_step

        @register_step("signal_own_thread", rerun=Rerun.SAFE)
        def signal_own_thread(context: StepContext) -> NoOutputs:
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
            if not context.cancelled.wait(60):
                raise StepError("nobody heard it")
            raise StepError("stopped")
        """,
    )
    flow = project.write(
        "flow.yaml",
        "version: 1\nflow: {id: heard}\njobs: [{id: a, steps: [{id: s, type: signal_own_thread}]}]\n",
    )
    answer = project.aetherflow("run", flow, "--json")
    assert answer.code == 143
    assert answer.json["jobs"][0]["steps"][0]["status"] == "INTERRUPTED"


@pytest.mark.parametrize("more", ["", ", timeout_seconds: 60", ", foreach: {items: [1]}"])
def test_a_step_that_a_second_signal_leaves_behind_is_not_said_to_have_had_the_grace(project, more):
    flow = project.write(
        "flow.yaml",
        f"version: 1\nflow: {{id: f}}\njobs: [{{id: a, steps: [{{id: s, type: hang, inputs: {{ready: ready, obeys: false}}{more}}}]}}]\n",
    )
    running = project.start("run", flow, "--run-id", "r1")
    wait_for((project.folder / "ready").exists)
    # Two of a kind that come at the same time are one, and of two kinds the smaller number is heard first.
    running.send_signal(signal.SIGINT)
    running.send_signal(signal.SIGTERM)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "still busy when it was to stop at once" in told
    assert "grace" not in told


CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}


@pytest.mark.parametrize("number", CODES)
def test_a_signal_before_the_run_began_ends_it_at_once_whatever_the_secrets_hook_does(project, number):
    project.write(
        "hook.py",
        """
        import os
        import time
        from pathlib import Path

        def decode(text):
            Path("ready").touch()
            # It hears of nothing that is raised in it.
            while not Path("let go").exists():
                try:
                    time.sleep(0.02)
                except BaseException:
                    pass
            return text
        """,
    )
    project.write("steps/noting.py", PLUGIN)
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: hooked}
        resources: {used: {kind: db, driver: noting, config: {note: noted, password: xxxxxxxx}, decode: {config: {password: true}}}}
        jobs: [{id: a, steps: [{id: s, type: use, inputs: {resource: used}}]}]
        """,
    )
    running = project.start("run", flow, "--json", AETHERFLOW_SECRETS_PATH=str(project.folder / "hook.py"))
    try:
        wait_for((project.folder / "ready").exists)
        running.send_signal(number)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == CODES[number], err
    assert json.loads(out)["errors"][0]["code"] == "AF-STOPPED"
    assert project.aetherflow("runs", "list", "--json").json == []


def test_a_signal_after_the_end_was_written_cuts_short_what_is_put_away(project):
    """What was done is done; a connector that hangs is not waited for as long as without the signal."""
    hangs = """
    def close(self):
        import time
        Path("closing").touch()
        time.sleep(600)

    def cancel("""
    project.write("steps/noting.py", PLUGIN.replace("\n    def cancel(", hangs))
    flow = flow_of(project, ["{id: s, type: use, inputs: {resource: used}}"])
    running = project.start("run", flow, "--json")
    try:
        wait_for((project.folder / "closing").exists)
        running.send_signal(signal.SIGINT)
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 0, err
    assert json.loads(out)["status"] == "SUCCESS"
    assert "still busy" not in err
