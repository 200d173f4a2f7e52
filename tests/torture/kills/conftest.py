"""What the harness needs: the library that kills at a call, and an undisturbed run of each flow."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .campaign import Crew, undisturbed
from .rules import Golden
from .scene import HERE, plain_code


@pytest.fixture(scope="session")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that counts calls and kills at one; see calls.c."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
        leave("there is no C compiler, and the library that kills at a call is written in C")
    library = tmp_path_factory.mktemp("calls") / "calls.so"
    command = [str(compiler), "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), str(HERE / "calls.c")]
    subprocess.run([*command, "-ldl"], check=True)
    return library


@pytest.fixture(scope="session")
def crew(calls: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """Starters of the code of this checkout."""
    crew = Crew(plain_code(calls), tmp_path_factory.mktemp("crew"))
    yield crew
    crew.close()


@pytest.fixture(scope="session")
def golden_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Golden]:
    """The undisturbed run of a flow, run once."""
    found: dict[str, Golden] = {}

    def golden(flow: str) -> Golden:
        if flow not in found:
            folder = tmp_path_factory.mktemp("golden") / flow
            found[flow] = undisturbed(flow, plain_code(), folder, pause=0.02)
        return found[flow]

    return golden
