"""What the repository says is true on every machine, and the README starts with what to type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, repository_files

pytestmark = pytest.mark.unit

# Put together here, so that this file does not contain what it looks for.
MACHINE_FOLDERS = ("work", "root")
REGISTRY_HOSTS = (("pypi", "org"), ("pythonhosted", "org"), ("pypi", "python", "org"))

# A folder at the root of the file system; not one in the middle of a path or an address.
MACHINE_PATH = re.compile(rf"(?<![\w.~}}{{$>/-])/(?:{'|'.join(MACHINE_FOLDERS)})/")
REGISTRY_HOST = re.compile("|".join(r"\.".join(host) for host in REGISTRY_HOSTS), re.IGNORECASE)

NEAR_THE_TOP = 40
COMMAND = re.compile(r"^\s*(?:\$ )?python3 noxfile\.py\b.*$", re.MULTILINE)


def read_texts() -> dict[Path, str]:
    texts = {}
    for path in repository_files():
        try:
            texts[path.relative_to(ROOT)] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture, a workbook
    return texts


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST], ids=["path of a machine", "package registry"])
def test_no_file_mentions(pattern: re.Pattern[str]) -> None:
    mentions = [
        f"{path}:{number}: {line.strip()}"
        for path, text in read_texts().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]

    assert not mentions, "\n" + "\n".join(mentions)


def test_planted_mentions_are_found() -> None:
    machine_path = f"/{MACHINE_FOLDERS[0]}/main"
    registry = ".".join(REGISTRY_HOSTS[0])

    assert MACHINE_PATH.search(f'open("{machine_path}")')
    assert MACHINE_PATH.search(machine_path)
    assert not MACHINE_PATH.search(f"artifacts{machine_path}")
    assert REGISTRY_HOST.search(f"https://{registry}/simple")


def test_readme_names_the_two_commands_near_its_top() -> None:
    top = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:NEAR_THE_TOP])
    commands = COMMAND.findall(top)

    assert any("-s demo" in command for command in commands), commands
    assert any("-s demo" not in command for command in commands), commands
