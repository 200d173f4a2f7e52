"""The project that a flow belongs to: the nearest folder upward that says how its flows may run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidInput, RefusedByPolicy
from ..quick_dataclasses import dataclass
from .document import PolicyDocument, read_policy
from .trust import refuse_planted

if TYPE_CHECKING:
    from ..spec.document import Document

PROJECT_FILE = "aetherflow.yaml"
_MISNAMED = ("aetherflow.yml", "Aetherflow.yaml", "AetherFlow.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project's folder and what its `aetherflow.yaml` says; no document where there is none."""

    folder: Path
    document: Document | None
    policy: PolicyDocument

    @property
    def settings(self) -> Mapping[str, object]:
        """The block `settings`, as written."""
        return self.policy.settings


def find_project(start: Path) -> Project:
    """The project of a flow's file or folder: the nearest folder upward with an `aetherflow.yaml`, else the folder.

    Raises:
        RefusedByPolicy: the file can't be read or understood; says everything that is wrong with it.
    """
    begin = Path(os.path.abspath(start))  # noqa: PTH100 - links stay: the project is where the user sees the flow
    begin = begin if begin.is_dir() else begin.parent
    for folder in (begin, *begin.parents):
        if _is_there(folder / PROJECT_FILE):
            refuse_planted(folder / PROJECT_FILE, start=start)
            return _read_project(folder)
        _refuse_misnamed(folder)
    return Project(folder=begin, document=None, policy=PolicyDocument(file=PROJECT_FILE))


def read_administrator_policy(file: Path) -> PolicyDocument | None:
    """The policy that stands above every project's, or null where there is none.

    Raises:
        RefusedByPolicy: the file can't be read or understood.
    """
    if not _is_there(file):
        return None
    refuse_planted(file)
    return read_policy(_read(file, shown_as=str(file)))


def _read_project(folder: Path) -> Project:
    file = folder / PROJECT_FILE
    document = _read(file, shown_as=_shown(file))
    return Project(folder=folder, document=document, policy=read_policy(document))


def _read(file: Path, *, shown_as: str) -> Document:
    """The document, or a refusal: what can't be read could forbid what is asked for."""
    from ..spec.document import read_document

    try:
        return read_document(file, shown_as=shown_as)
    except InvalidInput as error:
        raise RefusedByPolicy.of(error.problems) from None


def _shown(file: Path) -> str:
    """The path from the working folder where the file is below it."""
    try:
        return str(file.relative_to(Path.cwd()))
    except ValueError:
        return str(file)


def _is_there(file: Path) -> bool:
    """Whether there is such a name; a link that leads nowhere is one: it must be read, and fails then."""
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise RefusedByPolicy(
            f"{file} can't be looked at: {error.strerror}",
            code="AF-POLICY-UNREADABLE",
            help="a policy that can't be read could forbid this: make it readable, or remove it",
        ) from None
    return True


def _refuse_misnamed(folder: Path) -> None:
    for name in _MISNAMED:
        if _is_there(folder / name):
            raise RefusedByPolicy(
                f"{_shown(folder / name)} would not be read: the file's name is {PROJECT_FILE}",
                code="AF-POLICY-FILE-NAME",
                help=f"rename it to {PROJECT_FILE}",
            )
