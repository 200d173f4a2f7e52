"""Statements as SQLite itself understands them, before they run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

import apsw

from aetherflow.kernel.api import ConnectorError

_MOST_NEGATIVE, _MOST_POSITIVE = -(2**63), 2**63 - 1

#: What a reading statement may do; everything else, other files above all, is refused while it is compiled.
_READING = frozenset({apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE})
#: Pragmas that only tell.
TELLING_PRAGMAS = frozenset(
    {
        "collation_list",
        "compile_options",
        "database_list",
        "foreign_key_list",
        "function_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "table_info",
        "table_list",
        "table_xinfo",
    }
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its text without semicolons, its parameters' names, its columns with their declared types."""

    text: str
    parameters: tuple[str | None, ...]
    columns: tuple[tuple[str, str | None], ...]


def only_statement(connection: apsw.Connection, sql: str) -> Statement:
    """The one statement that a text holds, compiled and not run.

    Raises:
        ConnectorError: there is none, or more than one.
        apsw.Error: SQLite refuses it.
    """
    found = first_statement(connection, sql)
    if found is None:
        raise ConnectorError("there is no statement in the SQL", code="AF-SQL-NO-STATEMENT")
    statement, rest = found
    if first_statement(connection, rest) is not None:
        raise ConnectorError(
            "there is more than one statement in the SQL",
            code="AF-SQL-MANY-STATEMENTS",
            help="give a step for each, or make a script of them for db_execute",
        )
    return statement


def first_statement(connection: apsw.Connection, sql: str) -> tuple[Statement, str] | None:
    """The first statement that a text holds, compiled and not run, and the text after it; null where there is none.

    Raises:
        ConnectorError: it has a parameter without a name.
        apsw.Error: SQLite refuses it.
    """
    if "\0" in sql:
        raise ConnectorError("there is a NUL character in the SQL", code="AF-SQL-NO-STATEMENT", help="take it out")
    found: list[Statement] = []

    def look(cursor: apsw.Cursor, text: str, bindings: object) -> bool:
        if not cursor.has_vdbe:  # a comment
            return True
        columns = tuple((name, declared) for name, declared, *_ in cursor.description_full)
        found.append(Statement(text, tuple(cursor.bindings_names), columns))
        return False

    cursor = connection.cursor()
    cursor.exec_trace = look
    try:
        cursor.execute(sql, _NoValues(), can_cache=False)
    except apsw.ExecTraceAbort:
        first = found[0]
        return Statement(first.text.strip("; \t\r\n"), first.parameters, first.columns), sql[len(first.text) :]
    except apsw.BindingsError:
        raise _parameter_error(
            "the SQL has a parameter without a name", "write :name, and give name under params"
        ) from None
    return None


class _NoValues(dict[str, None]):
    """Stands for values while a statement is only looked at."""

    def __missing__(self, name: str) -> None:
        return None


def bound_values(statement: Statement, parameters: Mapping[str, object]) -> dict[str, object]:
    """The parameters of a single statement as SQLite takes them.

    Raises:
        ConnectorError: one is missing, not used, not named, or of a kind that SQLite does not have.
    """
    values = statement_values(statement, values_of(parameters))
    refuse_unused(parameters, values.keys())
    return values


def values_of(parameters: Mapping[str, object]) -> dict[str, object]:
    """Parameters as SQLite takes them.

    Raises:
        ConnectorError: one is of a kind that SQLite does not have.
    """
    return {name: _bound_value(name, value) for name, value in parameters.items()}


def statement_values(statement: Statement, values: Mapping[str, object]) -> dict[str, object]:
    """Those values that a statement names.

    Raises:
        ConnectorError: one is missing.
    """
    known = [name for name in statement.parameters if name is not None]
    if missing := sorted(set(known) - values.keys()):
        raise _parameter_error(f"the SQL names :{missing[0]}, which params does not give", _given(values))
    return {name: values[name] for name in known}


def refuse_unused(parameters: Mapping[str, object], used: Collection[str]) -> None:
    """Refuse parameters that no statement names.

    Raises:
        ConnectorError: there is one.
    """
    if unused := sorted(parameters.keys() - used):
        raise _parameter_error(f"params gives {unused[0]!r}, which the SQL does not name", _given(used))


def _given(names: Iterable[str]) -> str:
    return f"there is: {', '.join(sorted(names)) or 'none'}"


def _parameter_error(message: str, mend: str) -> ConnectorError:
    return ConnectorError(message, code="AF-SQL-PARAMETER", help=mend)


def _bound_value(name: str, value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    is_in_range = not isinstance(value, int) or _MOST_NEGATIVE <= value <= _MOST_POSITIVE
    if isinstance(value, (str, int, float, bytes, type(None))) and is_in_range:
        return value
    raise _parameter_error(
        f"the parameter {name!r} is a {type(value).__name__} that SQLite can't take",
        "give text, a number within 64 bits, true, false, null or a date",
    )


def allow_reading(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
    """SQLite's authorizer for what must not change anything."""
    if action in _READING:
        return apsw.SQLITE_OK
    if action == apsw.SQLITE_PRAGMA and (first or "").lower() in TELLING_PRAGMAS:
        return apsw.SQLITE_OK
    return apsw.SQLITE_DENY
