"""Judges an image: what was told must be in the ledger, and what the ledger says is done must be there."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from aetherflow.kernel.errors import AetherFlowError
from aetherflow.kernel.state.ledger import open_ledger

from .disk import Image, find, write_image
from .project import GROWING, LEDGER, made_by, require_whole, things_of
from .told import Key, State, Transition, state_of

_QUERIES = (
    "SELECT run_id, '', '', '', status, 0, NULL, NULL FROM runs",
    "SELECT run_id, job_id, '', '', status, 0, outputs, NULL FROM jobs",
    """
    SELECT run_id, job_id, step_id, item, status, attempt, outputs,
        (SELECT group_concat(path || ' ' || size || ' ' || sha256) FROM artifacts AS made
         WHERE (made.flow_id, made.run_id, made.start, made.job_id, made.item, made.step_id)
             = (steps.flow_id, steps.run_id, steps.start, steps.job_id, steps.item, steps.step_id))
    FROM steps
    """,
)


@dataclass(frozen=True, slots=True)
class Row:
    """What the ledger says of a run, a job or a step."""

    state: State
    outputs: str | None
    artifacts: str | None


@dataclass(slots=True)
class Golden:
    """What is right: found out in the recorded run itself, which nobody disturbed."""

    #: The states of each run, job and step, in their order.
    states: dict[Key, list[State]] = field(default_factory=dict)
    #: What stands in the ledger in the end.
    rows: dict[Key, Row] = field(default_factory=dict)
    #: The contents of each thing, in their order; None where it was not there.
    contents: dict[str, list[str | None]] = field(default_factory=dict)
    #: The place in its contents of what a step of a run made of a thing.
    made: dict[tuple[Key, str], int] = field(default_factory=dict)
    #: Whether a run was killed, and started again.
    was_killed: bool = False

    def note(self, transition: Transition, made: dict[str, str | None] | None = None) -> None:
        """Remember a change of state and, where a step or an item of it ended, what it made."""
        key, state = transition.key, transition.state
        states = self.states.setdefault(key, [])
        transition.position = len(states)
        states.append(state)
        if state.status == "PENDING":
            states.append(State("RUNNING", state.attempt + 1))
        for name in things_of(key.run, (key.job, key.step), key.item) if made is not None else ():
            contents = self.contents.setdefault(name, [None])
            if contents[-1] != made[name]:
                contents.append(made[name])
            self.made[key, name] = len(contents) - 1

    def after(self, run: str) -> dict[str, str | None]:
        """What the steps had made when a run ended, in it and in those before it."""
        runs = [*dict.fromkeys(key.run for key in self.states)]
        earlier = runs[: runs.index(run) + 1]
        return {
            name: contents[
                max(
                    (place for (key, thing), place in self.made.items() if thing == name and key.run in earlier),
                    default=0,
                )
            ]
            for name, contents in self.contents.items()
        }

    def require_steps(self, runs: Iterable[str], steps: Iterable[tuple[str, str]]) -> None:
        """Each run must have done what the harness thinks that it does."""
        for run, (job, step) in itertools.product(runs, steps):
            key = Key(run, job, step)
            assert self.states[key][-1].status == "SUCCESS", key
            for name in things_of(run, (job, step)):
                assert self.contents[name][self.made[key, name]] is not None, name
                others = [place for (other, made), place in self.made.items() if made == name and other.run != run]
                assert self.made[key, name] not in others, f"{name} is the same in two runs"


@dataclass(slots=True)
class Verdict:
    """What was found in images; each text tells one fault."""

    images: int = 0
    #: Images in which something was found.
    bad_images: int = 0
    #: Acknowledged transitions that were looked for.
    checked: int = 0
    lost: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """All of them."""
        return [*self.corrupt, *self.lost, *self.incomplete]


class Judge:
    """Looks at one image after the other."""

    def __init__(self, golden: Golden, scratch: Path) -> None:
        self.verdict = Verdict()
        self._golden = golden
        self._scratch = scratch

    def look(self, image: Image, told: Iterable[Transition], name: str) -> None:
        """Judge an image, by which these transitions were told."""
        known = len(self.verdict.faults)
        self._look(image, told, name)
        self.verdict.images += 1
        self.verdict.bad_images += len(self.verdict.faults) > known

    def _look(self, image: Image, told: Iterable[Transition], name: str) -> None:
        verdict = self.verdict
        try:
            rows = ledger_rows(image, self._scratch / "ledger")
            made = made_by(image, self._scratch / "store")
        except (apsw.Error, AetherFlowError) as error:
            verdict.corrupt.append(f"{name}: {error}")
            return
        newest = {transition.key: transition for transition in told}
        verdict.checked += len(newest)
        verdict.lost += [f"{name}: {fault}" for fault in self._lost(rows, newest)]
        verdict.incomplete += [f"{name}: {fault}" for fault in self._incomplete(rows, made)]

    def _lost(self, rows: dict[Key, Row], newest: dict[Key, Transition]) -> Iterator[str]:
        for key, row in rows.items():
            states = self._golden.states.get(key, [])
            if self._place(key, row.state) < 0:
                yield f"{key} is {row.state}, which it never was"
            elif row.state == states[-1] and row != self._golden.rows[key]:
                yield f"the outputs of {key} are {row.outputs}, its artifacts {row.artifacts}"
        for key, transition in newest.items():
            if key not in rows:
                yield f"{key} was told to be {transition.state}, and is not there"
            elif self._place(key, rows[key].state) < transition.position:
                yield f"{key} was told to be {transition.state}, and is {rows[key].state}"

    def _place(self, key: Key, state: State) -> int:
        """How far a run, a job or a step is, in the order of its states; less than 0 where it was never so."""
        states = self._golden.states.get(key, [])
        if self._golden.was_killed and state.status == "INTERRUPTED" and state not in states:
            # A start notes so what the one before it left RUNNING, and tells nothing of it.
            state = State("RUNNING", state.attempt)
        return _last_place(states, state)

    def _incomplete(self, rows: dict[Key, Row], made: dict[str, str | None]) -> Iterator[str]:
        golden = self._golden
        done = {key for key, row in rows.items() if row.state.status == "SUCCESS"}
        for name, content in made.items():
            contents = golden.contents.get(name, [None])
            least = max(
                (place for (key, thing), place in golden.made.items() if thing == name and key in done), default=0
            )
            if content not in contents:
                if least or not name.endswith(GROWING):
                    yield f"{name} is neither what it was nor what it should be"
            elif _last_place(contents, content) < least:
                yield f"{name} is {'older than' if content else 'not there after'} a step that is SUCCESS"


def _last_place(values: list, value: object) -> int:
    """The last place of a value."""
    return max((place for place, other in enumerate(values) if other == value), default=-1)


def ledger_rows(image: Image, scratch: Path) -> dict[Key, Row]:
    """All that the ledger says, opened by the kernel's own code.

    Raises:
        AetherFlowError: the kernel can't open it.
        apsw.Error: SQLite finds something wrong with it.
    """
    folder = find(image, str(Path(LEDGER).parent))
    if not isinstance(folder, dict) or Path(LEDGER).name not in folder:
        return {}
    write_image(folder, scratch)
    file = scratch / Path(LEDGER).name
    try:
        open_ledger(file).close()
        connection = apsw.Connection(str(file))
        try:
            require_whole(connection)
            return {
                key: Row(state_of(key, status, attempt), outputs, artifacts)
                for query in _QUERIES
                for *ids, status, attempt, outputs, artifacts in connection.execute(query)
                for key in [Key(*ids)]
            }
        finally:
            connection.close()
    finally:
        shutil.rmtree(scratch)
