"""The lists of mutants are up to date: each takes out something that stands in the code, once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from .mutants import KERNEL

HERE = Path(__file__).parent
#: How a mutant is written down.
NAMES = {"Mutant", "Prey"}


def mutants() -> Iterator[object]:
    """Name, file and text of each mutant that the tests beside this one write down."""
    for file in sorted(HERE.rglob("test_*.py")):
        if any(f"{name}(" in file.read_text(encoding="utf-8") for name in NAMES):
            yield from mutants_in(file)


def mutants_in(file: Path) -> Iterator[object]:
    """The mutants of one file."""
    module = import_module(".".join(file.relative_to(HERE.parents[1]).with_suffix("").parts))
    for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in NAMES):
            continue
        written = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        # The text itself may well speak of `self`.
        names = {node.id for keyword in call.keywords for node in ast.walk(keyword.value) if isinstance(node, ast.Name)}
        if "self" not in names:
            name, path, old = (eval(written[key], vars(module)) for key in ("name", "file", "old"))  # noqa: S307 - our own files
            source = eval(written["source"], vars(module)) if "source" in written else KERNEL  # noqa: S307 - as above
            yield pytest.param(source / path, old, id=f"{file.parent.name}: {name}")


@pytest.mark.parametrize(("file", "old"), list(mutants()))
def test_what_a_mutant_takes_out_stands_there_once(file, old):
    assert file.read_text(encoding="utf-8").count(old) == 1
