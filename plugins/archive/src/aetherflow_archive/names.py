"""Which names of members stand for a file inside the target folder, on every system, and for nothing else."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from aetherflow.kernel.api import ConnectorError

_LONGEST_PART = 255
_LONGEST_NAME = 1_024
_DEEPEST = 32
_LONGEST_SHOWN = 80
#: Names that are devices on Windows, with whatever suffix.
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"
}
#: Control characters, halves of characters, line and paragraph separators.
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
#: Characters that change the order in which others are shown.
_DIRECTIONS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(name: str) -> str:
    """A name for a message: short, and without characters that do something there."""
    return ascii(name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…")


def why_not_to_unpack(name: str) -> str | None:
    """What is wrong with the name of a file, or of a folder without its last slash; null where nothing is."""
    if not name:
        return "it is empty"
    if len(name.encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
        return f"it is longer than {_LONGEST_NAME} bytes"
    parts = name.split("/")
    if len(parts) > _DEEPEST:
        return f"it is more than {_DEEPEST} folders deep"
    if name.startswith("/"):
        return "it is absolute"
    return why_not_to_pack(name) or next((wrong for part in parts if (wrong := _wrong_part(part))), None)


def why_not_to_pack(name: str) -> str | None:
    """What would make a name mean something else elsewhere; null where nothing does."""
    if "\\" in name:
        return "it holds a backslash, which other systems take for a folder"
    if any(unicodedata.category(character) in _UNPRINTABLE for character in name):
        return "it holds control characters, or is no text"
    if _DIRECTIONS & set(name):
        return "it holds characters that turn the order of others around"
    return None


def _wrong_part(part: str) -> str | None:
    if part in {"", ".", ".."}:
        return f"a part of it is {part!r}"
    if len(part.encode()) > _LONGEST_PART:
        return f"a part of it is longer than {_LONGEST_PART} bytes"
    if part[-1] in " .":
        return "a part of it ends with a blank or a dot"
    if ":" in part:
        return "it holds a colon, which names a drive or a stream elsewhere"
    if part.partition(".")[0].rstrip(" ").casefold() in _DEVICES:
        return "it is the name of a device elsewhere"
    looks_like = unicodedata.normalize("NFKC", part)
    if {"/", "\\"} & set(looks_like) or looks_like in {".", ".."}:
        return "it holds characters that look like those of a path"
    return None


def first_not_to_unpack(names: Iterable[str]) -> tuple[str, str] | None:
    """The first of some files' names that `unzip` refuses, and why; null where it refuses none."""
    taken = Names("the archive")
    for name in names:
        if (wrong := why_not_to_unpack(name)) is not None:
            return name, wrong
        try:
            taken.add(name, is_folder=False)
        except ConnectorError:
            return name, "on many systems its place is another one's"
    return None


class Names:
    """The names of an archive: none twice, not even where capitals or forms of characters don't count."""

    def __init__(self, archive: str) -> None:
        self._archive = archive
        self._folders: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._listed: set[str] = set()

    def add(self, name: str, *, is_folder: bool) -> None:
        """Take one more.

        Raises:
            ConnectorError: it stands for a place that another one has.
        """
        parts = name.split("/")
        inner = ["/".join(parts[:length]) for length in range(1, len(parts))]
        for folder in [*inner, name] if is_folder else inner:
            self._add_folder(folder)
        key = _same(name)
        if is_folder:
            if key in self._listed:
                raise self._collision(name, name)
            self._listed.add(key)
            return
        if key in self._files:
            raise self._collision(name, self._files[key])
        if key in self._folders:
            raise self._file_and_folder(name, self._folders[key])
        self._files[key] = name

    def _add_folder(self, folder: str) -> None:
        key = _same(folder)
        if key in self._files:
            raise self._file_and_folder(self._files[key], folder)
        other = self._folders.setdefault(key, folder)
        if other != folder:
            raise self._collision(folder, other)

    def _collision(self, name: str, other: str) -> ConnectorError:
        one_place = f"holds {name!a} and {other!a}, one place on many systems"
        return self._refusal(f"holds {name!r} twice" if name == other else one_place)

    def _file_and_folder(self, file: str, folder: str) -> ConnectorError:
        return self._refusal(f"holds the file {file!r} and the folder {folder!r}, one place")

    def _refusal(self, what: str) -> ConnectorError:
        return ConnectorError(
            f"{self._archive} {what}; nothing is unpacked",
            code="AF-ARCHIVE-DUPLICATE",
            help="have it made again, each file once",
        )


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
