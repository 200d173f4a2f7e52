"""How one plugin stands before it is imported: the first thing that keeps it out, in a fixed order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..contracts.interface import INTERFACE_VERSION
from ..errors import PluginError
from ..policy.profile import RuntimeProfile
from ..policy.rules import Contribution, normalised_name
from ..quick_dataclasses import dataclass, replace
from .discovery import Announcement, find_manifest, package_folder
from .first_party import FirstParty
from .manifest import MAX_BYTES, Manifest, interface_of, is_compatible, load_json, parse_manifest
from .manifest_fields import BadManifest
from .records import LoadedPlugin, PluginRecord, PluginState

_KERNEL_INTERFACE = ".".join(map(str, INTERFACE_VERSION))
_REINSTALL = "install the plugin again, or another version of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What decides about a plugin: the runtime profile, the reserved names and the path that is searched."""

    profile: RuntimeProfile
    first_party: FirstParty
    search_path: Sequence[str] | None = None
    #: Whether a plugin without a manifest is imported where the profile lets it.
    may_import: bool = True
    #: Whether a manifest without commands is passed over, as nothing else is asked for.
    for_commands: bool = False

    def record(self, announced: Announcement, *, is_alone: bool) -> PluginRecord:
        """How the plugin stands; nothing of it is imported, unless it has no manifest and may be."""
        record = PluginRecord(
            name=announced.name,
            distribution=announced.distribution,
            version=announced.version,
            anchor=announced.anchor,
        )
        decision = self.profile.decide_plugin(announced.identity)
        reading = _read_manifest(announced, self.search_path, for_commands=self.for_commands)
        record = replace(
            record, manifest=reading.manifest, interface=reading.interface, folder=reading.folder, why=decision.why
        )
        if not decision.allowed:
            return replace(record, state=PluginState.DENIED, mend=_ask_owner(self.profile))
        refusal = _wrong_announcement(announced, is_alone=is_alone) or self._reserved_name(announced)
        if refusal:
            return _refused(record, *refusal)
        if reading.is_missing:
            return self._without_manifest(record)
        refusal = _wrong_manifest(announced, reading)
        return _refused(record, *refusal) if refusal else self.with_manifest(record)

    def with_manifest(self, record: PluginRecord) -> PluginRecord:
        """The record of a plugin whose manifest is good: its names and the policy about them are left to ask."""
        manifest = record.manifest or Manifest(interface=_KERNEL_INTERFACE, name=record.name)
        for step in () if record.is_local else manifest.steps:
            why = self.first_party.may_claim(step.name, distribution=record.distribution, plugin=record.name)
            if why:
                return _refused(record, PluginState.CONFLICT, why, "its author must rename the step")
        for command in manifest.commands:
            why = self.first_party.may_call(command.name, distribution=record.distribution)
            if why:
                return _refused(record, PluginState.CONFLICT, why, "its author must rename the command")
        hooks = (Contribution(kind="hook", name=hook) for hook in manifest.behaviours)
        decisions = [self.profile.decide(record.identity, each) for each in (*manifest.contributions, *hooks)]
        if decisions and not any(decision.allowed for decision in decisions):
            return _refused(record, PluginState.DENIED, decisions[0].why, _ask_owner(self.profile))
        return replace(record, state=PluginState.READY, why="imported: a local folder" if record.is_local else "")

    def _reserved_name(self, announced: Announcement) -> _Refusal | None:
        for distribution, plugin in self.first_party.plugins.items():
            if plugin == normalised_name(announced.name) and distribution != normalised_name(announced.distribution):
                return PluginState.CONFLICT, f"the name {plugin!r} is reserved to {distribution}", "deny or remove it"
        return None

    def _without_manifest(self, record: PluginRecord) -> PluginRecord:
        if package_folder(record.anchor, self.search_path) is None:
            return _refused(record, PluginState.INVALID, f"there is no package {record.anchor}", _REINSTALL)
        if not self.profile.allows_unmanifested:
            why = f"it has no manifest, which profile {self.profile.name} asks for"
            return _refused(record, PluginState.INVALID, why, "its author runs: aetherflow plugins manifest --write")
        if rule := self.profile.rule_about_contributions:
            why = f"it has no manifest to hold against {rule}"
            return _refused(record, PluginState.DENIED, why, "its author runs: aetherflow plugins manifest --write")
        if not self.may_import:
            why = "it has no manifest, and is not imported to learn its commands"
            return _refused(record, PluginState.INVALID, why, "its author runs: aetherflow plugins manifest --write")
        return self._imported(record)

    def _imported(self, record: PluginRecord) -> PluginRecord:
        from .describe import describe_plugin
        from .loading import load_plugin

        try:
            granted = self.profile.granted_hooks(record.identity)
            loaded: LoadedPlugin = load_plugin(record.name, record.anchor, granted=granted)
            described = describe_plugin(record.name, loaded)
            manifest = parse_manifest(described, anchor=record.anchor)
        except PluginError as error:
            return _refused(record, PluginState.BROKEN, error.problem.message, error.problem.help)
        except BadManifest as error:
            return _refused(record, PluginState.BROKEN, f"what it gives fits no manifest: {error}", _REINSTALL)
        found = replace(record, loaded=loaded, manifest=manifest, interface=manifest.interface)
        admitted = self.with_manifest(found)
        return replace(admitted, why="imported: it has no manifest") if admitted.is_ready else admitted


