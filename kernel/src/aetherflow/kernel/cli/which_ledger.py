"""Which ledger a command is about, for commands that look at what runs left behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..resolve.settings import Settings


def chosen_ledger(*, flow: str | None, ledger: str | None, environ: Mapping[str, str]) -> Path:
    """The ledger that a command is about: the one named, that of the flow named, else that of the project here.

    Raises:
        InvalidInput: both were named, the flow can't be read, or there is no such file.
        RefusedByPolicy: the policy of the project can't be read.
    """
    if flow is not None and ledger is not None:
        raise InvalidInput("a flow and a ledger were given", code="AF-USAGE", help="give --flow or --ledger, not both")
    if ledger is not None:
        return _existing(Path(ledger), "check the path")
    if flow is not None:
        mend = "run the flow first, which makes it; if it ran with AETHERFLOW_STATE_ROOT, set that here, too"
        return _existing(_ledger_of_flow(Path(flow), environ), mend)
    return _existing(_ledger_here(environ), "go to the folder of a project, or name it: --flow FLOW or --ledger FILE")


def _ledger_of_flow(flow: Path, environ: Mapping[str, str]) -> Path:
    from ..check.preparation import prepare_flow
    from ..run.places import places_of

    prepared = prepare_flow(flow, environ=environ)
    with prepared.surroundings.index:
        # What is wrong elsewhere in the flow does not matter here: it may be why somebody looks.
        index = prepared.flow_index or prepared.checked()
        return places_of(prepared.surroundings, index.flow).ledger


def settings_here(environ: Mapping[str, str]) -> tuple[Path, Settings]:
    """The folder of the project that the current folder belongs to, and its settings.

    Raises:
        InvalidInput: the settings are wrong.
        RefusedByPolicy: the policy of the project can't be read.
    """
    from ..policy.project import find_project
    from ..resolve.environment import take_environment
    from ..resolve.settings import read_settings

    project = find_project(Path.cwd())
    environment = take_environment(environ, folder=project.folder)
    settings = read_settings(environment, project.settings, folder=project.folder, document=project.document)
    return project.folder.resolve(), settings


def _ledger_here(environ: Mapping[str, str]) -> Path:
    from ..run.places import default_ledger

    return default_ledger(*settings_here(environ))


def _existing(path: Path, mend: str) -> Path:
    if not path.is_file():
        raise InvalidInput(f"there is no ledger {path}", code="AF-NO-LEDGER", help=mend)
    return path
