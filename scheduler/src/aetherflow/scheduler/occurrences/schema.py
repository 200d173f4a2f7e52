"""The tables of the occurrence ledger: a row for each occurrence, and what keeps it from having two."""

from __future__ import annotations

from aetherflow.kernel.api import LedgerContents

from .failures import unusable

#: Times are milliseconds since 1970 in UTC. The key decides whose an occurrence is: without it, one may run twice.
TABLES = """
CREATE TABLE occurrences (
    item TEXT NOT NULL, scheduled_for INTEGER NOT NULL, due_at INTEGER NOT NULL,
    origin TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    attempt INTEGER NOT NULL DEFAULT 0, continued INTEGER NOT NULL DEFAULT 0,
    started_at INTEGER, ended_at INTEGER, exit_code INTEGER, is_cancel_asked INTEGER NOT NULL DEFAULT 0,
    -- Who runs it.
    owner TEXT,
    -- Of a backfill: how many of its item's may run at once.
    max_parallel INTEGER,
    PRIMARY KEY (item, scheduled_for)
) STRICT, WITHOUT ROWID;

CREATE INDEX occurrences_by_time ON occurrences (scheduled_for);
CREATE INDEX occurrences_over ON occurrences (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX occurrences_waiting ON occurrences (due_at, scheduled_for, item) WHERE status = 'WAITING';
CREATE INDEX occurrences_running ON occurrences (item, origin) WHERE status = 'RUNNING';
CREATE INDEX occurrences_stopped ON occurrences (item) WHERE status = 'INTERRUPTED' AND reason = 'continued';
CREATE INDEX occurrences_not_over ON occurrences (item, scheduled_for, status, origin)
    WHERE status IN ('WAITING', 'RUNNING');

CREATE TABLE items (
    item TEXT NOT NULL PRIMARY KEY, looked_until INTEGER NOT NULL,
    is_enabled INTEGER NOT NULL, is_paused INTEGER NOT NULL DEFAULT 0,
    -- Rows of occurrences before this one may be gone.
    forgotten_until INTEGER NOT NULL DEFAULT (-1 << 62),
    -- What names its times, in words; null where no schedule has said so.
    times TEXT
) STRICT, WITHOUT ROWID;

-- Spans in which nobody looked, and whose occurrences were too many to have rows.
CREATE TABLE gaps (
    item TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (item, first)
) STRICT, WITHOUT ROWID;

-- The schedulers that live, and those that died and left something.
CREATE TABLE owners (
    owner TEXT NOT NULL PRIMARY KEY, pid INTEGER NOT NULL, started_at INTEGER NOT NULL, heard_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

CONTENTS = LedgerContents(
    # "AFsc"
    application_id=0x41467363,
    version=1,
    tables=TABLES,
    migrations={},
    failed=unusable,
    named_by="name that folder in state.path of the schedule file",
)
