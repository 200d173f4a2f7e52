"""Values with `{{run.…}}` outside of a flow, and values on their way through a command line."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given, strategies as st

from aetherflow.kernel.api import InvalidInput, TemplateError, compile_run_texts, parameter_text, read_document
from aetherflow.kernel.resolve.text import read_parameter

pytestmark = pytest.mark.unit

AT = datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))

#: Values that parameters of each type have.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
VALUES = st.one_of(
    st.tuples(st.just("string"), TEXTS),
    st.tuples(st.just("integer"), st.integers()),
    st.tuples(st.just("number"), st.integers() | st.floats(allow_nan=False, allow_infinity=False)),
    st.tuples(st.just("boolean"), st.booleans()),
    st.tuples(st.just("list"), st.lists(JSON, max_size=4)),
    st.tuples(st.just("object"), st.dictionaries(st.text(), JSON, max_size=4)),
    st.tuples(st.just("date"), st.dates().map(str)),
)


def rendered(values):
    return compile_run_texts(values).render(run_id="nightly-1", scheduled_time=AT)


def test_run_is_rendered_at_any_depth_and_everything_else_stays_as_it_is():
    values = {
        "day": "{{run.date}}",
        "label": "of {{ run.scheduled_time }} by {{run.id}}",
        "nested": [{"at": "{{run.date:never}}"}, 5, None, True],
        "count": 3,
        "plain": "{} ${run.date}",
    }

    assert rendered(values) == {
        "day": "2026-03-01",
        "label": "of 2026-03-01T00:30:00+01:00 by nightly-1",
        "nested": [{"at": "2026-03-01"}, 5, None, True],
        "count": 3,
        "plain": "{} ${run.date}",
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{{env.HOME}}", "AF-TEMPLATE-ROOT"),
        ("{{params.day}}", "AF-TEMPLATE-ROOT"),
        ("{{run_id}}", "AF-TEMPLATE-ROOT"),
        ("{{run}}", "AF-UNKNOWN-REFERENCE"),
        ("{{run.attempt}}", "AF-UNKNOWN-REFERENCE"),
        ("{{run.dat}}", "AF-UNKNOWN-REFERENCE"),
        ("{{run.date.year}}", "AF-UNKNOWN-REFERENCE"),
        ("{{run.date|upper}}", "AF-TEMPLATE"),
        ("{% if run %}", "AF-TEMPLATE"),
    ],
)
def test_what_names_something_else_is_refused_where_it_stands(tmp_path, text, code):
    file = tmp_path / "schedule.yaml"
    file.write_text(f"items:\n  - params:\n      fine: '{{{{run.date}}}}'\n      wrong: ['{text}']\n")
    document = read_document(file, shown_as="schedule.yaml")

    with pytest.raises(TemplateError) as refused:
        compile_run_texts(document.value["items"][0]["params"], document=document, path=("items", 0, "params"))

    (problem,) = refused.value.problems
    assert problem.code == code
    assert (problem.where.file, problem.where.line, problem.where.column) == ("schedule.yaml", 4, 15)


def test_nearest_name_is_proposed():
    with pytest.raises(TemplateError, match=r"run\.dat") as refused:
        compile_run_texts({"day": "{{run.dat}}"})

    assert "'date'" in refused.value.problems[0].help


def test_raw_is_not_rendered(tmp_path):
    file = tmp_path / "schedule.yaml"
    file.write_text("params: {text: !raw '{{run.date}}'}\n")

    assert rendered(read_document(file).value["params"]) == {"text": "{{run.date}}"}


def test_each_rendering_is_a_value_of_its_own():
    texts = compile_run_texts({"count": 1})
    first = texts.render(run_id="one", scheduled_time=AT)
    first["count"] = 2

    assert texts.render(run_id="two", scheduled_time=AT) == {"count": 1}


def test_time_without_an_offset_is_refused():
    with pytest.raises(InvalidInput, match="has no offset"):
        compile_run_texts({}).render(run_id="one", scheduled_time=datetime(2026, 3, 1))  # noqa: DTZ001 - what is refused


@given(VALUES)
@example(("string", "5"))
@example(("string", " null "))
@example(("string", "[1]"))
@example(("number", 1e100))
@example(("number", -0.0))
@example(("list", ["\0", "\ud800", "true", None]))
@example(("object", {"": {"a": 1e-7}}))
def test_value_comes_back_as_it_was_with_its_type(typed):
    type_name, value = typed

    assert repr(read_parameter(parameter_text(value), type_name)) == repr(value)


@pytest.mark.parametrize(
    "value",
    ["a\0b", "half \ud83d", "x" * 200_000, ["x" * 200_000], math.inf, [math.nan], [10**5000]],
    ids=["nul", "half", "long", "long list", "infinite", "not a number", "digits"],
)
def test_value_that_no_command_line_takes_is_refused(value):
    with pytest.raises(InvalidInput) as refused:
        parameter_text(value)

    assert refused.value.problem.code == "AF-PARAMETER-TEXT"
