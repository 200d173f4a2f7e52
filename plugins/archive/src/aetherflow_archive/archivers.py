"""Which archiver a step uses: the one that is named, the flow's default, or one made for the occasion."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aetherflow.kernel.api import (
    Archiver,
    NothingDone,
    ResourceUse,
    Secret,
    StepContext,
    StepInputs,
    Watch,
)

DEFAULT_RESOURCE = "archive_default"


class ArchiverInputs(StepInputs):
    """The inputs that say who packs or unpacks, and with which password."""

    resource: Annotated[str, ResourceUse(Archiver)] | None = Field(
        default=None, description="The archiver; else the resource archive_default, else one with default settings."
    )
    connector: Annotated[str, ResourceUse(Archiver)] | None = Field(
        default=None,
        description="Another word for resource.",
        json_schema_extra={"x-aetherflow": {"same_as": "resource"}},
    )
    password: Secret | None = Field(
        default=None, description="Password of the members' content.", json_schema_extra={"minLength": 1}
    )


def archiver_of(context: StepContext, inputs: ArchiverInputs) -> Archiver:
    """The archiver that the inputs name, or what stands in for it.

    Raises:
        NothingDone: the inputs contradict each other, or the password is empty.
        ConnectorError: the resource can't be used.
        RefusedByPolicy: the runtime profile denies the driver.
    """
    if inputs.password is not None and not inputs.password:
        raise NothingDone("the password is empty", code="AF-ARCHIVE-PASSWORD", help="give one, or leave it out")
    if inputs.resource and inputs.connector and inputs.resource != inputs.connector:
        raise NothingDone(
            f"`resource` names {inputs.resource!r}, and `connector` {inputs.connector!r}",
            code="AF-ARCHIVE-RESOURCE",
            help="give one of them: they are two words for the same",
        )
    named = inputs.resource or inputs.connector
    if named is None and context.connectors.has(DEFAULT_RESOURCE):
        named = DEFAULT_RESOURCE
    if named is not None:
        return context.connectors.get(named, Archiver)
    driver = "zipfile" if inputs.password is None else "pyzipper"
    return context.connectors.with_defaults("archive", driver, Archiver)


def watch_of(context: StepContext) -> Watch:
    """The step's own signal to stop, and its own progress."""
    return Watch(cancelled=context.cancelled, progress=lambda done, total: context.progress(done, total, unit="bytes"))