#: State, why, and what to do about it.
_Refusal = tuple[PluginState, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What became of reading a manifest."""

    is_missing: bool = False
    folder: Path | None = None
    interface: str = ""
    manifest: Manifest | None = None
    problem: str = ""


def _read_manifest(announced: Announcement, search_path: Sequence[str] | None, *, for_commands: bool) -> _Reading:
    path = find_manifest(announced, search_path) if announced.has_package else None
    if path is None:
        return _Reading(is_missing=True)
    interface = ""
    try:
        data: dict[str, Any] = load_json(_text(path))
        interface = interface_of(data)
        if for_commands and not data.get("commands"):
            manifest = Manifest(interface=interface, name=announced.name)
        else:
            manifest = parse_manifest(data, anchor=announced.anchor)
    except BadManifest as bad:
        return _Reading(folder=path.parent, interface=interface, problem=f"{path.name}: {bad}")
    return _Reading(folder=path.parent, interface=interface, manifest=manifest)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            source = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadManifest(f"it can't be read: {error.strerror}") from None
    if len(source) > MAX_BYTES:
        raise BadManifest(f"it has more than {MAX_BYTES} bytes")
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError:
        raise BadManifest("it is not UTF-8") from None


def _wrong_announcement(announced: Announcement, *, is_alone: bool) -> _Refusal | None:
    if not announced.distribution or not announced.version:
        return PluginState.INVALID, "its distribution does not say its name and version", _REINSTALL
    if not is_alone:
        return PluginState.INVALID, "its distribution announces more than one plugin", "one plugin a distribution"
    if not announced.has_package:
        why = f"its entry point {announced.anchor!r} is no package's name"
        return PluginState.INVALID, why, "its author names a package without a dot and without a colon"
    return None


def _wrong_manifest(announced: Announcement, reading: _Reading) -> _Refusal | None:
    if reading.interface and not is_compatible(reading.interface):
        why = f"needs plugin API {reading.interface}, this kernel has {_KERNEL_INTERFACE}"
        return PluginState.INCOMPATIBLE, why, _upgrade(reading.interface)
    if reading.manifest is None:
        return PluginState.INVALID, reading.problem, _REINSTALL
    if normalised_name(reading.manifest.name) != normalised_name(announced.name):
        why = f"its manifest is that of {reading.manifest.name!r}"
        return PluginState.INVALID, why, "its author runs: aetherflow plugins manifest --write"
    return None


def _upgrade(interface: str) -> str:
    major = int(interface.partition(".")[0])
    if major < INTERFACE_VERSION[0]:
        return "pip install -U the plugin"
    return "pip install -U aetherflow-kernel"


def _refused(record: PluginRecord, state: PluginState, why: str, mend: str) -> PluginRecord:
    return replace(record, state=state, why=why, mend=mend)


def _ask_owner(profile: RuntimeProfile) -> str:
    return f"profile {profile.name} decides: allow it there, or do without it"
