"""Records as rows of the ledger, and back."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from ..contracts.events import Status
from ..contracts.records import (
    ArtifactRecord,
    JobRecord,
    ResolutionRecord,
    RunKey,
    RunRecord,
    RunSummary,
    StartRecord,
    StepKey,
    StepRecord,
)
from .schema import TABLES_OF_RUNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..contracts.records import Json

Row = tuple[Any, ...]
_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)

_RUN_COLUMNS = (
    "status, starts, started_at, ended_at, flow_file, flow_digest, profile, parameters, facts, marker,"
    " workspace, cancel_requested_at"
)
_START_COLUMNS = (
    "start, status, asked, started_at, ended_at, flow_digest, profile, policy_digest, kernel, plugins,"
    " environment_keys, owner, jobs"
)
_JOB_COLUMNS = "job_id, status, reason, outputs, is_masked, definition, started_at, ended_at"
_STEP_KEY = "start, job_id, item, step_id"
_STEP_COLUMNS = (
    "status, step_type, rerun, attempt, definition, position, generation, ran_in, attempts_before, next_attempt_at,"
    " inputs_digest, outputs, outputs_digest, is_masked, reason, error_code, error, is_without_effect, started_at,"
    " ended_at"
)
_OLD_ATTEMPT = (
    "attempt, ran_in, status, inputs_digest, reason, error_code, error, is_without_effect, started_at, ended_at,"
    " next_attempt_at"
)
_RESOLUTION_COLUMNS = f"at, decided_by, what, {_STEP_KEY}, reason, before"
_ARTIFACT_COLUMNS = "number, path, size, sha256, files"


def _insert(table: str, columns: str, *, verb: str = "INSERT OR REPLACE", count: int = 1) -> str:
    row = f"({', '.join('?' * (columns.count(',') + 3))})"
    return f"{verb} INTO {table} (flow_id, run_id, {columns}) VALUES {', '.join([row] * count)}"


def _select(table: str, columns: str, where: str = "") -> str:
    return f"SELECT {columns} FROM {table} WHERE flow_id = ? AND run_id = ?{where}"  # noqa: S608 - our own names


def _cut_off(table: str, more: str = "") -> str:
    return f"UPDATE {table} SET status = 'INTERRUPTED'{more} WHERE flow_id = ? AND run_id = ? AND status = 'RUNNING'"  # noqa: S608 - our own names


PUT_RUN = (
    _insert("runs", _RUN_COLUMNS, verb="INSERT")
    + """
ON CONFLICT (flow_id, run_id) DO UPDATE SET
    status = excluded.status, starts = excluded.starts, ended_at = excluded.ended_at,
    parameters = excluded.parameters, flow_file = excluded.flow_file,
    flow_digest = excluded.flow_digest, profile = excluded.profile, workspace = excluded.workspace,
    cancel_requested_at = excluded.cancel_requested_at
