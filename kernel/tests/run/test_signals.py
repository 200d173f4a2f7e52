"""Signals are heard wherever the system delivers them."""

from __future__ import annotations

import pytest

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
