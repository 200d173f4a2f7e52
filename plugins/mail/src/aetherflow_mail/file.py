"""A folder as a `Mailer`: messages become files, for demonstrations and tests without a server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import Field

from aetherflow.kernel.api import (
    Connector,
    ConnectorModel,
    Delivery,
    Effect,
    Mailer,
    Message,
    publish,
    register_connector,
)

from .composing import Composed, compose, identity
from .faults import Failure
from .forms import Address
from .limits import MailOptions

if TYPE_CHECKING:
    from pathlib import Path


class FileConfig(ConnectorModel):
    """Where messages are put."""

    folder: str = Field(min_length=1, description="The folder, relative to the project; made where it is missing.")
    from_addr: Address | None = Field(default=None, min_length=1, description="The sender, where the step gives none.")


@register_connector("mail", "file")
class MailFolder(Connector[FileConfig, MailOptions]):
    """A folder of messages, each in a file that mail programs open.

    A file's name is made of the message's key, so that a repeated attempt takes the place of the first one.
    """

    protocol = Mailer
    effects = frozenset({Effect.WRITE_FILES})

    _folder: Path

    def open(self) -> None:
        """Find the folder; it need not exist yet."""
        self._folder = self.context.file_path(self.config.folder, "write")

    def close(self) -> None:
        """Nothing is left open between two messages."""

    def send(self, message: Message) -> Delivery:
        """Write one message, whole or not at all.

        Raises:
            NothingDone: it is not written, or may safely be written again.
        """
        try:
            composed = compose(message, own_address=self.config.from_addr, limits=self.options.limits)
            self._write(composed, identity(message.key))
        except Failure as failure:
            raise failure.told(self.context.resource) from failure
        return Delivery(message_id=composed.message_id, refused={})

    def _write(self, message: Composed, name: str) -> None:
        # The envelope is a file of its own, and not a header: whoever passes the message on must not pass on
        # who got a blind copy. It comes first: where the message is, its envelope is.
        envelope = {"message_id": message.message_id, "from": message.sender, "to": list(message.recipients)}
        try:
            with publish(self._folder / f"{name}.envelope.json") as temporary:
                temporary.write_text(json.dumps(envelope, indent=2) + "\n", encoding="utf-8")
            with publish(self._folder / f"{name}.eml") as temporary:
                temporary.write_bytes(message.content)
        except OSError as error:
            raise Failure(
                f"the message can't be written to {self.config.folder!r}: {error.strerror}",
                code="AF-MAIL-FOLDER",
                help="name a folder that can be written",
            ) from error
