"""Starts the command line quickly and often: a process that has imported it, and forks.

What is killed is a process of its own that runs the code of the command line from its first line; only the half
second in which Python imports modules, and nothing is written, is saved. Read by path, it stands on nothing of ours.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import sys
from typing import Any

#: What `aetherflow run` imports on its way; what no longer exists is passed over.
MODULES = (
    "aetherflow.kernel.api",
    "aetherflow.kernel.cli.program",
    "aetherflow.kernel.cli.run",
    "aetherflow.kernel.run.flow",
    "aetherflow.kernel.events.bus",
    "aetherflow.kernel.events.library_logs",
    "aetherflow.kernel.processes.spawn",
)


def main() -> None:
    """Import, and then serve: a line in, a line out."""
    # As the command line does it, before pydantic is imported.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    for name in MODULES:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    _validate(sys.argv[1])
    _tell({"ready": True})
    # Not `for line in sys.stdin`: a child must not find lines that its parent has read ahead.
    while line := _read_line():
        request = json.loads(line)
        if "reap" in request:
            _, status, usage = os.wait4(request["reap"], 0)
            _tell({"code": os.waitstatus_to_exitcode(status), "seconds": usage.ru_utime + usage.ru_stime})
            continue
        pid = os.fork()
        if pid == 0:
            _become(request)
            importlib.import_module("aetherflow.kernel.cli.program").run_program(request["arguments"])
        _tell({"pid": pid})


def _validate(flow: str) -> None:
    """Warm up: a flow is read and checked, with all that this imports, and nothing of it is kept."""
    program = importlib.import_module("aetherflow.kernel.cli.program")
    told = os.dup(1)
    os.dup2(2, 1)
    with contextlib.suppress(SystemExit):
        program.run_program(["validate", flow])
    os.dup2(told, 1)
    os.close(told)


def _read_line() -> bytes:
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(0, 1)):
        line += byte
    return line


def _tell(answer: dict[str, Any]) -> None:
    os.write(1, (json.dumps(answer) + "\n").encode())


def _become(request: dict[str, Any]) -> None:
    """Make this child the process that was asked for: its folder, its environment, its streams."""
    os.chdir(request["folder"])
    for number, (path, flags) in enumerate(
        [
            (os.devnull, os.O_RDONLY),
            (request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
            (request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        ]
    ):
        descriptor = os.open(path, flags, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(request["environment"])
    if request.get("gate"):
        # Opens when somebody opens the other end: all that wait here start at one moment.
        os.close(os.open(request["gate"], os.O_RDONLY))
    if "kill_at" in request:
        ctypes.CDLL(None).kills_arm(ctypes.c_long(request["kill_at"]), request["record"].encode())


if __name__ == "__main__":
    main()
