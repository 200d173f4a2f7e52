"""Distributions as an installer would leave them: a package, its manifest, and what the metadata say of both."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

from tests.corpus.entries import HERE


def install_globex(site: Path) -> None:
    """Put the plugin of the corpus into a folder for the path."""
    shutil.copytree(HERE / "globex", site / "globex", ignore=shutil.ignore_patterns("__pycache__"))
    write_metadata(site, name="globex", version="1.0", entry_points={"globex": "globex"})


def install_source(site: Path, project: Path) -> None:
    """Put a plugin that stands in `project` as source into a folder for the path, in place of an older one."""
    described = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    shutil.copytree(project / "src", site, dirs_exist_ok=True)
    write_metadata(
        site,
        name=described["name"],
        version=described["version"],
        entry_points=described["entry-points"]["aetherflow.plugins"],
    )


def write_metadata(site: Path, *, name: str, version: str, entry_points: dict[str, str]) -> None:
    """Say which distribution a package in the folder is of."""
    for older in site.glob(f"{name.replace('-', '_')}-*.dist-info"):
        shutil.rmtree(older)
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    lines = [f"{plugin} = {package}\n" for plugin, package in entry_points.items()]
    (info / "entry_points.txt").write_text("[aetherflow.plugins]\n" + "".join(lines), encoding="utf-8")
