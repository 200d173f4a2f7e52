"""Local plugin folders: code beside a flow, for development, under a name that nobody else has."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import PluginError, Problem
from ..quick_dataclasses import dataclass, field
from .boundary import contract_error, plugin_boundary
from .contributions import connectors_by_name, steps_by_name
from .describe import describe_plugin
from .manifest import Manifest, parse_manifest
from .manifest_fields import BadManifest
from .records import LoadedPlugin, PluginRecord


@dataclass(slots=True)
class LocalPlugins:
    """The local folders of one index, and the modules that they brought, until they are closed."""

    records: list[PluginRecord] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)

    def load(self, folders: Sequence[Path | str], *, strict: bool) -> None:
        """Load every folder.

        Raises:
            PluginError: strict, and a folder is missing or a file in it can't be loaded.
        """
        for folder in map(Path, folders):
            try:
                self.records.append(self._load_folder(folder))
            except PluginError as error:
                if strict:
                    raise
                self.warn(error)

    def warn(self, error: PluginError) -> None:
        """Tell of an error that does not end the run."""
        problem = error.problem
        self.warnings.append(Problem(code=problem.code, message=problem.message, help=problem.help, severity="warning"))

    def close(self) -> None:
        """Forget the modules: the next run in this process loads its own."""
        for package in self.packages:
            for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
                del sys.modules[name]
        self.packages.clear()

    def _load_folder(self, folder: Path) -> PluginRecord:
        if not folder.is_dir():
            what = "is a file: name its folder" if folder.exists() else "does not exist"
            raise PluginError(
                f"the plugin folder {folder} {what}",
                code="AF-PLUGIN-FOLDER",
                help="mend AETHERFLOW_PLUGIN_PATHS or settings.plugin_paths",
            )
        package = self._new_package(folder)
        name = f"local:{folder.name}"
        modules = [_import(name, f"{package}.{module}") for module in _modules_of(folder)]
        given = [each for module in modules for each in _own_things(module, package)]
        loaded = LoadedPlugin(
            steps=steps_by_name(name, _steps_in(given)), connectors=connectors_by_name(name, _connectors_in(given))
        )
        if not (loaded.steps or loaded.connectors):
            self.warnings.append(_contributes_nothing(folder))
        manifest = _manifest(name, loaded, package)
        return PluginRecord(
            name=name,
            distribution=str(folder),
            version="",
            anchor=package,
            interface=manifest.interface,
            manifest=manifest,
            is_local=True,
            loaded=loaded,
        )

    def _new_package(self, folder: Path) -> str:
        """A package that is this folder, for relative imports; absolute ones see nothing of it."""
        import secrets

        name = f"aetherflow_local_{secrets.token_hex(8)}"
        package = ModuleType(name)
        package.__path__ = [str(folder.absolute())]
        sys.modules[name] = package
        self.packages.append(name)
        invalidate_caches()
        return name


def _modules_of(folder: Path) -> list[str]:
    try:
        return list(_module_names(folder))
    except OSError as error:
        raise PluginError(
            f"the plugin folder {folder} can't be read: {error.strerror}",
            code="AF-PLUGIN-FOLDER",
            help="make it readable, and all folders in it",
        ) from None


def _module_names(folder: Path) -> Iterator[str]:
    """Modules and packages of a folder and of the plain folders in it, names with a `_` or a dot in front left out."""
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(("_", ".")):
            continue
        if entry.is_file():
            if entry.suffix == ".py":
                yield entry.stem
        elif (entry / "__init__.py").is_file():
            yield entry.name
        elif entry.is_dir() and not entry.is_symlink():  # links may go round in a circle
            yield from (f"{entry.name}.{name}" for name in _module_names(entry))


def _manifest(name: str, loaded: LoadedPlugin, package: str) -> Manifest:
    described = describe_plugin(name, loaded)
    for each in (*described["steps"], *described["connectors"]):
        # It is loaded already, and the file that it stands in need not bear a name that Python could read.
        each["target"] = f"{package}:loaded"
    try:
        return parse_manifest(described, anchor=package)
    except BadManifest as error:
        raise contract_error(name, f"gives what fits no manifest: {error}", "mend what the message names") from None


def _contributes_nothing(folder: Path) -> Problem:
    return Problem(
        code="AF-PLUGIN-FOLDER-EMPTY",
        message=f"the plugin folder {folder} contributes no step and no connector",
        help="mark them with @register_step or @register_connector; names with _ or . in front are not read",
        severity="warning",
    )


def _import(plugin: str, module: str) -> ModuleType:
    with plugin_boundary(plugin, f"its module {module.partition('.')[2]} was imported"):
        return import_module(module)


def _own_things(module: ModuleType, package: str) -> Iterator[Any]:
    """What the folder's own code defines; what it imports from elsewhere is not its contribution."""
    for each in vars(module).values():
        if str(getattr(each, "__module__", "")).partition(".")[0] == package:
            yield each


def _steps_in(given: Sequence[Any]) -> list[Any]:
    """Named step classes and marked functions, each once."""
    from ..contracts.steps import STEP_MARK, Step

    def is_step(each: object) -> bool:
        if isinstance(each, type):
            return issubclass(each, Step) and isinstance(getattr(each, "name", None), str)
        return hasattr(each, STEP_MARK)

    return list(dict.fromkeys(each for each in given if callable(each) and is_step(each)))


def _connectors_in(given: Sequence[Any]) -> list[Any]:
    """Connector classes that say their kind and driver, each once."""
    from ..contracts.connectors import Connector

    found = (each for each in given if isinstance(each, type) and issubclass(each, Connector))
    return list(dict.fromkeys(each for each in found if hasattr(each, "kind") and hasattr(each, "driver")))
