"""Connectors: how steps reach databases, files, servers and mailboxes without knowing the driver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar, get_args, runtime_checkable

from pydantic import BaseModel, ConfigDict

from ..quick_dataclasses import dataclass
from .processes import CancelSignal
from .secrets import Secret
from .steps import Effect, StepLog


class ConnectorModel(BaseModel):
    """Base of a connector's `config` and `options`: unknown keys are refused, values are never shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class NoOptions(ConnectorModel):
    """For connectors that have no config or no options."""


Config = TypeVar("Config", bound=ConnectorModel)
Options = TypeVar("Options", bound=ConnectorModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorContext:
    """What a connector may know of the run that opens it.

    `file_path(text, use)` turns a path of the settings into a path inside the project that
    the connector may use, and refuses any other (also the ledger's own folder).
    """

    resource: str
    log: StepLog
    file_path: Callable[[str, Literal["read", "write"]], Path]


class Connector(ABC, Generic[Config, Options]):
    """One connection to one system: made by the run on first use, closed by it on every path.

    A driver names its `kind` and `driver` as flows write them, and the `protocol` that it implements,
    and is generic in the models of its settings: `class Sqlite(Connector[SqliteConfig, NoOptions])`.
    """

    kind: ClassVar[str]
    driver: ClassVar[str]
    protocol: ClassVar[type]
    effects: ClassVar[frozenset[Effect]] = frozenset()
    config_type: ClassVar[type[ConnectorModel]] = NoOptions
    options_type: ClassVar[type[ConnectorModel]] = NoOptions

    def __init_subclass__(cls, **keywords: Any) -> None:  # noqa: ANN401 - Python's own signature
        super().__init_subclass__(**keywords)
        for base in getattr(cls, "__orig_bases__", ()):
            models = [argument for argument in get_args(base) if isinstance(argument, type)]
            if len(models) == 2 and all(issubclass(model, ConnectorModel) for model in models):  # noqa: PLR2004 - config and options
                cls.config_type, cls.options_type = models

    def __init__(self, context: ConnectorContext, config: Config, options: Options) -> None:
        self.context = context
        self.config = config
        self.options = options

    @abstractmethod
    def open(self) -> None:
        """Reach the system; called once, before anything else.

        Raises:
            ConnectorError: the system can't be reached or refuses.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the system; called once after `open`, whatever happened in between."""

    def cancel(self) -> None:
        """Break off what another thread does with this connector; called when a step must stop."""


@runtime_checkable
class RecordBatches(Protocol):
    """Rows as an Arrow stream: whatever speaks the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The stream as a capsule named `arrow_array_stream`."""


@runtime_checkable
class ArrowSchema(Protocol):
    """Names and types of columns: whatever speaks the Arrow PyCapsule interface."""

    def __arrow_c_schema__(self) -> object:
        """The schema as a capsule named `arrow_schema`."""


LoadMode = Literal["create", "append", "replace", "upsert"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCounts:
    """What became of the rows that were loaded; `rows` is the sum of the others."""

    rows: int
    inserted: int
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementResult:
    """What one statement did: the rows that it changed, -1 where unknown, and those that it gave and nobody kept."""

    row_count: int
    returned: int = 0


class Database(Protocol):
    """A database that speaks SQL. Values go as bound parameters, named `:name`, never as text."""

    def read(
        self, sql: str, parameters: Mapping[str, object], *, batch_rows: int
    ) -> AbstractContextManager[RecordBatches]:
        """The rows of one query, as they come, in a transaction that can't write.

        Raises:
            ConnectorError: the database refuses the statement, or there is more than one.
        """

    def execute(
        self,
        sql: str,
        parameters: Mapping[str, object],
        *,
        is_script: bool = False,
        idempotency_key: str | None = None,
    ) -> tuple[StatementResult, ...]:
        """Run statements that change something in one transaction, all or none; answers what each of them did.

        Args:
            sql: one statement, or a script of any number, which the database itself tells apart.
            parameters: each is used by at least one statement, and each statement's are among them.
            is_script: whether there may be several statements, or none.
            idempotency_key: kept in the database with the results, in the same transaction; under a key that is
                there already nothing is done, and the results are those of the first time.

        Raises:
            ConnectorError: the database is as it was. In a script, the message has the statement's number and line.
        """

    def schema(self, table: str) -> ArrowSchema | None:
        """The columns of a table, null where there is none; a column of no known type has Arrow's type `null`."""

    def load(
        self,
        table: str,
        rows: RecordBatches,
        *,
        mode: LoadMode,
        key: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> LoadCounts:
        """Put rows into a table, all or none.

        Args:
            table: name, with its schema before a dot where it has one; quoted by the driver.
            rows: read once, batch by batch; their columns are among the table's.
            mode: `create` makes the table, the others make it where it is missing; `append` adds,
                `replace` swaps all rows, `upsert` goes by `key`.
            key: the columns that say which row is which, for `upsert`.
            idempotency_key: kept in the database with the counts, in the same transaction; a load whose key
                is there already does nothing and answers the counts of the first one, unless the table is gone.

        Raises:
            ConnectorError: the table or its rows are as they were.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file on a file store; `path` is what the store's own methods take."""

    path: str
    name: str
    relative_path: str
    is_directory: bool = False
    size: int | None = None
    modified: datetime | None = None


class FileStore(Protocol):
    """Files elsewhere: SFTP, SMB, object stores."""

    def list_files(self, directory: str, *, recursive: bool) -> Iterable[RemoteFile]:
        """Files below a directory, folders marked as such."""

    def download(self, remote: str, local: Path) -> None:
        """Copy one remote file to a local path."""

    def upload(self, local: Path, remote: str) -> None:
        """Copy one local file so that it appears whole under its remote name, or not at all."""

    def delete(self, remote: str) -> None:
        """Remove one remote file."""

    def make_directories(self, remote: str) -> None:
        """Make a directory and those above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """An answer, its body on disk or in memory as asked."""

    status: int
    headers: Mapping[str, str]
    body: bytes | Path


class HttpClient(Protocol):
    """A server that speaks HTTP."""

    def request(
        self,
        method: str,
        url: str,
        *,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | Path | None = None,
        save_to: Path | None = None,
    ) -> HttpResponse:
        """Send one request; `save_to` streams the body into a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a message: its content, and what its readers see of it."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to people. Each address is one: `ada@example.com` or `Ada Lovelace <ada@example.com>`."""

    #: The same in every attempt to send this message, and no other message's: its Message-ID is made of it.
    key: str
    #: When this attempt began, with its time zone.
    date: datetime
    to: tuple[str, ...]
    subject: str
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    #: The sender; the driver's own where it is null.
    from_address: str | None = None
    text: str | None = None
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a message that was taken; all recipients but the refused ones were accepted."""

    message_id: str
    #: Addresses that were refused, each with the reason.
    refused: Mapping[str, str]


class Mailer(Protocol):
    """Something that takes messages."""

    def send(self, message: Message) -> Delivery:
        """Hand over one message; it goes to the recipients that are accepted, at least one.

        Raises:
            NothingDone: nobody gets it, also later: the message is not acceptable, or was not handed over.
            ConnectorError: it was handed over and no answer came: whether it goes out is not known.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How a long piece of work is stopped, and how it says how far it is."""

    cancelled: CancelSignal
    #: Called with the bytes that are done and those that there are in all.
    progress: Callable[[int, int], None]


class Archiver(Protocol):
    """Something that packs files into one, and unpacks them. Names in an archive are relative, parted by `/`."""

    driver: ClassVar[str]

    def create(
        self,
        archive: Path,
        folder: Path,
        members: Mapping[str, str],
        *,
        password: Secret | None,
        compression: Literal["deflated", "stored"],
        watch: Watch,
    ) -> None:
        """Pack files of one folder, in the order of their names; no link is followed.

        Where nothing is encrypted, the same files give the same bytes.

        Args:
            archive: a file that is there and empty.
            folder: absolute, and free of links.
            members: for each name in the archive the file, relative to `folder`.
            password: encrypts the content of all members.
            compression: of all members.
            watch: is asked and told between pieces of work.

        Raises:
            ConnectorError: the driver can't do that, or a file changed while it was packed.
        """

    def extract(
        self,
        archive: Path,
        directory: Path,
        *,
        password: Secret | None,
        members: Sequence[str] | None,
        watch: Watch,
    ) -> Sequence[str]:
        """Unpack into a directory, or refuse; answers the names of the files that were written.

        What is not plainly a file or folder inside the directory, what contradicts itself, and what is more than
        the driver's limits allow is refused. Nothing is overwritten. After an error the directory holds leftovers:
        unpack into a staged one. Files are as private as the directory is.

        Args:
            archive: absolute, and free of links; so is `directory`.
            directory: where to.
            password: of members that are encrypted.
            members: only these, by their full names; null is all.
            watch: is asked and told between pieces of work.

        Raises:
            ConnectorError: it is refused, damaged, or needs another password.
        """


AnyConnector = Connector[Any, Any]
ConnectorType = TypeVar("ConnectorType", bound="type[AnyConnector]")


def register_connector(kind: str, driver: str) -> Callable[[ConnectorType], ConnectorType]:
    """Mark a connector class for the loader, which collects it; nothing is registered at import."""

    def mark(connector: ConnectorType) -> ConnectorType:
        connector.kind = kind
        connector.driver = driver
        return connector

    return mark
