"""The ledger's tables: one row per run, job and step, keyed by all that tells them apart."""

from __future__ import annotations

#: Written into the file's header, so that no other SQLite file is taken for a ledger ("AFlw").
APPLICATION_ID = 0x41466C77
#: The version of these tables; a newer file is refused by an older kernel.
SCHEMA_VERSION = 1

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

TABLES = """
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

CREATE TABLE steps (
    flow_id TEXT NOT NULL, run_id TEXT NOT NULL, start INTEGER NOT NULL,
    job_id TEXT NOT NULL, item TEXT NOT NULL, step_id TEXT NOT NULL,
    status TEXT NOT NULL, step_type TEXT NOT NULL, rerun TEXT NOT NULL, attempt INTEGER NOT NULL,
    definition TEXT NOT NULL, inputs_digest TEXT NOT NULL, outputs TEXT, is_masked INTEGER NOT NULL,
    reason TEXT NOT NULL, error_code TEXT NOT NULL, error TEXT NOT NULL, is_without_effect INTEGER NOT NULL,
    started_at REAL, ended_at REAL,
    PRIMARY KEY (flow_id, run_id, start, job_id, item, step_id),
    FOREIGN KEY (flow_id, run_id) REFERENCES runs (flow_id, run_id)
) STRICT, WITHOUT ROWID;
"""
