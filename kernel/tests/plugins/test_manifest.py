from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from aetherflow.kernel.plugins.manifest import Manifest, interface_of, is_compatible, load_json, parse_manifest
from aetherflow.kernel.plugins.manifest_fields import BadManifest


@pytest.fixture
def manifest(make_step, make_connector):
    """A manifest that is right."""
    return {
        "manifest": 1,
        "interface": "1.0",
        "name": "acme",
        "summary": "Acme's steps.",
        "hooks": ["aetherflow_steps", "aetherflow_connectors"],
        "steps": [{**make_step("acme.count", "acme"), "outputs_from": {"keys_of": "inputs.outputs"}}],
        "connectors": [make_connector("db", "acme", "acme.drivers")],
        "retired": ["acme.old"],
    }


def test_a_right_manifest_is_read_whole(manifest):
    found = parse_manifest(manifest, anchor="acme")
    assert isinstance(found, Manifest)
    assert [each.name for each in found.contributions] == ["acme.count", "db:acme"]
    assert found.steps[0].outputs_from == {"keys_of": "inputs.outputs"}
    assert found.retired == ("acme.old",)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"stepps": []}, "'stepps' is not known here: did you mean 'steps'?"),
        ({"manifest": 2}, "'manifest' must be 1"),
        ({"name": ""}, "'name' must be text"),
        ({"name": None}, "'name' must be text"),
        ({"hooks": "x"}, "'hooks' must be a list of texts"),
        ({"steps": {}}, "'steps' must be a list"),
        ({"steps": [1]}, "steps[0] must be an object"),
        ({"interface": "1"}, "'interface'"),
        ({"interface": 1.0}, "'interface'"),
        ({"interface": "1.\u0662"}, "'interface'"),
    ],
)
def test_what_is_wrong_at_the_top_is_told(manifest, change, told):
    with pytest.raises(BadManifest) as caught:
        parse_manifest({**manifest, **change}, anchor="acme")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"effects": ["netwrok"]}, "'steps[0].effects' holds 'netwrok': did you mean 'network'?"),
        ({"rerun": "safe"}, "'steps[0].rerun' is 'safe': did you mean 'SAFE'?"),
        ({"name": "../x"}, "'steps[0].name' must be a step's name"),
        ({"target": "os:system"}, "'steps[0].target' must lie inside the package acme"),
        ({"target": "acmes:x"}, "must lie inside the package acme"),
        ({"target": "acme"}, "must say module:attribute"),
        ({"inputs": {"type": "string"}}, "'steps[0].inputs' must be a JSON Schema"),
        ({"outputs": None}, "'steps[0].outputs' must be a JSON Schema"),
        ({"outputs_from": {"step": "x"}}, "'steps[0].outputs_from'"),
        ({"outputs_from": {"step": "inputs.x", "keys_of": "inputs.y"}}, "'steps[0].outputs_from'"),
        ({"input": {}}, "did you mean 'inputs'?"),
    ],
)
def test_what_is_wrong_with_a_step_is_told_with_its_number(manifest, change, told):
    manifest["steps"][0].update(change)
    with pytest.raises(BadManifest) as caught:
        parse_manifest(manifest, anchor="acme")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "Draw"}, "'commands[0].name' must be a command's name"),
        ({"name": "draw it"}, "'commands[0].name' must be a command's name"),
        ({"name": "--draw"}, "'commands[0].name' must be a command's name"),
        ({"target": "other:draw"}, "'commands[0].target' must lie inside the package acme"),
        ({"effects": ["netwrok"]}, "did you mean 'network'?"),
        ({"parameters": {}}, "'commands[0].parameters' must be a list"),
        (
            {"parameters": [{"name": "x", "kind": "txt"}]},
            "'commands[0].parameters[0].kind' is 'txt': did you mean 'text'?",
        ),
        ({"parameters": [{"name": "X", "kind": "text"}]}, "'commands[0].parameters[0].name' must be a name"),
        ({"parameters": [{"name": "json", "kind": "flag"}]}, "is 'json', which is taken"),
        ({"parameters": [{"name": "class", "kind": "text"}]}, "is 'class', which is taken"),
        ({"parameters": [{"name": "x", "kind": "text", "metavar": "[b]"}]}, "metavar' must be one word"),
        ({"parameters": [{"name": "x", "kind": "flag", "is_required": True}]}, "says nothing of a flag"),
        ({"parameters": [{"name": "x", "kind": "text", "is_required": 1}]}, "must be true or false"),
        ({"parameters": [{"name": "x", "kind": "texts", "is_flow": True}]}, "is for a parameter with one value"),
        ({"parameters": [{"name": "x", "kind": "text"}] * 2}, "'x' stands twice in 'parameters'"),
        (
            {"parameters": [{"name": "x", "kind": "argument"}, {"name": "y", "kind": "argument", "is_required": True}]},
            "may be left out stands before one that is required",
        ),
        (
            {"parameters": [{"name": "x", "kind": "arguments"}, {"name": "y", "kind": "argument"}]},
            "stands after one that takes all that follow",
        ),
    ],
)
def test_what_is_wrong_with_a_command_is_told_with_its_number(manifest, change, told):
    command = {"name": "draw", "target": "acme:draw", "summary": "Draw.", "effects": [], "parameters": []}
    assert parse_manifest({**manifest, "commands": [command]}, anchor="acme").commands[0].name == "draw"
    with pytest.raises(BadManifest) as caught:
        parse_manifest({**manifest, "commands": [{**command, **change}]}, anchor="acme")
    assert told in str(caught.value)


def test_one_name_twice_is_refused(manifest):
    manifest["connectors"] *= 2
    with pytest.raises(BadManifest, match="'db:acme' stands twice"):
        parse_manifest(manifest, anchor="acme")


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a": NaN}', '{"a": 1, "a": 2}', '{"a":' * 100_000, "null", '{"a": Infinity}']
)
def test_what_is_no_json_object_is_told_and_breaks_nothing(text):
    with pytest.raises(BadManifest):
        load_json(text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
_KEYS = ["manifest", "interface", "name", "summary", "hooks", "steps", "connectors", "commands", "retired"]


@given(st.dictionaries(st.sampled_from(_KEYS), _JSON))
def test_any_json_is_a_manifest_or_told_to_be_none(data):
    with suppress(BadManifest):
        assert parse_manifest(load_json(json.dumps(data)), anchor="acme").name


@pytest.mark.parametrize(
    ("interface", "fits"), [("1.0", True), ("1.1", False), ("0.9", False), ("2.0", False), ("01.0", True)]
)
def test_an_older_minor_of_the_same_major_fits(interface, fits):
    assert is_compatible(interface_of({"interface": interface})) is fits
