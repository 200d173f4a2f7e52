"""What is noted is written before it is told; who hangs where it tells, and what can't be written, hurt nobody else."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from aetherflow.kernel.contracts.events import JobEnded, Status
from aetherflow.kernel.contracts.records import JobRecord, RunKey, RunRecord, StepKey, StepRecord
from aetherflow.kernel.errors import LedgerFailed, RunFailed
from aetherflow.kernel.events.bus import EventBus, Telling
from aetherflow.kernel.run.crew import Crew
from aetherflow.kernel.run.journal import Journal
from aetherflow.kernel.state.ledger import open_ledger

KEY = RunKey("flow", "run")
LONG = 60


@pytest.fixture
def ledger(tmp_path):
    opened = open_ledger(tmp_path / "ledger.sqlite")
    run = RunRecord(status=Status.RUNNING, starts=1, started_at=1.0, ended_at=None, parameters={}, facts={}, marker="m")
    with opened.transaction():
        opened.put_run(KEY, run)
    yield opened
    opened.close()


class Hanging:
    """Takes events; one of a job called `hangs` not before it may."""

    def __init__(self):
        self.told = []
        self.is_there, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self, event):
        if event.job_id == "hangs":
            self.is_there.set()
            self.may_go_on.wait(LONG)
        self.told.append(event.job_id)


def ended(job_id):
    return JobEnded(at=1.0, flow_id="flow", run_id="run", job_id=job_id, status=Status.SUCCESS, duration_ms=1)


def job_ends(journal, job_id, outputs=None):
    record = JobRecord(status=Status.SUCCESS, outputs=outputs or {})
    journal.note(lambda ledger: ledger.put_job(KEY, job_id, record), event=ended(job_id))


def on_a_thread(function):
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    return thread


def commits(journal, *job_ids):
    for job_id in job_ids:
        job_ends(journal, job_id)
        journal.commit()


def caught(ledger, *, is_over=lambda: False):
    """A listener in which a thread hangs, with what tells it and the journal that told it."""
    take = Hanging()
    telling = Telling(take, is_over=is_over)
    journal = Journal(ledger, telling, (KEY, 1), Crew())
    on_a_thread(lambda: commits(journal, "hangs"))
    assert take.is_there.wait(LONG)
    return take, telling, journal


def test_what_is_written_is_not_held_up_by_one_that_hangs_where_it_tells(ledger):
    take = Hanging()
    journal = Journal(ledger, Telling(take, is_over=lambda: False), (KEY, 1), Crew())
    teller = on_a_thread(lambda: commits(journal, "hangs"))
    assert take.is_there.wait(LONG)
    commits(journal, "a", "b")
    assert set(ledger.history(KEY).jobs) == {"hangs", "a", "b"}
    assert take.told == []
    take.may_go_on.set()
    teller.join(LONG)
    assert take.told == ["hangs", "a", "b"]


def test_a_sink_that_says_something_itself_is_heard(ledger):
    told = []

    def take(event):
        told.append(event.job_id)
        if event.job_id == "a":
            telling.tell(ended("of a"))

    telling = Telling(take, is_over=lambda: False)
    telling.tell(ended("a"))
    telling.leave([ended("a"), ended("b")])
    telling.tell_left()
    telling.finish()
    assert told == ["a", "of a", "a", "b", "of a"]


def test_one_who_says_something_is_not_held_up_by_what_waits(ledger):
    take, telling, _ = caught(ledger)
    telling.tell(ended("a"))
    assert take.told == []
    take.may_go_on.set()
    telling.finish()
    assert take.told == ["hangs", "a"]


def test_at_the_end_a_slow_listener_is_not_waited_for_when_the_time_is_over():
    over, told = threading.Event(), []

    def take(event):
        told.append(event)
        over.set()
        time.sleep(0.05)

    telling = Telling(take, is_over=over.is_set, start=Crew().start)
    telling.leave([ended(f"j{number}") for number in range(900)])
    began = time.monotonic()
    telling.finish()
    assert telling.has_given_up
    assert len(told) < 900
    assert time.monotonic() - began < 20


def test_where_too_much_waits_to_be_told_who_brings_more_waits(ledger):
    take, telling, _ = caught(ledger)
    telling.leave([ended("a")] * 2000)
    telling.tell_left()
    waiting = on_a_thread(telling.wait_while_crowded)
    waiting.join(0.2)
    assert waiting.is_alive()
    take.may_go_on.set()
    waiting.join(LONG)
    assert take.told == ["hangs", *["a"] * 2000]


def test_one_that_hangs_where_it_tells_is_not_waited_for_when_the_time_is_over(ledger):
    over = threading.Event()
    take, telling, journal = caught(ledger, is_over=over.is_set)
    telling.leave([ended("said")] * 2000)
    waiting = on_a_thread(lambda: [telling.wait_while_crowded(), commits(journal, "a", "b")])
    assert not telling.has_given_up
    over.set()
    waiting.join(LONG)
    assert not waiting.is_alive()
    assert telling.has_given_up
    assert set(ledger.history(KEY).jobs) == {"hangs", "a", "b"}
    take.may_go_on.set()


def test_a_healthy_listener_hears_all_of_it_after_the_time_is_over_as_well(ledger):
    take = Hanging()
    telling = Telling(take, is_over=lambda: True)
    journal = Journal(ledger, telling, (KEY, 1), Crew())
    names = [[f"{thread}{number}" for number in range(20)] for thread in "abcd"]
    threads = [on_a_thread(lambda some=some: commits(journal, *some)) for some in names]
    for thread in threads:
        thread.join(LONG)
    assert sorted(take.told) == sorted(name for some in names for name in some)


def test_events_are_told_in_the_order_of_the_ledger_and_only_when_they_are_in_it(ledger):
    told, missing, written = [], [], []

    def take(event):
        told.append(event.job_id)
        if event.job_id not in ledger.history(KEY).jobs:
            missing.append(event.job_id)

    journal = Journal(ledger, Telling(take, is_over=lambda: False), (KEY, 1), Crew())
    guard = threading.Lock()

    def work(name):
        for number in range(25):
            with guard:
                journal.note(lambda _, name=f"{name}{number}": written.append(name))
                job_ends(journal, f"{name}{number}")
            journal.commit()

    threads = [on_a_thread(lambda name=name: work(name)) for name in "abcd"]
    for thread in threads:
        thread.join(LONG)
    assert len(told) == 100
    assert told == written
    assert missing == []


def test_who_tells_one_event_has_not_to_tell_what_others_leave_meanwhile():
    told, is_over = [], threading.Event()

    def take(event):
        told.append(event.job_id)
        if not is_over.is_set():
            # There is always more.
            telling.leave([ended("more")])

    telling = Telling(take, is_over=lambda: False, start=Crew().start)
    one = on_a_thread(lambda: telling.tell(ended("mine")))
    one.join(LONG)
    assert not one.is_alive()
    assert told[0] == "mine"
    while len(told) < 100:
        assert threading.active_count() < 50
    is_over.set()
    telling.finish()
    assert set(told) == {"mine", "more"}


def test_where_a_listener_hangs_threads_and_events_do_not_pile_up(ledger):
    take, is_over = Hanging(), threading.Event()
    crew = Crew()
    telling = Telling(take, is_over=is_over.is_set, start=crew.start)
    journal = Journal(ledger, telling, (KEY, 1), crew)
    on_a_thread(lambda: commits(journal, "hangs"))
    assert take.is_there.wait(LONG)
    before, noted = threading.active_count(), []

    def work():
        for number in range(3000):
            journal.wait_for_room()
            noted.append(number)
            journal.note(event=ended(f"j{number}"))
            journal.commit_soon()

    working = on_a_thread(work)
    working.join(1)
    assert working.is_alive()
    assert len(noted) < 1500
    assert threading.active_count() < before + 10
    take.may_go_on.set()
    working.join(LONG)
    journal.commit()
    telling.finish()
    assert take.told == ["hangs", *(f"j{number}" for number in range(3000))]


def test_after_a_failure_all_that_was_written_is_told_before_the_end(ledger):
    take, _, journal = caught(ledger)
    commits(journal, "a", "b")
    journal.note(no_memory)
    with pytest.raises(LedgerFailed):
        journal.commit()
    ending = on_a_thread(journal.finish)
    ending.join(0.1)
    assert ending.is_alive()
    take.may_go_on.set()
    ending.join(LONG)
    assert take.told == ["hangs", "a", "b"]


class Disk:
    """A write that takes as long as we want."""

    def __init__(self):
        self.is_there, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self, _):
        self.is_there.set()
        assert self.may_go_on.wait(LONG)


def test_what_is_to_be_written_soon_is_written_without_the_one_who_noted_it(ledger):
    disk, told = Disk(), []
    journal = Journal(ledger, Telling(told.append, is_over=lambda: False), (KEY, 1), Crew())
    journal.note(disk)
    job_ends(journal, "a")
    pending = journal.commit_soon()
    assert disk.is_there.wait(LONG)
    assert told == []
    waiting = on_a_thread(pending.wait)
    waiting.join(0.1)
    assert waiting.is_alive()
    disk.may_go_on.set()
    waiting.join(LONG)
    assert not waiting.is_alive()
    assert set(ledger.history(KEY).jobs) == {"a"}
    journal.commit()
    assert told == [ended("a")]


def test_who_commits_meanwhile_waits_for_what_is_on_its_way(ledger):
    disk = Disk()
    journal = Journal(ledger, Telling(lambda _: None, is_over=lambda: False), (KEY, 1), Crew())
    journal.note(disk)
    job_ends(journal, "a")
    journal.commit_soon()
    assert disk.is_there.wait(LONG)
    waiting = on_a_thread(journal.commit)
    waiting.join(0.1)
    assert waiting.is_alive()
    disk.may_go_on.set()
    waiting.join(LONG)
    assert set(ledger.history(KEY).jobs) == {"a"}


def test_where_the_disk_is_slower_than_the_work_who_notes_more_waits(ledger):
    disk = Disk()
    journal = Journal(ledger, Telling(lambda _: None, is_over=lambda: False), (KEY, 1), Crew())
    journal.note(disk)
    journal.commit_soon()
    assert disk.is_there.wait(LONG)
    for number in range(300):
        job_ends(journal, f"j{number}")
    ahead = on_a_thread(journal.commit_soon)
    ahead.join(0.1)
    assert ahead.is_alive()
    disk.may_go_on.set()
    ahead.join(LONG)
    assert not ahead.is_alive()
    assert len(ledger.history(KEY).jobs) == 300


def test_what_could_not_be_written_soon_is_told_to_all_who_come(ledger):
    journal = Journal(ledger, Telling(lambda _: None, is_over=lambda: False), (KEY, 1), Crew())
    journal.note(no_memory)
    pending = journal.commit_soon()
    with pytest.raises(LedgerFailed, match="MemoryError"):
        pending.wait()
    assert "MemoryError" in str(journal.failure)
    for commit in (journal.commit_soon, journal.commit, pending.wait):
        with pytest.raises(LedgerFailed, match="MemoryError"):
            commit()


def test_where_there_is_no_thread_for_it_the_one_who_asks_writes(ledger):
    class NoCrew(Crew):
        def start(self, task):
            raise RunFailed("the system gives no more threads")

    journal = Journal(ledger, Telling(lambda _: None, is_over=lambda: False), (KEY, 1), NoCrew())
    job_ends(journal, "a")
    assert journal.commit_soon() is None
    assert set(ledger.history(KEY).jobs) == {"a"}


def test_a_bus_that_a_thread_still_tells_is_closed_without_it():
    take, closed = Hanging(), []

    class Sink:
        def handle(self, event):
            take(event)

        def close(self):
            closed.append(True)

    bus = EventBus([Sink()], on_failure=lambda *_: None)
    on_a_thread(lambda: bus.tell(ended("hangs")))
    assert take.is_there.wait(LONG)
    bus.close()
    assert closed == []
    take.may_go_on.set()


def no_memory(_):
    raise MemoryError


def no_json(ledger):
    ledger.put_job(KEY, "j", JobRecord(status=Status.SUCCESS, outputs={"n": math.nan}))


@pytest.mark.parametrize(("broken", "name"), [(no_memory, "MemoryError"), (no_json, "ValueError")])
def test_after_a_write_that_breaks_nothing_is_written(ledger, broken, name):
    told = []
    journal = Journal(ledger, Telling(told.append, is_over=lambda: False), (KEY, 1), Crew())
    job_ends(journal, "a")
    journal.note(broken)
    with pytest.raises(LedgerFailed, match=name) as failed:
        journal.commit()
    assert not failed.value.may_be_tried_again
    job_ends(journal, "b")
    with pytest.raises(LedgerFailed, match=name):
        journal.commit()
    journal.finish()
    assert ledger.history(KEY).jobs == {}
    assert not told


def test_after_an_interrupt_in_a_write_nothing_is_written(ledger):
    def interrupted(_):
        raise KeyboardInterrupt

    journal = Journal(ledger, Telling(lambda _: None, is_over=lambda: False), (KEY, 1), Crew())
    journal.note(interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.commit()
    job_ends(journal, "a")
    with pytest.raises(LedgerFailed, match="KeyboardInterrupt"):
        journal.commit()
    assert ledger.history(KEY).jobs == {}


def test_a_code_that_is_no_text_is_written_out(ledger):
    key = StepKey("job", "step")
    step = StepRecord(
        status=Status.FAILED, step_type="say", rerun="SAFE", attempt=1, definition="d", error_code="AF-\ud800"
    )
    with ledger.transaction():
        ledger.put_step(KEY, key, step)
    assert ledger.history(KEY).steps[key].error_code == "AF-\\ud800"


@pytest.mark.acceptance
def test_a_run_whose_listener_hangs_is_stopped_and_writes_its_end(project):
    project.write(
        "steps/chatty.py",
        """
        from aetherflow.kernel.api import NoOutputs, Rerun, StepContext, StepError, register_step

        @register_step("chat", rerun=Rerun.SAFE)
        def chat(context: StepContext) -> NoOutputs:
            while not (context.project / "ready").exists():
                context.cancelled.wait(0.02)
            context.log.info("hang")
            return NoOutputs()

        @register_step("hear", rerun=Rerun.SAFE)
        def hear(context: StepContext) -> NoOutputs:
            (context.project / "ready").touch()
            context.cancelled.wait(60)
            (context.project / "heard").touch()
            raise StepError("stopped")
        """,
    )
    flow = project.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: f, concurrency: {max_parallel_jobs: 2}}
        jobs:
          - {id: a, steps: [{id: s, type: chat}]}
          - {id: b, steps: [{id: s, type: hear}]}
        """,
    )
    program = textwrap.dedent(
        """
        import json, os, pathlib, sys, threading
        from aetherflow.kernel.api import RunRequest, run_flow

        def hang(event):
            if event.name == "step_log":
                print("hangs", flush=True)
                threading.Event().wait()

        result = run_flow(pathlib.Path(sys.argv[1]), RunRequest(run_id="r1"), on_event=hang)
        print(json.dumps([str(result.status), result.signal_number, result.has_left_behind]), flush=True)
        os._exit(0)
        """
    )
    running = subprocess.Popen(
        [sys.executable, "-c", program, str(flow)],
        cwd=project.folder, env=project.environ(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with running:
        assert running.stdout.readline() == "hangs\n"
        running.send_signal(signal.SIGTERM)
        while not (project.folder / "heard").exists():
            assert running.poll() is None
        running.send_signal(signal.SIGTERM)
        try:
            out, _ = running.communicate(timeout=LONG)
        finally:
            running.kill()
    assert json.loads(out) == ["INTERRUPTED", signal.SIGTERM, True]
    shown = project.aetherflow("runs", "show", "r1", "--flow", flow, "--json").json
    assert shown["status"] == "INTERRUPTED"
