"""What must hold after a kill (R1, R4, R5) and at the end of a run that was killed (R1, R3); each fault is a sentence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from .moments import Moment, Row, Step, outputs_of, step_of, step_that_told
from .scene import FLOWS, Scene

DONE = {"SUCCESS", "SKIPPED"}
#: The types of steps in our flows that may not run again, or only under their key.
NOT_FREELY = {"kills.keyed", "kills.once", "external.process"}
#: States that something can't be in when the whole is done.
UNDONE = {"PENDING", "RUNNING"}

#: What two runs of one flow have in common, by table and key.
SAME_IN_EVERY_RUN = {
    "runs": ("status", "parameters"),
    "jobs": ("status", "reason", "outputs"),
    "steps": ("status", "step_type", "rerun", "inputs_digest", "outputs", "reason", "error_code", "error"),
    "artifacts": ("path", "size", "sha256", "files"),
}


@dataclass(frozen=True)
class Outline:
    """What a flow's file says of its steps."""

    flow: str

    @cached_property
    def written(self) -> dict[str, Any]:
        """The file as it is written."""
        text = (FLOWS / f"{self.flow}.yaml").read_text(encoding="utf-8")
        document: dict[str, Any] = yaml.safe_load(text)
        return document

    @cached_property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """The jobs by id."""
        return {job["id"]: job for job in [*self.written["jobs"], *self.written.get("finally", [])]}

    @cached_property
    def repeated(self) -> set[tuple[str, str]]:
        """The steps that are done for each of several items, and leave no trace of their own."""
        steps = ((job_id, step) for job_id, job in self.jobs.items() for step in job["steps"])
        return {(job_id, step["id"]) for job_id, step in steps if "foreach" in step}

    @cached_property
    def at_the_end(self) -> set[str]:
        """The jobs that belong to one start of the run."""
        return {job["id"] for job in self.written.get("finally", [])}

    @cached_property
    def promoters(self) -> dict[tuple[str, str], Step]:
        """Which step promotes an output of a job."""
        return {
            (job_id, name): Step(job_id, step["id"])
            for job_id, job in self.jobs.items()
            for step in job["steps"]
            for name in step.get("outputs", {})
        }

    @cached_property
    def once(self) -> set[Step]:
        """The steps that may run once only."""
        return {
            Step(job_id, step["id"])
            for job_id, job in self.jobs.items()
            for step in job["steps"]
            if step["type"] == "kills.once"
        }

    def may_begin_ahead(self, step: Step) -> bool:
        """Whether a step, or an item, may work before its start is in the ledger: it may run again freely."""
        written = next(each for each in self.jobs[step.job]["steps"] if each["id"] == step.step)
        return written["type"] not in NOT_FREELY and "retry" not in written

    def steps_of(self, job_id: str, start: int) -> list[Step]:
        """The steps of a job, items left out."""
        return [
            Step(job_id, step["id"], "", start if job_id in self.at_the_end else 0)
            for step in self.jobs[job_id]["steps"]
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """The undisturbed run of a flow."""

    outline: Outline
    moment: Moment
    answer: Mapping[str, Any]
    artifacts: Mapping[str, str]
    folder: Path
    seconds: float = 0.0


@dataclass(slots=True)
class Judge:
    """Follows one run over its kills, and notes what should not be."""

    golden: Golden
    faults: list[str] = field(default_factory=list)
    #: How often a kill hit each step.
    hits: Counter[Step] = field(default_factory=Counter)
    _before: Moment | None = None

    def look(self, moment: Moment, *, survivors: list[str], was_killed: bool = True) -> None:
        """Judge what stands there when nothing runs."""
        self.faults += [f"left behind: {process}" for process in survivors]
        self.faults += faults_in(moment, self.golden)
        if self._before is not None:
            self.faults += faults_between(self._before, moment)
        if was_killed:
            self.hits.update(moment.running() | _ahead_of_the_ledger(moment, self.golden.outline))
        self.faults += self._repetitions(moment)
        self._before = moment

    def look_at_the_end(self, scene: Scene, moment: Moment) -> None:
        """Judge how a run ended that went on after its kills."""
        self.faults += differences(self.golden, scene, moment)

    def _repetitions(self, moment: Moment) -> Iterator[str]:
        """R5: a step works again at most as often as a kill hit it."""
        for step, lines in moment.lines.items():
            if lines > 1 + self.hits[step]:
                yield f"repeated: {step} worked {lines} times, and was hit {self.hits[step]} times"
            if step in self.golden.outline.once and lines > 1:
                yield f"repeated: {step} may run once only, and worked {lines} times"


def _ahead_of_the_ledger(moment: Moment, outline: Outline) -> set[Step]:
    """The steps that have worked and are not done, of those that may begin before the ledger knows."""
    done = {step for step, row in moment.steps.items() if row["status"] in DONE}
    return {step for step in moment.lines if step not in done and outline.may_begin_ahead(step)}


def faults_in(moment: Moment, golden: Golden) -> Iterator[str]:
    """What can't be true at any moment."""
    if moment.integrity != "ok":
        yield f"the ledger is damaged: {moment.integrity}"
    yield from _transactions(moment, golden)
    yield from _promotions(moment, golden)
    yield from _written_before_done(moment, golden.outline)
    yield from _told_after_written(moment)


def _transactions(moment: Moment, golden: Golden) -> Iterator[str]:
    """R4: what belongs together is true together."""
    jobs = {(row["job_id"], row["start"]) for row in moment.tables.get("jobs", ())}
    for step, row in moment.steps.items():
        if row["status"] == "SUCCESS" and row["outputs"] is None:
            yield f"torn: {step} is SUCCESS and has no outputs"
        if (row["job_id"], row["start"]) not in jobs:
            yield f"torn: {step} stands there, and its job does not"
    for job_id, job in moment.jobs.items():
        if job["status"] == "SUCCESS":
            steps = golden.outline.steps_of(job_id, job["start"])
            undone = [step for step in steps if not _is_at_its_end(moment.steps.get(step))]
            yield from (f"torn: job {job_id} is SUCCESS, and {step} is not at its end" for step in undone)
    run = moment.run
    if run is not None and run["status"] in DONE:
        undone_jobs = [job_id for job_id in golden.moment.jobs if not _is_at_its_end(moment.jobs.get(job_id))]
        yield from (f"torn: the run is {run['status']}, and job {each} is not at its end" for each in undone_jobs)
    yield from _attempts_at_once(moment)


def _is_at_its_end(row: Row | None) -> bool:
    return row is not None and row["status"] not in UNDONE


def _attempts_at_once(moment: Moment) -> Iterator[str]:
    rows = [*moment.tables.get("steps", ()), *moment.tables.get("attempts", ())]
    running = Counter(step_of(row) for row in rows if row["status"] == "RUNNING")
    yield from (f"torn: {step} has {many} attempts at once" for step, many in running.items() if many > 1)


def _promotions(moment: Moment, golden: Golden) -> Iterator[str]:
    """R4: what a step promotes is there exactly when the step is done, what a job gives when the job is."""
    for job_id, job in moment.jobs.items():
        expected = outputs_of(golden.moment.jobs[job_id])
        for name, value in outputs_of(job).items():
            promoter = golden.outline.promoters.get((job_id, name))
            giver = job if promoter is None else moment.steps.get(promoter._replace(start=job["start"]))
            is_done = giver is not None and giver["status"] in DONE
            if is_done and _text(value) != _text(expected[name]):
                yield f"torn: {promoter or job_id} is done, and job output {name} is {_text(value)[:80]}"
            if not is_done and value is not None:
                yield f"torn: {promoter or job_id} is not done, and job output {name} is there"


def _written_before_done(moment: Moment, outline: Outline) -> Iterator[str]:
    """R1, R5: an attempt is in the ledger before it works, and its trace is there before it is SUCCESS.

    A step that may begin ahead may work before that, and once more under the same number.
    """
    steps, lines = moment.steps, moment.lines
    attempts: Counter[tuple[Step, int]] = Counter()
    keys: dict[Step, set[str]] = {}
    for line in moment.witnessed:
        step = step_that_told(line)
        keys.setdefault(step, set()).add(line["key"])
        if outline.may_begin_ahead(step):
            continue
        if "attempt" in line:
            attempts[step, line["attempt"]] += 1
            if step in steps and line["attempt"] > steps[step]["attempt"]:
                yield f"unwritten: {step} worked in attempt {line['attempt']}, of which the ledger does not know"
        if step not in steps:
            yield f"unwritten: {step} worked, and the ledger does not know it"
    yield from (f"repeated: {step} worked twice as attempt {n}" for (step, n), many in attempts.items() if many > 1)
    yield from (f"key: {step} had {len(each)} idempotency keys" for step, each in keys.items() if len(each) > 1)
    for step, row in steps.items():
        leaves_a_trace = step.item or step[:2] not in outline.repeated
        if row["status"] == "SUCCESS" and leaves_a_trace and not lines[step]:
            yield f"lost: {step} is SUCCESS, and never worked"


def _told_after_written(moment: Moment) -> Iterator[str]:
    """What was told is in the ledger: an acknowledged status survives."""
    steps = moment.steps
    for event in moment.told:
        if event.get("event") == "step_end" and event.get("status") in DONE:
            # An event does not say which start its job belongs to.
            rows = [row for step, row in steps.items() if step[:3] == (event["job_id"], event["step_id"], "")]
            if not any(row["status"] in DONE for row in rows):
                yield f"told too early: {event['job_id']}/{event['step_id']} was told as {event['status']}"


def faults_between(before: Moment, after: Moment) -> Iterator[str]:
    """What one start may not do to what an earlier one left."""
    for step, row in before.steps.items():
        now = after.steps.get(step)
        if now is None:
            yield f"lost: {step} was {row['status']}, and is gone"
        elif row["status"] in DONE and (changed := _changes(row, now)):
            yield f"changed: {step} was done, and {changed} of it changed"
        elif now["attempt"] < row["attempt"]:
            yield f"went back: {step} was at attempt {row['attempt']}, and is at {now['attempt']}"
        if row["status"] == "SUCCESS" and after.lines[step] != before.lines[step]:
            yield f"repeated: {step} was SUCCESS, and worked again"
    for job_id, job in before.jobs.items():
        if job["status"] in DONE and (changed := _changes(job, after.jobs.get(job_id, {}))):
            yield f"changed: job {job_id} was done, and {changed} of it changed"
    yield from _counters_gone_back(before.run, after.run)


def _changes(before: Row, after: Row) -> str:
    """What is another value now of what stays as it is when a step or a job is done."""
    names = ("status", "attempt", "inputs_digest", "outputs", "reason", "started_at", "ended_at")
    return ", ".join(name for name in names if before.get(name) != after.get(name))


def _counters_gone_back(before: Row | None, after: Row | None) -> Iterator[str]:
    if before is None:
        return
    if after is None:
        yield "lost: the run is gone"
        return
    for name in ("starts", "fence", "marker", "parameters", "facts"):
        if name not in before:
            continue
        old, new = before[name], after[name]
        if new < old if isinstance(old, int) else new != old:
            yield f"went back: {name} of the run was {old}, and is {new}"


def differences(golden: Golden, scene: Scene, moment: Moment) -> Iterator[str]:
    """R1, R3: how the end of a run that was killed differs from the undisturbed one's, places and times aside."""
    for table, names in SAME_IN_EVERY_RUN.items():
        expected = _comparable(golden.moment, table, names, golden.folder)
        found = _comparable(moment, table, names, scene.folder)
        for key in sorted(expected.keys() | found.keys()):
            if expected.get(key) != found.get(key):
                yield f"different: {table} {key}: {_first_difference(expected.get(key), found.get(key))}"
    for name in sorted(golden.artifacts.keys() | scene.artifacts().keys()):
        if golden.artifacts.get(name) != scene.artifacts().get(name):
            yield f"different: artifact {name}"
    # A run that had ended well has nothing to do, its end included.
    passed_over = golden.outline.at_the_end
    if _answered(golden.answer, golden.folder, passed_over) != _answered(scene.answer(), scene.folder, passed_over):
        yield "different: the answer of the command line"
    missing = {step[:3] for step in golden.moment.lines} - {step[:3] for step in moment.lines}
    yield from (f"lost: {step} never worked" for step in sorted(missing))
    yield from _still_running(moment)


def _still_running(moment: Moment) -> Iterator[str]:
    """R9: what is over is not said to run."""
    for table in ("runs", "starts", "jobs", "steps", "attempts"):
        rows = [row for row in moment.tables.get(table, ()) if row["status"] == "RUNNING"]
        told = ("start", "job_id", "item", "step_id")
        yield from (f"lies: {table} {[row.get(name) for name in told]} is RUNNING at the end" for row in rows)


def _comparable(moment: Moment, table: str, names: tuple[str, ...], folder: Path) -> dict[str, dict[str, Any]]:
    # What belongs to one start is there for each that came to it, and the newest one counts; it is given its number.
    rows = sorted(moment.tables.get(table, ()), key=lambda row: int(row.get("start", 0)))
    return {
        "/".join(str(row.get(name, "")) for name in ("job_id", "item", "step_id", "number")): {
            name: _placeless(row[name], folder)
            for name in names
            if name in row and not (name == "inputs_digest" and row["start"])
        }
        for row in rows
    }


def _first_difference(expected: dict[str, Any] | None, found: dict[str, Any] | None) -> str:
    if expected is None or found is None:
        return "there in one of the runs only"
    name = next(name for name in expected if expected[name] != found.get(name))
    return f"{name} is {str(found.get(name))[:80]!r}, and {str(expected[name])[:80]!r} in the undisturbed run"


def _answered(answer: Mapping[str, Any], folder: Path, passed_over: Collection[str]) -> Any:
    jobs = [
        [job["job_id"], job["status"], job["outputs"], [[step["step_id"], step["status"]] for step in job["steps"]]]
        for job in sorted(answer["jobs"], key=lambda job: str(job["job_id"]))
        if job["job_id"] not in passed_over
    ]
    return _placeless(_text([answer["status"], answer["exit_code"], jobs]), folder)


def _placeless(value: Any, folder: Path) -> Any:
    return value.replace(str(folder), "<project>") if isinstance(value, str) else value


def _text(value: Any) -> str:
    # -0.0 and 0, 1 and 1.0 are equal in Python, and not the same outputs.
    return json.dumps(value, sort_keys=True)
