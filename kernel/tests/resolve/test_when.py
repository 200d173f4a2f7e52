from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings, strategies as st

from aetherflow.kernel.errors import InvalidInput
from aetherflow.kernel.resolve.conditions import MAX_DEPTH
from aetherflow.kernel.resolve.when import MAX_BYTES, compile_when

SCOPE = {
    "jobs": {
        "extract": {"status": "SUCCESS", "outputs": {"rows": 10, "text": "it is true", "none": None, "flag": True}},
        "2nd-load": {"outputs": {"row-count": -3, "empty": "", "list": [], "files": ["a"], "ten": "10"}},
    },
    "params": {"limit": 5, "name": "o'k"},
    "env": {"ON": "true", "OFF": "false", "COUNT": "7", "WORD": "maybe", "EMPTY": ""},
    "run": {"date": "2026-01-31"},
}


def holds(text: str) -> bool:
    return compile_when(text).evaluate(SCOPE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jobs.extract.outputs.rows > 0", True),
        ("jobs.extract.outputs.rows>=10", True),
        ("jobs.extract.outputs.rows < 10", False),
        ("jobs.2nd-load.outputs.row-count == -3", True),
        ("jobs.2nd-load.outputs.row-count > -3.5e0", True),
        ("1 < params.limit <= 5", True),
        ("1 < params.limit < 5", False),
        ("1 == 1.0", True),
        ("jobs.extract.status == 'SUCCESS'", True),
        ('jobs.extract.status != "SUCCESS"', False),
        ("run.date >= '2026-01-01'", True),
        (r"params.name == 'o\'k'", True),
        ('params.name == "o\'k"', True),
        ("not jobs.extract.outputs.flag", False),
        ("not not true", True),
        ("true or false and false", True),
        ("(true or false) and false", False),
        ("not false and false", False),
        ("(1 < 2) == true", True),
        ("jobs.2nd-load.outputs.files", True),
        ("jobs.2nd-load.outputs.list", False),
        ("jobs.2nd-load.outputs.empty", False),
        ("0", False),
        ("", True),
        (" \n\t", True),
    ],
)
def test_a_condition_is_decided(text, expected):
    assert holds(text) is expected


@pytest.mark.parametrize("text", ["true", "TRUE", "True", "(true)", "not FALSE", "NULL == null", "None == none"])
def test_literals_may_be_written_in_any_case(text):
    """D44."""
    assert holds(text) is True


def test_a_text_literal_is_taken_as_it_stands():
    """D44: ` true` inside a text was rewritten."""
    assert holds("jobs.extract.outputs.text == 'it is true'") is True
    assert holds("'a == true' == 'a == true'") is True


@pytest.mark.parametrize(
    "missing", ["jobs.extract.outputs.nope", "jobs.skipped.outputs.rows", "jobs.extract.outputs.none"]
)
def test_a_missing_output_is_null_and_compares_as_false(missing):
    """D44: it ended the run."""
    assert holds(f"{missing} > 0") is False
    assert holds(f"{missing} <= 0") is False
    assert holds(f"0 < {missing}") is False
    assert holds(f"{missing} == null") is True
    assert holds(f"{missing} != null") is False
    assert holds(f"{missing} != 0") is True
    assert holds(missing) is False


@pytest.mark.parametrize(
    "text",
    ["jobs.2nd-load.outputs.ten > 5", "5 < 'a'", "true < 2", "jobs.2nd-load.outputs.list > 0", "jobs.extract > 1"],
)
def test_what_has_no_common_order_is_a_located_error(text):
    """D44: a TypeError."""
    with pytest.raises(InvalidInput, match="no order between them") as raised:
        compile_when(text, path=("jobs", 1, "when")).evaluate(SCOPE)
    assert raised.value.problem.code == "AF-WHEN-TYPES"
    assert raised.value.problem.path == ("jobs", 1, "when")


def test_different_types_are_never_equal():
    assert holds("'10' == 10") is False
    assert holds("1 == true") is False
    assert holds("0 != false") is True


def test_text_from_the_environment_is_typed_by_what_it_is_compared_with():
    """D15."""
    assert holds("env.COUNT > 5") is True
    assert holds("env.COUNT == 7") is True
    assert holds("env.ON == true") is True
    assert holds("env.OFF == false") is True
    assert holds("env.OFF") is False
    assert holds("not env.OFF") is True
    assert holds("env.EMPTY") is False
    assert holds("env.COUNT == '7'") is True
    assert holds("env.NOT_SET == null") is True


@pytest.mark.parametrize("text", ["env.WORD > 5", "env.WORD == true", "env.WORD", "not env.COUNT"])
def test_text_from_the_environment_that_does_not_fit_is_an_error_without_the_text(text):
    with pytest.raises(InvalidInput) as raised:
        holds(text)
    assert raised.value.problem.code == "AF-TEXT-TYPE"
    assert "maybe" not in str(raised.value.problem)


def test_what_is_not_needed_is_not_looked_at():
    assert holds("false and env.WORD") is False
    assert holds("true or env.WORD") is True


