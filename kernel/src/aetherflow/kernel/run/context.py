"""What a step is given of the run that it is part of."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..contracts.events import Event, StepLogged, StepProgressed
from ..errors import NothingDone, StepError
from ..quick_dataclasses import dataclass, field, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from ..contracts.processes import CancelSignal, Command, OnLine, ProcessResult
    from ..contracts.records import ArtifactRecord
    from ..contracts.steps import Connectors, PathAccess, Skip, StepLog, StepOutputs
    from ..files.publish import Bookkeeping
    from ..files.workspace import JobFolders
    from .journal import Pending
    from .keeping import KeeperOnDemand
    from .leases import HeldLease

#: Tells a program that a step starts which lock it works under: the token of the lease.
FENCE_TOKEN = "AETHERFLOW_FENCE_TOKEN"  # noqa: S105 - a name; the token is no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLog:
    """A step's log: each call is an event of the run."""

    tell: Callable[[Event], None]
    flow_id: str
    run_id: str
    job_id: str
    step_id: str
    item: str = ""
    #: Waits until what is said may be told.
    wait: Callable[[], None] | None = None

    def debug(self, message: str, **fields: object) -> None:
        """For whoever looks closely."""
        self._say("DEBUG", message, fields)

    def info(self, message: str, **fields: object) -> None:
        """For whoever watches."""
        self._say("INFO", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """For whoever should look."""
        self._say("WARNING", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """For whoever must act."""
        self._say("ERROR", message, fields)

    def _say(self, level: str, message: str, fields: Mapping[str, object]) -> None:
        if self.wait is not None:
            self.wait()
        self.tell(
            StepLogged(
                at=time.time(),
                flow_id=self.flow_id,
                run_id=self.run_id,
                job_id=self.job_id,
                step_id=self.step_id,
                level=level,
                message=message,
                fields=fields,
                item=self.item,
            )
        )


class Fence:
    """Whether an attempt may still publish: not after the run has left it behind.

    Who ends an attempt, its own thread or the run that leaves it behind, is decided once.

    Args:
        start: the note of the attempt's start, where the attempt has begun before that is on the disk.
    """

    def __init__(self, start: Pending | None = None) -> None:
        self._start = start
        self._is_revoked = False
        self._guard = threading.Lock()
        self._is_ended = False

    def end(self) -> bool:
        """End the attempt; answers whether this was the first to do so, who alone says how it ended."""
        with self._guard:
            is_first, self._is_ended = not self._is_ended, True
        return is_first

    def revoke(self) -> None:
        """From now on nothing of this attempt is put in place."""
        with self._guard:
            self._is_revoked = True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Put something in place while the block lasts: the run leaves the attempt behind before it, or after it.

        Raises:
            StepError: the run has left the attempt behind.
            LedgerFailed: its start could not be written.
        """
        self.wait_for_start()
        with self._guard:
            self._refuse_revoked()
            yield

    def check(self) -> None:
        """Go on only while the attempt is the run's, and its start is on the disk.

        Raises:
            StepError: the run has left the attempt behind.
            LedgerFailed: its start could not be written.
        """
        self.wait_for_start()
        self._refuse_revoked()

    def wait_for_start(self) -> None:
        """Wait until the start of the attempt is on the disk.

        Raises:
            LedgerFailed: it could not be written.
        """
        # Looked at once: a step may have threads of its own, one of which has just waited.
        start = self._start
        if start is not None:
            start.wait()
            self._start = None

    def _refuse_revoked(self) -> None:
        if self._is_revoked:
            message = "the run has left this attempt behind; nothing is published any more"
            raise StepError(message, code="AF-FENCED")


@dataclass(slots=True, kw_only=True)
class AttemptContext:
    """The context of one attempt of one step; implements `StepContext`."""

    flow_id: str
    run_id: str
    job_id: str
    step_id: str
    #: Which item of a step that is repeated; else empty.
    item: str
    #: How often a person had the step done anew.
    generation: int
    #: The start of the run that the job belongs to; 0 where it belongs to the run as a whole.
    start: int
    attempt: int
    inputs_digest: str
    project: Path
    folders: JobFolders
    environment: Mapping[str, str]
    log: StepLog
    cancelled: CancelSignal
    #: Has this attempt stop, and no other.
    cancel: Callable[[], None]
    connectors: Connectors
    paths: PathAccess
    tell: Callable[[Event], None]
    fence: Fence
    keeper: KeeperOnDemand
    #: Runs a step inside this one.
    run_inner: Callable[[AttemptContext, Mapping[str, Any]], StepOutputs | Skip[StepOutputs]]
    redact: Callable[[str], str]
    #: The descriptor that stands for owning the run.
    ownership: int | None = None
    #: The locks under which the step works now, the innermost last.
    leases: tuple[HeldLease, ...] = ()
    #: What was put in place so far. Files that a step writes into its folders by other ways are not among them.
    published: list[ArtifactRecord] = field(default_factory=list)

    @property
    def artifacts(self) -> Path:
        """The job's folder for what it makes."""
        self.folders.make()
        return self.folders.artifacts

    @property
    def scratch(self) -> Path:
        """The job's folder for what nobody needs afterwards."""
        self.folders.make()
        return self.folders.scratch

    @property
    def manifests(self) -> Path:
        """The job's folder for records of what was done."""
        self.folders.make()
        return self.folders.manifests

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of this step with these inputs."""
        # As a JSON list, so that no two sets of ids can be run together into one text.
        parts: list[str | int] = [self.flow_id, self.run_id, self.job_id, self.item, self.step_id, self.inputs_digest]
        if self.generation:
            parts.append(self.generation)
        if self.start:
            # Jobs at the end belong to one start: what they do for the next one is something else.
            parts.append(f"start {self.start}")
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def progress(self, done: int, total: int | None = None, unit: str = "rows") -> None:
        """Say how far the step is."""
        self.fence.wait_for_start()
        self.tell(
            StepProgressed(
                at=time.time(),
                flow_id=self.flow_id,
                run_id=self.run_id,
                job_id=self.job_id,
                step_id=self.step_id,
                done=done,
                total=total,
                unit=unit,
                item=self.item,
            )
        )

    def spawn(self, command: Command, on_line: OnLine | None = None) -> ProcessResult:
        """Run an external process to its end, its whole tree ended with it."""
        from ..processes.spawn import supervise

        self.fence.check()
        if self.leases:
            told = {FENCE_TOKEN: str(self.leases[-1].token)}
            command = replace(command, environment={**command.environment, **told})
        held = () if self.ownership is None else (self.ownership,)
        return supervise(command, cancelled=self.cancelled, on_line=on_line, held=held)

    @contextmanager
    def lease(self, key: str, *, ttl_seconds: float = 60, wait_seconds: float = 0) -> Iterator[HeldLease]:
        """Hold a lock while the block lasts."""
        from ..state.leases import Holder
        from .leases import step_lock

        self.fence.check()
        if self.redact(key) != key:
            raise NothingDone(
                "the key of the lock holds a secret, and the ledger keeps none",
                code="AF-LOCK-KEY",
                help="choose a name that says what is guarded",
            )
        lock = step_lock(key)
        if any(held.key == key for held in self.leases):
            raise NothingDone(
                f"this step holds the lock {key!r} already, and would wait for itself",
                code="AF-LOCK-NESTED",
                help="take one of the two away, or give the inner one another key",
            )
        holder = Holder(flow_id=self.flow_id, run_id=self.run_id, job_id=self.job_id, step_id=self.step_id)
        with self.keeper.get().hold(
            lock,
            holder,
            ttl_seconds=ttl_seconds,
            wait_seconds=wait_seconds,
            cancelled=self.cancelled,
            on_lost=self._stop_at_once,
        ) as held:
            self.leases = (*self.leases, held)
            try:
                yield held
            finally:
                self.leases = self.leases[:-1]

    def run_step(self, step: Mapping[str, Any]) -> StepOutputs | Skip[StepOutputs]:
        """Run a step inside this one."""
        self.fence.check()
        return self.run_inner(self, step)

    @contextmanager
    def publish(self, path: Path, *, replace: bool = True) -> Iterator[Path]:
        """A temporary path to write to; when the block ends well it takes the place of `path` in one move."""
        from ..files.publish import publish

        target = self.paths.writable(str(path))
        mode = 0o600 if self._is_private(target) else 0o666
        with publish(target, mode=mode, owner=self.idempotency_key, replace=replace, books=self._books()) as temporary:
            yield temporary

    @contextmanager
    def staged_folder(self, final: Path, *, given: Path | None = None) -> Iterator[Path]:
        """An empty folder to fill, for `publish_folder`; whatever is still in it when the block ends is removed."""
        from ..files.publish import staged_folder

        target = self.paths.writable(str(final))
        place = None if given is None else self.paths.writable(str(given))
        mode = 0o700 if self._is_private(target) else 0o777
        owner, books = self.idempotency_key, self._books()
        with staged_folder(target, owner=owner, given=place, mode=mode, books=books) as folder:
            yield folder

    def publish_folder(self, staged: Path, final: Path, *, replace: bool = True, may_copy: bool = False) -> None:
        """Put a staged folder in its place, in one move."""
        from ..files.publish import publish_folder

        target = self.paths.writable(str(final))
        self.check_fence()
        publish_folder(staged, target, replace=replace, may_copy=may_copy, books=self._books())

    def check_fence(self) -> None:
        """Go on only while the run has not left this attempt behind, and holds the locks under which it works."""
        # Each looks at the clock itself: a holder that stood still wakes before anybody could tell it.
        for held in self.leases:
            held.check()
        self.fence.check()

    @contextmanager
    def _moving(self) -> Iterator[None]:
        self.check_fence()
        with self.fence.held():
            yield

    def _stop_at_once(self) -> None:
        """What the step works on is somebody else's now: nothing of it is put in place any more."""
        self.fence.revoke()
        self.cancel()

    def _books(self) -> Bookkeeping:
        from ..files.publish import Bookkeeping

        unfinished = self.folders.workspace.unfinished
        return Bookkeeping(unfinished=unfinished, published=self.published.append, moving=self._moving)

    def _is_private(self, path: Path) -> bool:
        """What is published below the job's own folders is for the user of the run only."""
        return any(path.is_relative_to(folder) for folder in self.folders.all)
