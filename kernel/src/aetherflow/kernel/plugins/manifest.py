"""The manifest of a plugin: what it contributes, as data that is read without importing it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..contracts.commands import PARAMETER_KINDS, CommandParameter, ParameterKind
from ..contracts.effects import Rerun
from ..contracts.interface import BEHAVIOUR_HOOKS, INTERFACE_VERSION
from ..policy.rules import Contribution
from ..quick_dataclasses import dataclass, field
from .manifest_fields import BadManifest, Fields

MANIFEST_FORMAT = 1
#: Bigger files are no manifests: what 500 steps need is a tenth of it.
MAX_BYTES = 8 * 1024 * 1024

_KEYS = ("manifest", "interface", "name", "summary", "hooks", "steps", "connectors", "commands", "retired")
_STEP_KEYS = ("name", "target", "summary", "effects", "rerun", "inputs", "outputs", "outputs_from", "may_skip")
_CONNECTOR_KEYS = ("kind", "driver", "target", "protocol", "summary", "config", "options", "effects")
_COMMAND_KEYS = ("name", "target", "summary", "effects", "parameters")
_PARAMETER_KEYS = ("name", "kind", "help", "metavar", "is_required", "is_flow")

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepManifest:
    """One step, as its plugin claims it."""

    name: str
    target: str
    summary: str
    effects: frozenset[str]
    rerun: Rerun
    inputs: Schema
    outputs: Schema
    outputs_from: Mapping[str, str] | None = None
    #: Whether it may skip itself, and then give none of its outputs.
    may_skip: bool = True

    @property
    def contribution(self) -> Contribution:
        """What policy decides about."""
        return Contribution(kind="step", name=self.name, effects=self.effects)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorManifest:
    """One connector, as its plugin claims it."""

    kind: str
    driver: str
    target: str
    protocol: str
    summary: str
    config: Schema
    options: Schema
    effects: frozenset[str]

    @property
    def name(self) -> str:
        """Kind and driver in one."""
        return f"{self.kind}:{self.driver}"

    @property
    def contribution(self) -> Contribution:
        """What policy decides about."""
        return Contribution(kind="connector", name=self.name, effects=self.effects)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandManifest:
    """One command, as its plugin claims it."""

    name: str
    target: str
    summary: str
    effects: frozenset[str]
    parameters: tuple[CommandParameter, ...]

    @property
    def contribution(self) -> Contribution:
        """What policy decides about."""
        return Contribution(kind="command", name=self.name, effects=self.effects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that a plugin contributes."""

    interface: str
    name: str
    summary: str = ""
    hooks: tuple[str, ...] = ()
    steps: tuple[StepManifest, ...] = ()
    connectors: tuple[ConnectorManifest, ...] = ()
    commands: tuple[CommandManifest, ...] = ()
    retired: tuple[str, ...] = field(default=())

    @property
    def contributions(self) -> tuple[Contribution, ...]:
        """Steps, connectors and commands, as policy sees them."""
        steps = tuple(step.contribution for step in self.steps)
        connectors = tuple(connector.contribution for connector in self.connectors)
        return (*steps, *connectors, *(command.contribution for command in self.commands))

    @property
    def behaviours(self) -> tuple[str, ...]:
        """The hooks that act while a run goes on, as far as this kernel knows them."""
        return tuple(hook for hook in BEHAVIOUR_HOOKS if hook in self.hooks)


def load_json(text: str) -> dict[str, Any]:
    """The manifest's JSON object, nothing in it checked.

    Raises:
        BadManifest: it is no JSON object.
    """
    try:
        data = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except RecursionError:
        raise BadManifest("it is nested too deep") from None
    except json.JSONDecodeError as error:
        raise BadManifest(f"it is no JSON: {error.msg} (line {error.lineno})") from None
    if not isinstance(data, dict):
        raise BadManifest("it is no JSON object")
    return data


def interface_of(data: Mapping[str, Any]) -> str:
    """The interface version that a manifest was written for; its other keys may be those of a newer one.

    Raises:
        BadManifest: it does not say.
    """
    text = data.get("interface")
    if not isinstance(text, str) or not _interface_parts(text):
        raise BadManifest("'interface' must say a version such as \"1.0\"")
    return text


def is_compatible(interface: str) -> bool:
    """Whether this kernel offers the interface: the same major version, no newer minor one."""
    major, minor = INTERFACE_VERSION
    parts = _interface_parts(interface)
    return parts is not None and parts[0] == major and parts[1] <= minor


