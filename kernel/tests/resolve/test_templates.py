from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings, strategies as st

from aetherflow.kernel.errors import MissingReference, TemplateError
from aetherflow.kernel.resolve.references import OutsideText
from aetherflow.kernel.resolve.templates import (
    MAX_CHARACTERS_PER_REFERENCE,
    MAX_TOKENS,
    UNSUPPORTED,
    Template,
    compile_value,
)
from aetherflow.kernel.spec.values import Raw

ROOTS = frozenset({"env", "params", "steps", "jobs", "run_id"})
CANARY = "CaNaRy-7f3a91"


def render(value: object, scope: dict[str, object] | None = None) -> object:
    return compile_value(value, roots=ROOTS).render(scope or {})


def attempt(action: Callable[[], object]) -> object:
    """What an action answers, or the template error that it raises; any other error fails the test."""
    try:
        return action()
    except TemplateError as error:
        return error


def problems(value: object, **keywords: object) -> list[tuple[str, tuple[object, ...]]]:
    with pytest.raises(TemplateError) as raised:
        render(value, **keywords)  # type: ignore[arg-type]
    return [(problem.code, problem.path) for problem in raised.value.problems]


@pytest.mark.parametrize("value", [None, False, True, 0, 12, 1.5, "", "text", [1, [2]], {"a": None}])
def test_a_lone_token_keeps_the_type_of_its_value(value):
    assert render("{{params.x}}", {"params": {"x": value}}) is value


@pytest.mark.parametrize("token", ["{{env.X}}", "{{ env.X }}", "{{\n\tenv.X\n}}"])
def test_blanks_inside_the_braces_do_not_count(token):
    assert render(token, {"env": {"X": "v"}}) == "v"


def test_blanks_outside_the_braces_make_it_a_text():
    assert render(" {{params.n}}", {"params": {"n": 5}}) == " 5"


def test_scalars_in_a_text_are_written_as_yaml_writes_them():
    scope = {"params": {"t": True, "f": False, "i": -3, "x": 0.5, "s": "a"}}
    assert render("{{params.t}} {{params.f}} {{params.i}} {{params.x}} {{params.s}}", scope) == "true false -3 0.5 a"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "AF-TEMPLATE-NULL"),
        ([1], "AF-TEMPLATE-KIND"),
        ({"a": 1}, "AF-TEMPLATE-KIND"),
        (10**5000, "AF-TEMPLATE-KIND"),
    ],
    ids=["null", "list", "mapping", "huge number"],
)
def test_what_is_no_scalar_can_not_be_part_of_a_text(value, code):
    assert problems(["x {{params.v}}"], scope={"params": {"v": value}}) == [(code, (0,))]


@pytest.mark.parametrize(
    "text",
    [
        "{{}}",
        "{{ }}",
        "{{env.X",
        "{{env.X}",
        "{{env..X}}",
        "{{.env}}",
        "{{env.X|upper}}",
        "{{env['X']}}",
        "{{env.X[0]}}",
        "{{env.X()}}",
        "{{1+1}}",
        "{{-a.b}}",
        "{{env.X:{}}}",
        "{{env.X:{{env.Y}}}}",
        "{{{env.X}}}",
        "{% if x %}",
        "{# note #}",
        "a {{env.X}} {% b",
        "{{ënv.X}}",
        "{{env .X}}",
    ],
)
def test_any_other_syntax_is_refused_with_the_promised_first_line(text):
    with pytest.raises(TemplateError) as raised:
        compile_value({"a": text}, roots=ROOTS)
    assert str(raised.value).splitlines()[0] == UNSUPPORTED
    assert raised.value.problem.path == ("a",)


def test_the_message_about_wrong_syntax_does_not_show_the_text():
    with pytest.raises(TemplateError) as raised:
        compile_value(f"{CANARY}{{{{{CANARY}", roots=ROOTS)
    assert CANARY not in str(raised.value.problem)


