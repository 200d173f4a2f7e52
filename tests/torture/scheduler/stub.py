"""What is run in place of the kernel: says in the file WITNESS that it began and that it ended, a line in one write each.

Run as a program, with the arguments of `aetherflow run`; works for STUB_SECONDS in between, and leaves with STUB_CODE.
Where the item's name begins with `flow` it becomes the kernel.
"""

from __future__ import annotations

import os
import sys
import time


def note(word: str, run_id: str) -> None:
    """One line in one write: a kill leaves it whole or not at all."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(os.environ["WITNESS"], flags, 0o600)
    os.write(descriptor, f"{word} {run_id} {os.getpid()} {time.time()}\n".encode())
    os.close(descriptor)


def main() -> None:
    """Begin, work, end."""
    run_id = sys.argv[sys.argv.index("--run-id") + 1]
    if run_id.startswith("flow"):
        os.execv(sys.executable, [sys.executable, "-P", "-m", "aetherflow.kernel", *sys.argv[1:]])  # noqa: S606 - as the scheduler would have
    note("began", run_id)
    time.sleep(float(os.environ.get("STUB_SECONDS", "0")))
    note("ended", run_id)
    sys.exit(int(os.environ.get("STUB_CODE", "0")))


if __name__ == "__main__":
    main()
