"""A second state store, in memory: shows that the interface asks for nothing that only SQLite has."""

from __future__ import annotations

import copy
import json
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace

from aetherflow.kernel.contracts.events import Status
from aetherflow.kernel.contracts.records import History, RunSummary, StepKey
from aetherflow.kernel.errors import Fenced

_TABLES = ("runs", "starts", "jobs", "steps", "attempts", "decisions", "resolutions")
_OF_AN_ATTEMPT = (
    "attempt", "ran_in", "status", "inputs_digest", "reason", "error_code", "error", "is_without_effect",
    "started_at", "ended_at", "next_attempt_at",
)  # fmt: skip


class Memory:
    """What the stores of one place share: its tables, and whose turn it is to write."""

    def __init__(self):
        self.tables = {name: {} for name in (*_TABLES, "definitions")}
        self.turn = threading.RLock()


class MemoryStore:
    """Keeps records as they are given; a transaction works on a copy of the tables that takes their place at its end."""

    def __init__(self, memory):
        self._memory = memory
        self._own = threading.local()

    @property
    def _tables(self):
        return getattr(self._own, "tables", None) or self._memory.tables

    @contextmanager
    def transaction(self):
        with self._memory.turn:
            self._own.tables = {name: copy.copy(table) for name, table in self._memory.tables.items()}
            try:
                yield
                self._memory.tables = self._own.tables
            finally:
                self._own.tables = None

    @contextmanager
    def reading(self):
        before, self._own.tables = getattr(self._own, "tables", None), self._tables
        try:
            yield
        finally:
            self._own.tables = before

    def write_all(self, writes, *, fence):
        key, start = fence
        with self.transaction():
            run = self._tables["runs"].get(key)
            if run is None or run.starts != start:
                raise Fenced("another start")
            for write in writes:
                write(self)

    def put_run(self, key, run):
        _refuse_what_is_no_json(run.parameters, run.facts)
        known = self._tables["runs"].get(key)
        fixed = {} if known is None else {name: getattr(known, name) for name in ("started_at", "facts", "marker")}
        self._tables["runs"][key] = replace(run, **fixed)

    def end_run(self, key, start, *, of_start, of_run, ended_at):
        starts = self._tables["starts"]
        if (key, start) in starts:
            starts[key, start] = replace(starts[key, start], status=of_start, ended_at=ended_at)
        self._tables["runs"][key] = replace(self._tables["runs"][key], status=of_run, ended_at=ended_at)

    def put_start(self, key, start):
        _refuse_what_is_no_json(start.plugins, start.owner)
        self._tables["starts"][key, start.number] = start

    def put_decisions(self, key, start, decisions):
        for each in decisions:
            self._tables["decisions"][key, start, each.job_id, each.step_id] = each

    def put_definitions(self, flow_digest, steps):
        self._tables["definitions"].setdefault(flow_digest, json.loads(steps))

    def put_job(self, key, job_id, job, *, start=0):
        _refuse_what_is_no_json(job.outputs)
        self._tables["jobs"][key, start, job_id] = job

    def put_step(self, key, step_key, step):
        _refuse_what_is_no_json(step.outputs)
        earlier = self._tables["steps"].get((key, step_key))
        is_told_later = earlier is not None and (earlier.attempt, earlier.ran_in) < (step.attempt, step.ran_in)
        if is_told_later and earlier.attempt <= step.attempt:
            self.keep_attempt(key, step_key)
        kept = earlier.artifacts if earlier is not None and not step.artifacts else step.artifacts
        self._tables["steps"][key, step_key] = replace(step, artifacts=kept)

    def keep_attempt(self, key, step_key):
        step = self._tables["steps"][key, step_key]
        if step.attempt:
            self._tables["attempts"].setdefault((key, step_key, step.attempt), step)

    def cut_off(self, key, reason):
        told = {"runs": {}, "starts": {}, "jobs": {"reason": reason}, "steps": {"reason": reason}}
        for table, more in told.items():
            for place, record in self._tables[table].items():
                is_of_run = place == key if table == "runs" else place[0] == key
                if is_of_run and record.status is Status.RUNNING:
                    self._tables[table][place] = replace(record, status=Status.INTERRUPTED, **more)

    def put_resolution(self, key, resolution):
        _refuse_what_is_no_json(resolution.before)
        self._tables["resolutions"][key] = (*self._tables["resolutions"].get(key, ()), resolution)

    def ask_to_cancel(self, key, at):
        run = self._tables["runs"].get(key)
        if run is not None and run.status is Status.RUNNING:
            self._tables["runs"][key] = replace(run, cancel_requested_at=at)

    def forget_run(self, key):
        for name in _TABLES:
            table = self._tables[name]
            for row in [row for row in table if (row if name in {"runs", "resolutions"} else row[0]) == key]:
                del table[row]

    def forget_definitions(self):
        used = {run.flow_digest for run in self._tables["runs"].values()}
        used |= {start.flow_digest for start in self._tables["starts"].values()}
        for digest in set(self._tables["definitions"]) - used:
            del self._tables["definitions"][digest]

    def runs(self, *, flow_id=None, run_id=None, statuses=(), limit=None, offset=0):
        found = [
            (key, run)
            for key, run in self._tables["runs"].items()
            if flow_id in {None, key.flow_id}
            and run_id in {None, key.run_id}
            and (not statuses or run.status in statuses)
        ]
        found.sort(key=lambda each: (-each[1].started_at, each[0]))
        return tuple(self._summary(*each) for each in found[offset : None if limit is None else offset + limit])

    def _summary(self, key, run):
        jobs = [job for (owner, start, _), job in self._tables["jobs"].items() if (owner, start) == (key, 0)]
        return RunSummary(
            key=key,
            run=run,
            newest_start=self._tables["starts"].get((key, run.starts)),
            jobs_done=sum(1 for job in jobs if job.status.is_done),
            jobs_known=len(jobs),
        )

    def cancel_requested(self, key):
        run = self._tables["runs"].get(key)
        return run is not None and run.cancel_requested_at is not None

    def history(self, key, *, start=0):
        return History(
            run=self._tables["runs"].get(key),
            jobs={
                job_id: job
                for (run, number, job_id), job in self._tables["jobs"].items()
                if (run, number) == (key, start)
            },
            steps={
                step_key: step
                for (run, step_key), step in self._tables["steps"].items()
                if run == key and step_key.start in {0, start}
            },
        )

    def starts(self, key):
        return tuple(
            start for (run, _), start in sorted(self._tables["starts"].items(), key=lambda each: each[0]) if run == key
        )

    def decisions(self, key, start):
        return tuple(
            each for (run, number, *_), each in self._tables["decisions"].items() if (run, number) == (key, start)
        )

    def resolutions(self, key):
        return self._tables["resolutions"].get(key, ())

    def definitions(self, flow_digest):
        return self._tables["definitions"].get(flow_digest)

    def earlier_attempts(self, key):
        found = defaultdict(list)
        for (run, step_key, _), step in sorted(self._tables["attempts"].items(), key=lambda each: each[0]):
            if run == key:
                found[StepKey(*step_key)].append({name: getattr(step, name) for name in _OF_AN_ATTEMPT})
        return found

    def newest_run_with(self, flow_id, job_ids):
        for summary in self.runs(flow_id=flow_id):
            jobs = self.history(summary.key).jobs
            if all(name in jobs and jobs[name].status is Status.SUCCESS for name in job_ids):
                return summary.key.run_id
        return None

    def give_back_room(self, *, rewrite):
        """Nothing is held."""

    def close(self):
        """Nothing is open."""


def _refuse_what_is_no_json(*values):
    for value in values:
        json.dumps(value, allow_nan=False)
