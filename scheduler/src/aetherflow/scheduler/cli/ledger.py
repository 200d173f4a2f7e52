"""The occurrence ledger of a schedule, by its folder for state: to look, or to ask for something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ..occurrences.store import OccurrenceStore


@contextmanager
def remembered(state: Path) -> Iterator[OccurrenceStore]:
    """What is remembered; nothing is made, and where nobody has run the schedule yet, it is nothing.

    Raises:
        StoreFailed: the ledger can't be read.
    """
    from ..occurrences.opening import open_store

    with closing(open_store(state, is_to_read=True)) as store:
        yield store


@contextmanager
def asking(state: Path, file: Path) -> Iterator[OccurrenceStore]:
    """The ledger, to write into it what schedulers are to do; made where it is missing.

    Args:
        state: the folder for state.
        file: the schedule file, absolute. The folder belongs to it from now on: the scheduler of another one would
            take what is asked for as removed.

    Raises:
        InvalidInput: the folder belongs to another schedule file.
        StoreFailed: it can't be written.
    """
    from ..occurrences.opening import open_store
    from ..operation.belonging import take_state

    with closing(open_store(state)) as store:
        take_state(state, file)
        yield store


def paused_items(state: Path) -> frozenset[str]:
    """The ids of items that somebody has paused.

    Raises:
        StoreFailed: the ledger can't be read.
    """
    with remembered(state) as store:
        return frozenset(item for item, state in store.states().items() if state.is_paused)
