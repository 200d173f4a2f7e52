"""What holds for every line, clock, rule for jumps and calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, reject, settings, strategies as st

from aetherflow.scheduler.calendars.clocks import zone_of
from aetherflow.scheduler.calendars.cron import Cron, read_cron
from aetherflow.scheduler.calendars.on_days import OnDays
from aetherflow.scheduler.calendars.rules import Interval

from .lines import DAYS, JUMP_RULES, LINES, ZONES

pytestmark = pytest.mark.unit


def between(first: str, last: str) -> st.SearchStrategy[datetime]:
    ends = [datetime.fromisoformat(each) for each in (first, last)]
    return st.datetimes(*ends, timezones=st.just(UTC))


MOMENTS = between("2024-01-01", "2026-12-31")
SAMOA = between("2011-12-28", "2012-01-02")
#: Just before and after jumps.
JUMPS = [
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        *("2026-03-29T01:00", "2026-10-25T01:00", "2026-03-08T07:00", "2026-11-01T06:00"),
        *("2026-04-04T15:00", "2026-10-03T15:30", "2026-02-15T02:00", "2026-03-22T02:00"),
        *("2026-09-06T04:00", "2026-04-05T03:00", "2026-04-23T22:00", "2026-10-29T21:00"),
    )
]
NEAR_JUMPS = st.tuples(st.sampled_from(JUMPS), st.integers(-100_000, 100_000)).map(
    lambda pair: pair[0] + timedelta(seconds=pair[1])
)


def line_of(text: str, zone: str, jumps) -> Cron:
    try:
        return read_cron(text, zone_of(zone), jumps)
    except ValueError:
        # Its day never comes.
        return reject()


@settings(max_examples=300, deadline=None)
@given(LINES, st.sampled_from(ZONES), st.sampled_from(JUMP_RULES), st.one_of(MOMENTS, NEAR_JUMPS))
def test_moments_rise_and_do_not_hang_on_where_they_are_asked_for_from(text, zone, jumps, moment):
    rule = line_of(text, zone, jumps)
    found = list(islice(rule.after(moment), 60))
    assert all(before < after for before, after in pairwise([moment, *found]))
    for number in range(0, len(found) - 1, 7):
        assert next(rule.after(found[number])) == found[number + 1]
        assert next(rule.after(found[number + 1] - timedelta(microseconds=1))) == found[number + 1]


def matches(rule: Cron, local: datetime) -> bool:
    return next(rule.times_from(local), None) == local


@settings(max_examples=150, deadline=None)
@given(LINES, st.sampled_from(ZONES), st.sampled_from(JUMP_RULES), NEAR_JUMPS)
def test_moments_of_two_days_are_those_of_a_clock_that_is_looked_at_each_minute(text, zone, jumps, moment):
    rule = line_of(text, zone, jumps)
    start = moment.replace(second=0, microsecond=0)
    end = start + timedelta(days=2)
    found = list(takewhile(lambda each: each <= end, rule.after(start)))
    assert found == list(_seen_each_minute(rule, start, end))


def _seen_each_minute(rule: Cron, start: datetime, end: datetime):
    """Debian's cron, in the plain: it wakes each minute and looks at what the clock has shown since the last one."""
    clock = rule.zone
    # Four hours before, so that it is known what was shown then.
    moment = start - timedelta(hours=4)
    highest = moment.astimezone(clock).replace(tzinfo=None, fold=0) - timedelta(minutes=1)
    follows_time = any(part.startswith("*") for part in rule.text.split()[:2])
    while moment < end:
        moment += timedelta(minutes=1)
        local = moment.astimezone(clock).replace(tzinfo=None, fold=0)
        before = (moment - timedelta(minutes=1)).astimezone(clock).replace(tzinfo=None, fold=0)
        is_due = matches(rule, local)
        if not follows_time:
            if local <= highest and rule.jumps != "twice":
                is_due = False
            if rule.jumps != "skip":
                left_out = int((local - before) / timedelta(minutes=1)) - 1
                is_due |= any(matches(rule, before + timedelta(minutes=n)) for n in range(1, left_out + 1))
        highest = max(highest, local)
        if is_due and moment > start:
            yield moment


@settings(max_examples=60, deadline=None)
@given(LINES, st.sampled_from(JUMP_RULES), SAMOA)
def test_day_that_samoa_left_out_has_no_moment(text, jumps, moment):
    rule = line_of(text, "Pacific/Apia", jumps)
    dates = {each.astimezone(ZoneInfo("Pacific/Apia")).date().isoformat() for each in islice(rule.after(moment), 500)}
    assert "2011-12-30" not in dates
    found = list(islice(rule.after(moment), 500))
    assert all(before < after for before, after in pairwise([moment, *found]))


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(LINES, st.integers(60, 900_000)),
    st.sampled_from(ZONES),
    st.sampled_from(JUMP_RULES),
    DAYS,
    st.sampled_from(["skip", "next", "previous"]),
    st.one_of(MOMENTS, NEAR_JUMPS),
)
def test_moments_on_working_days_rise_and_are_on_working_days(text, zone, jumps, days, otherwise, moment):
    clock = zone_of(zone)
    start = datetime(2020, 1, 1, 7, 30, tzinfo=UTC)
    base = line_of(text, zone, jumps) if isinstance(text, str) else Interval(timedelta(seconds=text), start)
    rule = OnDays(base, days, clock, otherwise, jumps)
    found = list(islice(rule.after(moment), 30))
    assert all(before < after for before, after in pairwise([moment, *found]))
    assert all(days.why_closed(each.astimezone(clock).date()) is None for each in found)
    for number in range(0, len(found) - 1, 7):
        assert next(rule.after(found[number])) == found[number + 1]


@settings(max_examples=100, deadline=None)
@given(LINES, st.sampled_from(ZONES), st.sampled_from(JUMP_RULES), DAYS, MOMENTS)
def test_what_is_kept_on_working_days_is_what_the_rule_has_there(text, zone, jumps, days, moment):
    clock = zone_of(zone)
    base = line_of(text, zone, jumps)
    end = moment + timedelta(days=10)
    kept = list(takewhile(lambda each: each < end, OnDays(base, days, clock).after(moment)))
    every = takewhile(lambda each: each < end, base.after(moment))
    assert kept == [each for each in every if days.why_closed(each.astimezone(clock).date()) is None]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789*/-,#LW?@ \tabc\u00e9\n", max_size=30))
def test_any_text_is_read_or_refused_with_one_line(text):
    try:
        rule = read_cron(text, zone_of("UTC"))
    except ValueError as error:
        told = str(error)
    else:
        told = f"comes next {next(rule.after(datetime(2026, 1, 1, tzinfo=UTC)))}"
    assert told
    assert "\n" not in told
