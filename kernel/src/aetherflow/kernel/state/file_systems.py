"""Which file system a folder is on: SQLite's locks and its shared memory work between processes of one host only."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import LedgerFailed

_MOUNTS = Path("/proc/self/mountinfo")
#: What mountinfo calls those that other hosts may have mounted too, or that a program answers for.
_NETWORKED = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4"}
    | {"ocfs2", "orangefs", "smb2", "smb3", "smbfs", "fuse"}
)
_ESCAPED = r"\\([0-7]{3})"


def refuse_network(ledger: Path, *, mounts: Path = _MOUNTS) -> None:
    """Refuse a ledger on a network file system.

    Raises:
        LedgerFailed: it is on one.
    """
    kind = network_under(ledger, mounts=mounts)
    if kind is None:
        return
    raise LedgerFailed(
        f"the ledger {ledger} would be on a network file system ({kind}), where it can be damaged",
        code="AF-LEDGER-NETWORK",
        help="name a folder on a disk of this machine in state_root or flow.state.path;"
        " if no other machine ever uses this one, set state_on_network: allow",
    )


def network_under(file: Path, *, mounts: Path = _MOUNTS) -> str | None:
    """The kind of network file system that a file is on, or would be; null where it is on none."""
    folder = next(place for place in file.parents if place.is_dir())
    # What is on a disk of this machine has that disk's number; only the others are looked up.
    if os.major(folder.stat().st_dev):
        return None
    kind = file_system_of(folder, mounts=mounts)
    return kind if kind is not None and (kind in _NETWORKED or kind.startswith("fuse.")) else None


def file_system_of(folder: Path, *, mounts: Path = _MOUNTS) -> str | None:
    """The kind of file system at an absolute path without links; null where the system does not tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    found: tuple[int, str] | None = None
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(re.sub(_ESCAPED, lambda octal: chr(int(octal[1], 8)), before.split(" ")[4]))
        # Of two that are mounted at one place, the later one is seen.
        if folder.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = len(point.parts), after.split(" ")[0]
    return found[1] if found else None
