"""The harness is no evidence where it can't fail: it finds each of these protections taken out."""

from __future__ import annotations

import sys

import pytest

from ..mutants import ROOT, Mutant, environment_of
from .killing import Killer
from .place import Place, every_second
from .several import Crowd

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
]

SCHEDULER = ROOT / "scheduler" / "src"
PACKAGE = "aetherflow/scheduler/"
ITEMS = [every_second(misfire, misfire=misfire) for misfire in ("skip", "latest", "all")]
KILLS, SECONDS = 6, 20

NO_KEY = Mutant(
    name="the table of occurrences has no key",
    source=SCHEDULER,
    file=PACKAGE + "occurrences/schema.py",
    old="    max_parallel INTEGER,\n    PRIMARY KEY (item, scheduled_for)\n) STRICT, WITHOUT ROWID;",
    new="    max_parallel INTEGER\n) STRICT;",
)


def mutated(mutant, folder):
    return Place(folder=folder / "place", items=ITEMS, code=environment_of(mutant, folder / "code"))


def faults_of_kills(mutant, folder):
    killer = Killer(mutated(mutant, folder), beside=1.0)
    verdict = killer.rage(KILLS)
    return [*verdict.violations, *killer.faults]


def faults_of_crowd(mutant, folder):
    crowd = Crowd(mutated(mutant, folder))
    verdict = crowd.rage(SECONDS)
    return [*verdict.violations, *crowd.faults]


MUTANTS = [
    (NO_KEY, faults_of_kills, "twice"),
    (NO_KEY, faults_of_crowd, "twice"),
]


@pytest.mark.parametrize(
    ("mutant", "faults_of", "tells"),
    MUTANTS,
    ids=lambda each: getattr(each, "name", None) or getattr(each, "__name__", None),
)
def test_a_mutant_is_found(mutant, faults_of, tells, tmp_path):
    faults = faults_of(mutant, tmp_path)

    print(f"\nmutant: {mutant.name}: {faults[:1]}")
    assert any(fault.startswith(tells) for fault in faults), faults
