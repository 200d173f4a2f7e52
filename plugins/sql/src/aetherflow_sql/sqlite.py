"""SQLite as a `Database`: one file, a connection for each piece of work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Self

from pydantic import ConfigDict, Field, model_validator

from aetherflow.kernel.api import (
    ArrowSchema,
    Connector,
    ConnectorError,
    ConnectorModel,
    Database,
    Effect,
    LoadCounts,
    LoadMode,
    RecordBatches,
    StatementResult,
    make_folders,
)

from .conditions import all_of, excludes, given, missing, needs

if TYPE_CHECKING:
    from pathlib import Path

    import apsw

    from .sqlite_memory import Memory

_URL_START = "sqlite:///"
#: How often SQLite asks, in steps of its own machine, whether to go on.
_STEPS_BETWEEN_QUESTIONS = 20_000
_SECONDS_BETWEEN_TRIES = 0.02
_ONE_PLACE = all_of(
    needs(missing("url"), "path", "name the database file, relative to the project: `path: …`", type="string"),
    excludes(given("path"), "url", "give `path` or `url`, and not both"),
)
_PLACE_MEND = "name a file: a database in memory would be gone after each step"


class SqliteConfig(ConnectorModel):
    """Where the database is: `path` or `url`."""

    model_config = ConfigDict(json_schema_extra=_ONE_PLACE)

    path: str | None = Field(
        default=None,
        min_length=1,
        description="The database file, relative to the project.",
        json_schema_extra={"not": {"const": ":memory:"}, "x-aetherflow": {"mend": _PLACE_MEND}},
    )
    url: str | None = Field(
        default=None,
        pattern="^sqlite:///.+",
        description="The same as sqlite:///PATH.",
        json_schema_extra={
            "not": {"const": f"{_URL_START}:memory:"},
            "x-aetherflow": {
                "mend": "write sqlite:/// and the path of a file; one in memory would be gone after each step"
            },
        },
    )
    read_only: bool = Field(default=False, description="Whether steps may only read.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError("give path or url, and not both")
        if self.file in {":memory:", ""}:
            raise ValueError("a database in memory would be gone after each step: name a file")
        return self

    @property
    def file(self) -> str:
        """The path as the flow's author wrote it."""
        return self.path or (self.url or "").removeprefix(_URL_START)


class SqliteOptions(ConnectorModel):
    """How to go about it."""

    busy_timeout_seconds: float = Field(default=30.0, ge=0, description="How long to wait for others who write.")
    remember_days: int = Field(
        default=365,
        ge=1,
        le=36_500,
        description="How long the database remembers what was done under which idempotency key.",
    )


