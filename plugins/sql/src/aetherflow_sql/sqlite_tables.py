"""Tables of SQLite: what they are called and how they are declared."""

from __future__ import annotations

from dataclasses import dataclass

import apsw
import pyarrow as pa

from aetherflow.kernel.api import ConnectorError

from .sqlite_memory import MEMORY_TABLE
from .sqlite_types import arrow_type, declaration, quoted


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is there: its columns with their declared types, in order."""

    name: str
    columns: tuple[tuple[str, str], ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(name for name, _ in self.columns)


def plain_name(table: str) -> str:
    """A table's name without the schema `main`.

    Raises:
        ConnectorError: no table of a user's can have this name.
    """
    name = table.removeprefix("main.")
    if not name or "\0" in name or name.lower().startswith(("sqlite_", MEMORY_TABLE)):
        raise ConnectorError(f"a table can't be called {table!r}", code="AF-SQL-NAME", help="choose another name")
    return name


def read_table(connection: apsw.Connection, table: str) -> Table | None:
    """The table of this name, null where there is none."""
    name = plain_name(table)
    found = connection.execute("SELECT name, type FROM pragma_table_info(?, 'main')", (name,)).fetchall()
    return Table(name, tuple((str(column), str(declared)) for column, declared in found)) if found else None


def arrow_schema(table: Table) -> pa.Schema:
    """The table's columns as Arrow types; `null` where the declaration promises nothing."""
    return pa.schema([(name, arrow_type(declared) or pa.null()) for name, declared in table.columns])


def create_statement(place: str, schema: pa.Schema, key: tuple[str, ...] = ()) -> str:
    """The statement that makes a table for these columns; `place` is quoted already."""
    columns = [f"{quoted(field.name)} {declaration(field.type)}" for field in schema]
    if key:
        columns.append(f"PRIMARY KEY ({', '.join(map(quoted, key))})")
    return f"CREATE TABLE {place} ({', '.join(columns)})"
