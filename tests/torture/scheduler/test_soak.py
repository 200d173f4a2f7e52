"""R24: thousands of runs leave a daemon, its ledger and its folders as they were."""

from __future__ import annotations

import sys

import pytest

from ..lengths import scaled
from .soaking import MEBIBYTE, MOST_REMEMBERED, Soak, soaked

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
]

STUB_RUNS, REAL_RUNS = scaled(9500, least=190), scaled(500, least=10)


@pytest.fixture(scope="module")
def soak(tmp_path_factory) -> Soak:
    found = soaked(tmp_path_factory.mktemp("soak") / "place", stubs=STUB_RUNS, flows=REAL_RUNS)
    print(f"\nscheduler, soak: {found}")
    return found


def test_it_runs_what_is_due_to_its_end(soak):
    assert soak.faults == ()
    assert (soak.stubs >= STUB_RUNS, soak.flows >= REAL_RUNS) == (True, True)
    assert set(soak.outcomes) <= {"SUCCESS", "SKIPPED", "MISSED", "WAITING"}


def test_its_descriptors_threads_and_children_are_as_many_as_before(soak):
    before, after = soak.rests

    assert (after.descriptors, after.threads) == (before.descriptors, before.threads)
    assert (before.working, after.working) == (0, 0)
    assert (before.zombies, after.zombies) == (0, 0)


def test_its_memory_grows_by_less_than_a_mebibyte_with_a_thousand_runs(soak):
    thousands = (soak.warm[-1].runs - soak.warm[0].runs) / 1000

    # Pages are not bought one by one: a few runs are no measure.
    assert soak.memory_per_thousand * thousands < MEBIBYTE * max(1, thousands)


def test_its_ledger_and_its_outputs_hold_what_is_to_be_remembered_and_no_more(soak):
    warm = soak.warm

    assert max(sample.write_ahead for sample in warm) <= 16 * MEBIBYTE
    assert max(sample.rows for sample in warm) <= MOST_REMEMBERED
    assert max(sample.outputs for sample in warm) <= MOST_REMEMBERED
    assert warm[-1].ledger <= warm[0].ledger + MEBIBYTE // 4


def test_nothing_is_left_in_the_temporary_folder(soak):
    assert soak.temporary == ()
