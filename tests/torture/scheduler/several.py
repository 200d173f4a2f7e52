"""Two daemons and single ticks at work on one ledger; they are stopped, woken and killed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from random import Random

from ..lengths import SEED
from .place import Place, Scheduler, Span
from .verdict import PATIENCE_SECONDS, IsEnough, Verdict, judge, never, settle

DAEMONS = 2
#: A strike comes so soon after the one before; so many of them stop a daemon, the others kill one.
SHORTEST_CALM, LONGEST_CALM = 0.5, 2.5
STOPS, LONGEST_STOP = 0.5, 10.0
#: A tick is started so soon after the one before; so many of them are killed at work.
SHORTEST_REST, LONGEST_REST = 0.5, 2.5
TICKS_KILLED, LONGEST_TICK_LIFE = 0.3, 1.0
GLANCE_SECONDS = 0.02


@dataclass(slots=True)
class Crowd:
    """Those who are at work in a place, and what is done to them."""

    place: Place
    dice: Random = field(default_factory=lambda: Random(SEED))  # noqa: S311 - moments
    #: How long is waited in the end for what was left.
    patience: float = PATIENCE_SECONDS
    kills: int = 0
    stops: int = 0
    reloads: int = 0
    ticks: int = 0
    faults: list[str] = field(default_factory=list)
    _daemons: list[Scheduler] = field(default_factory=list)
    _ticks: dict[Scheduler, float] = field(default_factory=dict)
    #: Who stands still, and until when.
    _stopped: dict[Scheduler, float] = field(default_factory=dict)

    def rage(self, seconds: float, *, is_enough: IsEnough = never) -> Verdict:
        """Strike for so long, let all finish, and judge."""
        self.place.prepare()
        began = ended = time.time()
        try:
            self._strike_until(time.monotonic() + seconds, is_enough)
            ended = self._settle()
        finally:
            for each in [*self._daemons, *self._ticks]:
                each.kill()
            self.faults += self.place.survivors()
        return judge(self.place, Span(began, ended))

    def _strike_until(self, deadline: float, is_enough: IsEnough) -> None:
        self._daemons = [self.place.start() for _ in range(DAEMONS)]
        next_strike = next_tick = time.monotonic()
        while (now := time.monotonic()) < deadline:
            self._wake(now)
            self._end_ticks(now)
            if now >= next_strike:
                if is_enough(self.place):
                    return
                self._strike(now)
                next_strike = now + self.dice.uniform(SHORTEST_CALM, LONGEST_CALM)
            if now >= next_tick:
                self._tick(now)
                next_tick = now + self.dice.uniform(SHORTEST_REST, LONGEST_REST)
            time.sleep(GLANCE_SECONDS)

    def _strike(self, now: float) -> None:
        """Have a daemon read its file again; stop one, or kill one, standing still or not, and start another one."""
        if (other := self.dice.choice(self._daemons)).is_at_work:
            other.reload()
            self.reloads += 1
        place = self.dice.randrange(DAEMONS)
        victim = self._daemons[place]
        if victim not in self._stopped and self.dice.random() < STOPS:
            victim.stop()
            self._stopped[victim] = now + self.dice.uniform(0.5, LONGEST_STOP)
            self.stops += 1
            return
        if (code := victim.kill()) >= 0:
            self.faults.append(f"a daemon left by itself with {code}: {self.place.told()}")
        self.kills += code < 0
        self._stopped.pop(victim, None)
        self._daemons[place] = self.place.start()

    def _wake(self, now: float) -> None:
        for stopped in [each for each, until in self._stopped.items() if until <= now]:
            del self._stopped[stopped]
            stopped.wake()

    def _tick(self, now: float) -> None:
        is_doomed = self.dice.random() < TICKS_KILLED
        lives_until = now + self.dice.uniform(0, LONGEST_TICK_LIFE) if is_doomed else float("inf")
        self._ticks[self.place.start("tick")] = lives_until
        self.ticks += 1

    def _end_ticks(self, now: float) -> None:
        for tick, lives_until in list(self._ticks.items()):
            if tick.has_ended:
                self._look_at(tick)
            elif now >= lives_until:
                self.kills += tick.kill() < 0
                del self._ticks[tick]

    def _look_at(self, tick: Scheduler) -> None:
        del self._ticks[tick]
        if (code := tick.code()) != 0:
            self.faults.append(f"a tick left with {code}: {self.place.told()}")

    def _settle(self) -> float:
        """Nobody is struck any more: what was left is gone on with, and all leave; answers when the last is told to."""
        self._wake(float("inf"))
        settle(self.place, self.patience)
        for tick in list(self._ticks):
            tick.code()
            self._look_at(tick)
        ended = 0.0
        for daemon in self._daemons:
            ended = time.time()
            if (code := daemon.leave()) != 0:
                self.faults.append(f"a daemon left with {code} in the end: {self.place.told()}")
        return ended
