"""Kills a daemon again and again, and starts another one: after it, or already beside it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from random import Random

from ..lengths import SEED
from .place import Place, Scheduler, Span
from .verdict import PATIENCE_SECONDS, IsEnough, Verdict, judge, never, settle

#: How long a daemon lives at least before it is killed: some are killed while they start.
SHORTEST_LIFE = 0.1
#: How long nobody is there until the next one is started.
LONGEST_PAUSE = 0.3
#: So many have a successor before they are killed, as services are renewed without a pause, and for how long.
BESIDE, LONGEST_BESIDE = 0.3, 2.5
#: After so many kills nobody is there for longer than anything counts as merely late.
OUTAGE_EVERY, OUTAGE_SECONDS = 25, 12.0


@dataclass(slots=True)
class Killer:
    """The one who kills in a place."""

    place: Place
    dice: Random = field(default_factory=lambda: Random(SEED))  # noqa: S311 - moments
    #: How long a daemon lives at most.
    longest_life: float = 4.0
    #: How many have a successor before they are killed.
    beside: float = BESIDE
    #: How long is waited in the end for what was left.
    patience: float = PATIENCE_SECONDS
    kills: int = 0
    #: Daemons that left by themselves.
    faults: list[str] = field(default_factory=list)

    def rage(self, kills: int, *, every: int = 1, is_enough: IsEnough = never) -> Verdict:
        """Kill so often, let the last one finish, and judge items that are due every so many seconds."""
        self.place.prepare()
        began = ended = time.time()
        daemon = self.place.start()
        try:
            for number in range(1, kills + 1):
                time.sleep(self.dice.uniform(SHORTEST_LIFE, self.longest_life))
                daemon = self._replaced(daemon, is_outage=number % OUTAGE_EVERY == 0)
                if is_enough(self.place):
                    break
            daemon.wait_until_at_work()
            settle(self.place, self.patience)
            ended = time.time()
            if (code := daemon.leave()) != 0:
                self.faults.append(f"the last daemon left with {code}: {self.place.told()}")
        finally:
            daemon.kill()
            self.faults += self.place.survivors()
        return judge(self.place, Span(began, ended), every=every)

    def _replaced(self, daemon: Scheduler, *, is_outage: bool) -> Scheduler:
        if not is_outage and self.dice.random() < self.beside:
            successor = self.place.start()
            successor.wait_until_at_work()
            time.sleep(self.dice.uniform(0, LONGEST_BESIDE))
            self._kill(daemon)
            return successor
        self._kill(daemon)
        time.sleep(OUTAGE_SECONDS if is_outage else self.dice.uniform(0, LONGEST_PAUSE))
        return self.place.start()

    def _kill(self, daemon: Scheduler) -> None:
        if (code := daemon.kill()) >= 0:
            self.faults.append(f"a daemon left by itself with {code}: {self.place.told()}")
        self.kills += code < 0
