"""What every state store does: classes to inherit, with a fixture `open_store` that opens one place again and again.

    class TestMyStore(StoreConformance):
        @pytest.fixture
        def open_store(self, tmp_path):
            return lambda: MyStore(tmp_path)

What was opened is closed by the suite. Each opened store stands for another process on the same place.
"""

from __future__ import annotations

import json
import math
import threading
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from aetherflow.kernel.contracts.events import Status
from aetherflow.kernel.contracts.records import (
    ArtifactRecord,
    DecisionRecord,
    JobRecord,
    ResolutionRecord,
    RunKey,
    RunRecord,
    StartRecord,
    StepKey,
    StepRecord,
)
from aetherflow.kernel.errors import Fenced

KEY = RunKey("flow", "run")
STEP_KEY = StepKey("job", "step")
RUN = RunRecord(
    status=Status.RUNNING,
    starts=1,
    started_at=1.5,
    ended_at=None,
    parameters={"day": "2026-01-01", "least": 0.1},
    facts={"id": "run", "scheduled_time": None},
    marker="m",
    flow_file="flow.yaml",
    flow_digest="digest",
    profile="internal_fast",
    workspace="/srv/flows",
)
START = StartRecord(
    number=1,
    status=Status.RUNNING,
    asked="run",
    started_at=1.5,
    flow_digest="digest",
    profile="internal_fast",
    policy_digest="p",
    kernel="0.1.0",
    plugins={"sql": "0.1.0"},
    environment_keys=("HOME", "DAY"),
    owner={"host": "h", "boot": "b", "pid": 12, "ticks": 345, "nonce": "n"},
    jobs=3,
)
STEP = StepRecord(
    status=Status.SUCCESS,
    step_type="say",
    rerun="SAFE",
    attempt=1,
    definition="d",
    position=3,
    generation=2,
    ran_in=1,
    attempts_before=1,
    inputs_digest="i",
    outputs={"value": 1},
    started_at=2.25,
    ended_at=2.5,
)
FILE = ArtifactRecord(path="a/a.csv", size=2**40, sha256="a" * 64)
FOLDER = ArtifactRecord(path="a/folder", size=0, sha256="b" * 64, files=0)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
#: One store for all examples of a test, whose class is inherited by each kind of store.
SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
#: What a store may not change, cut or refuse.
VALUES = {
    "nothing": None,
    "yes": True,
    "no": False,
    "tiny": 5e-324,
    "a tenth": 0.1,
    "minus zero": -0.0,
    "one, as a float": 1.0,
    "larger than any column": 2**200,
    "negative": -(2**63) - 1,
    "empty": "",
    "letters": "grüße 日本語 \U0001f600 e\u0301",
    "signs": "\x00\x01\n\r\t\x7f\u2028\u202e'\"\\;--",
    "lone surrogate": "\ud800",
    "mebibyte": "ä" * 2**20,
    "nested": {"": [], "deep": [[[{"k": [None, {}]}]]]},
}


