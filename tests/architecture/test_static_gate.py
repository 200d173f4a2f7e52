"""Untrusted data never becomes code: the gate over our sources, and the gate itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, members
from tests.architecture.static_gate import Finding, Waiver, inspect_source, inspect_tree

pytestmark = pytest.mark.unit

#: What may stay, and why. An entry that no longer matches anything has to go.
WAIVERS: tuple[Waiver, ...] = (
    Waiver(
        file="kernel/src/aetherflow/kernel/quick_dataclasses.py",
        line_pattern=r"exec\(source, given\)",
        reason="an `__init__` of the names of a record's own fields, as `dataclasses` makes one; nothing from outside",
    ),
)


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    return inspect_tree(ROOT, [member.source for member in members()])


def test_sources_hold_nothing_that_turns_data_into_code(findings: list[Finding]) -> None:
    refused = [finding for finding in findings if not any(waiver.covers(finding) for waiver in WAIVERS)]

    assert not refused, "\n" + "\n".join(map(str, refused))


def test_every_waiver_has_a_reason_and_is_still_needed(findings: list[Finding]) -> None:
    without_reason = [waiver for waiver in WAIVERS if not waiver.reason.strip()]
    unneeded = [waiver for waiver in WAIVERS if not any(waiver.covers(finding) for finding in findings)]

    assert not without_reason
    assert not unneeded


PLANTED = {
    "eval": "eval(text)",
    "eval of builtins": "import builtins\nbuiltins.eval(text)",
    "exec": "exec(text)",
    "compile": "compile(text, 'flow', 'eval')",
    "pickle": "import pickle",
    "part of pickle": "from pickle import loads",
    "marshal": "import marshal as quick",
    "shelve": "def later():\n    import shelve",
    "yaml without a loader": "import yaml\nyaml.load(text)",
    "yaml with a loader of its own": "import yaml\nyaml.load(text, Loader=yaml.SafeLoader)",
    "yaml with an imported loader": "from yaml import load, FullLoader\nload(text, FullLoader)",
    "yaml with a loader of any kind": "import yaml\nyaml.load(text, Loader=choose())",
    "yaml.safe_load": "import yaml as y\ny.safe_load(text)",
    "yaml.unsafe_load": "import yaml\nyaml.unsafe_load(text)",
    "shell": "import subprocess\nsubprocess.run(text, shell=True)",
    "os.system": "import os\nos.system(text)",
    "os.system renamed": "from os import system as start\nstart(text)",
    "os.popen": "import os\nos.popen(text)",
    "extractall": "archive.extractall(folder)",
    "unpack_archive": "import shutil\nshutil.unpack_archive(path)",
    "mktemp": "import tempfile\ntempfile.mktemp()",
    "md5": "import hashlib\nhashlib.md5(data)",
    "sha1": "from hashlib import sha1\nsha1(data)",
    "md5 by name": "import hashlib\nhashlib.new('MD5', data)",
    "format of a variable": "template.format(user=user)",
    "format of an attribute": "self.template.format_map(values)",
    "random": "import random",
    "part of random": "from random import choice",
    "assert": "assert user.is_admin",
    "host keys": "client.set_missing_host_key_policy(paramiko.AutoAddPolicy())",
    "imported host keys": "from paramiko import WarningPolicy",
    "unverified request": "client.get(url, verify=False)",
    "unverified context": "import ssl\nssl._create_unverified_context()",
    "no certificate": "import ssl\ncontext.verify_mode = ssl.CERT_NONE",
}

HARMLESS = {
    "a regular expression": "import re\nre.compile(pattern)",
    "a method named like a builtin": "frame.eval('a + b')",
    "our loader": "import yaml\nyaml.load(text, Loader=FlowLoader)",
    "our loader by place": "import yaml\nyaml.load(text, FlowLoader)",
    "a constant template": "'{} rows'.format(rows)",
    "format of a value": "format(value, ',')",
    "no shell": "import subprocess\nsubprocess.run(arguments, shell=False)",
    "a verified request": "client.get(url, verify=True)",
    "a good digest": "import hashlib\nhashlib.sha256(data)",
    "a digest not for security": "import hashlib\nhashlib.md5(data, usedforsecurity=False)",
    "secrets": "import secrets\nsecrets.token_hex()",
    "a module of ours with such a name": "from . import random",
    "a word in a text": "'never eval(), never pickle'",
}


@pytest.mark.parametrize("source", PLANTED.values(), ids=PLANTED.keys())
def test_planted_code_is_found(source: str) -> None:
    assert inspect_source(source, "planted.py")


@pytest.mark.parametrize("source", HARMLESS.values(), ids=HARMLESS.keys())
def test_harmless_code_is_let_through(source: str) -> None:
    assert inspect_source(source, "harmless.py") == []


def test_planted_file_is_found_with_its_place_and_line(tmp_path: Path) -> None:
    package = tmp_path / "src" / "deep"
    package.mkdir(parents=True)
    (package / "planted.py").write_text("import os\n\nos.system('true')\n")

    [finding] = inspect_tree(tmp_path, [tmp_path / "src"])

    assert (finding.file, finding.line, finding.rule) == ("src/deep/planted.py", 3, "os.system")


def test_waiver_covers_its_line_in_its_file_only() -> None:
    waiver = Waiver("jitter.py", r"^import random$", "spreads retries, makes no token")

    assert waiver.covers(*inspect_source("import random", "jitter.py"))
    assert not waiver.covers(*inspect_source("import random", "tokens.py"))
    assert not waiver.covers(*inspect_source("from random import choice", "jitter.py"))


def test_gate_reads_the_sources_of_every_distribution() -> None:
    assert all(any(member.source.rglob("*.py")) for member in members())
