"""A process that a step starts has its three standard streams, and nothing of the run (R25)."""

from __future__ import annotations

import sys

import pytest

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists the descriptors of a process"),
]

STEPS = """
import os
import subprocess
import sys

from aetherflow.kernel.api import Command, Rerun, StepContext, StepOutputs, register_step

LOOK = "import os; print(*sorted(int(name) for name in os.listdir('/proc/self/fd'))[:-1])"


class Seen(StepOutputs):
    seen: str


@register_step("look", rerun=Rerun.SAFE)
def look(context: StepContext, how: str) -> Seen:
    # In the middle of publishing, when most is open.
    with context.publish(context.artifacts / "file") as temporary, context.staged_folder(context.artifacts / "folder"):
        temporary.touch()
        if how == "subprocess":
            found = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, check=True).stdout
        elif how == "system":
            found = os.popen(f'{sys.executable} -c "{LOOK}"').read().encode()
        else:
            found = context.spawn(Command(arguments=(sys.executable, "-c", LOOK), environment={}, cwd=context.artifacts, stdout="capture")).stdout
    return Seen(seen=found.decode().strip())
"""


@pytest.mark.parametrize("how", ["spawn", "subprocess", "system"])
def test_child_has_its_standard_streams_and_nothing_else(project, how):
    project.write("steps/looking.py", STEPS)
    flow = project.write(
        "flow.yaml",
        f"""
        version: 1
        flow: {{id: look}}
        jobs: [{{id: j, steps: [{{id: s, type: look, inputs: {{how: {how}}}, outputs: {{seen: "{{{{result.seen}}}}"}}}}]}}]
        """,
    )
    answer = project.aetherflow("run", flow, "--json")
    assert answer.code == 0, answer.out
    assert answer.json["jobs"][0]["outputs"]["seen"] == "0 1 2"
