"""Days, times and numbers as options write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from aetherflow.kernel.api import InvalidInput
from aetherflow.scheduler.cli.options import count_of, end_of, moment_of, seconds_of, since_of

pytestmark = pytest.mark.unit

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-26", "2026-11-25T23:00:00+00:00"),
        ("2026-07-01", "2026-06-30T22:00:00+00:00"),
        ("2026-11-26T06:00", "2026-11-26T05:00:00+00:00"),
        ("2026-11-26 06:00:30", "2026-11-26T05:00:30+00:00"),
        ("2026-11-26T06:00+05:30", "2026-11-26T00:30:00+00:00"),
        ("2026-11-26T06:00Z", "2026-11-26T06:00:00+00:00"),
    ],
)
def test_day_or_time_is_on_the_clock_of_the_zone_unless_it_has_an_offset(text, moment):
    assert moment_of(text, BERLIN, option="--from") == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-26", "2026-11-26T22:59:59.999999+00:00"),
        # The day on which the clock is put back has 25 hours.
        ("2026-10-25", "2026-10-25T22:59:59.999999+00:00"),
        ("2026-11-26T06:00", "2026-11-26T05:00:00+00:00"),
    ],
)
def test_last_day_is_meant_as_a_whole(text, moment):
    assert end_of(text, BERLIN, option="--to") == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12h", "2026-11-26T00:00:00+00:00"),
        ("30d", "2026-10-27T12:00:00+00:00"),
        ("2026-11-01", "2026-10-31T23:00:00+00:00"),
    ],
)
def test_since_when_is_a_span_too(text, moment):
    assert since_of(text, BERLIN, NOW, option="--since") == datetime.fromisoformat(moment)


def test_since_when_that_is_neither_is_told_of_both():
    with pytest.raises(InvalidInput) as refused:
        since_of("yesterday", BERLIN, NOW, option="--since")
    assert "2026-11-26T06:00" in refused.value.problem.help
    assert "12h" in refused.value.problem.help


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "1969-12-31T23:59", "9999-12-31T23:59-23:59"])
def test_what_is_too_far_away_is_refused(text):
    with pytest.raises(InvalidInput, match="too far away"):
        end_of(text, BERLIN, option="--to")


def refused_as(read):
    """The code of what was told; null where nothing was wrong."""
    try:
        read()
    except InvalidInput as error:
        return error.problem.code
    return None


@given(
    text=st.text(max_size=30)
    | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}([+-][0-9]{2}:[0-9]{2})?)?", fullmatch=True)
    | st.from_regex(r"[0-9]{1,12}[smhdw]", fullmatch=True)
)
def test_any_text_is_a_moment_a_number_or_told_to_be_none(text):
    for read in (
        lambda: moment_of(text, BERLIN, option="--from"),
        lambda: end_of(text, BERLIN, option="--to"),
        lambda: since_of(text, BERLIN, NOW, option="--since"),
        lambda: count_of(text, option="--count"),
        lambda: seconds_of(text, option="--drain", otherwise=1),
    ):
        assert refused_as(read) in {None, "AF-USAGE"}


def test_numbers_have_a_default_and_an_end():
    assert count_of(None, option="--count") == 20
    assert count_of("100000", option="--count") == 100_000
    with pytest.raises(InvalidInput, match="too many"):
        count_of("100001", option="--count")
    assert seconds_of(None, option="--drain", otherwise=30) == 30
    assert seconds_of("2.5", option="--drain", otherwise=30) == 2.5