"""
)
END_RUN = "UPDATE runs SET status = ?, ended_at = ? WHERE flow_id = ? AND run_id = ?"
END_START = "UPDATE starts SET status = ?, ended_at = ? WHERE flow_id = ? AND run_id = ? AND start = ?"
#: What is RUNNING of a run whose process is gone; jobs and steps take a reason.
CUT_OFF_FOR_A_REASON = (_cut_off("jobs", ", reason = ?"), _cut_off("steps", ", reason = ?"))
CUT_OFF = (_cut_off("starts"), _cut_off("runs"))
PUT_START = _insert("starts", _START_COLUMNS)
PUT_DECISION = _insert("decisions", "start, job_id, step_id, decision, reason")
#: The attempt that a new one follows moves from the step's row to a row of its own. Between two attempts of a series
#: the step is PENDING; the attempt was not.
_OLD_STATUS = """
CASE WHEN next_attempt_at IS NULL THEN status WHEN error_code = 'AF-TIMED-OUT' THEN 'TIMED_OUT'
    WHEN error_code = 'AF-LOCK-LOST' THEN 'LOCK_LOST' ELSE 'FAILED' END"""
#: What was kept of an attempt stays: its row may say by now what a person decided, or what a later start made of it.
KEEP_AS_IT_STANDS = f"""
INSERT OR IGNORE INTO attempts (flow_id, run_id, {_STEP_KEY}, {_OLD_ATTEMPT})
SELECT flow_id, run_id, {_STEP_KEY}, {_OLD_ATTEMPT.replace("status", _OLD_STATUS)} FROM steps
WHERE flow_id = ? AND run_id = ? AND start = ? AND job_id = ? AND item = ? AND step_id = ? AND attempt > 0
"""  # noqa: S608 - our own names
#: It is followed by another attempt, or by a later start that makes none and says so.
KEEP_ATTEMPT = f"{KEEP_AS_IT_STANDS} AND (attempt < ?7 OR (attempt = ?7 AND ran_in < ?8))"
FORGET_ARTIFACTS = """
DELETE FROM artifacts WHERE flow_id = ? AND run_id = ? AND start = ? AND job_id = ? AND item = ? AND step_id = ?
"""
PUT_ARTIFACT = _insert("artifacts", f"{_STEP_KEY}, {_ARTIFACT_COLUMNS}")
PUT_DEFINITIONS = "INSERT OR IGNORE INTO definitions (flow_digest, steps) VALUES (?, ?)"

GET_RUN = _select("runs", _RUN_COLUMNS)
GET_STARTS = _select("starts", _START_COLUMNS, " ORDER BY start")
GET_DECISIONS = _select("decisions", "job_id, step_id, decision, reason", " AND start = ?")
GET_JOBS = _select("jobs", _JOB_COLUMNS, " AND start = ?")
GET_STEPS = _select("steps", f"{_STEP_KEY}, {_STEP_COLUMNS}", " AND start IN (0, ?)")
GET_ATTEMPTS = _select("attempts", f"{_STEP_KEY}, {_OLD_ATTEMPT}", " ORDER BY attempt")
GET_ARTIFACTS = _select("artifacts", f"{_STEP_KEY}, {_ARTIFACT_COLUMNS}", " ORDER BY number")
GET_DEFINITIONS = "SELECT steps FROM definitions WHERE flow_digest = ?"
CANCEL_REQUESTED = _select("runs", "cancel_requested_at")
FENCE = "SELECT starts FROM runs WHERE flow_id = ? AND run_id = ?"

PUT_RESOLUTION = f"""
INSERT INTO resolutions (flow_id, run_id, number, {_RESOLUTION_COLUMNS})
SELECT ?1, ?2, (SELECT count(*) + 1 FROM resolutions WHERE flow_id = ?1 AND run_id = ?2), ?, ?, ?, ?, ?, ?, ?, ?, ?
"""  # noqa: S608 - our own names
GET_RESOLUTIONS = _select("resolutions", _RESOLUTION_COLUMNS, " ORDER BY number")
ASK_TO_CANCEL = "UPDATE runs SET cancel_requested_at = ? WHERE flow_id = ? AND run_id = ? AND status = 'RUNNING'"
FORGET_RUN = tuple(
    f"DELETE FROM {table} WHERE flow_id = ? AND run_id = ?"  # noqa: S608 - our own names
    for table in TABLES_OF_RUNS
)
FORGET_DEFINITIONS = """
DELETE FROM definitions WHERE flow_digest NOT IN (SELECT flow_digest FROM runs UNION SELECT flow_digest FROM starts)
"""


#: As many rows as one statement puts: SQLite prepares and keeps one for each number.
MOST_ROWS = 32


@cache
def put_jobs(count: int) -> str:
    """The statement that puts so many jobs."""
    return _insert("jobs", f"start, {_JOB_COLUMNS}", count=count)


@cache
def put_steps(count: int) -> str:
    """The statement that puts so many steps."""
    return _insert("steps", f"{_STEP_KEY}, {_STEP_COLUMNS}", count=count)


def list_runs(*, by_flow: bool, by_run: bool, statuses: int) -> str:
    """The statement that lists runs, newest first; asks for a flow, a run, statuses, a limit and an offset."""
    asked = ["runs.flow_id = ?"] * by_flow + ["runs.run_id = ?"] * by_run
    if statuses:
        asked.append(f"runs.status IN ({', '.join('?' * statuses)})")
    return f"""
        SELECT runs.flow_id, runs.run_id, {_qualified("runs", _RUN_COLUMNS)},
            (SELECT count(*) FROM jobs WHERE jobs.flow_id = runs.flow_id AND jobs.run_id = runs.run_id
             AND jobs.start = 0 AND jobs.status IN ('SUCCESS', 'SKIPPED')),
            (SELECT count(*) FROM jobs WHERE jobs.flow_id = runs.flow_id AND jobs.run_id = runs.run_id
             AND jobs.start = 0),
            {_qualified("starts", _START_COLUMNS)}
        FROM runs LEFT JOIN starts
            ON starts.flow_id = runs.flow_id AND starts.run_id = runs.run_id AND starts.start = runs.starts
        {"WHERE " if asked else ""}{" AND ".join(asked)}
        ORDER BY runs.started_at DESC, runs.flow_id, runs.run_id LIMIT ? OFFSET ?
    """  # noqa: S608 - our own names


def _qualified(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{name.strip()}" for name in columns.split(","))


NEWEST_RUN_WITH_JOBS = """
SELECT run_id FROM runs WHERE flow_id = ?1
AND (SELECT count(*) FROM jobs WHERE jobs.flow_id = runs.flow_id AND jobs.run_id = runs.run_id
     AND start = 0 AND status = 'SUCCESS' AND job_id IN (SELECT value FROM json_each(?2))) = json_array_length(?2)
