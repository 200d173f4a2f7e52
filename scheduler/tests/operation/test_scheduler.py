"""Looks of a scheduler whose clock the test sets: jumps of the clock, other schedules, trouble with the ledger."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aetherflow.kernel.api import LedgerFailed, OccurrenceStarted, SchedulerLogged
from aetherflow.scheduler.occurrences.opening import open_store
from aetherflow.scheduler.occurrences.records import Reason, Status
from aetherflow.scheduler.operation.scheduler import Scheduler
from aetherflow.scheduler.operation.telling import Teller
from aetherflow.scheduler.runs.command_line import Surroundings
from aetherflow.scheduler.runs.launcher import Launcher
from aetherflow.scheduler.runs.wake_up import WakeUp
from aetherflow.scheduler.schedules.reading import read_schedule

pytestmark = pytest.mark.integration

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


class Clock:
    """Shows what the test says."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def jump(self, **span):
        self.now += timedelta(**span)


class Log:
    def __init__(self):
        self.words = []
        self.launcher = None
        #: How many runs were at work when something was told.
        self.working = []
        #: How late each start was.
        self.late = []

    def tell(self, event):
        if isinstance(event, OccurrenceStarted):
            self.late.append(event.late_seconds)
        self.words.append(event.message if isinstance(event, SchedulerLogged) else type(event).__name__)
        self.working.append(self.launcher and len(self.launcher.working))


class Bench:
    """A scheduler that looks when it is told to, with runs that end at once."""

    def __init__(self, file, clock, log, line="exit 0"):
        self.clock = clock
        self.schedule = self.read(file)
        self.store = open_store(self.schedule.state, busy_seconds=0.01)
        self.wake_up = WakeUp()
        surroundings = Surroundings(
            folder=file.parent,
            state=self.schedule.state,
            environment={"PATH": os.environ["PATH"]},
            program=("/bin/sh", "-c", line),
        )
        self.launcher = Launcher(surroundings, self.wake_up, now=clock)
        log.launcher = self.launcher
        self.scheduler = Scheduler(self.schedule, self.store, self.launcher, Teller(log), now=clock)
        self.scheduler.begin()

    def read(self, file):
        return read_schedule(file, environment=os.environ)

    def look(self):
        """Look, and wait until what was started has ended."""
        self.scheduler.look()
        while not self.scheduler.is_idle:
            self.wake_up.sleep(20)
            self.scheduler.look()

    def rows(self):
        """Time on the clock, status and reason of all occurrences, the oldest first."""
        return [
            (f"{row.scheduled_for:%d %H:%M}", row.status, row.reason)
            for row in reversed(self.store.history(limit=9999))
        ]

    def close(self):
        self.store.close()
        self.wake_up.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def bench(schedule, clock, log):
    made = []

    def make(*items, extra="", line="exit 0"):
        made.append(Bench(schedule(*items, extra=extra), clock, log, line))
        return made[-1]

    yield make
    for each in made:
        each.close()


HOURLY = '{id: it, cron: "0 * * * *", flow_yaml: flow.yaml}'


def test_occurrence_is_run_when_its_time_comes(bench, clock):
    at_work = bench(HOURLY)
    at_work.look()
    assert at_work.rows() == []
    clock.jump(minutes=59, seconds=59.9)
    assert 0 < at_work.scheduler.seconds_to_sleep <= 0.1
    at_work.look()
    assert at_work.rows() == []
    clock.jump(seconds=0.1)
    at_work.look()
    assert at_work.rows() == [("26 13:00", Status.SUCCESS, Reason.NONE)]


def test_clock_that_jumps_forward_leaves_it_to_the_policy(bench, clock):
    at_work = bench(HOURLY.replace("}", ", misfire: latest, misfire_grace_time: 7200}"))
    clock.jump(hours=4, minutes=30)
    at_work.look()
    assert at_work.rows() == [
        ("26 13:00", Status.MISSED, Reason.TOO_OLD),
        ("26 14:00", Status.MISSED, Reason.TOO_OLD),
        ("26 15:00", Status.MISSED, Reason.COALESCED),
        ("26 16:00", Status.SUCCESS, Reason.NONE),
    ]


