"""What a run told of itself while it was recorded, and from which moment on it counts as acknowledged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .project import REPEATED
from .system_calls import Call


class Key(NamedTuple):
    """Which run, job or step; what is not told is empty."""

    run: str
    job: str = ""
    step: str = ""
    item: str = ""


class State(NamedTuple):
    """Where it stands; a step in which attempt."""

    status: str
    attempt: int = 0


def state_of(key: Key, status: str, attempt: int) -> State:
    """The state of what a key names."""
    is_whole = (key.job, key.step) in REPEATED and not key.item
    return State(status, 0 if is_whole else attempt)


@dataclass(slots=True)
class Transition:
    """A change of state, acknowledged from the place in the record on at which it began to be written."""

    place: int
    key: Key
    state: State
    #: Its place among the states of what the key names.
    position: int = -1


def transitions(calls: list[Call], events: Path) -> list[Transition]:
    """All that was acknowledged, in order."""
    attempts: dict[Key, int] = {}
    found = []
    for place, line in _lines(calls, events):
        told = json.loads(line)
        kind = told.get("event", "")
        key = Key(*(str(told.get(name, "")) for name in ("run_id", "job_id", "step_id", "item")))
        if kind not in _STATUS or told.get("restored"):
            continue
        attempts[key] = told.get("attempt", attempts.get(key, 0))
        found.append(Transition(place, key, state_of(key, _STATUS.get(kind) or told["status"], attempts[key])))
        if kind == "step_retry":
            # The next attempt begins untold.
            attempts[key] += 1
    return found


#: What a job or a step is, by what is told of it; the others tell it themselves.
_STATUS = {
    "run_start": "RUNNING",
    "job_start": "RUNNING",
    "step_start": "RUNNING",
    "item_start": "RUNNING",
    "step_retry": "PENDING",
    "run_summary": "",
    "job_end": "",
    "step_end": "",
    "item_end": "",
}


def _lines(calls: list[Call], events: Path) -> Iterator[tuple[int, str]]:
    """Lines, each from the place on at which the first write began that holds a part of it."""
    rest, place = b"", 0
    for call in calls:
        if call.name == "write" and call.opened(0) == str(events):
            place = call.begun if not rest else place
            *lines, rest = (rest + call.text(1)[: call.result]).split(b"\n")
            for line in lines:
                yield place, line.decode()
                place = call.begun
