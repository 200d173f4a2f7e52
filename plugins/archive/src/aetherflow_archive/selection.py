"""Which files a list of items means: below one folder, and never through a link out of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from aetherflow.kernel.api import NothingDone

#: The folder of a project for what AetherFlow keeps, and the start of the names of what is not in place yet.
_KEPT, _UNFINISHED = ".aetherflow", ".aetherflow."
_PATTERN_CHARACTERS = set("*?[")
#: What an item is: a path, a pattern, or whichever of the two it turns out to be.
Kind = Literal["any", "path", "pattern"]


@dataclass(slots=True, kw_only=True)
class Selection:
    """The files of one folder that are to be packed, by the names that they get.

    `folder` is absolute and free of links, `output` the archive that is written; `check` raises for a file that
    the step may not read.
    """

    folder: Path
    output: Path
    recursive: bool
    check: Callable[[Path], object]
    members: dict[str, str] = field(default_factory=dict)
    _missing: list[str] = field(default_factory=list)

    def add_path(self, text: str) -> None:
        """Take a file, or the files of a folder.

        Raises:
            NothingDone: it leads out of the folder, or is no file or folder.
        """
        path = self._inside(text)
        if not os.path.lexists(path) or self._is_ours(path):
            self._missing.append(text)
        elif path.is_dir() and not path.is_symlink():
            self._add_folder(path)
        else:
            self._add_file(path)

    def add_pattern(self, pattern: str) -> None:
        """Take what matches; of a folder that does, everything below it, where the step is recursive.

        Raises:
            NothingDone: the pattern leads out of the folder, or something that matches is no file or folder.
        """
        relative = self._inside(pattern).relative_to(self.folder)
        for path in sorted(self.folder.glob(str(relative))):
            if path.is_dir() and not path.is_symlink():
                if self.recursive:
                    self._add_folder(path)
            else:
                self._add_file(path)

    def add(self, item: str) -> None:
        """Take an item that is a path where there is such a file, and else a pattern, if it looks like one."""
        if _PATTERN_CHARACTERS & set(item) and not os.path.lexists(self._inside(item)):
            self.add_pattern(item)
        else:
            self.add_path(item)

    def check_missing(self) -> None:
        """A file that was named and is not there is an error, where others are.

        Raises:
            NothingDone: there is such a file.
        """
        if self.members and self._missing:
            raise NothingDone(
                f"there is no {self._missing[0]!r} in {self.folder}; nothing is packed",
                code="AF-ARCHIVE-ITEM",
                help="check its spelling, or write a pattern where it may be missing",
            )

    def _inside(self, text: str) -> Path:
        path = Path(os.path.normpath(self.folder / text))
        if "\0" in text or not path.is_relative_to(self.folder):
            raise NothingDone(
                f"the item {text!r} leads out of {self.folder}; nothing is packed",
                code="AF-ARCHIVE-ITEM",
                help="name files below `src_dir`, or give another `src_dir`",
            )
        return path

    def _add_folder(self, folder: Path) -> None:
        for path in self._below(folder):
            self._add_file(path)

    def _below(self, folder: Path) -> Iterator[Path]:
        waiting = [folder]
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if not entry.is_dir(follow_symlinks=False):
                        yield Path(entry.path)
                    elif self.recursive and not self._is_ours(Path(entry.path)):
                        waiting.append(Path(entry.path))

    def _add_file(self, path: Path) -> None:
        if path == self.output or self._is_ours(path):
            return
        place = self._real_place(path)
        if self._is_ours(place):
            return
        self.check(path)
        self.members[self._name(path)] = self._name(place)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _is_ours(self, path: Path) -> bool:
        """Whether it is what AetherFlow itself keeps there, or what is not in its place yet."""
        parts = path.relative_to(self.folder).parts
        return any(part == _KEPT or part.startswith(_UNFINISHED) for part in parts)

    def _real_place(self, path: Path) -> Path:
        try:
            place = path.resolve()
        except (OSError, RuntimeError):
            raise self._refused(path, "is a link that leads round in a circle") from None
        if not place.is_relative_to(self.folder):
            raise self._refused(path, "is a link that leads out of the folder")
        if not place.exists():
            raise self._refused(path, "is a link to nothing")
        if not place.is_file():
            raise self._refused(path, "is no file, nor a link to one")
        return place

    def _refused(self, path: Path, what: str) -> NothingDone:
        return NothingDone(
            f"{self._name(path)!r} {what}; nothing is packed",
            code="AF-ARCHIVE-LINK",
            help="leave it out of `items`, or put a file in its place",
        )


def select(selection: Selection, items: Iterable[tuple[Kind, str]]) -> dict[str, str]:
    """The files of all items, by the names that they get.

    Raises:
        NothingDone: an item can't be packed.
    """
    take = {"any": selection.add, "path": selection.add_path, "pattern": selection.add_pattern}
    try:
        for kind, text in items:
            take[kind](text)
    except OSError as error:
        raise _unreadable(error) from None
    # The last two are what `pathlib` says of "." and of thousands of folders.
    except (ValueError, NotImplementedError, IndexError, RecursionError) as error:
        raise NothingDone(f"a pattern can't be read: {error}", code="AF-ARCHIVE-ITEM", help="mend `items`") from None
    selection.check_missing()
    return selection.members


def _unreadable(error: OSError) -> NothingDone:
    return NothingDone(
        f"{error.filename!r} can't be read: {error.strerror or 'the system refused'}; nothing is packed",
        code="AF-ARCHIVE-ITEM",
        help="check its permissions",
    )
