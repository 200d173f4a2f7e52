"""Killed at any system call, a step leaves the file that was there or the whole new one, and the next attempt goes on."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections import Counter

import pytest

from plugins.excel.tests.workplace import Context, Workplace

pytestmark = pytest.mark.slow

#: Everything that changes the disk, or comes before something that does.
CALLS = "openat,write,fsync,mkdir,rename,renameat,renameat2,link,linkat,unlink,unlinkat,ftruncate"
OLD = b"old"


@pytest.fixture(autouse=True)
def _strace():
    """What kills at a system call; where everything must be tested, it must be there."""
    if shutil.which("strace") is None:
        leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
        leave("there is no strace, which kills at a system call")


class Writing:
    """`excel_write`, over a workbook that is there."""

    output = "book.xlsx"

    def prepare(self, workplace):
        workplace.write_csv("a,b\n" + "".join(f"{number},text {number}\n" for number in range(3000)))

    def work(self, workplace):
        workplace.write(source="rows.csv", table="Rows")


class Filling:
    """`excel_fill_from_file`, over a report that is there: rows inserted, a sheet added."""

    output = "report.xlsx"

    def prepare(self, workplace):
        Writing().prepare(workplace)
        workplace.write(output="template.xlsx", source="rows.csv", sheet="Report", table="Rows")

    def work(self, workplace):
        region = {"name": "region", "source_path": "rows.csv", "mode": "report_region", "sheet": "Report", "cell": "A2"}
        workplace.fill("template.xlsx", self.output, region, {"name": "all", "source_path": "rows.csv"})


class Reading:
    """`excel_read`, over a file that is there."""

    def __init__(self, output):
        self.output = output

    def prepare(self, workplace):
        Writing().prepare(workplace)
        Writing().work(workplace)

    def work(self, workplace):
        workplace.read(output=self.output)


SCENARIOS = [Writing(), Reading("out.csv"), Filling(), Reading("out.parquet")]


class WritingInPlace(Context):
    """A mutant: writes under the final name at once."""

    @contextlib.contextmanager
    def publish(self, path, *, replace=True):
        yield path


def new_workplace(root, scenario, kind=Context):
    root.mkdir()
    workplace = Workplace(root, kind)
    scenario.prepare(workplace)
    (root / scenario.output).write_bytes(OLD)
    return workplace


def traced(scenario, workplace, *options):
    """Let a child work under strace; answers its wait status."""
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        with contextlib.suppress(BaseException):
            scenario.work(workplace)
            os._exit(0)
        os._exit(1)
    os.waitpid(child, os.WUNTRACED)
    words = ["strace", "-p", str(child), "-e", f"trace={CALLS}", *options]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as tracer:
        while "attached" not in (line := tracer.stderr.readline()):
            assert line, "strace can't attach"
        os.kill(child, signal.SIGCONT)
        _, status = os.waitpid(child, 0)
        tracer.stderr.read()
    return status


def kill_everywhere(scenario, tmp_path, kind=Context):
    """Kill at every call once, at every third that mostly looks; answers how often, and what was wrong afterwards."""
    counted = new_workplace(tmp_path / "counted", scenario, kind)
    assert traced(scenario, counted, "-o", str(tmp_path / "calls")) == 0
    golden = (counted.folder / scenario.output).read_bytes()
    calls = Counter(re.findall(r"^(\w+)\(", (tmp_path / "calls").read_text(), re.MULTILINE))
    wrong, kills = [], 0
    for call, times in calls.items():
        for number in range(1, times + 1, 3 if call == "openat" else 1):
            workplace = new_workplace(tmp_path / "killed", scenario, kind)
            status = traced(scenario, workplace, "-e", f"inject={call}:signal=KILL:when={number}")
            kills += os.WIFSIGNALED(status)
            if (workplace.folder / scenario.output).read_bytes() not in (OLD, golden):
                wrong.append(f"{call} {number}: a half of it is there")
            scenario.work(workplace)
            left = {path.name for path in workplace.folder.rglob(".aetherflow*")}
            if (workplace.folder / scenario.output).read_bytes() != golden or left:
                wrong.append(f"{call} {number}: after the next attempt there is {left}")
            shutil.rmtree(workplace.folder)
    return kills, wrong


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{type(scenario).__name__} {scenario.output}")
def test_a_step_that_is_killed_leaves_a_whole_file_and_is_done_by_the_next_attempt(scenario, tmp_path):
    kills, wrong = kill_everywhere(scenario, tmp_path)

    assert wrong == []
    assert kills >= 5


@pytest.mark.parametrize("scenario", SCENARIOS[:3], ids=lambda scenario: type(scenario).__name__)
def test_a_mutant_is_found(scenario, tmp_path):
    """The harness is no evidence where it can't fail."""
    _, wrong = kill_everywhere(scenario, tmp_path, WritingInPlace)

    assert wrong
