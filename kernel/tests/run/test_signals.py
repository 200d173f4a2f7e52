"""Signals are heard wherever the system delivers them."""

from __future__ import annotations

import signal
import time

import pytest
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
    running.send_signal(signal.SIGTERM)
    # Two of a kind that come at the same time are one.
    time.sleep(0.5)
    running.send_signal(signal.SIGTERM)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 143
    assert "still busy when it was to stop at once" in told
    assert "grace" not in told
