"""`launch.py FIGURES COMMAND…`: starts one command, waits for its end, writes its figures to a file.

A process of its own, and as small as it can be: until a process becomes another program it counts the memory of the
one that started it, so what is smaller than this one reads as its 10 MiB.
"""

from __future__ import annotations

import os
import sys
import time


def main(figures: str, *command: str) -> None:
    """Start, wait, write: exit code, seconds, seconds of processor, KiB at its largest."""
    started = time.monotonic()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    wall = time.monotonic() - started
    told = (os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
    with open(figures, "w", encoding="ascii") as file:  # noqa: PTH123 -- pathlib would have to be imported
        file.write(" ".join(map(str, told)))


if __name__ == "__main__":
    main(*sys.argv[1:])
