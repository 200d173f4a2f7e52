"""Untrusted data never becomes code: what a reader of the sources can see of that rule, seen by a program.

The gate reads syntax trees and runs nothing. Names are followed through the imports of their file, so that
``from os import system as run`` is found as ``os.system``. What it cannot see (a function passed around under another
name) is left to review.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Modules that turn bytes into objects of any class, or that are not random enough for tokens.
FORBIDDEN_MODULES: Mapping[str, str] = {
    "pickle": "unpickling runs code",
    "cPickle": "unpickling runs code",
    "cloudpickle": "unpickling runs code",
    "dill": "unpickling runs code",
    "marshal": "unmarshalling is not safe for data from elsewhere",
    "shelve": "a shelf is made of pickles",
    "random": "a token made of it can be guessed: use secrets",
}

#: Functions that may not be called, by their full names.
FORBIDDEN_CALLS: Mapping[str, str] = {
    "eval": "runs text as code",
    "exec": "runs text as code",
    "compile": "makes code of text",
    "os.system": "starts a shell",
    "os.popen": "starts a shell",
    "subprocess.getoutput": "starts a shell",
    "subprocess.getstatusoutput": "starts a shell",
    "asyncio.create_subprocess_shell": "starts a shell",
    "tempfile.mktemp": "another process may take the name first: use mkstemp",
    "shutil.unpack_archive": "writes wherever the archive says",
    "ssl._create_unverified_context": "verifies no certificate",
    "yaml.unsafe_load": "builds objects of any class",
    "yaml.unsafe_load_all": "builds objects of any class",
    "yaml.full_load": "not our loader: no limits, no places",
    "yaml.full_load_all": "not our loader: no limits, no places",
    "yaml.safe_load": "not our loader: no limits, no places",
    "yaml.safe_load_all": "not our loader: no limits, no places",
}

#: Names that may not be mentioned at all, whatever module they come from.
FORBIDDEN_NAMES: Mapping[str, str] = {
    "AutoAddPolicy": "accepts any host key",
    "WarningPolicy": "accepts any host key",
    "CERT_NONE": "verifies no certificate",
}

#: Keyword arguments that may not have this value.
FORBIDDEN_KEYWORDS: Mapping[tuple[str, bool], str] = {
    ("shell", True): "starts a shell",
    ("verify", False): "verifies no certificate",
    ("check_hostname", False): "verifies no certificate",
}

BROKEN_DIGESTS = frozenset({"md5", "sha1"})


@dataclass(frozen=True)
class Finding:
    """A place in a source file that the gate does not let through."""

    file: str
    line: int
    source: str
    rule: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.reason}\n    {self.source}"


@dataclass(frozen=True)
class Waiver:
    """A finding that somebody looked at and allowed, with the reason."""

    file: str
    line_pattern: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        return self.file == finding.file and re.search(self.line_pattern, finding.source) is not None


#: What one rule says about one node: the name of what was found, and why it is refused.
Complaint = tuple[str, str]
Rule = Callable[[ast.AST, Mapping[str, str]], Iterator[Complaint]]


def full_name(node: ast.AST, aliases: Mapping[str, str]) -> str:
    """Name what an expression refers to, through the file's imports; empty if it is no plain dotted name."""
    if isinstance(node, ast.Name):
        return aliases.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = full_name(node.value, aliases)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def read_aliases(tree: ast.AST) -> dict[str, str]:
    """Collect what the imports of a file call things: local name to full name."""
    aliases: dict[str, str] = {"__builtins__": "builtins"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases.update({name.asname: name.name for name in node.names if name.asname})
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            aliases.update({name.asname or name.name: f"{node.module}.{name.name}" for name in node.names})
    return aliases


def forbidden_imports(node: ast.AST, _aliases: Mapping[str, str]) -> Iterator[Complaint]:
    modules: list[str] = []
    if isinstance(node, ast.Import):
        modules = [name.name for name in node.names]
    elif isinstance(node, ast.ImportFrom) and not node.level:
        modules = [node.module or ""]
    for module in modules:
        top = module.partition(".")[0]
        if top in FORBIDDEN_MODULES:
            yield f"import {top}", FORBIDDEN_MODULES[top]


def forbidden_calls(node: ast.AST, aliases: Mapping[str, str]) -> Iterator[Complaint]:
    if isinstance(node, ast.Call):
        name = full_name(node.func, aliases).removeprefix("builtins.")
        if name in FORBIDDEN_CALLS:
            yield name, FORBIDDEN_CALLS[name]


def forbidden_names(node: ast.AST, _aliases: Mapping[str, str]) -> Iterator[Complaint]:
    mentioned = ""
    if isinstance(node, ast.Name):
        mentioned = node.id
    elif isinstance(node, ast.Attribute):
        mentioned = node.attr
    elif isinstance(node, ast.alias):
        mentioned = node.name
    if mentioned in FORBIDDEN_NAMES:
        yield mentioned, FORBIDDEN_NAMES[mentioned]


def forbidden_keywords(node: ast.AST, _aliases: Mapping[str, str]) -> Iterator[Complaint]:
    if isinstance(node, ast.keyword) and node.arg and isinstance(node.value, ast.Constant):
        value = node.value.value
        if isinstance(value, bool) and (node.arg, value) in FORBIDDEN_KEYWORDS:
            yield f"{node.arg}={value}", FORBIDDEN_KEYWORDS[node.arg, value]


def foreign_yaml_loaders(node: ast.AST, aliases: Mapping[str, str]) -> Iterator[Complaint]:
    if not isinstance(node, ast.Call) or full_name(node.func, aliases) not in {"yaml.load", "yaml.load_all"}:
        return
    loaders = [keyword.value for keyword in node.keywords if keyword.arg == "Loader"] + node.args[1:2]
    names = [full_name(loader, aliases) for loader in loaders]
    if not names or not names[0] or names[0].startswith("yaml."):
        yield "yaml.load", "not our loader: no limits, no places"


def unpacking_of_whole_archives(node: ast.AST, _aliases: Mapping[str, str]) -> Iterator[Complaint]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "extractall":
        yield "extractall", "writes wherever the archive says, and as much as it says"


def broken_digests(node: ast.AST, aliases: Mapping[str, str]) -> Iterator[Complaint]:
    if not isinstance(node, ast.Call):
        return
    name = full_name(node.func, aliases)
    algorithm = name.removeprefix("hashlib.") if name.startswith("hashlib.") else ""
    if algorithm == "new" and node.args and isinstance(node.args[0], ast.Constant):
        algorithm = str(node.args[0].value).lower()
    if algorithm in BROKEN_DIGESTS and not says_not_for_security(node):
        yield f"hashlib.{algorithm}", "collisions can be made: use sha256, or say usedforsecurity=False"


def says_not_for_security(call: ast.Call) -> bool:
    return any(
        keyword.arg == "usedforsecurity" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in call.keywords
    )


def formatting_of_variables(node: ast.AST, _aliases: Mapping[str, str]) -> Iterator[Complaint]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    if node.func.attr in {"format", "format_map"} and not isinstance(node.func.value, ast.Constant):
        yield "str.format", "a template from elsewhere reads attributes of our objects"


def assertions(node: ast.AST, _aliases: Mapping[str, str]) -> Iterator[Complaint]:
    if isinstance(node, ast.Assert):
        yield "assert", "gone under python -O: raise an error"


RULES: Sequence[Rule] = (
    forbidden_imports,
    forbidden_calls,
    forbidden_names,
    forbidden_keywords,
    foreign_yaml_loaders,
    unpacking_of_whole_archives,
    broken_digests,
    formatting_of_variables,
    assertions,
)


def inspect_source(source: str, file: str) -> list[Finding]:
    """Read one file's text and list what the gate does not let through."""
    tree = ast.parse(source, filename=file)
    aliases = read_aliases(tree)
    lines = source.splitlines()
    findings = []
    for node in ast.walk(tree):
        for rule in RULES:
            for what, reason in rule(node, aliases):
                line: int = getattr(node, "lineno", 1)
                findings.append(Finding(file, line, lines[line - 1].strip(), what, reason))
    return sorted(findings, key=lambda finding: finding.line)


def inspect_tree(root: Path, folders: Iterable[Path]) -> list[Finding]:
    """Read every Python file below the folders; files are named relative to the root."""
    files = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return [
        finding
        for path in files
        for finding in inspect_source(path.read_text(encoding="utf-8"), path.relative_to(root).as_posix())
    ]
