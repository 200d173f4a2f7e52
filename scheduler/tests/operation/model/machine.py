"""Drives some schedulers on one ledger through any sequence of events, under the eyes of the judge."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from aetherflow.scheduler.occurrences.failures import StoreFailed
from aetherflow.scheduler.occurrences.opening import open_store

from .judge import Judge
from .specs import BEGIN, DAY, HOUR, MINUTE, POOL, SECOND, File, Spec, utc
from .world import Clocks, Died, Key, Meanwhile, Party, party_of, people_of

IDS = ("a", "b", "c")
MOST_SCHEDULERS = 3
#: How many may wait at the end, the others are cancelled; and how many rounds are enough for these.
MOST_AT_THE_END, CALM_ROUNDS = 12, 60

SPECS = st.fixed_dictionaries(
    {
        "every": st.sampled_from([20 * MINUTE, 5 * MINUTE, 0, 30 * MINUTE, HOUR, HOUR, 6 * HOUR]),
        "start": st.sampled_from([BEGIN - DAY, BEGIN - DAY + 90 * SECOND, BEGIN + HOUR]),
        "at": st.lists(st.integers(0, 120), max_size=6, unique=True).map(
            lambda minutes: tuple(BEGIN + minute * 10 * MINUTE for minute in sorted(minutes))
        ),
        "overlap": st.sampled_from(["skip", "queue", "allow", "cancel"]),
        "misfire": st.sampled_from(["latest", "all", "skip"]),
        "grace": st.sampled_from([300 * SECOND, 0, 30 * SECOND, 2 * HOUR, 2 * DAY]),
        "jitter": st.sampled_from([0, 0, 20 * SECOND, 10 * MINUTE]),
        "pool": st.sampled_from([None, POOL]),
        "max_runs": st.sampled_from([None, 1, 2]),
        "attempts": st.sampled_from([1, 2, 3]),
        "backoff": st.sampled_from([0, 30 * SECOND, HOUR]),
        "enabled": st.sampled_from([True] * 5 + [False]),
    }
)
SPANS = st.sampled_from(
    [
        *(number * SECOND for number in (1, 6, 6, 20, 45)),
        MINUTE,
        5 * MINUTE,
        5 * MINUTE,
        20 * MINUTE,
        HOUR,
        HOUR,
        6 * HOUR,
        DAY,
    ]
)
JUMPS = st.sampled_from([-SECOND, -MINUTE, -10 * MINUTE, -2 * HOUR, -DAY, -36 * HOUR, -3 * DAY, HOUR, DAY])
HOWS = st.sampled_from(["success", "failed", "success", "killed", "owned", "timed_out", "wrong", "interrupted"])
DISTURBANCES = ("fails", "dies before", "dies after", "others", "fails", "time", "ask")
LATE = st.sampled_from([0, SECOND, 0, 10 * SECOND, MINUTE])
MEANWHILE = st.none() | st.none() | st.tuples(st.integers(1, 8), st.sampled_from(DISTURBANCES))
NUMBERS = st.integers(0, 5)
ITEM = st.sampled_from(IDS)
KEYS = st.sampled_from(["enabled", "overlap", "misfire", "pool", "every", "attempts"])

#: What may happen, how often it does, and with what. Rules of their own would be left out for whole sequences.
HAPPENINGS: tuple[tuple[str, int, dict[str, st.SearchStrategy]], ...] = (
    ("pass_to_what_is_due", 15, {"late": LATE, "number": NUMBERS, "meanwhile": MEANWHILE}),
    ("pass_time_and_look", 3, {"span": SPANS, "number": NUMBERS}),
    ("look", 4, {"number": NUMBERS, "meanwhile": MEANWHILE}),
    ("stop_until_all_is_forgotten", 2, {"number": NUMBERS}),
    ("take_for_dead", 4, {"number": NUMBERS, "how": HOWS}),
    ("end", 4, {"number": NUMBERS, "which": NUMBERS, "how": HOWS}),
    ("end_all", 5, {"how": HOWS, "number": NUMBERS, "meanwhile": MEANWHILE}),
    ("fail_and_set_back", 2, {"back": st.sampled_from([HOUR, DAY]), "number": NUMBERS}),
    ("pass_time", 2, {"span": SPANS}),
    ("set_clock", 2, {"jump": JUMPS}),
    ("pass_many_days", 1, {"is_only_the_clock": st.booleans(), "days": st.sampled_from([5, 9])}),
    ("begin", 2, {"meanwhile": MEANWHILE}),
    ("stop_just_after_the_clock_was_read", 1, {"number": NUMBERS}),
    ("kill", 2, {"number": NUMBERS}),
    ("drain", 1, {"number": NUMBERS}),
    ("leave", 1, {"number": NUMBERS, "meanwhile": MEANWHILE}),
    ("edit_anew", 1, {"id_": ITEM, "spec": SPECS}),
    ("edit", 1, {"id_": ITEM, "spec": SPECS, "key": KEYS}),
    ("edit_limits", 1, {"max_runs": st.integers(1, 4), "pool": st.integers(1, 2)}),
    ("remove", 1, {"id_": ITEM}),
    ("disable_for_a_while", 2, {"id_": ITEM, "span": SPANS}),
    ("edit_and_reload_all", 2, {"id_": ITEM, "spec": SPECS, "span": SPANS}),
    ("edit_and_begin_anew", 2, {"id_": ITEM, "spec": SPECS, "key": KEYS, "span": SPANS}),
    ("reload", 2, {"number": NUMBERS, "meanwhile": MEANWHILE}),
    ("pause_or_resume", 1, {"id_": ITEM, "is_paused": st.booleans()}),
    ("trigger", 2, {"id_": ITEM}),
    ("backfill", 2, {"id_": ITEM, "span": SPANS, "parallel": st.integers(1, 2), "is_again": st.booleans()}),
    ("cancel", 1, {"which": st.integers(0, 40)}),
    ("forget", 2, {"days": st.sampled_from([1, 1, 2, 7])}),
)
EVENTS = st.one_of(
    [st.tuples(st.just(name), st.fixed_dictionaries(given)) for name, times, given in HAPPENINGS for _ in range(times)]
)


class Schedulers(RuleBasedStateMachine):
    """Each rule is something that may happen."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory(prefix="model-")
        folder = Path(self._folder.name)
        self._ledger = folder / "state" / "occurrences.sqlite"
        open_store(self._ledger.parent).close()
        self.clocks = Clocks()
        self.judge = Judge(self._ledger, self.clocks)
        self.file = File(version=1, written_at=BEGIN)
        self.parties: list[Party] = []
        self.gone: list[Party] = []
        self.people = people_of(self.judge, self._ledger, self.file)

    @rule(event=EVENTS)
    def happens(self, event: tuple[str, dict[str, object]]) -> None:
        name, given = event
        getattr(self, name)(**given)

    # The file.

    @initialize(specs=st.lists(SPECS, min_size=2, max_size=3), max_runs=st.sampled_from([1, 2, 8]))
    def write(self, specs: list[dict[str, object]], max_runs: int) -> None:
        named = {id_: Spec(id_, **spec) for id_, spec in zip(IDS, specs, strict=False)}
        self._write(replace(self.file, specs=named, max_runs=max_runs))
        self._begin(None)

    def edit_anew(self, id_: str, spec: dict[str, object]) -> None:
        self._write(replace(self.file, specs={**self.file.specs, id_: Spec(id_, **spec)}))

    def edit(self, id_: str, spec: dict[str, object], key: str) -> None:
        if id_ in self.file.specs:
            changed = replace(self.file.specs[id_], **{key: spec[key]})
            self._write(replace(self.file, specs={**self.file.specs, id_: changed}))

    def remove(self, id_: str) -> None:
        if len(self.file.specs) > 1:
            self._write(replace(self.file, specs={key: spec for key, spec in self.file.specs.items() if key != id_}))

    def edit_limits(self, max_runs: int, pool: int) -> None:
        self._write(replace(self.file, max_runs=max_runs, pool=pool))

    def _write(self, file: File) -> None:
        self.file = replace(file, version=self.file.version + 1, written_at=self.clocks.wall)
        self.judge.files = (*self.judge.files, self.file)

    # Time.

    def pass_time(self, span: int) -> None:
        self.clocks.pass_time(span)

    def set_clock(self, jump: int) -> None:
        self.clocks.wall += jump

    def pass_many_days(self, days: int, *, is_only_the_clock: bool) -> None:
        """More than there are rows for."""
        (self.set_clock if is_only_the_clock else self.pass_time)(days * DAY)

    def pass_time_and_look(self, span: int, number: int) -> None:
        self.clocks.pass_time(span)
        self.look(number, None)

    def pass_to_what_is_due(self, late: int, number: int, meanwhile: tuple[int, str] | None) -> None:
        now = self.clocks.wall
        nexts = [at for spec in self.file.enabled.values() for at in spec.times(now, now + DAY)[:1]]
        if nexts:
            self.clocks.pass_time(min(nexts) + late - now)
        self.look(number, meanwhile)

    def stop_until_all_is_forgotten(self, number: int) -> None:
        """One is stopped, the others go on for days."""
        if len(self.parties) < MOST_SCHEDULERS:
            self._begin(None)
        for party in self._one_of(self.parties, number):
            for span in (HOUR, HOUR, 25 * HOUR):
                self.clocks.pass_time(span)
                for other in self.parties:
                    if other is not party:
                        self._disturbed(other, None, partial(self._look, other))
                self._end_all("success")
            self.forget(1)
            self._disturbed(party, None, partial(self._look, party))

    # Schedulers.

    def edit_and_reload_all(self, id_: str, spec: dict[str, object], span: int) -> None:
        self.edit_anew(id_, spec)
        self.clocks.pass_time(span)
        self._reload_all()

    def disable_for_a_while(self, id_: str, span: int) -> None:
        for is_enabled in (False, True):
            self.edit(id_, {"enabled": is_enabled}, "enabled")
            self._reload_all()
            self.clocks.pass_time(span)

    def _reload_all(self) -> None:
        for party in self.parties:
            if not party.scheduler.is_draining:
                self._disturbed(party, None, partial(self._reload, party))
                self._disturbed(party, None, partial(self._look, party))

    def edit_and_begin_anew(self, id_: str, spec: dict[str, object], key: str, span: int) -> None:
        """Nobody lives when the file is edited."""
        for party in list(self.parties):
            self._die(party)
        self.edit(id_, spec, key)
        self.clocks.pass_time(span)
        self._begin(None)
        self.look(0, None)

    def take_for_dead(self, number: int, how: str) -> None:
        """Somebody removes the file that tells that one lives: another one takes what it runs, and then it ends."""
        for party in self._one_of([each for each in self.parties if each.hand.at_work], number):
            (self._ledger.parent / "owners" / f"{party.name}.lock").unlink(missing_ok=True)
            party.is_doubtful = True
            self.judge.doubtful.add(party.name)
            self.judge.living.pop(party.name, None)
            self.clocks.pass_time(10 * SECOND)
            self._begin(None)
            self.look(len(self.parties) - 1, None)
            for key in party.hand.at_work:
                self._end(party, key, how)
            self._disturbed(party, None, partial(self._look, party))

    def begin(self, meanwhile: tuple[int, str] | None) -> None:
        if len(self.parties) < MOST_SCHEDULERS:
            self._begin(meanwhile)

    def _begin(self, meanwhile: tuple[int, str] | None) -> None:
        party = party_of(self.judge, self.clocks, self._ledger, self.file)
        self.judge.living[party.name] = party
        self.parties.append(party)
        try:
            self._disturbed(party, meanwhile, party.scheduler.begin)
        except StoreFailed:
            self._leave(party)

    def look(self, number: int, meanwhile: tuple[int, str] | None) -> None:
        for party in self._one_of(self.parties, number):
            self._disturbed(party, meanwhile, partial(self._look, party))

    def _look(self, party: Party) -> None:
        now, seconds = self.clocks.wall if party.frozen is None else party.frozen, self.clocks.seconds
        party.scheduler.look()
        party.frozen = None
        is_failing = party.scheduler.patience.is_failing
        self.judge.must(not is_failing or party.has_been_disturbed, "it failed, and nothing disturbed it")
        if not is_failing and not party.scheduler.is_draining:
            self.judge.see_look(party, now, seconds)

    def stop_just_after_the_clock_was_read(self, number: int) -> None:
        for party in self._one_of(self.parties, number):
            party.frozen = self.clocks.wall if party.frozen is None else party.frozen

    def reload(self, number: int, meanwhile: tuple[int, str] | None) -> None:
        # Who leaves reads no files.
        for party in self._one_of([each for each in self.parties if not each.scheduler.is_draining], number):
            self._disturbed(party, meanwhile, partial(self._reload, party))

    def _reload(self, party: Party) -> None:
        party.frozen, party.loading = None, self.file
        try:
            party.scheduler.replace(self.file.schedule(self._ledger.parent.parent))
        except StoreFailed:
            self.judge.must(party.has_been_disturbed, "it failed, and nothing disturbed it")
        else:
            party.file = party.loading
        finally:
            party.loading = None

    def kill(self, number: int) -> None:
        for party in self._one_of(self.parties, number):
            self._die(party)

    def drain(self, number: int) -> None:
        for party in self._one_of(self.parties, number):
            party.scheduler.is_draining = party.hand.is_leaving = True

    def leave(self, number: int, meanwhile: tuple[int, str] | None) -> None:
        for party in self._one_of(self.parties, number):
            self._disturbed(party, meanwhile, partial(self._stop, party))

    def _stop(self, party: Party) -> None:
        party.scheduler.is_draining = party.hand.is_leaving = True
        self._look(party)
        party.hand.cancel_all()
        for key in party.hand.at_work:
            self._end(party, key, "cancelled")
        self._look(party)
        self._leave(party)

    def _leave(self, party: Party) -> None:
        self._is_gone(party)
        party.seam.close()

    def _die(self, party: Party) -> None:
        party.seam.drop()
        self._is_gone(party)
        self.gone.append(party)

    def _is_gone(self, party: Party) -> None:
        self.parties.remove(party)
        self.judge.living.pop(party.name, None)
        self.judge.doubtful.discard(party.name)
        self.judge.at_work = {key: each for key, each in self.judge.at_work.items() if each is not party}

    # Runs.

    def end(self, number: int, which: int, how: str) -> None:
        for party in self._one_of([each for each in self.parties if each.hand.at_work], number):
            for key in self._one_of(sorted(party.hand.at_work), which):
                self._end(party, key, how)

    def end_all(self, how: str, number: int, meanwhile: tuple[int, str] | None) -> None:
        self._end_all(how)
        self.look(number, meanwhile)

    def fail_and_set_back(self, back: int, number: int) -> None:
        """What is to be tried again waits while the clock is set back."""
        self._end_all("failed")
        self.look(number, None)
        self.clocks.wall -= back
        self.clocks.pass_time(HOUR)
        self.look(number, None)

    def _end_all(self, how: str) -> None:
        for party in self.parties:
            for key in sorted(party.hand.at_work):
                self._end(party, key, how)

    def _end(self, party: Party, key: Key, how: str) -> None:
        is_asked = party.hand.at_work[key].why is not None
        party.hand.end(key, "cancelled" if is_asked and how != "success" else how)
        if self.judge.at_work.get(key) is party:
            del self.judge.at_work[key]

    # People.

    def pause_or_resume(self, id_: str, is_paused: bool) -> None:
        ask = self.people.seam.pause if is_paused else self.people.seam.resume
        ask([id_], utc(self.clocks.wall))

    def trigger(self, id_: str) -> None:
        if id_ in self.file.enabled:
            self.people.seam.trigger(id_, utc(self.clocks.wall))

    def backfill(self, id_: str, span: int, parallel: int, is_again: bool) -> None:
        spec, now = self.file.enabled.get(id_), self.clocks.wall
        times = spec.times(now - min(span, DAY), now)[:12] if spec else []
        if times:
            asked = [utc(at) for at in times]
            self.people.seam.backfill(id_, asked, max_parallel=parallel, is_again=is_again, now=utc(now))

    def cancel(self, which: int) -> None:
        for item, at in self._one_of(sorted(self.judge.rows, key=lambda key: (-key[1], key[0])), which):
            self.people.seam.cancel(item, utc(at), utc(self.clocks.wall))

    def forget(self, days: int) -> None:
        while self.people.seam.forget(utc(self.clocks.wall - days * DAY)):
            pass

    # What may disturb.

    def _disturbed(self, party: Party, meanwhile: tuple[int, str] | None, work: Callable[[], None]) -> None:
        party.has_been_disturbed = False
        if meanwhile is not None:
            number, what = meanwhile
            works = {"others": lambda: self._others(party), "time": self._time, "ask": self._ask}
            party.seam.meanwhile = Meanwhile(number, works.get(what, what))
        try:
            work()
        except Died:
            self._die(party)
        finally:
            party.seam.meanwhile = None

    def _others(self, party: Party) -> None:
        for other in [each for each in self.parties if each is not party]:
            other.has_been_disturbed = False
            self._look(other)

    def _time(self) -> None:
        self.clocks.pass_time(MINUTE)

    def _ask(self) -> None:
        for item, at in sorted(self.judge.rows, key=lambda key: -key[1])[:1]:
            self.people.seam.cancel(item, utc(at), utc(self.clocks.wall))
        for id_ in list(self.file.enabled)[:1]:
            self.people.seam.trigger(id_, utc(self.clocks.wall))

    @staticmethod
    def _one_of(those: list, number: int) -> list:
        return [those[number % len(those)]] if those else []

    # What must hold.

    @invariant()
    def see_rest(self) -> None:
        self.judge.see_rest()

    def teardown(self) -> None:
        try:
            if not self.judge.has_failed and self.file.specs:
                self.calm_down()
        finally:
            for party in [*self.parties, *self.gone, self.people]:
                with suppress(StoreFailed):
                    party.seam.close()
            self.judge.close()
            self._folder.cleanup()

    def calm_down(self) -> None:
        """Nothing more is due, and nothing disturbs: all comes to its end."""
        for party in list(self.parties):
            if party.scheduler.is_draining:
                self._stop(party)
        self.people.seam.resume(list(IDS), utc(self.clocks.wall))
        known = {**dict.fromkeys(self.judge.known, Spec("")), **self.file.specs}
        quiet = {id_: replace(spec, id=id_, every=0, at=(), enabled=True) for id_, spec in known.items()}
        self._write(replace(self.file, specs=quiet, max_runs=100))
        for party in self.parties:
            self._reload(party)
        if not self.parties:
            self._begin(None)
        for row in self._not_over()[MOST_AT_THE_END:]:
            self.people.seam.cancel(row.item, utc(row.at), utc(self.clocks.wall))
        for number in range(CALM_ROUNDS):
            self.clocks.pass_time(6 * HOUR if number > CALM_ROUNDS / 2 and number % 2 else 10 * SECOND)
            for party in list(self.parties):
                self._look(party)
            self._end_all("success")
            if number > 1 and not self._not_over():
                break
        self.judge.must(not self._not_over(), "waits for ever", self._not_over())
        self.judge.see_rest()
        self.judge.must(not self.judge.at_work, "at work for ever", self.judge.at_work)

    def _not_over(self) -> list[object]:
        return [row for row in self.judge.rows.values() if row.is_not_over]
