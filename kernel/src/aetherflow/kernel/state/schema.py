"""The ledger's tables: one row per run, start, job, step and attempt, keyed by all that tells them apart."""

from __future__ import annotations

#: Written into the file's header, so that no other SQLite file is taken for a ledger ("AFlw").
APPLICATION_ID = 0x41466C77
#: The version of these tables; a newer file is refused by an older kernel.
SCHEMA_VERSION = 2

CONNECTION_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 16777216",
)

_STEP_KEY = """
    flow_id TEXT NOT NULL, run_id TEXT NOT NULL, start INTEGER NOT NULL,
    job_id TEXT NOT NULL, item TEXT NOT NULL, step_id TEXT NOT NULL,"""

_RUNS_JOBS_STEPS = f"""
CREATE TABLE runs (
    flow_id TEXT NOT NULL, run_id TEXT NOT NULL,
    status TEXT NOT NULL, starts INTEGER NOT NULL,
    started_at REAL NOT NULL, ended_at REAL,
    flow_file TEXT NOT NULL, flow_digest TEXT NOT NULL, profile TEXT NOT NULL,
    parameters TEXT NOT NULL, facts TEXT NOT NULL, marker TEXT NOT NULL,
    PRIMARY KEY (flow_id, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    flow_id TEXT NOT NULL, run_id TEXT NOT NULL, start INTEGER NOT NULL, job_id TEXT NOT NULL,
    status TEXT NOT NULL, reason TEXT NOT NULL, outputs TEXT NOT NULL, is_masked INTEGER NOT NULL,
    started_at REAL, ended_at REAL,
    PRIMARY KEY (flow_id, run_id, start, job_id),
    FOREIGN KEY (flow_id, run_id) REFERENCES runs (flow_id, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps ({_STEP_KEY}
    status TEXT NOT NULL, step_type TEXT NOT NULL, rerun TEXT NOT NULL, attempt INTEGER NOT NULL,
    definition TEXT NOT NULL, inputs_digest TEXT NOT NULL, outputs TEXT, is_masked INTEGER NOT NULL,
    reason TEXT NOT NULL, error_code TEXT NOT NULL, error TEXT NOT NULL, is_without_effect INTEGER NOT NULL,
    started_at REAL, ended_at REAL,
    PRIMARY KEY (flow_id, run_id, start, job_id, item, step_id),
    FOREIGN KEY (flow_id, run_id) REFERENCES runs (flow_id, run_id)
) STRICT, WITHOUT ROWID;
"""

#: A row stays when its lock is released: it holds the counter from which the next token comes.
LOCKS_TABLE = """
CREATE TABLE IF NOT EXISTS locks (
    key TEXT NOT NULL PRIMARY KEY, token INTEGER NOT NULL, held INTEGER NOT NULL,
    host TEXT NOT NULL, boot TEXT NOT NULL, pid INTEGER NOT NULL, ticks INTEGER NOT NULL, nonce TEXT NOT NULL,
    flow_id TEXT NOT NULL, run_id TEXT NOT NULL, job_id TEXT NOT NULL, step_id TEXT NOT NULL,
    acquired_at REAL NOT NULL, ttl REAL NOT NULL, expires REAL NOT NULL, expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
"""

#: What the second version added: starts, decisions, attempts, artifacts, what people decided, definitions.
_SINCE_2 = f"""
ALTER TABLE runs ADD COLUMN workspace TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN cancel_requested_at REAL;
ALTER TABLE jobs ADD COLUMN definition TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steps ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steps ADD COLUMN ran_in INTEGER NOT NULL DEFAULT 1;
ALTER TABLE steps ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steps ADD COLUMN next_attempt_at REAL;
ALTER TABLE steps ADD COLUMN outputs_digest TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_by_time ON runs (flow_id, started_at);
CREATE INDEX all_runs_by_time ON runs (started_at);

-- One row for each time that a run was started: by whom, with what.
CREATE TABLE starts (
    flow_id TEXT NOT NULL, run_id TEXT NOT NULL, start INTEGER NOT NULL,
    status TEXT NOT NULL, asked TEXT NOT NULL, started_at REAL NOT NULL, ended_at REAL,
    flow_digest TEXT NOT NULL, profile TEXT NOT NULL, policy_digest TEXT NOT NULL, kernel TEXT NOT NULL,
    plugins TEXT NOT NULL, environment_keys TEXT NOT NULL, owner TEXT NOT NULL, jobs INTEGER NOT NULL,
    PRIMARY KEY (flow_id, run_id, start),
    FOREIGN KEY (flow_id, run_id) REFERENCES runs (flow_id, run_id)
) STRICT, WITHOUT ROWID;

-- Why a start ran, restored or left a job or a step; without a row it ran because it never had.
CREATE TABLE decisions (
    flow_id TEXT NOT NULL, run_id TEXT NOT NULL, start INTEGER NOT NULL,
    job_id TEXT NOT NULL, step_id TEXT NOT NULL, decision TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (flow_id, run_id, start, job_id, step_id),
    FOREIGN KEY (flow_id, run_id) REFERENCES runs (flow_id, run_id)
) STRICT, WITHOUT ROWID;

-- Attempts that another one followed; the newest one is the step's own row.
CREATE TABLE attempts ({_STEP_KEY}
    attempt INTEGER NOT NULL, ran_in INTEGER NOT NULL, status TEXT NOT NULL, inputs_digest TEXT NOT NULL,
    reason TEXT NOT NULL, error_code TEXT NOT NULL, error TEXT NOT NULL, is_without_effect INTEGER NOT NULL,
    started_at REAL, ended_at REAL, next_attempt_at REAL,
    PRIMARY KEY (flow_id, run_id, start, job_id, item, step_id, attempt),
    FOREIGN KEY (flow_id, run_id) REFERENCES runs (flow_id, run_id)
) STRICT, WITHOUT ROWID;

-- What the newest attempt of a step published: a file, or a folder as a whole.
CREATE TABLE artifacts ({_STEP_KEY}
    number INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, files INTEGER,
    PRIMARY KEY (flow_id, run_id, start, job_id, item, step_id, number),
    FOREIGN KEY (flow_id, run_id) REFERENCES runs (flow_id, run_id)
) STRICT, WITHOUT ROWID;

-- What a person decided of a run or of a step of it; `job_id` is empty where it is the run as a whole.
CREATE TABLE resolutions (
    flow_id TEXT NOT NULL, run_id TEXT NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL, decided_by TEXT NOT NULL,
    what TEXT NOT NULL, start INTEGER NOT NULL, job_id TEXT NOT NULL, item TEXT NOT NULL, step_id TEXT NOT NULL,
    reason TEXT NOT NULL, before TEXT NOT NULL,
    PRIMARY KEY (flow_id, run_id, number),
    FOREIGN KEY (flow_id, run_id) REFERENCES runs (flow_id, run_id)
) STRICT, WITHOUT ROWID;

-- The steps of a flow as it was written, by the digest of its file.
CREATE TABLE definitions (flow_digest TEXT NOT NULL PRIMARY KEY, steps TEXT NOT NULL) STRICT, WITHOUT ROWID;
{LOCKS_TABLE}"""

#: What belongs to one run, those that refer to others first; `runs` itself is the last.
TABLES_OF_RUNS = ("resolutions", "artifacts", "attempts", "decisions", "starts", "steps", "jobs", "runs")

TABLES = _RUNS_JOBS_STEPS + _SINCE_2
#: How a file of an older version becomes one of the next.
MIGRATIONS = {1: _SINCE_2}
