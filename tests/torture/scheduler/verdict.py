"""What must hold when all schedulers are gone, however they went; each fault is a sentence."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from .audit import Change, Row, changes_in, rows_in
from .place import Place, Scheduler, Span

#: The first occurrence may come so much after the first look, and the last so much before the last scheduler left.
EDGE_SECONDS = 3
#: A death is noted a little after it, when whoever killed has been told of it.
CLOCKS_SECONDS = 0.5
#: How long schedulers that nobody strikes any more have in any case, and at most, for what was left.
SETTLING_SECONDS, PATIENCE_SECONDS = 6.0, 60.0
#: What is looked at only so much later is missed: what the scheduler takes for late is somewhat more.
LATE_SECONDS = 4
#: How many runs may be at work at once, where the schedule file does not say.
MOST_RUNS = 8
#: What is started again as the same attempt: the process of the one before had not ended yet, or its scheduler left.
NO_ATTEMPTS = {("WAITING", "owned"), ("INTERRUPTED", "continued")}
#: What nothing more becomes of.
OVER = {"SUCCESS", "FAILED", "TIMED_OUT", "CANCELLED", "INTERRUPTED", "SKIPPED", "MISSED"}
#: Of the occurrences that no policy left out, so many must have run.
LEAST_SHARE = 0.95
#: Whether something has been found that was looked for.
IsEnough = Callable[[Place], bool]


@dataclass(frozen=True, slots=True)
class Start:
    """A start of a run, as the stub says it."""

    run_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong, and how much was tried."""

    violations: tuple[str, ...]
    rows: Sequence[Row]
    starts: int
    #: Of the occurrences that count, the part that ran.
    share: float
    #: How often nobody was at work for so long that policies leave something out.
    outages: int
    #: How often something was gone on with after its scheduler died.
    continued: int
    outcomes: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        outcomes = ", ".join(f"{count} {name}" for name, count in sorted(self.outcomes.items()))
        return (
            f"{len(self.rows)} occurrences ({outcomes}), {self.starts} starts, {self.continued} gone on with, "
            f"{self.outages} outages, {self.share:.1%} of what counts ran, {len(self.violations)} violations"
        )


def judge(place: Place, whole: Span, *, every: int = 1) -> Verdict:
    """Look at the ledger, and at what the stub said.

    Args:
        place: where it happened.
        whole: from the first look to the last scheduler's end.
        every: how many seconds lie between two occurrences of an item.
    """
    rows, changes = rows_in(place.ledger), changes_in(place.ledger)
    starts, ends = witnessed(place.witness)
    outages = outages_of(place.schedulers, whole)
    counted = [row for row in rows if not (row.status == "MISSED" and is_in_one_of(outages, row.second))]
    faults = (
        *_not_once(rows, [str(item["id"]) for item in place.items], whole, every),
        *faults_of_claims(changes),
        *faults_of_starts(starts, changes),
        *_late_starts(starts, changes),
        *taken_from_the_living(changes, place.schedulers),
        *(_ends(rows, ends) if place.runs == "stub" else ()),
        *_left(rows, whole.ended),
        *_too_many(changes),
    )
    return Verdict(
        violations=faults,
        rows=rows,
        starts=len(starts),
        share=sum(row.status == "SUCCESS" for row in counted) / max(1, len(counted)),
        outages=len(outages),
        continued=sum(change.new == "WAITING" and change.reason == "continued" for change in changes),
        outcomes=Counter(f"{row.status} {row.reason}".strip() for row in rows),
    )


def never(_: Place) -> bool:
    """Nothing is looked for: it is gone on with to the end."""
    return False


def settle(place: Place, patience: float) -> None:
    """Wait until what was left has been gone on with; `patience` seconds at most, for a busy machine."""
    time.sleep(SETTLING_SECONDS)
    deadline = time.monotonic() + patience
    while any(_left(rows_in(place.ledger), time.time())) and time.monotonic() < deadline:
        time.sleep(0.5)


def outages_of(schedulers: Iterable[Scheduler], whole: Span) -> list[Span]:
    """The times in which nobody was at work, where they are so long that what was due in them is not merely late."""
    found, reached = [], whole.began
    for span in sorted((span for each in schedulers for span in each.at_work()), key=lambda span: span.began):
        if span.began - reached >= LATE_SECONDS:
            found.append(Span(reached, span.began))
        reached = max(reached, span.ended)
    return found


def is_in_one_of(outages: Iterable[Span], second: int) -> bool:
    """Whether something was due when nobody was at work, or a moment before or after."""
    return any(span.began - 1 <= second <= span.ended + 1 for span in outages)


def witnessed(file: Path) -> tuple[list[Start], Counter[str]]:
    """The starts that the stub told, in their order, and how often each run ended."""
    starts, ends = [], Counter[str]()
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        word, run_id, _, at = line.split()
        if word == "began":
            starts.append(Start(run_id, float(at)))
        else:
            ends[run_id] += 1
    return starts, ends


