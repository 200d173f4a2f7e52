"""A checked flow as data for whoever draws, lists or counts it: what there is, and what waits for what."""

from __future__ import annotations

from typing import Literal

from ..quick_dataclasses import dataclass
from .effects import Rerun

#: The parts of a flow that hold jobs, in the order in which they run.
Section = Literal["jobs", "on_failure", "finally"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutline:
    """A step of a flow."""

    id: str
    type: str
    #: The class in force: the flow's word, else that of the step's type.
    rerun: Rerun
    #: The condition, as written.
    when: str | None = None
    #: What it is repeated for, in a few words: `3 items`, `2 by 4 items`, `{{steps.list.files}}`.
    foreach: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutline:
    """A job of a flow; the other jobs that it names stand before it."""

    id: str
    section: Section
    steps: tuple[StepOutline, ...]
    description: str | None = None
    #: The condition, as written.
    when: str | None = None
    #: The jobs that it waits for, and does not run without.
    depends_on: tuple[str, ...] = ()
    #: Further jobs whose results it refers to: it comes after them, however they end.
    refers_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowOutline:
    """A flow that can be run, in the order of its file; secrets in its texts are masked."""

    id: str
    jobs: tuple[JobOutline, ...]
    description: str | None = None
