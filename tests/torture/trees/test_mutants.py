"""The harness is evidence because it finds each protection that is taken out."""

from __future__ import annotations

import signal

import pytest

from tests.torture.mutants import Mutant, environment_of

from .flows import BEYOND, GRACE
from .harness import Harness, at_once, make_harness
from .shapes import SHAPES, Tree, wait_until
from .stubborn import late_files, start_embedded, tried, write_stubborn_flow
from .test_stubborn_steps import FENCED
from .test_trees import AT_ONCE_SECONDS

pytestmark = pytest.mark.slow

_RUN = "aetherflow/kernel/run"
_SUPERVISOR = "aetherflow/kernel/processes/supervisor.py"


def trees_survive(harness: Harness, how: str) -> bool:
    harness.end_by(how, [Tree(shape, "inherit") for shape in SHAPES])
    return harness.findings.survivors > 0


def something_is_put_in_place(harness: Harness) -> bool:
    project = harness.new_project()
    write_stubborn_flow(project, ("sleeps",))
    running = start_embedded(project, "sleeps")
    try:
        assert wait_until((project.folder / "ready.sleeps").exists, 60)
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)
    finally:
        running.kill()
        running.communicate()
    return tried(project) != FENCED or late_files(project) != []


def it_goes_on(harness: Harness, *, signals: int, most: float) -> bool:
    """Whether a stubborn step is still there so long after the last signal."""
    project = harness.new_project()
    write_stubborn_flow(project, ("sleeps",))
    running = project.start()
    try:
        assert wait_until((project.folder / "ready.sleeps").exists, 60)
        for number in range(signals):
            running.send_signal(signal.SIGTERM)
            # Two that wait at one time are one.
            assert not wait_until(lambda: running.poll() is not None, 0.0 if number else 0.5)
        return not wait_until(lambda: running.poll() is not None, most)
    finally:
        running.kill()
        running.communicate()


MUTANTS = {
    Mutant(
        name="only the process group is ended",
        file=_SUPERVISOR,
        old="        held = [Held(pid, parent) for",
        new="        held = [] and [Held(pid, parent) for",
    ): lambda harness: trees_survive(harness, "TERM"),
    Mutant(
        name="the end of the runner is not noticed",
        file=_SUPERVISOR,
        old="        self.gone_since = self.gone_since or time.monotonic()",
        new="        pass",
    ): lambda harness: trees_survive(harness, "KILL"),
    Mutant(
        name="whoever was left behind may publish",
        file=f"{_RUN}/context.py",
        old="        self.check_fence()\n        with self.fence.held():\n            yield",
        new="        yield",
    ): something_is_put_in_place,
    Mutant(
        name="nobody is left behind for good",
        file=f"{_RUN}/context.py",
        old="            self._is_revoked = True",
        new="            pass",
    ): something_is_put_in_place,
    Mutant(
        name="a second signal is ignored",
        file=f"{_RUN}/stopping.py",
        old="            self.deadline = min(self.deadline, now)\n",
        new="            pass\n",
    ): lambda harness: it_goes_on(harness, signals=2, most=AT_ONCE_SECONDS),
    Mutant(
        name="the grace is never over",
        file=f"{_RUN}/stopping.py",
        old="        return self.deadline is not None and time.monotonic() >= self.deadline\n",
        new="        return False\n",
    ): lambda harness: it_goes_on(harness, signals=1, most=GRACE + BEYOND),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, bool]:
    """All of them at once: they mostly wait."""
    results: dict[str, bool] = {}
    # Not by several threads at once: each would begin with a folder of its own for all tests.
    folders = {mutant.name: tmp_path_factory.mktemp("mutant") for mutant in MUTANTS}

    def try_one(mutant: Mutant, is_found) -> None:
        folder = folders[mutant.name]
        more = environment_of(mutant, folder / "source", {})
        harness = make_harness(folder, folder / "compiled", **more)
        results[mutant.name] = is_found(harness)

    at_once(
        len(MUTANTS),
        [lambda mutant=mutant, is_found=is_found: try_one(mutant, is_found) for mutant, is_found in MUTANTS.items()],
    )
    print(f"trees: mutants found {sum(results.values())}/{len(MUTANTS)}")
    return results


@pytest.mark.parametrize("name", [mutant.name for mutant in MUTANTS])
def test_the_harness_finds_the_mutant(found, name):
    assert found[name]


def test_without_a_mutant_nothing_is_found(tmp_path_factory):
    """What is asked of the mutants is not true of the program."""
    harness = make_harness(tmp_path_factory.mktemp("none"), tmp_path_factory.getbasetemp() / "compiled")
    assert not it_goes_on(harness, signals=2, most=AT_ONCE_SECONDS)
