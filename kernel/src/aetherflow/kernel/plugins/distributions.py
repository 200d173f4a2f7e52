"""Which distributions are installed, read from the metadata in the folders of the path.

importlib's own listing takes longer to import than a small flow takes to run: it is asked only about what is no folder.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..policy.rules import normalised_name
from ..quick_dataclasses import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: What the system says when this process, or the machine, can open nothing more.
_NO_DESCRIPTORS = {errno.EMFILE, errno.ENFILE}
_METADATA = (".dist-info", ".egg-info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One distribution, as its installer left it."""

    #: Normalised; as the name of its metadata's folder has it.
    name: str
    #: Where its files are.
    root: Path
    _text_of: Callable[[str], str | None]

    def read(self, name: str) -> str:
        """A file of its metadata; nothing where it is not there, or is no text.

        Raises:
            OSError: nothing more can be opened.
        """
        try:
            return self._text_of(name) or ""
        except UnicodeDecodeError:
            return ""
        except OSError as error:
            if error.errno in _NO_DESCRIPTORS:
                raise
            return ""

    def header(self) -> dict[str, str]:
        """Its name and version, without reading the description that follows them."""
        found: dict[str, str] = {}
        for line in (self.read("METADATA") or self.read("PKG-INFO")).splitlines():
            key, colon, value = line.partition(":")
            if not line.strip() or {"name", "version"} <= found.keys():
                break
            if colon and key.lower() in {"name", "version"}:
                found.setdefault(key.lower(), value.strip())
        return found


def distributions(search_path: Sequence[str] | None = None) -> Iterator[Distribution]:
    """All that are installed, those that stand first on the path before the others.

    Raises:
        OSError: nothing more can be opened.
    """
    for place in map(Path, sys.path if search_path is None else search_path):
        try:
            with os.scandir(place) as entries:
                names = [entry.name for entry in entries]
        except NotADirectoryError:
            yield from _in_archive(place)
        except OSError as error:
            if error.errno in _NO_DESCRIPTORS:
                raise
        else:
            yield from _in_folder(place, names)


def distribution_version(name: str) -> str:
    """The version of an installed distribution, or nothing."""
    wanted = normalised_name(name)
    return next((each.header().get("version", "") for each in distributions() if each.name == wanted), "")


def _in_folder(place: Path, names: Sequence[str]) -> Iterator[Distribution]:
    is_egg = place.suffix.lower() == ".egg"
    for name in names:
        is_of_egg = is_egg and name.lower() == "egg-info"
        if is_of_egg or name.lower().endswith(_METADATA):
            stem = (place.name if is_of_egg else name).rpartition(".")[0].partition("-")[0]
            yield Distribution(name=normalised_name(stem), root=place, _text_of=_reader(place / name))


def _reader(folder: Path) -> Callable[[str], str]:
    return lambda name: (folder / name).read_text(encoding="utf-8")


def _in_archive(place: Path) -> Iterator[Distribution]:
    import importlib_metadata

    for found in importlib_metadata.distributions(path=[str(place)]):
        root = Path(str(found.locate_file("")))
        nameless = Distribution(name="", root=root, _text_of=found.read_text)
        yield replace(nameless, name=normalised_name(nameless.header().get("name", "")))