def test_clock_that_jumps_back_runs_nothing_twice_and_sleeps(bench, clock):
    at_work = bench(HOURLY)
    clock.jump(hours=1)
    at_work.look()
    clock.jump(minutes=-90)
    for _ in range(6):
        at_work.look()
        assert at_work.scheduler.seconds_to_sleep == 1.0
        clock.jump(minutes=15)
    assert at_work.rows() == [("26 13:00", Status.SUCCESS, Reason.NONE)]
    clock.jump(hours=1)
    at_work.look()
    assert [at for at, _, _ in at_work.rows()] == ["26 13:00", "26 14:00"]


def test_scheduler_that_comes_back_before_its_own_past_waits_for_it(bench, clock):
    first = bench(HOURLY)
    clock.jump(hours=1)
    first.look()
    clock.jump(hours=-1)
    second = bench(HOURLY)
    second.look()
    clock.jump(hours=1)
    second.look()
    clock.jump(hours=1)
    second.look()
    assert [at for at, _, _ in second.rows()] == ["26 13:00", "26 14:00"]


@pytest.mark.parametrize("is_restarted", [False, True])
def test_clock_that_was_years_ahead_and_is_set_right_does_not_silence_the_schedule(bench, clock, is_restarted):
    at_work = bench(HOURLY)
    clock.jump(hours=1)
    at_work.look()
    clock.jump(days=3650)
    at_work.look()
    clock.jump(days=-3650)
    if is_restarted:
        at_work = bench(HOURLY)
    at_work.look()
    clock.jump(hours=1)
    at_work.look()
    here = [row for row in at_work.store.history(limit=9999) if row.scheduled_for.year == 2026]
    assert [(f"{row.scheduled_for:%d %H:%M}", row.status, row.attempt) for row in here] == [
        ("26 14:00", Status.SUCCESS, 1),
        ("26 13:00", Status.SUCCESS, 1),
    ]


def test_clock_that_was_days_ahead_and_is_set_right_in_two_steps_does_not_silence_the_schedule(bench, clock):
    at_work = bench("{id: it, interval: 1m, flow_yaml: flow.yaml}")
    clock.jump(days=3.5)
    at_work.look()
    for step in (-1.8, -1.7):
        clock.jump(days=step)
        at_work.look()
    clock.jump(minutes=1)
    at_work.look()
    oldest = at_work.store.history(limit=9999)[-1]
    assert (f"{oldest.scheduled_for:%d %H:%M}", oldest.status) == ("26 12:01", Status.SUCCESS)


def test_items_are_made_known_once_for_a_clock_that_was_ahead(bench, clock, monkeypatch):
    at_work = bench(HOURLY)
    clock.jump(days=4)
    at_work.look()
    clock.jump(days=-4)
    known = []
    register = at_work.store.register
    monkeypatch.setattr(
        at_work.store, "register", lambda *asked, **more: known.append(asked) or register(*asked, **more)
    )
    for _ in range(3):
        at_work.look()
        clock.jump(seconds=1)
    assert len(known) == 1


def test_retry_that_a_clock_years_ahead_has_made_is_not_waited_for(bench, clock):
    at_work = bench(HOURLY.replace("}", ", retry: {max_attempts: 2, backoff_seconds: 600}}"), line="exit 1")
    clock.jump(days=3650)
    clock.jump(hours=1)
    at_work.look()
    clock.jump(days=-3650)
    at_work.look()
    newest = at_work.store.history(limit=1)[0]
    assert (newest.scheduled_for.year, newest.status, newest.attempt) == (2036, Status.FAILED, 2)


def test_two_schedulers_that_look_at_once_run_it_once(bench, clock):
    first, second = bench(HOURLY), bench(HOURLY)
    clock.jump(hours=1)
    second.look()
    first.look()
    assert first.rows() == [("26 13:00", Status.SUCCESS, Reason.NONE)]


