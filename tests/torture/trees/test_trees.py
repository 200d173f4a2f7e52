"""R18, R19: trees of seven shapes, ended by times, signals and the runner's death."""

from __future__ import annotations

import signal
import time

import pytest

from tests.torture.lengths import SEED, scaled

from .flows import BEYOND, GRACE, job_of, ready_file
from .harness import FOLLOWS, SIGNALS, TIMEOUTS, Harness, all_trees, at_once, make_harness, random_moment
from .shapes import Tree, processes_of, wait_until

pytestmark = pytest.mark.slow

REPETITIONS = scaled(20)
#: A second signal does not wait.
AT_ONCE_SECONDS = 1.0


@pytest.fixture(scope="module")
def harness(tmp_path_factory) -> Harness:
    return make_harness(tmp_path_factory.mktemp("trees"), tmp_path_factory.getbasetemp() / "compiled")


def test_no_process_outlives_its_step_or_its_run(harness):
    tries = [(how, repetition) for repetition in range(REPETITIONS) for how in (*SIGNALS, *TIMEOUTS)]
    at_once(
        2,
        [
            lambda how=how, repetition=repetition: harness.end_by(
                how, all_trees(), after=random_moment(SEED, repetition)
            )
            for how, repetition in tries
        ],
    )
    found = harness.findings
    print(found.summary(REPETITIONS))
    assert found.wrong == []
    assert found.stood == found.trees == len(tries) * len(all_trees())


def test_what_does_not_obey_in_the_runners_grace_goes_with_the_runner(harness):
    """Each tree may take longer than the runner does: the default of `kill_grace_seconds` is 15."""
    trees = [Tree(shape, "inherit") for shape in ("ignores TERM", "holds pipe")]
    found_before = len(harness.findings.wrong)
    harness.end_by("TERM", trees, kill_grace=15)
    assert harness.findings.wrong[found_before:] == []


def test_a_second_signal_does_not_wait(harness):
    project, tree = harness.new_project(), Tree("ignores TERM", "capture")
    project.write_flow([job_of(tree, project, timeout=None, kill_grace=15)])
    running = project.start()
    try:
        assert wait_until(ready_file(project, tree).exists, 60)
        running.send_signal(signal.SIGTERM)
        # The first one waits.
        assert not wait_until(lambda: running.poll() is not None, 0.5)
        began = time.monotonic()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=GRACE + BEYOND)
        seconds = time.monotonic() - began
    finally:
        running.kill()
        running.communicate()
    print(f"second signal: ended {seconds:.2f} s after it")
    assert (running.returncode, project.status()) == (143, "INTERRUPTED")
    assert seconds <= AT_ONCE_SECONDS
    assert wait_until(lambda: not processes_of([tree.tag])[tree.tag], FOLLOWS)


def test_a_signal_at_any_moment_of_a_start_leaves_a_run_that_can_go_on(harness):
    """Before the run is there, a signal ends the program as it ends any other."""
    codes: dict[int, int] = {}

    def try_one(repetition: int) -> None:
        project, tree = harness.new_project(), Tree("plain", "inherit")
        job = job_of(tree, project, timeout=None, kill_grace=1)
        job["steps"][0]["inputs"]["command"] = "echo done"
        project.write_flow([job])
        running = project.start()
        number = list(SIGNALS.values())[repetition % 3]
        time.sleep(random_moment(SEED, repetition + 1) * 0.8)
        running.send_signal(number)
        running.communicate(timeout=60)
        codes[running.returncode] = codes.get(running.returncode, 0) + 1
        assert running.returncode in {0, 130, 143, -number}
        assert project.status() in {"", "INTERRUPTED", "SUCCESS"} or running.returncode == -number
        again = project.start()
        again.communicate(timeout=60)
        assert (again.returncode, project.status()) == (0, "SUCCESS")

    at_once(2, [lambda repetition=repetition: try_one(repetition) for repetition in range(scaled(300, least=6))])
    print(f"signals at any moment: {sum(codes.values())}, exit codes {codes}")
    assert sum(codes.values()) == scaled(300, least=6)
