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


#: Each with what the model says of it.
MUTANTS = {
    "two rows for one time": Mutant(
        name="the table of occurrences has no key",
        source=SCHEDULER,
        file=PACKAGE + "occurrences/schema.py",
        old="    max_parallel INTEGER,\n    PRIMARY KEY (item, scheduled_for)\n) STRICT, WITHOUT ROWID;",
        new="    max_parallel INTEGER\n) STRICT;",
    ),
    "account changed": Mutant(
        name="who comes second has the row too",
        source=SCHEDULER,
        file=PACKAGE + "occurrences/accounting.py",
        old=" ON CONFLICT DO NOTHING RETURNING item",
        new=" ON CONFLICT DO UPDATE SET status = 'WAITING' RETURNING item",
    ),
    "could run, and waits": Mutant(
        name="what runs is looked at as what waits",
        source=SCHEDULER,
        file=PACKAGE + "occurrences/claiming.py",
        old="FROM occurrences WHERE status = 'WAITING' AND due_at <= ?\"\n    \" ORDER",
        new="FROM occurrences WHERE status IN ('WAITING', 'RUNNING') AND due_at <= ?\"\n    \" ORDER",
    ),
    "ended, and not its own": Mutant(
        name="who was taken for dead ends the run of another one",
        source=SCHEDULER,
        file=PACKAGE + "occurrences/ending.py",
        old="status = 'RUNNING' AND owner = :owner",
        new="status = 'RUNNING' AND :owner = :owner",
    ),
    "by its policies it is ('SKIPPED', 'overlap')": Mutant(
        name="what overlaps is run",
        source=SCHEDULER,
        file=PACKAGE + "occurrences/policies.py",
        old="runs = [] if not_over else to_run[:1]",
        new="runs = to_run",
    ),
    "had its row, which was forgotten": Mutant(
        name="what was forgotten is due again",
        source=SCHEDULER,
        file=PACKAGE + "occurrences/accounting.py",
        old="return min(self.looked_until, self.forgotten_until)",
        new="return _LONG_AGO",
    ),
    "runs, and its owner is dead": Mutant(
        name="nobody looks for what the dead left",
        source=SCHEDULER,
        file=PACKAGE + "occurrences/ledger.py",
        old="dead = [name for name in others if not is_alive(self._owners, name)]",
        new="dead: list[str] = []",
    ),
}


@pytest.mark.parametrize("told", MUTANTS)
def test_a_mutant_is_found_by_the_model(told, tmp_path):
    environment = {**environment_of(MUTANTS[told], tmp_path / "code"), "AETHERFLOW_MODEL_QUICK": "yes"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", MODEL]

    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert found.returncode == 1, found.stdout
    assert f"Fault: {told}" in found.stdout
