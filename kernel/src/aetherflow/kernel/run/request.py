"""What a caller asks of a run, and what it answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from ..contracts.events import Status
from ..errors import ExitCode
from ..quick_dataclasses import dataclass, field

if TYPE_CHECKING:
    from ..contracts.records import History, Json, RunRecord
    from ..plan.decisions import Plan
    from .active import JobResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a run ended."""

    flow_id: str
    run_id: str
    status: Status
    jobs: tuple[JobResult, ...]
    duration_ms: int
    signal_number: int | None = None
    #: A step was still busy when the grace was over: the process should leave without waiting for it.
    has_left_behind: bool = False
    #: A signal came, be it too late to stop anything.
    is_asked_to_stop: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """What a process that ran the flow answers."""
        if self.signal_number is not None:
            return ExitCode.of_signal(self.signal_number)
        if self.status.is_done:
            return ExitCode.DONE
        failures = [job.failure for job in self.jobs if job.failure is not None]
        waits_for_lock = bool(failures) and all(failure.error_code == "AF-LOCK-HELD" for failure in failures)
        return ExitCode.OWNED_BY_ANOTHER if waits_for_lock else ExitCode.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a caller asks of a run; a null `run_id` starts a new one."""

    run_id: str | None = None
    only_job: str | None = None
    #: The run must exist already.
    must_exist: bool = False
    #: The step, as `job.step` or `step`, from which on everything is done anew, with what depends on it.
    from_step: str | None = None
    #: Take up jobs that failed or were blocked, and no others.
    only_failed: bool = False
    #: Do anew what is done and was edited since, with what depends on it.
    accept_changes: bool = False
    #: When a scheduler means the run to start, with an offset: it settles `run.scheduled_time` and `run.date`.
    scheduled_time: datetime | None = None
    #: Texts of `--param`, or values of the parameters' types.
    parameters: Mapping[str, Json] = field(default_factory=dict)
    #: Seconds since 1970 in UTC.
    clock: Callable[[], float] = time.time
    #: Looks at what the start would do, with the run owned and nothing written; what it raises ends the start there.
    approve: Callable[[History, RunRecord, Plan], None] | None = None

    @property
    def is_scheduled(self) -> bool:
        """Whether it says for when the run was planned."""
        return self.scheduled_time is not None

    @property
    def asked(self) -> str:
        """What is kept of it."""
        if self.only_job is not None:
            return f"job {self.only_job}"
        if self.from_step is not None:
            return f"from {self.from_step}"
        if self.only_failed:
            return "retry"
        told = "resume" if self.must_exist else "run"
        return f"{told}, changes accepted" if self.accept_changes else told
