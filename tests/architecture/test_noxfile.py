"""``python3 noxfile.py`` says in one line what it lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT

pytestmark = pytest.mark.acceptance


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what the start needs, in which no environment was made yet."""
    for name in ("noxfile.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_python_without_the_means_to_make_environments_gets_one_line(checkout: Path, module: str) -> None:
    hidden = checkout / "hidden"
    hidden.mkdir()
    for name in (module, "nox"):
        (hidden / f"{name}.py").write_text(f"raise ImportError('No module named {name}', name='{name}')\n")

    result = subprocess.run(
        [sys.executable, "noxfile.py", "-l"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(hidden)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert f"no module {module}" in result.stderr
    assert "python3-venv" in result.stderr


def test_file_is_readable_for_pythons_that_are_too_old() -> None:
    source = (ROOT / "noxfile.py").read_text(encoding="utf-8")

    assert "from __future__ import annotations\n" not in source
    compile(source, "noxfile.py", "exec", flags=0, dont_inherit=True)