class Sqlite(Connector[SqliteConfig, SqliteOptions]):
    """SQLite database files.

    Every piece of work has a connection of its own, so that steps on several threads don't share a transaction.
    All of them are apsw's, as the ledger's is: two SQLite libraries on one file in one process lose each other's locks.
    """

    kind = "db"
    driver = "sqlite3"
    protocol = Database
    effects = frozenset({Effect.DATABASE, Effect.READ_FILES, Effect.WRITE_FILES})

    _file: Path
    #: One for each piece of work under way; set when it must stop.
    _under_way: set[Event]

    def open(self) -> None:
        """Find the file; it need not exist yet where it may be written."""
        self._under_way = set()
        self._file = self.context.file_path(self.config.file, "read" if self.config.read_only else "write")

    def close(self) -> None:
        """Nothing is left open between two pieces of work."""

    def cancel(self) -> None:
        """Break off every statement, in whichever thread it runs."""
        for stop in tuple(self._under_way):
            stop.set()

    @contextmanager
    def read(self, sql: str, parameters: Mapping[str, object], *, batch_rows: int) -> Iterator[RecordBatches]:
        """The rows of one query, as they come, in a transaction that can't write."""
        from .sqlite_read import Query
        from .sqlite_statements import allow_reading

        with self._connection(writes=False) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            connection.authorizer = allow_reading
            with Query(connection, sql, parameters, batch_rows=batch_rows) as query:
                yield query.stream(self.context.log)

    def execute(
        self,
        sql: str,
        parameters: Mapping[str, object],
        *,
        is_script: bool = False,
        idempotency_key: str | None = None,
    ) -> tuple[StatementResult, ...]:
        """Run statements that change something in one transaction, all or none."""
        from .sqlite_execute import Execution

        with self._connection(writes=True) as connection:
            execution = Execution(connection, sql, parameters, is_script=is_script)
            return execution.run(self._memory(connection, idempotency_key))

    def schema(self, table: str) -> ArrowSchema | None:
        """The columns of a table, null where there is no such table."""
        from .sqlite_tables import arrow_schema, read_table

        if not self._file.exists():
            return None
        with self._connection(writes=False) as connection:
            found = read_table(connection, table)
        return arrow_schema(found) if found else None

    def load(
        self,
        table: str,
        rows: RecordBatches,
        *,
        mode: LoadMode,
        key: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> LoadCounts:
        """Put rows into a table, all or none."""
        from .sqlite_load import Load

        with self._connection(writes=True) as connection:
            load = Load(connection, table, mode=mode, key=tuple(key))
            return load.run(rows, self._memory(connection, idempotency_key))

    def _memory(self, connection: apsw.Connection, idempotency_key: str | None) -> Memory:
        from .sqlite_memory import Memory

        return Memory(connection, idempotency_key, remember_days=self.options.remember_days)

    @contextmanager
    def _connection(self, *, writes: bool) -> Iterator[apsw.Connection]:
        """A connection for one piece of work; what SQLite says against it is told as a `ConnectorError`."""
        import apsw

        stop = Event()
        connection = None
        self._under_way.add(stop)
        try:
            # One thread at a time has it, so that SQLite need not guard every value that is taken out of it.
            flags = self._flags(writes=writes) | apsw.SQLITE_OPEN_NOMUTEX
            connection = apsw.Connection(str(self._file), flags=flags)
            # A misspelt column in double quotes is an error then, and not a text.
            connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
            connection.set_busy_handler(lambda tries: self._may_wait(tries, stop))
            connection.set_progress_handler(stop.is_set, _STEPS_BETWEEN_QUESTIONS)
            if writes:
                self._refuse_read_only(connection)
                # With less, a power cut brings back the journal of what was committed, and with it what was before.
                connection.execute("PRAGMA synchronous = EXTRA")
            yield connection
        except apsw.Error as error:
            raise self._told(error, "stopped" if stop.is_set() else str(error)) from error
        finally:
            self._under_way.discard(stop)
            if connection is not None:
                connection.close(force=True)

    def _flags(self, *, writes: bool) -> int:
        import apsw

        if self.config.read_only:
            if writes:
                raise ConnectorError(
                    f"resource {self.context.resource!r} is read_only",
                    code="AF-SQL-READ-ONLY",
                    help="take read_only out of its config",
                )
            return apsw.SQLITE_OPEN_READONLY
        if not writes:
            self._require_file()
            # Not read-only: what a killed writer left behind could not be rolled back then.
            return apsw.SQLITE_OPEN_READWRITE
        self._make_folder()
        return apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE

    def _make_folder(self) -> None:
        try:
            make_folders(self._file.parent)
        except OSError as error:
            raise ConnectorError(
                f"resource {self.context.resource!r}: no folder for {self.config.file!r}: {error.strerror}",
                code="AF-SQL-NO-DATABASE",
                help="check the path; relative ones start at the project",
            ) from error

    def _require_file(self) -> None:
        if not self._file.is_file():
            raise ConnectorError(
                f"resource {self.context.resource!r}: there is no database file {self.config.file!r}",
                code="AF-SQL-NO-DATABASE",
                help="check the path; relative ones start at the project",
            )

    def _refuse_read_only(self, connection: apsw.Connection) -> None:
        """Where SQLite can't open a file for writing it opens it to read, and tells of that at the first write."""
        if connection.readonly("main"):
            raise ConnectorError(
                f"resource {self.context.resource!r}: {self.config.file!r} can be opened only to read",
                code="AF-SQL-DATABASE",
                help="see that this user may write the file and its folder, and that not too many files are open",
            )

    def _may_wait(self, tries: int, stop: Event) -> bool:
        """Whether to try again; SQLite counts the tries from 0 for each wait."""
        if tries * _SECONDS_BETWEEN_TRIES >= self.options.busy_timeout_seconds:
            return False
        return not stop.wait(_SECONDS_BETWEEN_TRIES)

    def _told(self, error: apsw.Error, what: str) -> ConnectorError:
        import apsw

        may_only_read = "a query may only read"
        if self.config.read_only:
            may_only_read += "; what a killed writer left is undone by a resource without read_only"
        mends = {
            apsw.BusyError: "another process writes: let it end, or raise busy_timeout_seconds",
            apsw.AuthError: "a query may only read",
            apsw.ReadOnlyError: may_only_read,
            apsw.NotADBError: "the file is no SQLite database",
            apsw.ConstraintError: "nothing was written",
        }
        return ConnectorError(
            f"resource {self.context.resource!r}: {what}", code="AF-SQL-DATABASE", help=mends.get(type(error), "")
        )
