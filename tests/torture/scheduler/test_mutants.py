"""The harness is no evidence where it can't fail: it finds each of these protections taken out."""

from __future__ import annotations

import sys

import pytest

from ..mutants import ROOT, Mutant, environment_of
from .clock import HOUR, MovedClock, built_library
from .jumping import ITEMS as JUMPED, MOST_SLEEPS, Jumper
from .killing import Killer
from .place import Place, every_second
from .several import Crowd
from .soaking import MOST_REMEMBERED, soaked

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
]

SCHEDULER = ROOT / "scheduler" / "src"
PACKAGE = "aetherflow/scheduler/"
ITEMS = [every_second(misfire, misfire=misfire) for misfire in ("skip", "latest", "all")]
KILLS, SECONDS = 6, 20
#: So many have a successor before they are killed.
BESIDE = 0.7

NO_KEY = Mutant(
    name="the table of occurrences has no key",
    source=SCHEDULER,
    file=PACKAGE + "occurrences/schema.py",
    old="    max_parallel INTEGER,\n    PRIMARY KEY (item, scheduled_for)\n) STRICT, WITHOUT ROWID;",
    new="    max_parallel INTEGER\n) STRICT;",
)


LIVING_FOR_DEAD = Mutant(
    name="who holds its lock is taken for dead",
    source=SCHEDULER,
    file=PACKAGE + "occurrences/owners.py",
    old="    except OSError:\n        return True\n    else:\n        return False\n    finally:\n",
    new="    except OSError:\n        return False\n    else:\n        return False\n    finally:\n",
)
NO_RECOVERY = Mutant(
    name="nobody looks for what the dead left",
    source=SCHEDULER,
    file=PACKAGE + "occurrences/ledger.py",
    old="dead = [name for name in others if not is_alive(self._owners, name)]",
    new="dead: list[str] = []",
)
NO_SLEEP = Mutant(
    name="it never sleeps",
    source=SCHEDULER,
    file=PACKAGE + "operation/scheduler.py",
    old="return max(0.0, min(soonest, LONGEST_SLEEP))",
    new="return 0.0",
)
LEFT_OPEN = Mutant(
    name="a file is left open with each run",
    source=SCHEDULER,
    file=PACKAGE + "runs/outputs.py",
    old='            os.write(descriptor, f"--- {line}\\n".encode(errors="backslashreplace"))\n        finally:\n'
    "            os.close(descriptor)",
    new='            os.write(descriptor, f"--- {line}\\n".encode(errors="backslashreplace"))\n        finally:\n'
    "            pass",
)
NOTHING_FORGOTTEN = Mutant(
    name="no row is forgotten",
    source=SCHEDULER,
    file=PACKAGE + "operation/retention.py",
    old="return self._store.forget(before) > 0",
    new="return False",
)


def mutated(mutant, folder):
    return Place(folder=folder / "place", items=ITEMS, code=environment_of(mutant, folder / "code"))


def faults_of_kills(mutant, folder):
    killer = Killer(mutated(mutant, folder), beside=BESIDE, patience=0)
    verdict = killer.rage(KILLS)
    return [*verdict.violations, *killer.faults]


def faults_of_crowd(mutant, folder):
    crowd = Crowd(mutated(mutant, folder), patience=0)
    verdict = crowd.rage(SECONDS)
    return [*verdict.violations, *crowd.faults]


MUTANTS = [
    (NO_KEY, faults_of_kills, "twice"),
    (NO_KEY, faults_of_crowd, "twice"),
    (LIVING_FOR_DEAD, faults_of_crowd, "taken from the living"),
    (NO_RECOVERY, faults_of_kills, "left"),
]


@pytest.mark.parametrize(
    ("mutant", "faults_of", "tells"),
    MUTANTS,
    ids=lambda each: getattr(each, "name", None) or getattr(each, "__name__", None),
)
def test_a_mutant_is_found(mutant, faults_of, tells, tmp_path):
    faults = faults_of(mutant, tmp_path)

    print(f"\nmutant: {mutant.name}: {[fault for fault in faults if fault.startswith(tells)][:1]}")
    assert any(fault.startswith(tells) for fault in faults), faults


def test_a_mutant_that_is_always_busy_is_found(tmp_path):
    clock = MovedClock(built_library(tmp_path), tmp_path / "clock")
    code = environment_of(NO_SLEEP, tmp_path / "code", clock.environment)
    jumper = Jumper(Place(folder=tmp_path / "place", code=code, items=JUMPED), clock)
    jumper.jump(HOUR)

    print(f"\nmutant: {NO_SLEEP.name}: {jumper.busiest:.0f} sleeps a second")
    assert jumper.busiest >= MOST_SLEEPS


def test_a_mutant_that_leaves_files_open_is_found(tmp_path):
    soak = soaked(tmp_path / "place", stubs=120, flows=0, code=environment_of(LEFT_OPEN, tmp_path / "code"))

    print(f"\nmutant: {LEFT_OPEN.name}: {soak}")
    assert len({sample.descriptors for sample in soak.idle}) > 1


def test_a_mutant_that_forgets_nothing_is_found(tmp_path):
    stubs = int(1.3 * MOST_REMEMBERED)
    soak = soaked(tmp_path / "place", stubs=stubs, flows=0, code=environment_of(NOTHING_FORGOTTEN, tmp_path / "code"))

    print(f"\nmutant: {NOTHING_FORGOTTEN.name}: {soak}")
    assert max(sample.rows for sample in soak.samples) > MOST_REMEMBERED
