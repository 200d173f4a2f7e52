"""The environment of a run: one snapshot for its flow, resources and processes; `os.environ` is never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..errors import InvalidInput, Problem
from ..quick_dataclasses import dataclass, field

if TYPE_CHECKING:
    from .environment_files import EnvironmentFile

#: Names the files that are laid over the environment of the process.
FILES_KEY = "AETHERFLOW_ENV_FILES_JSON"
PROCESS = "the environment of the process"


@dataclass(frozen=True, slots=True)
class Environment:
    """What is set, and where each key comes from. Holds secrets: its `repr` shows nothing."""

    values: Mapping[str, str] = field(repr=False)
    origins: Mapping[str, str] = field(repr=False)

    def origin(self, key: str) -> str:
        """Where the value of a key comes from, in words; empty where the key is not set."""
        return self.origins.get(key, "")


def take_environment(
    process: Mapping[str, str],
    *,
    folder: Path,
    overlays: Iterable[tuple[str, Mapping[str, str]]] = (),
) -> Environment:
    """The environment of the process, then the files it names, then the overlays; later ones win.

    Args:
        process: what the process was started with, `os.environ` as a rule.
        folder: that relative paths of environment files start from; the project.
        overlays: what else is set, each with the words that say where it comes from.

    Raises:
        InvalidInput: files are named wrongly or can't be read; holds all problems, and no value.
    """
    layers = [(PROCESS, process), *_files(process, folder), *overlays]
    values: dict[str, str] = {}
    origins: dict[str, str] = {}
    for origin, layer in layers:
        values.update(layer)
        origins.update(dict.fromkeys(layer, origin))
    return Environment(MappingProxyType(values), MappingProxyType(origins))


def _files(process: Mapping[str, str], folder: Path) -> list[tuple[str, Mapping[str, str]]]:
    layers: list[tuple[str, Mapping[str, str]]] = []
    problems: list[Problem] = []
    if not process.get(FILES_KEY):
        return []
    from .environment_files import list_files

    for number, file in enumerate(list_files(process[FILES_KEY])):
        try:
            layers.append(_read(file, folder))
        except InvalidInput as error:
            problems.extend(_told_with_entry(problem, number) for problem in error.problems)
    if problems:
        raise InvalidInput.of(problems)
    return layers


def _read(file: EnvironmentFile, folder: Path) -> tuple[str, Mapping[str, str]]:
    from .environment_files import read_file

    return f"the {file.type} file {file.path}", read_file(file, folder)


def _told_with_entry(problem: Problem, number: int) -> Problem:
    return Problem(
        code=problem.code,
        message=f"{FILES_KEY}[{number}]: {problem.message}",
        help=problem.help,
        where=problem.where,
        path=(FILES_KEY, number),
    )
