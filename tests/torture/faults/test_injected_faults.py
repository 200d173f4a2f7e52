"""A system call that fails: full disks, failing devices, no descriptors left, at every call of a run."""

from __future__ import annotations

import pytest

from tests.torture.lengths import SEED, scaled

from .harness import Harness, make_harness
from .injection import Fault, points, require_strace, sample

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[False, True], ids=["new ledger", "ledger that is there"])
def harness(request, tmp_path_factory) -> Harness:
    require_strace()
    compiled = tmp_path_factory.getbasetemp() / "compiled"
    return make_harness(tmp_path_factory.mktemp("injected"), compiled, has_ledger=request.param)


def test_a_run_that_meets_a_fault_says_so_loses_nothing_and_goes_on(harness, request):
    everything = points(harness.record)
    chosen = sample(everything, scaled(len(everything), least=12), seed=SEED)
    found = harness.inject(chosen)
    told = found.summary(f"faults, {request.node.callspec.id} ({len(chosen)} of {len(everything)} points)")
    print(told, *found.told, sep="\n")
    assert found.told == []
    # How often a thread calls is not the same in every run.
    assert found.injections >= len(chosen) * 0.9
    assert found.clear >= len(chosen) * 0.3


#: Each was once taken wrongly, or told by nobody.
ONCE_WRONG = [
    Fault("fdatasync", "EIO", 1, is_lasting=False),  # the ledger's first sync, which SQLite may keep to itself
    Fault("fdatasync", "EIO", 7, is_lasting=False),  # a commit of the ledger
    Fault("write", "ENOSPC", 1, is_lasting=True),  # nobody can be told anything
    Fault("openat", "EMFILE", 500, is_lasting=True),
]


def test_faults_that_were_once_taken_wrongly(tmp_path, tmp_path_factory):
    require_strace()
    found = make_harness(tmp_path, tmp_path_factory.getbasetemp() / "compiled").inject(ONCE_WRONG)
    assert found.told == []
    assert found.injections == len(ONCE_WRONG)
