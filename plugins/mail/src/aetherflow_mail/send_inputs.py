"""What the step that sends a message takes and gives."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from aetherflow.kernel.api import Mailer, ResourceUse, StepInputs, StepOutputs

Addresses = str | list[str]


class AttachedFiles(StepInputs):
    """One file, or those that a glob finds."""

    path: str | None = Field(default=None, min_length=1, description="The file.")
    glob: str | None = Field(default=None, min_length=1, description="The files, as *.csv or reports/**/*.pdf.")
    name: str | None = Field(default=None, min_length=1, description="What it is called in the message.")
    media_type: str | None = Field(default=None, min_length=1, description="What it is; its suffix says so otherwise.")
    optional: bool = Field(default=False, description="Whether it may be missing.")

    @model_validator(mode="after")
    def _path_or_glob(self) -> Self:
        if (self.path is None) == (self.glob is None):
            raise ValueError("give path or glob, and not both")
        if self.glob is not None and self.name is not None:
            raise ValueError("name is for a path: the files of a glob keep their names")
        return self


class MailSendInputs(StepInputs):
    """Which message goes to whom."""

    resource: Annotated[str, ResourceUse(Mailer)] = Field(description="Who sends it.")
    to: Addresses = Field(
        description="The recipients: a list, or a text with commas between them. "
        "Each is ada@example.com or Ada Lovelace <ada@example.com>."
    )
    subject: str = Field(description="The subject: one line.")
    body: str = Field(description="The text.")
    html: bool = Field(default=False, description="Whether body is HTML.")
    text: str | None = Field(default=None, description="With html, the same for readers that show no HTML.")
    cc: Addresses | None = Field(default=None, description="Who gets a copy.")
    bcc: Addresses | None = Field(default=None, description="Who gets a copy that nobody else sees.")
    reply_to: Addresses | None = Field(default=None, description="Where answers go; to the sender otherwise.")
    from_addr: str | None = Field(default=None, min_length=1, description="The sender; the resource's own otherwise.")
    attachments: str | list[str | AttachedFiles] = Field(
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
