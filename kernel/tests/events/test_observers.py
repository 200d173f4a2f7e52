"""Observers on threads of their own: slow, hanging, and many events at once; time enters by events, not by luck."""

from __future__ import annotations

import logging
import threading

import pytest

from aetherflow.kernel.contracts.events import JobStarted, RunEnded, Status, StepLogged
from aetherflow.kernel.contracts.secrets import Secret
from aetherflow.kernel.events.observers import Observers, Patience, without_secrets
from aetherflow.kernel.resolve.redaction import Redactor

pytestmark = pytest.mark.unit

LONG = Patience(most_waiting=1_000, for_room=60, at_end=60, when_stopped=60)


def job(number):
    return JobStarted(at=float(number), flow_id="f", run_id="r", job_id=str(number))


def ignore(event):
    pass


def watching(*takes, patience=LONG, tell=None):
    observers = Observers(
        [(f"o{number}", take) for number, take in enumerate(takes)], redactor=Redactor(), patience=patience
    )
    return observers, observers.watching(tell or ignore)


def test_slow_observer_holds_up_neither_who_tells_nor_the_others():
    may_go_on, seen_by_slow, seen_by_other = threading.Event(), [], []
    other_is_done = threading.Event()

    def slow(event):
        may_go_on.wait()
        seen_by_slow.append(event.job_id)

    def other(event):
        seen_by_other.append(event.job_id)
        if len(seen_by_other) == 100:
            other_is_done.set()

    observers, tell = watching(slow, other)
    for number in range(100):
        tell(job(number))
    assert other_is_done.wait(60)
    assert seen_by_slow == []
    may_go_on.set()
    assert observers.close()
    assert seen_by_slow == seen_by_other == [str(number) for number in range(100)]


def test_who_tells_waits_for_an_observer_that_is_far_behind_and_nothing_is_lost():
    seen = []
    observers, tell = watching(lambda event: seen.append(event.job_id), patience=Patience(most_waiting=1, for_room=60))
    for number in range(200):
        tell(job(number))
    assert observers.close()
    assert len(seen) == 200


def test_observer_that_hangs_is_left_behind_and_told_of_once(caplog):
    forever = threading.Event()
    patience = Patience(most_waiting=2, for_room=0.01, at_end=0.01)
    observers, tell = watching(lambda _: forever.wait(), patience=patience)
    for number in range(50):
        tell(job(number))
    assert not observers.close()
    forever.set()
    told = [record.message for record in caplog.records]
    assert told == [
        "observer o0 takes no more events: it gets none from now on",
        "observer o0 is still busy: it is left behind, and 0 more events with it",
    ]
    assert caplog.records[0].levelno == logging.ERROR


def test_events_that_nobody_took_are_counted_when_the_run_was_stopped(caplog):
    forever, has_first = threading.Event(), threading.Event()

    def hang(event):
        has_first.set()
        forever.wait()

    observers, tell = watching(hang, patience=Patience(when_stopped=0.01))
    for number in range(4):
        tell(job(number))
    assert has_first.wait(60)
    assert not observers.close(is_stopped=True)
    forever.set()
    assert "and 3 more events with it" in caplog.text


def test_events_of_many_threads_reach_all_observers_in_the_order_in_which_they_are_told():
    told, first, second = [], [], []
    observers, tell = watching(first.append, second.append, tell=told.append)
    threads = [
        threading.Thread(target=lambda part=part: [tell(job(part * 100 + number)) for number in range(100)])
        for part in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert observers.close()
    assert told == first == second
    assert len(told) == 800


def test_what_is_told_of_an_observer_is_one_line_without_secrets(caplog):
    def fail(event):
        raise ValueError("no server at\nhttps://ada:hunter2hunter2@example.com")

    redactor = Redactor()
    redactor.add("hunter2hunter2")
    observers = Observers([("loud", fail)], redactor=redactor, patience=LONG)
    observers.watching(ignore)(job(1))
    assert observers.close()
    (record,) = caplog.records
    assert "observer loud failed at job_start: ValueError: no server at https://ada:***@example.com" in record.message
    assert "\n" not in record.message


def test_run_without_an_event_has_nothing_to_wait_for():
    observers, _ = watching(ignore, patience=Patience(at_end=0))
    assert observers.close()


def test_texts_are_masked_and_what_is_no_text_keeps_its_type():
    redactor = Redactor()
    redactor.add("hunter2hunter2")
    logged = StepLogged(
        at=1.0, flow_id="f", run_id="r", job_id="j", step_id="s", level="INFO", message="is hunter2hunter2",
        fields={"password": Secret("hunter2hunter2"), "odd": object, "list": ["hunter2hunter2", 1]},
    )  # fmt: skip
    shown = without_secrets(logged, redactor)
    assert shown.message == "is ***"
    assert shown.fields["password"] == "***"
    assert shown.fields["list"] == ["***", 1]
    assert isinstance(shown.fields["odd"], str)
    ended = RunEnded(
        at=1.0, flow_id="f", run_id="r", status=Status.FAILED, duration_ms=7,
        status_counts={"FAILED": 1}, jobs=({"reason": "hunter2hunter2"},),
    )  # fmt: skip
    shown = without_secrets(ended, redactor)
    assert (shown.status, shown.duration_ms, shown.status_counts) == (Status.FAILED, 7, {"FAILED": 1})
    assert shown.jobs == ({"reason": "***"},)
    assert without_secrets(ended, Redactor()) == ended


def test_observer_whose_service_was_away_hears_again_where_it_is_tried_again():
    heard, is_muted, is_away = [], threading.Event(), True

    def moody(event):
        if is_away:
            is_muted.set() if event.job_id == "2" else None
            raise OSError("no such server")
        heard.append(event.job_id)

    observers, tell = watching(moody, patience=Patience(for_room=60, at_end=60, again_after=0.0))
    for number in range(3):
        tell(job(number))
    assert is_muted.wait(60)
    observers._observers[0]._thread.join(60)
    is_away = False
    tell(job(3))
    tell(job(4))
    assert observers.close()
    assert heard == ["3", "4"]


def test_observer_that_hangs_is_not_tried_again_on_another_thread():
    forever, is_hanging, taken = threading.Event(), threading.Event(), []

    def hang(event):
        taken.append(event.job_id)
        is_hanging.set()
        forever.wait()

    patience = Patience(most_waiting=1, for_room=0.01, when_stopped=0.01, again_after=0.0)
    observers, tell = watching(hang, patience=patience)
    tell(job(0))
    assert is_hanging.wait(60)
    for number in range(1, 20):
        tell(job(number))
    assert taken == ["0"]
    assert not observers.close(is_stopped=True)
    forever.set()
