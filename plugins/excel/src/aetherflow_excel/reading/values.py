"""Values of cells: what kind they are, what they are turned into, and their texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation, localcontext
from math import isfinite
from typing import Any

#: What calamine gives for a cell; an empty one is an empty text.
CellValue = str | float | bool | date | datetime | time | timedelta
#: What stands in a column of the result.
Value = CellValue | int | Decimal | None

#: Whole numbers up to here are told apart by a double.
_LARGEST_WHOLE = 2**53
_WHOLE = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_MICROSECONDS = timedelta(microseconds=1)


class ColumnKinds:
    """What the values of a column are, as far as they have been seen."""

    def __init__(self) -> None:
        self._kinds: set[type] = set()
        self._are_whole = True

    def add(self, values: Iterable[CellValue]) -> None:
        """See some more."""
        filled = [value for value in values if value != ""]
        self._kinds.update(map(type, filled))
        if self._are_whole and float in self._kinds:
            self._are_whole = all(_is_whole(value) for value in filled if type(value) is float)

    @property
    def is_empty(self) -> bool:
        """Whether no value has been seen."""
        return not self._kinds

    @property
    def has_times(self) -> bool:
        """Whether times of day are among them."""
        return time in self._kinds

    def word(self) -> str:
        """The type that all of them have, as a flow writes it; string where they differ."""
        if self._kinds == {float}:
            return "int" if self._are_whole else "float"
        if self._kinds == {date, datetime}:
            return "datetime"
        (kind,) = self._kinds if len(self._kinds) == 1 else (str,)
        return _WORDS.get(kind, "string")


_WORDS: dict[type, str] = {bool: "bool", date: "date", datetime: "datetime", time: "time"}


def _is_whole(value: float) -> bool:
    return value.is_integer() and abs(value) <= _LARGEST_WHOLE


def text_of(value: Value) -> str:
    """The text of a value: plain numbers, ISO dates and times, durations as hours; a null has none."""
    return _TEXTS[type(value)](value)


def _text_of_number(value: float) -> str:
    return str(int(value)) if _is_whole(value) else repr(value)


def _without_zeros(text: str) -> str:
    return text.rstrip("0") if "." in text else text


def _duration(value: timedelta) -> str:
    sign, ticks = ("-" if value < timedelta(0) else ""), abs(value) // _MICROSECONDS
    seconds, ticks = divmod(ticks, 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return _without_zeros(f"{sign}{hours}:{minutes:02}:{seconds:02}" + (f".{ticks:06}" if ticks else ""))


_TEXTS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "",
    str: str,
    bool: lambda value: "true" if value else "false",
    int: str,
    float: _text_of_number,
    Decimal: lambda value: f"{value:f}",
    date: date.isoformat,
    datetime: lambda value: _without_zeros(value.isoformat(sep=" ")),
    time: lambda value: _without_zeros(value.isoformat()),
    timedelta: _duration,
}


def converter(word: str) -> Callable[[CellValue], Value]:
    """What turns a value that is not empty into one of this type.

    It raises ValueError where the value is none of this type.
    """
    if word.startswith("decimal"):
        digits, _, places = word[word.index("(") + 1 : -1].partition(",")
        return _to_decimal(int(digits), int(places or 0))
    return _CONVERTERS[word]


def _to_int(value: CellValue) -> int:
    if type(value) is float and _is_whole(value):
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()) and -(2**63) <= int(value) < 2**63:
        return int(value)
    raise ValueError("it is no whole number")


def _to_float(value: CellValue) -> float:
    number = float(value) if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) else value
    if type(number) is float and isfinite(number):
        return number
    raise ValueError("it is no number")


def _to_decimal(digits: int, places: int) -> Callable[[CellValue], Decimal]:
    step = Decimal(1).scaleb(-places)

    def to_decimal(value: CellValue) -> Decimal:
        written = repr(value) if type(value) is float else value
        if not (isinstance(written, str) and _NUMBER.fullmatch(written.strip())):
            raise ValueError("it is no number")
        with localcontext(prec=digits + 1) as context:
            try:
                number = Decimal(written.strip())
                fitting = number.quantize(step, context=context)
            except InvalidOperation as error:
                raise ValueError("it has too many digits") from error
        if fitting != number or len(fitting.as_tuple().digits) > digits:
            raise ValueError("it has too many digits")
        return fitting

    return to_decimal


def _to_bool(value: CellValue) -> bool:
    found = _BOOLEANS.get(value.strip().casefold() if isinstance(value, str) else value)
    if found is None:
        raise ValueError("it is neither true nor false")
    return found


_BOOLEANS: dict[object, bool] = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}


def _to_date(value: CellValue) -> date:
    moment = _to_datetime(value)
    if moment.time() != time(0):
        raise ValueError("it has a time of day")
    return moment.date()


def _to_datetime(value: CellValue) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time(0))
    if isinstance(value, str):
        moment = datetime.fromisoformat(value.strip())
        if moment.tzinfo is None:
            return moment
    raise ValueError("it is no date")


def _to_time(value: CellValue) -> time:
    if isinstance(value, time):
        return value
    if isinstance(value, timedelta) and timedelta(0) <= value < timedelta(days=1):
        return (datetime(1900, 1, 1) + value).time()  # noqa: DTZ001 - of any day
    if isinstance(value, str):
        found = time.fromisoformat(value.strip())
        if found.tzinfo is None:
            return found
    raise ValueError("it is no time of day")


_CONVERTERS: dict[str, Callable[[CellValue], Value]] = {
    "bool": _to_bool,
    "int": _to_int,
    "float": _to_float,
    "string": text_of,
    "date": _to_date,
    "datetime": _to_datetime,
    "time": _to_time,
}
