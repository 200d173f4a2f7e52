"""A flow as frozen values: what stands in the file, its defaults filled in, and nothing resolved."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from ..errors import YamlPath
from ..quick_dataclasses import dataclass, field
from .document import Document

CleanupPolicy = Literal["on_success", "always", "never"]
StateBackend = Literal["sqlite", "file"]
LockScope = Literal["none", "job", "flow"]
ParameterType = Literal["string", "integer", "number", "boolean", "date", "datetime", "list", "object"]
RerunName = Literal["SAFE", "KEYED", "ONCE"]
NoData = Literal["skip_job"]
#: The parts of a flow that hold jobs, in the order in which they run.
SectionName = Literal["jobs", "on_failure", "finally"]

DEFAULT_LAYOUT: Mapping[str, str] = MappingProxyType(
    {"artifacts": "artifacts", "scratch": "scratch", "manifests": "manifests"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where jobs work, what becomes of it, and the names of a job's folders."""

    root: str | None = None
    cleanup_policy: CleanupPolicy = "on_success"
    layout: Mapping[str, str] = field(default_factory=lambda: DEFAULT_LAYOUT)
    path: YamlPath = ("flow", "workspace")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePlace:
    """Where the ledger stands; null means the project's own place."""

    backend: StateBackend = "sqlite"
    #: The file, as written; the place in the document is always `flow.state`.
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Locks:
    """What a run holds while it works."""

    scope: LockScope = "none"
    #: How long a holder that is not heard of keeps its lock; it is renewed long before.
    ttl_seconds: int = 60
    #: How long to wait for a lock that another run holds.
    wait_seconds: float = 0
    path: YamlPath = ("flow", "locks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """How many jobs may run at the same time, and whether others still start when one has failed."""

    max_parallel_jobs: int = 1
    fail_fast: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value that a run is started with; `default` counts only where `has_default` is set."""

    name: str
    type: ParameterType
    path: YamlPath
    default: object = None
    has_default: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A system that steps use by name, as it is written: before profiles, templates and decoding."""

    name: str
    kind: str
    driver: str
    path: YamlPath
    profile: str | None = None
    config: Mapping[str, object]
    options: Mapping[str, object]
    decode: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a step is tried, and how long is waited in between."""

    max_attempts: int
    backoff_seconds: float = 0
    #: Each wait is this many times as long as the one before.
    backoff_multiplier: float = 1
    #: No wait is longer; null for the runner's own limit.
    max_backoff_seconds: float | None = None
    #: The part of a wait, from 0 to 1, that chance may add or take away.
    jitter: float = 0
    #: Patterns of the codes of errors after which it is tried again; empty for all.
    on_errors: tuple[str, ...] = ()
    path: YamlPath = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreach:
    """What a step is repeated for: a list, or every combination of the lists of a matrix; one of the two is null."""

    path: YamlPath
    items: object = None
    matrix: Mapping[str, object] | None = None
    max_parallel: int = 1

    @property
    def source(self) -> object:
        """The list, or the lists of the matrix, as written."""
        return self.items if self.matrix is None else self.matrix

    @property
    def source_path(self) -> YamlPath:
        """Where that stands."""
        return (*self.path, "items" if self.matrix is None else "matrix")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One piece of work; `outputs` maps names of job outputs to templates."""

    id: str
    type: str
    path: YamlPath
    inputs: Mapping[str, object]
    outputs: Mapping[str, object]
    on_no_data: NoData | None = None
    rerun: RerunName | None = None
    when: str | None = None
    retry: Retry | None = None
    timeout_seconds: float | None = None
    continue_on_error: bool = False
    foreach: Foreach | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Steps in their order, and what the job waits for; `outputs` maps names to templates."""

    id: str
    path: YamlPath
    steps: tuple[Step, ...]
    description: str | None = None
    depends_on: tuple[str, ...] = ()
    when: str | None = None
    timeout_seconds: float | None = None
    outputs: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A whole flow, in the order of its file."""

    id: str
    document: Document
    jobs: tuple[Job, ...]
    #: Jobs that run when the run has failed.
    on_failure: tuple[Job, ...] = ()
    #: Jobs that run at the end, whatever happened.
    finally_: tuple[Job, ...] = ()
    version: int = 1
    description: str | None = None
    timezone: str = "UTC"
    workspace: Workspace
    state: StatePlace
    locks: Locks
    concurrency: Concurrency
    parameters: Mapping[str, Parameter]
    resources: Mapping[str, Resource]
    path: YamlPath = ()

    @property
    def sections(self) -> Mapping[SectionName, tuple[Job, ...]]:
        """The jobs of each part of the flow, in the order in which the parts run."""
        return {"jobs": self.jobs, "on_failure": self.on_failure, "finally": self.finally_}

    @property
    def all_jobs(self) -> tuple[Job, ...]:
        """All jobs, in the order in which they may run."""
        return (*self.jobs, *self.on_failure, *self.finally_)
