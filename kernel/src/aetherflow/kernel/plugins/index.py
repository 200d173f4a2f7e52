"""The index of plugins: what flows may name here, known without importing what is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..contracts.effects import Rerun
from ..contracts.spelling import did_you_mean, nearest
from ..errors import AetherFlowError, InvalidInput, PluginError, Problem, RefusedByPolicy
from ..policy.profile import RuntimeProfile
from ..policy.rules import Contribution, Grant, normalised_name
from ..quick_dataclasses import dataclass, field, replace
from .admission import Admission
from .conflicts import reserved_by_others, with_conflicts
from .discovery import announcements
from .entries import command_entry, connector_entry, step_entry
from .first_party import FirstParty, read_first_party
from .idle_rules import refuse_idle_rules, warn_of_idle_rules
from .manifest import CommandManifest
from .records import STATE_CODES, CommandEntry, ConnectorEntry, PluginRecord, PluginState, StepEntry

if TYPE_CHECKING:
    from .local import LocalPlugins


def build_index(
    profile: RuntimeProfile,
    *,
    local_folders: Sequence[Path | str] = (),
    search_path: Sequence[str] | None = None,
    is_strict: bool = True,
    may_import: bool = True,
    for_commands: bool = False,
) -> PluginIndex:
    """What is installed, and how each plugin stands under a runtime profile.

    Args:
        profile: decides who may contribute.
        local_folders: folders with plugins in development; open profiles only.
        search_path: where distributions are looked for instead of `sys.path`.
        is_strict: whether a local folder that can't be loaded is an error, or a warning.
        may_import: whether a plugin without a manifest is imported where the profile lets it.
        for_commands: whether only commands are asked for: what else plugins bring may be passed over.

    Raises:
        RefusedByPolicy: local folders outside an open profile; a rule of a locked one matches nothing.
        PluginError: strict, and a local folder can't be loaded or claims a name that is taken.
    """
    first_party = read_first_party()
    admission = Admission(
        profile=profile,
        first_party=first_party,
        search_path=search_path,
        may_import=may_import,
        # A rule may be about any contribution.
        for_commands=for_commands and profile.is_open and not any(profile.rules),
    )
    announced = announcements(search_path)
    by_distribution = Counter(normalised_name(each.distribution) for each in announced)
    records = [
        admission.record(each, is_alone=by_distribution[normalised_name(each.distribution)] == 1) for each in announced
    ]
    refuse_idle_rules(profile, records, first_party)
    records = with_conflicts(records, profile)
    if not local_folders:
        warnings = warn_of_idle_rules(profile, records, first_party)
        return PluginIndex(profile=profile, plugins=tuple(records), first_party=first_party, warnings=warnings)
    _refuse_local(profile, local_folders)
    local = _load_local(local_folders, records, first_party, strict=is_strict)
    admitted = [admission.with_manifest(each) if each.is_ready else each for each in local.records]
    plugins = (*records, *with_conflicts(admitted, profile))
    warnings = (*local.warnings, *warn_of_idle_rules(profile, plugins, first_party))
    return PluginIndex(profile=profile, plugins=plugins, first_party=first_party, warnings=warnings, local=local)


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginIndex:
    """All plugins that were found, and the steps, connectors and commands of those that are ready."""

    profile: RuntimeProfile
    plugins: tuple[PluginRecord, ...]
    first_party: FirstParty = field(default_factory=FirstParty)
    warnings: tuple[Problem, ...] = ()
    local: LocalPlugins | None = field(default=None, compare=False, repr=False)
    #: Steps that were asked for: what the policy said of them holds as long as the index.
    _found: dict[str, StepEntry] = field(default_factory=dict, compare=False, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the modules of local folders."""
        if self.local:
            self.local.close()

    def plugin(self, name: str) -> PluginRecord:
        """A plugin by its name.

        Raises:
            InvalidInput: none is installed under this name.
        """
        for record in self.plugins:
            if normalised_name(record.name) == normalised_name(name):
                return record
        known = [record.name for record in self.plugins]
        raise InvalidInput(
            f"there is no plugin {name!r} here", code="AF-UNKNOWN-PLUGIN", help=did_you_mean(name, known)
        )

    def step(self, name: str) -> StepEntry:
        """The step of a type that a flow names.

        Raises:
            InvalidInput: no plugin has it.
            RefusedByPolicy: the runtime profile denies it.
            PluginError: its plugin can't be used.
        """
        if name not in self._found:
            self._found[name] = self._find_step(name)
        return self._found[name]

    def _find_step(self, name: str) -> StepEntry:
        claims = [
            (record, step)
            for record in self.plugins
            for step in (record.manifest.steps if record.manifest else ())
            if step.name == name
        ]
        if not claims:
            raise self._unknown("step", name)
        record, step = min(claims, key=lambda claim: not claim[0].is_ready)
        self._refuse_unusable(record, step.contribution)
        return step_entry(record, step)

    def rerun_of(self, name: str, inputs: object) -> Rerun:
        """The rerun class of a step with these inputs: a step that stands inside it decides, where it is known.

        Raises:
            AetherFlowError: as `step`.
        """
        entry = self.step(name)
        step = inputs.get(entry.inner_step) if entry.inner_step and isinstance(inputs, dict) else None
        # What a template gives is known only when the step runs: until then, the outer step's word.
        if not isinstance(step, dict) or not isinstance(step.get("type"), str) or "{{" in step["type"]:
            return entry.rerun
        return self.rerun_of(step["type"], step.get("inputs"))

    def connector(self, kind: str, driver: str) -> ConnectorEntry:
        """The connector of a kind and driver that a resource names.

        Raises:
            InvalidInput: no plugin has it.
            RefusedByPolicy: the runtime profile denies it.
            PluginError: its plugin can't be used.
        """
        claims = [
            (record, connector)
            for record in self.plugins
            for connector in (record.manifest.connectors if record.manifest else ())
            if (connector.kind, connector.driver) == (kind, driver)
        ]
        if not claims:
            raise self._unknown("connector", f"{kind}:{driver}")
        record, connector = min(claims, key=lambda claim: not claim[0].is_ready)
        self._refuse_unusable(record, connector.contribution)
        return connector_entry(record, connector)

    def command(self, name: str, *, others: Iterable[str] = ()) -> CommandEntry:
        """The command that a plugin adds to the program under this name.

        Args:
            name: what was asked for.
            others: commands of no plugin, which may have been meant.

        Raises:
            InvalidInput: no plugin has it.
            RefusedByPolicy: the runtime profile denies it.
            PluginError: its plugin can't be used.
        """
        claims = [(record, command) for record, command in self._commands() if command.name == name]
        if not claims:
            raise self._unknown("command", name, others)
        record, command = min(claims, key=lambda claim: not claim[0].is_ready)
        self._refuse_unusable(record, command.contribution)
        return command_entry(record, command)

    def commands(self) -> list[CommandEntry]:
        """The commands that may be used, by name."""
        usable = (
            command_entry(record, command)
            for record, command in self._commands()
            if record.is_ready and self.profile.decide(record.identity, command.contribution).allowed
        )
        return sorted(usable, key=lambda entry: entry.name)

    def _commands(self) -> Iterator[tuple[PluginRecord, CommandManifest]]:
        for record in self.plugins:
            for command in record.manifest.commands if record.manifest else ():
                yield record, command

    def granted(self, hook: str) -> list[PluginRecord]:
        """The plugins whose behaviour hook of this name is called, in the order of the profile, else by name."""
        found = [
            record
            for record in self.plugins
            if record.manifest
            and hook in record.manifest.hooks
            and record.is_ready
            and self.profile.decide_hook(record.identity, hook).allowed
        ]
        if len(found) > 1:
            order = [grant for grant in self.profile.grants if grant.hook == hook]
            found.sort(key=lambda record: (_place_in(order, record), normalised_name(record.name)))
        return found

    def step_names(self) -> list[str]:
        """The types that steps of a flow may have."""
        return self._usable_names("step")

    def connector_names(self) -> list[str]:
        """The connectors that resources may have, each as `kind:driver`."""
        return self._usable_names("connector")

    def _usable_names(self, kind: str) -> list[str]:
        return sorted(
            each.name
            for record in self.plugins
            if record.is_ready and record.manifest
            for each in record.manifest.contributions
            if each.kind == kind and self.profile.decide(record.identity, each).allowed
        )

    def _refuse_unusable(self, record: PluginRecord, contribution: Contribution) -> None:
        decision = self.profile.decide(record.identity, contribution)
        named = f"{contribution.kind} {contribution.name!r} of plugin {record.name}"
        if not decision.allowed:
            raise RefusedByPolicy(
                f"{named} may not be used: {decision.why}",
                code="AF-PLUGIN-DENIED",
                help=f"profile {self.profile.name} decides: see `aetherflow plugins show {record.name}`",
            )
        if not record.is_ready:
            raise state_error(record, named)

    def _unknown(self, kind: str, name: str, others: Iterable[str] = ()) -> AetherFlowError:
        for record in self.plugins:
            if record.manifest and name in record.manifest.retired:
                return InvalidInput(
                    f"{kind} {name!r} is retired", code="AF-RETIRED", help=f"read the notes of {record.distribution}"
                )
        owner = self._owner_by_prefix(name) if kind != "connector" else None
        if owner is not None:
            return state_error(owner, f"{kind} {name!r}")
        message = f"there is no {kind} {name!r} here"
        return InvalidInput(message, code=_UNKNOWN[kind], help=self._what_to_do(kind, name, others))

    def _owner_by_prefix(self, name: str) -> PluginRecord | None:
        """The plugin that the step or command must be of, where nothing is known of what it contributes."""
        prefix = normalised_name(name.partition(".")[0])
        hidden = (record for record in self.plugins if record.manifest is None and not record.is_ready)
        return next((record for record in hidden if normalised_name(record.name) == prefix), None)

    def _what_to_do(self, kind: str, name: str, others: Iterable[str]) -> str:
        reserved: Mapping[str, str] = getattr(self.first_party, f"{kind}s")
        if name in reserved:
            return f"pip install {reserved[name]}"
        usable = [*others, *self._usable_names(kind)]
        elsewhere = nearest(name, reserved)
        if nearest(name, usable) is None and elsewhere is not None:
            return f"did you mean {elsewhere!r}? pip install {reserved[elsewhere]}"
        return did_you_mean(name, usable)


