"""Putting what was unpacked in its place: all of it or, where a conflict is found, nothing."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from aetherflow.kernel.api import NothingDone, StepContext, StepError, sync_folder

from .limits import stopped
from .places import open_folder, open_inside
from .records import remember, remembered

#: What a file system says that has no second names for files.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV}

#: So many folders are synced one by one.
_MANY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """A staged tree that goes into the folder `final`; paths are absolute and free of links."""

    context: StepContext
    staged: Path
    final: Path
    overwrite: bool
    #: Files that are never replaced: the archives themselves.
    kept: frozenset[Path]

    def run(self) -> None:
        """Move the tree into place: at once where nothing stands there, else file by file after all were judged.

        Raises:
            NothingDone: something stands in the way; nothing was moved.
            StepError: the run has left the step behind, or the system refused in the middle.
        """
        try:
            tree = list(_tree(self.staged))
        except OSError as error:
            raise NothingDone(
                f"what was unpacked for {self.final} can't be read: {error.strerror or 'refused'}; none of it is there",
                code="AF-ARCHIVE-CONFLICT",
                help="see what the system says, and run the step again",
            ) from error
        for path, _ in tree:
            self._check_place(self.final / path)
        if os.path.lexists(self.final) or not self._move_at_once():
            self._move_one_by_one(tree)

    def _move_at_once(self) -> bool:
        """Whether the whole tree could become the folder: not if somebody else made one meanwhile."""
        try:
            self.context.publish_folder(self.staged, self.final, replace=False)
        except FileExistsError:
            return False
        return True

    def _move_one_by_one(self, tree: list[tuple[str, bool]]) -> None:
        own = remembered(self.context, "placed")
        for path, is_folder in tree:
            self._check_conflict(self.final / path, is_folder=is_folder, own=own)
        files = [path for path, is_folder in tree if not is_folder]
        if not self.overwrite:
            remember(self.context, "placed", [self.final / file for file in files])
        try:
            sync_folder(self.staged)
            with open_folder(self.staged) as source, open_folder(self.final) as target:
                for path, is_folder in tree:
                    self._go_on()
                    if is_folder:
                        self._make_folder(path, target)
                    else:
                        self._move(path, source, target, may_replace=self.overwrite or self.final / path in own)
                _sync_folders(self.final, target, ["", *(path for path, is_folder in tree if is_folder)])
        except OSError as error:
            raise StepError(
                f"not all of {len(files)} files could be put into {self.final}: {error.strerror or 'refused'}",
                code="AF-ARCHIVE-CONFLICT",
                help="every file that is there is whole: see what stands in the way, and run the step again",
            ) from error

    def _check_place(self, place: Path) -> None:
        if self.context.paths.writable(str(place)) != place:
            raise self._in_the_way(place, "a link")

    def _check_conflict(self, place: Path, *, is_folder: bool, own: frozenset[Path]) -> None:
        try:
            mode = place.lstat().st_mode
        except FileNotFoundError:
            return
        except NotADirectoryError:
            raise self._in_the_way(place, "a file") from None
        if is_folder != stat.S_ISDIR(mode) or not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            raise self._in_the_way(place, "a folder" if stat.S_ISDIR(mode) else "no folder")
        if place in self.kept:
            raise self._in_the_way(place, "an archive that is being unpacked")
        if not is_folder and not self.overwrite and place not in own:
            raise NothingDone(
                f"{place} is there already; nothing is unpacked",
                code="AF-ARCHIVE-EXISTS",
                help="remove it, name another `dest_dir`, or set `overwrite: true`",
            )

    def _in_the_way(self, place: Path, what: str) -> NothingDone:
        return NothingDone(
            f"{place} is {what}, and in the way; nothing is unpacked",
            code="AF-ARCHIVE-CONFLICT",
            help="remove it, or name another `dest_dir`",
        )

    def _go_on(self) -> None:
        if self.context.cancelled.is_set():
            raise stopped()
        self.context.check_fence()

    def _make_folder(self, path: str, target: int) -> None:
        mode = stat.S_IMODE((self.staged / path).lstat().st_mode)
        with open_inside(target, path.split("/"), make=mode):
            pass

    def _move(self, path: str, source: int, target: int, *, may_replace: bool) -> None:
        *folders, name = path.split("/")
        with open_inside(source, folders) as here, open_inside(target, folders) as there:
            if may_replace:
                os.rename(name, name, src_dir_fd=here, dst_dir_fd=there)
            else:
                _move_to_free_place(name, here, there)


def _move_to_free_place(name: str, here: int, there: int) -> None:
    try:
        os.link(name, name, src_dir_fd=here, dst_dir_fd=there, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # The place was free when it was judged, a moment ago.
        os.rename(name, name, src_dir_fd=here, dst_dir_fd=there)
    else:
        os.unlink(name, dir_fd=here)


def _tree(root: Path) -> Iterator[tuple[str, bool]]:
    """What is below a folder, by paths with `/`, folders before what is in them; with whether it is a folder."""
    for place, folders, files in os.walk(root, onerror=_raise):
        folders.sort()
        inner = Path(place).relative_to(root)
        for folder in folders:
            yield (inner / folder).as_posix(), True
        for file in sorted(files):
            yield (inner / file).as_posix(), False


def _raise(error: OSError) -> None:
    # Left to itself, os.walk passes over a folder that can't be read: its files would be missing without a word.
    raise error


def _sync_folders(final: Path, target: int, folders: Collection[str]) -> None:
    if len(folders) > _MANY:
        sync_folder(final)
        return
    for folder in folders:
        with open_inside(target, folder.split("/") if folder else []) as descriptor:
            os.fsync(descriptor)


def first_missing(folder: Path) -> Path:
    """The first part of a path that is not there; the path itself where it is.

    Raises:
        NothingDone: a part of it is no folder.
    """
    for place in (*reversed(folder.parents), folder):
        if not os.path.lexists(place):
            return place
        if not place.is_dir() or place.is_symlink():
            raise NothingDone(
                f"{place} is no folder; nothing is unpacked",
                code="AF-ARCHIVE-CONFLICT",
                help="name another `dest_dir`",
            )
    return folder
