"""Steps and drivers that send mail; what they stand on is imported when it is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aetherflow.kernel.api import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aetherflow.kernel.api import Connector, Step


@hookimpl
def aetherflow_steps() -> Iterable[type[Step[Any, Any]]]:
    """Contribute the steps of this plugin."""
    from .send_step import MailSend

    return (MailSend,)


@hookimpl
def aetherflow_connectors() -> Iterable[type[Connector[Any, Any]]]:
    """Contribute the drivers of this plugin."""
    from .file import MailFolder
    from .smtp import Smtp

    return (MailFolder, Smtp)
