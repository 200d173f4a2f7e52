"""Compares each transaction with what it may do: from the ledger as it was before, and what the model has noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, NoReturn

import apsw

from .policies import OWNED, Verdict, outcome, replaced, verdicts
from .specs import BEGIN, DAY, MINUTE, SECOND, File, Spec, ms
from .world import Call, Clocks, Key, Party

NOT_OVER = {"WAITING", "RUNNING"}
OVER = {"SUCCESS", "FAILED", "TIMED_OUT", "CANCELLED", "SKIPPED", "MISSED"}
MOST_TIMES = 1000
MOST_CONTINUED = 5
CLOCK_WAS_WRONG = 2 * DAY


class Row(NamedTuple):
    item: str
    at: int
    due_at: int
    origin: str
    status: str
    reason: str
    attempt: int
    continued: int
    started: int | None
    ended: int | None
    asked: int
    owner: str | None
    max_parallel: int | None

    @property
    def is_stopped(self) -> bool:
        return (self.status, self.reason) == ("INTERRUPTED", "continued")

    @property
    def is_not_over(self) -> bool:
        return self.status in NOT_OVER or self.is_stopped

    @property
    def verdict(self) -> Verdict:
        return self.status, self.reason


_ROWS = (
    "SELECT item, scheduled_for, due_at, origin, status, reason, attempt, continued, started_at, ended_at,"
    " is_cancel_asked, owner, max_parallel FROM occurrences"
)


@dataclass
class Known:
    """An item as the schedulers were told of it."""

    is_enabled: bool
    rule: object
    #: Its times up to here are not its own: they were before it, or before it was edited.
    begin: int
    #: Its times up to here have been seen to have their rows, or need none.
    seen_until: int


class Fault(AssertionError):
    """Something became of an occurrence that must not."""


class Judge:
    """Sees all transactions."""

    def __init__(self, ledger: Path, clocks: Clocks) -> None:
        self._clocks = clocks
        self._connection = apsw.Connection(str(ledger))
        self._read_version: object = None
        self._latest = BEGIN
        #: How far each item has been looked at, and how far it had been before the transaction.
        self._looked: dict[str, int] = {}
        self._looked_before: dict[str, int] = {}
        self.has_failed = False
        self.rows: dict[Key, Row] = {}
        self.known: dict[str, Known] = {}
        self.paused: set[str] = set()
        #: Which version of the file was made known last.
        self.version = 0
        self.living: dict[str, Party] = {}
        #: Whose lock was removed once: others may have taken them for dead.
        self.doubtful: set[str] = set()
        self.heard: dict[str, int] = {}
        self.at_work: dict[Key, Party] = {}
        self.succeeded: set[Key] = set()
        self.forgotten: set[Key] = set()
        self.gaps: set[tuple[str, int, int]] = set()
        #: Starts that count, since somebody asked for the time.
        self.attempts: Counter[Key] = Counter()
        self.most_attempts: Counter[str] = Counter()
        self.checks: dict[str, Callable[[Call, Mapping[Key, Row]], None]] = {
            "register": self._registered,
            "account": self._accounted,
            "claim": self._claimed,
            "account_and_claim": self._taken,
            "finish": self._finished,
            "hasten": self._hastened,
            "recover": self._recovered,
            "heartbeat": self._heard,
            "pause": self._paused,
            "resume": self._resumed,
            "trigger": self._triggered,
            "backfill": self._backfilled,
            "cancel": self._cancelled,
            "forget": self._forgot,
        }

    def close(self) -> None:
        self._connection.close()

    def fault(self, text: str) -> NoReturn:
        self.has_failed = True
        raise Fault(text)

    def must(self, holds: object, text: str, *about: object) -> None:
        if not holds:
            self.fault(" ".join([text, *(str(each) for each in about)]))

    # What it sees.

    def see(self, call: Call) -> None:
        """A transaction was done."""
        before, self.rows = self.rows, self._read()
        self._latest = max(self._latest, self._clocks.wall)
        self._looked_before = self._looked
        self._looked = dict(self._connection.execute("SELECT item, looked_until FROM items"))
        check = self.checks.get(call.method)
        if check is None:
            self.must(before == self.rows, f"{call.method} wrote")
            return
        check(call, before)

    def see_nothing(self) -> None:
        """A transaction failed."""
        self.must(self._read() == self.rows, "what failed has written")

    def hand_over(self, party: Party, key: Key) -> None:
        """A scheduler starts a run."""
        row = self.rows[key]
        self.must(key not in self.at_work or self.at_work[key].is_doubtful, "at work twice", key)
        self.must((row.status, row.owner) == ("RUNNING", party.name), "started, and not its own", row)
        self.at_work[key] = party

    def see_look(self, party: Party, now: int, seconds: float) -> None:
        """A scheduler has looked, and nothing disturbed it: what was due has its row, and what waited is not held up."""
        for key, over_at in list(party.waits.items()):
            if over_at <= seconds:
                row = self.rows.get(key)
                is_waiting = row is not None and row.status == "WAITING" and row.reason in {"retry", "owned"}
                self.must(not is_waiting or row.due_at <= now, "is held up by a clock that was set", row, "at", now)
                del party.waits[key]
        for id_, spec in party.file.enabled.items():
            known = self.known[id_]
            if party.file.version != self.version or not known.is_enabled:
                # It works on by another file than the newest; who comes next goes on from where it looked.
                known.seen_until = max(known.seen_until, now)
                continue
            for at in spec.times(max(known.seen_until, party.ahead_until), now):
                self.must(self._is_accounted_for((id_, at)), "no row and no gap", id_, at, "at", now)
            known.seen_until = max(known.seen_until, now)

    def _is_accounted_for(self, key: Key) -> bool:
        return (
            key in self.rows
            or key in self.forgotten
            or any(item == key[0] and first <= key[1] <= last for item, first, last in self.gaps)
        )

    def see_rest(self) -> None:
        """Between two steps: who lives has exactly the runs that the ledger says."""
        running = {key: row.owner for key, row in self.rows.items() if row.status == "RUNNING"}
        for party in self.living.values():
            its = {key for key, owner in running.items() if owner == party.name}
            self.must(
                its == party.carries or (party.is_doubtful and its < party.carries),
                "runs that are not its own",
                party.name,
                its ^ party.carries,
            )
        for row in self.rows.values():
            self.must((row.owner is None) == (row.status != "RUNNING"), "an owner where none is", row)
        for key, party in self.at_work.items():
            self.must(running.get(key) == party.name or party.is_doubtful, "at work, and not its own", key)

    def _read(self) -> dict[Key, Row]:
        ((version,),) = self._connection.execute("PRAGMA data_version")
        if version == self._read_version:
            return self.rows
        self._read_version = version
        found: dict[Key, Row] = {}
        for values in self._connection.execute(_ROWS):
            key = values[:2]
            self.must(key not in found, "two rows for one time", key)
            known = self.rows.get(key)
            found[key] = known if known == values else Row(*values)
        self.gaps |= set(self._connection.execute("SELECT item, first, last FROM gaps"))
        return found

    def _changes(self, before: Mapping[Key, Row]) -> Iterator[tuple[Key, Row | None, Row | None]]:
        # Most rows of most transactions are the same ones.
        if before is self.rows:
            return
        for key in sorted(before.keys() | self.rows.keys()):
            old, new = before.get(key), self.rows.get(key)
            if old is not new:
                yield key, old, new

    def _all_changes(self, before: Mapping[Key, Row], call: Call, *statuses: str) -> Iterator[tuple[Key, Row, Row]]:
        """Changes of rows that were there, stay there, and stood at one of these."""
        for key, old, new in self._changes(before):
            self.must(old is not None and new is not None, f"{call.method} made or removed", old, new)
            self.must(old.status in statuses, f"{call.method} took", old, new)
            yield key, old, new

    # What schedulers do.

    def _registered(self, call: Call, before: Mapping[Key, Row]) -> None:
        party, now = call.party, call.now
        file = party.loading or party.file
        self._know(file, now)
        for (id_, at), old, new in self._all_changes(before, call, "WAITING"):
            if id_ not in file.specs:
                self.must(new.verdict == ("CANCELLED", "removed"), "of an item that was removed", new)
            elif not file.specs[id_].enabled and old.origin == "SCHEDULE":
                status = "SKIPPED" if old.started is None else "CANCELLED"
                self.must(new.verdict == (status, "paused"), "of an item that is not enabled", new)
            else:
                is_wrong = old.due_at > now and at > now + CLOCK_WAS_WRONG
                is_at_once = old.reason == "continued" or (old.origin == "BACKFILL" and not old.reason)
                is_wrong = is_wrong or (old.due_at > now + CLOCK_WAS_WRONG and is_at_once)
                self.must(is_wrong and new == old._replace(due_at=now), "changed for nothing", old, new)
        for row in self.rows.values():
            if row.status == "WAITING":
                self.must(row.item in file.specs, "waits, and its item was removed", row)
                is_held = row.origin != "SCHEDULE" or file.specs[row.item].enabled
                self.must(is_held, "waits, and its item is not enabled", row)
        party.ahead_until = 0
        party.begins = {id_: self.known[id_].begin for id_ in file.specs}

    def _know(self, file: File, now: int) -> None:
        self.version = file.version
        for id_, spec in file.specs.items():
            self.most_attempts[id_] = max(self.most_attempts[id_], spec.attempts)
            known = self.known.get(id_)
            if known is None:
                # Somebody may have paused it before, by a clock that was set back since.
                self.known[id_] = Known(spec.enabled, spec.rule, now, max(now, self._looked_before.get(id_, now)))
                continue
            if spec.enabled and not known.is_enabled:
                known.begin = max(known.begin, now)
            if known.rule != spec.rule:
                known.begin = max(known.begin, min(file.written_at, now))
                # So far it was looked at by another rule, also where a clock was set back since.
                known.seen_until = max(known.seen_until, self._looked_before.get(id_, now))
            known.seen_until = max(known.seen_until, known.begin)
            known.is_enabled, known.rule = spec.enabled, spec.rule
        for id_, known in self.known.items():
            known.is_enabled = known.is_enabled and id_ in file.specs
            if self._looked_before.get(id_, now) > now + CLOCK_WAS_WRONG:
                for party in self.living.values():
                    party.ahead_until = max(party.ahead_until, self._latest)
                known.seen_until = now
            if self._latest > now + CLOCK_WAS_WRONG:
                known.begin = min(known.begin, now)
        # A clock that was wrong by days has made rows that were forgotten: these times come again, and are due then.
        if self._latest > now + CLOCK_WAS_WRONG:
            again = {key for key in self.forgotten if key[1] > now}
            self.forgotten -= again
            self.succeeded -= again

    def _taken(self, call: Call, before: Mapping[Key, Row]) -> None:
        """Both at once: what was claimed had to wait in between."""
        after = self.rows
        between = dict(after)
        for key, row in after.items():
            old = before.get(key)
            if row.status == "RUNNING" and old is None:
                between[key] = row._replace(status="WAITING", owner=None, started=None, attempt=row.attempt - 1)
            elif row.status == "RUNNING" and old.status == "WAITING":
                between[key] = old
        self.rows = between
        self._accounted(call, before)
        self.rows = after
        self._claimed(call, between)

    def _accounted(self, call: Call, before: Mapping[Key, Row]) -> None:
        party, now = call.party, call.now
        new: dict[str, dict[int, Row]] = {}
        old: dict[str, dict[int, Row]] = {}
        for (id_, at), was, row in self._changes(before):
            self.must(row is not None, "account removed", was)
            (new if was is None else old).setdefault(id_, {})[at] = row
        for due in call.given["dues"]:
            spec = (party.loading or party.file).specs[due.item]
            self._see_accounted(party, spec, new.pop(due.item, {}), old.pop(due.item, {}), before, now)
            if due.left_out:
                first = ms(due.left_out[0])
                self.must(len(spec.times(first - 1, now)) > MOST_TIMES, "a gap for nothing", due.item)
        self.must(not new and not old, "account wrote of others", new, old)

    def _see_accounted(
        self,
        party: Party,
        spec: Spec,
        new: Mapping[int, Row],
        old: Mapping[int, Row],
        before: Mapping[Key, Row],
        now: int,
    ) -> None:
        others = {
            row.at: "RUNNING" if row.status == "RUNNING" else "WAITING"
            for row in before.values()
            if row.item == spec.id and row.origin != "BACKFILL" and row.is_not_over
        }
        found = verdicts(spec, list(new), others, is_paused=spec.id in self.paused, now=now)
        for at, row in new.items():
            self.must(row.verdict == found[at], "by its policies it is", found[at], "and not", row, "at", now, spec)
            self.must(spec.is_one_of_its_times(at) and at <= now, "not due", row)
            self.must(at > party.begins[spec.id], "before its item was looked at", row)
            self.must((spec.id, at) not in self.forgotten, "had its row, which was forgotten", row)
            self.must(at <= row.due_at <= at + spec.jitter, "jitter", row)
            self.must((row.origin, row.attempt) == ("SCHEDULE", 0), "origin", row)
            self.attempts[spec.id, at] = 0
        gone = replaced(spec, found, others)
        for at in gone:
            row, was = self.rows[spec.id, at], before[spec.id, at]
            if was.status == "RUNNING":
                self.must(row == was._replace(asked=1, reason=was.reason if was.asked else "replaced"), "asked", row)
            else:
                self.must(row.verdict == ("CANCELLED", "replaced"), "is not replaced", row)
        self.must(set(old) <= gone, "account changed", set(old) - gone, "of", spec)

    def _claimed(self, call: Call, before: Mapping[Key, Row]) -> None:
        party, now = call.party, call.now
        until = ms(call.given.get("due_until") or call.given["now"])
        first = self._first_in_line(before)
        for key, old, new in self._all_changes(before, call, "WAITING"):
            expected = old._replace(
                status="RUNNING", owner=party.name, started=now, ended=None, attempt=old.attempt + 1
            )
            self.must(new == expected, "is taken as", new, "and not", expected)
            self.must(old.due_at <= until, "is not due", old)
            self.must(key not in self.succeeded, "succeeds again", old)
            self.must(self._may_run(party, old), "is held", old)
            self.must(not self._is_behind(party, old, first), "is not its turn", old)
            self._see_limits(party, new)
            self.attempts[key] += 1
            self.must(self.attempts[key] <= self.most_attempts[key[0]], "is tried too often", new)
            party.carries.add(key)
            self.living[party.name] = party
            self.heard[party.name] = now
        first = self._first_in_line(self.rows)
        fulls: dict[tuple[object, ...], bool] = {}
        for row in self.rows.values():
            if row.status != "WAITING" or row.due_at > until or not self._may_run(party, row):
                continue
            alike = row.item, row.origin == "BACKFILL", row.max_parallel
            if alike not in fulls:
                fulls[alike] = self._is_full(party, row, 1)
            self.must(fulls[alike] or self._is_behind(party, row, first), "could run, and waits", row)

    def _may_run(self, party: Party, row: Row) -> bool:
        return row.item in party.file.enabled and (row.item not in self.paused or row.origin == "MANUAL")

    def _first_in_line(self, rows: Mapping[Key, Row]) -> dict[str, int]:
        """Of each item that runs one at a time, the oldest that is to be run or runs."""
        first: dict[str, int] = {}
        for row in rows.values():
            is_held = row.item in self.paused and row.origin != "MANUAL"
            if row.status in OVER or not row.is_not_over or row.origin == "BACKFILL" or is_held:
                continue
            first[row.item] = min(row.at, first.get(row.item, row.at))
        return first

    def _is_behind(self, party: Party, row: Row, first: Mapping[str, int]) -> bool:
        """Whether another one of its item is to be run first."""
        is_in_line = row.origin != "BACKFILL" and party.file.enabled[row.item].most_at_once == 1
        return is_in_line and row.at > first[row.item]

    def _is_full(self, party: Party, row: Row, more: int) -> bool:
        """Whether so many more than run now would be too many."""
        file = party.file
        specs = file.enabled
        running = [each for each in self.rows.values() if each.status == "RUNNING"]
        pool = specs[row.item].pool
        in_pool = [each for each in running if each.item in specs and specs[each.item].pool == pool]
        is_backfill = row.origin == "BACKFILL"
        alike = [each for each in running if each.item == row.item and (each.origin == "BACKFILL") == is_backfill]
        most = row.max_parallel if is_backfill else specs[row.item].most_at_once
        if is_backfill and not more:
            # Asked for with different limits, those of the narrower one were the first.
            most = max(each.max_parallel for each in alike)
        limits = [(running, file.max_runs), (in_pool, file.most_in(pool)), (alike, most)]
        return any(limit is not None and len(those) + more > limit for those, limit in limits)

    def _see_limits(self, party: Party, row: Row) -> None:
        self.must(not self._is_full(party, row, 0), "more run than may", row, party.file)

    def _finished(self, call: Call, before: Mapping[Key, Row]) -> None:
        party = call.party
        ends = {(end.occurrence.item, ms(end.occurrence.scheduled_for)) for end in call.given["ended"]}
        self.must(ends <= party.carries, "ends that are not its own", ends - party.carries)
        for key, old, new in self._all_changes(before, call, "RUNNING"):
            self.must(key in ends and old.owner == party.name, "ended, and not its own", old, new)
        for key in ends:
            party.carries.remove(key)
            if party.is_doubtful and (key not in before or before[key].owner != party.name):
                self.must(self.rows.get(key) == before.get(key), "ended, and not its own", key)
                del party.finished[key]
            else:
                self._see_end(party, key, before[key], self.rows[key])

    def _see_end(self, party: Party, key: Key, old: Row, new: Row) -> None:
        end = party.finished.pop(key)
        is_left = key[0] not in party.file.enabled
        found = outcome(end.how, end.why, attempt=old.attempt, attempts=end.attempts, is_left=is_left)
        is_replaced = old.asked and old.reason == "replaced"
        if found[0] == "WAITING" and old.asked:
            found = "CANCELLED", ""
        if found[0] == "CANCELLED" and is_replaced:
            found = "CANCELLED", "replaced"
        self.must(new.verdict == found, "ended", end, "is", found, "and not", new, "before", old)
        self.must(new.owner is None and (new.ended is None) == (found[0] == "WAITING"), "ended", new)
        uncounted = found[1] in {"owned", "continued"} or (end.how == "owned" and found != ("FAILED", ""))
        if found[0] == "WAITING":
            wait = OWNED if found[1] == "owned" else party.file.enabled[key[0]].backoff
            self.must(new.due_at - end.at in {wait, *self._backoffs(party, key)}, "waits", new, end)
            self.must(new.attempt == old.attempt - (found[1] == "owned"), "attempts", new)
            party.waits[key] = self._clocks.seconds + (new.due_at - end.at) / SECOND
        self.attempts[key] -= uncounted
        if found[0] == "SUCCESS":
            self.succeeded.add(key)

    def _backoffs(self, party: Party, key: Key) -> set[int]:
        """Those of before the file was loaded anew."""
        return {spec.backoff for file in self.files for spec in [file.specs.get(key[0])] if spec}

    files: tuple[File, ...] = ()

    def _hastened(self, call: Call, before: Mapping[Key, Row]) -> None:
        for _, old, new in self._all_changes(before, call, "WAITING"):
            self.must(new == old._replace(due_at=call.now) and old.due_at > call.now, "hastened", old, new)

    def _recovered(self, call: Call, before: Mapping[Key, Row]) -> None:
        now = call.now
        for key, old, new in self._all_changes(before, call, "RUNNING", "INTERRUPTED"):
            self.must(old.owner not in self.living or old.owner in self.doubtful, "taken from the living", old, new)
            found = self._taken_in(call.party, old, now)
            self.must(new.verdict == found, "left", old, "is", found, "and not", new)
            self.must(new.owner is None, "an owner", new)
            if found[0] == "WAITING":
                self.attempts[key] -= old.status == "RUNNING"
                self.must(new.continued == old.continued + (old.status == "RUNNING"), "continued", new)
        for row in self.rows.values():
            may_live = row.owner in self.living or row.owner in self.doubtful
            self.must(row.status != "RUNNING" or may_live, "runs, and its owner is dead", row)
            self.must(not row.is_stopped, "is stopped, and was not gone on with", row)

    def _taken_in(self, party: Party, old: Row, now: int) -> Verdict:
        if old.asked:
            return "CANCELLED", "replaced" if old.reason == "replaced" else ""
        spec = (party.loading or party.file).specs.get(old.item)
        if spec is None or not self.known[old.item].is_enabled:
            return "INTERRUPTED", "removed"
        heard = old.ended if old.is_stopped else self.heard.get(old.owner, now)
        is_to_blame = old.status == "RUNNING" and old.continued >= MOST_CONTINUED
        if is_to_blame or heard < now - max(spec.grace, MINUTE):
            return "INTERRUPTED", "abandoned"
        return "WAITING", "continued"

    def _heard(self, call: Call, before: Mapping[Key, Row]) -> None:
        self.must(before == self.rows, "wrote")
        self.living[call.party.name] = call.party
        self.heard[call.party.name] = call.now

    # What people do.

    def _paused(self, call: Call, before: Mapping[Key, Row]) -> None:
        self.must(before == self.rows, "wrote")
        self.paused |= set(call.given["items"])

    def _resumed(self, call: Call, before: Mapping[Key, Row]) -> None:
        self.must(before == self.rows, "wrote")
        self.paused -= set(call.given["items"])

    def _triggered(self, call: Call, before: Mapping[Key, Row]) -> None:
        ((key, old, new),) = self._changes(before)
        self.must(old is None and new.verdict == ("WAITING", "") and new.origin == "MANUAL", "triggered", new)
        self.must(key[1] % 1000 and key[1] >= call.now, "at a time of the schedule", new)

    def _backfilled(self, call: Call, before: Mapping[Key, Row]) -> None:
        id_, asked = call.given["item"], [ms(at) for at in call.given["times"]]
        taken = {"SKIPPED", "MISSED"}
        if call.given["is_again"]:
            taken |= {"FAILED", "TIMED_OUT", "CANCELLED", "INTERRUPTED"}
        expected = {(id_, at) for at in asked if (id_, at) not in before or before[id_, at].status in taken}
        changed = {key for key, _, _ in self._changes(before)}
        self.must(changed == expected == {key for key in expected if self._is_asked_for(key)}, "backfilled", changed)
        self.must(call.result == len(expected), "so many are not to run", call.result)
        self.succeeded -= expected
        self.forgotten -= expected
        for key in expected:
            self.attempts[key] = 0

    def _is_asked_for(self, key: Key) -> bool:
        row = self.rows[key]
        return (*row.verdict, row.origin, row.attempt, row.owner) == ("WAITING", "", "BACKFILL", 0, None)

    def _cancelled(self, call: Call, before: Mapping[Key, Row]) -> None:
        key = call.given["item"], ms(call.given["scheduled_for"])
        for found, old, new in self._changes(before):
            self.must(found == key and old.is_not_over, "cancelled", old, new)
        old, new = before.get(key), self.rows.get(key)
        if old is not None and old.is_not_over:
            is_running = old.status == "RUNNING"
            expected = (1, old.verdict) if is_running else (0, ("CANCELLED", ""))
            self.must((new.asked, new.verdict) == expected, "cancelled", old, new)

    def _forgot(self, call: Call, before: Mapping[Key, Row]) -> None:
        until = ms(call.given["before"])
        for key, old, new in self._changes(before):
            self.must(new is None and not (old.is_not_over and not old.is_stopped), "forgot", old, new)
            self.must(old.ended is not None and max(old.ended, old.at) < until, "forgot too early", old)
            # A backfill may have run what no scheduler has looked at yet: that is due as ever.
            if key[1] <= self._looked.get(key[0], 0):
                self.forgotten.add(key)
