"""What is over is forgotten after a time: rows of the ledger, and files of outputs; a little with each look."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from aetherflow.kernel.api import LedgerFailed

from ..occurrences.store import OccurrenceStore
from ..runs.outputs import OUTPUTS
from ..schedules.models import Retention
from .telling import Teller

#: How long after one round the next one begins, in seconds, whichever scheduler made it.
ROUND_SECONDS = 3600.0
#: How often it is looked whether that is so.
_ASK_SECONDS = 60.0
#: How many files are looked at in one look.
_MOST_FILES = 200
#: Its time says when the last round began.
_MARK = "forgotten"


class Forgetting:
    """Rounds through what is remembered; for one thread."""

    def __init__(self, state: Path, store: OccurrenceStore, teller: Teller) -> None:
        self._mark = state / _MARK
        self._outputs = state / OUTPUTS
        self._store = store
        self._teller = teller
        self._next_ask = time.monotonic()
        #: What is left of the round; null where none is under way.
        self._files: Iterator[os.DirEntry[str]] | None = None

    def go_on(self, retention: Retention, now: datetime) -> bool:
        """Forget some of what is too old; answers whether there is more to do in this round.

        Trouble with it waits for the next round.
        """
        try:
            if self._files is None and not self._begins_round(now):
                return False
            is_more = self._forget_rows(now - timedelta(days=retention.history_days))
            is_more = self._remove_files(now - timedelta(days=retention.output_days)) or is_more
        except LedgerFailed:
            # Whoever looks says so, and goes on trying.
            is_more = False
        except OSError as error:
            self._teller.tell("WARNING", "outputs_not_removed", error=error.strerror or str(error))
            is_more = False
        if not is_more:
            self._files = None
        return is_more

    def _begins_round(self, now: datetime) -> bool:
        if time.monotonic() < self._next_ask:
            return False
        self._next_ask = time.monotonic() + _ASK_SECONDS
        with suppress(FileNotFoundError):
            # A mark of the future was made before the clock went back.
            if 0 <= now.timestamp() - self._mark.stat().st_mtime < ROUND_SECONDS:
                return False
        self._mark.touch(mode=0o600)
        os.utime(self._mark, (now.timestamp(), now.timestamp()))
        self._files = _files_below(self._outputs)
        return True

    def _forget_rows(self, before: datetime) -> bool:
        return self._store.forget(before) > 0

    def _remove_files(self, before: datetime) -> bool:
        looked_at = list(islice(self._files or (), _MOST_FILES))
        for entry in looked_at:
            # Another scheduler may have removed it.
            with suppress(FileNotFoundError):
                if entry.stat(follow_symlinks=False).st_mtime < before.timestamp():
                    Path(entry.path).unlink()
        return len(looked_at) == _MOST_FILES


def _files_below(outputs: Path) -> Iterator[os.DirEntry[str]]:
    """The files of all items, item after item."""
    if not outputs.is_dir():
        return
    with os.scandir(outputs) as items:
        folders = [entry.path for entry in items if entry.is_dir(follow_symlinks=False)]
    for folder in folders:
        with os.scandir(folder) as files:
            yield from (entry for entry in files if entry.is_file(follow_symlinks=False))
