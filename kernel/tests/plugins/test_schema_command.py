"""`aetherflow schema`, as a process: what may be used is in it, what may not is named, and no code of a plugin is run."""

from __future__ import annotations

import jsonschema_rs
import pytest

pytestmark = pytest.mark.acceptance


def flow_of(step_type, inputs):
    step = {"id": "s", "type": step_type, "inputs": inputs}
    return {"version": 1, "flow": {"id": "f"}, "jobs": [{"id": "j", "steps": [step]}]}


def types_of(schema):
    return [each["const"] for each in schema["$defs"]["step"]["properties"]["type"]["oneOf"]]


def made(answer):
    assert answer.code == 0, answer.err
    jsonschema_rs.meta.validate(answer.json)
    return answer.json


def test_steps_of_an_installed_plugin_are_in_it_and_its_code_is_not_run(site):
    site.install("acme", distribution="acme-steps")

    answer = site.aetherflow("schema")

    schema = made(answer)
    assert "acme.count" in types_of(schema)
    assert jsonschema_rs.is_valid(schema, flow_of("acme.count", {"text": "x"}))
    assert not jsonschema_rs.is_valid(schema, flow_of("acme.count", {"text": 1}))
    assert site.imported() == []
    assert not answer.modules & {"acme", "pluggy", "apsw", "aetherflow.kernel.contracts.steps"}
    assert not {name for name in answer.modules if name.startswith("aetherflow_")}


def test_what_the_profile_denies_is_left_out_and_named(site, make_step):
    site.install("acme", distribution="acme-steps")
    site.install("beta", distribution="beta-steps", steps=[make_step(f"beta.{name}", "beta") for name in ("a", "b")])
    site.policy('profiles:\n  internal_fast:\n    plugins:\n      deny: [acme, "step:beta.a"]\n')

    answer = site.aetherflow("schema")

    schema = made(answer)
    assert {"acme.count", "beta.a", "beta.b"} & set(types_of(schema)) == {"beta.b"}
    assert "plugin acme: denied" in schema["$comment"]
    assert "step beta.a: deny" in schema["$comment"]
    assert answer.err == ""


def test_profile_and_flow_say_what_it_is_made_for(site):
    site.install("acme", distribution="acme-steps")
    inner = site.project / "inner"
    inner.mkdir()
    (inner / "aetherflow.yaml").write_text(
        "profiles:\n  small: {extends: internal_fast, plugins: {mode: listed, allow: [acme]}}\n"
    )
    (inner / "flow.yaml").touch()

    schema = made(site.aetherflow("schema", "--flow", "inner/flow.yaml", "--profile", "small"))

    assert types_of(schema) == ["acme.count"]
    assert "runtime profile small" in schema["$comment"]
    assert site.aetherflow("schema", "--profile", "small").code == 3
    assert site.aetherflow("schema", "--flow", "inner/none.yaml").code == 2


def test_a_broken_plugin_is_left_out_with_a_warning(site):
    site.install("acme", distribution="acme-steps", interface="9.9")

    answer = site.aetherflow("schema")

    assert "acme.count" not in types_of(made(answer))
    assert "plugin acme: incompatible" in answer.json["$comment"]
    assert "warning AF-PLUGIN-INCOMPATIBLE:" in answer.err


@pytest.mark.parametrize(
    "inputs",
    [
        {"type": "object", "properties": {"a": {"$ref": "https://acme.example/a.json"}}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/None"}}},
        {"type": "object", "properties": {"a": {"type": "what"}}},
        {"type": "object", "properties": {"a": {"$ref": "b"}}, "$id": "https://acme.example/"},
        {"type": "object", "properties": {"a": {"pattern": "("}}},
    ],
)
def test_a_schema_that_cannot_be_read_spoils_no_other(site, make_step, inputs):
    site.install("acme", distribution="acme-steps", steps=[{**make_step("acme.count", "acme"), "inputs": inputs}])

    schema = made(site.aetherflow("schema"))

    assert "inputs of step acme.count" in schema["$comment"]
    assert jsonschema_rs.is_valid(schema, flow_of("acme.count", {"a": 1}))
    assert not jsonschema_rs.is_valid(schema, flow_of("zip", {"a": 1}))


def test_without_any_step_no_type_is_right(site):
    site.policy("profiles:\n  none: {extends: internal_fast, plugins: {mode: listed, allow: []}}\n")

    schema = made(site.aetherflow("schema", "--profile", "none"))

    assert not jsonschema_rs.is_valid(schema, flow_of("zip", {}))
    assert jsonschema_rs.is_valid(schema, {"flow": {"id": "f"}, "jobs": []})


def test_it_is_written_into_a_file(site):
    answer = site.aetherflow("schema", "--output", "flow.schema.json", "--json")

    assert answer.json["written"] == "flow.schema.json"
    assert answer.json["profile"] == "internal_fast"
    assert (site.project / "flow.schema.json").read_text() == site.aetherflow("schema").out


def test_a_file_that_cannot_be_written_is_told(site):
    answer = site.aetherflow("schema", "--output", "none/flow.schema.json")

    assert answer.code == 2
    assert "error AF-SCHEMA-FILE:" in answer.err