@pytest.mark.parametrize(
    "text",
    ["${X}", "{}", "xargs -I{} cp {} /tmp", "}}", '{"a": {"b": 1}}', "$(x) %s {0}", "a }} b", "{ {", "{", "%}#}"],
)
def test_shell_and_json_pass_as_plain_text(text):
    """D43."""
    template = compile_value(text, roots=ROOTS)
    assert template.references == ()
    assert template.render({}) is text


@pytest.mark.parametrize("value", ["{}", "${HOME}", "{{env.B}}", "{% x %}", "%s", "a{#b", "u:s3cr{}et@h"])
def test_a_value_is_never_read_as_a_template_again(value):
    """D43, S2."""
    scope = {"env": {"A": value, "B": "never"}}
    assert render("{{env.A}}", scope) == value
    assert render("<{{env.A}}>", scope) == f"<{value}>"


def test_ids_with_dashes_and_leading_digits_can_be_referred_to():
    """D43."""
    assert render("{{steps.2nd-try.row-count}}", {"steps": {"2nd-try": {"row-count": 4}}}) == 4


@pytest.mark.parametrize("written", ["{{env.X:a b}}", "{{ env.X :a b }}", "{{env.X:a b\n}}"])
def test_a_default_is_the_same_alone_and_inside_a_text(written):
    """D43: trailing blanks belong to the braces in both, leading ones to the default in both."""
    assert render(written) == "a b"
    assert render(f"<{written}>") == "<a b>"
    assert render("{{env.X: a }}") == " a"
    assert render("<{{env.X: a }}>") == "< a>"


def test_a_default_may_be_empty_and_may_hold_colons():
    assert render("{{env.X:}}") == ""
    assert render("{{env.X:http://h:80/}}") == "http://h:80/"


@pytest.mark.parametrize("value", ["", None])
def test_empty_text_and_null_take_the_default_where_one_is_given(value):
    assert render("{{params.x:d}}", {"params": {"x": value}}) == "d"


@pytest.mark.parametrize("value", [False, 0, [], {}])
def test_other_falsy_values_do_not_take_the_default(value):
    assert render("{{params.x:d}}", {"params": {"x": value}}) is value


def test_an_empty_text_is_a_value_where_no_default_is_given():
    """D43: the empty output of a command is no error."""
    assert render("{{steps.run.stdout}}", {"steps": {"run": {"stdout": ""}}}) == ""


def test_what_is_missing_is_named_by_its_path_and_all_of_it_at_once():
    with pytest.raises(MissingReference) as raised:
        render({"a": "{{steps.s1.count}}", "b": ["x{{env.NO}}"]}, {"steps": {"s1": {"counts": CANARY}}, "env": {}})
    told = raised.value.problems
    assert [problem.path for problem in told] == [("a",), ("b", 0)]
    assert "'steps.s1.count'" in told[0].message
    assert "did you mean 'counts'" in told[0].help
    assert "NO" in told[1].help
    assert CANARY not in "".join(map(str, told))


@pytest.mark.parametrize("path", ["steps.items", "steps.a.items", "steps.l.0", "steps.s.upper", "steps.__class__"])
def test_only_exact_keys_of_mappings_are_found(path):
    """S2: no attributes, no indexes."""
    with pytest.raises(MissingReference):
        render(f"{{{{{path}}}}}", {"steps": {"a": {}, "l": [1], "s": "x"}})


def test_another_root_is_refused_with_the_nearest_and_the_allowed_ones():
    with pytest.raises(TemplateError) as raised:
        compile_value({"x": "{{param.day}}"}, roots=ROOTS, path=("jobs", 0))
    assert raised.value.problem.path == ("jobs", 0, "x")
    assert "'params'" in raised.value.problem.help
    assert "env, jobs, params, run_id, steps" in raised.value.problem.message


def test_the_whole_environment_can_not_be_handed_over():
    """D22."""
    assert problems("{{env}}") == [("AF-TEMPLATE-ENVIRONMENT", ())]


def test_a_root_that_is_a_value_can_be_referred_to():
    assert render("{{run_id}}", {"run_id": "r1"}) == "r1"


def test_all_problems_of_a_value_are_told_at_once():
    assert problems({"a": "{{nope.x}}", "b": "{% x"}) == [("AF-TEMPLATE-ROOT", ("a",)), ("AF-TEMPLATE", ("b",))]


