"""Files of the run that go with a message: looked up as other inputs are, measured, and read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aetherflow.kernel.api import Attachment, NothingDone, PathRefused, StepContext

from .faults import Failure, shown
from .media_types import media_type_of
from .send_inputs import AttachedFile, AttachedFiles, MailSendInputs

_MEGABYTE = 1024 * 1024
_MOST_FILES = 100
_CODE = "AF-MAIL-ATTACHMENT"
_GLOB_MARKS = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A file that will be attached; `path` is resolved, `given` is how the flow came to it."""

    path: Path
    given: str
    name: str
    media_type: str


def read_attachments(context: StepContext, inputs: MailSendInputs) -> tuple[Attachment, ...]:
    """The files in the order of the flow, those of a glob in the order of their names.

    Raises:
        Failure: one is missing, or all together are too big.
        NothingDone: one lies outside the folders that the step may read.
    """
    wanted = [inputs.attachments] if isinstance(inputs.attachments, str) else inputs.attachments
    found = [file for entry in wanted for file in _find(context, entry)]
    if len(found) > _MOST_FILES:
        raise Failure(
            f"the message has {len(found)} attachments, and at most {_MOST_FILES} can be",
            code=_CODE,
            help="pack them into an archive, or narrow the globs",
        )
    left = int(inputs.max_attachment_mb * _MEGABYTE)
    attachments: list[Attachment] = []
    for file in found:
        # One byte more than may be: a file that is too big is known by it, and not read whole.
        content = _content(file, most=left + 1)
        left -= len(content)
        if left < 0:
            raise Failure(
                f"the attachments have more than the {inputs.max_attachment_mb:g} MB that are let through",
                code="AF-MAIL-SIZE",
                help="attach less, or raise max_attachment_mb where the server takes it",
            )
        attachments.append(Attachment(name=file.name, content=content, media_type=file.media_type))
    return tuple(attachments)


def _find(context: StepContext, entry: str | AttachedFile | AttachedFiles) -> Iterator[_Found]:
    wanted = _told_apart(context, entry) if isinstance(entry, str) else entry
    if isinstance(wanted, AttachedFiles):
        yield from _find_files(context, wanted)
        return
    path = _readable(context, wanted.path)
    if path.exists() or not wanted.optional:
        name = wanted.name or Path(wanted.path).name
        yield _Found(path=path, given=wanted.path, name=name, media_type=wanted.media_type or media_type_of(name))


def _find_files(context: StepContext, wanted: AttachedFiles) -> Iterator[_Found]:
    matches = _matches(context, wanted.glob)
    if not matches and not wanted.optional:
        raise Failure(
            f"the glob '{shown(wanted.glob)}' finds no file, neither in the artifacts nor in the project",
            code=_CODE,
            help="check the pattern, or write {glob: …, optional: true}",
        )
    for match in matches:
        path, name = _readable(context, str(match)), match.name
        yield _Found(path=path, given=name, name=name, media_type=wanted.media_type or media_type_of(name))


def _told_apart(context: StepContext, text: str) -> AttachedFile | AttachedFiles:
    """A plain text is a path; where there is no such file, and it could be a glob, it is one."""
    if not text:
        raise Failure("an attachment has an empty path", code=_CODE, help="name a file, or leave the entry out")
    if _GLOB_MARKS & set(text) and not _readable(context, text).exists():
        return AttachedFiles(glob=text)
    return AttachedFile(path=text)


def _readable(context: StepContext, path: str) -> Path:
    try:
        return context.paths.readable(path)
    except PathRefused as error:
        raise NothingDone(error.problem.message, code=error.problem.code, help=error.problem.help) from error


def _matches(context: StepContext, pattern: str) -> list[Path]:
    """What the glob finds in the artifacts, where there is nothing in the project; folders are no attachments."""
    parts = Path(pattern).parts
    if Path(pattern).is_absolute() or ".." in parts:
        raise Failure(
            f"the glob '{shown(pattern)}' leads out of the artifacts and the project",
            code=_CODE,
            help="write it relative to them, without ..",
        )
    shows_hidden = any(part.startswith(".") for part in parts)
    for root in (context.artifacts, context.project):
        try:
            matches = sorted(match for match in root.glob(pattern) if not match.is_dir())
        except (ValueError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise Failure(f"'{shown(pattern)}' can't be looked for: {shown(str(why))}", code=_CODE) from error
        found = [match for match in matches if shows_hidden or not _is_hidden(match.relative_to(root))]
        if found:
            return found
    return []


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _content(file: _Found, *, most: int) -> bytes:
    try:
        # What was resolved is no link; a pipe that took its place would be waited for.
        descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Failure(f"'{shown(file.given)}' is no file", code=_CODE, help="attach files, or an archive")
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                return stream.read(most)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _not_readable(file, error) from error


def _not_readable(file: _Found, error: OSError) -> Failure:
    if isinstance(error, FileNotFoundError):
        return Failure(
            f"there is no file '{shown(file.given)}' to attach",
            code=_CODE,
            help="check the path, or write {path: …, optional: true}",
        )
    return Failure(f"'{shown(file.given)}' can't be attached: {error.strerror}", code=_CODE)
