"""`list --watch`: a timeline, on a terminal and elsewhere."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from aetherflow.scheduler.cli.snapshot import Snapshot
from aetherflow.scheduler.cli.timeline import screen
from aetherflow.scheduler.occurrences.records import Reason, Status
from aetherflow.scheduler.schedules.reading import read_schedule

pytestmark = pytest.mark.acceptance

SUCCESS, FAILED = (Status.SUCCESS, Reason.NONE), (Status.FAILED, Reason.NONE)
OTHER_SCREEN, SCREEN_BEFORE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


def read_until(descriptor, wanted, seconds=60):
    """What comes until a text is there."""
    deadline, found = time.monotonic() + seconds, b""
    while wanted.encode() not in found:
        ready, _, _ = select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))
        assert ready, f"{wanted!r} did not come: {found!r}"
        found += os.read(descriptor, 65_536)
    return found.decode()


@pytest.fixture
def terminal(place):
    """The two ends of a terminal of 100 columns and 12 lines."""
    place.environment["TERM"] = "xterm"
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 100, 0, 0))
    yield ours, theirs
    for descriptor in (ours, theirs):
        os.close(descriptor)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_terminal_is_drawn_anew_and_given_back_in_the_end(place, terminal, hour_ago, number, code):
    ours, theirs = terminal
    place.remember("nightly", hour_ago, ends=[SUCCESS])
    place.remember("failing", hour_ago, ends=[FAILED])
    process = place.start("list", "schedule.yaml", "--watch", stdout=theirs)
    shown = read_until(ours, "w waiting")
    assert shown.startswith(OTHER_SCREEN)
    assert re.search(
        r"nightly +\x1b\[32m\.\x1b\[0m  enabled, next in [^(]+ \(\d{4}-\d\d-\d\d 02:30:00\+0[12]:00\)", shown
    )
    assert re.search(r"failing +\x1b\[31mF\x1b\[0m  enabled", shown)
    assert re.search(r"off +  not enabled", shown)
    assert read_until(ours, "\x1b[H"), "it is drawn again"
    process.send_signal(number)
    assert read_until(ours, SCREEN_BEFORE)
    assert process.wait(60) == code
    assert process.communicate()[1] == ""


def test_terminal_without_colours_gets_none(place, terminal, hour_ago):
    ours, theirs = terminal
    place.remember("nightly", hour_ago, ends=[SUCCESS])
    place.environment["NO_COLOR"] = "1"
    process = place.start("list", "schedule.yaml", "--watch", stdout=theirs)
    shown = read_until(ours, "w waiting")
    assert "\x1b[32m" not in shown
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    process.communicate()


def test_terminal_that_can_only_be_written_to_gets_a_line_for_each_change(place, terminal):
    ours, theirs = terminal
    place.environment["TERM"] = "dumb"
    process = place.start("list", "schedule.yaml", "--watch", stdout=theirs)
    shown = read_until(ours, "not enabled\r\n")
    assert "\x1b" not in shown
    assert [line.split()[2] for line in shown.splitlines()] == ["nightly", "workdays", "failing", "off"]
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    process.communicate()


def test_screen_is_no_larger_than_the_terminal(place, terminal, hour_ago):
    ours, theirs = terminal
    items = "\n".join(f'  - {{id: item-{n:03d}, cron: "0 0 1 1 *", flow_yaml: flow.yaml}}' for n in range(50))
    place.write("schedule.yaml", f"version: 1\ntimezone: UTC\nitems:\n{items}\n")
    process = place.start("list", "schedule.yaml", "--watch", stdout=theirs)
    shown = read_until(ours, "and 42 more")
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.split("\x1b[H")[1]).split("\r\n")
    assert len(lines) <= 12
    assert all(len(line) <= 100 for line in lines)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    process.communicate()


def test_without_a_terminal_there_is_a_line_for_each_change(place, hour_ago):
    process = place.start("list", "schedule.yaml", "--watch")
    assert process.stdout is not None
    first = [process.stdout.readline() for _ in range(4)]
    assert [line.split()[2] for line in first] == ["nightly", "workdays", "failing", "off"]
    assert first[0].endswith("  enabled\n")
    place("pause", "schedule.yaml", "workdays")
    assert re.search(r"  workdays +  paused\n$", process.stdout.readline())
    place.remember("nightly", hour_ago, ends=[SUCCESS])
    lines = [process.stdout.readline()]
    while not re.search(r"  nightly +\.  enabled\n$", lines[-1]):
        lines.append(process.stdout.readline())
        assert len(lines) < 10, lines
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")


def test_reader_that_closes_the_pipe_ends_it_quietly(place):
    with place.start("list", "schedule.yaml", "--watch") as process:
        process.stdout.readline()
        process.stdout.close()
        place("pause", "schedule.yaml", "workdays")
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.parametrize(
    "arguments", [["list"], ["next", "--count", "5000"], ["explain", "nightly", "--count", "5000"]]
)
def test_pipe_that_nobody_reads_any_more_ends_a_command_quietly(place, arguments):
    command, *rest = arguments
    ours, theirs = os.pipe()
    os.close(ours)
    process = place.start(command, "schedule.yaml", *rest, stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


def drawn(place, terminal, *, columns, lines):
    """What a terminal of a size shows at first, without its colours."""
    ours, theirs = terminal
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    process = place.start("list", "schedule.yaml", "--watch", stdout=theirs)
    shown = read_until(ours, "\x1b[J")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    process.communicate()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).split("\r\n")


def test_narrow_terminal_shows_when_the_next_one_is_and_tells_long_ids_apart(place, terminal):
    ids = [f"daily-load-of-the-warehouse-region-{number:02d}" for number in range(2)]
    items = "\n".join(f'  - {{id: {each}, cron: "0 0 1 1 *", flow_yaml: flow.yaml}}' for each in ids)
    place.write("schedule.yaml", f"version: 1\ntimezone: Asia/Tokyo\nitems:\n{items}\n")

    head, _, first, second, *legend = drawn(place, terminal, columns=80, lines=24)

    assert re.fullmatch(r"schedule\.yaml  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+09:00  no scheduler alive", head)
    assert re.fullmatch(r"daily-load-of…se-region-00 +enabled, next in \d+ (d|h|min) \d+ (h|min|s)", first)
    assert second.startswith("daily-load-of…se-region-01 ")
    assert [line.split()[0] for line in legend[:2]] == ["w", "I"]
    assert "T timed out" in legend[0]
    assert legend[1] == "I interrupted  s skipped  m missed"
    assert max(len(line) for line in (first, second, *legend)) <= 80


def test_line_of_a_very_narrow_terminal_leaves_out_what_does_not_fit_whole(place, terminal):
    place.write(
        "schedule.yaml",
        "version: 1\ntimezone: UTC\nitems:\n  - {id: minutely, cron: '0 0 1 1 *', flow_yaml: flow.yaml}\n",
    )
    _, _, line, *_ = drawn(place, terminal, columns=40, lines=24)
    # Ten letters have their room; "next in 36 d 6 h" does not fit beside them.
    assert line == f"minutely{' ' * 14}enabled"


@pytest.mark.parametrize(
    ("columns", "running", "tail"),
    [
        (120, 0, "enabled, next now (2026-11-26 12:00:00+00:00)"),
        # Beside ten letters there is no room for the time, then none for the next one.
        (80, 1, "enabled, 1 running, 100 waiting, next now"),
        (60, 1, "enabled, 1 running, 100 waiting"),
        (46, 1, "enabled, 1 running"),
    ],
)
def test_what_does_not_fit_beside_the_letters_is_left_out_whole(place, columns, running, tail):
    place.write(
        "schedule.yaml", "version: 1\ntimezone: UTC\nitems: [{id: often, interval: 1m, flow_yaml: flow.yaml}]\n"
    )
    schedule = read_schedule(place.folder / "schedule.yaml", environment={}, checks_flows=False)
    snapshot = Snapshot(running=Counter(often=running), waiting=Counter(often=100 * running))
    now = datetime(2026, 11, 26, 11, 59, 59, 700_000, tzinfo=UTC)
    _, _, line, *_ = screen(schedule, snapshot, now, os.terminal_size((columns, 24)), has_colours=False)
    assert line.split(maxsplit=1)[1] == tail
    assert len(line) <= columns
