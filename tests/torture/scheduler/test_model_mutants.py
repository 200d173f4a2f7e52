"""The model of the scheduler is no evidence where it can't fail: it finds each of these protections taken out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ..mutants import ROOT, Mutant, environment_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MODEL = "scheduler/tests/operation/model/test_every_sequence.py"
SCHEDULER = ROOT / "scheduler" / "src"
PACKAGE = "aetherflow/scheduler/"


def mutant(name: str, file: str, old: str, new: str) -> Mutant:
    return Mutant(name=name, source=SCHEDULER, file=PACKAGE + file, old=old, new=new)


#: Each with what the model says of it.
MUTANTS = {
    "two rows for one time": mutant(
        "the table of occurrences has no key",
        "occurrences/schema.py",
        "    max_parallel INTEGER,\n    PRIMARY KEY (item, scheduled_for)\n) STRICT, WITHOUT ROWID;",
        "    max_parallel INTEGER\n) STRICT;",
    ),
    "account changed": mutant(
        "who comes second has the row too",
        "occurrences/accounting.py",
        " ON CONFLICT DO NOTHING RETURNING item",
        " ON CONFLICT DO UPDATE SET status = 'WAITING' RETURNING item",
    ),
    "could run, and waits": mutant(
        "what runs is looked at as what waits",
        "occurrences/claiming.py",
        "FROM occurrences WHERE status = 'WAITING' AND due_at <= ?\"\n    \" ORDER",
        "FROM occurrences WHERE status IN ('WAITING', 'RUNNING') AND due_at <= ?\"\n    \" ORDER",
    ),
    "ended, and not its own": mutant(
        "who was taken for dead ends the run of another one",
        "occurrences/ending.py",
        "status = 'RUNNING' AND owner = :owner",
        "status = 'RUNNING' AND :owner = :owner",
    ),
    "by its policies it is ('SKIPPED', 'overlap')": mutant(
        "what overlaps is run",
        "occurrences/policies.py",
        "runs = [] if not_over else to_run[:1]",
        "runs = to_run",
    ),
    "had its row, which was forgotten": mutant(
        "what was forgotten is due again",
        "occurrences/accounting.py",
        "return min(self.looked_until, self.forgotten_until)",
        "return _LONG_AGO",
    ),
    "runs, and its owner is dead": mutant(
        "nobody looks for what the dead left",
        "occurrences/ledger.py",
        "dead = [name for name in others if not is_alive(self._owners, name)]",
        "dead: list[str] = []",
    ),
}


@pytest.mark.parametrize("told", MUTANTS)
def test_a_mutant_is_found_by_the_model(told, tmp_path):
    environment = {**environment_of(MUTANTS[told], tmp_path / "code"), "AETHERFLOW_MODEL_QUICK": "yes"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", MODEL]

    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert found.returncode == 1, found.stdout
    assert f"Fault: {told}" in found.stdout
