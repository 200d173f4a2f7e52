"""The world of schedulers under test: clocks, runs without processes, and seams where each transaction can be met."""

from __future__ import annotations

import fcntl
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import apsw

from aetherflow.kernel.api import ProcessResult
from aetherflow.scheduler.occurrences.failures import StoreFailed
from aetherflow.scheduler.occurrences.opening import open_store
from aetherflow.scheduler.occurrences.records import Ended, Occurrence, Reason
from aetherflow.scheduler.operation.scheduler import Scheduler
from aetherflow.scheduler.operation.telling import Teller
from aetherflow.scheduler.runs.endings import ended
from aetherflow.scheduler.schedules.models import Item, Retry

from .specs import BEGIN, SECOND, File, ms, utc

Key = tuple[str, int]

_RESULTS = {
    "success": ProcessResult(exit_code=0),
    "failed": ProcessResult(exit_code=1),
    "killed": ProcessResult(exit_code=None, signal=9),
    "timed_out": ProcessResult(exit_code=None, timed_out=True),
    "wrong": ProcessResult(exit_code=2),
    "owned": ProcessResult(exit_code=75),
    "interrupted": ProcessResult(exit_code=130),
    "cancelled": ProcessResult(exit_code=None, cancelled=True),
}


class Died(BaseException):
    """A scheduler is killed, at this very point."""


class Clocks:
    """The clock on the wall, which can be set, and the one that counts seconds."""

    def __init__(self) -> None:
        self.wall = BEGIN
        self.seconds = 0.0

    def pass_time(self, milliseconds: int) -> None:
        self.wall += milliseconds
        self.seconds += milliseconds / SECOND


@dataclass
class Work:
    """A run at work."""

    occurrence: Occurrence
    item: Item
    why: str | None = None


@dataclass(frozen=True)
class Finished:
    """A run whose process ended: how, and why it was to be ended."""

    how: str
    why: str | None
    attempts: int
    at: int


class Hand:
    """Runs what it is handed as long as the test wants; used as a `Launcher` is."""

    def __init__(self, judge: object, clocks: Clocks) -> None:
        self.party: Party
        self.is_leaving = False
        self._judge = judge
        self._clocks = clocks
        self._working: dict[Key, Work] = {}
        self._ends: list[Ended] = []

    @property
    def working(self) -> tuple[Occurrence, ...]:
        return tuple(work.occurrence for work in self._working.values())

    @property
    def at_work(self) -> dict[Key, Work]:
        """What has a process; ends that were not collected left out."""
        over = {key_of(end.occurrence) for end in self._ends}
        return {key: work for key, work in self._working.items() if key not in over}

    def start(self, occurrence: Occurrence, item: Item) -> None:
        self._judge.hand_over(self.party, key_of(occurrence))
        self._working[key_of(occurrence)] = Work(occurrence, item)

    def cancel(self, occurrence: Occurrence, why: str) -> bool:
        work = self._working.get(key_of(occurrence))
        if work is None or work.why is not None:
            return False
        is_replaced = occurrence.reason is Reason.REPLACED
        work.occurrence = replace(work.occurrence, reason=Reason.REPLACED if is_replaced else Reason.NONE)
        work.why = "replaced" if is_replaced and why == "asked" else why
        return True

    def cancel_all(self) -> None:
        for occurrence in self.working:
            self.cancel(occurrence, "leaving")

    def end(self, key: Key, how: str) -> None:
        """Have the process of a run end."""
        work = self._working[key]
        why = work.why or ("leaving" if self.is_leaving else None)
        cancel = "asked" if why == "replaced" else why
        now = utc(self._clocks.wall)
        end = ended(work.occurrence, _RESULTS[how], work.item.retry, cancel=cancel, now=now)
        self._ends.append(end)
        self.party.finished[key] = Finished(how, why, work.item.retry.max_attempts, self._clocks.wall)

    def collect(self) -> tuple[Ended, ...]:
        found, self._ends = tuple(self._ends), []
        for end in found:
            del self._working[key_of(end.occurrence)]
        return found


class Log:
    def tell(self, *told: object) -> None:
        pass