def test_new_rule_is_not_blamed_for_the_time_before_it(bench, clock, schedule):
    at_work = bench('{id: it, cron: "0 8 * * *", flow_yaml: flow.yaml, misfire_grace_time: 86400}')
    clock.jump(hours=2)
    at_work.look()
    # An hour ago, in Berlin.
    file = schedule('{id: it, cron: "0 14 * * *", flow_yaml: flow.yaml, misfire_grace_time: 86400}')
    at_work.scheduler.replace(at_work.read(file))
    at_work.look()
    after_a_restart = Bench(file, clock, Log())
    after_a_restart.look()
    assert after_a_restart.rows() == []
    after_a_restart.close()


DAILY = '{id: it, cron: "0 8 * * *", flow_yaml: flow.yaml, misfire: all, misfire_grace_time: 86400}'


@pytest.mark.parametrize(
    "other",
    [
        DAILY.replace("0 8", "0 *"),
        DAILY.replace('cron: "0 8 * * *"', "interval: 1h"),
        DAILY.replace("0 8", "0 18").replace("}", ", timezone: Asia/Dubai}"),
        DAILY.replace('cron: "0 8 * * *"', "at: [2026-11-26T14:00]"),
    ],
)
def test_rule_that_was_edited_while_nobody_looked_is_not_blamed_for_the_time_before_it(bench, clock, schedule, other):
    bench(DAILY.replace("0 8", "0 11")).look()
    clock.jump(hours=2, minutes=30)
    file = schedule(other)
    written = clock.now - timedelta(minutes=1)
    os.utime(file, (written.timestamp(), written.timestamp()))
    after_a_restart = Bench(file, clock, Log())
    after_a_restart.look()
    assert after_a_restart.rows() == []
    after_a_restart.close()


def test_times_since_a_rule_was_edited_are_its_own_also_where_nobody_looked(bench, clock, schedule):
    bench(DAILY).look()
    clock.jump(hours=2, minutes=30)
    file = schedule(DAILY.replace("0 8", "0 *"))
    written = clock.now - timedelta(hours=1)
    os.utime(file, (written.timestamp(), written.timestamp()))
    after_a_restart = Bench(file, clock, Log())
    after_a_restart.look()
    assert after_a_restart.rows() == [("26 14:00", Status.SUCCESS, Reason.NONE)]
    after_a_restart.close()


def test_rule_that_nobody_edited_is_made_up_for_whenever_its_file_was_written(bench, clock, schedule):
    bench(DAILY.replace("0 8", "0 14")).look()
    clock.jump(hours=2)
    file = schedule(DAILY.replace("0 8", "0 14"))
    os.utime(file, (clock.now.timestamp(), clock.now.timestamp()))
    after_a_restart = Bench(file, clock, Log())
    after_a_restart.look()
    assert after_a_restart.rows() == [("26 13:00", Status.SUCCESS, Reason.NONE)]
    after_a_restart.close()


def test_item_that_comes_with_another_file_is_looked_at_from_then_on(bench, clock, schedule):
    at_work = bench(HOURLY)
    clock.jump(minutes=50)
    file = schedule(HOURLY.replace("it", "other"))
    at_work.scheduler.replace(at_work.read(file))
    clock.jump(minutes=20)
    at_work.look()
    assert [row.item for row in at_work.store.history()] == ["other"]


def test_item_that_is_not_enabled_does_not_run(bench, clock):
    at_work = bench(HOURLY.replace("}", ", enabled: false}"))
    clock.jump(hours=1)
    at_work.look()
    assert at_work.rows() == []


def test_many_items_that_are_due_at_once_are_accounted_for_over_several_looks(bench, clock):
    items = [f"{{id: it{number}, interval: 1s, flow_yaml: flow.yaml, misfire: skip}}" for number in range(12)]
    at_work = bench(*items)
    clock.jump(hours=1)
    at_work.scheduler.look()
    assert at_work.scheduler.seconds_to_sleep == 0
    assert at_work.scheduler.has_due(clock.now)
    at_work.scheduler.look()
    assert not at_work.scheduler.has_due(clock.now)
    assert len(at_work.store.gaps()) == 12


