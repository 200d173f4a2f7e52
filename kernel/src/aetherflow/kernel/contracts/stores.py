"""What a state store is: the interface that runs are remembered through, whatever database stands behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager

    from .events import Status
    from .records import (
        DecisionRecord,
        History,
        JobRecord,
        Json,
        ResolutionRecord,
        RunKey,
        RunRecord,
        RunSummary,
        StartRecord,
        StepKey,
        StepRecord,
    )


class StateStore(Protocol):
    """Remembers runs; safe to use from several threads, and from several processes that each have one open.

    What writes is called inside `transaction` or `write_all` only, what reads anywhere. Values come back as they
    were given: integers of any size, floats, null, every text; a value that is no JSON (NaN) raises ValueError,
    and with it nothing of its transaction is kept. Whatever can't be read or written raises LedgerFailed.

    The conformance suite says the rest: see kernel/tests/state/store_conformance.py.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """All that is written inside becomes true together, and survives everything once the block has ended.

        One at a time in the whole store: others wait. What the block raises takes all of it back.
        """

    def reading(self) -> AbstractContextManager[None]:
        """All that is read inside is of one moment; writers don't wait for it."""

    def write_all(self, writes: Iterable[Callable[[Self], None]], *, fence: tuple[RunKey, int]) -> None:
        """Do all writes of a run in one transaction, unless somebody has started the run again since.

        Args:
            writes: what to do, in this order.
            fence: the run, and the number of the start that writes.

        Raises:
            Fenced: there was a later start, or there is no such run; nothing was written.
        """

    def put_run(self, key: RunKey, run: RunRecord) -> None:
        """Note that a run was started, or started again: when it first was, its facts and its marker stay."""

    def end_run(self, key: RunKey, start: int, *, of_start: Status, of_run: Status, ended_at: float | None) -> None:
        """Note how a start ended, and with it the run."""

    def put_start(self, key: RunKey, start: StartRecord) -> None:
        """Note a start of a run, in place of what was noted of it."""

    def cut_off(self, key: RunKey, reason: str) -> None:
        """Note of all that is RUNNING in a run, and of the run itself, that it was INTERRUPTED."""

    def put_decisions(self, key: RunKey, start: int, decisions: Iterable[DecisionRecord]) -> None:
        """Note what a start does with the jobs and steps of its run, and why."""

    def put_definitions(self, flow_digest: str, steps: str) -> None:
        """Note a flow's steps as they were written, as JSON text; what was noted first for a digest stays."""

    def put_job(self, key: RunKey, job_id: str, job: JobRecord, *, start: int = 0) -> None:
        """Note where a job stands; `start` is that of an on_failure or finally job."""

    def put_step(self, key: RunKey, step_key: StepKey, step: StepRecord) -> None:
        """Note where a step stands, with its artifacts where it has any; an attempt that this one follows is kept."""

    def keep_attempt(self, key: RunKey, step_key: StepKey) -> None:
        """Keep the newest attempt of a step as it stands among the earlier ones; what is kept already stays."""

    def put_resolution(self, key: RunKey, resolution: ResolutionRecord) -> None:
        """Note what a person decided."""

    def ask_to_cancel(self, key: RunKey, at: float) -> None:
        """Note that somebody wants the run to end, where it is RUNNING."""

    def forget_run(self, key: RunKey) -> None:
        """Remove all that is remembered of a run."""

    def forget_definitions(self) -> None:
        """Remove the definitions of flows that no run and no start refers to."""

    def runs(
        self,
        *,
        flow_id: str | None = None,
        run_id: str | None = None,
        statuses: tuple[Status, ...] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> tuple[RunSummary, ...]:
        """Runs as they are noted, newest first, then by their ids; null and nothing stand for all."""

    def cancel_requested(self, key: RunKey) -> bool:
        """Whether somebody asked for an end of the run since it was started."""

    def history(self, key: RunKey, *, start: int = 0) -> History:
        """A run, the jobs of `start` (0: those of the run as a whole), the steps of the run and of `start`."""

    def starts(self, key: RunKey) -> tuple[StartRecord, ...]:
        """All starts of a run, in their order."""

    def decisions(self, key: RunKey, start: int) -> tuple[DecisionRecord, ...]:
        """What a start decided, where there was something to decide."""

    def resolutions(self, key: RunKey) -> tuple[ResolutionRecord, ...]:
        """What people decided of a run, in the order in which they did."""

    def definitions(self, flow_digest: str) -> Json:
        """A flow's steps as they were written; null where they are not remembered."""

    def earlier_attempts(self, key: RunKey) -> Mapping[StepKey, list[Mapping[str, Json]]]:
        """The attempts that another one followed, by step, in their order; each as `put_step` noted it."""

    def newest_run_with(self, flow_id: str, job_ids: tuple[str, ...]) -> str | None:
        """The newest run of a flow in which all these jobs ended with SUCCESS."""

    def give_back_room(self, *, rewrite: bool) -> None:
        """Give the system back the room of what was removed; `rewrite` may take long, and others wait for it."""

    def close(self) -> None:
        """Let go of the store."""
