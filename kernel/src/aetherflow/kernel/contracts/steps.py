"""Steps: the work that flows are made of, each a class or a typed function in a plugin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Literal, Protocol, TypeVar, get_args

from pydantic import BaseModel, ConfigDict

from ..quick_dataclasses import dataclass
from .effects import (
    Effect as Effect,  # noqa: PLC0414 - re-exported: it belongs to the contract of steps
    Rerun as Rerun,  # noqa: PLC0414 - as Effect
)

if TYPE_CHECKING:
    from io import BufferedReader

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema, core_schema

    from .processes import CancelSignal, Command, OnLine, ProcessResult


class PathAccess(Protocol):
    """Turns paths as flows write them into paths that a step may use."""

    def readable(self, path: str) -> Path:
        """Where to read: looked for in the job's artifacts, then in the project.

        Raises:
            PathRefused: it lies outside, after links are resolved.
        """

    def open(self, path: str) -> BufferedReader:
        """A file to read, opened; what is put in the place of a part of its path after it was checked is not read.

        Raises:
            PathRefused: it lies outside, after links are resolved, or is no regular file.
        """

    def writable(self, path: str) -> Path:
        """Where to write: below the job's artifacts unless it is absolute.

        Raises:
            PathRefused: it lies outside the folders that may be written.
        """


@dataclass(frozen=True, slots=True)
class PathUse:
    """Marks a field as a path: resolved and checked before the step sees it."""

    use: Literal["read", "write"]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.with_info_after_validator_function(
            self._resolve,
            core_schema.str_schema(min_length=1),
            serialization=core_schema.to_string_ser_schema(),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "x-aetherflow": {"path": self.use}}

    def _resolve(self, path: str, info: core_schema.ValidationInfo[Any]) -> Path:
        access: PathAccess | None = (info.context or {}).get("paths")
        if access is None:
            return Path(path)
        return access.readable(path) if self.use == "read" else access.writable(path)


#: A file or folder that the step reads; the step gets a path that it may use.
ArtifactPath = Annotated[Path, PathUse("read")]
#: A file or folder that the step writes; the step gets a path that it may use.
OutputPath = Annotated[Path, PathUse("write")]


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """Marks a text field as the name of a resource whose connector implements `protocol`."""

    protocol: type

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "x-aetherflow": {"resource": self.protocol.__name__}}


class StepInputs(BaseModel):
    """Base of a step's inputs: unknown names are refused, nothing is converted, values are never shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class StepOutputs(BaseModel):
    """Base of a step's outputs; turned into their JSON form once, when the step ends."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, ser_json_inf_nan="constants")


class NoInputs(StepInputs):
    """For steps that take nothing."""


class NoOutputs(StepOutputs):
    """For steps that give nothing."""


Inputs = TypeVar("Inputs", bound=StepInputs)
Outputs = TypeVar("Outputs", bound=StepOutputs)
SomeOutputs = TypeVar("SomeOutputs", bound=StepOutputs, covariant=True)
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Skip(Generic[SomeOutputs]):
    """What a step returns when there was nothing to do: an outcome, not a failure."""

    reason: str
    outputs: SomeOutputs | None = None


@dataclass(frozen=True, slots=True)
class OutputsFromStep:
    """The outputs are those of the step that stands in this input."""

    input: str

    def as_manifest(self) -> dict[str, str]:
        """The form in the manifest."""
        return {"step": f"inputs.{self.input}"}


@dataclass(frozen=True, slots=True)
class OutputsFromKeys:
    """The outputs include one for each key of the mapping that stands in this input."""

    input: str

    def as_manifest(self) -> dict[str, str]:
        """The form in the manifest."""
        return {"keys_of": f"inputs.{self.input}"}


class StepLog(Protocol):
    """A step's own log: a sentence, and fields that machines read."""

    def debug(self, message: str, **fields: object) -> None:
        """For whoever looks closely."""

    def info(self, message: str, **fields: object) -> None:
        """For whoever watches."""

    def warning(self, message: str, **fields: object) -> None:
        """For whoever should look."""

    def error(self, message: str, **fields: object) -> None:
        """For whoever must act."""


