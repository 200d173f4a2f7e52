"""The run's own log: whole lines, no secret, no end of its own, and never the end of a run."""

from __future__ import annotations

import errno
import json
import os
import threading
from dataclasses import replace

import pytest

from aetherflow.kernel.contracts.events import JobStarted, RunStarted, StepLogged
from aetherflow.kernel.contracts.records import RunKey
from aetherflow.kernel.events.run_log import FULL, RunLog, read_run_log
from aetherflow.kernel.resolve.redaction import Redactor
from aetherflow.kernel.state.companions import log_file, open_log

KEY = RunKey("flow", "run")
SAID = StepLogged(
    at=1.5, flow_id="flow", run_id="run", job_id="job", step_id="step", level="INFO", message="m", fields={"a": 1}
)
STARTED = RunStarted(at=1.0, flow_id="flow", run_id="run", flow_file="flow.yaml", resumed=False)


class Log:
    """A log in a folder of its own, and what it handed on."""

    def __init__(self, folder, *, start=1, level="INFO", open_file=None, **more):
        self.file = log_file(folder, KEY)
        self.told = []
        self.redactor = Redactor()
        self.log = RunLog(
            open_file or (lambda: open_log(folder, KEY)),
            self.told.append,
            start=start, redactor=self.redactor, level=level, **more,
        )  # fmt: skip
        self.log.tell(STARTED)
        self.told.clear()

    @property
    def lines(self):
        return list(read_run_log(self.file))


@pytest.fixture
def log(tmp_path):
    made = Log(tmp_path / "logs")
    yield made
    made.log.close()


def test_run_that_says_nothing_leaves_no_file(log, tmp_path):
    log.log.tell(JobStarted(at=1.0, flow_id="flow", run_id="run", job_id="job"))
    log.log.tell(replace(SAID, level="DEBUG"))
    assert len(log.told) == 2
    assert not (tmp_path / "logs").exists()
    assert log.lines == []


def test_what_comes_before_the_start_of_a_run_is_written_with_it_and_else_not_at_all(tmp_path):
    folder, told = tmp_path / "logs", []
    log = RunLog(lambda: open_log(folder, KEY), told.append, start=1, redactor=Redactor(), level="INFO")
    log.keep("WARNING", "problem", 1.0, {"code": "AF-X"})
    log.tell(SAID)
    assert not folder.exists()
    assert told == [SAID]
    log.tell(STARTED)
    log.close()
    assert [line["event"] for line in read_run_log(log_file(folder, KEY))] == ["problem", "step_log"]


def test_what_a_step_says_is_one_line_that_is_there_at_once(log):
    said = replace(SAID, at=1.500_25, message="one\ntwo \u2028 grüße \ud800")
    log.log.tell(said)
    (line,) = log.lines
    assert line == {
        "ts_ms": 1500, "us": 250, "level": "INFO", "event": "step_log", "start": 1, "job_id": "job", "step_id": "step",
        "message": "one\ntwo \u2028 grüße \ud800", "fields": {"a": 1},
    }  # fmt: skip
    assert log.file.read_bytes().count(b"\n") == 1
    assert log.told == [said]


def test_later_start_goes_on_behind_the_earlier_one(log, tmp_path):
    log.log.tell(SAID)
    log.log.close()
    second = Log(tmp_path / "logs", start=2)
    second.log.tell(SAID)
    second.log.close()
    assert [line["start"] for line in second.lines] == [1, 2]


def test_secret_is_in_no_line(log):
    log.redactor.add("s3cr3t-of-the-house")
    log.log.tell(
        replace(SAID, message="it is s3cr3t-of-the-house", fields={"s3cr3t-of-the-house": ["s3cr3t-of-the-house"]})
    )
    assert "s3cr3t" not in log.file.read_text()
    assert log.lines[0]["message"] == "it is ***"


def test_line_that_was_cut_off_swallows_no_other(log, tmp_path):
    log.log.tell(SAID)
    log.log.close()
    with log.file.open("ab") as file:
        file.write(b'{"ts_ms": 1, "mess')
    second = Log(tmp_path / "logs", start=2)
    second.log.tell(SAID)
    second.log.close()
    assert [line["start"] for line in second.lines] == [1, 2]


def test_log_that_is_full_says_so_once_and_stays_so(tmp_path):
    first = Log(tmp_path / "logs", most=3_000)
    for number in range(100):
        first.log.tell(replace(SAID, message=str(number) * 20))
    first.log.close()
    second = Log(tmp_path / "logs", start=2, most=3_000)
    second.log.tell(SAID)
    second.log.close()
    assert len(first.told) == 100
    lines = second.lines
    assert first.file.stat().st_size <= 3_000
    assert [line["event"] for line in lines].count(FULL) == 1
    assert lines[-1]["event"] == FULL
    assert "at most 3000 bytes" in lines[-1]["message"]
    assert len(lines) > 10


def test_disk_that_fails_ends_the_log_and_nothing_else(tmp_path):
    def refuse():
        raise OSError(errno.ENOSPC, "No space left on device")

    log = Log(tmp_path / "logs", open_file=refuse)
    log.log.tell(SAID)
    log.log.tell(SAID)
    warning, *events = log.told
    assert (warning.level, warning.step_id) == ("WARNING", "")
    assert "can't be written: No space left on device" in warning.message
    assert events == [SAID, SAID]


def test_disk_that_takes_half_a_line_leaves_whole_ones(tmp_path):
    """A device that is full in the middle of a write."""
    folder = tmp_path / "logs"
    log = Log(folder)
    log.log.tell(SAID)
    log.log.close()
    size = log.file.stat().st_size
    pid = os.fork()
    if pid == 0:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, size + 10))
        child = Log(folder, start=2)
        child.log.tell(SAID)
        os._exit(0 if len(child.told) == 2 else 1)
    _, status = os.waitpid(pid, 0)
    assert status == 0
    assert log.file.stat().st_size == size


def test_link_in_its_place_is_not_followed(tmp_path):
    log = Log(tmp_path / "logs")
    log.file.parent.mkdir(parents=True)
    (tmp_path / "precious").write_text("precious")
    log.file.symlink_to(tmp_path / "precious")
    log.log.tell(SAID)
    assert (tmp_path / "precious").read_text() == "precious"
    assert len(log.told) == 2


def test_threads_write_whole_lines(log):
    def say(name):
        for number in range(50):
            log.log.tell(replace(SAID, message=f"{name}{number}" * 50))

    threads = [threading.Thread(target=say, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([json.loads(line) for line in log.file.read_bytes().splitlines()]) == 200
