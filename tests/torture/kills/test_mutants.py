"""The harness is no evidence where it can't fail: it finds each of these protections taken out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ..mutants import Mutant, environment_of
from .campaign import Campaign, Crew, tell
from .rules import Golden
from .scene import Code, Scene, clean_environment
from .storm import lines_are, storm_on

pytestmark = pytest.mark.slow

KERNEL = "aetherflow/kernel/"
LEDGER = KERNEL + "state/ledger.py"
JOURNAL = KERNEL + "run/journal.py"
JOB = KERNEL + "run/job.py"
PLANNING = KERNEL + "plan/planning.py"


@dataclass(frozen=True, kw_only=True)
class Prey:
    """A mutant, and where to look for it: in which flow, by kills in front of which calls (else at random moments).

    Near each call `near`, the next `many` of the kind `then` are killed, itself included.
    """

    name: str
    file: str
    old: str
    new: str
    flow: str = "once"
    near: str = "write witness"
    then: str = ""
    many: int = 1
    #: What the fault is that tells of it.
    tells: str

    @property
    def mutant(self) -> Mutant:
        return Mutant(name=self.name, file=self.file, old=self.old, new=self.new)

    def numbers(self, calls: list[str]) -> list[int]:
        """The calls to kill in front of."""
        found: dict[int, None] = {}
        for place in (number for number, call in enumerate(calls) if call == self.near):
            fitting = [number for number in range(place, len(calls)) if calls[number].startswith(self.then)]
            found |= dict.fromkeys(number + 1 for number in fitting[: self.many])
        return list(found)


#: Where the end of a step, and the start of the next one, are committed.
COMMIT = "fdatasync ledger.sqlite-wal"

PREYS = [
    Prey(
        name="each write is a transaction of its own",
        file=LEDGER,
        old="            for write in writes:\n                write(self)\n",
        new="            pass\n        for write in writes:\n            with self.transaction():\n                write(self)\n",
        then=COMMIT,
        many=2,
        tells="torn",
    ),
    Prey(
        name="a step is told before it is written",
        file=JOURNAL,
        old="self._events.append(event)",
        new="self._tell(event)",
        then="pwrite ledger",
        tells="told too early",
    ),
    Prey(
        name="a step works before it is written as RUNNING",
        file=JOB,
        old="        self._run.journal.commit()\n",
        new="",
        then="pwrite ledger",
        tells="unwritten",
    ),
    Prey(
        name="a step is SUCCESS before it works",
        file=JOB,
        old="Outcome(status=Status.RUNNING)",
        new="Outcome(status=Status.SUCCESS, outputs={})",
        tells="lost",
    ),
    Prey(
        name="what was cut off runs again, whatever its class",
        file=PLANNING,
        old="    _refuse_unknown_outcomes(flow, jobs)\n",
        new="",
        then="pwrite ledger",
        tells="repeated",
    ),
    Prey(
        name="what is done runs again",
        file=PLANNING,
        old="decision=Decision.RESTORE if is_done else Decision.RUN",
        new="decision=Decision.RUN",
        then=COMMIT,
        tells="repeated",
    ),
    Prey(
        name="outputs of what is done are not restored",
        file=JOB,
        old="self._steps[plan.step.id] = earlier.outputs or {}",
        new="self._steps[plan.step.id] = {}",
        then=COMMIT,
        tells="different",
    ),
    Prey(
        name="attempts are counted anew in each start",
        file=KERNEL + "plan/decisions.py",
        old="(self.earlier.attempt if self.earlier else 0) + 1",
        new="1",
        flow="chain",
        then="pwrite ledger",
        tells="repeated",
    ),
    Prey(
        name="what a killed attempt left in the workspace stays",
        file=KERNEL + "run/workspace.py",
        old="mode=0o600, owner=self.marker",
        new="mode=0o600",
        flow="chain",
        near="rename",
        tells="different",
    ),
    Prey(
        name="a killed runner's processes live on",
        file=KERNEL + "processes/supervisor.py",
        old="self.gone_since = self.gone_since or time.monotonic()",
        new="pass",
        flow="processes",
        near="",
        tells="left behind",
    ),
]
#: So long that a process of a killed run is still there when it should not be.
LONG_PAUSE = 6.0


def crew_of(mutant: Mutant, calls: Path, folder: Path) -> Crew:
    environment = environment_of(mutant, folder / "mutated", clean_environment())
    return Crew(Code(environment=environment, calls=calls), folder / "crew", lanes=1)


def hunt(prey: Prey, golden: Golden, crew: Crew, folder: Path) -> list[str]:
    """The faults that give the mutant away."""
    pause = 0.0 if prey.near else LONG_PAUSE
    campaign = Campaign(golden=golden, crew=crew, folder=folder, pause=pause, seconds=2.0, is_short=True)
    if not prey.near:
        return campaign.at_random_moments(10).faults
    return campaign.at_calls(prey.numbers(campaign.calls())).faults


@pytest.mark.parametrize("prey", PREYS, ids=lambda prey: prey.mutant.name.replace(" ", "-"))
def test_a_mutant_is_found(prey, golden_of, calls, tmp_path):
    crew = crew_of(prey.mutant, calls, tmp_path)
    try:
        faults = hunt(prey, golden_of(prey.flow), crew, tmp_path)
    finally:
        crew.close()
    tell(f"mutant: {prey.mutant.name}: {faults[:1]}")
    assert any(fault.startswith(prey.tells) for fault in faults), faults


def test_a_mutant_that_takes_no_lock_is_found(calls, tmp_path):
    mutant = Mutant(
        name="nobody owns a run",
        file=KERNEL + "state/ownership.py",
        old="fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        new="pass",
    )
    crew = crew_of(mutant, calls, tmp_path)
    try:
        faults = crew.one(lambda _, starter: storm_without_owner(tmp_path, crew, starter))
    finally:
        crew.close()
    tell(f"mutant: {mutant.name}: {faults[:1]}")
    assert faults


def storm_without_owner(folder, crew, starter):
    scene = Scene(
        folder=folder / "scene", flow="gate", code=crew.code, starter=starter, extra={"GATE": str(folder / "gate")}
    )
    storm = storm_on(scene, 6)
    storm.owner.kill()
    storm.owner.code()
    return [*storm.faults, *lines_are(scene, {"come": 1, "gate": 1})]
