"""What a start of a run would do, as data to be shown, kept and compared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from ..quick_dataclasses import dataclass, field, field_names

#: Grows when a key of the JSON changes its meaning or goes; new keys may come at any time.
PLAN_FORMAT = 1


class Foreseen(StrEnum):
    """What would become of a job or a step, as far as that is known."""

    #: It runs.
    RUN = "RUN"
    #: It is done, and its outputs are taken from there.
    RESTORE = "RESTORE"
    #: This start does not touch it.
    LEAVE = "LEAVE"
    #: Its condition does not hold.
    SKIP = "SKIP"
    #: Something that it depends on will not have ended well.
    BLOCK = "BLOCK"
    #: It can't work as it is written.
    FAIL = "FAIL"
    #: Whether it runs is decided on the way.
    OPEN = "OPEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A reference whose value is not known yet: where it stands, and what has to happen before."""

    path: str
    reference: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A `when`; `holds` is null where that is not known yet, or where it can't be asked."""

    text: str
    holds: bool | None
    waits_for: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """A `foreach`; `items` is null where their number is not known yet."""

    items: int | None
    max_parallel: int
    waits_for: tuple[Waiting, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predecessor:
    """A job that another one waits for: because it depends on it, or because it refers to it."""

    job_id: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDescription:
    """One step of a job that may run."""

    step_id: str
    step_type: str
    plugin: str
    version: str
    rerun: str
    decision: str
    reason: str
    foreseen: Foreseen
    why: str
    when: Condition | None
    foreach: Repetition | None
    retry: Mapping[str, object] | None
    timeout_seconds: float | None
    continue_on_error: bool
    on_no_data: str | None
    #: The resources of the flow that its inputs name.
    resources: tuple[str, ...]
    #: As far as they are known; a token that waits stands there as it is written.
    inputs: object
    waits_for: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDescription:
    """One job, in the order in which jobs start where one runs at a time."""

    job_id: str
    section: str
    decision: str
    reason: str
    foreseen: Foreseen
    why: str
    waits_for: tuple[Predecessor, ...]
    when: Condition | None
    timeout_seconds: float | None
    steps: tuple[StepDescription, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginDescription:
    """A plugin whose steps, connectors or hooks the run would use."""

    name: str
    distribution: str
    version: str
    #: Of what it contributes; of a local folder, of its code.
    digest: str
    #: Its code was imported to learn what it contributes.
    is_imported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDescription:
    """A resource of the flow, and who connects to it."""

    name: str
    kind: str
    driver: str
    plugin: str
    profile: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterDescription:
    """A parameter of the run; the value is null where only the start settles it."""

    value: object
    is_known: bool
    #: `given`, `default`, or `run` where the run has it already.
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDescription:
    """All of a plan, in the order of its JSON."""

    plan_format: int = PLAN_FORMAT
    #: `flow_id`, `file`, `max_parallel_jobs`, `fail_fast`, `lock_scope`.
    flow: Mapping[str, object]
    #: `run_id` (null where the start chooses one), `start`, `asked`, `date`, `scheduled_time`.
    run: Mapping[str, object]
    #: What was asked for: what `run --plan` asks for again.
    request: Mapping[str, object]
    #: `name` and `mode` of the runtime profile in force.
    profile: Mapping[str, object]
    parameters: Mapping[str, ParameterDescription]
    resources: tuple[ResourceDescription, ...]
    plugins: tuple[PluginDescription, ...]
    jobs: tuple[JobDescription, ...]
    warnings: tuple[Mapping[str, object], ...] = ()
    #: Digests of what the plan was made from, and the kernel's version.
    basis: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON values; its keys are stable."""
        plain: dict[str, Any] = _plain(self)
        return plain


_RECORDS = (
    Condition,
    JobDescription,
    ParameterDescription,
    PlanDescription,
    PluginDescription,
    Predecessor,
    Repetition,
    ResourceDescription,
    StepDescription,
    Waiting,
)


def _plain(value: Any) -> Any:  # noqa: ANN401 - any record, and the JSON value that it becomes
    if isinstance(value, _RECORDS):
        return {name: _plain(getattr(value, name)) for name in field_names(type(value))}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return str(value) if isinstance(value, str) else value