CODE = [
    "().__class__.__mro__",
    "jobs.extract()",
    "jobs['extract']",
    "lambda: 1",
    "[x for x in jobs]",
    "f'{jobs}'",
    "(x := 1)",
    "9**9**9",
    "'a'*10**9",
    "1 + 1",
    "1 - 1",
    "2-1",
    "jobs.a is null",
    "1 in 2",
    "jobs.a; 1",
    "'a' 'b'",
    "1 if true else 2",
    "{}",
    "{{jobs.a}}",
    "`id`",
    "$(id)",
    "!true",
    "a = 1",
    "1 === 1",
    "1 <> 2",
    "0x10",
    "1_000",
    "1.",
    ".5",
    "1e999",
    "jobs..a",
    "jobs.a.",
    "'open",
    "(true",
    "true)",
    "and true",
    "true and",
    "not",
    "== 1",
    "1 ==",
    "true true",
    "\u0661 == 1",
    "\uff4aobs.a",
    "jobs.\u0430",
    "true\0",
    "'\\q'",
    "AND true",
    "1and true",
    "\ufefftrue",
]


@pytest.mark.parametrize("text", CODE)
def test_what_is_no_condition_is_refused_before_anything_runs(text):
    """S3."""
    with pytest.raises(InvalidInput) as raised:
        compile_when(text, path=("jobs", 0, "when"))
    assert raised.value.problem.code in ("AF-WHEN-SYNTAX", "AF-WHEN-NAME")
    assert raised.value.problem.path == ("jobs", 0, "when")


def test_attributes_of_python_are_only_names_of_keys():
    """S3."""
    assert holds("jobs.__class__ == null") is True
    assert holds("jobs.extract.status.upper == null") is True


@pytest.mark.parametrize("text", ["job.extract.outputs.rows > 0", "steps.a.x", "Jobs.a", "open"])
def test_an_unknown_name_is_an_error_and_not_false(text):
    """S3."""
    with pytest.raises(InvalidInput) as raised:
        compile_when(text)
    assert raised.value.problem.code == "AF-WHEN-NAME"


def test_a_word_without_quotes_may_be_meant_as_text():
    with pytest.raises(InvalidInput) as raised:
        compile_when("params.mode == full", roots=frozenset({"params"}))
    assert raised.value.problem.help == "put it in quotes if it is text: 'full'; if not, did you mean 'null'?"


def test_the_nearest_name_is_offered():
    with pytest.raises(InvalidInput) as raised:
        compile_when("job.extract.outputs.rows > 0")
    assert "'jobs'" in raised.value.problem.help


def test_more_names_can_be_allowed():
    condition = compile_when("item == 'a'", roots=frozenset({"item"}))
    assert condition.evaluate({"item": "a"}) is True


@pytest.mark.parametrize("part", ["not false", "(true)", "(1 < 2)"])
def test_many_parts_side_by_side_are_not_deep(part):
    assert compile_when(" and ".join([part] * (MAX_DEPTH + 8))).evaluate({}) is True


def test_a_long_or_deep_condition_is_refused():
    """S3, D44: a RecursionError."""
    assert compile_when("(" * MAX_DEPTH + "true" + ")" * MAX_DEPTH).evaluate({}) is True
    for text in (
        "(" * (MAX_DEPTH + 1) + "true" + ")" * (MAX_DEPTH + 1),
        "not " * (MAX_DEPTH + 1) + "true",
        "(" * 10_000 + "1" + ")" * 10_000,
        "not " * 3_000 + "true",
        "1" * (MAX_BYTES + 1),
        "'" + "ä" * (MAX_BYTES // 2) + "'",
        "true or " * 131_072 + "true",
    ):
        with pytest.raises(InvalidInput) as raised:
            compile_when(text)
        assert raised.value.problem.code == "AF-WHEN-SIZE"


LONGEST = [
    "not " * MAX_DEPTH + "true",
    ("1<" * (MAX_BYTES // 2))[: MAX_BYTES - 1] + "1",
    "0 or " * (MAX_BYTES // 5 - 1) + "0",
    "(" * MAX_DEPTH + "1<2 and " * 100 + "true" + ")" * MAX_DEPTH,
    "jobs" + ".a" * ((MAX_BYTES - 4) // 2),
    "'" + "a" * (MAX_BYTES - 2) + "'",
    "'" + r"\\" * (MAX_BYTES // 2 - 1) + "'",
    "9" * MAX_BYTES,
]


@pytest.mark.parametrize("text", LONGEST, ids=range(len(LONGEST)))
def test_the_longest_condition_costs_a_bounded_number_of_calls(text):
    """S3: counted, since a clock says nothing on a busy machine."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        compile_when(text).evaluate(SCOPE)
    finally:
        sys.setprofile(None)
    assert calls < 30 * MAX_BYTES


def test_references_of_a_condition_are_listed():
    condition = compile_when("jobs.a.outputs.x > 1 and (params.y or not env.Z)", path=("w",))
    assert [item.dotted for item in condition.references] == ["jobs.a.outputs.x", "params.y", "env.Z"]
    assert condition.references[0].path == ("w",)


PATHS = ["jobs.extract.outputs.rows", "jobs.extract.outputs.text", "jobs.no.x", "env.WORD", "env.COUNT", "params.limit"]
SYMBOLS = ["and", "or", "not", "(", ")", "==", "!=", "<", "<=", ">", ">="]
LITERALS = ["true", "NULL", "1", "-2", "3.5", "'a'", '"b"', "9e99"]
OTHERS = [".", "'", "\\", "\u00e9", "__class__", "[", "]", "{{", ","]
words = st.sampled_from(PATHS + SYMBOLS + LITERALS) | st.sampled_from(OTHERS)


@settings(max_examples=500, deadline=None, database=None)
@given(st.lists(words, max_size=12).map(" ".join))
def test_any_words_are_decided_or_refused(text):
    try:
        assert holds(text) in (True, False)
    except InvalidInput as error:
        assert error.problem.code.startswith(("AF-WHEN", "AF-TEXT"))  # noqa: PT017 - which codes, not whether
