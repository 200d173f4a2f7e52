"""The ledger: every status that was acknowledged survives the process that wrote it."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

import apsw

from ..contracts.events import Status
from ..contracts.records import DecisionRecord, History, RunKey, StepKey
from ..errors import Fenced
from . import rows
from .connection import LedgerConnection, Transaction, open_connection, open_to_read, unusable
from .forks import GUARD, IN_ANOTHER_PROCESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from ..contracts.records import (
        ArtifactRecord,
        JobRecord,
        Json,
        ResolutionRecord,
        RunRecord,
        RunSummary,
        StartRecord,
        StepRecord,
    )
    from ..contracts.stores import StateStore


class Ledger:
    """One open ledger file; safe to use from several threads, one transaction at a time."""

    def __init__(self, connection: LedgerConnection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._guard = threading.RLock()
        #: Rows that wait for the others of their table, while `write_all` gathers them.
        self._gathered: dict[Callable[[int], str], list[rows.Row]] | None = None
        GUARD.watch(self, Ledger._leave_to_parent)

    def _leave_to_parent(self) -> object:
        """In a child of this process: a lock may be held by a thread that is not there."""
        left = (self._connection, self._guard)
        self._connection, self._guard = IN_ANOTHER_PROCESS, threading.RLock()
        return left

    def transaction(self) -> Transaction:
        """All that is written inside becomes true together, and is on the disk when the block ends.

        Entering and leaving it raise LedgerFailed where it can't be written.
        """
        return Transaction(self._connection, self._path, self._guard)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """All that is read inside is of one moment; to be kept short.

        Raises:
            LedgerFailed: the file can't be read.
        """
        with self._guard, self._failures_told():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    def write_all(self, writes: Iterable[Callable[[Ledger], None]], *, fence: tuple[RunKey, int]) -> None:
        """Do all writes of a run in one transaction, unless somebody has started the run again since.

        Args:
            writes: what to do, in this order.
            fence: the run, and the number of the start that writes.

        Raises:
            LedgerFailed: it could not be written.
            Fenced: there was a later start.
        """
        key, start = fence
        with self.transaction():
            if [(start,)] != self._connection.execute(rows.FENCE, key).fetchall():
                raise Fenced(
                    f"run {key.run_id!r} of flow {key.flow_id!r} was started again by another process",
                    help="let that one go on; see aetherflow runs show",
                )
            self._gathered = {}
            try:
                for write in writes:
                    write(self)
                self._put_gathered()
            finally:
                self._gathered = None

    def put_run(self, key: RunKey, run: RunRecord) -> None:
        """Note that a run was started, or started again; what is fixed at the first start stays."""
        self._connection.execute(rows.PUT_RUN, rows.run_values(key, run))

    def end_run(self, key: RunKey, start: int, *, of_start: Status, of_run: Status, ended_at: float | None) -> None:
        """Note how a start ended, and with it the run."""
        self._connection.execute(rows.END_START, (of_start.value, ended_at, *key, start))
        self._connection.execute(rows.END_RUN, (of_run.value, ended_at, *key))

    def put_start(self, key: RunKey, start: StartRecord) -> None:
        """Note a start of a run."""
        self._connection.execute(rows.PUT_START, rows.start_values(key, start))

    def cut_off(self, key: RunKey, reason: str) -> None:
        """Note of all that is under way in a run, and of the run itself, that it was cut off."""
        for statement in rows.CUT_OFF_FOR_A_REASON:
            self._connection.execute(statement, (reason, *key))
        for statement in rows.CUT_OFF:
            self._connection.execute(statement, key)

    def put_decisions(self, key: RunKey, start: int, decisions: Iterable[DecisionRecord]) -> None:
        """Note what a start does with the jobs and steps of its run, and why."""
        self._connection.executemany(
            rows.PUT_DECISION,
            ((*key, start, each.job_id, each.step_id, each.decision, rows.storable(each.reason)) for each in decisions),
        )

    def put_definitions(self, flow_digest: str, steps: str) -> None:
        """Note a flow's steps as they were written, as JSON, once for each digest."""
        self._connection.execute(rows.PUT_DEFINITIONS, (flow_digest, rows.storable(steps)))

    def put_job(self, key: RunKey, job_id: str, job: JobRecord, *, start: int = 0) -> None:
        """Note where a job stands."""
        self._put(rows.put_jobs, rows.job_values(key, start, job_id, job))

    def put_step(self, key: RunKey, step_key: StepKey, step: StepRecord) -> None:
        """Note where a step stands; the attempt that a new one follows is kept."""
        # What is under way is an attempt of its own; a later start may also tell of an attempt that it did not make.
        if step.attempt > 1 or (step.ran_in > 1 and step.status is not Status.RUNNING):
            self._put_gathered()
            following = (*rows.step_key_values(key, step_key), step.attempt, step.ran_in)
            self._connection.execute(rows.KEEP_ATTEMPT, following)
        self._put(rows.put_steps, rows.step_values(key, step_key, step))
        if step.artifacts:
            self._connection.execute(rows.FORGET_ARTIFACTS, rows.step_key_values(key, step_key))
            for number, artifact in enumerate(step.artifacts):
                self._connection.execute(rows.PUT_ARTIFACT, rows.artifact_values(key, step_key, number, artifact))

    def keep_attempt(self, key: RunKey, step_key: StepKey) -> None:
        """Keep the newest attempt of a step as it stands, before its row says what a person decided."""
        self._put_gathered()
        self._connection.execute(rows.KEEP_AS_IT_STANDS, rows.step_key_values(key, step_key))

    def _put(self, statement: Callable[[int], str], row: rows.Row) -> None:
        """Put a row into its table, at once or together with others."""
        if self._gathered is None:
            self._connection.execute(statement(1), row)
        else:
            self._gathered.setdefault(statement, []).append(row)

    def _put_gathered(self) -> None:
        """Put all rows that wait, as few statements as may be.

        Each statement lets another thread have the interpreter, and waits to get it back: with many jobs at a time,
        a commit of a hundred statements took as long as a hundred jobs.
        """
        for statement, waiting in (self._gathered or {}).items():
            for first in range(0, len(waiting), rows.MOST_ROWS):
                together = waiting[first : first + rows.MOST_ROWS]
                self._connection.execute(statement(len(together)), tuple(chain.from_iterable(together)))
            waiting.clear()

    def put_resolution(self, key: RunKey, resolution: ResolutionRecord) -> None:
        """Note what a person decided."""
        self._connection.execute(rows.PUT_RESOLUTION, rows.resolution_values(key, resolution))

    def ask_to_cancel(self, key: RunKey, at: float) -> None:
        """Note that somebody wants the run to end, where it is RUNNING."""
        self._connection.execute(rows.ASK_TO_CANCEL, (at, *key))

    def forget_run(self, key: RunKey) -> None:
        """Remove all that is remembered of a run."""
        for statement in rows.FORGET_RUN:
            self._connection.execute(statement, key)

    def forget_definitions(self) -> None:
        """Remove the definitions of flows that no run refers to any more."""
        self._connection.execute(rows.FORGET_DEFINITIONS)

    def runs(
        self,
        *,
        flow_id: str | None = None,
        run_id: str | None = None,
        statuses: tuple[Status, ...] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> tuple[RunSummary, ...]:
        """Runs as they are noted, newest first; null and nothing stand for all.

        Raises:
            LedgerFailed: the file can't be read.
        """
        statement = rows.list_runs(by_flow=flow_id is not None, by_run=run_id is not None, statuses=len(statuses))
        named = [text for text in (flow_id, run_id) if text is not None]
        asked = (*named, *(status.value for status in statuses), -1 if limit is None else limit, offset)
        with self._guard, self._failures_told():
            return tuple(rows.summary_of(row) for row in self._connection.execute(statement, asked))

    def history(self, key: RunKey, *, start: int = 0) -> History:
        """All that is remembered of one run: its jobs, and with `start` those that belong to that start alone.

        Raises:
            LedgerFailed: the file can't be read.
        """
        with self._guard, self._failures_told():
            runs = [rows.run_of(row) for row in self._connection.execute(rows.GET_RUN, key)]
            artifacts: dict[StepKey, list[ArtifactRecord]] = {}
            for row in self._connection.execute(rows.GET_ARTIFACTS, key):
                step_key, artifact = rows.artifact_of(row)
                artifacts.setdefault(step_key, []).append(artifact)
            jobs = dict(rows.job_of(row) for row in self._connection.execute(rows.GET_JOBS, (*key, start)))
            steps = dict(
                rows.step_of(row, artifacts) for row in self._connection.execute(rows.GET_STEPS, (*key, start))
            )
            return History(run=runs[0] if runs else None, jobs=jobs, steps=steps)

    def cancel_requested(self, key: RunKey) -> bool:
        """Whether somebody asked for an end of the run since it was started."""
        with self._guard, self._failures_told():
            return any(at is not None for (at,) in self._connection.execute(rows.CANCEL_REQUESTED, key))

    def starts(self, key: RunKey) -> tuple[StartRecord, ...]:
        """All starts of a run, in their order."""
        with self._guard, self._failures_told():
            return tuple(rows.start_of(row) for row in self._connection.execute(rows.GET_STARTS, key))

    def decisions(self, key: RunKey, start: int) -> tuple[DecisionRecord, ...]:
        """What a start decided, where there was something to decide."""
        with self._guard, self._failures_told():
            return tuple(
                DecisionRecord(job_id=job_id, step_id=step_id, decision=decision, reason=reason)
                for job_id, step_id, decision, reason in self._connection.execute(rows.GET_DECISIONS, (*key, start))
            )

    def resolutions(self, key: RunKey) -> tuple[ResolutionRecord, ...]:
        """What people decided of a run, in the order of time."""
        with self._guard, self._failures_told():
            return tuple(rows.resolution_of(row) for row in self._connection.execute(rows.GET_RESOLUTIONS, key))

    def definitions(self, flow_digest: str) -> Json:
        """A flow's steps as they were written; null where they are not remembered."""
        with self._guard, self._failures_told():
            for (steps,) in self._connection.execute(rows.GET_DEFINITIONS, (flow_digest,)):
                found: Json = json.loads(steps)
                return found
        return None

    def earlier_attempts(self, key: RunKey) -> Mapping[StepKey, list[Mapping[str, Json]]]:
        """The attempts that another one followed, by step, in their order."""
        found: dict[StepKey, list[Mapping[str, Json]]] = {}
        with self._guard, self._failures_told():
            for row in self._connection.execute(rows.GET_ATTEMPTS, key):
                step_key, attempt = rows.attempt_of(row)
                found.setdefault(step_key, []).append(attempt)
        return found

    def newest_run_with(self, flow_id: str, job_ids: tuple[str, ...]) -> str | None:
        """The newest run of a flow in which all these jobs ended well."""
        with self._guard, self._failures_told():
            for (run_id,) in self._connection.execute(rows.NEWEST_RUN_WITH_JOBS, (flow_id, json.dumps(job_ids))):
                return str(run_id)
        return None

    def give_back_room(self, *, rewrite: bool) -> None:
        """Give the file system back what was removed: of the log of writes, and with `rewrite` of the file itself.

        Others wait who want to write meanwhile.

        Raises:
            LedgerFailed: it could not be done; nothing is lost.
        """
        with self._guard, self._failures_told():
            if rewrite:
                self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            self._connection.close()

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        """What SQLite says of the file (full, unreadable, damaged), as an error for the user."""
        try:
            yield
        except apsw.Error as error:
            raise unusable(self._path, str(error)) from error
        except (ValueError, TypeError) as error:
            raise unusable(self._path, "it holds something that this version does not understand") from error


def open_ledger(path: Path, *, to_read: bool = False) -> Ledger:
    """Open the ledger file, made with its folders where it is missing; with `to_read` only to look into it.

    Raises:
        LedgerFailed: the file can't be opened, is no ledger, or is newer than this kernel.
    """
    return Ledger(open_to_read(path) if to_read else open_connection(path), path)


if TYPE_CHECKING:

    def _as_a_store(ledger: Ledger) -> StateStore:
        """The type checker says whether anything is missing of what a store must have."""
        return ledger
