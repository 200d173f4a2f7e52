"""What the tests of runs share: a project whose flows run in this process, and are watched."""

from __future__ import annotations

import textwrap

import pytest
from kernel.tests.run.meeting_steps import STEPS

from aetherflow.kernel.api import RunRequest, run_flow


class Watched:
    """A project whose flows run in this process; `events` are those of the last run."""

    def __init__(self, project):
        self.project = project
        self.folder = project.folder
        self.events = []
        project.write("steps/meeting.py", STEPS)

    def run(self, text=None, *, run_id="r1", name="flow.yaml", **request):
        if text is not None:
            (self.folder / name).write_text(textwrap.dedent(text))
        self.events = []
        return run_flow(
            self.folder / name,
            RunRequest(run_id=run_id, **request),
            environ={"AETHERFLOW_PLUGIN_PATHS": str(self.folder / "steps")},
            on_event=self.events.append,
        )

    def lines(self, name):
        return self.project.lines(name)

    def told(self, name, *fields):
        """The fields of all events of a name."""
        return [tuple(getattr(event, field) for field in fields) for event in self.events if event.name == name]


@pytest.fixture
def watched(project):
    return Watched(project)


def jobs(result):
    """How each job ended."""
    return {job.job_id: str(job.status) for job in result.jobs}


def steps(result, job_id):
    """How each step of a job ended."""
    job = next(job for job in result.jobs if job.job_id == job_id)
    return {step.step_id: str(step.status) for step in job.steps}
