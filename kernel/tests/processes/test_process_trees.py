"""No process outlives its step: seven shapes of trees, three output modes, and the runner's own death."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from aetherflow.kernel.contracts.processes import Command, ProcessResult
from aetherflow.kernel.errors import StepError
from aetherflow.kernel.processes import spawn, supervise

TIMEOUT, GRACE = 0.3, 0.4

IGNORES_TERM = "trap '' TERM; while :; do sleep 5; done"
SHAPES = {
    "plain": "echo ready; sleep 300",
    "background": "sleep 300 & echo ready; sleep 300",
    "setsid": "setsid sleep 300 & echo ready; sleep 300",
    "double-fork": "( ( setsid sleep 300 & ) & ) ; echo ready; sleep 300",
    "ignores TERM": f"echo ready; {IGNORES_TERM}",
    "holds pipe": f'setsid sh -c "{IGNORES_TERM}" & echo ready; sleep 300',
    "exits leaving child": "setsid sleep 300 & sleep 300 & sleep 0.1; echo ready; exit 0",
}
#: Those that go on until they are ended.
LASTING = [shape for shape in SHAPES if shape != "exits leaving child"]
MODES = ("inherit", "capture", "file")


@dataclass(frozen=True)
class Run:
    result: ProcessResult
    seconds: float
    survivors: list[int]


def run_shape(shape: str, mode: str, *, tree, folder: Path) -> Run:
    output = folder / f"{tree.tag}.log" if mode == "file" else mode
    command = Command(
        arguments=("sh", "-c", SHAPES[shape]),
        environment=tree.environment,
        cwd=folder,
        stdout=output,
        stderr=output,
        timeout_seconds=TIMEOUT,
        grace_seconds=GRACE,
    )
    began = time.monotonic()
    result = supervise(command, on_line=lambda *_: None)
    return Run(result=result, seconds=time.monotonic() - began, survivors=tree.pids())


def run_shapes(cases: list[tuple[str, str]], *, new_tree, folder: Path) -> dict[tuple[str, str], Run]:
    """Some at a time and from threads, as the runner does it."""
    trees = [new_tree() for _ in cases]
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = pool.map(lambda case, tree: run_shape(*case, tree=tree, folder=folder), cases, trees)
        return dict(zip(cases, found, strict=True))


@pytest.fixture(scope="module")
def runs(tmp_path_factory, new_tree):
    cases = [(shape, mode) for shape in SHAPES for mode in MODES]
    return run_shapes(cases, new_tree=new_tree, folder=tmp_path_factory.mktemp("shapes"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", SHAPES)
def test_whatever_shape_its_tree_has_a_process_leaves_nothing_behind(runs, shape, mode):
    """R18, D28: the ancestor ended the direct child only, and waited for whoever held the pipe."""
    run = runs[shape, mode]
    assert run.survivors == []
    assert run.result.survivors == ()
    assert run.seconds <= TIMEOUT + GRACE + 1


@pytest.mark.parametrize("shape", LASTING)
def test_a_process_that_lasts_too_long_is_reported_as_timed_out(runs, shape):
    result = runs[shape, "capture"].result
    assert (result.timed_out, result.cancelled, result.exit_code) == (True, False, None)
    assert result.stdout.startswith(b"ready\n")


def test_a_process_that_ends_in_time_keeps_its_exit_code_although_children_are_ended(runs):
    result = runs["exits leaving child", "capture"].result
    assert (result.timed_out, result.exit_code, result.stdout) == (False, 0, b"ready\n")


def test_no_zombies_are_left(runs):
    assert children_of(os.getpid()) == set()


# The detector works: taken out, each protection is missed ------------------------------------------------------------

MUTANTS = {
    "only the process group is ended": (
        [
            ("set_process_option(PR_SET_CHILD_SUBREAPER, 1)", "False"),
            ("parents = [os.getpid()]", "parents = []"),
            ("KILL_SECONDS = 5.0", "KILL_SECONDS = 0.2"),
        ],
        {"setsid", "double-fork", "holds pipe", "exits leaving child"},
    ),
    "nothing is killed": (
        [
            ("tree.send(signal.SIGKILL)", "pass"),
            ("KILL_SECONDS = 5.0", "KILL_SECONDS = 0.2"),
            ("set_process_option(PR_SET_PDEATHSIG, signal.SIGKILL)", "pass"),
        ],
        {"ignores TERM", "holds pipe"},
    ),
}


@pytest.mark.parametrize(("changes", "missed"), MUTANTS.values(), ids=MUTANTS)
def test_a_supervisor_without_its_protection_is_found_out(tmp_path, monkeypatch, new_tree, changes, missed):
    source = spawn.SUPERVISOR.read_text()
    for protection, weaker in changes:
        assert protection in source
        source = source.replace(protection, weaker)
    mutant = tmp_path / "supervisor.py"
    mutant.write_text(source)
    monkeypatch.setattr(spawn, "SUPERVISOR", mutant)
    found = run_shapes([(shape, "file") for shape in SHAPES], new_tree=new_tree, folder=tmp_path)
    assert {shape for (shape, _), run in found.items() if run.survivors} == missed


# The runner dies -----------------------------------------------------------------------------------------------------

RUNNER = r"""
import json, os, sys, threading
from pathlib import Path
from aetherflow.kernel.contracts.processes import Command
from aetherflow.kernel.processes import supervise

{before}
for script, environment in json.loads(sys.argv[1]):
    command = Command(arguments=("sh", "-c", script), environment=environment, cwd=Path("/"))
    tell = lambda stream, line: line == "ready" and os.write(1, b"ready\n")
    threading.Thread(target=supervise, args=[command], kwargs={{"on_line": tell}}).start()