@dataclass(eq=False)
class Party:
    """Who writes to the ledger: a scheduler, or people at their commands."""

    name: str
    file: File
    #: What is loaded at this moment, where that is another file.
    loading: File | None = None
    scheduler: Scheduler | None = None
    hand: Hand | None = None
    seam: Seam | None = None
    #: Others may have taken it for dead, and what it ran for theirs.
    is_doubtful: bool = False
    #: Of what is to be run again, when it has waited long enough, by the clock that counts.
    waits: dict[Key, float] = field(default_factory=dict)
    #: The clock as it was when it began to look, and was stopped.
    frozen: int | None = None
    #: Taken, and not yet written down as ended.
    carries: set[Key] = field(default_factory=set)
    finished: dict[Key, Finished] = field(default_factory=dict)
    #: Of each item, the time that it need not look before.
    begins: dict[str, int] = field(default_factory=dict)
    #: It may have looked at all up to here by a clock that was wrong, before others found out.
    ahead_until: int = 0
    #: What it has to be excused for.
    has_been_disturbed: bool = False


@dataclass
class Call:
    """A transaction, as who asks for it asks."""

    party: Party
    method: str
    given: dict[str, object]
    result: object = None

    @property
    def now(self) -> int:
        return ms(self.given["now"])


@dataclass
class Meanwhile:
    """What happens around the transaction of a number, counted from 1: `dies before`, `dies after`, `fails`, or work."""

    number: int
    what: str | Callable[[], None]


class Seam:
    """A store whose transactions can be met one by one; used as an `OccurrenceStore` is."""

    def __init__(self, judge: object, file: Path) -> None:
        self.store = open_store(file.parent, busy_seconds=0)
        self.party: Party
        self.meanwhile: Meanwhile | None = None
        self._judge = judge
        self._blocker = apsw.Connection(str(file))

    @property
    def name(self) -> str:
        return self.store._owner.name

    def __getattr__(self, method: str) -> Callable[..., object]:
        work = getattr(self.store, method)

        def call(*args: object, **more: object) -> object:
            given = inspect.signature(work).bind(*args, **more).arguments
            return self._met(Call(self.party, method, given), lambda: work(*args, **more))

        return call

    def drop(self) -> None:
        """Its process dies: the system lets go of its lock, and nothing is said."""
        if self.store._owner._descriptor is not None:
            fcntl.flock(self.store._owner._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        self.store.close()
        self._blocker.close()

    def _met(self, call: Call, work: Callable[[], object]) -> object:
        what = self._what_happens()
        if callable(what):
            what()
        elif what == "dies before":
            raise Died
        elif what == "fails":
            return self._fail(call, work)
        call.result = work()
        self._judge.see(call)
        if what == "dies after":
            raise Died
        return call.result

    def _what_happens(self) -> str | Callable[[], None] | None:
        meanwhile = self.meanwhile
        if meanwhile is None:
            return None
        meanwhile.number -= 1
        if meanwhile.number > 0:
            return None
        self.meanwhile = None
        return meanwhile.what

    def _fail(self, call: Call, work: Callable[[], object]) -> object:
        """Somebody else holds the ledger: what only reads works all the same, and the next one that writes fails."""
        self._blocker.execute("BEGIN IMMEDIATE")
        try:
            call.result = work()
        except StoreFailed:
            self.party.has_been_disturbed = True
            raise
        finally:
            self._blocker.execute("ROLLBACK")
            self._judge.see_nothing()
        self.meanwhile = Meanwhile(1, "fails")
        return call.result


def party_of(judge: object, clocks: Clocks, ledger: Path, file: File) -> Party:
    """A scheduler that has not begun, with all that it works with."""
    seam, hand = Seam(judge, ledger), Hand(judge, clocks)
    party = Party(name=seam.name, file=file, hand=hand, seam=seam)
    seam.party = hand.party = party

    def now():
        return utc(clocks.wall if party.frozen is None else party.frozen)

    party.scheduler = Scheduler(
        file.schedule(ledger.parent.parent), seam, hand, Teller(Log()), now=now, passed=lambda: clocks.seconds
    )
    return party


def people_of(judge: object, ledger: Path, file: File) -> Party:
    """People at their commands."""
    seam = Seam(judge, ledger)
    seam.party = Party(name=seam.name, file=file, seam=seam)
    return seam.party


def key_of(occurrence: Occurrence) -> Key:
    return occurrence.item, ms(occurrence.scheduled_for)


NEVER = Retry()
