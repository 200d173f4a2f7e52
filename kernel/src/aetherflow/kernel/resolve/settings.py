"""The settings of a run: one frozen value, from aetherflow.yaml and the `AETHERFLOW_*` of the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from ..contracts.spelling import did_you_mean, nearest
from ..errors import InvalidInput, Problem, YamlPath
from ..quick_dataclasses import dataclass
from ..spec.document import Document
from .environment import Environment

PREFIX = "AETHERFLOW_"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

#: Keys of the environment that are no settings, but read elsewhere.
OTHER_KEYS = frozenset(
    PREFIX + name
    for name in (
        "PROFILE",
        "MODE",
        "PROFILES_JSON",
        "PROFILES_FILE",
        "ENV_FILES_JSON",
        "REQUIRE_SERVERS",
        # What a run sets for the processes it starts, in which another run may start.
        "FLOW_ID",
        "RUN_ID",
        "ATTEMPT",
        "IDEMPOTENCY_KEY",
        "FENCE_TOKEN",
        "OUTPUT_DIR",
        "LOCAL_ROOT_DIR",
        "ACTIVE_DIR",
        "CACHE_DIR",
    )
)
#: Keys of the ancestor that set nothing here, and what does.
RETIRED_KEYS = {
    PREFIX + "SETTINGS_MODULE": "write its settings under `settings:` of aetherflow.yaml",
    PREFIX + "STRICT_TEMPLATES": "templates are always strict",
    PREFIX + "MODE_ENTERPRISE": "choose a profile: AETHERFLOW_PROFILE=enterprise",
    PREFIX + "STRICT_SANDBOX": "the profile says which folders may be used",
    PREFIX + "STRICT_ARCH": "nothing reads it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How AetherFlow behaves on this machine, whatever the flow; paths are absolute."""

    log_level: str = "INFO"
    log_format: Literal["text", "json"] = "text"
    plugin_paths: tuple[Path, ...] = ()
    plugin_strict: bool = True
    metrics_module: str | None = None
    connector_cache: Literal["run", "process", "none"] = "run"
    connector_cache_disabled: bool = False
    secrets_module: str | None = None
    secrets_path: Path | None = None
    validate_env_strict: bool = False
    work_root: Path | None = None
    state_root: Path | None = None
    state_on_network: Literal["refuse", "allow"] = "refuse"

    @property
    def has_secrets_hook(self) -> bool:
        """Whether a module is named that decodes what is encoded in settings of resources."""
        return self.secrets_module is not None or self.secrets_path is not None


def read_settings(
    environment: Environment,
    written: Mapping[str, object] | None = None,
    *,
    folder: Path,
    document: Document | None = None,
    path: YamlPath = ("settings",),
) -> Settings:
    """The settings in force; the environment wins over the file, an empty key of it counts as not set.

    Args:
        environment: where `AETHERFLOW_*` is looked for.
        written: the mapping under `settings:` of aetherflow.yaml.
        folder: that relative paths start from; the project.
        document: that `written` comes from, so that problems carry their place.
        path: of `written` in that document.

    Raises:
        InvalidInput: keys are unknown or values are wrong; holds all problems.
    """
    reader = _Reader(folder, document, path)
    found = reader.from_file(written or {}) | reader.from_environment(environment)
    if reader.problems:
        raise InvalidInput.of(reader.problems)
    return Settings(**found)  # type: ignore[arg-type]  # each reader answers with its field's type


def setting_origins(
    environment: Environment,
    written: Mapping[str, object] | None = None,
    *,
    document: Document | None = None,
    path: YamlPath = ("settings",),
) -> Mapping[str, str]:
    """Where each setting comes from, in words: its key of the environment, its place in the file, or `default`.

    Takes what `read_settings` takes, and holds where that raises nothing.
    """
    origins = dict.fromkeys(_READERS, "default")
    for name in origins:
        key = setting_key(name)
        if environment.values.get(key, "").strip():
            origins[name] = f"{key} in {environment.origin(key)}"
        elif written and written.get(name) is not None:
            where = document.where((*path, name)) if document else None
            origins[name] = f"{where.file}:{where.line}" if where else "the project"
    return origins


def unknown_keys(environment: Environment) -> tuple[Problem, ...]:
    """A warning for each `AETHERFLOW_*` that nothing reads, with the key that was probably meant."""
    known = {setting_key(name) for name in _READERS} | OTHER_KEYS
    strange = sorted(key for key in environment.values if key.startswith(PREFIX) and key not in known)
    return tuple(_unknown_key(key, known, environment) for key in strange)


