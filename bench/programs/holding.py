"""`holding.py SECONDS COMMAND…`: starts a service, waits until it says that it is ready, and watches it idle.

The service says so as one of systemd's does (`READY=1`), and ends at SIGTERM. Told are seconds until it is ready, MiB
that it holds after its idle time, and milliseconds of processor that it takes for each second of it.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

#: How long a start may take.
_PATIENCE = 120
_KIBIBYTES = 1024


def main(seconds: int, *command: str) -> None:
    """Start, wait, watch, end."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        address = str(Path(folder, "ready"))
        ready.bind(address)
        ready.settimeout(_PATIENCE)
        started = time.monotonic()
        process = subprocess.Popen(command, env={**os.environ, "NOTIFY_SOCKET": address})
        try:
            wait_for(ready)
            figures = {"ready s": time.monotonic() - started, **watch(process.pid, seconds)}
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait()
    for name, figure in figures.items():
        print(f"figure {name} = {figure:.3f}")
    # A service that is told to end may say so by its exit code.
    print("held" if code in {0, 128 + signal.SIGTERM} else f"exit code {code}")


def wait_for(ready: socket.socket) -> None:
    """Wait for the message of a service that it is ready."""
    while b"READY=1" not in ready.recv(4096).splitlines():
        pass


def watch(pid: int, seconds: int) -> dict[str, float]:
    """What a process holds and takes while it has nothing to do."""
    # Linux's clock of another process: its number, turned around, and in the last bits which of its times is meant.
    clock = (~pid << 3) | 2
    began = time.monotonic()
    taken = -time.clock_gettime(clock)
    time.sleep(seconds)
    taken += time.clock_gettime(clock)
    held = re.search(r"^VmRSS:\s*(\d+) kB$", Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.MULTILINE)
    resident = int(held[1]) / _KIBIBYTES if held else 0.0
    return {"MiB": resident, "idle ms/s": 1000 * taken / (time.monotonic() - began)}


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
