"""Steps that never stop, what they try after the run has left them behind, and programs that run them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .flows import Project

KINDS = ("sleeps", "busy", "blocked")

PLUGIN = '''
import json
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from aetherflow.kernel.api import (
    Connector, ConnectorModel, Database, NoOptions, Rerun, ResourceUse, StepContext, StepError, StepOutputs,
    register_connector, register_step,
)


class Told(StepOutputs):
    value: object = None


def publish_file(context):
    with context.publish(context.project / "out" / "late.txt") as temporary:
        temporary.write_text("late")


def publish_folder(context):
    final = context.project / "out" / "late"
    with context.staged_folder(final) as folder:
        (folder / "late.txt").write_text("late")
        context.publish_folder(folder, final)


def outcome(attempt, context):
    try:
        attempt(context)
    except StepError as error:
        return error.problem.code
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def try_everything(context):
    attempts = {"publish": publish_file, "publish_folder": publish_folder, "check_fence": lambda c: c.check_fence()}
    told = {name: outcome(attempt, context) for name, attempt in attempts.items()}
    (context.project / "tried.json.new").write_text(json.dumps(told))
    os.rename(context.project / "tried.json.new", context.project / "tried.json")


def wait_and_try(context, left):
    while not left.exists():
        time.sleep(0.01)
    try_everything(context)


@register_step("stubborn", rerun=Rerun.SAFE)
def stubborn(context: StepContext, kind: str) -> Told:
    """Never stop; once the run has gone on without the step, try to put something in place after all."""
    left = context.project / "left"
    (context.project / f"ready.{context.job_id}").touch()
    if kind == "blocked":
        threading.Thread(target=wait_and_try, args=(context, left), daemon=True).start()
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    while not left.exists():
        if kind == "sleeps":
            time.sleep(0.02)
        else:
            sum(range(1000))
    try_everything(context)
    return Told(value="late")


class Place(ConnectorModel):
    hangs: bool = True


@register_connector("db", "hanging")
class Hanging(Connector[Place, NoOptions]):
    """A connector that hangs in all that ends it."""

    protocol = Database

    def open(self):
        pass

    def cancel(self):
        threading.Event().wait()

    def close(self):
        threading.Event().wait()


@register_step("use_hanging", rerun=Rerun.SAFE)
def use_hanging(context: StepContext, resource: Annotated[str, ResourceUse(Database)]) -> Told:
    """Open a connector, and stop when asked to."""
    context.connectors.get(resource, Database)
    (context.project / f"ready.{context.job_id}").touch()
    context.cancelled.wait()
    raise StepError("stopped")


@register_step("say", rerun=Rerun.SAFE)
def say(context: StepContext, fails: bool = False) -> Told:
    """Leave a line, and fail if told to."""
    with (context.project / "said").open("a") as lines:
        lines.write(f"{context.job_id}.{context.step_id}\\n")
    if fails:
        raise StepError("it went wrong")
    return Told(value="x" * 1000)
'''

#: A program that runs a flow inside itself, and lives on when the run has left a step behind.
EMBEDDING = """
import os, sys, threading, time
from pathlib import Path
from aetherflow.kernel.api import RunRequest, run_flow

project = Path(sys.argv[1])
environ = {**os.environ, "AETHERFLOW_PLUGIN_PATHS": str(project / "steps")}
began = time.monotonic()
result = run_flow(project / "flow.yaml", RunRequest(run_id="r"), environ=environ)
(project / "left").touch()
while not (project / "tried.json").exists():
    time.sleep(0.02)
if sys.argv[2] != "blocked":
    for thread in threading.enumerate():
        if thread.name == "aetherflow-steps":
            thread.join(10)
print(result.status, flush=True)
os._exit(0)
"""


def start_embedded(project: Project, kind: str) -> subprocess.Popen[str]:
    """A program of somebody else's with a flow of one stubborn step in it."""
    return project.start(sys.executable, "-c", EMBEDDING, str(project.folder), kind)


def write_stubborn_flow(project: Project, kinds: tuple[str, ...], **step: object) -> None:
    """A flow in which each of these stubborn steps has a job."""
    project.write("steps/stubborn.py", PLUGIN)
    project.write_flow(
        [{"id": kind, "steps": [{"id": "s", "type": "stubborn", "inputs": {"kind": kind}, **step}]} for kind in kinds]
    )


def tried(project: Project) -> dict[str, str]:
    """What a stubborn step told of its attempts to put something in place."""
    return dict(json.loads((project.folder / "tried.json").read_text()))


def late_files(project: Project) -> list[Path]:
    """What it has put in place after all, or left on the way."""
    return sorted(path for path in (project.folder / "out").rglob("*") if path.is_file())
