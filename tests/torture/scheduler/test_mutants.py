"""The harness is no evidence where it can't fail: it finds each of these protections taken out."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from ..mutants import ROOT, Mutant, environment_of
from .audit import changes_in, rows_in
from .clock import HOUR, MovedClock, built_library
from .jumping import ITEMS as JUMPED, MOST_SLEEPS, Jumper
from .killing import Killer
from .place import Place, every_second
from .several import Crowd
from .soaking import MOST_REMEMBERED, soaked
from .verdict import taken_from_the_living

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
]

SCHEDULER = ROOT / "scheduler" / "src"
PACKAGE = "aetherflow/scheduler/"
ITEMS = [every_second(misfire, misfire=misfire) for misfire in ("skip", "latest", "all")]
#: A mutant is looked for until it is found, or for so long.
KILLS, SECONDS = 40, 120
#: What runs for longer was left by one that is dead.
LEFT_SECONDS = 10
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


def are_two(place):
    rows = [(row.item, row.second) for row in rows_in(place.ledger)]
    return len(set(rows)) < len(rows)


def is_taken(place):
    return any(taken_from_the_living(changes_in(place.ledger), place.schedulers))


def is_left(place):
    return any(row.status == "RUNNING" and row.second < time.time() - LEFT_SECONDS for row in rows_in(place.ledger))


def faults_of_kills(mutant, folder, is_enough):
    killer = Killer(mutated(mutant, folder), beside=BESIDE, patience=0)
    verdict = killer.rage(KILLS, is_enough=is_enough)
    return [*verdict.violations, *killer.faults]


def faults_of_crowd(mutant, folder, is_enough):
    crowd = Crowd(mutated(mutant, folder), patience=0)
    verdict = crowd.rage(SECONDS, is_enough=is_enough)
    return [*verdict.violations, *crowd.faults]


def sleeps(mutant, folder):
    clock = MovedClock(built_library(folder), folder / "clock")
    code = environment_of(mutant, folder / "code", clock.environment)
    jumper = Jumper(Place(folder=folder / "place", code=code, items=JUMPED), clock)
    jumper.jump(-HOUR)
    return ["busy"] if jumper.busiest >= MOST_SLEEPS else []


def kinds_of_descriptors(mutant, folder):
    soak = soaked(folder / "place", stubs=120, flows=0, code=environment_of(mutant, folder / "code"))
    before, after = soak.rests
    return ["more and more"] if before.descriptors < after.descriptors else []


def remembered(mutant, folder):
    stubs = int(1.3 * MOST_REMEMBERED)
    soak = soaked(folder / "place", stubs=stubs, flows=0, code=environment_of(mutant, folder / "code"))
    return ["too much"] if max(sample.rows for sample in soak.samples) > MOST_REMEMBERED else []


#: Each with who looks for it, and how the fault begins that tells of it.
MUTANTS = {
    "no key, kills": (NO_KEY, partial(faults_of_kills, is_enough=are_two), "twice"),
    "no key, several": (NO_KEY, partial(faults_of_crowd, is_enough=are_two), "twice"),
    "living for dead": (LIVING_FOR_DEAD, partial(faults_of_crowd, is_enough=is_taken), "taken from the living"),
    "no recovery": (NO_RECOVERY, partial(faults_of_kills, is_enough=is_left), "left"),
    "no sleep": (NO_SLEEP, sleeps, "busy"),
    "left open": (LEFT_OPEN, kinds_of_descriptors, "more and more"),
    "nothing forgotten": (NOTHING_FORGOTTEN, remembered, "too much"),
}


@pytest.fixture(scope="module")
def hunts(tmp_path_factory):
    """All of them, some at the same time: most of each is waiting."""
    with ThreadPoolExecutor(3) as pool:
        yield {
            name: pool.submit(faults_of, mutant, tmp_path_factory.mktemp("mutant"))
            for name, (mutant, faults_of, _) in MUTANTS.items()
        }


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found(hunts, name):
    mutant, _, tells = MUTANTS[name]
    faults = hunts[name].result()

    print(f"\nmutant: {mutant.name}: {[fault for fault in faults if fault.startswith(tells)][:1]}")
    assert any(fault.startswith(tells) for fault in faults), faults
