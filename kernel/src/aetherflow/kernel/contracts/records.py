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

    @property
    def name(self) -> str:
        """The name that a person gives: `FLOW_ID/RUN_ID`."""
        return f"{self.flow_id}/{self.run_id}"


class StepKey(NamedTuple):
    """Which step of a run; `start` is 0 and `item` empty where a step runs once in a run."""

    job_id: str
    step_id: str
    item: str = ""
    start: int = 0

    @property
    def name(self) -> str:
        """The name that a person gives: `JOB.STEP`, or `JOB.STEP[ITEM]`."""
        return f"{self.job_id}.{self.step_id}" + (f"[{self.item}]" if self.item else "")


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
    flow_file: str = ""
    flow_digest: str = ""
    profile: str = ""
    #: The root of the workspace that the newest start used; empty where that is not known.
    workspace: str = ""
    #: When somebody asked for an end of the run; null where nobody did.
    cancel_requested_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecord:
    """One start of a run: what it was asked for, by which process, with what; times are seconds since 1970 in UTC."""

    number: int
    status: Status
    #: What was asked for: `run`, `resume`, `retry`, `from job.step`, `job NAME`.
    asked: str
    started_at: float
    ended_at: float | None = None
    flow_digest: str
    profile: str
    policy_digest: str
    #: The version of the kernel.
    kernel: str
    #: The versions of the plugins whose contributions the flow uses, by name.
    plugins: Mapping[str, str]
    #: The keys of the environment that the flow refers to.
    environment_keys: tuple[str, ...]
    #: Which process it is; see `state.identity`.
    owner: Mapping[str, Json]
    #: How many jobs the flow has, without those of on_failure and finally; 0 where that is not known.
    jobs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job of a run, as it ended or was left."""

    status: Status
    reason: str = ""
    outputs: Mapping[str, Json] = field(default_factory=dict)
    #: Outputs hold a secret, which is not kept: what stands there is masked.
    is_masked: bool = False
    #: Digest of the job as written, without its steps.
    definition: str = ""
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRecord:
    """What a step published: a file, or a folder as a whole; sizes in bytes."""

    path: str
    size: int
    #: Of the content; of a folder: of its sorted list of paths, sizes and digests.
    sha256: str
    #: How many files a folder holds; null for a file.
    files: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """A step of a run: its newest attempt."""

    status: Status
    step_type: str
    rerun: str
    attempt: int
    #: Digest of the step as written, to see later edits.
    definition: str
    #: Its place among the steps of its job.
    position: int = 0
    #: How often a person had it done anew after it was done; a part of the idempotency key.
    generation: int = 0
    #: The start of the run that made this attempt.
    ran_in: int = 1
    #: Attempts before the present series of retries.
    attempts_before: int = 0
    #: When the next attempt of the series is due; null where there is none.
    next_attempt_at: float | None = None
    #: Digest of the inputs after rendering.
    inputs_digest: str = ""
    outputs: Mapping[str, Json] | None = None
    #: Outputs hold a secret, which is not kept: what stands there is masked.
    is_masked: bool = False
    artifacts: tuple[ArtifactRecord, ...] = ()
    reason: str = ""
    error_code: str = ""
    error: str = ""
    #: Known not to have had any effect: it failed before the step's own work began, or the step said so.
    is_without_effect: bool = False
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """What a start did with a job, or with a step of it, and why; `step_id` is empty for the job itself."""

    job_id: str
    step_id: str
    decision: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionRecord:
    """What a person decided of a run, or of a step of it; the step is null where it is the run as a whole."""

    #: Seconds since 1970 in UTC.
    at: float
    #: Who it was, as the system names them.
    by: str
    #: `done`, `again` or `cancel`.
    what: str
    step: StepKey | None = None
    reason: str = ""
    #: How it stood before: status, attempt, error.
    before: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run in a list of runs."""

    key: RunKey
    run: RunRecord
    #: Null where none was noted: a run of the first version of the ledger.
    newest_start: StartRecord | None = None
    jobs_done: int = 0
    #: Jobs of which there is something to remember; on_failure and finally jobs are not counted.
    jobs_known: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that is remembered of one run; `run` is null before its first start."""

    run: RunRecord | None = None
    jobs: Mapping[str, JobRecord] = field(default_factory=dict)
    steps: Mapping[StepKey, StepRecord] = field(default_factory=dict)
