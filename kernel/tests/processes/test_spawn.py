"""What goes into a process and what comes out of it: arguments, environment, descriptors, output, refusals."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aetherflow.kernel.errors import NothingDone
from aetherflow.kernel.processes import supervise
from aetherflow.kernel.processes.streams import LONGEST_LINE

# Output --------------------------------------------------------------------------------------------------------------


def test_captured_output_is_complete_every_time(command):
    """D1: the ancestor read before the pipe was drained, and called what it had a success."""
    expected = "".join(f"{number}\n" for number in range(1, 3001)).encode()
    with ThreadPoolExecutor(max_workers=4) as pool:
        results = list(pool.map(lambda _: supervise(command("seq", "3000")), range(60)))
    assert {result.stdout for result in results} == {expected}


def test_captured_output_larger_than_any_buffer_is_complete(command):
    result = supervise(command("seq", "300000", capture_bytes=4_000_000))
    assert result.stdout == "".join(f"{number}\n" for number in range(1, 300001)).encode()
    assert not result.stdout_truncated


def test_what_stands_in_the_pipe_when_the_process_is_gone_is_read_to_its_end(command, eventually):
    """D1, made certain: the pipe holds more than one read takes, and is read when all is over."""

    def supervisor_has_ended() -> bool:
        children = Path("/proc/thread-self/children").read_text().split()
        states = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in children]
        return states == ["Z"]

    enlarge = "import fcntl, os; fcntl.fcntl(1, 1031, 1 << 20); os.write(1, b'first\\n' + b'x' * 900_000)"
    result = supervise(
        command(sys.executable, "-I", "-S", "-c", enlarge, capture_bytes=1_000_000, timeout_seconds=20),
        on_line=lambda _, line: line == "first" and eventually(supervisor_has_ended, 10),
    )
    assert result.stdout == b"first\n" + b"x" * 900_000


def test_both_streams_are_read_at_once_and_kept_apart(command):
    script = "i=0; while [ $i -lt 2000 ]; do echo out-$i; echo error-$i >&2; i=$((i+1)); done"
    result = supervise(command("sh", "-c", script))
    assert result.stdout.splitlines() == [b"out-%d" % number for number in range(2000)]
    assert result.stderr.splitlines() == [b"error-%d" % number for number in range(2000)]


def test_output_beyond_the_bound_is_read_but_not_kept(command):
    result = supervise(command("sh", "-c", "seq 100000; echo no >&2", capture_bytes=10))
    assert (result.stdout, result.stdout_truncated) == (b"1\n2\n3\n4\n5\n", True)
    assert (result.stderr, result.stderr_truncated) == (b"no\n", False)
    assert result.exit_code == 0


def test_an_empty_output_is_empty_and_not_missing(command):
    result = supervise(command("true"))
    assert (result.stdout, result.stderr, result.exit_code) == (b"", b"", 0)


def test_lines_are_handed_on_while_the_process_runs(command, tmp_path):
    seen: list[tuple[str, str]] = []

    def on_line(stream: str, line: str) -> None:
        seen.append((stream, line))
        (tmp_path / "go-on").touch()

    script = "echo first; while [ ! -e go-on ]; do sleep 0.01; done; echo second >&2; printf 'caf\\303\\251 \\377'"
    supervise(command("sh", "-c", script, stdout="inherit", stderr="inherit", timeout_seconds=20), on_line=on_line)
    assert sorted(seen) == [("stderr", "second"), ("stdout", "café \N{REPLACEMENT CHARACTER}"), ("stdout", "first")]


def test_output_that_nobody_wants_goes_nowhere(command):
    script = "exec 3>&1; readlink /proc/self/fd/3 >&2"
    assert supervise(command("sh", "-c", script, stdout="discard")).stderr == b"/dev/null\n"
    assert supervise(command("sh", "-c", script, stdout="inherit")).stderr == b"/dev/null\n"


def test_a_line_that_is_too_long_is_left_out_as_a_whole(command):
    lines: list[str] = []
    script = f"head -c {LONGEST_LINE + 1} /dev/zero | tr '\\0' x; echo; echo next"
    result = supervise(command("sh", "-c", script), on_line=lambda _, line: lines.append(line))
    assert lines == [f"(a line of more than {LONGEST_LINE} bytes is left out)", "next"]
    assert len(result.stdout) == LONGEST_LINE + len("\nnext\n") + 1


def test_a_pipe_that_a_stranger_holds_open_is_read_for_two_seconds_at_most(command, tmp_path):
    held = threading.Event()
    ends: list[int] = []

    def hold(stream: str, line: str) -> None:
        # As somebody outside the tree would: through /proc, not by descent.
        ends.append(os.open(f"/proc/{line}/fd/1", os.O_WRONLY))
        held.set()
        (tmp_path / "held").touch()

    began = time.monotonic()
    script = "echo $$; until [ -e held ]; do sleep 0.01; done"
    result = supervise(command("sh", "-c", script, timeout_seconds=60), on_line=hold)
    seconds = time.monotonic() - began
    os.close(*ends)
    assert held.is_set()
    assert result.exit_code == 0
    # Nobody would ever let go of it; a busy machine takes a while to start and end all of this.
    assert 2 <= seconds < 30


def test_a_file_is_appended_to_by_one_process_after_another(command, tmp_path):
    """D36: in the ancestor, the second attempt found the file closed."""
    file = tmp_path / "all.log"
    for word in ("one", "two"):
        supervise(command("sh", "-c", f"echo {word}; echo {word}-error >&2", stdout=file, stderr=file))
    assert file.read_text() == "one\none-error\ntwo\ntwo-error\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_output_goes_into_no_link_and_no_fifo(command, tmp_path):
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / "link").symlink_to("elsewhere")
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "fifo", "no-folder/file"):
        with pytest.raises(NothingDone) as caught:
            supervise(command("echo", "overwritten", stdout=tmp_path / name))
        assert caught.value.problem.code == "AF-PROCESS-LOG-FILE"
    assert (tmp_path / "elsewhere").read_text() == "mine"


# Input ---------------------------------------------------------------------------------------------------------------


def test_standard_input_is_given_as_a_whole(command):
    data = os.urandom(1_000_000)
    assert supervise(command("cat", stdin=data)).stdout == data


def test_a_process_that_does_not_read_its_input_ends_all_the_same(command):
    assert supervise(command("true", stdin=b"x" * 1_000_000)).exit_code == 0


def test_without_input_there_is_nothing_to_read(command):
    assert supervise(command("cat", timeout_seconds=20)).stdout == b""


PAYLOADS = [
    "$(touch CANARY)",
    "`touch CANARY`",
    "; touch CANARY",
    "& touch CANARY &",
    "| touch CANARY",
    "|| touch CANARY",
    "&& touch CANARY",
    "\ntouch CANARY\n",
    "\r\ntouch CANARY\r\n",
    "> CANARY",
    ">> CANARY",
    "< /dev/null > CANARY",
    "$(>CANARY)",
    "${IFS}touch${IFS}CANARY",
    "$((touch CANARY))",
    "<(touch CANARY)",
    "'; touch CANARY; '",
    '"; touch CANARY; "',
    "\\'; touch CANARY; #",
    "') ; touch CANARY ; ('",
    "eval touch CANARY",
    "-",
    "--",
    "-rf",
    "--output=CANARY",
    "-oCANARY",
    "-eTOUCH",
    "*",
    "?",
    "[a-z]*",
    "{a,b}",
    "~",
    "~root",
    "~/CANARY",
    "%n%n%n%s",
    "%s" * 50,
    "{{env.HOME}}",
    "{{",
    "}}",
    "{% raw %}",
    "${HOME}",
    "$HOME",
    "$0",
    "$@",
    "!!",
    "!touch",
    "#comment",
    "\\",
    "\\n",
    "\\0",
    "'",
    '"',
    "''",
    "",
    " ",
    "\t",
    " touch CANARY ",
    "../../../../etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "é漢字🜂",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil",
    "\x1b[2Jgone",
    "\x07\x08",
    "\udcff\udcfe",
    "a=b",
    "LD_PRELOAD=CANARY",
    "x" * 100_000,
]


def test_no_argument_and_no_variable_is_ever_read_as_a_command(command, tmp_path):
    """S4, for the place where all programs are started."""
    program = "import sys, os, json; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
    environment = {f"KEY_{number}": payload for number, payload in enumerate(PAYLOADS)}
    arguments = (sys.executable, "-I", "-S", "-X", "utf8", "-c", program, *PAYLOADS)
    result = supervise(command(*arguments, environment=environment))
    given, found = json.loads(result.stdout)
    assert given == PAYLOADS
    assert {key: found[key] for key in environment} == environment
    assert list(tmp_path.iterdir()) == []


def test_the_environment_is_exactly_what_is_given(command, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_RUNNER", "value")
    result = supervise(command("/usr/bin/env", environment={"ONLY": "this", "EMPTY": ""}))
    assert sorted(result.stdout.decode().splitlines()) == ["EMPTY=", "ONLY=this"]


def test_the_request_is_not_visible_in_the_supervisors_arguments(command):
    script = "cat /proc/$PPID/cmdline; tr '\\0' '\\n' < /proc/$PPID/environ; : not-for-others"
    result = supervise(command("sh", "-c", script, environment={"PATH": "/usr/bin:/bin", "KEY": "hidden-value"}))
    assert b"supervisor.py" in result.stdout
    assert b"not-for-others" not in result.stdout
    assert b"hidden-value" not in result.stdout


def test_a_process_gets_three_descriptors_and_no_more(command, tmp_path):
    """R25, with a descriptor in the runner that would be inherited."""
    with (tmp_path / "ledger").open("w") as ledger:
        os.set_inheritable(ledger.fileno(), True)
        result = supervise(command("sh", "-c", "ls /proc/$$/fd; true"))
    assert result.stdout.split() == [b"0", b"1", b"2"]


def test_the_runner_keeps_no_descriptor(command, tmp_path):
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = count()
    supervise(command("cat", stdin=b"data", stdout=tmp_path / "file"), on_line=lambda *_: None)
    with pytest.raises(NothingDone):
        supervise(command("no-such-program"))
    with pytest.raises(NothingDone):
        supervise(command("true", stdout=tmp_path / "no" / "file"))
    assert count() == before


def test_a_process_starts_with_the_signals_that_programs_expect(command):
    # yes(1) ends by SIGPIPE only where that is not ignored, as it is in Python.
    result = supervise(command("bash", "-c", "yes | head -1; echo ${PIPESTATUS[0]}; grep SigBlk /proc/self/status"))
    assert result.stdout.split() == [b"y", b"141", b"SigBlk:", b"0" * 16]


# Refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("no-such-program",), "AF-PROCESS-NOT-FOUND"),
        (("./no-such-script",), "AF-PROCESS-NOT-FOUND"),
        (("/etc/passwd/inside",), "AF-PROCESS-NOT-FOUND"),
        (("n" * 10_000,), "AF-PROCESS-NOT-FOUND"),
        (("/etc/passwd",), "AF-PROCESS-NOT-EXECUTABLE"),
        (("/etc",), "AF-PROCESS-NOT-EXECUTABLE"),
        (("true", "a\0b"), "AF-PROCESS-ARGUMENT"),
        (("true", "\ud800"), "AF-PROCESS-ARGUMENT"),
        (("true", "x" * 3_000_000), "AF-PROCESS-ARGUMENT"),
        ((), "AF-PROCESS-ARGUMENT"),
        (("",), "AF-PROCESS-ARGUMENT"),
    ],
)
def test_what_can_not_be_started_is_refused_and_nothing_is_done(command, arguments, code):
    with pytest.raises(NothingDone) as caught:
        supervise(command(*arguments))
    assert caught.value.problem.code == code
    assert caught.value.problem.help
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_folder_that_can_not_be_entered_is_told(command, tmp_path, folder):
    (tmp_path / "file").touch()
    with pytest.raises(NothingDone, match="the folder to run true in") as caught:
        supervise(command("true", cwd=tmp_path / folder))
    assert caught.value.problem.code == "AF-PROCESS-CWD"


@pytest.mark.parametrize("environment", [{"A\0B": "x"}, {"KEY": "a\0b"}, {"": "x"}, {"A=B": "x"}])
def test_variables_that_no_program_can_get_are_refused(command, environment):
    with pytest.raises(NothingDone) as caught:
        supervise(command("true", environment=environment))
    assert caught.value.problem.code == "AF-PROCESS-ARGUMENT"


def test_a_refusal_tells_no_argument_and_no_value(command):
    for options in ({}, {"environment": {"KEY": "hunter2\0"}}):
        with pytest.raises(NothingDone) as caught:
            supervise(command("/opt/hunter2/no-such-program", "--password=hunter2", **options))
        assert "hunter2" not in str(caught.value.problem)


def test_programs_are_looked_for_in_the_path_that_is_given(command, tmp_path):
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "hello"
    script.write_text("#!/bin/sh\necho hello from $0\n")
    script.chmod(0o755)
    result = supervise(command("hello", environment={"PATH": f"/nonexistent:{tmp_path / 'bin'}"}))
    assert result.stdout == f"hello from {script}\n".encode()
