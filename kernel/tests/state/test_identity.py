"""Who a process is, and when it is provably dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from aetherflow.kernel.state.identity import is_dead, own_identity, this_host

SLEEPER = [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"]
LAST_PID = Path("/proc/sys/kernel/ns_last_pid")


def started() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(SLEEPER, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    return process


def identity_of(pid: int):
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return replace(own_identity(), pid=pid, ticks=ticks)


@pytest.mark.unit
def test_this_process_lives_and_each_identity_has_a_nonce_of_its_own():
    one, other = own_identity(), own_identity()

    assert not is_dead(one)
    assert one.nonce != other.nonce
    assert replace(one, nonce="") == replace(other, nonce="")
    assert one.ticks > 0


def test_a_process_is_dead_once_it_was_killed_even_before_its_parent_takes_notice():
    process = started()
    with process:
        identity = identity_of(process.pid)
        assert not is_dead(identity)
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        assert is_dead(identity), "it is a zombie: nothing of it runs"

        process.wait()
        assert is_dead(identity)


def test_a_stopped_process_is_alive():
    process = started()
    with process:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)

        assert not is_dead(identity_of(process.pid))

        process.kill()


def test_a_living_process_with_the_same_number_and_another_start_is_somebody_else():
    own = own_identity()

    assert is_dead(replace(own, ticks=own.ticks - 1))


@pytest.mark.skipif(not os.access(LAST_PID, os.W_OK), reason="only the administrator chooses process numbers")
def test_a_number_that_was_given_again_does_not_bring_the_dead_back():
    first = started()
    with first:
        identity = identity_of(first.pid)
        first.kill()
    for _ in range(50):
        LAST_PID.write_text(str(identity.pid - 1))
        with started() as second:
            is_given_again = second.pid == identity.pid
            answer = is_dead(identity)
            second.kill()
        if is_given_again:
            break

    assert is_given_again, "others started processes each time; nothing was tried"
    assert answer


@pytest.mark.unit
def test_every_process_of_an_earlier_boot_of_this_host_is_dead():
    assert is_dead(replace(own_identity(), boot="another boot"))


@pytest.mark.unit
def test_of_processes_elsewhere_nothing_is_known():
    elsewhere = replace(own_identity(), host="another host", pid=2**22 + 1)

    assert not is_dead(elsewhere)
    assert not is_dead(replace(elsewhere, boot="another boot"))


@pytest.mark.unit
@pytest.mark.parametrize("pid", [0, -1])
def test_a_number_that_is_none_says_nothing(pid):
    assert not is_dead(replace(own_identity(), pid=pid))


@pytest.mark.unit
def test_without_a_start_or_a_boot_only_the_number_counts():
    own = own_identity()

    assert not is_dead(replace(own, ticks=0))
    assert not is_dead(replace(own, boot=""))
    assert is_dead(replace(own, ticks=0, pid=2**22 + 1))


@pytest.mark.unit
def test_the_host_is_the_same_for_all_its_processes():
    code = "from aetherflow.kernel.state.identity import this_host; print(this_host())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == str(this_host())
