# In a race, a Path for every look costs too much.
# ruff: noqa: PTH103, PTH112, PTH114, PTH123, PTH208
"""A process that exchanges a folder for a link without end: run by path, with pairs of names as arguments.

It also lays a trap: what stands in the folder under a temporary name, it makes where the link leads, so that whoever
opens that name by its path finds something to overwrite.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time

_TRAP_EVERY = 16
#: After so many, an even number, the folder stays for a moment, so that now and then something succeeds.
_PAUSE_EVERY = 50
_PAUSE_SECONDS = 0.002


def lay_trap(real: str, decoy: str) -> None:
    """Make what stands in `real` under a temporary name stand in `decoy` too, with a file in it that must stay."""
    with contextlib.suppress(OSError):
        for name in os.listdir(real):
            if not name.startswith(".aetherflow.") or not os.path.isdir(f"{real}/{name}"):
                continue
            os.makedirs(f"{decoy}/{name}", exist_ok=True)
            for inner in os.listdir(f"{real}/{name}"):
                with contextlib.suppress(OSError), open(f"{decoy}/{name}/{inner}", "x", encoding="ascii") as trap:
                    trap.write("precious")


def main() -> None:
    """Exchange until told to stop; then say how often."""
    is_over = []
    signal.signal(signal.SIGTERM, lambda *_: is_over.append(True))
    library = ctypes.CDLL(None, use_errno=True)
    pairs = [(os.fsencode(one), os.fsencode(other)) for one, other in zip(sys.argv[3::2], sys.argv[4::2], strict=True)]
    print("ready", flush=True)
    count = 0
    while not is_over:
        for one, other in pairs:
            count += library.renameat2(-100, one, -100, other, 2) == 0
        if count % _PAUSE_EVERY == 0:
            time.sleep(_PAUSE_SECONDS)
        if count % _TRAP_EVERY < len(pairs) and len(sys.argv[1]):
            for place in (os.fsdecode(pairs[0][0]), os.fsdecode(pairs[0][1])):
                if not os.path.islink(place):
                    lay_trap(f"{place}/{sys.argv[1]}", sys.argv[2])
    print(count, flush=True)


if __name__ == "__main__":
    main()
