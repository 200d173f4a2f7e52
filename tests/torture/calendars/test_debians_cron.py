"""Our lines beside Debian's cron itself, about the jumps of clocks: what it starts when, and what it refuses."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest

from aetherflow.scheduler.calendars.clocks import zone_of
from aetherflow.scheduler.calendars.cron import read_cron
from tests.torture.lengths import SEED, scaled

from .debian_cron import DebianCron, why_not

pytestmark = [pytest.mark.integration, pytest.mark.slow]

#: Zones, and moments of their jumps in 2026 in UTC; the last one is the day that Samoa left out.
JUMPS = [
    ("Europe/Berlin", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-10-25T01:00"),
    ("America/New_York", "2026-03-08T07:00"),
    ("America/New_York", "2026-11-01T06:00"),
    ("Australia/Lord_Howe", "2026-04-04T15:00"),
    ("Australia/Lord_Howe", "2026-10-03T15:30"),
    ("Africa/Casablanca", "2026-02-15T02:00"),
    ("Africa/Casablanca", "2026-03-22T02:00"),
    ("America/Santiago", "2026-04-05T03:00"),
    ("America/Santiago", "2026-09-06T04:00"),
    ("Africa/Cairo", "2026-04-23T22:00"),
    ("Africa/Cairo", "2026-10-29T21:00"),
    ("Antarctica/Troll", "2026-03-29T01:00"),
    ("Antarctica/Troll", "2026-10-25T01:00"),
    ("Asia/Kathmandu", "2026-03-29T01:00"),
    ("Pacific/Apia", "2011-12-30T10:00"),
]
LINES = [
    "30 2 * * *",
    "30 0,1,2,3,23 * * *",
    "0 0 * * *",
    "15,45 1-3 * * *",
    "0 2 * * *",
    "0 3 * * *",
    "*/30 * * * *",
    "*/30 2 * * *",
    "0 * * * *",
    "45 * * * *",
    "0 */2 * * *",
    "0-59/30 0-23 * * *",
    "10 0-23/2 * * *",
    "30 2 * * sun",
    "30 2 29 * 0",
    "30 23 */5 * sat",
    "0 0 */2 * */2",
    "@hourly",
    "@daily",
    "@weekly",
]


@pytest.fixture(scope="module")
def cron(tmp_path_factory) -> DebianCron:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    return DebianCron(tmp_path_factory.mktemp("cron")).make()


def _chosen(generator: random.Random) -> str:
    minute = generator.choice(["0", "15", "30", "0,30", "5-55/25", "*/20", "*/45"])
    hour = generator.choice(["*", "*/3", "0", "1", "2", "3", "23", "0-3", "1,2", "22-23", "2-23/7"])
    day, weekday = generator.choice(["*", "*/2", "1-31/3"]), generator.choice(["*", "*/3", "sat,sun", "0-3"])
    return f"{minute} {hour} {day} * {weekday}"


def test_lines_start_when_debians_cron_starts_them(cron):
    generator = random.Random(SEED)  # noqa: S311 - to find mistakes, not to keep secrets
    cases = [(zone, jump, line) for zone, jump in JUMPS for line in LINES]
    cases += [(*generator.choice(JUMPS), _chosen(generator)) for _ in range(600)]
    different, moments = [], 0
    for zone, jump, line in generator.sample(cases, scaled(len(cases), least=40)):
        middle = datetime.fromisoformat(jump).replace(tzinfo=UTC)
        start, end = middle - timedelta(hours=40), middle + timedelta(hours=40)
        theirs = cron.starts(line, zone, start, end)
        ours = list(takewhile(lambda each: each < end, read_cron(line, zone_of(zone)).after(start)))  # noqa: B023
        moments += len(theirs)
        if ours != theirs:
            different.append((zone, line, sorted(set(ours) ^ set(theirs))))
    print(f"Debian's cron: {moments} starts agree")
    assert different == []
    assert moments


def test_what_debians_cron_refuses_is_refused(cron):
    generator = random.Random(SEED)  # noqa: S311 - to find mistakes, not to keep secrets
    accepted = 0
    for _ in range(scaled(6000)):
        line = _any_line(generator)
        try:
            read_cron(line, zone_of("UTC"))
        except ValueError:
            continue
        accepted += 1
        assert cron.accepts(line), line
    print(f"Debian's cron: {accepted} lines that are read here are read there")
    assert accepted


def _any_line(generator: random.Random) -> str:
    words = [
        "*",
        "0",
        "1",
        "7",
        "12",
        "23",
        "31",
        "59",
        "60",
        "sun",
        "mon",
        "jan",
        "dec",
        "1-5",
        "5-1",
        "*/2",
        "1-20/3",
    ]
    words += ["1/2", "*/0", "1,", ",1", "1,2", "fri-sun", "mon-fri", "x", "1-", "-1", "?", "007", "0-7", "*,1", "1,*/5"]
    return " ".join(generator.choice(words if generator.random() < 0.3 else words[:4]) for _ in range(5))