def test_ledger_that_can_t_be_written_loses_no_due_time_and_no_end(bench, clock, log):
    import apsw

    at_work = bench(HOURLY)
    clock.jump(hours=1)
    at_work.scheduler.look()
    at_work.wake_up.sleep(20)
    other = apsw.Connection(str(at_work.schedule.state / "occurrences.sqlite"))
    other.execute("BEGIN IMMEDIATE")
    clock.jump(hours=1)
    for _ in range(3):
        at_work.scheduler.look()
        assert at_work.scheduler.seconds_to_sleep == 1.0
    other.execute("ROLLBACK")
    other.close()
    at_work.look()
    assert at_work.rows() == [
        ("26 13:00", Status.SUCCESS, Reason.NONE),
        ("26 14:00", Status.SUCCESS, Reason.NONE),
    ]
    assert [word for word in log.words if word.startswith("ledger")] == ["ledger_failed", "ledger_works"]


def test_time_that_comes_while_the_ledger_can_t_be_written_is_not_lost(bench, clock):
    import apsw

    at_work = bench(HOURLY)
    other = apsw.Connection(str(at_work.schedule.state / "occurrences.sqlite"))
    other.execute("BEGIN IMMEDIATE")
    clock.jump(hours=1)
    for _ in range(2):
        at_work.scheduler.look()
    other.execute("ROLLBACK")
    other.close()
    at_work.look()
    assert at_work.rows() == [("26 13:00", Status.SUCCESS, Reason.NONE)]


