"""`statements.py COUNTS.json ARGUMENTS…`: the command `aetherflow`, with what it asks of SQLite counted.

apsw calls its `connection_hooks` for each connection that is opened, so nothing in the kernel has to know.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import apsw

from aetherflow.kernel.cli import main

COUNTS = {"statements": 0, "commits": 0}


def count_all(connection: apsw.Connection) -> None:
    """Count this connection's statements and commits."""
    connection.trace_v2(apsw.SQLITE_TRACE_STMT, _count_statement)
    connection.set_commit_hook(_count_commit)


def _count_statement(_event: dict[str, Any]) -> None:
    COUNTS["statements"] += 1


def _count_commit() -> bool:
    COUNTS["commits"] += 1
    return False


if __name__ == "__main__":
    apsw.connection_hooks.append(count_all)
    counts_file, sys.argv[1:] = sys.argv[1], sys.argv[2:]
    try:
        main()
    finally:
        Path(counts_file).write_text(json.dumps(COUNTS), encoding="utf-8")
