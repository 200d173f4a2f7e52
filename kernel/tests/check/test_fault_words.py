"""Faults of single values read as sentences."""

from __future__ import annotations

import pytest

from aetherflow.kernel.check.fault_words import words_for, words_of_types

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("types", "words"),
    [
        ([], ""),
        (["string"], "text"),
        (["null", "string"], "text or nothing"),
        (["string", "integer", "number", "boolean", "null"], "text, a number, a boolean or nothing"),
    ],
)
def test_types_are_told_as_one_would_say_them(types, words):
    assert words_of_types(types) == words


@pytest.mark.parametrize(
    ("kind", "limit", "message"),
    [
        ("MinItems", 1, "this must be a list of at least 1 item"),
        ("MinItems", 2, "this must be a list of at least 2 items"),
        ("MaxLength", 1, "this must be at most 1 character long"),
        ("Minimum", 1, "this must be at least 1"),
    ],
)
def test_one_is_told_as_one(kind, limit, message):
    assert words_for(kind, {"limit": limit}, None) == (message, "")
