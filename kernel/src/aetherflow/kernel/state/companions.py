"""What lies beside a ledger's file: the locks of its runs' owners, and the logs of its runs."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from .folders import make_private_folders

if TYPE_CHECKING:
    from pathlib import Path

    from ..contracts.records import RunKey

_FOR_ITS_USER_ONLY = 0o600


def owners_folder(ledger: Path) -> Path:
    """Where the lock files of the owners are."""
    return ledger.with_name(f"{ledger.name}.owners")


def logs_folder(ledger: Path) -> Path:
    """Where the logs of runs are."""
    return ledger.with_name(f"{ledger.name}.logs")


def log_file(logs: Path, key: RunKey) -> Path:
    """The log of a run; it is there only where the run said something."""
    return logs / key.flow_id / f"{key.run_id}.jsonl"


def open_log(logs: Path, key: RunKey) -> int:
    """Open the log of a run to read and to append, made where it is missing, for its user only.

    Raises:
        OSError: it can't be opened.
    """
    file = log_file(logs, key)
    make_private_folders(file.parent)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.open(file, flags, _FOR_ITS_USER_ONLY)


def forget_log(logs: Path, key: RunKey) -> bool:
    """Remove the log of a run; answers whether there was one."""
    with suppress(OSError):
        log_file(logs, key).unlink()
        return True
    return False
