"""Which plugins are installed, from the metadata of distributions alone: nothing is imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path

from ..contracts.interface import ENTRY_POINT_GROUP, MANIFEST_NAME
from ..policy.rules import PluginIdentity, normalised_name
from ..quick_dataclasses import dataclass
from .distributions import Distribution, distributions


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
    """The entry points of all distributions, by name; the first distribution of a name on the path counts.

    Raises:
        OSError: nothing more can be opened.
    """
    roots: dict[str, Path] = {}
    found: dict[str, list[Announcement]] = {}
    for distribution in distributions(search_path):
        roots.setdefault(distribution.name, distribution.root)
        announced = list(_announced_by(distribution))
        if announced:
            name = normalised_name(announced[0].distribution) or f"nameless {len(found)}"
            found.setdefault(name, announced)
    # A distribution of the same name, which announces no plugin, may come first on the path.
    seen = [each for name, announced in found.items() for each in announced if roots.get(name, each.root) == each.root]
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


def _announced_by(distribution: Distribution) -> Iterator[Announcement]:
    text = distribution.read("entry_points.txt")
    if ENTRY_POINT_GROUP not in text:
        return
    header = distribution.header()
    for name, value in _entries(text):
        yield Announcement(
            name=name,
            anchor=value,
            distribution=header.get("name", ""),
            version=header.get("version", ""),
            root=distribution.root,
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
