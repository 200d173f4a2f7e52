"""What the step that sends a message takes and gives."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from aetherflow.kernel.api import Mailer, ResourceUse, StepInputs, StepOutputs

from .forms import Address, AddressText, FileName, FileText, InnerGlob, MediaType, Subject

Addresses = AddressText | list[Address]
_RECIPIENT_MEND = "name somebody who gets the message"
_NOBODY: dict[str, Any] = {"enum": [None, "", []]}
_SOMEBODY: dict[str, Any] = {"minItems": 1, "pattern": r"\S", "x-aetherflow": {"mend": _RECIPIENT_MEND}}
_HAS_RECIPIENT: dict[str, Any] = {
    "if": {"properties": {"cc": _NOBODY, "bcc": _NOBODY}},
    "then": {"properties": {"to": _SOMEBODY}},
}


class AttachedFile(StepInputs):
    """One file."""

    path: str = Field(min_length=1, description="The file.", json_schema_extra={"x-aetherflow": {"path": "read"}})
    name: FileName | None = Field(default=None, description="What it is called in the message.")
    media_type: MediaType | None = Field(default=None, description="What it is; its suffix says so otherwise.")
    optional: bool = Field(default=False, description="Whether it may be missing.")


class AttachedFiles(StepInputs):
    """The files that a glob finds."""

    glob: InnerGlob = Field(description="The files, as *.csv or reports/**/*.pdf.")
    media_type: MediaType | None = Field(default=None, description="What they are; the suffix says so.")
    optional: bool = Field(default=False, description="Whether there may be none.")


class MailSendInputs(StepInputs):
    """Which message goes to whom."""

    model_config = ConfigDict(json_schema_extra={"allOf": [_HAS_RECIPIENT]})

    resource: Annotated[str, ResourceUse(Mailer)] = Field(description="Who sends it.")
    to: Addresses = Field(
        description="The recipients: a list, or a text with commas between them. "
        "Each is ada@example.com or Ada Lovelace <ada@example.com>."
    )
    subject: Subject = Field(description="The subject: one line.")
    body: str = Field(description="The text.")
    html: bool = Field(default=False, description="Whether body is HTML.")
    text: str | None = Field(default=None, description="With html, the same for readers that show no HTML.")
    cc: Addresses | None = Field(default=None, description="Who gets a copy.")
    bcc: Addresses | None = Field(default=None, description="Who gets a copy that nobody else sees.")
    reply_to: Addresses | None = Field(default=None, description="Where answers go; to the sender otherwise.")
    from_addr: Address | None = Field(
        default=None, min_length=1, description="The sender; the resource's own otherwise."
    )
    attachments: FileText | list[FileText | AttachedFile | AttachedFiles] = Field(
        default=[], description="Files: paths and globs, looked for in the artifacts, then in the project."
    )
    max_attachment_mb: float = Field(
        default=20.0,
        gt=0,
        le=1_000,
        description="How much the attachments may have together, in MB of 1,048,576 bytes.",
    )


class MailSendOutputs(StepOutputs):
    """What was sent."""

    sent: bool = Field(description="true: a message that is not sent is a failure.")
    to: list[str] = Field(description="The recipients under to, as they were given.")
    subject: str = Field(description="The subject.")
    html: bool = Field(description="Whether the body was HTML.")
    message_id: str = Field(description="What servers and mail programs know the message by.")
    refused: dict[str, str] = Field(description="Recipients whom the server refused, each with the reason.")
    attachments: list[str] = Field(description="The names of the attachments.")
