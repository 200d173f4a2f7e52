"""A step that is repeated: once for each item, some of them at the same time."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from queue import Empty
from typing import TYPE_CHECKING, Any, cast

from ..contracts.events import Status
from ..errors import AetherFlowError, InvalidInput, RunFailed
from ..quick_dataclasses import dataclass
from ..resolve.schemas import DeclaredTypes, known_properties
from ..resolve.text import fit
from ..spec.foreach import MAX_ITEMS
from .attempt import SKIPPED_BY_CONDITION, STOPPED, Outcome, failure, left_behind
from .crew import LeftBehind
from .inbox import Inbox
from .series import Series
from .stopping import LOOK_SECONDS
from .unit import unit_of_item, unit_of_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..contracts.records import Json
    from ..plan.decisions import JobPlan, StepPlan
    from .active import ActiveRun
    from .attempt import Place
    from .limits import Limits
    from .notes import JobNotes

    Scope = Callable[[], Mapping[str, Any]]

_LISTS = {"type": "object", "additionalProperties": {"type": "array"}}
_LIST = {"type": "array"}


@dataclass(frozen=True, slots=True)
class _Answer:
    """How an item ended, or what broke the thread that it ran on."""

    number: int
    outcome: Outcome | None = None
    error: BaseException | None = None


class Repetition:
    """One step for all of its items; each runs on a thread of its own, and the job's thread waits for them."""

    def __init__(self, run: ActiveRun, notes: JobNotes, job: JobPlan, plan: StepPlan) -> None:
        self._run = run
        self._notes = notes
        self._job = job
        self._plan = plan
        self.unit = unit_of_step(job, plan)
        self.started_at = run.clock()
        #: Of the items that are remembered, until those of this start are known to be the same.
        self.inputs_digest = plan.earlier.inputs_digest if plan.earlier else ""
        self._items: list[Json] = []
        self._outcomes: dict[int, Outcome] = {}
        self._has_failed = False
        #: Something broke: no item begins any more.
        self._is_broken = False
        #: The items that are under way; their series where they have begun with one.
        self._running: dict[int, Series | None] = {}
        self._answers: Inbox[_Answer] = Inbox()

    def run(self, place: Place, limits: Limits, scope: Scope) -> Outcome:
        """Bring all items to their end; answers how the step as a whole ended, for the caller to note.

        Raises:
            LedgerFailed: the ledger can't be written.
        """
        try:
            self._items = self._find_items(scope())
        except AetherFlowError as error:
            return failure(self._run, error)
        self._notes.started(self.unit, None, self.inputs_digest, self.started_at)
        self.unit.number += 1
        try:
            return self._run_items(place, limits, scope)
        except BaseException:
            self._leave_all()
            raise

    def _run_items(self, place: Place, limits: Limits, scope: Scope) -> Outcome:
        waiting = iter([number for number in range(len(self._items)) if not self._restored(number)])
        most = self._plan.step.foreach.max_parallel if self._plan.step.foreach else 1
        while True:
            has_started = False
            while len(self._running) < most and self._may_go_on() and (number := next(waiting, None)) is not None:
                self._start(number, place, limits, scope)
                has_started = True
            if not self._running:
                return self._whole()
            if not has_started:
                # No start follows at once that the last item's end could share a commit with.
                self._run.journal.commit()
            self._take_one()

    def _find_items(self, scope: Mapping[str, Any]) -> list[Json]:
        rendered = self._run.flow_index.foreach(self._job.job.id, self._plan.step.id).render(scope)
        foreach = self._plan.step.foreach
        if foreach is not None and foreach.matrix is not None:
            found = list(_combinations(fit(rendered, _LISTS)))
        else:
            found = _list(fit(rendered, _LIST), "items")
            _refuse_too_many(len(found))
        text = self._run.redactor.redact(json.dumps(found, sort_keys=True))
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        self._refuse_others(digest)
        self.inputs_digest = digest
        return found

    def _refuse_others(self, digest: str) -> None:
        """Items are remembered by their numbers: others under the same numbers would be taken for them."""
        earlier = self._plan.earlier
        if earlier is None or self._plan.is_anew or earlier.inputs_digest in {"", digest}:
            return
        if any(item.status.is_done for item in self._plan.items.values()):
            raise InvalidInput(
                "the items are others than those of the earlier start, some of which are done",
                code="AF-FOREACH-CHANGED",
                help="start a new run, or have the whole step done anew: aetherflow run FLOW"
                f" --resume {self._run.key.run_id} --from {self._job.job.id}.{self._plan.step.id}",
            )

    def _restored(self, number: int) -> bool:
        earlier = self._plan.items.get(str(number))
        if earlier is None or self._plan.is_anew or not earlier.status.is_done or earlier.is_masked:
            return False
        outcome = Outcome(status=earlier.status, outputs=earlier.outputs, reason=earlier.reason)
        self._outcomes[number] = outcome
        self._notes.told(unit_of_item(self._job, self._plan, number), outcome, restored=True)
        return True

    def _may_go_on(self) -> bool:
        if self._run.stop.must_stop:
            return False
        return self._plan.step.continue_on_error or not self._has_failed

    def _start(self, number: int, place: Place, limits: Limits, scope: Scope) -> None:
        self._running[number] = None
        of_item = {"item": self._items[number], "item_index": number}

        def task() -> None:
            try:
                outcome = self._run_item(number, place, limits, lambda: {**scope(), **of_item})
                self._answers.put(_Answer(number, outcome))
            except LeftBehind:
                return
            except BaseException as error:  # noqa: BLE001 - told on the job's thread
                self._answers.put(_Answer(number, error=error))

        try:
            self._run.crew.start(task)
        except RunFailed as error:
            outcome = failure(self._run, error)
            self._notes.ended(unit_of_item(self._job, self._plan, number), outcome)
            self._answers.put(_Answer(number, outcome))

    def _run_item(self, number: int, place: Place, limits: Limits, scope: Scope) -> Outcome:
        unit = unit_of_item(self._job, self._plan, number)
        try:
            when = self._run.flow_index.step_when(self._job.job.id, self._plan.step.id)
            is_wanted = when is None or when.evaluate(scope())
        except AetherFlowError as error:
            outcome = failure(self._run, error)
            self._notes.ended(unit, outcome)
            return outcome
        if not is_wanted:
            self._notes.ended(unit, SKIPPED_BY_CONDITION)
            return SKIPPED_BY_CONDITION
        series = self._running[number] = Series(self._run, self._notes, unit, place, limits)
        if self._is_broken:
            raise LeftBehind
        ended = series.run(scope)
        if ended.is_noted:
            self._notes.told(unit, ended.outcome)
        else:
            self._notes.ended(unit, ended.outcome, at=ended.started_at, attempt=ended.attempt)
        return ended.outcome

    def _take_one(self) -> None:
        """Wait for an item to end; when the time of the run is over, leave those behind that don't."""
        while True:
            try:
                answer = self._answers.get(timeout=LOOK_SECONDS)
            except Empty:
                if self._run.stop.is_over and self._leave_one():
                    return
                continue
            self._running.pop(answer.number, None)
            if answer.error is not None:
                raise answer.error
            if answer.outcome is not None:
                self._outcomes[answer.number] = answer.outcome
                self._has_failed = self._has_failed or not answer.outcome.status.is_done
            return

    def _leave_all(self) -> None:
        """Something broke: nothing that the other items still do may count, or go on under the next start."""
        self._is_broken = True
        for series in list(self._running.values()):
            if series is not None and series.abandon():
                self._run.crew.has_left_behind = True

    def _leave_one(self) -> bool:
        for number, series in self._running.items():
            current = series.leave() if series is not None else None
            if series is not None and current is not None:
                self._run.crew.has_left_behind = True
                outcome = self._outcomes[number] = left_behind(self._run.stop)
                self._notes.ended(series.unit, outcome, at=current.started_at, attempt=current.attempt)
                self._has_failed = True
                del self._running[number]
                return True
        return False

    def _whole(self) -> Outcome:
        for number, outcome in sorted(self._outcomes.items()):
            if not outcome.status.is_done and outcome.status is not Status.INTERRUPTED:
                return Outcome(
                    status=outcome.status,
                    error_code=outcome.error_code,
                    error=f"item {number}: {outcome.error}",
                    is_without_effect=all(other.is_without_effect for other in self._outcomes.values()),
                )
        if len(self._outcomes) < len(self._items) or any(not each.status.is_done for each in self._outcomes.values()):
            return STOPPED
        if not self._items or any(each.status is not Status.SKIPPED for each in self._outcomes.values()):
            return Outcome(status=Status.SUCCESS, outputs=self._outputs())
        reasons = {each.reason for each in self._outcomes.values()}
        by_condition = SKIPPED_BY_CONDITION.reason
        reason = by_condition if reasons == {by_condition} else "all of its items were skipped"
        return Outcome(status=Status.SKIPPED, outputs=self._outputs(), reason=reason)

    def _outputs(self) -> dict[str, Json]:
        """Each output as a list in the order of the items, null where an item did not give it."""
        declared = known_properties(DeclaredTypes(self._run.plugin_index.step(self._plan.step.type).outputs).top())
        outcomes = [self._outcomes[number].outputs or {} for number in range(len(self._items))]
        names = dict.fromkeys((*sorted(declared or ()), *(name for outputs in outcomes for name in outputs)))
        return {name: [outputs.get(name) for outputs in outcomes] for name in names}


def _combinations(matrix: object) -> Iterator[Json]:
    """Every combination of a matrix, the last name changing fastest."""
    lists = {name: _list(values, f"matrix.{name}") for name, values in cast("dict[str, Any]", matrix).items()}
    _refuse_too_many(math.prod(map(len, lists.values())))
    for values in itertools.product(*lists.values()):
        yield dict(zip(lists, values, strict=True))


def _list(value: object, name: str) -> list[Json]:
    if isinstance(value, list):
        return value
    raise InvalidInput(
        f"`foreach.{name}` is no list", code="AF-FOREACH-ITEMS", help="name an output or a parameter that is one"
    )


def _refuse_too_many(count: int) -> None:
    if count > MAX_ITEMS:
        raise InvalidInput(
            f"{count:,} items are too many, at most {MAX_ITEMS:,} may be",
            code="AF-FOREACH-SIZE",
            help="write them to a file that one step works through",
        )
