"""Statements that change a SQLite database: one, or a script, in one transaction that remembers its key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict

import apsw

from aetherflow.kernel.api import ConnectorError, StatementResult

from .sqlite_memory import Memory
from .sqlite_statements import (
    TELLING_PRAGMAS,
    Statement,
    first_statement,
    only_statement,
    refuse_unused,
    statement_values,
    values_of,
)

#: What no statement within a transaction may do, as SQLite's authorizer names it, and in words.
_OUTSIDE = {
    apsw.SQLITE_TRANSACTION: "it begins or ends a transaction",
    apsw.SQLITE_SAVEPOINT: "it sets or releases a savepoint",
    apsw.SQLITE_ATTACH: "it opens another file",
    apsw.SQLITE_DETACH: "it closes another file",
}
#: Pragmas whose effect a transaction undoes, and those that only look.
_PRAGMAS = TELLING_PRAGMAS | {
    "application_id",
    "defer_foreign_keys",
    "foreign_key_check",
    "integrity_check",
    "quick_check",
    "user_version",
}


class Execution:
    """One call of `execute` on one connection."""

    def __init__(
        self, connection: apsw.Connection, sql: str, parameters: Mapping[str, object], *, is_script: bool
    ) -> None:
        self._connection = connection
        self._sql = sql
        self._values = values_of(parameters)
        self._is_script = is_script
        self._guard = _Guard()

    def run(self, memory: Memory) -> tuple[StatementResult, ...]:
        """Run every statement, unless that is done already.

        Raises:
            ConnectorError: a statement is refused or fails; the connection's end undoes the others.
            apsw.Error: the transaction can't begin or end.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        if (done_before := memory.recall()) is not None:
            self._connection.execute("COMMIT")
            return tuple(StatementResult(**result) for result in json.loads(done_before))
        self._connection.authorizer = self._guard
        results = self._run_statements()
        self._connection.authorizer = None
        memory.keep("execute", json.dumps([asdict(result) for result in results]))
        self._connection.execute("COMMIT")
        return results

    def _run_statements(self) -> tuple[StatementResult, ...]:
        if not self._is_script:
            with self._told(0, 0):
                only_statement(self._connection, self._sql)
        results: list[StatementResult] = []
        used: set[str] = set()
        rest = self._sql
        while rest:
            with self._told(len(results) + 1, len(self._sql) - len(rest)):
                found = first_statement(self._connection, rest)
                if found is None:
                    break
                statement, rest = found
                values = statement_values(statement, self._values)
                results.append(self._run(statement, values))
                used |= values.keys()
        refuse_unused(self._values, used)
        return tuple(results)

    def _run(self, statement: Statement, values: Mapping[str, object]) -> StatementResult:
        before = self._connection.total_changes()
        returned = sum(1 for _ in self._connection.execute(statement.text, values))
        # SQLite's count of the last change stays as it was where a statement changes no rows.
        has_changed = self._connection.total_changes() > before
        return StatementResult(row_count=self._connection.changes() if has_changed else 0, returned=returned)

    @contextmanager
    def _told(self, number: int, offset: int) -> Iterator[None]:
        """Say of an error which statement it is about, in a script also where that stands."""
        place = f"statement {number} (line {_line_of(self._sql, offset)}): " if self._is_script else ""
        try:
            yield
        except apsw.AuthError as error:
            raise ConnectorError(
                f"{place}the statement can't be part of a transaction, which every step is: {self._guard.reason}",
                code="AF-SQL-TRANSACTION",
                help="take it out: all statements of a step are done, or none",
            ) from error
        except apsw.Error as error:
            if not place or isinstance(error, (apsw.BusyError, apsw.InterruptError)):
                raise
            raise ConnectorError(f"{place}{error}", code="AF-SQL-DATABASE", help="nothing was changed") from error
        except ConnectorError as error:
            if not place:
                raise
            problem = error.problem
            raise ConnectorError(f"{place}{problem.message}", code=problem.code, help=problem.help) from error


class _Guard:
    """SQLite's authorizer for statements within our transaction; `reason` says what it refused last."""

    reason = ""

    def __call__(
        self, action: int, first: str | None, second: str | None, database: str | None, trigger: str | None
    ) -> int:
        if action == apsw.SQLITE_PRAGMA and (first or "").lower() not in _PRAGMAS:
            self.reason = f"PRAGMA {first} is not undone with it"
            return apsw.SQLITE_DENY
        if action in _OUTSIDE:
            self.reason = _OUTSIDE[action]
            return apsw.SQLITE_DENY
        return apsw.SQLITE_OK


def _line_of(sql: str, offset: int) -> int:
    """The line on which the statement begins that follows; comments before it don't count."""
    end = len(sql)
    while offset < end:
        if sql.startswith("--", offset):
            offset = _after(sql, "\n", offset)
        elif sql.startswith("/*", offset):
            offset = _after(sql, "*/", offset + 2)
        elif sql[offset] in "; \t\r\n\f\ufeff":
            offset += 1
        else:
            break
    return sql.count("\n", 0, offset) + 1


def _after(sql: str, mark: str, offset: int) -> int:
    found = sql.find(mark, offset)
    return len(sql) if found < 0 else found + len(mark)
