"""The step `zip`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from aetherflow.kernel.api import (
    Archiver,
    ArtifactPath,
    Effect,
    NothingDone,
    OutputPath,
    Rerun,
    Skip,
    Step,
    StepContext,
    StepError,
    StepInputs,
    StepOutputs,
)

from .archivers import ArchiverInputs, archiver_of, watch_of
from .names import first_not_to_unpack, shown
from .records import remember, remembered
from .selection import Kind, Selection, select


class PathItem(StepInputs):
    """A file, or a folder with its files."""

    path: str = Field(min_length=1, description="Path below src_dir.")


class PatternItem(StepInputs):
    """The files that match."""

    glob: str = Field(min_length=1, description="Pattern below src_dir.")


SomeText = Annotated[str, Field(min_length=1)]
Item = SomeText | PathItem | PatternItem


class ZipInputs(ArchiverInputs):
    """What to pack, and into which file."""

    dest_path: OutputPath = Field(description="The archive.")
    items: SomeText | list[Item] = Field(
        description="Files, folders and patterns, below src_dir.", json_schema_extra={"x-aetherflow": {"seen": True}}
    )
    src_dir: ArtifactPath | None = Field(default=None, description="Where they are; the job's artifacts.")
    recursive: bool = Field(default=True, description="Whether folders in folders are packed too.")
    overwrite: bool = Field(default=True, description="Whether an archive that is there is replaced.")
    compression: Literal["deflated", "stored"] = Field(default="deflated", description="How members are packed.")


class ZipOutputs(StepOutputs):
    """What was packed."""

    output: str = Field(description="The archive.")
    count: int = Field(description="Files in it.")
    password: bool | None = Field(default=None, description="Whether they are encrypted; null where skipped.")
    driver: str | None = Field(default=None, description="The driver that packed them; null where skipped.")
    src_dir: str | None = Field(default=None, description="Where they were; null where skipped.")


class Zip(Step[ZipInputs, ZipOutputs]):
    """Pack files into a zip archive.

    The archive appears whole, under its name, when the step ends well. The same files give the same bytes, where
    nothing is encrypted. No link is followed out of the folder.
    """

    name = "zip"
    effects = frozenset({Effect.READ_FILES, Effect.WRITE_FILES})
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: ZipInputs) -> ZipOutputs | Skip[ZipOutputs]:
        """Pack the files, or skip where there are none."""
        folder = inputs.src_dir or context.artifacts
        _check_folder(folder)
        archiver = archiver_of(context, inputs)
        members = _members(context, inputs, folder)
        if not members:
            return Skip("no_files", ZipOutputs(output=str(inputs.dest_path), count=0))
        _warn_of_names(context, members)
        _write(context, inputs, archiver, folder, members)
        return ZipOutputs(
            output=str(inputs.dest_path),
            count=len(members),
            password=inputs.password is not None,
            driver=archiver.driver,
            src_dir=str(folder),
        )


def _warn_of_names(context: StepContext, members: Iterable[str]) -> None:
    """Whoever gets the archive may unpack with rules as strict as ours."""
    if (found := first_not_to_unpack(members)) is not None:
        name, wrong = found
        context.log.warning("`unzip` will refuse this archive because of a name in it", name=shown(name), why=wrong)


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise NothingDone(f"there is no folder {folder}", code="AF-ARCHIVE-ITEM", help="check `src_dir`")


def _members(context: StepContext, inputs: ZipInputs, folder: Path) -> dict[str, str]:
    selection = Selection(
        folder=folder,
        output=inputs.dest_path,
        recursive=inputs.recursive,
        check=lambda path: context.paths.readable(str(path)),
    )
    return select(selection, _items(inputs))


def _items(inputs: ZipInputs) -> Iterator[tuple[Kind, str]]:
    for item in [inputs.items] if isinstance(inputs.items, str) else inputs.items:
        if isinstance(item, PathItem):
            yield "path", item.path
        elif isinstance(item, PatternItem):
            yield "pattern", item.glob
        else:
            yield "any", item


def _write(context: StepContext, inputs: ZipInputs, archiver: Archiver, folder: Path, members: dict[str, str]) -> None:
    output = inputs.dest_path
    may_replace = inputs.overwrite or output in remembered(context, "placed")
    try:
        if output.is_dir() or (os.path.lexists(output) and not may_replace):
            raise _exists(output)
        if not inputs.overwrite:
            remember(context, "placed", [output])
        with context.publish(output, replace=may_replace) as temporary:
            archiver.create(
                temporary,
                folder,
                members,
                password=inputs.password,
                compression=inputs.compression,
                watch=watch_of(context),
            )
    except NotADirectoryError:
        raise _no_folder(output) from None
    except FileExistsError:
        raise _exists(output) from None
    except OSError as error:
        message = f"the archive {output.name} can't be written: {error.strerror or 'the system refused'}"
        raise StepError(message, code="AF-ARCHIVE-SPACE", help="make room, or see who may write there") from error


def _exists(output: Path) -> NothingDone:
    return NothingDone(
        f"{output} is there already; nothing is packed",
        code="AF-ARCHIVE-EXISTS",
        help="remove it, name another `dest_path`, or set `overwrite: true` where it is a file",
    )


def _no_folder(output: Path) -> NothingDone:
    return NothingDone(
        f"a part of {output.parent} is no folder; nothing is packed",
        code="AF-ARCHIVE-CONFLICT",
        help="remove it, or name another `dest_path`",
    )
