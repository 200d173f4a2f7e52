"""A schedule file in a folder of its own, schedulers as processes that work on it, and what is remembered of it all."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from aetherflow.scheduler.occurrences.opening import open_store

DRIVER = Path(__file__).with_name("driver.py")
#: How long a test waits for what must happen.
PATIENCE = 120

FLOW = """\
version: 1
flow: {id: tell}
params:
  day: {type: string, default: none}
jobs:
  - id: tell
    steps:
      - {id: say, type: external.process, inputs: {command: [echo, "{{params.day}}"]}}
"""


class Process:
    """A scheduler at work, and what it has said."""

    def __init__(self, command, file, *, drain, program, environment):
        self.events = []
        self._lines = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, str(DRIVER), command, str(file), str(drain), *program],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        self.pid = self._process.pid
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)

    def wait_for(self, event, *, times=1, **values):
        """The event that was said as often as that, with these values."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = self.said(event, **values)
            if len(found) >= times:
                return found[times - 1]
            said = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            if said is None:
                self._lines.put(None)
                pytest.fail(f"it ended with {self.end()}, and said {self.events} {self.errors}")
            self.events.append(said)

    def said(self, event, **values):
        """The events of a name that have been read so far."""
        return [each for each in self.events if {"event": event, **values}.items() <= each.items()]

    def send(self, number):
        self._process.send_signal(number)

    def end(self):
        """Wait for its end; answers its exit code, after all that it said has been read."""
        code = self._process.wait(PATIENCE)
        self._reading.join()
        while (said := self._lines.get()) is not None:
            self.events.append(said)
        self.errors = self._process.stderr.read()
        self._process.stdout.close()
        self._process.stderr.close()
        return code

    def kill(self):
        """End it as nobody wants to be ended."""
        self._process.kill()
        return self.end()

    @property
    def has_ended(self):
        return self._process.returncode is not None


@pytest.fixture
def schedule(tmp_path):
    """Writes the schedule file, with a flow beside it."""
    file = tmp_path / "schedule.yaml"
    (tmp_path / "flow.yaml").write_text(FLOW)

    def write(*items, extra=""):
        text = f"version: 1\ntimezone: Europe/Berlin\n{extra}items:\n" + "".join(f"  - {item}\n" for item in items)
        file.write_text(text)
        return file

    return write


@pytest.fixture
def start(tmp_path):
    """Starts schedulers; none of them outlives the test."""
    started = []

    def begin(command="run", *, program=(), drain=30, **environment):
        process = Process(command, tmp_path / "schedule.yaml", drain=drain, program=program, environment=environment)
        started.append(process)
        return process

    yield begin
    for process in started:
        if not process.has_ended:
            process.kill()


@pytest.fixture
def store(tmp_path):
    """What is remembered, as another process sees it."""
    opened = open_store(tmp_path / ".aetherflow/schedule")
    yield opened
    opened.close()


@pytest.fixture
def output_of(tmp_path):
    def read(run_id):
        item = run_id.rpartition("-")[0]
        return (tmp_path / f".aetherflow/schedule/outputs/{item}/{run_id}.log").read_text()

    return read


@pytest.fixture
def shell():
    """A program in the kernel's place: a line for the shell, whose $4 is the run id."""
    return lambda line: ("/bin/sh", "-c", line, "kernel")


@pytest.fixture
def eventually():
    """Waits until something is so."""

    def wait(condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    return wait