def parse_manifest(data: Mapping[str, Any], *, anchor: str) -> Manifest:
    """The manifest of the plugin whose package is `anchor`.

    Raises:
        BadManifest: says the first thing that is wrong, and where in the JSON.
    """
    top = Fields(data, "", known=_KEYS)
    if top.data.get("manifest") != MANIFEST_FORMAT:
        raise BadManifest(f"'manifest' must be {MANIFEST_FORMAT}, the format's number")
    steps = tuple(_step(fields, anchor) for fields in top.objects("steps", known=_STEP_KEYS))
    connectors = tuple(_connector(fields, anchor) for fields in top.objects("connectors", known=_CONNECTOR_KEYS))
    commands = tuple(_command(fields, anchor) for fields in top.objects("commands", known=_COMMAND_KEYS))
    _refuse_repetition([step.name for step in steps], "steps")
    _refuse_repetition([connector.name for connector in connectors], "connectors")
    _refuse_repetition([command.name for command in commands], "commands")
    return Manifest(
        interface=interface_of(data),
        name=top.text("name"),
        summary=top.text("summary", default=""),
        hooks=top.texts("hooks"),
        steps=steps,
        connectors=connectors,
        commands=commands,
        retired=top.texts("retired"),
    )


def _step(fields: Fields, anchor: str) -> StepManifest:
    return StepManifest(
        name=fields.step_name("name"),
        target=fields.target("target", anchor=anchor),
        summary=fields.text("summary", default=""),
        effects=fields.effects("effects"),
        rerun=Rerun(fields.choice("rerun", [rerun.value for rerun in Rerun], default=Rerun.ONCE.value)),
        inputs=fields.schema("inputs"),
        outputs=fields.schema("outputs"),
        outputs_from=fields.outputs_from("outputs_from"),
        may_skip=fields.flag("may_skip", default=True),
    )


def _connector(fields: Fields, anchor: str) -> ConnectorManifest:
    return ConnectorManifest(
        kind=fields.word("kind"),
        driver=fields.word("driver"),
        target=fields.target("target", anchor=anchor),
        protocol=fields.text("protocol"),
        summary=fields.text("summary", default=""),
        config=fields.schema("config"),
        options=fields.schema("options"),
        effects=fields.effects("effects"),
    )


def _command(fields: Fields, anchor: str) -> CommandManifest:
    parameters = tuple(_parameter(each) for each in fields.objects("parameters", known=_PARAMETER_KEYS))
    _refuse_repetition([parameter.name for parameter in parameters], "parameters")
    _refuse_wrong_order(parameters)
    return CommandManifest(
        name=fields.command_name("name"),
        target=fields.target("target", anchor=anchor),
        summary=fields.text("summary", default=""),
        effects=fields.effects("effects"),
        parameters=parameters,
    )


def _parameter(fields: Fields) -> CommandParameter:
    kind = fields.choice("kind", PARAMETER_KINDS)
    if kind == "flag" and fields.flag("is_required", default=False):
        raise fields.wrong("is_required", "says nothing of a flag")
    return CommandParameter(
        name=fields.parameter_name("name"),
        kind=cast("ParameterKind", kind),
        help=fields.text("help", default=""),
        metavar=fields.metavar("metavar"),
        is_required=fields.flag("is_required", default=False),
        is_flow=_is_flow(fields, kind),
    )


def _is_flow(fields: Fields, kind: str) -> bool:
    is_flow = fields.flag("is_flow", default=False)
    if is_flow and kind not in {"argument", "text"}:
        raise fields.wrong("is_flow", "is for a parameter with one value")
    return is_flow


def _refuse_wrong_order(parameters: Sequence[CommandParameter]) -> None:
    arguments = [parameter for parameter in parameters if parameter.kind in {"argument", "arguments"}]
    if any(parameter.kind == "arguments" for parameter in arguments[:-1]):
        raise BadManifest("an argument of a command stands after one that takes all that follow")
    are_required = [parameter.is_required for parameter in arguments]
    if are_required != sorted(are_required, reverse=True):
        raise BadManifest("an argument of a command that may be left out stands before one that is required")


def _interface_parts(text: str) -> tuple[int, int] | None:
    major, dot, minor = text.partition(".")
    numbers = [part for part in (major, minor) if part.isascii() and part.isdigit() and len(part) < _MAX_DIGITS]
    return (int(major), int(minor)) if dot and len(numbers) == 2 else None  # noqa: PLR2004 - major and minor


_MAX_DIGITS = 6


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadManifest("a key stands twice in one object")
    return found


def _refuse_constant(text: str) -> None:
    raise BadManifest(f"{text} is no JSON")


def _refuse_repetition(names: list[str], what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise BadManifest(f"{name!r} stands twice in '{what}'")