def test_raw_is_unwrapped_and_never_rendered():
    value = {"a": Raw("{{ not ours }}"), "b": Raw(["{% x %}", {"c": "{{env.X}}"}]), "d": "{{env.X}}"}
    assert render(value, {"env": {"X": "v"}}) == {
        "a": "{{ not ours }}",
        "b": ["{% x %}", {"c": "{{env.X}}"}],
        "d": "v",
    }


def test_keys_of_mappings_are_not_rendered():
    assert render({"{{env.X}}": "{{env.X}}"}, {"env": {"X": "v"}}) == {"{{env.X}}": "v"}


def test_parts_without_tokens_are_shared_and_not_copied():
    constant = {"list": [1, 2], "text": "x"}
    template = compile_value({"a": constant, "b": "{{params.x}}"}, roots=ROOTS)
    first, second = template.render({"params": {"x": 1}}), template.render({"params": {"x": 2}})
    assert first["a"] is second["a"] is constant  # type: ignore[index]
    assert compile_value(constant, roots=ROOTS).render({}) is constant


def test_whole_values_from_the_environment_and_defaults_are_marked_as_text_from_outside():
    scope = {"env": {"X": "5"}, "params": {"x": "5"}}
    marked = render(["{{env.X}}", "{{params.no:5}}"], scope)
    typed = render(["{{params.x}}", "a{{env.X}}", "5"], scope)
    assert [type(item) for item in marked] == [OutsideText, OutsideText]  # type: ignore[attr-defined]
    assert [type(item) for item in typed] == [str, str, str]  # type: ignore[attr-defined]


def test_references_carry_their_parts_default_and_place():
    template = compile_value({"a": ["{{steps.s.x:1}}", "{{env.A}}-{{env.B}}"]}, roots=ROOTS, path=("p",))
    told = [(item.dotted, item.default, item.path, item.is_whole) for item in template.references]
    assert told == [
        ("steps.s.x", "1", ("p", "a", 0), True),
        ("env.A", None, ("p", "a", 1), False),
        ("env.B", None, ("p", "a", 1), False),
    ]


def test_a_caller_can_put_samples_in_place_of_references():
    template = compile_value({"a": "{{steps.s.x}}", "b": "n={{env.N}}"}, roots=ROOTS)
    assert template.substitute(lambda reference: 7 if reference.root == "steps" else "v") == {"a": 7, "b": "n=v"}


def test_a_rendered_text_is_bounded_by_the_number_of_its_tokens():
    fits = "x" * MAX_CHARACTERS_PER_REFERENCE
    assert render("-{{params.x}}", {"params": {"x": fits}}) == f"-{fits}"
    assert problems("-{{params.x}}", scope={"params": {"x": fits + "x"}}) == [("AF-TEMPLATE-SIZE", ())]
    assert render("{{params.x}}", {"params": {"x": fits * 3}}) == fits * 3


def test_a_value_nested_too_deeply_is_refused():
    value: object = "x"
    for _ in range(5000):
        value = [value]
    with pytest.raises(TemplateError, match="nested deeper"):
        compile_value(value, roots=ROOTS)


HOSTILE = [
    "{{" * 500_000,
    "{{" + " " * 1_000_000,
    "{{" + "a" * 1_000_000,
    "{{" + "a." * 500_000,
    "{{env.X:" + "a" * 1_000_000,
]
SEVERAL = ["{{env.X:a}}" * MAX_TOKENS, "{" * 1_000_000, "{{env.X" + " " * 1_000_000 + "}}", "x{ {" * 200_000]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_of_a_million_characters_is_refused_in_linear_time(text):
    """S2: with a pattern that goes back, each of these takes hours."""
    with pytest.raises(TemplateError):
        compile_value(text, roots=ROOTS)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", SEVERAL, ids=range(len(SEVERAL)))
def test_a_long_text_is_read_in_linear_time(text):
    """S2."""
    outcome = attempt(lambda: compile_value(text, roots=ROOTS))
    assert isinstance(outcome, Template) or str(outcome).startswith(UNSUPPORTED)