@pytest.fixture
def stores(open_store):
    """Opens a store, as often as it is called; all of them are closed at the end."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(open_store()))


@pytest.fixture
def store(stores):
    """One store, open, with a run in it."""
    opened = stores()
    with opened.transaction():
        opened.put_run(KEY, RUN)
    return opened


class TransactionConformance:
    """Together or not at all, one after the other, and by the newest start only."""

    def test_what_was_written_is_there_for_everybody(self, stores):
        writer, reader = stores(), stores()
        with writer.transaction():
            writer.put_run(KEY, RUN)
            writer.put_start(KEY, START)
            writer.put_job(KEY, "job", JobRecord(status=Status.SUCCESS, outputs={"rows": 2}, definition="d"))
            writer.put_step(KEY, STEP_KEY, STEP)
        history = reader.history(KEY)
        assert history.run == RUN
        assert history.jobs == {"job": JobRecord(status=Status.SUCCESS, outputs={"rows": 2}, definition="d")}
        assert history.steps == {STEP_KEY: STEP}
        assert reader.starts(KEY) == (START,)

    def test_what_is_not_ended_is_seen_by_nobody_else(self, stores, store):
        other = stores()
        with store.transaction():
            store.put_job(KEY, "job", JobRecord(status=Status.RUNNING))
            assert other.history(KEY).jobs == {}
        assert set(other.history(KEY).jobs) == {"job"}

    def test_transaction_that_fails_leaves_nothing(self, store):
        with pytest.raises(RuntimeError), store.transaction():
            store.put_job(KEY, "job", JobRecord(status=Status.RUNNING))
            store.put_step(KEY, STEP_KEY, replace(STEP, artifacts=(FILE,)))
            store.put_resolution(KEY, ResolutionRecord(at=1.0, by="me", what="done"))
            raise RuntimeError
        assert store.history(KEY) == replace(store.history(KEY), run=RUN, jobs={}, steps={})
        assert store.resolutions(KEY) == ()

    def test_writes_of_the_newest_start_are_done_in_their_order(self, store):
        statuses = [Status.RUNNING, Status.FAILED, Status.RUNNING, Status.SUCCESS]
        writes = [lambda to, status=status: to.put_job(KEY, "job", JobRecord(status=status)) for status in statuses]
        store.write_all(writes, fence=(KEY, 1))
        assert store.history(KEY).jobs["job"].status is Status.SUCCESS

    def test_writes_of_an_earlier_start_are_refused_whole(self, stores, store):
        other = stores()
        with other.transaction():
            other.put_run(KEY, replace(RUN, starts=2))
        with pytest.raises(Fenced) as refused:
            store.write_all([lambda to: to.put_job(KEY, "job", JobRecord(status=Status.SUCCESS))], fence=(KEY, 1))
        assert int(refused.value.exit_code) == 75
        assert store.history(KEY).jobs == {}

    def test_writes_to_a_run_that_was_forgotten_are_refused(self, store):
        with store.transaction():
            store.forget_run(KEY)
        with pytest.raises(Fenced):
            store.write_all([], fence=(KEY, 1))

    def test_write_that_fails_takes_back_those_before_it(self, store):
        def fail(_):
            raise RuntimeError

        with pytest.raises(RuntimeError):
            store.write_all([lambda to: to.put_job(KEY, "job", JobRecord(status=Status.SUCCESS)), fail], fence=(KEY, 1))
        assert store.history(KEY).jobs == {}
        store.write_all([lambda to: to.put_job(KEY, "b", JobRecord(status=Status.SUCCESS))], fence=(KEY, 1))
        assert set(store.history(KEY).jobs) == {"b"}

    def test_reading_is_of_one_moment(self, stores, store):
        other = stores()
        with store.reading():
            before = store.history(KEY)
            with other.transaction():
                other.put_job(KEY, "job", JobRecord(status=Status.SUCCESS))
            assert store.history(KEY) == before
        assert set(store.history(KEY).jobs) == {"job"}

    def test_threads_and_other_openers_write_one_after_the_other(self, stores, store):
        rounds, openers = 12, [store, stores(), stores()]
        failures = []

        def count(opened, name):
            try:
                for _ in range(rounds):
                    with opened.transaction():
                        done = opened.history(KEY).jobs.get("count")
                        number = done.outputs["number"] + 1 if done else 1
                        opened.put_job(KEY, "count", JobRecord(status=Status.RUNNING, outputs={"number": number}))
                        opened.put_job(KEY, name, JobRecord(status=Status.RUNNING, outputs={"number": number}))
            except BaseException as error:  # noqa: BLE001 - told by the test
                failures.append(error)

        threads = [
            threading.Thread(target=count, args=(opened, f"t{number}{again}"))
            for number, opened in enumerate(openers)
            for again in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert store.history(KEY).jobs["count"].outputs == {"number": rounds * len(threads)}

    def test_threads_read_while_another_one_writes(self, store):
        seen, is_over, failures = set(), threading.Event(), []

        def look():
            try:
                while not is_over.is_set():
                    jobs = store.history(KEY).jobs
                    seen.add((len(jobs), jobs["a"].outputs == jobs["b"].outputs if jobs else True))
            except BaseException as error:  # noqa: BLE001 - told by the test
                failures.append(error)

        readers = [threading.Thread(target=look) for _ in range(2)]
        for reader in readers:
            reader.start()
        for number in range(30):
            job = JobRecord(status=Status.RUNNING, outputs={"number": number})
            store.write_all([partial(_put_job, name, job) for name in "ab"], fence=(KEY, 1))
        is_over.set()
        for reader in readers:
            reader.join()
        assert failures == []
        assert seen <= {(0, True), (2, True)}


class RecordConformance:
    """What is given comes back, and what a later write says replaces what is to be replaced, and no more."""

    @pytest.mark.parametrize("name", VALUES)
    def test_value_comes_back_as_it_was(self, stores, store, name):
        given_value = {"value": VALUES[name]}
        with store.transaction():
            store.put_step(KEY, STEP_KEY, replace(STEP, outputs=given_value))
            store.put_job(KEY, "job", JobRecord(status=Status.SUCCESS, outputs=given_value))
            store.put_definitions("digest", json.dumps(given_value))
        history = stores().history(KEY)
        assert repr(history.steps[STEP_KEY].outputs) == repr(given_value)
        assert repr(history.jobs["job"].outputs) == repr(given_value)
        assert repr(store.definitions("digest")) == repr(given_value)

    @settings(max_examples=60, deadline=None, suppress_health_check=SHARED)
    @given(outputs=st.dictionaries(TEXT, JSON, max_size=4))
    def test_any_json_comes_back_as_it_was(self, store, outputs):
        with store.transaction():
            store.put_step(KEY, STEP_KEY, replace(STEP, outputs=outputs))
        assert repr(store.history(KEY).steps[STEP_KEY].outputs) == repr(outputs)

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_value_that_is_no_json_is_refused_with_its_transaction(self, store, value):
        with pytest.raises(ValueError, match="JSON"), store.transaction():
            store.put_job(KEY, "job", JobRecord(status=Status.SUCCESS))
            store.put_step(KEY, STEP_KEY, replace(STEP, outputs={"value": value}))
        assert store.history(KEY).jobs == {}

    def test_no_outputs_and_empty_outputs_are_two_things(self, store):
        with store.transaction():
            store.put_step(KEY, StepKey("job", "a"), replace(STEP, outputs=None))
            store.put_step(KEY, StepKey("job", "b"), replace(STEP, outputs={}))
        steps = store.history(KEY).steps
        assert steps[StepKey("job", "a")].outputs is None
        assert steps[StepKey("job", "b")].outputs == {}

    def test_first_start_settles_when_a_run_began_its_facts_and_its_marker(self, store):
        later = replace(
            RUN, starts=2, status=Status.SUCCESS, started_at=9.0, ended_at=10.0, facts={}, marker="other",
            parameters={"day": "x"}, flow_file="b.yaml", flow_digest="e", profile="p", workspace="/other",
        )  # fmt: skip
        with store.transaction():
            store.put_run(KEY, later)
        assert store.history(KEY).run == replace(later, started_at=1.5, facts=RUN.facts, marker="m")

    def test_ending_a_run_ends_its_start(self, store):
        with store.transaction():
            store.put_start(KEY, START)
            store.end_run(KEY, 1, of_start=Status.FAILED, of_run=Status.INTERRUPTED, ended_at=3.5)
        assert store.starts(KEY) == (replace(START, status=Status.FAILED, ended_at=3.5),)
        assert store.history(KEY).run == replace(RUN, status=Status.INTERRUPTED, ended_at=3.5)

    def test_attempt_that_another_one_follows_is_kept(self, store):
        first = replace(
            STEP, status=Status.FAILED, error_code="AF-X", error="broke", is_without_effect=True, outputs=None,
            next_attempt_at=7.5, reason="why",
        )  # fmt: skip
        for step in (first, replace(first, status=Status.RUNNING, attempt=2, ran_in=2), replace(STEP, attempt=2)):
            with store.transaction():
                store.put_step(KEY, STEP_KEY, step)
        assert store.history(KEY).steps[STEP_KEY].attempt == 2
        (kept,) = store.earlier_attempts(KEY)[STEP_KEY]
        assert dict(kept) == {
            "attempt": 1, "ran_in": 1, "status": "FAILED", "inputs_digest": "i", "reason": "why", "error_code": "AF-X",
            "error": "broke", "is_without_effect": True, "started_at": 2.25, "ended_at": 2.5, "next_attempt_at": 7.5,
        }  # fmt: skip

    def test_attempt_that_was_kept_stays_as_it_was(self, store):
        failed = replace(STEP, status=Status.FAILED)
        with store.transaction():
            store.put_step(KEY, STEP_KEY, failed)
            store.keep_attempt(KEY, STEP_KEY)
        for step in (STEP, replace(failed, attempt=2)):
            with store.transaction():
                store.put_step(KEY, STEP_KEY, step)
        (kept,) = store.earlier_attempts(KEY)[STEP_KEY]
        assert (kept["attempt"], kept["status"]) == (1, "FAILED")

    def test_attempt_of_which_a_later_start_only_tells_is_kept(self, store):
        for status, ran_in, attempt in ((Status.INTERRUPTED, 1, 1), (Status.FAILED, 2, 1), (Status.FAILED, 3, 1)):
            with store.transaction():
                store.put_step(KEY, STEP_KEY, replace(STEP, status=status, ran_in=ran_in, attempt=attempt))
        (kept,) = store.earlier_attempts(KEY)[STEP_KEY]
        assert (kept["attempt"], kept["status"], kept["ran_in"]) == (1, "INTERRUPTED", 1)
        assert store.history(KEY).steps[STEP_KEY].ran_in == 3

    def test_attempts_are_in_their_order(self, store):
        for attempt in range(1, 13):
            with store.transaction():
                store.put_step(KEY, STEP_KEY, replace(STEP, attempt=attempt))
        assert [each["attempt"] for each in store.earlier_attempts(KEY)[STEP_KEY]] == list(range(1, 12))

    def test_artifacts_are_those_of_the_newest_attempt_that_has_any(self, store):
        for artifacts in ((FILE, FOLDER, FILE), (FOLDER,), ()):
            with store.transaction():
                store.put_step(KEY, STEP_KEY, replace(STEP, artifacts=artifacts))
            assert store.history(KEY).steps[STEP_KEY].artifacts == (artifacts or (FOLDER,))

    def test_decisions_are_those_of_their_start(self, store):
        one, two = (
            DecisionRecord(job_id="job", step_id=step, decision="RESTORE", reason="done – é") for step in ("", "step")
        )
        with store.transaction():
            store.put_decisions(KEY, 1, [one, two])
            store.put_decisions(KEY, 2, [replace(one, decision="RUN")])
        assert sorted(store.decisions(KEY, 1), key=lambda each: each.step_id) == [one, two]
        assert store.decisions(KEY, 2) == (replace(one, decision="RUN"),)
        assert store.decisions(KEY, 3) == ()

    def test_definitions_that_were_noted_first_stay(self, store):
        with store.transaction():
            store.put_definitions("digest", '{"a": 1}')
            store.put_definitions("digest", '{"b": 2}')
        assert store.definitions("digest") == {"a": 1}
        assert store.definitions("other") is None

    def test_what_people_decided_is_in_their_order(self, store):
        decided = [
            ResolutionRecord(
                at=float(9 - number), by="ä", what="again", step=step, reason="r", before={"status": "FAILED"}
            )
            for number, step in enumerate([None, StepKey("job", "step"), StepKey("job", "step", "3")])
        ]
        for each in decided:
            with store.transaction():
                store.put_resolution(KEY, each)
        assert store.resolutions(KEY) == tuple(decided)
        assert store.resolutions(RunKey("flow", "other")) == ()

    def test_what_is_under_way_is_cut_off_and_nothing_else(self, store):
        done, under_way = replace(STEP, status=Status.SUCCESS), replace(STEP, status=Status.RUNNING)
        other = RunKey("flow", "other")
        with store.transaction():
            for key in (KEY, other):
                store.put_run(key, replace(RUN, status=Status.RUNNING))
                store.put_step(key, StepKey("job", "done"), done)
                store.put_step(key, StepKey("job", "step"), under_way)
        with store.transaction():
            store.cut_off(KEY, "it died")
        history = store.history(KEY)
        assert history.run.status is Status.INTERRUPTED
        assert history.steps[StepKey("job", "done")].status is Status.SUCCESS
        assert history.steps[StepKey("job", "step")].status is Status.INTERRUPTED
        assert history.steps[StepKey("job", "step")].reason == "it died"
        assert store.history(other).steps[StepKey("job", "step")].status is Status.RUNNING

    def test_wish_to_cancel_is_noted_of_a_run_that_is_running_only(self, store):
        with store.transaction():
            store.ask_to_cancel(KEY, 4.5)
            store.ask_to_cancel(RunKey("flow", "unknown"), 4.5)
        assert store.cancel_requested(KEY)
        assert not store.cancel_requested(RunKey("flow", "unknown"))
        assert store.history(KEY).run == replace(RUN, cancel_requested_at=4.5)
        with store.transaction():
            store.put_run(KEY, replace(RUN, status=Status.SUCCESS))
            store.ask_to_cancel(KEY, 5.5)
        assert not store.cancel_requested(KEY)


class QueryConformance:
    """Runs, starts, jobs, items and steps are kept apart, and found again."""

    IDS = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_-]{0,3}\Z")

    @settings(max_examples=20, deadline=None, suppress_health_check=SHARED)
    @given(keys=st.lists(st.tuples(IDS, IDS, IDS, IDS, IDS | st.just(""), st.integers(0, 2)), max_size=8, unique=True))
    def test_no_two_sets_of_ids_share_a_row(self, store, keys):
        with store.transaction():
            for number, (flow, run, job, step, item, start) in enumerate(keys):
                store.put_run(RunKey(flow, run), RUN)
                store.put_step(RunKey(flow, run), StepKey(job, step, item, start), replace(STEP, outputs={"n": number}))
        for number, (flow, run, job, step, item, start) in enumerate(keys):
            found = store.history(RunKey(flow, run), start=start).steps[StepKey(job, step, item, start)]
            assert found.outputs == {"n": number}

    def test_history_has_the_jobs_of_one_start_and_the_steps_of_the_run_too(self, store):
        with store.transaction():
            for start in (0, 1, 2):
                store.put_job(KEY, f"j{start}", JobRecord(status=Status.SUCCESS), start=start)
                store.put_step(KEY, StepKey(f"j{start}", "step", start=start), STEP)
        assert set(store.history(KEY).jobs) == {"j0"}
        assert {key.start for key in store.history(KEY).steps} == {0}
        assert set(store.history(KEY, start=2).jobs) == {"j2"}
        assert {key.start for key in store.history(KEY, start=2).steps} == {0, 2}

    def test_run_that_never_was_is_remembered_as_nothing(self, store):
        nobody = RunKey("flow", "nobody")
        assert store.history(nobody).run is None
        assert store.starts(nobody) == ()
        assert dict(store.earlier_attempts(nobody)) == {}

    def test_starts_are_in_their_order(self, store):
        with store.transaction():
            for number in (2, 10, 1):
                store.put_start(KEY, replace(START, number=number))
        assert [start.number for start in store.starts(KEY)] == [1, 2, 10]

    def test_runs_are_listed_newest_first_and_by_what_was_asked(self, stores):
        store = stores()
        with store.transaction():
            for number, (flow, run) in enumerate([("b", "1"), ("a", "1"), ("a", "2"), ("b", "2"), ("a", "0")]):
                status = Status.SUCCESS if number % 2 else Status.FAILED
                store.put_run(RunKey(flow, run), replace(RUN, started_at=float(min(number, 3)), status=status))

        def named(**asked):
            return ["/".join(summary.key) for summary in store.runs(**asked)]

        assert named() == ["a/0", "b/2", "a/2", "a/1", "b/1"]
        assert named(flow_id="a") == ["a/0", "a/2", "a/1"]
        assert named(run_id="1") == ["a/1", "b/1"]
        assert named(flow_id="b", run_id="1") == ["b/1"]
        assert named(statuses=(Status.SUCCESS,)) == ["b/2", "a/1"]
        assert named(statuses=(Status.SUCCESS, Status.FAILED), limit=2) == ["a/0", "b/2"]
        assert named(limit=2, offset=1) == ["b/2", "a/2"]
        assert named(limit=2, offset=4) == ["b/1"]
        assert named(flow_id="c") == []

    def test_run_in_a_list_tells_its_newest_start_and_how_far_it_is(self, store):
        with store.transaction():
            store.put_run(KEY, replace(RUN, starts=2))
            store.put_start(KEY, START)
            store.put_start(KEY, replace(START, number=2, asked="resume"))
            for name, status in (("a", Status.SUCCESS), ("b", Status.SKIPPED), ("c", Status.FAILED)):
                store.put_job(KEY, name, JobRecord(status=status))
            store.put_job(KEY, "finally", JobRecord(status=Status.SUCCESS), start=2)
        (summary,) = store.runs()
        assert summary.newest_start == replace(START, number=2, asked="resume")
        assert (summary.jobs_done, summary.jobs_known) == (2, 3)

    def test_run_without_a_start_of_its_number_has_none_in_a_list(self, store):
        assert store.runs()[0].newest_start is None

    def test_newest_run_is_one_in_which_all_the_jobs_ended_well(self, stores):
        store = stores()
        for number, statuses in enumerate([(Status.SUCCESS, Status.SUCCESS), (Status.SUCCESS, Status.FAILED)]):
            key = RunKey("flow", f"r{number}")
            with store.transaction():
                store.put_run(key, replace(RUN, started_at=float(number)))
                for job_id, status in zip("ab", statuses, strict=True):
                    store.put_job(key, job_id, JobRecord(status=status))
        assert store.newest_run_with("flow", ("a", "b")) == "r0"
        assert store.newest_run_with("flow", ("a",)) == "r1"
        assert store.newest_run_with("flow", ("c",)) is None
        assert store.newest_run_with("other", ("a",)) is None

    def test_forgotten_run_leaves_nothing_and_takes_no_other_with_it(self, stores, store):
        other = RunKey("flow", "other")
        with store.transaction():
            store.put_run(other, replace(RUN, flow_digest="kept"))
            for key in (KEY, other):
                store.put_start(key, replace(START, flow_digest="kept" if key == other else "digest"))
                store.put_job(key, "job", JobRecord(status=Status.SUCCESS))
                store.put_step(key, STEP_KEY, replace(STEP, artifacts=(FILE,)))
                store.put_step(key, STEP_KEY, replace(STEP, attempt=2))
                store.put_decisions(key, 1, [DecisionRecord(job_id="job", step_id="", decision="RUN", reason="")])
                store.put_resolution(key, ResolutionRecord(at=1.0, by="me", what="cancel"))
            for digest in ("digest", "kept"):
                store.put_definitions(digest, json.dumps([digest]))
        before = _all_of(store, other)
        with store.transaction():
            store.forget_run(KEY)
            store.forget_definitions()
        store.give_back_room(rewrite=True)
        with store.transaction():
            store.put_run(KEY, replace(RUN, started_at=8.0))
        seen = stores()
        assert _all_of(seen, KEY) == (replace(RUN, started_at=8.0), {}, {}, (), (), (), {}, None)
        assert _all_of(seen, other)[:-1] == before[:-1]
        assert (seen.definitions("digest"), seen.definitions("kept")) == (None, ["kept"])


class StoreConformance(TransactionConformance, RecordConformance, QueryConformance):
    """All of it."""


def _put_job(name, job, store):
    store.put_job(KEY, name, job)


def _all_of(store, key):
    history = store.history(key)
    return (
        history.run,
        dict(history.jobs),
        dict(history.steps),
        store.starts(key),
        store.decisions(key, 1),
        store.resolutions(key),
        dict(store.earlier_attempts(key)),
        store.definitions("digest"),
    )
