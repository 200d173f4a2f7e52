"""What a plugin gives, checked: classes of steps and connectors by the names that flows use, and commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..contracts.effects import Effect, Rerun
from .boundary import contract_error, shown
from .manifest_fields import COMMAND_NAME, STEP_NAME, WORD

if TYPE_CHECKING:
    from ..contracts.commands import PluginCommand
    from ..contracts.connectors import AnyConnector
    from ..contracts.steps import AnyStep


def steps_by_name(plugin: str, given: Iterable[object]) -> dict[str, type[AnyStep]]:
    """The step classes that a plugin gives, functions made into classes.

    Raises:
        PluginError: something given is no step, or two have one name.
    """
    found: dict[str, type[AnyStep]] = {}
    for each in given:
        step = _as_step(plugin, each)
        if found.setdefault(step.name, step) is not step:
            raise contract_error(plugin, f"gives the step {step.name!r} twice", "give each step a name of its own")
    return found


def connectors_by_name(plugin: str, given: Iterable[object]) -> dict[str, type[AnyConnector]]:
    """The connector classes that a plugin gives, by `kind:driver`.

    Raises:
        PluginError: something given is no connector, or two have one kind and driver.
    """
    found: dict[str, type[AnyConnector]] = {}
    for each in given:
        connector = _as_connector(plugin, each)
        name = f"{connector.kind}:{connector.driver}"
        if found.setdefault(name, connector) is not connector:
            raise contract_error(plugin, f"gives the connector {name!r} twice", "give each driver a name of its own")
    return found


def commands_by_name(plugin: str, given: Iterable[object]) -> dict[str, PluginCommand]:
    """The commands that a plugin gives.

    Raises:
        PluginError: something given is no command, or two have one name.
    """
    found: dict[str, PluginCommand] = {}
    for each in given:
        command = _as_command(plugin, each)
        if found.setdefault(command.name, command) is not command:
            wrong = f"gives the command {command.name!r} twice"
            raise contract_error(plugin, wrong, "give each command a name of its own")
    return found


def summary_of(given: object) -> str:
    """The first line of a docstring of its own; inherited ones say nothing about it."""
    text = getattr(given, "__doc__", None)
    return inspect.cleandoc(text).partition("\n")[0] if isinstance(text, str) and text.strip() else ""


def _as_command(plugin: str, given: object) -> PluginCommand:
    from ..contracts.commands import CommandParameter, PluginCommand

    if not isinstance(given, PluginCommand):
        raise contract_error(plugin, f"gives {shown(given)} as a command", "give instances of PluginCommand")
    name: Any = given.name
    if not isinstance(name, str) or not COMMAND_NAME.fullmatch(name):
        wrong = f"gives a command whose name {name!r} is none"
        raise contract_error(plugin, wrong, "name it in small letters, with digits and '-' inside")
    if not inspect.isfunction(given.run):
        wrong = f"gives the command {name!r}, whose run is {shown(given.run)}"
        raise contract_error(plugin, wrong, "set run to a function of a module")
    if not all(isinstance(each, CommandParameter) for each in given.parameters):
        wrong = f"gives the command {name!r}, whose parameters are none"
        raise contract_error(plugin, wrong, "set parameters to a tuple of CommandParameter")
    _check_effects(plugin, given)
    return given


def _as_step(plugin: str, given: object) -> type[AnyStep]:
    from ..contracts.steps import STEP_MARK, Step

    if inspect.isfunction(given) and hasattr(given, STEP_MARK):
        from .functions import step_from_function

        step = step_from_function(given, plugin=plugin)
    elif isinstance(given, type) and issubclass(given, Step):
        step = given
    else:
        wrong = f"gives {shown(given)} as a step"
        raise contract_error(plugin, wrong, 'give subclasses of Step, or functions under @register_step("name")')
    _check_step(plugin, step)
    return step


def _check_step(plugin: str, step: type[AnyStep]) -> None:
    _refuse_abstract(plugin, step)
    name: Any = getattr(step, "name", None)
    if not isinstance(name, str) or not STEP_NAME.fullmatch(name):
        wrong = f"gives {shown(step)}, whose name {name!r} is none"
        raise contract_error(plugin, wrong, 'set the class attribute name = "plugin.what_it_does"')
    _check_effects(plugin, step)
    if step.rerun not in set(Rerun):
        raise contract_error(plugin, f"gives {shown(step)}, whose rerun is no Rerun", "set rerun = Rerun.SAFE or so")


def _as_connector(plugin: str, given: object) -> type[AnyConnector]:
    from ..contracts.connectors import Connector

    if not (isinstance(given, type) and issubclass(given, Connector)):
        raise contract_error(plugin, f"gives {shown(given)} as a connector", "give subclasses of Connector")
    _refuse_abstract(plugin, given)
    for key in ("kind", "driver"):
        word: Any = getattr(given, key, None)
        if not isinstance(word, str) or not WORD.fullmatch(word):
            wrong = f"gives {shown(given)}, whose {key} {word!r} is none"
            raise contract_error(plugin, wrong, 'use @register_connector("kind", "driver")')
    if not isinstance(getattr(given, "protocol", None), type):
        wrong = f"gives {shown(given)} without a protocol"
        raise contract_error(plugin, wrong, "set the class attribute protocol = Database or so")
    _check_effects(plugin, given)
    return given


def _check_effects(plugin: str, given: type[AnyStep | AnyConnector] | PluginCommand) -> None:
    effects: Any = given.effects
    if not isinstance(effects, set | frozenset) or not effects <= set(Effect):
        wrong = f"gives {shown(given)}, whose effects are no set of Effect"
        raise contract_error(plugin, wrong, "set effects = frozenset({Effect.READ_FILES}) or so")


def _refuse_abstract(plugin: str, given: type[AnyStep | AnyConnector]) -> None:
    if inspect.isabstract(given):
        missing = ", ".join(sorted(given.__abstractmethods__))
        raise contract_error(plugin, f"gives {shown(given)}, which lacks {missing}", "write the methods")
