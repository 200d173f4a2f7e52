"""The flows that the documentation shows, each as a reader has it who does what the page says up to there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.corpus.site import install_source
from tests.docs.pages import Block, blocks_of

_USE = re.compile(r"\$ (?P<before>(?:[A-Z_]+=\S+ )*)aetherflow (?:run|validate) (?P<file>\S+\.yaml)")
_IS_TOLD_OFF = re.compile(r"\S+\.yaml:[0-9]+:[0-9]+: (?:error|warning) AF-")
_NEEDED = re.compile(r"\{\{\s*env\.([A-Za-z0-9_]+)\s*\}\}")
#: What an environment key holds that a page leaves to its reader.
_SAMPLE = "sample text"


@dataclass(frozen=True, slots=True)
class Example:
    """A flow of a page, where it stands, and the environment that the page has set by then."""

    place: str
    file: Path
    environ: Mapping[str, str]


@dataclass(slots=True)
class _Reader:
    """Somebody who follows a page in a folder."""

    folder: Path
    site: Path
    environ: Mapping[str, str]
    exports: list[str] = field(default_factory=list)
    waiting: dict[str, Block] = field(default_factory=dict)

    def follow(self, blocks: list[Block]) -> Iterator[Example]:
        for block in blocks:
            if block.language == "console":
                yield from self._commands(block)
                continue
            if block.file:
                self._write(block, block.file)
            if _is_flow(block):
                if block.file:
                    self.waiting[block.file] = block
                else:
                    yield self._example(block, self._write(block, f"block-{block.line}.yaml"))
        for name, block in self.waiting.items():
            yield self._example(block, self.folder / name)

    def _commands(self, block: Block) -> Iterator[Example]:
        lines = block.text.splitlines()
        for number, line in enumerate(lines):
            if line.startswith("$ export "):
                self.exports.append(line.removeprefix("$ "))
            if line == "$ aetherflow plugins manifest . --write":
                self._install()
            used = _USE.match(line)
            name = self._waiting_as(used["file"]) if used else None
            if used is None or name is None:
                continue
            shown_first = lines[number + 1] if number + 1 < len(lines) else ""
            flow = self.waiting.pop(name)
            if " validate " not in line or not _IS_TOLD_OFF.match(shown_first):
                yield self._example(flow, self.folder / name, before=used["before"])

    def _waiting_as(self, shown: str) -> str | None:
        """The page's name of a file that a command names from whatever folder it is in."""
        return next((name for name in self.waiting if name == shown or name.endswith(f"/{shown}")), None)

    def _example(self, block: Block, file: Path, *, before: str = "") -> Example:
        needed = dict.fromkeys(_NEEDED.findall(block.text), _SAMPLE)
        script = "\n".join([*self.exports, f"{before}env -0"])
        told = subprocess.run(
            ["bash", "-c", script], env=dict(self.environ), capture_output=True, text=True, check=True, timeout=60
        )
        environ = dict(entry.split("=", 1) for entry in told.stdout.split("\0") if entry)
        return Example(block.place, file, {**needed, **environ})

    def _write(self, block: Block, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        return path

    def _install(self) -> None:
        """Make the manifests of the plugins that the page has so far, and install them."""
        for described in sorted(self.folder.glob("*/pyproject.toml")):
            subprocess.run(
                [Path(sys.executable).parent / "aetherflow", "plugins", "manifest", ".", "--write"],
                cwd=described.parent,
                env=dict(self.environ),
                capture_output=True,
                check=True,
                timeout=60,
            )
            install_source(self.site, described.parent)


def examples_of(page: Path, folder: Path, *, site: Path, environ: Mapping[str, str]) -> Iterator[Example]:
    """The flows of a page, but for those that it shows for what is wrong with them.

    Each stands in the folder when it is handed out; what the page makes later is not there yet.

    Args:
        page: the page.
        folder: where its files go; empty.
        site: where plugins go that it makes; on the path of `environ`.
        environ: what the reader's environment holds before.
    """
    yield from _Reader(folder, site, environ).follow(blocks_of(page))


def _is_flow(block: Block) -> bool:
    if block.language != "yaml" or "wrong" in block.words:
        return False
    node = yaml.compose(block.text)
    keys = {key.value for key, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
    return {"flow", "jobs"} <= keys
