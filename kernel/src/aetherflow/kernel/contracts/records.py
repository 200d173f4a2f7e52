"""What is remembered of runs: the records that a state store keeps and a plan is made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..quick_dataclasses import dataclass, field

if TYPE_CHECKING:
    from .events import Status

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class RunKey(NamedTuple):
    """Which run: ids are unique within a flow only."""

    flow_id: str
    run_id: str


class StepKey(NamedTuple):
    """Which step of a run; `start` is 0 and `item` empty where a step runs once in a run."""

    job_id: str
    step_id: str
    item: str = ""
    start: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run; times are seconds since 1970 in UTC."""

    status: Status
    #: How often the run was started, this time included.
    starts: int
    started_at: float
    ended_at: float | None
    #: The values of the flow's parameters, fixed at the first start.
    parameters: Mapping[str, Json]
    #: What `run.*` resolves to, fixed at the first start.
    facts: Mapping[str, Json]
    #: The random name that the run's workspace folders carry; clean-up removes nothing else.
    marker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job of a run, as it ended or was left."""

    status: Status
    reason: str = ""
    outputs: Mapping[str, Json] = field(default_factory=dict)
    #: Outputs hold a secret, which is not kept: what stands there is masked.
    is_masked: bool = False
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """A step of a run: its newest attempt."""

    status: Status
    step_type: str
    rerun: str
    attempt: int
    #: Digest of the step as written, to see later edits.
    definition: str
    #: Digest of the inputs after rendering.
    inputs_digest: str = ""
    outputs: Mapping[str, Json] | None = None
    #: Outputs hold a secret, which is not kept: what stands there is masked.
    is_masked: bool = False
    reason: str = ""
    error_code: str = ""
    error: str = ""
    #: Known not to have had any effect: it failed before the step's own work began, or the step said so.
    is_without_effect: bool = False
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that is remembered of one run; `run` is null before its first start."""

    run: RunRecord | None = None
    jobs: Mapping[str, JobRecord] = field(default_factory=dict)
    steps: Mapping[StepKey, StepRecord] = field(default_factory=dict)