def _not_once(rows: Iterable[Row], items: Iterable[str], whole: Span, every: int) -> Iterator[str]:
    """Every occurrence of each item, from the first to the last one, has exactly one row."""
    seconds: dict[str, Counter[int]] = {item: Counter() for item in items}
    for row in rows:
        seconds[row.item][row.second] += 1
    for item, counted in seconds.items():
        if not counted:
            yield f"lost: {item} has no occurrence at all"
            continue
        first, last = min(counted), max(counted)
        yield from (f"twice: {item} at {told(second)}: {many} rows" for second, many in counted.items() if many > 1)
        yield from (f"lost: {item} at {told(second)}" for second in range(first, last, every) if second not in counted)
        if first > whole.began + every + EDGE_SECONDS:
            yield f"lost: {item} begins only at {told(first)}, the first look was at {told(whole.began)}"
        if last < whole.ended - every - EDGE_SECONDS:
            yield f"lost: {item} ends at {told(last)}, the last scheduler left at {told(whole.ended)}"


def faults_of_claims(changes: Iterable[Change]) -> Iterator[str]:
    """Nobody takes what is over or taken, and no attempt is made twice."""
    attempts = Counter[tuple[str, int, int]]()
    newest: dict[str, tuple[str, int, int]] = {}
    for change in changes:
        # What its scheduler ended because it had to leave is gone on with by the next one.
        if change.old in OVER and (change.old, change.new) != ("INTERRUPTED", "WAITING"):
            yield f"moved on: {change.run_id} was {change.old} and became {change.new}"
        if change.new == "RUNNING":
            newest[change.run_id] = change.run_id, change.attempt, change.continued
            attempts[newest[change.run_id]] += 1
            if change.old != "WAITING":
                yield f"taken: {change.run_id} was {change.old or 'new'} when it was started"
        elif change.old == "RUNNING" and (change.new, change.reason) in NO_ATTEMPTS:
            attempts[newest[change.run_id]] -= 1
    for (run_id, attempt, continued), many in attempts.items():
        if many > 1:
            yield f"repeated: {run_id} was taken {many} times as attempt {attempt}, gone on with {continued} times"


def faults_of_starts(starts: Iterable[Start], changes: Iterable[Change]) -> Iterator[str]:
    """At most as many starts as times that it was taken."""
    taken = Counter(change.run_id for change in changes if change.new == "RUNNING")
    for run_id, many in Counter(start.run_id for start in starts).items():
        if many > taken[run_id]:
            yield f"repeated: {run_id} was started {many} times and taken {taken[run_id]} times"


def _late_starts(starts: Iterable[Start], changes: Iterable[Change]) -> Iterator[str]:
    """Nothing is started that has succeeded; the clock stands right."""
    done: dict[str, float] = {}
    for change in changes:
        if change.new == "SUCCESS":
            done.setdefault(change.run_id, change.at)
    for start in starts:
        if start.at > done.get(start.run_id, float("inf")):
            yield f"repeated: {start.run_id} was started {start.at - done[start.run_id]:.3f} s after its success"


def taken_from_the_living(changes: Iterable[Change], schedulers: Iterable[Scheduler]) -> Iterator[str]:
    """What runs is gone on with by others only when its scheduler is dead; one that stands still is not."""
    deaths = {each.pid: each.left_at for each in schedulers if each.left_at is not None}
    for change in changes:
        if (change.old, change.new, change.reason) != ("RUNNING", "WAITING", "continued"):
            continue
        if change.pid is None or change.at < deaths.get(change.pid, float("inf")) - CLOCKS_SECONDS:
            yield f"taken from the living: {change.run_id} of process {change.pid} at {told(change.at)}"


def _too_many(changes: Iterable[Change]) -> Iterator[str]:
    """All schedulers together run no more at once than the file says."""
    running = 0
    for change in changes:
        running += (change.new == "RUNNING") - (change.old == "RUNNING")
        if running > MOST_RUNS:
            yield f"too many: {running} run at once at {told(change.at)}"


def _ends(rows: Iterable[Row], ends: Mapping[str, int]) -> Iterator[str]:
    """What is a success did its work."""
    for row in rows:
        if row.status == "SUCCESS" and not ends[row.run_id]:
            yield f"untrue: {row.run_id} is SUCCESS and did not do its work"


def _left(rows: Iterable[Row], ended: float) -> Iterator[str]:
    """What still waits when all are gone was due at the very end, and nothing runs."""
    for row in rows:
        if row.status not in OVER and not (row.status == "WAITING" and row.second >= ended - EDGE_SECONDS):
            yield f"left: {row.run_id} is {row.status} {row.reason}".rstrip()


def told(second: float) -> str:
    """A time as people read it."""
    return f"{datetime.fromtimestamp(second, UTC):%H:%M:%S}"