class Connectors(Protocol):
    """The connectors of a run, by resource name."""

    # A protocol is an abstract class, which `type[P]` would keep type checkers from accepting.
    def get(self, resource: str, protocol: Callable[..., P]) -> P:
        """The resource's connector, opened on first use.

        Raises:
            ConnectorError: there is no such resource, it implements another protocol, or it can't be opened.
        """

    def has(self, resource: str) -> bool:
        """Whether the flow has a resource of that name."""

    def with_defaults(self, kind: str, driver: str, protocol: Callable[..., P]) -> P:
        """A driver's connector without settings, for work that needs no resource; the policy is asked as for one.

        Raises:
            RefusedByPolicy: the runtime profile denies the driver.
            ConnectorError: it implements another protocol, or can't be opened.
        """


class Lease(Protocol):
    """A lock that a step holds for a while; it is renewed as long as the step works."""

    #: As the step asked for it.
    key: str
    #: Higher than that of every earlier holder of this lock: what refuses lower ones than it has seen is safe from
    #: a holder that does not know yet that it lost the lock.
    token: int

    def check(self) -> None:
        """Go on only while the lock is held for sure; ask before each thing that can't be taken back.

        Raises:
            LockLost: it is not.
        """


class StepContext(Protocol):
    """What a step may know and use of the run that it is part of."""

    flow_id: str
    run_id: str
    job_id: str
    step_id: str
    #: 1 for the first attempt; counts on over resumes.
    attempt: int
    #: The folder of the flow's project.
    project: Path
    #: The environment snapshot of the run; the process's own is never changed.
    environment: Mapping[str, str]
    log: StepLog
    #: Set when the step must stop.
    cancelled: CancelSignal
    connectors: Connectors
    paths: PathAccess

    @property
    def artifacts(self) -> Path:
        """The job's folder for what it makes."""

    @property
    def scratch(self) -> Path:
        """The job's folder for what nobody needs afterwards."""

    @property
    def manifests(self) -> Path:
        """The job's folder for records of what was done."""

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of this step with these inputs."""

    def progress(self, done: int, total: int | None = None, unit: str = "rows") -> None:
        """Say how far the step is; cheap enough to call often."""

    def spawn(self, command: Command, on_line: OnLine | None = None) -> ProcessResult:
        """Run an external process to its end; its whole tree ends with it, with the step, and with the runner."""

    def lease(self, key: str, *, ttl_seconds: float = 60, wait_seconds: float = 0) -> AbstractContextManager[Lease]:
        """Hold a lock while the block lasts: no other step with this ledger holds it at the same time.

        Ask for it before anything is done: a step whose lock is held counts as one that did nothing.
        Where it is lost, `cancelled` is set, nothing is published any more, and the block ends in LockLost.

        Args:
            key: text of 1 to 256 characters without control characters.
            ttl_seconds: how long it stays held when the holder stands still; 5 or more.
            wait_seconds: how long to wait for another holder.

        Raises:
            OwnedByAnother: another holder has it.
            NothingDone: this step holds it already, or was stopped while it waited.
            InvalidInput: the key or the time is none.
            LockLost: it was lost before the block ended.
        """

    def run_step(self, step: Mapping[str, Any]) -> StepOutputs | Skip[StepOutputs]:
        """Run a step inside this one: a mapping with `type`, and where needed `inputs` and `id`.

        It is part of this attempt: same folders, same fence, same locks; its idempotency key is its own.

        Raises:
            RefusedByPolicy: the runtime profile denies its type.
            InvalidInput: there is no such type.
            NothingDone: it is no step, or its inputs do not fit.
            AetherFlowError: whatever it raises itself.
        """

    def publish(self, path: Path, *, replace: bool = True) -> AbstractContextManager[Path]:
        """A temporary path to write to; when the block ends well it takes the place of `path` in one move.

        What an earlier attempt of this step left there when it was killed is removed.

        Raises:
            FileExistsError: with `replace=False`, when something stands at `path`.
        """

    def staged_folder(self, final: Path, *, given: Path | None = None) -> AbstractContextManager[Path]:
        """An empty folder to fill, for `publish_folder`; whatever is still in it when the block ends is removed.

        It stands beside `final`, or at `given`. What an earlier attempt left when it was killed is removed.
        """

    def publish_folder(self, staged: Path, final: Path, *, replace: bool = True, may_copy: bool = False) -> None:
        """Put a staged folder in its place in one move; with `may_copy` also from another file system.

        Raises:
            FileExistsError: with `replace=False`, when something stands at `final`.
            StepError: `final` is no folder or on another file system, or the run has left this attempt behind.
        """

    def check_fence(self) -> None:
        """Go on only while the run has not left this attempt behind, and holds the locks under which it works.

        For what is put in place by other ways than `publish` and `publish_folder`, which ask it themselves.

        Raises:
            StepError: the run has left it behind; nothing may be published any more.
            LockLost: a lock under which it works is not held for sure any more.
        """


class Step(ABC, Generic[Inputs, Outputs]):
    """One kind of work: named, with typed inputs and outputs.

    The first line of the class's docstring is its summary in `plugins show` and in editors.
    """

    name: ClassVar[str]
    effects: ClassVar[frozenset[Effect]] = frozenset()
    rerun: ClassVar[Rerun] = Rerun.ONCE
    outputs_from: ClassVar[OutputsFromStep | OutputsFromKeys | None] = None
    #: Whether `run` may answer with a `Skip`; read from what it says that it returns.
    may_skip: ClassVar[bool] = True
    inputs_type: ClassVar[type[StepInputs]] = NoInputs
    outputs_type: ClassVar[type[StepOutputs]] = NoOutputs

    def __init_subclass__(cls, **keywords: Any) -> None:  # noqa: ANN401 - Python's own signature
        super().__init_subclass__(**keywords)
        if "run" in vars(cls) and "may_skip" not in vars(cls):
            cls.may_skip = "Skip" in str(vars(cls)["run"].__annotations__.get("return", "Skip"))
        for base in getattr(cls, "__orig_bases__", ()):
            for argument in get_args(base):
                if isinstance(argument, type) and issubclass(argument, StepInputs):
                    cls.inputs_type = argument
                elif isinstance(argument, type) and issubclass(argument, StepOutputs):
                    cls.outputs_type = argument

    @abstractmethod
    def run(self, context: StepContext, inputs: Inputs) -> Outputs | Skip[Outputs]:
        """Do the work.

        Raises:
            StepError: what went wrong, in one sentence.
            NothingDone: the same, and nothing happened outside.
        """


AnyStep = Step[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMark:
    """What `register_step` notes on a function; the loader makes a step of it."""

    name: str
    effects: frozenset[Effect]
    rerun: Rerun


Registered = TypeVar("Registered", bound="type[AnyStep] | Callable[..., Any]")
STEP_MARK = "__aetherflow_step__"


def register_step(
    name: str, *, effects: frozenset[Effect] | set[Effect] = frozenset(), rerun: Rerun | None = None
) -> Callable[[Registered], Registered]:
    """Mark a step class or a plain typed function for the loader, which collects it.

    A function's parameters become the inputs (a parameter annotated `StepContext` gets the context),
    its return annotation (a `StepOutputs` class, with or without `| Skip`, or None) the outputs.
    Nothing is registered at import.
    """

    def mark(registered: Registered) -> Registered:
        if isinstance(registered, type):
            step: type[AnyStep] = registered
            step.name = name
            step.effects = frozenset(effects) or step.effects
            step.rerun = rerun or step.rerun
        else:
            setattr(registered, STEP_MARK, StepMark(name=name, effects=frozenset(effects), rerun=rerun or Rerun.ONCE))
        return registered

    return mark
