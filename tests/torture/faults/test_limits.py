"""A project whose file system fills up, a program with small files only, and one with few descriptors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.lengths import SEED, scaled

from .harness import Harness, make_harness
from .injection import require_strace
from .inspection import Findings
from .limits import leave_free, limited, small_disk

pytestmark = pytest.mark.slow

#: The run needs some 50 pages.
MOST_PAGES = 80
#: Above what start needs; the run itself needs some 15.
MOST_DESCRIPTORS = 24
SIZES = [0, 100, 1_000, 4_096, 5_000, 16_384, 33_000, 60_000, 120_000, 1_000_000]


@pytest.fixture(scope="module")
def harness(tmp_path_factory) -> Harness:
    require_strace()
    return make_harness(tmp_path_factory.mktemp("limits"), tmp_path_factory.getbasetemp() / "compiled")


def some(things: list[int], *, least: int) -> list[int]:
    """Spread over all of them; each time others, where the seed is another."""
    number = min(len(things), scaled(len(things), least=least))
    step = len(things) / number
    return [things[int(place * step + SEED % step)] for place in range(number)]


def test_a_project_whose_disk_fills_up(harness, tmp_path):
    findings = Findings()

    def try_one(pages: int) -> None:
        with small_disk(harness, tmp_path / f"disk{pages}") as project:
            ballast = leave_free(project, pages)
            answer = project.start()
            harness.judge(f"{pages} pages free", project, answer, findings, remove=ballast.unlink)

    chosen = some(list(range(MOST_PAGES)), least=8)
    harness.each(chosen, try_one)
    print(findings.summary("full disk"))
    assert findings.told == []
    assert findings.injections == len(chosen)
    assert findings.clear >= len(chosen) * 0.3
    assert findings.harmless > 0


def test_a_program_that_may_write_small_files_only(harness):
    findings = Findings()

    def try_one(size: int) -> None:
        project = harness.new_project()
        answer = project.start(before=limited(f"fsize={size}"))
        harness.judge(f"files of {size} bytes", project, answer, findings)

    chosen = some(SIZES, least=4)
    harness.each(chosen, try_one)
    print(findings.summary("small files"))
    assert findings.told == []
    assert findings.clear >= len(chosen) * 0.3


def test_a_program_that_may_open_a_few_files_only(harness):
    findings = Findings()

    def try_one(number: int) -> None:
        project = harness.new_project()
        answer = project.start(before=limited(f"nofile={number}"))
        harness.judge(f"{number} descriptors", project, answer, findings)

    chosen = some(list(range(least_descriptors(harness), MOST_DESCRIPTORS)), least=6)
    harness.each(chosen, try_one)
    print(findings.summary("descriptors"))
    assert findings.told == []
    assert findings.clear >= len(chosen) * 0.3


def least_descriptors(harness: Harness) -> int:
    """With how many the program itself can be loaded."""
    for number in range(4, 20):
        command = [*limited(f"nofile={number}"), sys.executable, "-c", "import aetherflow.kernel.cli.program"]
        if not subprocess.run(
            command, env=dict(harness.template.environment), capture_output=True, check=False
        ).returncode:
            return number
    raise AssertionError(Path("/proc/self/limits").read_text())
