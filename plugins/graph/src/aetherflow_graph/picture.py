"""What is drawn, whatever the format: boxes with lines of text, and edges between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from aetherflow.kernel.api import FlowOutline, JobOutline, Rerun, StepOutline

from .text import shortened

#: `depends_on` is drawn solid; a reference that only orders is dashed.
EdgeKind = Literal["depends_on", "refers_to"]
#: The strictest first.
_CLASSES = (Rerun.ONCE, Rerun.KEYED)


@dataclass(frozen=True, slots=True)
class Box:
    """A job or a step: its id, and smaller lines below it."""

    title: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobBox:
    """A job, with boxes for its steps where they are drawn."""

    box: Box
    steps: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """From one job to another, by their numbers."""

    source: int
    target: int
    kind: EdgeKind

    @property
    def is_dashed(self) -> bool:
        """Whether it only orders."""
        return self.kind == "refers_to"


@dataclass(frozen=True, slots=True)
class Picture:
    """A flow as it is drawn; groups hold the numbers of the jobs in a part of the flow, the main one first."""

    flow_id: str
    jobs: tuple[JobBox, ...]
    edges: tuple[Edge, ...]
    groups: Mapping[str, tuple[int, ...]]


def make_picture(flow: FlowOutline, *, with_steps: bool) -> Picture:
    """What there is to draw of a flow, in the order of its file."""
    numbers = {job.id: number for number, job in enumerate(flow.jobs)}
    groups: dict[str, list[int]] = {"jobs": []}
    for number, job in enumerate(flow.jobs):
        groups.setdefault(job.section, []).append(number)
    return Picture(
        flow_id=flow.id,
        jobs=tuple(_job_box(job, with_steps=with_steps) for job in flow.jobs),
        edges=tuple(edge for job in flow.jobs for edge in _edges(job, numbers)),
        groups={name: tuple(members) for name, members in groups.items()},
    )


def _edges(job: JobOutline, numbers: Mapping[str, int]) -> Iterator[Edge]:
    for other in job.depends_on:
        yield Edge(numbers[other], numbers[job.id], "depends_on")
    for other in job.refers_to:
        yield Edge(numbers[other], numbers[job.id], "refers_to")


def _job_box(job: JobOutline, *, with_steps: bool) -> JobBox:
    notes = [f"“{shortened(job.description)}”"] if job.description else []
    notes += _when(job.when)
    if with_steps and job.steps:
        return JobBox(Box(job.id, tuple(notes)), tuple(_step_box(step) for step in job.steps))
    return JobBox(Box(job.id, (*notes, _about(job.steps))))


def _about(steps: Iterable[StepOutline]) -> str:
    """All steps of a job in one line: how many, the strictest rerun class, whether some are repeated."""
    steps = tuple(steps)
    counts = Counter(step.rerun for step in steps)
    told = [f"{len(steps)} step{'' if len(steps) == 1 else 's'}"]
    told += [each.value for each in _CLASSES if counts[each]][:1]
    told += ["foreach"] if any(step.foreach for step in steps) else []
    return " · ".join(told)


def _step_box(step: StepOutline) -> Box:
    notes = [f"{step.type} · {step.rerun.value}", *_when(step.when)]
    notes += [f"foreach {shortened(step.foreach)}"] if step.foreach else []
    return Box(step.id, tuple(notes))


def _when(condition: str | None) -> list[str]:
    return [f"when {shortened(condition)}"] if condition else []
