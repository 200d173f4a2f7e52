"""What all jobs of a run share while it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..contracts.events import Status, StepLogged
from ..plugins.boundary import LONGEST_MESSAGE
from ..quick_dataclasses import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ..check.definitions import FlowIndex
    from ..contracts.events import Event
    from ..contracts.records import Json, RunKey
    from ..files.paths import ProtectedPlaces
    from ..files.workspace import Workspace
    from ..plugins.host import PluginHost
    from ..plugins.index import PluginIndex
    from ..resolve.redaction import Redactor
    from .connectors import RunConnectors
    from .crew import Crew
    from .inner import InnerSteps
    from .journal import Journal
    from .keeping import KeeperOnDemand
    from .stopping import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What failed in a job; `step_id` is empty where it was no step."""

    job_id: str
    step_id: str
    status: Status
    error: str
    error_code: str

    def as_scope(self) -> dict[str, Any]:
        """What `failure` resolves to."""
        return {
            "job_id": self.job_id,
            "step_id": self.step_id,
            "status": self.status.value,
            "error": self.error,
            "error_code": self.error_code,
        }


#: What `failure` resolves to where nothing failed.
NO_FAILURE = {"job_id": None, "step_id": None, "status": None, "error": None, "error_code": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """How a job ended, as later jobs and the caller see it."""

    job_id: str
    status: Status
    reason: str = ""
    outputs: Mapping[str, Json] = field(default_factory=dict)
    duration_ms: int = 0
    steps: tuple[StepResult, ...] = ()
    #: What jobs at the end of the run are told where this one failed.
    failure: Failure | None = None

    def as_scope(self) -> dict[str, Any]:
        """What `jobs.<id>` resolves to."""
        reason = self.reason if self.status is Status.SKIPPED else None
        return {"status": self.status.value, "outputs": dict(self.outputs), "skip_reason": reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """How a step ended, for the caller."""

    step_id: str
    step_type: str
    status: Status
    duration_ms: int = 0
    reason: str = ""
    error_code: str = ""
    restored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveRun:
    """A run that is under way: who it is, what it stands on, and where it tells what happens."""

    key: RunKey
    #: The number of this start of the run.
    start: int
    #: The descriptor that stands for owning it.
    ownership: int
    project: Path
    environment: Mapping[str, str]
    parameters: Mapping[str, Json]
    facts: Mapping[str, Json]
    #: Folders besides the artifacts in which steps may write.
    write_roots: tuple[Path, ...]
    protected: ProtectedPlaces
    flow_index: FlowIndex
    #: For each job those of its steps whose outputs it refers to.
    named_steps: Mapping[str, frozenset[str]]
    plugin_index: PluginIndex
    host: PluginHost
    redactor: Redactor
    journal: Journal
    workspace: Workspace
    connectors: RunConnectors
    stop: Stop
    crew: Crew
    keeper: KeeperOnDemand
    inner: InnerSteps
    tell: Callable[[Event], None]
    #: Seconds since 1970 in UTC.
    clock: Callable[[], float]
    #: Results of the jobs that ended, as they ended.
    results: dict[str, JobResult] = field(default_factory=dict)
    #: What `failure` resolves to.
    failure: Mapping[str, Json] = field(default_factory=lambda: NO_FAILURE)
    _jobs_in_scope: dict[str, dict[str, Any]] = field(default_factory=dict)

    def remember(self, result: JobResult) -> None:
        """Let later jobs see how a job ended."""
        self.results[result.job_id] = result
        self._jobs_in_scope[result.job_id] = result.as_scope()

    def scope(self) -> dict[str, Any]:
        """What templates and conditions of any job may name."""
        return {
            "env": self.environment,
            "params": self.parameters,
            "run": self.facts,
            "jobs": self._jobs_in_scope,
            "failure": self.failure,
            "flow_id": self.key.flow_id,
            "run_id": self.key.run_id,
        }

    def say(self, level: str, message: str, fields: Mapping[str, object], *, job_id: str = "") -> None:
        """Tell of something that belongs to no step."""
        flow_id, run_id = self.key
        self.tell(
            StepLogged(
                at=self.clock(),
                flow_id=flow_id,
                run_id=run_id,
                job_id=job_id,
                step_id="",
                level=level,
                message=message,
                fields=fields,
            )
        )

    def close_connectors(self) -> None:
        """Close what was opened; what can't be closed is told, and ends nothing."""
        for failed in self.connectors.close(self.stop.seconds_to_close):
            error = self.redactor.redact(failed)[:LONGEST_MESSAGE]
            self.say("WARNING", "a connector could not be closed", {"error": error})
