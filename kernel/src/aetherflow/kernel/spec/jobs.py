"""Jobs as a flow writes them."""

from __future__ import annotations

from ..errors import YamlPath
from .fields import Field, Fields, Reading, Templates
from .misfits import shown
from .models import Job
from .shapes import duration, identifier, list_of, text, text_or_null
from .steps import outputs, steps

JOB_KEYS = Fields(
    "a job",
    {
        "id": Field(identifier, is_required=True),
        "description": Field(text_or_null),
        "depends_on": Field(list_of(text)),
        "when": Field(text_or_null),
        "steps": Field(steps, is_required=True),
        "timeout_seconds": Field(duration),
        "outputs": Field(Templates(outputs)),
    },
)


def jobs(reading: Reading, value: object, path: YamlPath) -> tuple[Job, ...]:
    """The jobs of one part of a flow, in the order of the file, which is the order that they start in."""
    found: tuple[Job, ...] = list_of(_job)(reading, value, path)
    return found


def _job(reading: Reading, value: object, path: YamlPath) -> Job:
    job = Job(**JOB_KEYS(reading, value, path), path=path)
    if job.outputs:
        _report_outputs_given_twice(reading, job)
    return job


def _report_outputs_given_twice(reading: Reading, job: Job) -> None:
    promoted = {name: step for step in job.steps for name in step.outputs}
    for name in job.outputs:
        if name in promoted:
            message = f"the output {shown(name)} is given by step {promoted[name].id!r} as well"
            reading.report("AF-DUPLICATE-ID", message, "keep one of them", (*job.path, "outputs", name), at_key=True)