def test_schedule_stays_where_the_ledger_does_not_take_another(bench, clock, schedule):
    import apsw

    at_work = bench(HOURLY)
    file = schedule(HOURLY.replace("it", "other"))
    other = apsw.Connection(str(at_work.schedule.state / "occurrences.sqlite"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerFailed):
        at_work.scheduler.replace(at_work.read(file))
    other.execute("ROLLBACK")
    other.close()
    clock.jump(hours=1)
    at_work.look()
    assert [row.item for row in at_work.store.history()] == ["it"]


def test_what_waits_for_room_does_not_keep_the_scheduler_awake(bench, clock):
    at_work = bench(HOURLY, HOURLY.replace("it", "other"))
    at_work.scheduler._room = replace(at_work.scheduler._room, max_runs=0)
    clock.jump(hours=1)
    at_work.scheduler.look()
    assert at_work.scheduler.seconds_to_sleep == 1.0


def fails_to_commit(at_work):
    """From now on each commit of the scheduler fails, until it is told otherwise."""
    at_work.store._connection.set_commit_hook(lambda: True)
    return lambda: at_work.store._connection.set_commit_hook(None)


def test_commit_that_fails_hands_nothing_over_and_loses_nothing(bench, clock, log):
    at_work = bench(HOURLY, HOURLY.replace("it", "other"))
    commit_again = fails_to_commit(at_work)
    clock.jump(hours=1)
    for _ in range(3):
        assert at_work.scheduler.look() == 0
        assert at_work.launcher.working == ()
        assert at_work.scheduler.has_due(clock.now)
    assert (at_work.rows(), log.words) == ([], ["ledger_failed"])
    commit_again()
    at_work.look()
    assert at_work.rows() == [("26 13:00", Status.SUCCESS, Reason.NONE)] * 2
    assert log.words == [
        "ledger_failed",
        *["occurrence_due"] * 2,
        *["OccurrenceStarted"] * 2,
        "ledger_works",
        *["OccurrenceEnded"] * 2,
    ]


def test_clock_that_is_set_back_while_the_ledger_can_t_be_written_does_not_put_off_what_is_due(bench, clock):
    at_work = bench(HOURLY)
    commit_again = fails_to_commit(at_work)
    clock.jump(minutes=64)
    at_work.scheduler.look()
    commit_again()
    clock.jump(minutes=-2)
    at_work.look()
    assert at_work.rows() == [("26 13:00", Status.SUCCESS, Reason.NONE)]


def test_look_that_finds_something_due_commits_once_before_it_is_handed_over(bench, clock, log):
    at_work = bench(HOURLY, HOURLY.replace("it", "other"))
    commits = []
    at_work.store._connection.set_commit_hook(lambda: commits.append(len(at_work.launcher.working)) or False)
    # It is also to say that it lives, and does so afterwards.
    at_work.scheduler._next_life = 0
    clock.jump(hours=1)
    assert at_work.scheduler.look() == 2
    assert commits == [0, 2]


def test_what_is_due_is_handed_over_before_anything_is_told_of_it(bench, clock, log):
    at_work = bench(HOURLY, HOURLY.replace("it", "other"))
    clock.jump(hours=1)
    at_work.scheduler.look()
    assert list(zip(log.words, log.working, strict=True)) == [
        ("occurrence_due", 2),
        ("occurrence_due", 2),
        ("OccurrenceStarted", 2),
        ("OccurrenceStarted", 2),
    ]


def test_start_is_told_with_the_time_of_its_handing_over(bench, clock, log):
    at_work = bench(HOURLY, HOURLY.replace("it", "other"))
    clock.jump(hours=1, seconds=2.5)
    at_work.scheduler.look()
    assert log.late == [2.5, 2.5]


def test_look_that_finds_a_newer_one_due_ends_the_older_one(bench, clock, log):
    at_work = bench(HOURLY.replace("}", ", overlap: cancel}"), line="exec sleep 60")
    clock.jump(hours=1)
    assert at_work.scheduler.look() == 1
    clock.jump(hours=1)
    assert at_work.scheduler.look() == 0
    assert log.words[-2:] == ["occurrence_due", "occurrence_cancel"]
    while not at_work.scheduler.look():
        at_work.wake_up.sleep(20)
    assert at_work.rows() == [
        ("26 13:00", Status.CANCELLED, Reason.REPLACED),
        ("26 14:00", Status.RUNNING, Reason.NONE),
    ]
    at_work.launcher.cancel_all()
    at_work.look()


def test_what_a_dead_scheduler_left_is_gone_on_with_in_the_look_that_finds_it(bench, clock):
    at_work = bench(HOURLY)
    dead = open_store(at_work.schedule.state)
    run = dead.trigger("it", clock.now)
    clock.jump(seconds=1)
    assert len(dead.claim(at_work.scheduler._room, clock.now)) == 1
    dead.close()
    assert at_work.scheduler.look() == 0
    at_work.scheduler._next_life = 0
    assert at_work.scheduler.look() == 1
    assert [each.run_id for each in at_work.launcher.working] == [run.run_id]
    at_work.look()


def test_what_was_found_while_the_clock_was_days_ahead_is_gone_on_with_when_it_is_set_right(bench, clock):
    at_work = bench(HOURLY.replace("}", ", misfire_grace_time: 864000}"))
    dead = open_store(at_work.schedule.state)
    run = dead.trigger("it", clock.now)
    clock.jump(seconds=1)
    assert len(dead.claim(at_work.scheduler._room, clock.now)) == 1
    dead.close()
    clock.jump(days=3)
    at_work.store.recover({"it": 864000.0}, clock.now)
    clock.jump(days=-3)
    at_work.store.close()
    second = bench(HOURLY)
    second.look()
    assert [(each.run_id, each.status) for each in second.store.history()] == [(run.run_id, Status.SUCCESS)]


def test_scheduler_that_leaves_accounts_for_nothing_and_ends_what_is_to_end(bench, clock, log):
    at_work = bench(HOURLY, line="exec sleep 60")
    clock.jump(hours=1)
    at_work.scheduler.look()
    at_work.scheduler.is_draining = True
    (run,) = at_work.launcher.working
    at_work.store.cancel("it", run.scheduled_for, clock.now)
    clock.jump(hours=1)
    at_work.look()
    assert at_work.rows() == [("26 13:00", Status.CANCELLED, Reason.NONE)]
