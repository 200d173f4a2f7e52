"""The ledger: every status that was acknowledged survives the process that wrote it."""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import apsw

from ..contracts.events import Status
from ..contracts.records import History, JobRecord, RunRecord, StepKey, StepRecord
from ..errors import LedgerFailed
from .folders import make_private_folder
from .ownership import one_at_a_time
from .schema import APPLICATION_ID, CONNECTION_SETTINGS, SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from ..contracts.records import Json, RunKey

_BUSY_MILLISECONDS = 30_000
_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)

_PUT_RUN = """
INSERT INTO runs (
    flow_id, run_id, status, starts, started_at, ended_at, flow_file, flow_digest, profile, parameters, facts, marker)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (flow_id, run_id) DO UPDATE SET
    status = excluded.status, starts = excluded.starts, ended_at = excluded.ended_at,
    parameters = excluded.parameters, flow_file = excluded.flow_file,
    flow_digest = excluded.flow_digest, profile = excluded.profile
"""
_END_RUN = "UPDATE runs SET status = ?, ended_at = ? WHERE flow_id = ? AND run_id = ?"
_PUT_JOB = """
INSERT OR REPLACE INTO jobs (flow_id, run_id, start, job_id, status, reason, outputs, is_masked, started_at, ended_at)
VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?)
"""
_PUT_STEP = """
INSERT OR REPLACE INTO steps (
    flow_id, run_id, start, job_id, item, step_id, status, step_type, rerun, attempt, definition, inputs_digest,
    outputs, is_masked, reason, error_code, error, is_without_effect, started_at, ended_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_GET_RUN = (
    "SELECT status, starts, started_at, ended_at, parameters, facts, marker FROM runs WHERE flow_id = ? AND run_id = ?"
)
_GET_JOBS = """
SELECT job_id, status, reason, outputs, is_masked, started_at, ended_at
FROM jobs WHERE flow_id = ? AND run_id = ? AND start = 0
"""
_GET_STEPS = """
SELECT job_id, step_id, item, start, status, step_type, rerun, attempt, definition, inputs_digest, outputs, is_masked,
    reason, error_code, error, is_without_effect, started_at, ended_at
FROM steps WHERE flow_id = ? AND run_id = ?
"""
_NEWEST_RUN_WITH_JOBS = """
SELECT run_id FROM runs WHERE flow_id = ?1
AND (SELECT count(*) FROM jobs WHERE jobs.flow_id = runs.flow_id AND jobs.run_id = runs.run_id
     AND start = 0 AND status = 'SUCCESS' AND job_id IN (SELECT value FROM json_each(?2))) = json_array_length(?2)
