"""The harness is no evidence where it can't fail: it finds each of these protections taken out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ..mutants import Mutant, environment_of
from .campaign import Campaign, Crew, tell
from .retrying import at_attempt, run_patterns
from .rules import Golden
from .scene import Code, Scene, clean_environment
from .storm import lines_are, storm_on

pytestmark = pytest.mark.slow

KERNEL = "aetherflow/kernel/"
LEDGER = KERNEL + "state/ledger.py"
JOURNAL = KERNEL + "run/journal.py"
JOB = KERNEL + "run/job.py"
SERIES = KERNEL + "run/series.py"
NOTES = KERNEL + "run/notes.py"
UNIT = KERNEL + "run/unit.py"
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
        old="            self._gathered = {}\n            try:\n                for write in writes:\n                    write(self)\n",
        new="            pass\n        for write in writes:\n            with self.transaction():\n                write(self)\n"
        "        if True:\n            try:\n",
        then=COMMIT,
        many=4,  # writes of its neighbours may come first
        tells="torn",
    ),
    Prey(
        name="what a step promotes is written before its status",
        file=NOTES,
        old="        self._run.journal.note(*writes, event=self._end_event(unit, outcome, at), is_waited_for=must_stay)\n",
        new="        for write in writes:\n            self._run.journal.note(write)\n            self._run.journal.commit()\n"
        "        self._run.journal.note(event=self._end_event(unit, outcome, at))\n",
        then=COMMIT,
        many=4,  # writes of its neighbours may come first
        tells="torn",
    ),
    Prey(
        name="a step is told before it is written",
        file=JOURNAL,
        old="batch.events.append(event)",
        new="self._telling.leave([event]); self._telling.tell_left()",
        then="pwrite ledger",
        tells="told too early",
    ),
    Prey(
        name="a step works before it is written as RUNNING",
        file=SERIES,
        old="        self._run.journal.commit()\n        return None\n",
        new="        return None\n",
        then="pwrite ledger",
        tells="unwritten",
    ),
    Prey(
        name="any step may begin before it is written as RUNNING",
        file=SERIES,
        old="if step.rerun == Rerun.SAFE and step.step.retry is None and self._seconds() is None:",
        # On a disk so slow that the step is surely faster.
        new="if True:\n            import time\n\n"
        "            self._run.crew.start(lambda: (time.sleep(0.3), self._run.journal.commit()))\n"
        "            return None\n        if False:",
        then="pwrite ledger",
        tells="unwritten",
    ),
    Prey(
        name="a step is SUCCESS before it works",
        file=NOTES,
        old="            status=Status.RUNNING,\n            step_type",
        new="            status=Status.SUCCESS,\n            outputs={},\n            step_type",
        tells="lost",
    ),
    Prey(
        name="what was cut off runs again, whatever its class",
        file=PLANNING,
        old="if earlier is not None and _outcome_is_unknown(earlier):",
        new="if False:",
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
        old="(earlier.outputs or {}) if earlier.status.is_done else self._nothing_of(plan)",
        new="{}",
        then=COMMIT,
        tells="different",
    ),
    Prey(
        name="attempts are counted anew in each start",
        file=UNIT,
        old="number=earlier.attempt + 1,",
        new="number=1,",
        then="pwrite ledger",
        tells="repeated",
    ),
    Prey(
        name="items that are done run again",
        file=KERNEL + "run/foreach.py",
        old="if earlier is None or self._plan.is_anew or not earlier.status.is_done",
        new="if True",
        flow="parallel",
        then=COMMIT,
        tells="changed",
    ),
    Prey(
        name="a start that was cut off is said to run",
        file=KERNEL + "state/rows.py",
        old='(_cut_off("starts"), _cut_off("runs"))',
        new='(_cut_off("runs"),)',
        flow="ending",
        tells="lies",
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


RETRIES = [
    (
        Mutant(
            name="an attempt that was cut off is not counted",
            file=SERIES,
            old="or self.unit.attempts_made < retry.max_attempts:",
            new="or True:",
        ),
        at_attempt(3),
        "repeated",
    ),
    (
        Mutant(
            name="the wait before an attempt is forgotten",
            file=UNIT,
            old="due_at=earlier.next_attempt_at if goes_on else None,",
            new="due_at=None,",
        ),
        # After the second one, where the wait is longest.
        at_attempt(2, then=0.25),
        "too early",
    ),
]


@pytest.mark.parametrize(
    ("mutant", "wait", "tells"), RETRIES, ids=lambda each: getattr(each, "name", "").replace(" ", "-")
)
def test_a_mutant_that_retries_wrongly_is_found(mutant, wait, tells, calls, tmp_path):
    crew = crew_of(mutant, calls, tmp_path)
    try:
        faults, _ = run_patterns(crew, tmp_path, [wait], pause=0.3)
    finally:
        crew.close()
    tell(f"mutant: {mutant.name}: {faults[:1]}")
    assert any(fault.startswith(tells) for fault in faults), faults


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
