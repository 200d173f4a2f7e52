"""What is said of templates and conditions before all that they name is known."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from aetherflow.kernel.errors import InvalidInput
from aetherflow.kernel.resolve.known_conditions import settled
from aetherflow.kernel.resolve.references import ABSENT, find
from aetherflow.kernel.resolve.templates import compile_value
from aetherflow.kernel.resolve.when import compile_when

pytestmark = pytest.mark.unit

ROOTS = frozenset({"params", "steps"})


def known(value, scope):
    template = compile_value(value, roots=ROOTS)
    return template.render_known(lambda reference: find(reference.parts, scope))


def test_known_tokens_are_replaced_and_the_others_stay_as_they_are_written():
    scope = {"params": {"a": 1, "list": [1, 2]}}
    value = {"a": "{{params.a}}", "l": "{{ params.list }}", "x": ["{{steps.s.x:7}}", "a {{params.a}} {{steps.s.y}}"]}
    assert known(value, scope) == {"a": 1, "l": [1, 2], "x": ["{{steps.s.x:7}}", "a 1 {{steps.s.y}}"]}


def test_with_nothing_known_a_value_stays_as_it_is():
    value = {"a": ["{{params.a}} and {{steps.b.c:default text}}", 1, None], "b": "{{steps.s}}"}
    assert known(value, {}) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("params.a == 1", True),
        ("params.a == 2", False),
        ("steps.x.y == 1", None),
        ("params.a == 2 and steps.x.y == 1", False),
        ("steps.x.y == 1 and params.a == 2", False),
        ("params.a == 1 and steps.x.y == 1", None),
        ("params.a == 1 or steps.x.y == 1", True),
        ("params.a == 2 or steps.x.y == 1", None),
        ("not steps.x.y", None),
        ("not (params.a == 2 and steps.x.y)", True),
        ("params.a < steps.x.y", None),
        ("(params.a == 1 or steps.x.y) and not (params.a == 2)", True),
    ],
)
def test_condition_is_settled_as_soon_as_the_rest_can_change_nothing(text, expected):
    when = compile_when(text, roots=ROOTS)
    scope = {"params": {"a": 1}}
    assert settled(when.expression, scope, lambda reference: reference.root == "params") is expected


def test_condition_that_can_not_be_asked_is_an_error():
    when = compile_when("params.a < params.b and steps.x", roots=ROOTS)
    with pytest.raises(InvalidInput, match="no order between them"):
        settled(when.expression, {"params": {"a": 1, "b": "x"}}, lambda reference: reference.root == "params")


CONDITIONS = st.recursive(
    st.sampled_from(["params.a", "params.b == 1", "steps.a", "steps.b != 0", "true", "1 > 2"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda part: f"not {part}"),
    ),
    max_leaves=6,
)
VALUES = st.fixed_dictionaries({"a": st.integers(0, 1), "b": st.integers(0, 1)})


@given(text=CONDITIONS, params=VALUES, steps=VALUES)
def test_what_is_settled_is_what_comes_out_whatever_the_rest_is(text, params, steps):
    when = compile_when(text, roots=ROOTS)
    before = settled(when.expression, {"params": params}, lambda reference: reference.root == "params")
    after = when.evaluate({"params": params, "steps": steps})
    assert before in {None, after}
    assert settled(when.expression, {"params": params, "steps": steps}, lambda _: True) is after


def test_nothing_is_known_by_an_absent_value_alone():
    template = compile_value("{{params.a}}", roots=ROOTS)
    assert template.render_known(lambda _: ABSENT) == "{{params.a}}"
    assert template.render_known(lambda _: None) is None