"""
#: A fork of the runner keeps its end of the control pipe open: the pipe alone would not tell.
FORKS_WHEN_TOLD = """
import time
threading.Thread(target=lambda: sys.stdin.readline() and (os.fork() or time.sleep(60))).start()
"""


@contextlib.contextmanager
def start_runner(trees, *, before: str = ""):
    jobs = json.dumps(
        [(SHAPES.get(shape, "echo ready; exec sleep 300"), tree.environment) for shape, tree in trees.items()]
    )
    arguments = [sys.executable, "-W", "ignore", "-c", RUNNER.format(before=before), jobs]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as runner:
        try:
            for _ in trees:
                assert runner.stdout.readline() == b"ready\n"
            yield runner
        finally:
            runner.kill()


def test_killing_the_runner_ends_every_tree_within_two_seconds(new_tree):
    """R19, D25: the ancestor's children ran on as orphans."""
    trees = {shape: new_tree() for shape in LASTING}
    with start_runner(trees) as runner:
        assert all(tree.pids() for tree in trees.values())
        runner.kill()
        killed = time.monotonic()
        assert all(tree.is_gone_within(2 - (time.monotonic() - killed)) for tree in trees.values())


def test_the_runners_death_is_seen_although_a_fork_of_it_holds_its_pipes(tree, eventually):
    with start_runner({"setsid": tree}, before=FORKS_WHEN_TOLD) as runner:
        before = children_of(runner.pid)
        runner.stdin.write(b"fork\n")
        runner.stdin.flush()
        forks: set[int] = set()
        assert eventually(lambda: forks.update(children_of(runner.pid) - before) or bool(forks), 10)
        runner.kill()
        is_gone = tree.is_gone_within(2)
        for fork in forks:
            os.kill(fork, signal.SIGKILL)
    assert is_gone


def test_a_command_does_not_stay_alone_when_its_supervisor_and_its_runner_are_gone(tree, eventually):
    with start_runner({"becomes another": tree}) as runner:
        assert eventually(lambda: len(tree.pids()) == 1, 5)
        # A stopped runner can do as little as a dead one; and it sees nothing that would be mended by its death.
        os.kill(runner.pid, signal.SIGSTOP)
        os.kill(supervisor_of(tree), signal.SIGKILL)
        is_gone = tree.is_gone_within(2)
        runner.kill()
    assert is_gone


def children_of(pid: int) -> set[int]:
    found: set[int] = set()
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        # A thread may end between the list and the look.
        with contextlib.suppress(OSError):
            found |= {int(child) for child in tasks.read_text().split()}
    return found


# Stopping ------------------------------------------------------------------------------------------------------------


def test_a_cancelled_process_is_asked_first_and_ends_with_its_tree(tree, command):
    cancelled = threading.Event()
    script = (
        "trap 'echo tidied up; exit 0' TERM; setsid sleep 300 & sleep 0.1; echo ready; while :; do sleep 0.02; done"
    )
    result = supervise(
        command("sh", "-c", script, environment=tree.environment),
        cancelled=cancelled,
        on_line=lambda *_: cancelled.set(),
    )
    assert (result.cancelled, result.timed_out, result.exit_code) == (True, False, None)
    assert result.stdout == b"ready\ntidied up\n"
    assert tree.pids() == []


def test_a_process_that_was_cancelled_before_it_began_is_not_started(tmp_path, command):
    cancelled = threading.Event()
    cancelled.set()
    result = supervise(command("touch", str(tmp_path / "started")), cancelled=cancelled)
    assert result.cancelled
    assert list(tmp_path.iterdir()) == []


def test_when_handling_a_line_fails_the_tree_is_ended_and_the_failure_told(tree, command):
    def fail(stream: str, line: str) -> None:
        message = "the log is full"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="the log is full"):
        supervise(command("sh", "-c", SHAPES["setsid"], environment=tree.environment), on_line=fail)
    assert tree.pids() == []


def supervisor_of(tree) -> int:
    parents = {int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in tree.pids()}
    return next(pid for pid in parents if str(spawn.SUPERVISOR) in Path(f"/proc/{pid}/cmdline").read_text())


def test_signals_to_all_processes_of_a_terminal_or_service_leave_the_supervisor_at_work(tree, command, eventually):
    with ThreadPoolExecutor() as pool:
        running = pool.submit(supervise, command("sleep", "0.5", environment=tree.environment))
        assert eventually(lambda: len(tree.pids()) == 1, 5)
        supervisor = supervisor_of(tree)
        assert os.getsid(supervisor) == supervisor != os.getsid(0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(supervisor, number)
        assert running.result().exit_code == 0


def test_when_the_supervisor_is_killed_the_command_ends_and_its_outcome_is_unknown(tree, command, eventually):
    with ThreadPoolExecutor() as pool:
        script = "sleep 300 & sleep 300"
        running = pool.submit(supervise, command("sh", "-c", script, environment=tree.environment))
        assert eventually(lambda: len(tree.pids()) == 3, 5)
        os.kill(supervisor_of(tree), signal.SIGKILL)
        with pytest.raises(StepError) as caught:
            running.result()
    assert type(caught.value) is StepError
    assert caught.value.problem.code == "AF-PROCESS-SUPERVISOR"
    assert tree.is_gone_within(1)


def test_the_signal_that_ended_a_process_is_told(command):
    result = supervise(command("sh", "-c", "kill -9 $$"))
    assert (result.exit_code, result.signal) == (None, 9)