def _place_in(grants: Sequence[Grant], record: PluginRecord) -> int:
    return next((place for place, grant in enumerate(grants) if grant.names(record.identity)), len(grants))


_UNKNOWN = {"step": "AF-UNKNOWN-STEP", "connector": "AF-UNKNOWN-CONNECTOR", "command": "AF-USAGE"}


def state_error(record: PluginRecord, named: str) -> AetherFlowError:
    """The error of using what belongs to a plugin that is not ready."""
    kind = RefusedByPolicy if record.state is PluginState.DENIED else PluginError
    return kind(
        f"{named} can't be used: plugin {record.name} is {record.state}: {record.why}",
        code=STATE_CODES.get(record.state),
        help=record.mend,
    )


def _refuse_local(profile: RuntimeProfile, folders: Sequence[Path | str]) -> None:
    if not profile.may_load_local_plugins:
        raise RefusedByPolicy(
            f"profile {profile.name} is not open: no plugins from folders ({', '.join(map(str, folders))})",
            code="AF-PLUGIN-FOLDER-REFUSED",
            help="leave AETHERFLOW_PLUGIN_PATHS and settings.plugin_paths empty, or install the code as a plugin",
        )


def _load_local(
    folders: Sequence[Path | str], installed: Sequence[PluginRecord], first_party: FirstParty, *, strict: bool
) -> LocalPlugins:
    from .local import LocalPlugins

    local = LocalPlugins()
    names = [each.name for record in installed for each in (record.manifest.contributions if record.manifest else ())]
    try:
        local.load(folders, strict=strict)
        for number, record in enumerate(local.records):
            local.records[number] = _without_taken_names(local, record, first_party, names, strict=strict)
    except PluginError:
        local.close()
        raise
    return local


def _without_taken_names(
    local: LocalPlugins, record: PluginRecord, first_party: FirstParty, installed: Sequence[str], *, strict: bool
) -> PluginRecord:
    why = reserved_by_others(record, first_party.steps, installed)
    if why is None:
        return record
    error = PluginError(
        f"the plugin folder {record.distribution}: {why}",
        code=STATE_CODES[PluginState.CONFLICT],
        help="give it another name",
    )
    if strict:
        raise error
    local.warn(error)
    return replace(record, state=PluginState.CONFLICT, why=why, mend="give it another name")
