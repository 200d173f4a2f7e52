"""What the tests of runs share: a project whose flows run in this process, and are watched."""

from __future__ import annotations

import json
import os
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


@pytest.fixture
def plant(project, tmp_path):
    """Install a plugin that has hooks and no steps."""
    site = tmp_path / "site"
    paths = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    project.environment["PYTHONPATH"] = os.pathsep.join(paths)

    def plant(name, code, *, hooks=("aetherflow_event",)):
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[aetherflow.plugins]\n{name} = {name}\n")
        (site / name).mkdir()
        (site / name / "__init__.py").write_text(textwrap.dedent(code))
        manifest = {"manifest": 1, "interface": "1.0", "name": name, "hooks": list(hooks)}
        (site / name / "aetherflow_plugin.json").write_text(json.dumps(manifest))
        return site

    return plant


def jobs(result):
    """How each job ended."""
    return {job.job_id: str(job.status) for job in result.jobs}


def steps(result, job_id):
    """How each step of a job ended."""
    job = next(job for job in result.jobs if job.job_id == job_id)
    return {step.step_id: str(step.status) for step in job.steps}
