"""The one error for an occurrence ledger that can't be read or written."""

from __future__ import annotations

from pathlib import Path

from aetherflow.kernel.api import LedgerFailed


class StoreFailed(LedgerFailed):
    """What is remembered of occurrences can't be read or written; nothing is started without it."""

    code = "AF-SCHEDULE-LEDGER"


def unusable(path: Path, why: str) -> StoreFailed:
    """The error for an occurrence ledger that can't be used."""
    return StoreFailed(
        f"the occurrence ledger {path} can't be used: {why}",
        help="make room, make it readable and writable, or name another folder in state.path of the schedule file",
    )
