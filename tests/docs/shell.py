"""One shell for each page, as a reader would have one: its folder, its variables, its last exit code."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

END = "\x1e"
#: What a flow leaves in its project.
MADE_BY_RUNS = (".aetherflow", "out")


@dataclass(frozen=True, slots=True)
class Stand:
    """Commands that another one stands in for; `{}` groups are those of the pattern."""

    pattern: str
    instead: str
    reason: str


STAND_INS = (
    Stand(r"python3 -m venv .*", "true", "the environment of the tests is the reader's"),
    Stand(r"(\. |source ).*/bin/activate", "true", "as above"),
    Stand(
        r"(python3 -m )?pip install (?!.*\bdist/(?!aetherflow)).*",
        "true",
        "the kernel and the plugins of this repository are installed in it already",
    ),
    Stand(
        r"(?:python3 -m )?pip wheel --no-deps --wheel-dir dist (\S+)",
        r"python3 -m uv build --quiet --wheel --out-dir dist \1",
        "the same build backend, without asking the index for it",
    ),
    Stand(
        r"(?:python3 -m )?pip install (dist/\S+)",
        r'python3 -m uv pip install --quiet --no-deps --target "$SITE" \1',
        "into a folder of the page's own, so that the environment stays as it is",
    ),
    Stand(
        r"(?:python3 -m )?pip uninstall --yes (\S+)",
        r'rm -r "$SITE"; mkdir "$SITE"',
        "out of the folder of the page's own",
    ),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said, on both streams, and its exit code."""

    output: str
    code: int


class Shell:
    """A shell in an empty folder, with the tools of this environment on its path."""

    def __init__(self, folder: Path, *, files: Path | None = None) -> None:
        """Start the shell in a folder of its own, with a copy of `files` in it where they are given."""
        self.folder = folder / "page"
        site, home = folder / "site", folder / "home"
        for each in (self.folder, site, home):
            each.mkdir()
        if files is not None:
            shutil.copytree(files, self.folder, ignore=shutil.ignore_patterns(*MADE_BY_RUNS), dirs_exist_ok=True)
        tools = Path(sys.executable).parent
        self.environment = {
            "PATH": os.pathsep.join([str(_named_python(folder)), str(tools), os.environ["PATH"]]),
            "HOME": str(home),
            "SITE": str(site),
            "PYTHONPATH": str(site),
            # A reader has pytest alone: the plugins of this environment only cost time.
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "100",
        }
        self._last_code = 0
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=self.environment,
            text=True,
            encoding="utf-8",
        )

    def enter(self, folder: Path) -> None:
        """Go into a folder of the page's, and stay there."""
        self.folder /= folder
        self.run(f"cd {shlex.quote(str(self.folder))}")

    def run(self, command: str) -> Answer:
        """Run one command, and wait for its end."""
        if self._process.stdin is None or self._process.stdout is None:
            message = "the shell has no pipes"
            raise RuntimeError(message)
        # The exit code is handed on, so that a page can show it with `echo $?`.
        script = f"(exit {self._last_code})\n{{ {stand_in(command)}\n}} </dev/null\nprintf '\\n%s%d\\n' '{END}' $?\n"
        self._process.stdin.write(script)
        self._process.stdin.flush()
        lines: list[str] = []
        for line in self._process.stdout:
            if line.startswith(END):
                self._last_code = int(line.removeprefix(END))
                break
            lines.append(line)
        return Answer("".join(lines).rstrip("\n"), self._last_code)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        # What a page starts in the background and does not end goes with it.
        self._process.communicate("kill $(jobs -p) 2>/dev/null; exit\n")


def stand_in(command: str) -> str:
    """The command, or what stands in for it here."""
    for stand in STAND_INS:
        if re.fullmatch(stand.pattern, command):
            return re.sub(stand.pattern, stand.instead, command)
    return command


def _named_python(folder: Path) -> Path:
    """A folder in which this environment's interpreter is called `python3`, whatever its own name is."""
    tools = folder / "tools"
    tools.mkdir()
    starter = tools / "python3"
    starter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    starter.chmod(0o755)
    return tools
