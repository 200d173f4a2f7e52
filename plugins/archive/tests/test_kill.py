"""R14: killed at any system call, a step leaves whole files only, and the next attempt clears up and goes on."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from aetherflow.kernel.api import AetherFlowError
from plugins.archive.tests.conftest import Context, Workplace
from plugins.archive.tests.hostile import build, good, one

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _strace():
    """What kills at a system call; where everything must be tested, it must be there."""
    if shutil.which("strace") is None:
        leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
        leave("there is no strace, which kills at a system call")


#: Everything that changes the disk, or comes before something that does.
CALLS = "openat,write,fsync,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,flock,ftruncate"
ENTRIES = [*good("a.txt", "b/c.txt", "b/d/e.txt"), one("big", b"x" * 600_000, method=8)]
GOLDEN = {"a.txt": b"content of a.txt", "b/c.txt": b"content of b/c.txt", "b/d/e.txt": b"content of b/d/e.txt"}
GOLDEN["big"] = b"x" * 600_000


class Packing:
    """`zip`, over an archive that is there."""

    moves = 1
    folders = ("artifacts",)

    def prepare(self, workplace):
        workplace.write(**{f"in__{name.replace('/', '__')}": content for name, content in GOLDEN.items()})
        workplace.write(**{"out.zip": b"old"})

    def work(self, workplace):
        workplace.zip(src_dir="in", items=["*"])

    def may_be_there(self, name, golden):
        return {golden[name], b"old"} if name == "out.zip" else {golden[name]}


class Unpacking:
    """`unzip`, into a folder that is not there."""

    overwrite = True
    moves = 1
    #: Those that get new entries.
    folders: tuple[str, ...] = ("artifacts",)

    def prepare(self, workplace):
        workplace.write(**{"out.zip": build(*ENTRIES)})

    def work(self, workplace):
        workplace.unzip(dest_dir="new/unpacked", overwrite=self.overwrite)

    def may_be_there(self, name, golden):
        return {golden[name]}


class Replacing(Unpacking):
    """`unzip`, over files that are there."""

    moves = 4
    folders = ("unpacked", "b", "d")

    def prepare(self, workplace):
        super().prepare(workplace)
        workplace.write(**{"new__unpacked__b__c.txt": b"old", "new__unpacked__mine.txt": b"mine"})

    def may_be_there(self, name, golden):
        return {golden[name], b"old"} if name.endswith("b/c.txt") else {golden[name]}


class Adding(Unpacking):
    """`unzip`, beside files that are there and must stay."""

    overwrite = False
    moves = 4
    folders = ("unpacked", "b", "d")

    def prepare(self, workplace):
        super().prepare(workplace)
        workplace.write(**{"new__unpacked__b__mine.txt": b"mine"})


SCENARIOS = [Packing(), Unpacking(), Replacing(), Adding()]


def new_workplace(root: Path, kind: type[Context] = Context) -> Workplace:
    folders = [root.resolve() / name for name in ("artifacts", "project", "manifests")]
    for folder in folders:
        folder.mkdir(parents=True)
    return Workplace(kind(*folders))


def start(scenario, workplace) -> int:
    """A child that waits to be traced, and then works."""
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        with contextlib.suppress(BaseException):
            scenario.work(workplace)
            os._exit(0)
        os._exit(1)
    os.waitpid(child, os.WUNTRACED)
    return child


def traced(scenario, workplace, *options: str) -> int:
    """Let a child work under strace; answers its wait status."""
    child = start(scenario, workplace)
    words = ["strace", "-p", str(child), "-e", f"trace={CALLS}", *options]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as tracer:
        while "attached" not in (line := tracer.stderr.readline()):
            assert line, "strace can't attach"
        os.kill(child, signal.SIGCONT)
        _, status = os.waitpid(child, 0)
        tracer.stderr.read()
    return status


def calls_of(scenario, root: Path) -> Counter[str]:
    """How often a child that is left alone makes each call."""
    workplace = new_workplace(root)
    scenario.prepare(workplace)
    record = root / "calls"
    assert traced(scenario, workplace, "-o", str(record)) == 0
    return Counter(re.findall(r"^(\w+)\(", record.read_text(), re.MULTILINE))


def golden_of(scenario, root: Path) -> dict[str, bytes | None]:
    workplace = new_workplace(root)
    scenario.prepare(workplace)
    scenario.work(workplace)
    return workplace.tree()


def violations(scenario, workplace, golden) -> list[str]:
    """Files that are neither what they were nor what they are to be; what is not in place yet does not count."""
    return [
        name
        for name, content in workplace.tree().items()
        if ".aetherflow." not in name
        and content is not None
        and content
        not in (
            {content} if name.startswith("in/") else scenario.may_be_there(name, golden) if name in golden else set()
        )
    ]


def points(calls: Counter[str]) -> list[tuple[str, int]]:
    """Every call that changes something; of those that mostly look, every third."""
    return [
        (call, number) for call, times in calls.items() for number in range(1, times + 1, 3 if call == "openat" else 1)
    ]


def kill_everywhere(scenario, tmp_path: Path, kind: type[Context] = Context) -> tuple[int, list[str]]:
    """Kill at every call once; answers how often, and what was wrong afterwards."""
    calls = calls_of(scenario, tmp_path / "counted")
    if kind is not Context:
        # For a mutant, one kind of call is enough.
        calls = Counter({"write": calls["write"]})
    golden = golden_of(scenario, tmp_path / "golden")
    wrong, kills = [], 0
    for call, number in points(calls):
        root = tmp_path / "killed"
        workplace = new_workplace(root, kind)
        scenario.prepare(workplace)
        status = traced(scenario, workplace, "-e", f"inject={call}:signal=KILL:when={number}")
        kills += os.WIFSIGNALED(status)
        wrong += [f"{call} {number}: {name} is broken" for name in violations(scenario, workplace, golden)]
        context = workplace.context
        workplace.context = kind(context.artifacts, context.project, context.manifests)
        # A mutant may stumble over what it left itself.
        with contextlib.suppress(AetherFlowError):
            scenario.work(workplace)
        if workplace.tree() != golden:
            wrong.append(f"{call} {number}: {set(workplace.tree()) ^ set(golden)} after the next attempt")
        shutil.rmtree(root)
    return kills, wrong


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: type(scenario).__name__)
def test_a_step_that_is_killed_leaves_whole_files_and_is_done_by_the_next_attempt(scenario, tmp_path):
    kills, wrong = kill_everywhere(scenario, tmp_path)
    assert wrong == []
    assert kills >= 20


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: type(scenario).__name__)
def test_content_is_on_the_disk_before_it_is_in_its_place_and_its_place_after(scenario, tmp_path):
    """R2: a power cut after the step's end finds whole files."""
    workplace = new_workplace(tmp_path)
    scenario.prepare(workplace)
    record = tmp_path / "calls"
    assert traced(scenario, workplace, "-y", "-o", str(record)) == 0
    synced: set[str] = set()
    moves = 0
    for line in record.read_text().splitlines():
        if line.startswith("fsync("):
            synced.add(Path(re.search(r"<(.*)>", line)[1]).name)
        elif line.startswith(("rename", "link")) and ".placed.json" not in line and ".staged.json" not in line:
            names = [Path(name).name for name in re.findall(r'"([^"]*)"', line)]
            assert names[0] in synced or {"a.txt", "big", "c.txt", "e.txt"} <= synced, line
            synced -= {Path(names[1]).name, *scenario.folders}
            moves += 1
    assert moves == scenario.moves
    assert set(scenario.folders) <= synced


class WithoutStaging(Context):
    """A mutant: writes under the final names at once."""

    @contextlib.contextmanager
    def publish(self, path, *, replace=True):
        with path.open("r+b" if path.exists() else "wb"):
            pass
        yield path

    @contextlib.contextmanager
    def staged_folder(self, final, *, given=None):
        final.mkdir(exist_ok=True)
        yield final

    def publish_folder(self, staged, final, **_):
        pass


class WithoutClearingUp(Context):
    """A mutant: every attempt stages under a name of its own."""

    def __init__(self, *folders, **_):
        super().__init__(*folders[:3], idempotency_key=os.urandom(4).hex())


@pytest.mark.parametrize("scenario", SCENARIOS[:2], ids=lambda scenario: type(scenario).__name__)
@pytest.mark.parametrize("mutant", [WithoutStaging, WithoutClearingUp])
def test_a_mutant_is_found(scenario, mutant, tmp_path):
    """The harness is no evidence where it can't fail."""

    _, wrong = kill_everywhere(scenario, tmp_path, mutant)
    assert wrong
