"""`aetherflow.yaml` as written: the floor, the profiles and the settings, each with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from ..contracts.interface import BEHAVIOUR_HOOKS, COMPANION_HOOKS, DATA_HOOKS
from ..contracts.spelling import did_you_mean
from ..errors import Location, Problem, RefusedByPolicy, YamlPath
from ..quick_dataclasses import dataclass, field
from .rules import BadRule, Grant, ListName, Rule, is_plugin_name, parse_rule

if TYPE_CHECKING:
    from ..spec.document import Document

_TOP_KEYS = ("profile", "profiles", "settings")
_PROFILE_KEYS = ("extends", "plugins", "paths")
_PLUGINS_KEYS = ("mode", "allow", "deny", "hooks", "lock")
_PATHS_KEYS = ("write",)


class Mode(StrEnum):
    """Which plugins a runtime profile lets in."""

    #: What is installed, unless it is denied.
    OPEN = "open"
    #: What an allow list names.
    LISTED = "listed"
    #: What an allow list names; every rule must match something installed.
    LOCKED = "locked"

    @property
    def rank(self) -> int:
        """How narrow it is."""
        return list(Mode).index(self)


@dataclass(frozen=True, slots=True)
class WritePath:
    """A folder that steps may write, as the file names it."""

    text: str
    where: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileDefinition:
    """What one file says of one runtime profile; null where it says nothing."""

    name: str
    where: Location | None = None
    extends: str | None = None
    extends_where: Location | None = None
    mode: Mode | None = None
    mode_where: Location | None = None
    allow: tuple[Rule, ...] | None = None
    deny: tuple[Rule, ...] = ()
    grants: tuple[Grant, ...] | None = None
    write: tuple[WritePath, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDocument:
    """One policy file: the project's `aetherflow.yaml` or the administrator's."""

    file: str
    digest: str = ""
    floor: str | None = None
    floor_where: Location | None = None
    profiles: Mapping[str, ProfileDefinition] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)


def read_policy(document: Document) -> PolicyDocument:
    """The policy that a document holds.

    AF-POLICY-VALUE: a value in `aetherflow.yaml` is none that this key can have.

    Project:
        profile: nightly
        profiles:
          nightly:
            extends: internal_fast
            plugins: {mode: list, allow: [process]}

    Mend: write one of the values that the message asks for.
        plugins: {mode: listed, allow: [process]}

    AF-POLICY-UNKNOWN-KEY: `aetherflow.yaml` has a key that does not exist.

    Project:
        profile: nightly
        profiles:
          nightly:
            extends: internal_fast
            plugin: {deny: ["step:zip"]}

    Mend: write it as it is called; all keys are listed in [the project](flow.md#the-project-and-its-runtime-profile).
        plugins: {deny: ["step:zip"]}

    AF-POLICY-RULE: a line of `allow` or `deny` is none of the forms that a rule can have.

    Project:
        profile: nightly
        profiles:
          nightly:
            extends: internal_fast
            plugins:
              deny:
                - steps:zip

    Mend: take one of the [forms](flow.md#the-project-and-its-runtime-profile).
        - step:zip

    AF-POLICY-LATER: a key of `aetherflow.yaml` is known, and has no meaning in this version yet.

    Project:
        profile: nightly
        profiles:
          nightly:
            extends: internal_fast
            plugins: {deny: ["step:zip"], lock: plugins.lock.json}

    Mend: leave it out.
        plugins: {deny: ["step:zip"]}

    Raises:
        RefusedByPolicy: anything in it can't be understood; holds all problems.
    """
    reader = _Reader(document)
    policy = reader.policy()
    if reader.problems:
        raise RefusedByPolicy.of(reader.problems)
    return policy


class _Reader:
    """Reads one document from the top down and notes what is wrong on the way."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def policy(self) -> PolicyDocument:
        top = self._mapping((), self.document.value, _TOP_KEYS)
        profiles = self._mapping(("profiles",), top.get("profiles"))
        return PolicyDocument(
            file=self.document.file,
            digest=self.document.digest,
            floor=self._text(("profile",), top.get("profile")),
            floor_where=self.document.where(("profile",)) if "profile" in top else None,
            profiles={name: self._profile(("profiles", name), value) for name, value in profiles.items()},
            settings=self._mapping(("settings",), top.get("settings")),
        )

    def _profile(self, path: YamlPath, value: object) -> ProfileDefinition:
        keys = self._mapping(path, value, _PROFILE_KEYS)
        plugins_path = (*path, "plugins")
        plugins = self._mapping(plugins_path, keys.get("plugins"), _PLUGINS_KEYS)
        paths = self._mapping((*path, "paths"), keys.get("paths"), _PATHS_KEYS)
        if "lock" in plugins:
            self._later((*plugins_path, "lock"), "a lock of plugin digests")
        return ProfileDefinition(
            name=self._profile_name(path),
            where=self.document.where_key(path),
            extends=self._text((*path, "extends"), keys.get("extends")),
            extends_where=self.document.where((*path, "extends")),
            mode=self._mode((*plugins_path, "mode"), plugins.get("mode")),
            mode_where=self.document.where((*plugins_path, "mode")),
            allow=self._rules((*plugins_path, "allow"), plugins, list_name="allow"),
            deny=self._rules((*plugins_path, "deny"), plugins, list_name="deny") or (),
            grants=self._grants((*plugins_path, "hooks"), plugins),
            write=self._write((*path, "paths", "write"), paths),
        )

    def _profile_name(self, path: YamlPath) -> str:
        from ..spec.identifiers import problem_with_id

        name = str(path[-1])
        if wrong := problem_with_id(name):
            self._problem("AF-POLICY-VALUE", path, f"the profile's name {wrong}", "letters, digits, '_' and '-'")
        return name

    def _mode(self, path: YamlPath, value: object) -> Mode | None:
        text = self._text(path, value)
        if text is None:
            return None
        if text not in set(Mode):
            self._problem(
                "AF-POLICY-VALUE", path, f"there is no mode {text!r}", did_you_mean(text, [mode.value for mode in Mode])
            )
            return None
        return Mode(text)

    def _rules(self, path: YamlPath, plugins: Mapping[str, object], *, list_name: ListName) -> tuple[Rule, ...] | None:
        texts = self._texts(path, plugins, list_name)
        if texts is None:
            return None
        rules = []
        for number, text in texts:
            try:
                rules.append(parse_rule(text, list_name=list_name, where=self.document.where((*path, number))))
            except BadRule as bad:
                self._problem("AF-POLICY-RULE", (*path, number), str(bad), bad.mend)
        return tuple(rules)

    def _write(self, path: YamlPath, paths: Mapping[str, object]) -> tuple[WritePath, ...] | None:
        texts = self._texts(path, paths, "write")
        if texts is None:
            return None
        for number, text in texts:
            if not text.strip() or text.startswith("~") or "\0" in text:
                wrong = "this is no folder's path: '~' stands for nothing here"
                self._problem("AF-POLICY-VALUE", (*path, number), wrong, "a path, relative to the project or absolute")
        return tuple(WritePath(text, self.document.where((*path, number))) for number, text in texts)

    def _grants(self, path: YamlPath, plugins: Mapping[str, object]) -> tuple[Grant, ...] | None:
        """Which plugin may do what, in the order of the file; null where the key is not there."""
        if "hooks" not in plugins:
            return None
        grants = []
        for plugin in (hooks := self._mapping(path, plugins["hooks"])):
            if not is_plugin_name(plugin):
                wrong = f"{plugin!r} is no plugin's name"
                self._problem("AF-POLICY-VALUE", (*path, plugin), wrong, "write NAME: [HOOK]", at_key=True)
            for number, hook in self._texts((*path, plugin), hooks, plugin) or ():
                where = self.document.where((*path, plugin, number))
                self._refuse_wrong_hook((*path, plugin, number), hook)
                grants.append(Grant(plugin=plugin, hook=hook, where=where))
        return tuple(grants)

    def _refuse_wrong_hook(self, path: YamlPath, name: str) -> None:
        if name in DATA_HOOKS:
            self._problem("AF-POLICY-VALUE", path, f"{name} contributes data: it needs no grant", "leave it out")
        elif name in COMPANION_HOOKS:
            whole = COMPANION_HOOKS[name]
            self._problem("AF-POLICY-VALUE", path, f"{name} comes with the grant of {whole}", f"write {whole}")
        elif name not in BEHAVIOUR_HOOKS:
            mend = did_you_mean(name, BEHAVIOUR_HOOKS)
            self._problem("AF-POLICY-VALUE", path, f"there is no hook {name!r}", mend)

    def _mapping(self, path: YamlPath, value: object, known: Sequence[str] | None = None) -> dict[str, object]:
        """The mapping at a path; null is an empty one."""
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            self._problem("AF-POLICY-VALUE", path, f"{_shown(path)} must be a mapping with names as keys", "")
            return {}
        for key in value:
            if known is not None and key not in known:
                mend = did_you_mean(key, known)
                self._problem("AF-POLICY-UNKNOWN-KEY", (*path, key), f"{_shown(path)} has no key {key!r}", mend)
        return value

    def _text(self, path: YamlPath, value: object) -> str | None:
        if value is None or isinstance(value, str):
            return value
        self._problem("AF-POLICY-VALUE", path, f"{_shown(path)} must be text", "put it in quotes if it is")
        return None

    def _texts(self, path: YamlPath, holder: Mapping[str, object], key: str) -> list[tuple[int, str]] | None:
        """A list of texts with their numbers, or null where the key is not there."""
        if key not in holder:
            return None
        value = holder[key]
        if not isinstance(value, list):
            self._problem("AF-POLICY-VALUE", path, f"{_shown(path)} must be a list", "write [] for an empty one")
            return []
        for number, item in enumerate(value):
            if not isinstance(item, str):
                self._problem("AF-POLICY-VALUE", (*path, number), "this must be text", "put it in quotes if it is")
        return [(number, item) for number, item in enumerate(value) if isinstance(item, str)]

    def _later(self, path: YamlPath, what: str) -> None:
        self._problem("AF-POLICY-LATER", path, f"{what} is not in this version yet", "leave it out")

    def _problem(self, code: str, path: YamlPath, message: str, mend: str, *, at_key: bool = False) -> None:
        is_about_key = at_key or code == "AF-POLICY-UNKNOWN-KEY"
        where = self.document.where_key(path) if is_about_key else self.document.where(path)
        self.problems.append(Problem(code=code, message=message, help=mend, where=where, path=path))


def _shown(path: YamlPath) -> str:
    return ".".join(str(part) for part in path) or "the file"
