"""Messages to systemd, over a real socket of its kind."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time

import pytest

from aetherflow.scheduler.operation.systemd import Notifier

pytestmark = pytest.mark.integration


@pytest.fixture(params=["a file", "an abstract name"])
def systemd(request, tmp_path):
    """The socket, and its name as it stands in the environment."""
    name = str(tmp_path / "notify") if request.param == "a file" else "@" + secrets.token_hex(8)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name[1:] if name.startswith("@") else name)
        listening.settimeout(20)
        yield listening, name


def test_what_is_said_arrives(systemd):
    listening, name = systemd
    notifier = Notifier({"NOTIFY_SOCKET": name})
    notifier.ready()
    assert listening.recv(4096) == b"READY=1"
    notifier.stopping()
    assert listening.recv(4096) == b"STOPPING=1"


def test_reload_says_when_it_began(systemd):
    listening, name = systemd
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    Notifier({"NOTIFY_SOCKET": name}).reloading()
    word, _, stamp = listening.recv(4096).decode().partition("\n")
    assert word == "RELOADING=1"
    assert before <= int(stamp.removeprefix("MONOTONIC_USEC=")) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_life_is_told_twice_in_the_time_of_the_watchdog(systemd):
    listening, name = systemd
    notifier = Notifier({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000", "WATCHDOG_PID": str(os.getpid())})
    assert notifier.most_seconds == 0.1
    notifier.live()
    notifier.live()
    assert listening.recv(4096) == b"WATCHDOG=1"
    listening.setblocking(False)
    with pytest.raises(BlockingIOError):
        listening.recv(4096)


def fill(name):
    """Say things until there is no room for more, as a busy machine does; answers how many."""
    address = "\0" + name[1:] if name.startswith("@") else name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as busy:
        busy.setblocking(False)
        for said in range(100_000):
            try:
                busy.sendto(b"STATUS=busy", address)
            except BlockingIOError:
                return said
    raise AssertionError("it is never full")


def test_what_is_said_once_waits_for_room(systemd):
    listening, name = systemd
    before = fill(name)
    telling = threading.Thread(target=Notifier({"NOTIFY_SOCKET": name}).ready)
    telling.start()
    # Whoever does not wait is through by then.
    telling.join(0.2)
    assert [listening.recv(4096) for _ in range(before + 1)] == [b"STATUS=busy"] * before + [b"READY=1"]
    telling.join()


def test_life_that_found_no_room_is_told_again_and_holds_up_nothing(systemd):
    listening, name = systemd
    notifier = Notifier({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3600000000"})
    before = fill(name)
    notifier.live()
    assert [listening.recv(4096) for _ in range(before)] == [b"STATUS=busy"] * before
    notifier.live()
    assert listening.recv(4096) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    "watchdog",
    [{}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "0"}],
    ids=["none", "no number", "another process", "zero"],
)
def test_watchdog_that_is_not_ours_hears_nothing(systemd, watchdog):
    listening, name = systemd
    notifier = Notifier({"NOTIFY_SOCKET": name, **watchdog})
    notifier.live()
    listening.setblocking(False)
    with pytest.raises(BlockingIOError):
        listening.recv(4096)


@pytest.mark.parametrize("name", ["", "/no/such/socket", "relative", "vsock:1:2"])
def test_without_anybody_who_listens_nothing_happens(name):
    notifier = Notifier({"NOTIFY_SOCKET": name})
    notifier.ready()
    notifier.reloading()
    notifier.stopping()
    assert notifier.most_seconds == 1.0
