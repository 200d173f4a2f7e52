"""The plugin host: imports a plugin when the first thing of it is used, and not before."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING

from ..contracts.interface import BEHAVIOUR_HOOKS
from ..errors import PluginError, Problem
from ..quick_dataclasses import replace
from .boundary import plugin_boundary
from .index import PluginIndex
from .loading import load_plugin
from .manifest import Manifest
from .records import LoadedPlugin, PluginRecord, PluginState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..contracts.commands import PluginCommand
    from ..contracts.connectors import AnyConnector
    from ..contracts.steps import AnyStep


class PluginHost:
    """Gives out classes by name; each plugin is imported at most once, whether it works or not."""

    def __init__(self, index: PluginIndex) -> None:
        self.index = index
        self._loaded: dict[str, LoadedPlugin] = {}
        self._broken: dict[str, Problem] = {}
        # Steps may run in several threads: the first to ask imports, the others wait for it.
        self._lock = RLock()

    def step_class(self, name: str) -> type[AnyStep]:
        """The class of a step.

        Raises:
            InvalidInput: no plugin has it.
            RefusedByPolicy: the runtime profile denies it.
            PluginError: its plugin can't be used, or breaks when it is imported.
        """
        return self._load(self.index.step(name).plugin).steps[name]

    def connector_class(self, kind: str, driver: str) -> type[AnyConnector]:
        """The class of a connector.

        Raises:
            InvalidInput: no plugin has it.
            RefusedByPolicy: the runtime profile denies it.
            PluginError: its plugin can't be used, or breaks when it is imported.
        """
        return self._load(self.index.connector(kind, driver).plugin).connectors[f"{kind}:{driver}"]

    def command(self, name: str) -> PluginCommand:
        """A command that a plugin adds to the program.

        Raises:
            InvalidInput: no plugin has it.
            RefusedByPolicy: the runtime profile denies it.
            PluginError: its plugin can't be used, or breaks when it is imported.
        """
        return self._load(self.index.command(name).plugin).commands[name]

    def behaviours(self, record: PluginRecord) -> Mapping[str, Callable[..., object]]:
        """The behaviour hooks of a plugin that are granted, each called with all arguments of its specification.

        Raises:
            PluginError: the plugin breaks when it is imported, or gives something else than its manifest says.
        """
        return self._load(record).behaviours

    def try_all(self) -> tuple[PluginRecord, ...]:
        """Import every plugin that is ready, and say how each stands then: active or broken."""
        return tuple(self._tried(record) if record.is_ready else record for record in self.index.plugins)

    def _tried(self, record: PluginRecord) -> PluginRecord:
        try:
            self._load(record)
        except PluginError as error:
            problem = error.problem
            return replace(record, state=PluginState.BROKEN, why=problem.message, mend=problem.help)
        return replace(record, state=PluginState.ACTIVE)

    def _load(self, record: PluginRecord) -> LoadedPlugin:
        with self._lock:
            key = record.anchor
            if key in self._broken:
                raise PluginError.of((self._broken[key],))
            if key not in self._loaded:
                try:
                    self._loaded[key] = record.loaded or self._import(record)
                except PluginError as error:
                    self._broken[key] = error.problem
                    raise
            return self._loaded[key]

    def _import(self, record: PluginRecord) -> LoadedPlugin:
        manifest = record.manifest or Manifest(interface="", name=record.name)
        loaded = load_plugin(
            record.name,
            record.anchor,
            folder=record.folder,
            blocked=self._blocked(record),
            granted=self.index.profile.granted_hooks(record.identity),
        )
        with plugin_boundary(record.name, "it was compared with its manifest"):
            _refuse_drift(record.name, manifest, loaded)
        return loaded

    def _blocked(self, record: PluginRecord) -> dict[str, str]:
        """The packages of plugins that are denied as a whole."""
        denied = (each for each in self.index.plugins if each.state is PluginState.DENIED)
        return {each.anchor: each.why for each in denied if each.anchor != record.anchor}


def _refuse_drift(name: str, manifest: Manifest, loaded: LoadedPlugin) -> None:
    """Policy and checks went by the manifest: the code must not give anything else."""
    claimed_steps = {step.name: step for step in manifest.steps}
    claimed_connectors = {connector.name: connector for connector in manifest.connectors}
    different = [f"step {each!r}" for each in sorted(claimed_steps.keys() ^ loaded.steps.keys())]
    different += [f"connector {each!r}" for each in sorted(claimed_connectors.keys() ^ loaded.connectors.keys())]
    claimed_commands = {command.name: command for command in manifest.commands}
    different += [f"command {each!r}" for each in sorted(claimed_commands.keys() ^ loaded.commands.keys())]
    different += [f"hook {each}" for each in BEHAVIOUR_HOOKS if (each in manifest.hooks) is not (each in loaded.hooks)]
    if not different:
        for key, step in claimed_steps.items():
            given = loaded.steps[key]
            if step.effects != given.effects or step.rerun != given.rerun:
                different.append(f"effects or rerun class of step {key!r}")
        for key, connector in claimed_connectors.items():
            if connector.effects != loaded.connectors[key].effects:
                different.append(f"effects of connector {key!r}")
        for key, command in claimed_commands.items():
            given_command = loaded.commands[key]
            if command.effects != given_command.effects or command.parameters != tuple(given_command.parameters):
                different.append(f"effects or parameters of command {key!r}")
    if different:
        raise PluginError(
            f"plugin {name} gives something else than its manifest says: {', '.join(different[:5])}",
            code="AF-PLUGIN-MANIFEST-STALE",
            help="its author runs: aetherflow plugins manifest --write",
        )
