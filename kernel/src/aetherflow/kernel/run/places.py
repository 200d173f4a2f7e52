"""Where runs keep what they keep: the ledger, who owns them, their logs, their workspaces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..files.paths import expanded
from ..quick_dataclasses import dataclass
from ..state.companions import logs_folder, owners_folder
from ..state.file_systems import refuse_network
from ..state.folders import without_links

if TYPE_CHECKING:
    from ..check.preparation import Surroundings
    from ..resolve.settings import Settings
    from ..spec.models import Flow

#: The project's own folder for what AetherFlow keeps.
KEEP = ".aetherflow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a run keeps what it keeps; all absolute."""

    ledger: Path
    owners: Path
    logs: Path
    workspace: Path
    keep: Path


def places_of(surroundings: Surroundings, flow: Flow) -> Places:
    """The ledger and the workspace of a flow: as written, else by the settings, else in the project's own folder.

    Raises:
        RunFailed: somebody else made a link on the way, or the ledger would be on a network file system.
    """
    project, settings = surroundings.project.folder.resolve(), surroundings.settings
    keep = project / KEEP
    named = flow.state.path
    ledger = default_ledger(project, settings) if named is None else _below(project, named)
    if settings.state_on_network == "refuse":
        refuse_network(ledger)
    root = flow.workspace.root
    workspace = default_workspace(project, settings) if root is None else _below(project, root)
    return Places(ledger=ledger, owners=owners_folder(ledger), logs=logs_folder(ledger), workspace=workspace, keep=keep)


def default_workspace(project: Path, settings: Settings) -> Path:
    """Where the flows of a project have their workspaces that do not name a place themselves."""
    return _below(project, settings.work_root or project / KEEP / "work")


def default_ledger(project: Path, settings: Settings) -> Path:
    """The ledger of the flows of a project that do not name one themselves."""
    return _below(project, settings.state_root or project / KEEP / "state") / "ledger.sqlite"


def _below(project: Path, path: str | Path) -> Path:
    # Whoever reaches through a link of somebody else's keeps its state where that user wants it.
    return without_links(project / expanded(path))
