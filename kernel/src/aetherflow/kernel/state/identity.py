"""Who a process is, so that another one can tell whether it still lives: a process number alone is given again."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ..quick_dataclasses import dataclass

_PROCESSES = Path("/proc")
_MACHINE = Path("/etc/machine-id")
_BOOT = _PROCESSES / "sys/kernel/random/boot_id"
#: Numbers of processes, and the clock since boot, are each namespace's own.
_NAMESPACES = ("pid", "time")
#: Positions behind the command's name in /proc/PID/stat: the state, and the time of the start.
_STATE, _START_TICKS = 0, 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where process numbers have their meaning; `boot` is empty where the system does not say which boot this is."""

    id: str
    boot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process, for as long as a ledger lives.

    `ticks` is when it started, in clock ticks since boot; 0 where the system has no /proc, and then a process
    that was given the same number later can't be told from it. `nonce` is random, and nobody else's.
    """

    host: str
    boot: str
    pid: int
    ticks: int
    nonce: str


def this_host() -> Host:
    """The host that this process runs on, as its namespaces see it."""
    boot = _text_of(_BOOT)
    # Images of containers come without a machine id, or with one and the same: then a reboot makes another host.
    machine = _text_of(_MACHINE) or boot or os.uname().nodename
    parts = [machine, *(_namespace(name) for name in _NAMESPACES)]
    return Host(id=hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32], boot=boot)


def own_identity() -> Identity:
    """This process, with a nonce that was never used before."""
    host = this_host()
    ticks = _start_ticks(os.getpid()) or 0
    return Identity(host=host.id, boot=host.boot, pid=os.getpid(), ticks=ticks, nonce=os.urandom(16).hex())


def is_dead(identity: Identity, *, seen_from: Host | None = None) -> bool:
    """Whether a process is provably dead: it ran on this host, and in an earlier boot, or is not there any more.

    Of a process on another host nothing is known: it is not dead. Without /proc only its number is looked at.
    """
    here = seen_from or this_host()
    if identity.host != here.id or identity.pid <= 0:
        return False
    if identity.boot != here.boot:
        return bool(identity.boot and here.boot)
    if not _has_process(identity.pid):
        return True
    ticks = _start_ticks(identity.pid)
    return ticks is not None and identity.ticks not in {0, ticks}


def _has_process(pid: int) -> bool:
    # A signal that is none; /proc may hide the processes of other users.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return not _is_ended(pid)


def _is_ended(pid: int) -> bool:
    """Whether only the entry is left, which its parent has not taken yet: no thread of it runs any more."""
    fields = _fields_of(pid)
    if not fields or fields[_STATE] not in {"Z", "X"}:
        return False
    try:
        return sum(1 for _ in (_PROCESSES / str(pid) / "task").iterdir()) <= 1
    except OSError:
        return True


def _start_ticks(pid: int) -> int | None:
    """When the process started; null where that can't be known."""
    fields = _fields_of(pid)
    return int(fields[_START_TICKS]) if len(fields) > _START_TICKS else None


def _fields_of(pid: int) -> list[str]:
    # The command's name stands in parentheses, and may hold anything, parentheses too.
    return _text_of(_PROCESSES / str(pid) / "stat").rpartition(")")[2].split()


def _namespace(name: str) -> str:
    try:
        return str((_PROCESSES / "self/ns" / name).stat().st_ino)
    except OSError:
        return ""


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
