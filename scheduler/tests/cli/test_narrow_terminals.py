"""Tables on terminals of different widths."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios

import pytest

from aetherflow.scheduler.cli.narrow_terminals import fitted
from aetherflow.scheduler.occurrences.records import Reason, Status

COLUMNS = ("ITEM", "ZONE", "NEXT")
ROWS = [["nightly", "UTC", "06:00"], ["a", "Europe/Berlin", "-"]]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("width", "kept"),
    [
        (None, ["ITEM", "ZONE", "NEXT"]),
        # 7, 13 and 5 letters, with two gaps.
        (29, ["ITEM", "ZONE", "NEXT"]),
        (28, ["ITEM", "NEXT"]),
        (14, ["ITEM", "NEXT"]),
        (13, ["ITEM"]),
        (1, ["ITEM"]),
    ],
)
def test_as_many_columns_go_as_have_to_in_their_order(width, kept):
    columns, rows = fitted(COLUMNS, ROWS, ("ZONE", "NEXT"), width)

    assert list(columns) == kept
    assert [len(row) for row in rows] == [len(kept)] * 2
    assert [row[0] for row in rows] == ["nightly", "a"]


def said(place, width, *arguments):
    """What the program says on a terminal of a width: its lines, what it says beside, and its exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    process = place.start(*arguments, stdout=theirs)
    _, err = process.communicate(timeout=60)
    lines = os.read(ours, 65_536).decode().splitlines()
    os.close(ours)
    os.close(theirs)
    return lines, err, process.returncode


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("width", "note"),
    [
        (80, "note: the terminal is too narrow for TRIGGER, ZONE\n"),
        (200, ""),
    ],
)
def test_list_fits_the_terminal_and_says_what_it_left_out(place, width, note):
    lines, err, code = said(place, width, "list", "schedule.yaml")

    assert (code, err) == (0, note)
    assert len(lines) == 5
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("ITEM ")
    assert "NEXT" in lines[0]


@pytest.mark.acceptance
def test_history_on_a_narrow_terminal_keeps_the_run_and_the_reason(place, hour_ago):
    place.remember("nightly", hour_ago, ends=[(Status.SUCCESS, Reason.NONE)])

    lines, err, code = said(place, 95, "history", "schedule.yaml")

    assert (code, err) == (0, "note: the terminal is too narrow for ATTEMPT, ORIGIN\n")
    assert [line.split()[0] for line in lines] == ["ITEM", "nightly"]
    assert lines[0].split() == ["ITEM", "TIME", "STATUS", "TOOK", "EXIT", "RUN", "WHY"]
    assert max(map(len, lines)) <= 95
