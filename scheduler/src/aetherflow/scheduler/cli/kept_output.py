"""`aetherflow-scheduler history FILE --output RUN_ID`: what a run has said."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aetherflow.kernel.api import CommandContext, InvalidInput

from ..runs.outputs import output_file
from .ledger import remembered

if TYPE_CHECKING:
    from pathlib import Path

    from ..occurrences.records import Occurrence

_RUN_ID = re.compile(r"(.*)-(\d{8}T\d{6})(?:\.\d{3})?Z")
_SECOND = timedelta(seconds=1)
#: The longest piece of a line that is printed at once, in characters.
_PIECE = 1 << 20
_MEND = "aetherflow-scheduler history shows the ids of runs"
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def print_output(context: CommandContext, state: Path, item: str, run_id: str) -> None:
    """Print what the run of an occurrence has said, with all its starts.

    Raises:
        InvalidInput: there is no such run, or its output is not kept.
        StoreFailed: the ledger can't be read.
    """
    occurrence = _find(state, item, run_id)
    file = output_file(state, occurrence)
    pieces = _pieces(file)
    if context.as_json:
        context.say_json({"item": item, "run_id": run_id, "file": str(file), "text": "".join(pieces)})
        return
    for piece in pieces:
        context.write(_harmless(piece) if context.is_terminal else piece)


def item_of(run_id: str) -> str:
    """The item whose run an id is, by how it is made.

    Raises:
        InvalidInput: it is no id of a run.
    """
    found = _RUN_ID.fullmatch(run_id)
    if found is None:
        raise InvalidInput(f"there is no run {run_id!r}", code="AF-SCHEDULE-RUN-UNKNOWN", help=_MEND)
    return found[1]


def _find(state: Path, item: str, run_id: str) -> Occurrence:
    """The occurrence, by what the ledger says: no path is made of what somebody wrote."""
    begin = _moment_of(run_id)
    if begin is not None:
        with remembered(state) as store:
            found = store.history([item], since=begin, until=begin + _SECOND)
        for occurrence in found:
            if occurrence.run_id == run_id:
                return occurrence
    raise InvalidInput(
        f"the item {item!r} has no run {run_id!r}",
        code="AF-SCHEDULE-RUN-UNKNOWN",
        help=_MEND,
    )


def _moment_of(run_id: str) -> datetime | None:
    found = _RUN_ID.fullmatch(run_id)
    try:
        return None if found is None else datetime.strptime(found[2], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _pieces(file: Path) -> Iterator[str]:
    """The text in lines: a secret in one of them is masked as a whole."""
    try:
        descriptor = os.open(file, _FLAGS)
    except OSError as error:
        raise InvalidInput(
            f"what the run has said is not kept, or can't be read: {error.strerror}",
            code="AF-SCHEDULE-OUTPUT-GONE",
            help="retention.output_days says for how long it is kept",
        ) from None
    with open(descriptor, encoding="utf-8", errors="replace", newline="") as text:  # noqa: PTH123 - what is open already
        while piece := text.readline(_PIECE):
            yield piece


def _harmless(text: str) -> str:
    """Text without what moves a terminal's cursor."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "?" for letter in text)
