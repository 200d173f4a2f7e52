"""Plain text is read by YAML 1.2's core schema."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from aetherflow.kernel.errors import InvalidInput
from aetherflow.kernel.spec.core_schema import read_scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("true", True),
        ("TRUE", True),
        ("False", False),
        ("12", 12),
        ("-7", -7),
        ("+7", 7),
        ("022", 22),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-1.", -1.0),
        ("+.inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_what_the_core_schema_knows_is_read_with_its_type(text, value):
    read = read_scalar(text)

    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "on",
        "y",
        "Yes",
        "off",
        "22:22",
        "2026-01-31",
        "1_000",
        "0b11",
        "nULL",
        "tRUE",
        "1e",
        ".",
        "-",
        "+",
        "٣",
        "0o8",
        "<<",
    ],
)
def test_what_only_older_versions_converted_stays_text(text):
    assert read_scalar(text) == text


def test_not_a_number_is_a_float():
    assert math.isnan(read_scalar(".nan"))


@pytest.mark.parametrize(
    "text", ["9" * 100_000, "-" + "9" * 5_000, "0x" + "f" * 100_000, "1e999", "1." + "0" * 100_000]
)
def test_a_number_without_bounds_is_refused(text):
    with pytest.raises(InvalidInput) as caught:
        read_scalar(text)

    assert caught.value.problem.code == "AF-YAML-NUMBER"
    assert "9999" not in caught.value.problem.message


@given(st.integers())
def test_every_whole_number_comes_back(number):
    assert read_scalar(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_comes_back(number):
    assert read_scalar(repr(number)) == number


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        value = read_scalar(text)
    except InvalidInput:
        return
    assert value == text or not isinstance(value, str)
