"""Lines of cron, clocks and calendars for tests of what holds for all of them."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from aetherflow.scheduler.calendars.days import NthWorkingDay, WorkingDays

#: Clocks that jump by an hour, by half an hour and by two hours, about midnight, twice within weeks; and that never do.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Gaza",
    "America/St_Johns",
    "Antarctica/Troll",
    "Pacific/Apia",
    "Pacific/Chatham",
)
JUMP_RULES = ("skip", "once", "twice")


def _field(low: int, high: int, *more: str) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    ends = st.tuples(number, number).map(sorted).map(lambda pair: f"{pair[0]}-{pair[1]}")
    step = st.integers(1, high)
    stepped = st.tuples(st.one_of(st.just("*"), ends), step).map(lambda pair: f"{pair[0]}/{pair[1]}")
    term = st.one_of(number.map(str), ends, stepped, st.sampled_from(["*", *more]))
    return st.one_of(st.just("*"), number.map(str), term, st.lists(term, min_size=2, max_size=4).map(",".join))


MINUTES = _field(0, 59)
#: Hours about jumps come often.
HOURS = st.one_of(_field(0, 23), st.sampled_from(["0", "1", "2", "3", "23", "1-3", "22-23", "0-2"]))
LINES = st.tuples(
    MINUTES,
    HOURS,
    st.one_of(st.just("*"), st.just("*"), _field(1, 31, "L", "LW")),
    st.one_of(st.just("*"), st.just("*"), _field(1, 12, "mar", "oct")),
    st.one_of(st.just("*"), st.just("*"), _field(0, 7, "sun", "5L", "1#2")),
).map(" ".join)

_WORKING_DAYS = st.builds(
    WorkingDays,
    weekdays=st.frozensets(st.integers(0, 6)),
    closed=st.frozensets(st.dates(date(2024, 1, 1), date(2026, 12, 31)), max_size=40),
    open=st.frozensets(st.dates(date(2024, 1, 1), date(2026, 12, 31)), max_size=10),
)
DAYS = st.one_of(
    _WORKING_DAYS,
    st.builds(
        NthWorkingDay,
        _WORKING_DAYS,
        st.integers(-7, 7).filter(bool),
        st.sampled_from(["week", "month", "quarter", "year"]),
    ),
)
