"""Does to a disk what was recorded, call by call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath

from .disk import File, Folder, Resize, Write
from .system_calls import Call

#: SQLite maps it into memory and makes it anew after a cut.
_NOT_ON_DISK = "-shm"


@dataclass(slots=True)
class Description:
    """An open file: where its next write goes; shared by all descriptors that were made of one another."""

    position: int = 0
    appends: bool = False


@dataclass(frozen=True, slots=True)
class Instant:
    """A place in the record at which a call begins or ends."""

    place: int
    call: Call
    is_begin: bool


def instants(calls: list[Call]) -> list[Instant]:
    """Begins and ends of all calls, in order; a call that none overlaps has them in one place."""
    both = [Instant(call.begun, call, True) for call in calls] + [Instant(call.ended, call, False) for call in calls]
    return sorted(both, key=lambda instant: (instant.place, not instant.is_begin))


class Replay:
    """A disk on which recorded calls are done.

    A change is done when its call ends. A sync makes durable what was done when it began, from its end on.
    """

    def __init__(self, root: Path, disk: Folder) -> None:
        self.disk = disk
        #: How many calls changed or synced something.
        self.operations = 0
        self._root = str(root)
        self._open: dict[tuple[int, int], Description] = {}
        self._syncs: dict[int, list[tuple[File | Folder, int]]] = {}

    def go_on(self, instant: Instant) -> bool:
        """Do what a call does at this instant; answers whether it is the end of one that did something."""
        call = instant.call
        if instant.is_begin:
            if call.name in _SYNCS:
                self._syncs[id(call)] = [(node, len(node.pending)) for node in self._synced(call)]
            return False
        before = self.operations
        _DOES[call.name](self, call)
        return self.operations > before

    # Where things are

    def _node(self, path: str) -> File | Folder | None:
        node: File | Folder | None = self.disk
        for part in self._parts(path) or ():
            node = node.entries.get(part) if isinstance(node, Folder) else None
        return node if self._parts(path) is not None else None

    def _parts(self, path: str) -> tuple[str, ...] | None:
        """The parts of a path below the root; null where it is elsewhere."""
        if path != self._root and not path.startswith(self._root + "/"):
            return None
        return PurePosixPath(path[len(self._root) :].strip("/")).parts

    def _place(self, path: str) -> tuple[Folder, str] | None:
        """The folder that a path is in, and its name there."""
        pure = PurePosixPath(normpath(path))
        if not self._parts(str(pure)):
            return None
        folder = self._node(str(pure.parent))
        if not isinstance(folder, Folder):
            raise LookupError(f"recorded, and not there: {pure.parent}")  # noqa: TRY004 - the record is at fault
        return folder, pure.name

    def _file(self, call: Call, place: int = 0) -> File | None:
        path = call.opened(place)
        node = None if path.endswith(_NOT_ON_DISK) else self._node(path)
        return node if isinstance(node, File) else None

    def _description(self, call: Call, place: int = 0) -> Description:
        return self._open.setdefault((id(self._node(call.opened(place))), call.number(place)), Description())

    # What a call does

    def open(self, call: Call, *, path: str, flags: frozenset[str]) -> None:
        """Open a file, made or emptied on the way; `result` is the descriptor."""
        if (place := self._place(path)) is None or path.endswith(_NOT_ON_DISK):
            return
        if "O_TMPFILE" in flags:
            raise NotImplementedError(f"a file without a name: {call}")
        folder, name = place
        if name not in folder.entries:
            # What is opened without O_CREAT and is not there does not succeed.
            self._change(folder, {name: File()})
        node = folder.entries[name]
        if isinstance(node, File):
            self._open[id(node), call.result] = Description(appends="O_APPEND" in flags)
            if "O_TRUNC" in flags and node.content:
                self._resize(node, 0)

    def write(self, call: Call) -> None:
        """Write where the last one ended."""
        if (file := self._file(call)) is not None:
            description = self._description(call)
            if description.appends:
                description.position = len(file.content)
            self._write(file, description.position, call.text(1)[: call.result])
            description.position += call.result

    def write_at(self, call: Call) -> None:
        """Write at an offset."""
        if (file := self._file(call)) is not None:
            self._write(file, call.number(3), call.text(1)[: call.result])

    def seek(self, call: Call) -> None:
        """Say where the next write goes."""
        if self._file(call) is not None:
            self._description(call).position = call.result

    def duplicate(self, call: Call) -> None:
        """Make a descriptor of another."""
        is_one = call.name != "fcntl" or call.arguments[1].startswith("F_DUPFD")
        if is_one and (file := self._file(call)) is not None:
            self._open[id(file), call.result] = self._description(call)

    def resize(self, call: Call) -> None:
        """Cut a file off, or make it longer."""
        if (file := self._file(call)) is not None:
            self._resize(file, call.number(1))

    def allocate(self, call: Call) -> None:
        """Make a file at least so long."""
        if (file := self._file(call)) is not None:
            if call.arguments[1] != "0":
                raise NotImplementedError(f"only plain fallocate is replayed: {call}")
            self._resize(file, max(len(file.content), call.number(2) + call.number(3)))

    def map(self, call: Call) -> None:
        """Nothing may be changed through memory, unseen, but what SQLite makes anew."""
        if {"MAP_SHARED"} & call.flags(3) and {"PROT_WRITE"} & call.flags(2) and self._file(call, 4) is not None:
            raise NotImplementedError(f"a file is changed through memory: {call}")

    def refuse(self, call: Call) -> None:
        """What is not replayed must not be done to the disk."""
        if any(self._node(call.opened(place)) for place in range(len(call.arguments))) or call.name.startswith("sym"):
            raise NotImplementedError(f"{call.name} is not replayed: {call}")

    def make_folder(self, call: Call, *, path: str) -> None:
        """Make a folder."""
        if (place := self._place(path)) is not None:
            self._change(place[0], {place[1]: Folder()})

    def remove(self, call: Call, *, path: str) -> None:
        """Take a name away."""
        if (place := self._place(path)) is not None:
            self._change(place[0], {place[1]: None})

    def link(self, call: Call, *, old: str, new: str) -> None:
        """Give a second name."""
        if (place := self._place(new)) is not None:
            self._change(place[0], {place[1]: self._node(old)})

    def rename(self, call: Call, *, old: str, new: str, flags: frozenset[str] = frozenset()) -> None:
        """Move, or exchange; within one folder it is one change."""
        source, target = self._place(old), self._place(new)
        if source is None or target is None:
            if source or target:
                raise NotImplementedError(f"a move out of the recorded folder, or into it: {call}")
            return
        moved, replaced = self._node(old), self._node(new)
        leaves = {source[1]: replaced if "RENAME_EXCHANGE" in flags else None}
        arrives = {target[1]: moved}
        if source[0] is target[0]:
            self._change(source[0], {**leaves, **arrives})
        else:
            self._change(source[0], leaves)
            self._change(target[0], arrives)

    def sync(self, call: Call) -> None:
        """What the call found when it began is on the disk."""
        for node, count in self._syncs.pop(id(call)):
            node.sync(count)
            self.operations += 1

    def _synced(self, call: Call) -> Iterator[File | Folder]:
        if call.name in {"syncfs", "sync"}:
            yield from self.disk.below()
        elif (node := self._node(call.opened(0))) is not None:
            yield node

    def _write(self, file: File, offset: int, data: bytes) -> None:
        if data:
            file.do(Write(offset, data))
            self.operations += 1

    def _resize(self, file: File, size: int) -> None:
        if size != len(file.content):
            file.do(Resize(size))
            self.operations += 1

    def _change(self, folder: Folder, change: dict[str, File | Folder | None]) -> None:
        folder.do({name: node for name, node in change.items() if not name.endswith(_NOT_ON_DISK)})
        self.operations += 1


_SYNCS = frozenset({"fsync", "fdatasync", "syncfs", "sync"})
_DOES: dict[str, Callable[[Replay, Call], None]] = {
    "open": lambda disk, call: disk.open(call, path=call.path(0), flags=call.flags(1)),
    "openat": lambda disk, call: disk.open(call, path=call.path(1, beside=0), flags=call.flags(2)),
    "creat": lambda disk, call: disk.open(call, path=call.path(0), flags=frozenset({"O_CREAT", "O_TRUNC"})),
    "write": Replay.write,
    "writev": Replay.write,
    "pwrite64": Replay.write_at,
    "pwritev": Replay.refuse,
    "pwritev2": Replay.refuse,
    "lseek": Replay.seek,
    "dup": Replay.duplicate,
    "dup2": Replay.duplicate,
    "dup3": Replay.duplicate,
    "fcntl": Replay.duplicate,
    "ftruncate": Replay.resize,
    "truncate": Replay.refuse,
    "fallocate": Replay.allocate,
    "mmap": Replay.map,
    "copy_file_range": Replay.refuse,
    "sendfile": Replay.refuse,
    "splice": Replay.refuse,
    "symlink": Replay.refuse,
    "symlinkat": Replay.refuse,
    "mkdir": lambda disk, call: disk.make_folder(call, path=call.path(0)),
    "mkdirat": lambda disk, call: disk.make_folder(call, path=call.path(1, beside=0)),
    "rmdir": lambda disk, call: disk.remove(call, path=call.path(0)),
    "unlink": lambda disk, call: disk.remove(call, path=call.path(0)),
    "unlinkat": lambda disk, call: disk.remove(call, path=call.path(1, beside=0)),
    "link": lambda disk, call: disk.link(call, old=call.path(0), new=call.path(1)),
    "linkat": lambda disk, call: disk.link(call, old=call.path(1, beside=0), new=call.path(3, beside=2)),
    "rename": lambda disk, call: disk.rename(call, old=call.path(0), new=call.path(1)),
    "renameat": lambda disk, call: disk.rename(call, old=call.path(1, beside=0), new=call.path(3, beside=2)),
    "renameat2": lambda disk, call: disk.rename(
        call, old=call.path(1, beside=0), new=call.path(3, beside=2), flags=call.flags(4)
    ),
    "fsync": Replay.sync,
    "fdatasync": Replay.sync,
    "syncfs": Replay.sync,
    "sync": Replay.sync,
}
