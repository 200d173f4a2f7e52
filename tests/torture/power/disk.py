"""A disk that knows what was synced: the images that a power cut may leave of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512

#: What a file or a folder holds, in an image.
Image = dict[str, "bytes | Image"]
#: Whether something that was not synced survived.
Survives = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes from an offset on; its sectors survive one by one."""

    offset: int
    data: bytes

    def do(self, content: bytearray, survives: Survives | None = None) -> None:
        """Do it to a content, or what survives of it."""
        for start, end in self._parts(whole=survives is None):
            if survives is None or survives():
                _grow(content, end)
                content[start:end] = self.data[start - self.offset : end - self.offset]

    def _parts(self, *, whole: bool) -> Iterator[tuple[int, int]]:
        start, end = self.offset, self.offset + len(self.data)
        while start < end:
            stop = end if whole else min(end, (start // SECTOR + 1) * SECTOR)
            yield start, stop
            start = stop


@dataclass(frozen=True, slots=True)
class Resize:
    """A new size: what is behind it is gone, what is new is zeros."""

    size: int

    def do(self, content: bytearray, survives: Survives | None = None) -> None:
        """Do it to a content, if it survives."""
        if survives is None or survives():
            del content[self.size :]
            _grow(content, self.size)


@dataclass(slots=True, eq=False)
class File:
    """A file: what it holds, what a cut leaves of it for certain, and what was done since."""

    content: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    pending: list[Write | Resize] = field(default_factory=list)

    def do(self, change: Write | Resize) -> None:
        """Change the content."""
        change.do(self.content)
        self.pending.append(change)

    def sync(self, count: int) -> None:
        """The first `count` of the pending changes are on the disk."""
        durable = bytearray(self.durable)
        for change in self.pending[:count]:
            change.do(durable)
        self.durable = bytes(durable)
        del self.pending[:count]

    def image(self, survives: Survives) -> bytes:
        """What a cut leaves of it."""
        content = bytearray(self.durable)
        for change in self.pending:
            change.do(content, survives)
        return bytes(content)


#: What names come to stand for in one call; None: nothing.
Renaming = dict[str, "File | Folder | None"]


@dataclass(slots=True, eq=False)
class Folder:
    """A folder: its names, those that a cut leaves for certain, and how they were changed since."""

    entries: dict[str, File | Folder] = field(default_factory=dict)
    durable: dict[str, File | Folder] = field(default_factory=dict)
    pending: list[Renaming] = field(default_factory=list)

    def do(self, change: Renaming) -> None:
        """Change names, all in one."""
        _rename(self.entries, change)
        self.pending.append(change)

    def sync(self, count: int) -> None:
        """The first `count` of the pending changes are on the disk."""
        for change in self.pending[:count]:
            _rename(self.durable, change)
        del self.pending[:count]

    def image(self, survives: Survives) -> Image:
        """What a cut leaves of it, and of all below it."""
        entries = dict(self.durable)
        for change in self.pending:
            if survives():
                _rename(entries, change)
        return {name: node.image(survives) for name, node in entries.items()}

    def below(self) -> Iterator[File | Folder]:
        """The folder itself, and all in it."""
        yield self
        for node in self.entries.values():
            if isinstance(node, Folder):
                yield from node.below()
            else:
                yield node


def everything() -> bool:
    """All that was written survives: the process was killed, the system was not."""
    return True


def nothing() -> bool:
    """Nothing survives that was not synced."""
    return False


def folder_of(image: Image) -> Folder:
    """A folder that holds what an image does, all of it synced."""
    entries: dict[str, File | Folder] = {
        name: folder_of(node) if isinstance(node, dict) else File(content=bytearray(node), durable=node)
        for name, node in image.items()
    }
    return Folder(entries=dict(entries), durable=entries)


def image_of(folder: Path) -> Image:
    """What a real folder holds now."""
    return {path.name: image_of(path) if path.is_dir() else path.read_bytes() for path in sorted(folder.iterdir())}


def without_memory(image: Image) -> Image:
    """An image without what SQLite maps into memory."""
    return {
        name: without_memory(node) if isinstance(node, dict) else node
        for name, node in image.items()
        if not name.endswith("-shm")
    }


def write_image(image: Image, folder: Path) -> None:
    """Make a real folder of an image."""
    folder.mkdir(mode=0o700)
    for name, node in image.items():
        if isinstance(node, dict):
            write_image(node, folder / name)
        else:
            (folder / name).write_bytes(node)
            # As the engine makes its own, which it looks at.
            (folder / name).chmod(0o600)


def find(image: Image, path: str) -> bytes | Image | None:
    """What stands at a path of an image, if anything."""
    node: bytes | Image | None = image
    for part in path.split("/"):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _rename(entries: dict[str, File | Folder], change: Renaming) -> None:
    for name, node in change.items():
        if node is None:
            entries.pop(name, None)
        else:
            entries[name] = node


def _grow(content: bytearray, size: int) -> None:
    if len(content) < size:
        content.extend(bytes(size - len(content)))
