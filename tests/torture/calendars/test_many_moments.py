"""A hundred thousand moments of each of some hundreds of lines rise, on every clock and with every rule for jumps."""

from __future__ import annotations

import random
import sys
import time
import tracemalloc
from datetime import UTC, datetime
from itertools import islice

import pytest
from scheduler.tests.calendars.lines import JUMP_RULES, ZONES

from aetherflow.scheduler.calendars.clocks import zone_of
from aetherflow.scheduler.calendars.cron import Cron, read_cron
from tests.torture.lengths import SEED, scaled

pytestmark = [pytest.mark.unit, pytest.mark.slow]

RULES = scaled(300, least=20)
CALLS = scaled(100_000)
#: Every so many, the next moment is asked for anew.
ANEW = 101
START = datetime(2024, 1, 1, tzinfo=UTC)


def _lines(count: int) -> list[Cron]:
    generator = random.Random(SEED)  # noqa: S311 - to find mistakes, not to keep secrets
    found: list[Cron] = []
    while len(found) < count:
        line = " ".join(_field(generator, *ends) for ends in ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7)))
        zone = zone_of(generator.choice(ZONES))
        try:
            found.append(read_cron(line, zone, generator.choice(JUMP_RULES)))  # type: ignore[arg-type]
        except ValueError:
            continue
    return found


def _field(generator: random.Random, low: int, high: int) -> str:
    first, last = sorted(generator.randint(low, high) for _ in range(2))
    stars = ["*"] * (6 if low or high == 7 else 1)
    texts = [*stars, f"*/{last or 1}", f"{first}", f"{first}-{last}", f"{first}-{last}/2", f"{first},{last}"]
    return generator.choice(texts)


def test_moments_rise_and_are_the_same_when_they_are_asked_for_anew():
    moments, worst = 0, 0.0
    started = time.perf_counter()
    for rule in _lines(RULES):
        last = START
        for number, each in enumerate(islice(rule.after(START), CALLS)):
            assert each > last, (rule, each, last)
            if number % ANEW == 0:
                asked = time.thread_time()
                assert next(rule.after(last)) == each, (rule, each, last)
                worst = max(worst, time.thread_time() - asked)
            last = each
            moments += 1
    seconds = time.perf_counter() - started
    print(
        f"calendars: {RULES} lines, {moments} moments, {seconds / moments * 1e6:.1f} µs each, next {worst * 1e3:.1f} ms at worst"
    )
    assert moments > CALLS


def test_ten_thousand_lines_are_small():
    zone = zone_of("Europe/Berlin")
    tracemalloc.start()
    rules = [read_cron(f"{number % 60} {number // 60 % 24} * * *", zone) for number in range(10_000)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"calendars: {size / len(rules):.0f} bytes a line")
    assert size / len(rules) < 500
    assert sys.getsizeof(rules[0]) < 100
