"""A pluggy manager that takes a plugin's behaviour only where it is granted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from inspect import isgeneratorfunction
from typing import TYPE_CHECKING, Any

import pluggy

from ..contracts import hooks
from ..contracts.interface import BEHAVIOUR_HOOKS, COMPANION_HOOKS

if TYPE_CHECKING:
    from types import ModuleType

PROJECT = "aetherflow"
KNOWN_HOOKS = tuple(sorted(name for name in vars(hooks) if name.startswith(f"{PROJECT}_")))

#: A behaviour hook of one plugin: called with all arguments of its specification.
Behaviour = Callable[..., object]


class HookManager(pluggy.PluginManager):
    """Knows all hooks; what is not granted is dropped before it is registered, as pluggy calls all that is."""

    def __init__(self, granted: Collection[str]) -> None:
        super().__init__(PROJECT)
        self.add_hookspecs(hooks)
        self._granted = granted
        self.implemented: set[str] = set()

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:  # noqa: ANN401 - the signature is pluggy's
        """The options of what is registered, and null for what is not."""
        options = super().parse_hookimpl_opts(plugin, name)
        if options is None:
            return None
        hook = options.get("specname") or name
        self.implemented.add(hook)
        grant = COMPANION_HOOKS.get(hook, hook)
        return options if grant not in BEHAVIOUR_HOOKS or grant in self._granted else None

    def behaviours(self, module: ModuleType) -> Mapping[str, Behaviour]:
        """The granted behaviour hooks of a plugin, by name."""
        callers = self.get_hookcallers(module) or ()
        return {
            caller.name: _behaviour(implementation)
            for caller in callers
            if COMPANION_HOOKS.get(caller.name, caller.name) in BEHAVIOUR_HOOKS
            for implementation in caller.get_hookimpls()
        }

    def wrappers(self, module: ModuleType) -> list[str]:
        """The hooks that a plugin implements as wrappers of others' implementations, of which there are none."""
        callers = self.get_hookcallers(module) or ()
        return [
            caller.name
            for caller in callers
            if any(
                isgeneratorfunction(each.function) and (each.wrapper or each.hookwrapper)
                for each in caller.get_hookimpls()
            )
        ]


def _behaviour(implementation: pluggy.HookImpl) -> Behaviour:
    def call(**arguments: object) -> object:
        return implementation.function(*[arguments[name] for name in implementation.argnames])

    return call
