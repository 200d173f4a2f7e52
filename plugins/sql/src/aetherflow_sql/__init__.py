"""Steps and connectors for SQL databases; what they stand on is imported when it is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aetherflow.kernel.api import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aetherflow.kernel.api import Connector, Step


@hookimpl
def aetherflow_steps() -> Iterable[type[Step[Any, Any]]]:
    """Contribute the steps of this plugin."""
    from .execute_step import DatabaseExecute
    from .extract_step import DatabaseExtractStream
    from .fetch_step import DatabaseFetchSmall
    from .load_step import DatabaseLoad
    from .plain_extract_step import DatabaseExtract

    return (DatabaseExecute, DatabaseExtract, DatabaseExtractStream, DatabaseFetchSmall, DatabaseLoad)


@hookimpl
def aetherflow_connectors() -> Iterable[type[Connector[Any, Any]]]:
    """Contribute the drivers of this plugin."""
    from .sqlite import Sqlite

    return (Sqlite,)
