"""Steps and drivers that pack files and unpack them, refusing what is hostile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aetherflow.kernel.api import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aetherflow.kernel.api import Connector, Step


@hookimpl
def aetherflow_steps() -> Iterable[type[Step[Any, Any]]]:
    """Contribute the steps of this plugin."""
    from .unzip_step import Unzip
    from .zip_step import Zip

    return (Zip, Unzip)


@hookimpl
def aetherflow_connectors() -> Iterable[type[Connector[Any, Any]]]:
    """Contribute the drivers of this plugin."""
    from .drivers import PyzipperArchiver, ZipfileArchiver

    return (ZipfileArchiver, PyzipperArchiver)