def _unknown_key(key: str, known: set[str], environment: Environment) -> Problem:
    meant = nearest(key, known)
    mend = RETIRED_KEYS.get(key) or (f"did you mean {meant!r}?" if meant else "remove it")
    message = f"{key} is set in {environment.origin(key)}, and nothing reads it"
    return Problem(code="AF-SETTING-UNKNOWN", message=message, help=mend, severity="warning", path=(key,))


class _Misfit(Exception):
    """A value is no value of its setting; says what would be."""


class _Reader:
    """Reads settings from both places, and collects what is wrong."""

    def __init__(self, folder: Path, document: Document | None, path: YamlPath) -> None:
        self.problems: list[Problem] = []
        self._folder = folder
        self._document = document
        self._path = path

    def from_file(self, written: Mapping[str, object]) -> dict[str, object]:
        """What aetherflow.yaml sets; a null counts as not set."""
        found: dict[str, object] = {}
        for name, value in written.items():
            path = (*self._path, name)
            if name not in _READERS:
                where = self._document.where_key(path) if self._document else None
                message = f"there is no setting {name!r}"
                mend = did_you_mean(name, _READERS)
                self.problems.append(
                    Problem(code="AF-SETTING-UNKNOWN", message=message, help=mend, where=where, path=path)
                )
            elif value is not None:
                self._read(found, name, value, path)
        return found

    def from_environment(self, environment: Environment) -> dict[str, object]:
        """What the environment sets."""
        found: dict[str, object] = {}
        for name in _READERS:
            key = setting_key(name)
            text = environment.values.get(key, "").strip()
            if text:
                value = [part.strip() for part in text.split(",") if part.strip()] if name in _LISTS else text
                self._read(found, name, value, (key,), from_text=True)
        return found

    def _read(
        self, found: dict[str, object], name: str, value: object, path: YamlPath, *, from_text: bool = False
    ) -> None:
        if from_text and name in _BOOLEANS:
            value = _TRUTH.get(str(value).lower(), value)
        try:
            found[name] = _READERS[name](value, self._folder)
        except _Misfit as misfit:
            where = self._document.where(path) if self._document and not from_text else None
            message = f"{path[-1] if from_text else name} must be {misfit}"
            self.problems.append(Problem(code="AF-SETTING-VALUE", message=message, where=where, path=path))


def setting_key(name: str) -> str:
    """The key of the environment that sets a setting."""
    return PREFIX + ("CONNECTOR_CACHE_DEFAULT" if name == "connector_cache" else name.upper())


def _boolean(value: object, folder: Path) -> bool:
    if not isinstance(value, bool):
        raise _Misfit("true or false")
    return value


def _text(value: object, folder: Path) -> str:
    if not isinstance(value, str) or not value:
        raise _Misfit("a text")
    return value


def _path(value: object, folder: Path) -> Path:
    return (folder / Path(_text(value, folder)).expanduser()).absolute()


def _paths(value: object, folder: Path) -> tuple[Path, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise _Misfit("a list of paths")
    return tuple(_path(item, folder) for item in value)


def _one_of(*choices: str) -> Callable[[object, Path], str]:
    def read(value: object, folder: Path) -> str:
        by_folded = {choice.casefold(): choice for choice in choices}
        if isinstance(value, str) and value.casefold() in by_folded:
            return by_folded[value.casefold()]
        meant = nearest(value, choices) if isinstance(value, str) else None
        raise _Misfit(f"one of {', '.join(choices)}" + (f" (did you mean {meant!r}?)" if meant else ""))

    return read


_READERS: dict[str, Callable[[object, Path], object]] = {
    "log_level": _one_of(*LOG_LEVELS),
    "log_format": _one_of("text", "json"),
    "plugin_paths": _paths,
    "plugin_strict": _boolean,
    "metrics_module": _text,
    "connector_cache": _one_of("run", "process", "none"),
    "connector_cache_disabled": _boolean,
    "secrets_module": _text,
    "secrets_path": _path,
    "validate_env_strict": _boolean,
    "work_root": _path,
    "state_root": _path,
    "state_on_network": _one_of("refuse", "allow"),
}
_BOOLEANS = frozenset(name for name, kind in Settings.__annotations__.items() if kind == "bool")
_LISTS = frozenset({"plugin_paths"})
_TRUTH: dict[str, object] = {"true": True, "false": False}
