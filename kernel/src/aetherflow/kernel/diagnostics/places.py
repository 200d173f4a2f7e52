"""Where a project keeps its state and its workspaces: whether runs could, without making anything."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import AetherFlowError, RunFailed
from ..run.places import default_ledger, default_workspace, places_of
from ..state.file_systems import file_system_of, refuse_network
from ..state.folders import FOR_ITS_USER_ONLY, refuse_unsafe
from .findings import Finding, fine, of_error

if TYPE_CHECKING:
    from ..check.preparation import Surroundings
    from ..spec.models import Flow

_CODE = "AF-MACHINE-FOLDER"
_MOVE = "free the place, or name another one: state_root, work_root, or flow.state and flow.workspace"


def examine_places(surroundings: Surroundings, flow: Flow | None) -> Iterator[Finding]:
    """How the folder of the ledger and that of the workspaces stand; those of the project where there is no flow."""
    try:
        ledger, workspace = _ledger_and_workspace(surroundings, flow)
    except AetherFlowError as error:
        yield from of_error("places", error)
        return
    yield _examined("the state", ledger.parent)
    yield _examined("the workspace", workspace)


def _ledger_and_workspace(surroundings: Surroundings, flow: Flow | None) -> tuple[Path, Path]:
    if flow is not None:
        places = places_of(surroundings, flow)
        return places.ledger, places.workspace
    project, settings = surroundings.project.folder.resolve(), surroundings.settings
    ledger = default_ledger(project, settings)
    if settings.state_on_network == "refuse":
        refuse_network(ledger)
    return ledger, default_workspace(project, settings)


def _examined(name: str, folder: Path) -> Finding:
    nearest = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if not nearest.is_dir():
        return _bad(f"{name} would be in {folder}, but {nearest} is no folder")
    if not os.access(nearest, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        return _bad(f"{name} would be in {folder}, but {nearest} may not be written to")
    file_system = file_system_of(nearest) or "unknown"
    if nearest != folder:
        return fine("places", f"{name} will be made in {folder} (file system {file_system})")
    found = folder.stat()
    try:
        refuse_unsafe(found, folder)
    except RunFailed as error:
        return of_error("places", error)[0]
    mode = stat.S_IMODE(found.st_mode)
    if mode & ~FOR_ITS_USER_ONLY & 0o777:
        return Finding(
            group="places",
            level="warning",
            message=f"{name} in {folder} may be looked into by other users (mode {mode:04o})",
            code=_CODE,
            help=f"keep it to its user: chmod {FOR_ITS_USER_ONLY:o} {shlex.quote(str(folder))}",
        )
    return fine("places", f"{name} is in {folder} (file system {file_system}, mode {mode:04o})")


def _bad(message: str) -> Finding:
    return Finding(group="places", level="error", message=message, code=_CODE, help=_MOVE)