ORDER BY started_at DESC LIMIT 1
"""


class Ledger:
    """One open ledger file; safe to use from several threads, one transaction at a time."""

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._guard = threading.RLock()

    def transaction(self) -> _Transaction:
        """All that is written inside becomes true together, and is on the disk when the block ends.

        Entering and leaving it raise LedgerFailed where it can't be written.
        """
        return _Transaction(self._connection, self._path, self._guard)

    def write_all(self, writes: Iterable[Callable[[Ledger], None]]) -> None:
        """Do all writes in one transaction.

        Raises:
            LedgerFailed: it could not be written.
        """
        with self.transaction():
            for write in writes:
                write(self)

    def put_run(self, key: RunKey, run: RunRecord, *, flow_file: str, flow_digest: str, profile: str) -> None:
        """Note that a run was started, or started again; what is fixed at the first start stays."""
        values = (
            *(run.status.value, run.starts, run.started_at, run.ended_at, _storable(flow_file), flow_digest, profile),
            *(_to_json(run.parameters), _to_json(run.facts), run.marker),
        )
        self._connection.execute(_PUT_RUN, (*key, *values))

    def end_run(self, key: RunKey, status: Status, ended_at: float | None) -> None:
        """Note how a run ended."""
        self._connection.execute(_END_RUN, (status.value, ended_at, *key))

    def put_job(self, key: RunKey, job_id: str, job: JobRecord) -> None:
        """Note where a job stands."""
        values = (
            job_id,
            job.status.value,
            _storable(job.reason),
            _to_json(job.outputs),
            int(job.is_masked),
            job.started_at,
            job.ended_at,
        )
        self._connection.execute(_PUT_JOB, (*key, *values))

    def put_step(self, key: RunKey, step_key: StepKey, step: StepRecord) -> None:
        """Note where a step stands."""
        outputs = None if step.outputs is None else _to_json(step.outputs)
        values = (
            *(step_key.start, step_key.job_id, step_key.item, step_key.step_id),
            *(
                step.status.value,
                step.step_type,
                step.rerun,
                step.attempt,
                step.definition,
                step.inputs_digest,
                outputs,
                int(step.is_masked),
            ),
            *(
                _storable(step.reason),
                step.error_code,
                _storable(step.error),
                int(step.is_without_effect),
                step.started_at,
                step.ended_at,
            ),
        )
        self._connection.execute(_PUT_STEP, (*key, *values))

    def history(self, key: RunKey) -> History:
        """All that is remembered of one run.

        Raises:
            LedgerFailed: the file can't be read.
        """
        with self._guard, self._failures_told():
            runs = [
                RunRecord(
                    status=Status(status),
                    starts=starts,
                    started_at=started_at,
                    ended_at=ended_at,
                    parameters=json.loads(parameters),
                    facts=json.loads(facts),
                    marker=marker,
                )
                for status, starts, started_at, ended_at, parameters, facts, marker in self._connection.execute(
                    _GET_RUN, key
                )
            ]
            return History(run=runs[0] if runs else None, jobs=self._jobs(key), steps=self._steps(key))

    def newest_run_with(self, flow_id: str, job_ids: tuple[str, ...]) -> str | None:
        """The newest run of a flow in which all these jobs ended well."""
        with self._guard, self._failures_told():
            for (run_id,) in self._connection.execute(_NEWEST_RUN_WITH_JOBS, (flow_id, json.dumps(job_ids))):
                return str(run_id)
        return None

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
            raise _unusable(self._path, str(error)) from error

    def _jobs(self, key: RunKey) -> Mapping[str, JobRecord]:
        return {
            job_id: JobRecord(
                status=Status(status),
                reason=reason,
                outputs=json.loads(outputs),
                is_masked=bool(is_masked),
                started_at=started_at,
                ended_at=ended_at,
            )
            for job_id, status, reason, outputs, is_masked, started_at, ended_at in self._connection.execute(
                _GET_JOBS, key
            )
        }

    def _steps(self, key: RunKey) -> Mapping[StepKey, StepRecord]:
        found: dict[StepKey, StepRecord] = {}
        for job_id, step_id, item, start, status, step_type, rerun, attempt, *rest in self._connection.execute(
            _GET_STEPS, key
        ):
            (
                definition,
                inputs_digest,
                outputs,
                is_masked,
                reason,
                error_code,
                error,
                is_without_effect,
                started_at,
                ended_at,
            ) = rest
            found[StepKey(job_id, step_id, item, start)] = StepRecord(
                status=Status(status),
                step_type=step_type,
                rerun=rerun,
                attempt=attempt,
                definition=definition,
                inputs_digest=inputs_digest,
                outputs=None if outputs is None else json.loads(outputs),
                is_masked=bool(is_masked),
                reason=reason,
                error_code=error_code,
                error=error,
                is_without_effect=bool(is_without_effect),
                started_at=started_at,
                ended_at=ended_at,
            )
        return found


class _Transaction:
    """One transaction of a ledger; a class, because there is one for every step."""

    __slots__ = ("_connection", "_guard", "_path")

    def __init__(self, connection: apsw.Connection, path: Path, guard: threading.RLock) -> None:
        self._connection = connection
        self._path = path
        self._guard = guard

    def __enter__(self) -> None:
        self._guard.acquire()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            self._guard.release()
            self._tell(error)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        try:
            if error is None:
                self._connection.execute("COMMIT")
        except BaseException as failed:
            self._roll_back()
            self._tell(failed)
            raise
        else:
            if error is not None:
                self._roll_back()
                self._tell(error)
        finally:
            self._guard.release()

    def _roll_back(self) -> None:
        with suppress(apsw.Error):
            self._connection.execute("ROLLBACK")

    def _tell(self, error: BaseException) -> None:
        """Raise what SQLite says of the file (full, unreadable, damaged) as an error for the user."""
        if isinstance(error, apsw.Error):
            raise _unusable(self._path, str(error)) from error


def open_ledger(path: Path) -> Ledger:
    """Open the ledger file, made with its folders where it is missing, for its user only.

    Raises:
        LedgerFailed: the file can't be opened, is no ledger, or is newer than this kernel.
    """
    try:
        make_private_folder(path.parent)
        with one_at_a_time(path.with_name(f"{path.name}.opening")):
            return Ledger(_open(path), path)
    except (OSError, apsw.Error) as error:
        raise _unusable(path, str(error)) from error


def _open(path: Path) -> apsw.Connection:
    # Only where it is missing: closing the file by other means drops SQLite's own locks on it in this process.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    connection = apsw.Connection(str(path))
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: apsw.Connection, path: Path) -> None:
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    version, application = (_pragma(connection, name) for name in ("user_version", "application_id"))
    is_new = version == 0 and application == 0 and not _pragma(connection, "schema_version")
    if not is_new and application != APPLICATION_ID:
        raise _unusable(path, "it is another program's SQLite file")
    if version > SCHEMA_VERSION:
        raise _unusable(path, f"a newer AetherFlow wrote it (version {version}, this one knows {SCHEMA_VERSION})")
    for setting in CONNECTION_SETTINGS:
        connection.execute(setting)
    if is_new:
        _create(connection)


def _create(connection: apsw.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(TABLES)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _pragma(connection: apsw.Connection, name: str) -> int:
    return int(connection.pragma(name) or 0)


def _unusable(path: Path, why: str) -> LedgerFailed:
    return LedgerFailed(
        f"the ledger {path} can't be used: {why}",
        help="make room, make it readable and writable, or give another file in flow.state.path",
    )


def _to_json(value: Mapping[str, Json]) -> str:
    # In ASCII: text that is no Unicode (a lone surrogate) has a JSON form, and none in the database.
    return _JSON.encode(value)


def _storable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
