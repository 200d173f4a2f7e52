"""A system call that fails: full disks, failing devices, no descriptors left, at every call of a run."""

from __future__ import annotations

import pytest

from tests.torture.lengths import SEED, scaled

from .harness import Harness, make_harness
from .injection import Fault, points, require_strace, sample

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def harness(tmp_path_factory) -> Harness:
    require_strace()
    return make_harness(tmp_path_factory.mktemp("injected"), tmp_path_factory.getbasetemp() / "compiled")


def test_a_run_that_meets_a_fault_says_so_loses_nothing_and_goes_on(harness):
    everything = points(harness.record)
    chosen = sample(everything, scaled(len(everything), least=20), seed=SEED)
    found = harness.inject(chosen)
    print(found.summary(f"faults ({len(chosen)} of {len(everything)} points)"))
    assert found.told == []
    # How often a thread calls is not the same in every run.
    assert found.injections >= len(chosen) * 0.9
    assert found.clear >= len(chosen) * 0.3


@pytest.mark.parametrize(
    "fault",
    [
        Fault("fdatasync", "EIO", 1, is_lasting=False),  # the ledger's first sync, which SQLite may keep to itself
        Fault("fdatasync", "EIO", 7, is_lasting=False),  # a commit of the ledger
        Fault("write", "ENOSPC", 1, is_lasting=True),  # nobody can be told anything
        Fault("openat", "EMFILE", 500, is_lasting=True),
    ],
    ids=str,
)
def test_faults_that_were_once_taken_wrongly(harness, fault):
    found = harness.inject([fault])
    assert found.told == []
    assert found.injections == 1
