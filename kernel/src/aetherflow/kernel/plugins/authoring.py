"""Making a plugin's manifest from its code, installed or still a source folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

from ..contracts.interface import BEHAVIOUR_HOOKS, ENTRY_POINT_GROUP, MANIFEST_NAME
from ..errors import InvalidInput, PluginError, RefusedByPolicy
from ..policy.rules import PluginIdentity
from ..quick_dataclasses import dataclass
from .describe import describe_plugin, drift, manifest_text
from .discovery import package_folder
from .index import PluginIndex, state_error
from .loading import load_plugin
from .manifest import load_json, parse_manifest
from .manifest_fields import BadManifest
from .records import PluginState

_ENTRY_POINT = f'[project.entry-points."{ENTRY_POINT_GROUP}"]'
_SOURCE_ROOTS = ("src", ".")
#: From a package's folder up to its pyproject.toml: `src/acme`, at most one folder deeper.
_LEVELS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSource:
    """A plugin whose manifest is to be made."""

    name: str
    anchor: str
    distribution: str
    folder: Path
    #: Whether it has to be put on the path to be imported.
    is_installed: bool

    @property
    def manifest_file(self) -> Path:
        """Where the manifest belongs."""
        return self.folder / MANIFEST_NAME


def find_source(name_or_folder: str, index: PluginIndex) -> PluginSource:
    """A plugin by name, or by its project's or its package's folder.

    Raises:
        InvalidInput: there is no such plugin or folder, or the folder does not say what plugin it is.
        RefusedByPolicy: the runtime profile denies the plugin, or code from folders.
    """
    folder = Path(name_or_folder)
    is_path = any(separator in name_or_folder for separator in ("/", "\\")) or name_or_folder in {".", ".."}
    names = {record.name for record in index.plugins if not record.is_local}
    if is_path or (folder.is_dir() and name_or_folder not in names):
        return _in_folder(folder, index)
    return _installed(name_or_folder, index)


def make_manifest(source: PluginSource) -> dict[str, Any]:
    """Import the plugin and describe it; names retired are taken over from the manifest that there is.

    Raises:
        PluginError: the plugin is broken, or what it gives fits no manifest.
    """
    with _importable(source):
        loaded = load_plugin(source.name, source.anchor, folder=source.folder, granted=BEHAVIOUR_HOOKS)
    made = describe_plugin(source.name, loaded, retired=_written(source).get("retired", ()))
    try:
        parse_manifest(made, anchor=source.anchor)
    except BadManifest as bad:
        raise PluginError(
            f"what plugin {source.name} gives fits no manifest: {bad}",
            code="AF-PLUGIN-CONTRACT",
            help="mend the class or function that it speaks of",
        ) from None
    return made


def write_manifest(source: PluginSource, made: dict[str, Any]) -> None:
    """Put the manifest beside the package's `__init__.py`.

    Raises:
        PluginError: the file can't be written.
    """
    try:
        source.manifest_file.write_text(manifest_text(made), encoding="utf-8")
    except OSError as error:
        raise PluginError(
            f"{source.manifest_file} can't be written: {error.strerror}", code="AF-PLUGIN-MANIFEST-FILE"
        ) from None


def refuse_drift(source: PluginSource, made: dict[str, Any]) -> None:
    """Go on only where the manifest that there is says what was made now.

    Raises:
        PluginError: it is missing, or says something else.
    """
    written = _written(source)
    lines = drift(written, made) if written else [f"{source.manifest_file} is missing, or is no manifest"]
    if lines:
        raise PluginError(
            f"the manifest of plugin {source.name} is stale: {'; '.join(lines[:5])}",
            code="AF-PLUGIN-MANIFEST-STALE",
            help=f"aetherflow plugins manifest {source.name} --write",
        )


def _installed(name: str, index: PluginIndex) -> PluginSource:
    record = index.plugin(name)
    if record.state in {PluginState.DENIED, PluginState.CONFLICT, PluginState.BROKEN}:
        raise state_error(record, f"the code of plugin {record.name}")
    folder = record.folder or package_folder(record.anchor)
    if folder is None:
        raise state_error(record, f"the code of plugin {record.name}")
    return PluginSource(
        name=record.name,
        anchor=record.anchor,
        distribution=record.distribution,
        folder=folder,
        is_installed=True,
    )


def _in_folder(folder: Path, index: PluginIndex) -> PluginSource:
    if not index.profile.may_load_local_plugins:
        raise RefusedByPolicy(
            f"profile {index.profile.name} is not open: no code from folders ({folder})",
            code="AF-PLUGIN-FOLDER-REFUSED",
            help="make manifests where an open profile is in force",
        )
    folder = folder.resolve()
    project = _project_of(folder)
    name, anchor, distribution = _announced_in(project / "pyproject.toml")
    decision = index.profile.decide_plugin(PluginIdentity(name, distribution, ""))
    if not decision.allowed:
        raise RefusedByPolicy(f"plugin {name} may not be used: {decision.why}", code="AF-PLUGIN-DENIED")
    package = _package_in(project, anchor)
    return PluginSource(name=name, anchor=anchor, distribution=distribution, folder=package, is_installed=False)


def _project_of(folder: Path) -> Path:
    """The folder with the pyproject.toml of a project's or a package's folder."""
    upward = (folder, *folder.parents[: _LEVELS - 1])
    found = next((each for each in upward if (each / "pyproject.toml").is_file()), None)
    if found is None:
        raise InvalidInput(
            f"{folder} belongs to no project: there is no pyproject.toml",
            code="AF-PLUGIN-SOURCE",
            help="give an installed plugin's name, or the folder of its project or package",
        )
    return found


def _announced_in(file: Path) -> tuple[str, str, str]:
    """Plugin name, package and distribution, as a pyproject.toml says."""
    import tomllib

    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"{file} can't be read: {error}", code="AF-PLUGIN-SOURCE") from None
    entries = project.get("entry-points", {}).get(ENTRY_POINT_GROUP, {}) if isinstance(project, dict) else {}
    if not isinstance(entries, dict) or len(entries) != 1:
        raise InvalidInput(
            f"{file} does not announce one plugin",
            code="AF-PLUGIN-SOURCE",
            help=f'add: {_ENTRY_POINT} and below it a line such as acme = "acme_steps"',
        )
    ((name, anchor),) = entries.items()
    if not isinstance(anchor, str) or not anchor.isidentifier():
        raise InvalidInput(
            f"{file} announces {anchor!r}, which is no package's name",
            code="AF-PLUGIN-SOURCE",
            help="name a package without a dot and without a colon",
        )
    return name, anchor, str(project.get("name", name))


def _package_in(project: Path, anchor: str) -> Path:
    candidates = [project / root / anchor for root in _SOURCE_ROOTS]
    found = next((each for each in candidates if (each / "__init__.py").is_file()), None)
    if found is None:
        raise InvalidInput(
            f"the package {anchor} is not in {project}",
            code="AF-PLUGIN-SOURCE",
            help=f"put it into {candidates[0]}",
        )
    return found.resolve()


@contextmanager
def _importable(source: PluginSource) -> Iterator[None]:
    if source.is_installed:
        yield
        return
    root = str(source.folder.parent)
    sys.path.insert(0, root)
    invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(root)


def _written(source: PluginSource) -> dict[str, Any]:
    """The manifest that there is; empty where there is none that can be read."""
    try:
        data = load_json(source.manifest_file.read_text(encoding="utf-8"))
        parse_manifest(data, anchor=source.anchor)
    except (OSError, UnicodeDecodeError, BadManifest):
        return {}
    return data
