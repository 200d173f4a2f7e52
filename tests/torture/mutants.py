"""Copies of the code with one protection taken out: what a harness must find, or it is no evidence."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Where the code of each distribution stands that may be mutated.
KERNEL = ROOT / "kernel" / "src"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One protection less: in `file`, relative to its source folder, `old` becomes `new`."""

    name: str
    file: str
    old: str
    new: str
    source: Path = KERNEL


def environment_of(mutant: Mutant, folder: Path, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment in which the mutated copy is what Python imports; `folder` is empty and becomes the copy's.

    Raises:
        LookupError: the text to replace does not stand there exactly once: the list of mutants is out of date.
    """
    shutil.copytree(mutant.source, folder, dirs_exist_ok=True)
    file = folder / mutant.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        message = f"mutant {mutant.name}: {mutant.file} holds its text {text.count(mutant.old)} times, not once"
        raise LookupError(message)
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    given = dict(os.environ if environment is None else environment)
    return {**given, "PYTHONPATH": os.pathsep.join(filter(None, [str(folder), given.get("PYTHONPATH", "")]))}
