from __future__ import annotations

import contextlib
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aetherflow.kernel.contracts.processes import Command

TAG = "PROCESS_TREE_OF_TEST"


class TaggedTree:
    """Finds the processes of one command by a variable in their environment, wherever they went."""

    def __init__(self) -> None:
        self.tag = uuid.uuid4().hex
        self.environment = {"PATH": os.environ["PATH"], TAG: self.tag}

    def pids(self) -> list[int]:
        wanted = f"{TAG}={self.tag}".encode()
        return [pid for pid in _all_pids() if wanted in _environment(pid)]

    def is_gone_within(self, seconds: float) -> bool:
        return wait_until(lambda: not self.pids(), seconds)

    def end(self) -> None:
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _environment(pid: int) -> list[bytes]:
    # Empty for a zombie: it holds nothing any more.
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (is_met := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_met


@pytest.fixture(scope="module")
def new_tree() -> Iterator[Callable[[], TaggedTree]]:
    made: list[TaggedTree] = []

    def make() -> TaggedTree:
        made.append(TaggedTree())
        return made[-1]

    yield make
    for tagged in made:
        tagged.end()


@pytest.fixture
def tree(new_tree: Callable[[], TaggedTree]) -> TaggedTree:
    return new_tree()


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., Command]:
    def make(*arguments: str, **options: object) -> Command:
        given = {"environment": {"PATH": os.environ["PATH"]}, "cwd": tmp_path, **options}
        return Command(arguments=arguments, **given)

    return make


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool], float], bool]:
    return wait_until
