"""Importing one plugin and asking its hooks what it contributes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..contracts.interface import COMPANION_HOOKS
from ..contracts.spelling import did_you_mean
from ..errors import PluginError
from .boundary import blocked_imports, plugin_boundary
from .contributions import commands_by_name, connectors_by_name, steps_by_name, summary_of
from .discovery import package_spec
from .records import LoadedPlugin

if TYPE_CHECKING:
    from .hook_manager import HookManager


def load_plugin(
    name: str,
    anchor: str,
    *,
    folder: Path | None = None,
    blocked: Mapping[str, str] | None = None,
    granted: Collection[str] = (),
) -> LoadedPlugin:
    """Import a plugin's package and collect what its hooks give.

    Args:
        name: the plugin's name.
        anchor: its package.
        folder: where the package must come from; null for wherever it is found.
        blocked: packages that it must not import, each with the reason.
        granted: the behaviour hooks that it may implement to some effect.

    Raises:
        PluginError: it can't be imported, or does not keep to the contract.
    """
    _check_origin(name, anchor, folder)
    with blocked_imports(blocked or {}):
        with plugin_boundary(name, "it was imported"):
            module = import_module(anchor)
        return ask_hooks(name, module, granted)


def ask_hooks(name: str, module: ModuleType, granted: Collection[str] = ()) -> LoadedPlugin:
    """What the hooks of an imported plugin give.

    Raises:
        PluginError: a hook is misspelt, raises, or gives something else than it should.
    """
    manager = _registered(name, module, granted)
    steps = steps_by_name(name, _collected(name, manager.hook.aetherflow_steps))
    connectors = connectors_by_name(name, _collected(name, manager.hook.aetherflow_connectors))
    commands = commands_by_name(name, _collected(name, manager.hook.aetherflow_commands))
    return LoadedPlugin(
        steps=steps,
        connectors=connectors,
        commands=commands,
        hooks=tuple(sorted(manager.implemented)),
        behaviours=manager.behaviours(module),
        summary=summary_of(module),
    )


def _registered(name: str, module: ModuleType, granted: Collection[str]) -> HookManager:
    """A manager with this plugin alone: what is wrong with one is not laid at another's door."""
    import pluggy

    from .hook_manager import HookManager

    manager = HookManager(granted)
    try:
        with plugin_boundary(name, "it was registered"):
            manager.register(module, name=name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise _bad_hook(name, str(error), module) from None
    except PluginError as error:
        if isinstance(error.__cause__, pluggy.PluginValidationError):
            raise _bad_hook(name, str(error.__cause__), module) from None
        raise
    _refuse_unmarked(name, module, manager.implemented)
    _refuse_half(name, manager, module)
    return manager


def _bad_hook(name: str, told: str, module: ModuleType) -> PluginError:
    from .hook_manager import KNOWN_HOOKS, PROJECT

    marked = [key for key, value in vars(module).items() if hasattr(value, f"{PROJECT}_impl")]
    misspelt = next((key for key in marked if key not in KNOWN_HOOKS), None)
    if misspelt is None:
        detail = " ".join(told.split()).partition("Argument(s)")
        message, mend = f"a hook of plugin {name} takes other arguments than it is given", "".join(detail[1:])
    else:
        message = f"plugin {name} implements the hook {misspelt!r}, which does not exist"
        mend = did_you_mean(misspelt, KNOWN_HOOKS)
    return PluginError(message, code="AF-PLUGIN-HOOK", help=mend)


def _refuse_unmarked(name: str, module: ModuleType, implemented: Collection[str]) -> None:
    from .hook_manager import KNOWN_HOOKS

    for hook in KNOWN_HOOKS:
        if hook not in implemented and callable(vars(module).get(hook)):
            raise PluginError(
                f"{hook} of plugin {name} is not marked as a hook",
                code="AF-PLUGIN-HOOK",
                help="put @hookimpl above it: from aetherflow.kernel.api import hookimpl",
            )


def _refuse_half(name: str, manager: HookManager, module: ModuleType) -> None:
    """What would be registered, and never called."""
    for hook, whole in COMPANION_HOOKS.items():
        if hook in manager.implemented and whole not in manager.implemented:
            message, mend = f"plugin {name} implements {hook} without {whole}", f"add {whole}, or leave {hook} out"
            raise PluginError(message, code="AF-PLUGIN-HOOK", help=mend)
    for hook in manager.wrappers(module):
        raise PluginError(
            f"{hook} of plugin {name} is a wrapper, and there is nothing to wrap",
            code="AF-PLUGIN-HOOK",
            help="write it as a plain function under @hookimpl",
        )


def _collected(name: str, hook: Callable[[], Iterable[Any]]) -> list[object]:
    doing = f"{getattr(hook, 'name', 'a hook')} was called"
    with plugin_boundary(name, doing):
        found: list[object] = []
        for given in hook():
            found.extend(given)
        return found


def _check_origin(name: str, anchor: str, folder: Path | None) -> None:
    """The package must be the one that the manifest speaks of: another of its name may come first on the path."""
    if folder is None:
        return
    found = _origin(anchor)
    if found is None or found.resolve() != folder.resolve():
        raise PluginError(
            f"the package {anchor} of plugin {name} would be imported from {found or 'nowhere'}, not from {folder}",
            code="AF-PLUGIN-SHADOWED",
            help=f"rename or remove what is called {anchor} there",
        )


def _origin(anchor: str) -> Path | None:
    loaded = sys.modules.get(anchor)
    spec = package_spec(anchor) if loaded is None else None
    file = getattr(loaded, "__file__", None) if loaded is not None else spec.origin if spec else None
    return Path(file).parent if file else None
