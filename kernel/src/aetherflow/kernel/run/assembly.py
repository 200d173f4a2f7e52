"""Puts a run together from what was prepared: its places, its workspace, its connectors, its worker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..files.paths import ProtectedPlaces, StepPaths, expanded
from ..files.unfinished import Unfinished, unfinished_file
from ..files.workspace import Workspace
from ..plugins.host import PluginHost
from ..policy.project import PROJECT_FILE
from ..quick_dataclasses import dataclass
from .active import ActiveRun
from .connectors import ConnectorSource, RunConnectors
from .context import AttemptLog
from .crew import LeftBehind
from .inner import InnerSteps
from .keeping import KeeperOnDemand

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal

    from ..check.definitions import FlowIndex
    from ..check.preparation import Surroundings
    from ..contracts.events import Event
    from ..contracts.records import RunKey, RunRecord
    from ..resolve.resources import ResolvedResource
    from ..spec.models import Flow
    from .crew import Crew
    from .journal import Journal
    from .places import Places
    from .stopping import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What a run is connected to: where it writes, tells, hears of signals, and reads the time."""

    ownership: int
    journal: Journal
    stop: Stop
    crew: Crew
    tell: Callable[[Event], None]
    #: Seconds since 1970 in UTC.
    clock: Callable[[], float]


def assemble(
    surroundings: Surroundings, flow_index: FlowIndex, *, key: RunKey, record: RunRecord, places: Places, wiring: Wiring
) -> ActiveRun:
    """A run that is ready to go.

    Raises:
        InvalidInput: a resource can't be resolved.
        RefusedByPolicy: the secrets hook is not allowed.
        Stopped: a signal came while it was busy.
    """
    flow = flow_index.flow
    unfinished = Unfinished(unfinished_file(places.owners, key))
    # The run is owned by now: whoever left something there is dead.
    unfinished.clear()
    workspace = Workspace(
        root=places.workspace,
        flow_id=key.flow_id,
        run_id=key.run_id,
        layout=flow.workspace.layout,
        cleanup_policy=flow.workspace.cleanup_policy,
        marker=record.marker,
        unfinished=unfinished,
    )
    protected = protected_places(surroundings, places, key.flow_id)
    write_roots = _write_roots(surroundings)
    host = PluginHost(surroundings.index)
    source = ConnectorSource(
        resources=_resources(surroundings, flow, wiring),
        connector_class=host.connector_class,
        file_path=_file_path(surroundings, places.workspace / key.flow_id, protected, write_roots),
        log=lambda resource: AttemptLog(
            tell=wiring.tell, flow_id=key.flow_id, run_id=key.run_id, job_id="", step_id=resource
        ),
    )
    connectors = RunConnectors(source)
    return ActiveRun(
        key=key,
        start=record.starts,
        ownership=wiring.ownership,
        project=surroundings.project.folder.resolve(),
        environment=surroundings.environment.values,
        parameters=record.parameters,
        facts={**record.facts, "attempt": record.starts},
        write_roots=write_roots,
        protected=protected,
        flow_index=flow_index,
        named_steps=flow_index.named_steps(),
        plugin_index=surroundings.index,
        host=host,
        redactor=surroundings.redactor,
        journal=wiring.journal,
        workspace=workspace,
        connectors=connectors,
        stop=wiring.stop,
        crew=wiring.crew,
        keeper=KeeperOnDemand(places.ledger),
        inner=InnerSteps(host=host, redactor=surroundings.redactor),
        tell=wiring.tell,
        clock=wiring.clock,
    )


def protected_places(surroundings: Surroundings, places: Places, flow_id: str) -> ProtectedPlaces:
    """What no step may touch: the ledger and its companions, the policy, folders that code is loaded from."""
    ledger = places.ledger
    companions = tuple(ledger.with_name(ledger.name + suffix) for suffix in ("", "-wal", "-shm"))
    project = surroundings.project.folder.resolve()
    project_file = project / PROJECT_FILE
    # A workspace that holds the project itself would protect the project from its own steps.
    workspace = places.workspace if not project.is_relative_to(places.workspace) else places.workspace / flow_id
    folders = (places.keep, places.owners, places.logs, workspace, *surroundings.settings.plugin_paths)
    return ProtectedPlaces(folders=folders, files=(*companions, project_file))


def _resources(surroundings: Surroundings, flow: Flow, wiring: Wiring) -> Mapping[str, ResolvedResource]:
    if not flow.resources:
        return {}
    settings = surroundings.settings
    if not settings.has_secrets_hook:
        return _resolved_resources(surroundings, flow)
    try:
        # Nobody knows how long the secrets hook takes, and it can't be asked to stop.
        return wiring.crew.wait_for(
            lambda: _resolved_resources(surroundings, flow), lambda: wiring.stop.signal_number is not None
        )
    except LeftBehind:
        wiring.stop.refuse_to_begin()
        raise


def _resolved_resources(surroundings: Surroundings, flow: Flow) -> Mapping[str, ResolvedResource]:
    from ..resolve.secrets import load_secrets_hook
    from .resources import resolved_resources

    hook = load_secrets_hook(surroundings.settings, allowed=surroundings.profile.is_open)
    return resolved_resources(surroundings, flow, hook)


def _write_roots(surroundings: Surroundings) -> tuple[Path, ...]:
    project, profile = surroundings.project.folder.resolve(), surroundings.profile
    named = tuple(path.resolve() for path in profile.write_paths)
    return (project, *named) if profile.may_write_project else named


def _file_path(
    surroundings: Surroundings, own: Path, protected: ProtectedPlaces, write_roots: tuple[Path, ...]
) -> Callable[[str, Literal["read", "write"]], Path]:
    project = surroundings.project.folder.resolve()
    # A connector belongs to the run, not to a job: a relative path of its settings is one of the project.
    paths = StepPaths(
        artifacts=project,
        project=project,
        read_roots=(project, own, *write_roots),
        write_roots=(own, *write_roots),
        own_to_read=(own,),
        own_to_write=(own,),
        protected=protected,
    )

    def file_path(path: str, use: Literal["read", "write"]) -> Path:
        given = str(expanded(path))
        return paths.readable(given) if use == "read" else paths.writable(given)

    return file_path
