"""Ids are never paths, devices or look-alikes (S5)."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from aetherflow.kernel.spec.identifiers import allowed_id, problem_with_id

#: S5's corpus, as far as it is about names.
HOSTILE = [
    "..",
    "../x",
    "a/../../x",
    "/etc/x",
    "//x",
    "~",
    "~root/x",
    ".",
    "",
    "a//b",
    "a\\..\\b",
    "C:\\x",
    "\\\\s\\x",
    "x\0y",
    "x\ny",
    "x\n",
    "CON",
    "nul",
    "com1",
    "LPT9",
    "x" * 5_000,
    "x" * 65,
    "x ",
    "a\u2024b",
    "a\uff0fb",
    "file://x",
    "%2e%2e/",
    "-x",
    "ü",
    "\u0661",
    "a\u202eb",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("dotted", [False, True])
def test_a_name_that_could_be_more_than_a_name_is_refused(text, dotted):
    problem = problem_with_id(text, dotted=dotted)

    assert problem
    assert problem.isprintable()


@pytest.mark.parametrize("text", ["x.", "con.txt", "aux.", ".hidden", "..x"])
def test_dots_make_no_device_no_hidden_and_no_truncated_name(text):
    assert problem_with_id(text, dotted=True)


@pytest.mark.parametrize("text", ["a", "_", "0", "A-b_9", "x" * 64, "console", "com10", "2026-01-01"])
def test_a_plain_name_is_allowed(text):
    assert problem_with_id(text) is None


def test_dots_are_allowed_only_where_asked_for():
    assert problem_with_id("daily.report", dotted=True) is None
    assert problem_with_id("daily.report")


@given(st.text())
def test_what_is_allowed_is_one_plain_path_segment(text):
    if problem_with_id(text, dotted=True) is None:
        assert text.isascii()
        assert not set(text) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
        assert text not in {"", ".", ".."}
        assert len(text) <= 64


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("show day", "show_day"),
        ("a.b", "a_b"),
        ("-x", "x"),
        ("x" * 65, "x" * 64),
        ("Größe", "Gr__e"),
        ("..", None),
        ("con", None),
    ],
)
def test_an_id_that_is_allowed_and_alike_is_proposed_where_there_is_one(text, proposed):
    assert allowed_id(text) == proposed


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_proposed_is_always_allowed(text):
    proposed = allowed_id(text, dotted=True)

    assert proposed is None or problem_with_id(proposed, dotted=True) is None
