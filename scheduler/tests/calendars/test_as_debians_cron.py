"""What Debian's cron itself started about the jumps of clocks is what ours names."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

import pytest

from aetherflow.scheduler.calendars.clocks import zone_of
from aetherflow.scheduler.calendars.cron import read_cron

pytestmark = pytest.mark.unit

RECORD = Path(__file__).with_name("started_by_debians_cron.txt")
ROWS = [tuple(row.split(" | ")) for row in RECORD.read_text().splitlines() if not row.startswith("#")]


@pytest.mark.parametrize(("zone", "start", "end", "line", "started"), ROWS)
def test_line_names_the_minutes_in_which_debians_cron_started_it(zone, start, end, line, started):
    first, last = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (start, end))
    found = takewhile(lambda each: each < last, read_cron(line, zone_of(zone)).after(first))
    assert (" ".join(f"{each:%H:%M}" for each in found) or "-") == started


def test_record_has_each_line_about_each_jump():
    assert len(ROWS) == 320
    assert sum(started != "-" for *_, started in ROWS) > 200
