"""What the architecture tests know about this repository: its root, its distributions, its files."""

from __future__ import annotations

import os
import subprocess
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".nox", ".venv", "build", "dist", "__pycache__", ".aetherflow"}


@dataclass(frozen=True)
class Distribution:
    """One distribution of the workspace, by its folder."""

    folder: Path

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))

    @property
    def project(self) -> dict[str, Any]:
        project: dict[str, Any] = self.pyproject["project"]
        return project

    @property
    def name(self) -> str:
        return str(self.project["name"])

    @property
    def module(self) -> str:
        return str(self.pyproject["tool"]["uv"]["build-backend"]["module-name"])

    @property
    def source(self) -> Path:
        return self.folder / "src"

    @property
    def package(self) -> Path:
        return self.source.joinpath(*self.module.split("."))

    @property
    def is_plugin(self) -> bool:
        return self.folder.parent == ROOT / "plugins"

    @property
    def place(self) -> str:
        return self.folder.relative_to(ROOT).as_posix()


def root_pyproject() -> dict[str, Any]:
    return Distribution(ROOT).pyproject


def members() -> list[Distribution]:
    patterns = root_pyproject()["tool"]["uv"]["workspace"]["members"]
    projects = [path for pattern in patterns for path in sorted(ROOT.glob(f"{pattern}/pyproject.toml"))]
    return [Distribution(project.parent) for project in projects]


def repository_files() -> list[Path]:
    """List the files that belong to the repository: those git knows or would take, or all where there is no git."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return walk_files()
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def walk_files() -> list[Path]:
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.endswith("_cache")]
        found += [Path(folder, name) for name in names]
    return found
