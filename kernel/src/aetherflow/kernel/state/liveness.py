"""Whether the process that runs a run still lives: RUNNING in the ledger is what it said last."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..contracts.events import Status
from .identity import Identity, is_dead, this_host
from .ownership import lock_file

if TYPE_CHECKING:
    from ..contracts.records import Json, RunKey, RunSummary, StartRecord

_PROCESSES = Path("/proc")
#: Why what is RUNNING in a run was cut off, where its process is gone.
DIED = "its process died"


def status_now(summary: RunSummary, owners: Path) -> Status:
    """How a run stands: INTERRUPTED where it is RUNNING in the ledger and its process is provably dead."""
    status = summary.run.status
    if status is not Status.RUNNING:
        return status
    owner = owner_of(summary.newest_start)
    is_gone = is_dead(owner) if owner is not None else _has_let_go(owners, summary.key)
    return Status.INTERRUPTED if is_gone else status


def as_noted(owner: Identity) -> dict[str, Json]:
    """A process as a start notes it."""
    return {"host": owner.host, "boot": owner.boot, "pid": owner.pid, "ticks": owner.ticks, "nonce": owner.nonce}


def owner_of(start: StartRecord | None) -> Identity | None:
    """The process that made a start; null where it was not noted."""
    noted = start.owner if start is not None else {}
    host, boot, nonce = (_text(noted.get(name)) for name in ("host", "boot", "nonce"))
    pid, ticks = (_number(noted.get(name)) for name in ("pid", "ticks"))
    return Identity(host=host, boot=boot, pid=pid, ticks=ticks, nonce=nonce) if host and pid > 0 else None


def holder_of(owners: Path, key: RunKey) -> Identity | None:
    """The process that the owner's lock file names, where it provably has that file open; else null."""
    file = lock_file(owners, key)
    try:
        pid = int(file.read_text(encoding="ascii"))
        if not _descriptors_of(pid).is_dir() or not _has_open(pid, file):
            return None
    except (OSError, ValueError):
        return None
    here = this_host()
    return Identity(host=here.id, boot=here.boot, pid=pid, ticks=0, nonce="")


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _has_let_go(owners: Path, key: RunKey) -> bool:
    """Whether the process that the owner's lock file names provably holds it no more.

    The lock itself is not asked for: whoever wants to start the run at this moment would be refused.
    """
    file = lock_file(owners, key)
    try:
        pid = int(file.read_text(encoding="ascii"))
        os.kill(pid, 0)
        return not _has_open(pid, file)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, OverflowError):
        return False


def _has_open(pid: int, file: Path) -> bool:
    wanted, descriptors = file.stat(), _descriptors_of(pid)
    if not descriptors.is_dir():
        return True
    return any(_is_same(descriptor, wanted) for descriptor in descriptors.iterdir())


def _descriptors_of(pid: int) -> Path:
    return _PROCESSES / str(pid) / "fd"


def _is_same(descriptor: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(descriptor.stat(), wanted)
    except FileNotFoundError:
        # Closed in the meantime, or nothing that has a name.
        return False
