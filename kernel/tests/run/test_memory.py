"""Memory stays flat while a long flow runs: it grows with what the flow says, and hardly with what was done."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.acceptance

STEPS, EARLY, LATE = 10_000, 2_000, 9_000
#: What may stay of a step that was done, in bytes: how it ended, for the result of the run.
KEPT = 256
PROGRAM = """
import json, pathlib, sys
from aetherflow.kernel.api import RunRequest, run_flow

flow, *moments = sys.argv[1:]
resident, ended = {}, 0

def look(event):
    global ended
    if event.name == "step_end":
        ended += 1
        if str(ended) in moments:
            lines = pathlib.Path("/proc/self/status").read_text().splitlines()
            resident[ended] = int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024

result = run_flow(pathlib.Path(flow), RunRequest(run_id="r1"), on_event=look)
print(json.dumps([str(result.status), ended, list(resident.values())]))
"""


def test_memory_does_not_grow_with_the_steps_that_are_done(project):
    project.write(
        "steps/tiny.py",
        """
        from aetherflow.kernel.api import Rerun, StepContext, StepOutputs, register_step

        class Out(StepOutputs):
            text: str

        @register_step("tiny", rerun=Rerun.SAFE)
        def tiny(context: StepContext, number: int) -> Out:
            return Out(text=f"step {number} " + "x" * 200)
        """,
    )
    steps = "".join(f"      - {{id: s{number}, type: tiny, inputs: {{number: {number}}}}}\n" for number in range(STEPS))
    flow = project.folder / "flow.yaml"
    flow.write_text(f"version: 1\nflow: {{id: long}}\njobs:\n  - id: j\n    steps:\n{steps}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(flow), str(EARLY), str(LATE)],
        check=True, capture_output=True, text=True, env=project.environ(), cwd=project.folder,
    )  # fmt: skip
    status, ended, (early, late) = json.loads(done.stdout)
    assert (status, ended) == ("SUCCESS", STEPS)
    assert (late - early) / (LATE - EARLY) < KEPT
