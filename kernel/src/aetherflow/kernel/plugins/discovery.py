"""Which plugins are installed, from the metadata of distributions alone: nothing is imported."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path

import importlib_metadata

from ..contracts.interface import ENTRY_POINT_GROUP, MANIFEST_NAME
from ..policy.rules import PluginIdentity, normalised_name
from ..quick_dataclasses import dataclass

#: What the system says when this process, or the machine, can open nothing more.
_NO_DESCRIPTORS = {errno.EMFILE, errno.ENFILE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One entry point of our group: a plugin's name, its package, and the distribution that says so."""

    name: str
    anchor: str
    distribution: str
    version: str
    #: Where the distribution's files are.
    root: Path

    @property
    def identity(self) -> PluginIdentity:
        """What policy decides about."""
        return PluginIdentity(self.name, self.distribution, self.version)

    @property
    def has_package(self) -> bool:
        """Whether the entry point names a package without a dot, which alone can be found without running code."""
        return self.anchor.isidentifier() and not iskeyword(self.anchor)


def announcements(search_path: Sequence[str] | None = None) -> list[Announcement]:
    """The entry points of all distributions, by name; the first distribution of a name on the path counts."""
    found: dict[str, list[Announcement]] = {}
    for distribution in _distributions(search_path):
        announced = list(_announced_by(distribution))
        if announced:
            name = normalised_name(announced[0].distribution) or f"nameless {len(found)}"
            found.setdefault(name, announced)
    # Where nothing can be opened, importlib's listing finds nothing and says nothing.
    os.close(os.open(os.sep, os.O_RDONLY | os.O_CLOEXEC))
    seen = [each for announced in found.values() if not _is_shadowed(announced[0], search_path) for each in announced]
    return sorted(seen, key=lambda each: (normalised_name(each.name), each.distribution))


def find_manifest(announcement: Announcement, search_path: Sequence[str] | None = None) -> Path | None:
    """The manifest beside a plugin's package, or null where there is none."""
    beside = announcement.root / announcement.anchor / MANIFEST_NAME
    if beside.is_file():
        return beside
    folder = package_folder(announcement.anchor, search_path)
    return folder / MANIFEST_NAME if folder and (folder / MANIFEST_NAME).is_file() else None


def package_folder(anchor: str, search_path: Sequence[str] | None = None) -> Path | None:
    """The folder of a top-level package as an import would find it; runs none of its code."""
    spec = package_spec(anchor, search_path)
    locations = spec.submodule_search_locations if spec else None
    if not locations:
        return None
    return Path(next(iter(locations)))


def package_spec(anchor: str, search_path: Sequence[str] | None = None) -> ModuleSpec | None:
    """Where a top-level name would be imported from."""
    if search_path is not None:
        return PathFinder.find_spec(anchor, list(search_path))
    try:
        return find_spec(anchor)
    except ValueError:  # something put a module of that name there without saying where it is from
        return None


def distribution_version(name: str) -> str:
    """The version of an installed distribution, or nothing; its metadata is not parsed beyond that."""
    for distribution in _distributions(None, name=name):
        return _header(_read(distribution, "METADATA") or _read(distribution, "PKG-INFO")).get("version", "")
    return ""


def _distributions(search_path: Sequence[str] | None, **wanted: str) -> Iterator[importlib_metadata.Distribution]:
    path = sys.path if search_path is None else list(search_path)
    yield from importlib_metadata.distributions(path=path, **wanted)  # type: ignore[misc]  # these are all that it gives


def _announced_by(distribution: importlib_metadata.Distribution) -> Iterator[Announcement]:
    text = _read(distribution, "entry_points.txt")
    if ENTRY_POINT_GROUP not in text:
        return
    header = _header(_read(distribution, "METADATA") or _read(distribution, "PKG-INFO"))
    for name, value in _entries(text):
        yield Announcement(
            name=name,
            anchor=value,
            distribution=header.get("name", ""),
            version=header.get("version", ""),
            root=Path(str(distribution.locate_file(""))),
        )


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """The lines of our group. Read by hand: a broken line in a stranger's group must not end the listing."""
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif section == ENTRY_POINT_GROUP and line and line[0] not in "#;":
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()


def _header(text: str) -> dict[str, str]:
    """Name and version, without reading the description that follows them."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if not line.strip() or {"name", "version"} <= found.keys():
            break
        if colon and key.lower() in {"name", "version"}:
            found.setdefault(key.lower(), value.strip())
    return found


def _read(distribution: importlib_metadata.Distribution, name: str) -> str:
    try:
        return distribution.read_text(name) or ""
    except UnicodeDecodeError:
        return ""
    except OSError as error:
        if error.errno in _NO_DESCRIPTORS:
            raise
        return ""


def _is_shadowed(announcement: Announcement, search_path: Sequence[str] | None) -> bool:
    """Whether a distribution of the same name, which announces no plugin, comes first on the path."""
    if not announcement.distribution:
        return False
    path = sys.path if search_path is None else list(search_path)
    first = next(iter(importlib_metadata.distributions(name=announcement.distribution, path=path)), None)
    return first is not None and Path(str(first.locate_file(""))) != announcement.root
