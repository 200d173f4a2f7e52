"""The step `unzip`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field

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
    StepOutputs,
)

from .archivers import ArchiverInputs, archiver_of, watch_of
from .placing import Placing, first_missing
from .records import remember, remembered
from .source import missing


class UnzipInputs(ArchiverInputs):
    """What to unpack, and where to."""

    archives: ArtifactPath | list[ArtifactPath] = Field(description="The archives.")
    dest_dir: OutputPath = Field(description="Folder to unpack into.")
    src_dir: ArtifactPath | None = Field(
        default=None, description="What an archive's folder in dest_dir is relative to; the job's artifacts."
    )
    overwrite: bool = Field(default=True, description="Whether files that are there are replaced.")
    members: list[str] | None = Field(default=None, description="Only these, by their full names; null or empty: all.")
    private_zip_folder: bool = Field(default=False, description="Whether each archive gets a folder of its name.")


class Unzipped(BaseModel):
    """What became of one archive."""

    archive: str = Field(description="The archive.")
    dest_dir: str = Field(description="Where it was unpacked.")
    files: list[str] = Field(description="The files that were written, relative to dest_dir.")
    password: bool = Field(description="Whether a password was given.")
    driver: str = Field(description="The driver that unpacked it.")


class UnzipOutputs(StepOutputs):
    """What was unpacked."""

    unzipped: list[Unzipped] = Field(description="For each archive: archive, dest_dir, files, password, driver.")
    dest_dir: str = Field(description="The folder.")


class Unzip(Step[UnzipInputs, UnzipOutputs]):
    """Unpack zip archives, refusing what is hostile.

    All archives are unpacked and judged beside their place first. Where one is refused, or something stands in the
    way, nothing is put in place and nothing is left behind.
    """

    name = "unzip"
    effects = frozenset({Effect.READ_FILES, Effect.WRITE_FILES})
    rerun = Rerun.SAFE

    def run(self, context: StepContext, inputs: UnzipInputs) -> UnzipOutputs | Skip[UnzipOutputs]:
        """Unpack the archives, or skip where there are none."""
        archives = inputs.archives if isinstance(inputs.archives, list) else [inputs.archives]
        if not archives:
            return Skip("no_archives", UnzipOutputs(unzipped=[], dest_dir=str(inputs.dest_dir)))
        for archive in archives:
            if not archive.is_file():
                raise missing(archive)
        root = first_missing(inputs.dest_dir)
        with _staged(context, root) as staged:
            unpacking = Unpacking(
                context=context, inputs=inputs, archiver=archiver_of(context, inputs), root=root, staged=staged
            )
            unzipped = [unpacking.unpack(archive) for archive in archives]
            Placing(
                context=context,
                staged=staged,
                final=root,
                overwrite=inputs.overwrite,
                kept=frozenset(archives),
            ).run()
        return UnzipOutputs(unzipped=unzipped, dest_dir=str(inputs.dest_dir))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacking:
    """The archives of a step on their way into the staged folder, which is to become `root`."""

    context: StepContext
    inputs: UnzipInputs
    archiver: Archiver
    root: Path
    staged: Path

    def unpack(self, archive: Path) -> Unzipped:
        """Unpack one archive; nothing of it is in its place yet."""
        inputs = self.inputs
        final = inputs.dest_dir / self._folder_of(archive)
        files = self.archiver.extract(
            archive,
            self._make_folder(final.relative_to(self.root)),
            password=inputs.password,
            members=inputs.members or None,
            watch=watch_of(self.context),
        )
        return Unzipped(
            archive=str(archive),
            dest_dir=str(final),
            files=list(files),
            password=inputs.password is not None,
            driver=self.archiver.driver,
        )

    def _folder_of(self, archive: Path) -> Path:
        """Where below the target folder an archive goes."""
        source = self.inputs.src_dir or self.context.artifacts
        if not archive.is_relative_to(source):
            return Path(archive.name)
        relative = archive.relative_to(source)
        return _private_folder(relative) if self.inputs.private_zip_folder else relative.parent

    def _make_folder(self, inner: Path) -> Path:
        """A staged folder, as private as the one that it is in."""
        mode = self.staged.stat().st_mode & 0o777
        folder = self.staged
        try:
            for part in inner.parts:
                folder /= part
                if not folder.is_dir():
                    folder.mkdir(mode)
        except FileExistsError:
            raise NothingDone(
                f"{inner} is a file of one archive and the folder of another; nothing is unpacked",
                code="AF-ARCHIVE-CONFLICT",
                help="give the archives other names, or unpack them in steps of their own",
            ) from None
        return folder


def _private_folder(archive: Path) -> Path:
    """The name of an archive without its suffix; all of it where the rest, as of `...zip`, means another folder."""
    return archive if archive.stem in {"", ".", ".."} else archive.with_name(archive.stem)


@contextmanager
def _staged(context: StepContext, root: Path) -> Iterator[Path]:
    """A folder to unpack into, on the file system where its content is to go."""
    given = None
    try:
        if root.is_dir() and not _can_stage_beside(root):
            mark = hashlib.sha256(context.idempotency_key.encode()).hexdigest()[:16]
            given = root / f".aetherflow.{mark}"
        _clear_up(context, root)
        with context.staged_folder(root, given=given) as folder:
            yield folder
    except OSError as error:
        message = f"the folder {root} can't be filled: {error.strerror or 'the system refused'}"
        raise StepError(message, code="AF-ARCHIVE-SPACE", help="make room, or see who may write there") from error


def _clear_up(context: StepContext, root: Path) -> None:
    """Remove what an attempt left that was killed after it had made `root`, or a folder above it."""
    for before in remembered(context, "staged") - {root}:
        with context.staged_folder(before):
            pass
    if not root.exists():
        remember(context, "staged", [root])


def _can_stage_beside(root: Path) -> bool:
    return root.stat().st_dev == root.parent.stat().st_dev and os.access(root.parent, os.W_OK | os.X_OK)
