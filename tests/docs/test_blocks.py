"""Every fenced block of the documentation does what its page says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from aetherflow.kernel.check.preparation import prepare_flow
from aetherflow.kernel.errors import ExitCode
from aetherflow.kernel.policy.choice import decide_profile
from aetherflow.kernel.policy.project import find_project
from aetherflow.kernel.run.flow import run_flow
from tests.docs.pages import ROOT, Block, blocks_of, name_of, pages
from tests.docs.shell import Shell

PAGES = {name_of(page): page for page in pages()}
BLOCKS = {name: blocks_of(page) for name, page in PAGES.items()}

#: What the first line of a fence may say, by language. `file=NAME` may be added to any.
LANGUAGES: dict[str, set[str]] = {
    # `wrong`: a flow with a mistake, which `test_error_sections` looks at.
    "yaml": {"run", "project", "part", "wrong"},
    "console": set(),
    "bash": set(),
    "python": {"run"},
    "toml": set(),
    "ini": set(),
    "json": set(),
    "csv": set(),
    "text": set(),
}

#: Commands that are shown and not run here, by their start: the page, and why.
NOT_RUN = {
    "python3 noxfile.py": "it starts the session that runs this test, or one that takes minutes and is run by itself",
    ".venv/bin/": "it makes a developer's environment in the working tree",
    "python3 -m venv .venv": "as above",
    "uv lock": "it renews the pins of the repository",
    "uv export": "as above",
}
#: Pages on which that may happen: those about the repository itself.
ABOUT_THE_REPOSITORY = {
    "README.md",
    "CONTRIBUTING.md",
    "demo/report/README.md",
    "demo/schedule/README.md",
    "demo/weather/README.md",
    "docs/performance.md",
    "docs/reliability.md",
}

#: Strict, but of libraries that have no types of their own.
MYPY = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--explicit-package-bases"]
MYPY += ["--disable-error-code=import-untyped"]

#: A flow is made of these; everything else in YAML needs a word that says what it is.
FLOW_KEYS = {"flow", "jobs"}


@pytest.mark.unit
@pytest.mark.parametrize("name", BLOCKS)
def test_every_fence_says_what_is_in_it(name: str) -> None:
    wrong = [
        f"{block.place}: ```{block.info}"
        for block in BLOCKS[name]
        if block.language not in LANGUAGES
        or {word for word in block.words if not word.startswith("file=")} - LANGUAGES[block.language]
    ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.unit
def test_what_a_page_does_not_show_rightly_is_found(tmp_path: Path) -> None:
    block = Block("page.md", 1, "console", "$ echo one two\none …\n$ false\n$ echo $?\n1\n")
    wrong_output = Block("page.md", 1, "console", "$ echo one\ntwo\n")
    wrong_end = Block("page.md", 1, "console", "$ false\n")

    with Shell(tmp_path) as shell:
        _run_commands(shell, block)
        with pytest.raises(AssertionError, match="the page shows"):
            _run_commands(shell, wrong_output)
        with pytest.raises(AssertionError, match="exit code 1"):
            _run_commands(shell, wrong_end)


@pytest.mark.unit
def test_yaml_is_a_flow_or_says_what_it_is() -> None:
    wrong = [
        block.place
        for block in _all("yaml")
        if not block.words and not (yaml.compose(block.text) and set(_top_keys(block.text)) >= FLOW_KEYS)
    ]

    assert not wrong, wrong


@pytest.mark.unit
def test_data_blocks_can_be_read() -> None:
    for block in _all("toml"):
        tomllib.loads(block.text)
    for block in _all("json"):
        json.loads(block.text)
    for block in (block for block in _all("yaml") if "wrong" not in block.words):
        assert yaml.compose(block.text) is not None, block.place


@pytest.mark.unit
def test_a_flow_that_is_a_file_is_used_on_its_page() -> None:
    unused = [
        block.place
        for name, blocks in BLOCKS.items()
        for block in blocks
        if block.language == "yaml" and block.file and not _is_used(block, BLOCKS[name])
    ]

    assert not unused, unused


@pytest.mark.acceptance
@pytest.mark.parametrize("name", [name for name, blocks in BLOCKS.items() if blocks])
def test_the_blocks_of_a_page_work_in_their_order(name: str, tmp_path: Path) -> None:
    # A demo's page is about the files beside it, which use those of other demos.
    is_demo = name.startswith("demo/")
    with Shell(tmp_path, files=ROOT / "demo" if is_demo else None) as shell:
        if is_demo:
            shell.enter(PAGES[name].parent.relative_to(ROOT / "demo"))
        for block in BLOCKS[name]:
            if block.file:
                _write(shell.folder, block)
            elif block.language in {"console", "bash"}:
                _run_commands(shell, block)
            elif block.language == "yaml" and not {"part", "wrong"} & {*block.words}:
                _use_yaml(shell, block, tmp_path)
            elif block.language == "python" and "run" in block.words:
                _run_python(shell, block)


@pytest.mark.acceptance
def test_python_blocks_pass_the_strict_type_check(tmp_path: Path) -> None:
    roots = []
    for block in _all("python"):
        folder = tmp_path / re.sub(r"\W", "_", block.page)
        roots.append(folder)
        _write(folder, block, name=block.file or f"block_{block.line}.py")
    sources = [source for folder in dict.fromkeys(roots) for source in (folder, *folder.glob("*/src"))]

    checked = subprocess.run(
        [*MYPY, str(tmp_path)],
        cwd=tmp_path,
        env={**_outer_path(), "MYPYPATH": ":".join(map(str, sources))},
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def _outer_path() -> dict[str, str]:
    import os

    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "")}


def _all(language: str) -> Iterator[Block]:
    return (block for blocks in BLOCKS.values() for block in blocks if block.language == language)


def _top_keys(text: str) -> list[str]:
    node = yaml.compose(text)
    return [str(key.value) for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []


def _is_used(block: Block, blocks: list[Block]) -> bool:
    name = Path(block.file or "").name
    if name == "aetherflow.yaml":
        return True
    return any(name in each.text for each in blocks if each.line > block.line)


def _write(folder: Path, block: Block, *, name: str | None = None) -> Path:
    path = folder / (name or block.file or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    return path


def _use_yaml(shell: Shell, block: Block, tmp_path: Path) -> None:
    if "project" in block.words:
        folder = tmp_path / f"project_{block.line}"
        folder.mkdir()
        (folder / "aetherflow.yaml").write_text(block.text, encoding="utf-8")
        decide_profile(find_project(folder), environ={}, administrator_file=tmp_path / "none.yaml")
        return
    file = shell.folder / f"block-{block.line}.yaml"
    file.write_text(block.text, encoding="utf-8")
    environ = {"PATH": shell.environment["PATH"]}
    prepared = prepare_flow(file, environ=environ)
    assert not prepared.errors, "\n".join(f"{block.place}: {error}" for error in prepared.errors)
    if "run" in block.words:
        result = run_flow(file, environ=environ)
        assert result.exit_code is ExitCode.DONE, f"{block.place}: {result}"


def _run_python(shell: Shell, block: Block) -> None:
    file = shell.folder / f"block_{block.line}.py"
    file.write_text(block.text, encoding="utf-8")
    answer = shell.run(f"python3 {file.name}")
    assert answer.code == 0, f"{block.place}: {answer.output}"


@dataclass(slots=True)
class _Command:
    """A command as a page shows it, and what it is shown to say."""

    text: str
    shown: list[str]


def _run_commands(shell: Shell, block: Block) -> None:
    commands = _commands_of(block)
    for number, command in enumerate(commands):
        if block.page in ABOUT_THE_REPOSITORY and command.text.startswith(tuple(NOT_RUN)):
            continue
        answer = shell.run(command.text)
        is_asked_about = number + 1 < len(commands) and commands[number + 1].text == "echo $?"
        told = f"{block.place}: {command.text}\nexit code {answer.code}\n{answer.output}"
        assert is_asked_about or answer.code == 0, told
        assert not command.shown or _is_as_shown(command.shown, answer.output), (
            f"{told}\n--- the page shows\n" + "\n".join(command.shown)
        )


def _commands_of(block: Block) -> list[_Command]:
    """With `$ ` in front of commands, the other lines are what they say; without, each line is a command."""
    lines = block.text.rstrip("\n").splitlines()
    if not any(line.startswith("$ ") for line in lines):
        return [_Command(text, []) for line in lines if (text := re.sub(r"\s+#.*", "", line).strip())]
    commands: list[_Command] = []
    for line in lines:
        if line.startswith("$ "):
            commands.append(_Command(line.removeprefix("$ "), []))
        elif line.startswith("> "):
            commands[-1].text += "\n" + line.removeprefix("> ")
        else:
            commands[-1].shown.append(line)
    return commands


def _is_as_shown(shown: list[str], output: str) -> bool:
    """`…` stands for anything in a line, alone in a line for any lines; blanks at ends of lines don't count."""
    parts = [
        r"(?:.*\n)*?" if line.strip() == "…" else r"[^\n]*?".join(map(re.escape, line.rstrip().split("…"))) + r"[ ]*\n"
        for line in shown
    ]
    return re.fullmatch("".join(parts), output.rstrip("\n") + "\n") is not None