def test_a_text_has_no_more_tokens_than_anybody_writes():
    with pytest.raises(TemplateError) as caught:
        compile_value("{{env.X:a}}" * (MAX_TOKENS + 1), roots=ROOTS)

    (problem,) = caught.value.problems
    assert problem.code == "AF-TEMPLATE-LENGTH"


# --------------------------------------------------------------------------------------------------------------------
# Open inputs (S2)
# --------------------------------------------------------------------------------------------------------------------

NASTY = ["{{env.B}}", "${}", "{}", "%s", "{{", "}}", "{%", "\\", '"', "\n", "{{params.a}}", "\0", "'"]
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.lists(st.sampled_from(NASTY), max_size=4).map(lambda parts: CANARY + "".join(parts)),
    st.lists(st.just(CANARY), max_size=2),
    st.dictionaries(st.sampled_from(["a", "b"]), st.just(CANARY), max_size=2),
)
scopes = st.fixed_dictionaries(
    {
        "params": st.dictionaries(st.sampled_from(["a", "b", "c-d", "0"]), values, max_size=4),
        "steps": st.dictionaries(st.sampled_from(["a", "b"]), st.dictionaries(st.just("x"), values), max_size=2),
    }
)
paths = st.sampled_from(["params.a", "params.b", "params.c-d", "params.0", "steps.a.x", "steps.b.x", "steps.a.x.a"])
defaults = st.none() | st.text("ab :.$%\n", max_size=6)
tokens = st.tuples(paths, defaults, st.sampled_from(["", " ", "\n "]))
literals = st.text("ab}$#%:. \n", min_size=1, max_size=6)
pieces = st.lists(literals | tokens, max_size=6)


def written(piece: str | tuple[str, str | None, str]) -> str:
    if isinstance(piece, str):
        return piece
    path, default, blanks = piece
    return f"{{{{{blanks}{path}{blanks}{'' if default is None else ':' + default}}}}}"


def looked_up(path: str, default: str | None, scope: dict[str, object]) -> tuple[bool, object]:
    value: object = scope
    for part in path.split("."):
        value = value[part] if isinstance(value, dict) and part in value else LookupError
        if value is LookupError:
            break
    if default is not None and (value is LookupError or value is None or value == ""):
        return True, default.rstrip()
    return value is not LookupError, value


def expected(parts: list[str | tuple[str, str | None, str]], scope: dict[str, object]) -> tuple[bool, object]:
    """An oracle that never looks at the written text."""
    found = [(True, part) if isinstance(part, str) else looked_up(part[0], part[1], scope) for part in parts]
    if len(parts) == 1:
        return found[0]
    joined = ""
    for is_there, value in found:
        if not is_there or value is None or isinstance(value, list | dict):
            return False, None
        joined += str(value).lower() if isinstance(value, bool) else str(value)
    return True, joined


@settings(max_examples=2_000, deadline=None, database=None)
@given(pieces, scopes)
def test_rendering_replaces_each_token_once_and_nothing_else(parts, scope):
    text = "".join(map(written, parts))
    if len(parts) > 1 and all(isinstance(part, str) for part in parts):
        parts = [text]
    can_be_rendered, value = expected(parts or [""], scope)
    outcome = attempt(lambda: render({"k": [text]}, scope))
    if can_be_rendered:
        assert outcome == {"k": [value]}
    else:
        assert isinstance(outcome, TemplateError)
        assert CANARY not in "".join(map(str, outcome.problems))


fragments = st.sampled_from(
    ["{{", "}}", "{", "}", "env", "params", ".", "a", ":", " ", "-", "{%", "{#", "é", "\0", CANARY]
)


@settings(max_examples=500, deadline=None, database=None)
@given(st.lists(fragments, max_size=14).map("".join), scopes)
def test_any_text_is_rendered_or_refused_with_a_template_error(text, scope):
    outcome = attempt(lambda: render(text, {**scope, "env": {"a": CANARY}}))
    if "{{" not in text and "{%" not in text and "{#" not in text:
        assert outcome is text
    elif isinstance(outcome, TemplateError):
        assert outcome.problems
