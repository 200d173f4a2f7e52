"""The pages of the documentation, and the fenced blocks in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^(?P<indent> *)(?P<marks>`{3,}|~{3,})(?P<info>[^`]*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: what its first line says after the marks, and its text."""

    page: str
    line: int
    info: str
    text: str

    @property
    def language(self) -> str:
        """The first word: what the block is written in."""
        return self.info.split(maxsplit=1)[0] if self.info else ""

    @property
    def file(self) -> str | None:
        """The file that a reader makes of it."""
        return next((word.removeprefix("file=") for word in self.words if word.startswith("file=")), None)

    @property
    def words(self) -> list[str]:
        """What the first line says beside the language."""
        return self.info.split()[1:]

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every page that a reader may open: at the root, in docs, and one for each distribution."""
    folders = ("", "docs/**/", "demo/**/", "kernel/", "scheduler/", "plugins/*/")
    found = {path for folder in folders for path in ROOT.glob(f"{folder}*.md")}
    return sorted(path for path in found if ".aetherflow" not in path.parts)


def name_of(page: Path) -> str:
    """The page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order.

    Raises:
        ValueError: a fence is not closed.
    """
    blocks: list[Block] = []
    lines = iter(enumerate(page.read_text(encoding="utf-8").splitlines(), start=1))
    for number, line in lines:
        opening = _FENCE.match(line)
        if opening is None:
            continue
        indent, end = len(opening["indent"]), opening["marks"]
        held: list[str] = []
        for _, inner in lines:
            if inner.strip() == end:
                break
            held.append(inner[indent:] if not inner[:indent].strip() else inner)
        else:
            message = f"{name_of(page)}:{number}: the fence is not closed"
            raise ValueError(message)
        blocks.append(Block(name_of(page), number, opening["info"].strip(), "\n".join(held) + "\n"))
    return blocks


def prose_of(page: Path) -> str:
    """The page without its fenced blocks."""
    lines: list[str] = []
    end = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        fence = _FENCE.match(line)
        if end:
            end = "" if line.strip() == end else end
        elif fence:
            end = fence["marks"]
        else:
            lines.append(line)
    return "\n".join(lines)


def section_of(page: Path, heading: str) -> str:
    """The prose below a heading, up to the next one of the same depth.

    Raises:
        ValueError: the page has no such heading.
    """
    prose = prose_of(page)
    depth = heading.split(maxsplit=1)[0]
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{len(depth)}}} |\Z)", prose, re.MULTILINE | re.DOTALL)
    if found is None:
        message = f"{name_of(page)} has no heading {heading!r}"
        raise ValueError(message)
    return found[1]
