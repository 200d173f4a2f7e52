"""Python steps that never return: the run ends without them, and they put nothing in place afterwards."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence

import pytest

from .flows import BEYOND, GRACE, Project
from .harness import Harness, at_once, make_harness
from .shapes import wait_until
from .stubborn import KINDS, PLUGIN, late_files, start_embedded, tried, write_stubborn_flow

pytestmark = pytest.mark.slow

FENCED = {"publish": "AF-FENCED", "publish_folder": "AF-FENCED", "check_fence": "AF-FENCED"}
TIMEOUT = 1.0


@pytest.fixture(scope="module")
def harness(tmp_path_factory) -> Harness:
    return make_harness(tmp_path_factory.mktemp("stubborn"), tmp_path_factory.getbasetemp() / "compiled")


@pytest.fixture(scope="module")
def ended(harness):
    """All of them at once, since each waits for its grace."""
    found: dict[str, object] = {}
    tries = [lambda kind=kind: found.update({f"embedded {kind}": embedded(harness, kind)}) for kind in KINDS]
    tries += [
        lambda: found.update(signal=stopped(harness, by_signal)),
        lambda: found.update(time=stopped(harness, by_time)),
        lambda: found.update(connector=stopped(harness, by_signal_with_hanging_connector)),
    ]
    at_once(len(tries), tries)
    return found


def embedded(harness: Harness, kind: str) -> Project:
    project = harness.new_project()
    write_stubborn_flow(project, (kind,))
    running = start_embedded(project, kind)
    try:
        assert wait_until((project.folder / f"ready.{kind}").exists, 60)
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
        running.communicate()
    assert out == "INTERRUPTED\n", err
    return project


def by_signal(project: Project) -> Sequence[str]:
    write_stubborn_flow(project, KINDS)
    return KINDS


def by_time(project: Project) -> Sequence[str]:
    write_stubborn_flow(project, KINDS, timeout_seconds=TIMEOUT)
    return KINDS


def by_signal_with_hanging_connector(project: Project) -> Sequence[str]:
    project.write("steps/stubborn.py", PLUGIN)
    step = {"id": "s", "type": "use_hanging", "inputs": {"resource": "store"}}
    project.write_flow([{"id": "uses", "steps": [step]}])
    flow = (project.folder / "flow.yaml").read_text()
    resources = '{"resources": {"store": {"kind": "db", "driver": "hanging", "config": {}}}, '
    project.write("flow.yaml", flow.replace("{", resources, 1))
    return ("uses",)


def stopped(harness: Harness, write) -> tuple[float, int, Project]:
    """Seconds from the signal (or from when they all began), exit code, and the project."""
    project = harness.new_project()
    jobs = write(project)
    running = project.start(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: all((project.folder / f"ready.{job}").exists() for job in jobs), 60)
        began = time.monotonic()
        if write is not by_time:
            running.send_signal(signal.SIGTERM)
        running.wait(60)
        return time.monotonic() - began, running.returncode, project
    finally:
        running.kill()
        running.wait()


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_that_was_left_behind_puts_nothing_in_place_and_is_not_heard(ended, kind):
    project = ended[f"embedded {kind}"]
    assert tried(project) == FENCED
    assert late_files(project) == []
    assert (project.status(), project.steps()) == ("INTERRUPTED", {f"{kind}.s": "INTERRUPTED"})


def test_a_run_whose_steps_never_stop_ends_within_its_grace(ended):
    seconds, code, project = ended["signal"]
    print(f"stubborn steps: {len(KINDS)} kinds, ended {seconds:.1f} s after the signal")
    assert (code, project.status()) == (143, "INTERRUPTED")
    assert set(project.steps().values()) == {"INTERRUPTED"}
    assert seconds <= GRACE + BEYOND


def test_a_step_that_outstays_its_time_is_left_behind_after_the_grace(ended):
    seconds, code, project = ended["time"]
    assert (code, set(project.steps().values())) == (1, {"TIMED_OUT"})
    assert seconds <= TIMEOUT + GRACE + BEYOND


def test_a_connector_that_hangs_in_whatever_ends_it_does_not_hold_up_the_end(ended):
    seconds, code, project = ended["connector"]
    assert (code, project.status()) == (143, "INTERRUPTED")
    assert seconds <= GRACE + BEYOND


SAYING = [{"id": "a", "steps": [{"id": name, "type": "say"} for name in "stuv"]}]


@pytest.mark.parametrize(
    "line",
    ["{run} 2>&1 | head -n 1", "{run} --json | head -n 1", "{run} --json 2>&1 | head -c 1", "{run} 2>&-", "{run} >&-"],
)
def test_a_reader_that_goes_away_takes_nothing_with_it(harness, line):
    project = harness.new_project()
    project.write("steps/stubborn.py", PLUGIN)
    project.write_flow(SAYING)
    run = " ".join(project.command())
    done = project.start("bash", "-c", f"{line.format(run=run)}; exit ${{PIPESTATUS[0]}}")
    _, err = done.communicate(timeout=60)
    assert (done.returncode, project.status()) == (0, "SUCCESS")
    assert (project.folder / "said").read_text().split() == ["a.s", "a.t", "a.u", "a.v"]
    assert "Traceback" not in err


def test_a_run_that_failed_has_failed_although_nobody_reads_it(harness):
    project = harness.new_project()
    project.write("steps/stubborn.py", PLUGIN)
    project.write_flow([{"id": "a", "steps": [{"id": "s", "type": "say", "inputs": {"fails": True}}]}])
    run = " ".join(project.command("--json"))
    done = project.start("bash", "-c", f"{run} | true; exit ${{PIPESTATUS[0]}}")
    _, err = done.communicate(timeout=60)
    assert (done.returncode, project.status()) == (1, "FAILED")
    assert "Traceback" not in err
    assert "Exception ignored" not in err