ORDER BY started_at DESC LIMIT 1
"""


def to_json(value: object) -> str:
    """A value as JSON text, in ASCII: text that is no Unicode (a lone surrogate) has a JSON form, and no other."""
    return _JSON.encode(value)


def storable(text: str) -> str:
    """A text that the database takes: lone surrogates are written out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def run_values(key: RunKey, run: RunRecord) -> Row:
    """The row of a run."""
    return (
        *key,
        run.status.value,
        run.starts,
        run.started_at,
        run.ended_at,
        storable(run.flow_file),
        run.flow_digest,
        run.profile,
        to_json(run.parameters),
        to_json(run.facts),
        run.marker,
        storable(run.workspace),
        run.cancel_requested_at,
    )


def run_of(row: Row) -> RunRecord:
    """The run of a row."""
    status, starts, started_at, ended_at, flow_file, flow_digest, profile, parameters, facts, marker, *late = row
    return RunRecord(
        status=Status(status),
        starts=starts,
        started_at=started_at,
        ended_at=ended_at,
        flow_file=flow_file,
        flow_digest=flow_digest,
        profile=profile,
        parameters=json.loads(parameters),
        facts=json.loads(facts),
        marker=marker,
        workspace=late[0],
        cancel_requested_at=late[1],
    )


def start_values(key: RunKey, start: StartRecord) -> Row:
    """The row of a start."""
    return (
        *key,
        start.number,
        start.status.value,
        storable(start.asked),
        start.started_at,
        start.ended_at,
        start.flow_digest,
        start.profile,
        start.policy_digest,
        start.kernel,
        to_json(start.plugins),
        to_json(list(start.environment_keys)),
        to_json(start.owner),
        start.jobs,
    )


def start_of(row: Row) -> StartRecord:
    """The start of a row."""
    number, status, asked, started_at, ended_at, flow_digest, profile, policy, kernel, plugins, keys, *late = row
    return StartRecord(
        number=number,
        status=Status(status),
        asked=asked,
        started_at=started_at,
        ended_at=ended_at,
        flow_digest=flow_digest,
        profile=profile,
        policy_digest=policy,
        kernel=kernel,
        plugins=json.loads(plugins),
        environment_keys=tuple(json.loads(keys)),
        owner=json.loads(late[0]),
        jobs=late[1],
    )


def job_values(key: RunKey, start: int, job_id: str, job: JobRecord) -> Row:
    """The row of a job."""
    return (
        *key,
        start,
        job_id,
        job.status.value,
        storable(job.reason),
        to_json(job.outputs),
        int(job.is_masked),
        job.definition,
        job.started_at,
        job.ended_at,
    )


def job_of(row: Row) -> tuple[str, JobRecord]:
    """The job of a row, with its id."""
    job_id, status, reason, outputs, is_masked, definition, started_at, ended_at = row
    return job_id, JobRecord(
        status=Status(status),
        reason=reason,
        outputs=json.loads(outputs),
        is_masked=bool(is_masked),
        definition=definition,
        started_at=started_at,
        ended_at=ended_at,
    )


def step_key_values(key: RunKey, step: StepKey) -> Row:
    """What tells a step from all others, in the order of the columns."""
    return (*key, step.start, step.job_id, step.item, step.step_id)


def step_values(key: RunKey, step_key: StepKey, step: StepRecord) -> Row:
    """The row of a step."""
    outputs = None if step.outputs is None else to_json(step.outputs)
    return (
        *step_key_values(key, step_key),
        step.status.value,
        step.step_type,
        step.rerun,
        step.attempt,
        step.definition,
        step.position,
        step.generation,
        step.ran_in,
        step.attempts_before,
        step.next_attempt_at,
        step.inputs_digest,
        outputs,
        "" if outputs is None else hashlib.sha256(outputs.encode()).hexdigest(),
        int(step.is_masked),
        storable(step.reason),
        storable(step.error_code),
        storable(step.error),
        int(step.is_without_effect),
        step.started_at,
        step.ended_at,
    )


def step_of(row: Row, artifacts: Mapping[StepKey, list[ArtifactRecord]]) -> tuple[StepKey, StepRecord]:
    """The step of a row, with its key."""
    start, job_id, item, step_id, status, step_type, rerun, attempt, definition, position, *rest = row
    generation, ran_in, attempts_before, next_attempt_at, inputs_digest, outputs, _, is_masked, *told = rest
    reason, error_code, error, is_without_effect, started_at, ended_at = told
    key = StepKey(job_id, step_id, item, start)
    return key, StepRecord(
        status=Status(status),
        step_type=step_type,
        rerun=rerun,
        attempt=attempt,
        definition=definition,
        position=position,
        generation=generation,
        ran_in=ran_in,
        attempts_before=attempts_before,
        next_attempt_at=next_attempt_at,
        inputs_digest=inputs_digest,
        outputs=None if outputs is None else json.loads(outputs),
        is_masked=bool(is_masked),
        artifacts=tuple(artifacts.get(key, ())),
        reason=reason,
        error_code=error_code,
        error=error,
        is_without_effect=bool(is_without_effect),
        started_at=started_at,
        ended_at=ended_at,
    )


def attempt_of(row: Row) -> tuple[StepKey, Mapping[str, Json]]:
    """An attempt that another one followed, with the key of its step, as machines read it."""
    start, job_id, item, step_id, *values = row
    names = [name.strip() for name in _OLD_ATTEMPT.split(",")]
    return StepKey(job_id, step_id, item, start), dict(zip(names, values, strict=True))


def artifact_values(key: RunKey, step_key: StepKey, number: int, artifact: ArtifactRecord) -> Row:
    """The row of something that a step published."""
    told = (number, storable(artifact.path), artifact.size, artifact.sha256, artifact.files)
    return (*step_key_values(key, step_key), *told)


def artifact_of(row: Row) -> tuple[StepKey, ArtifactRecord]:
    """Something that a step published, with the step's key."""
    start, job_id, item, step_id, _, path, size, sha256, files = row
    return StepKey(job_id, step_id, item, start), ArtifactRecord(path=path, size=size, sha256=sha256, files=files)


def summary_of(row: Row) -> RunSummary:
    """A run in a list, of a row of `list_runs`."""
    of_run = 2 + _RUN_COLUMNS.count(",") + 1
    done, known, *start = row[of_run:]
    return RunSummary(
        key=RunKey(row[0], row[1]),
        run=run_of(row[2:of_run]),
        newest_start=None if start[0] is None else start_of(tuple(start)),
        jobs_done=done,
        jobs_known=known,
    )


def resolution_values(key: RunKey, resolution: ResolutionRecord) -> Row:
    """The row of what a person decided."""
    step = resolution.step or StepKey("", "")
    return (
        *key,
        resolution.at,
        storable(resolution.by),
        resolution.what,
        step.start,
        step.job_id,
        step.item,
        step.step_id,
        storable(resolution.reason),
        to_json(resolution.before),
    )


def resolution_of(row: Row) -> ResolutionRecord:
    """What a person decided, of a row."""
    at, by, what, start, job_id, item, step_id, reason, before = row
    step = StepKey(job_id, step_id, item, start) if job_id else None
    return ResolutionRecord(at=at, by=by, what=what, step=step, reason=reason, before=json.loads(before))
