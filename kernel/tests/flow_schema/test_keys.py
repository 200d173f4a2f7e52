"""The keys that the schema knows are those that flows are read by, and no value is refused that reading takes."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import jsonschema_rs
import pytest

from aetherflow.kernel import spec
from aetherflow.kernel.errors import InvalidInput
from aetherflow.kernel.flow_schema.keys import flow_keys, key_definitions, resource_keys, step_keys
from aetherflow.kernel.flow_schema.values import TEXT
from aetherflow.kernel.flow_schema.whole import TEMPLATE_DEFINITIONS
from aetherflow.kernel.spec.document import parse_document
from aetherflow.kernel.spec.fields import Fields, Reading
from aetherflow.kernel.spec.misfits import Misfit

pytestmark = pytest.mark.unit

#: Where in the schema each kind of mapping stands.
PLACES = {
    "a flow": "",
    "`flow`": "/properties/flow",
    "`workspace`": "/properties/flow/properties/workspace",
    "`layout`": "/properties/flow/properties/workspace/properties/layout",
    "`state`": "/properties/flow/properties/state",
    "`locks`": "/properties/flow/properties/locks",
    "`concurrency`": "/properties/flow/properties/concurrency",
    "a parameter": "/$defs/parameter",
    "a job": "/$defs/job",
    "a step": "/$defs/step",
    "a resource": "/$defs/resource",
    "`retry`": "/$defs/retry",
    "`foreach`": "/$defs/foreach",
    "`decode`": "/$defs/resource/properties/decode",
}
#: Values of all kinds, at the limits of the numbers and beside them.
PROBES = [
    *(None, True, False, 0, 1, 2, 5, 4, -1, 1024, 1025, 1000, 1001, 0.5, 1.5, 366 * 24 * 3600, 366 * 24 * 3600 + 1),
    *(
        "",
        "x",
        "a b",
        "a.b",
        "-a",
        "a/b",
        "../a",
        "A" * 64,
        "A" * 65,
        "on_success",
        "sqlite",
        "flow",
        "SAFE",
        "skip_job",
    ),
    *("integer", "string", "AF-X*", "af-x", "UTC", "db", "true", "7"),
    *([], ["x"], ["AF-X*"], [1], [[]], {}, {"x": 1}, {"x": []}, {"a b": []}, {"x": True}, {"x": {"y": None}}),
    *({"id": "x"}, {"items": []}, {"matrix": {}}, {"max_attempts": 1}, {"max_attempts": 0}, {"type": "integer"}),
    *({"id": "x", "type": "t"}, {"config_paths": ["a"]}, {"scope": "job", "ttl_seconds": 4}, {"root": None}),
]
#: What only reading knows: by kind of mapping and key.
KNOWN_TO_READING_ALONE = {
    ("`flow`", "timezone"): "which time zones there are",
}


def all_fields() -> dict[str, Fields]:
    modules = [import_module(f"{spec.__name__}.{each.name}") for each in pkgutil.iter_modules(spec.__path__)]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Fields)]
    return {fields.noun: fields for fields in found}


FIELDS = all_fields()


@pytest.fixture(scope="module")
def schema() -> dict:
    definitions = {
        **TEMPLATE_DEFINITIONS,
        **key_definitions(),
        "step": step_keys(TEXT),
        "resource": resource_keys(TEXT),
    }
    return {**flow_keys(), "$defs": definitions}


def part_of(schema: dict, place: str) -> dict:
    for name in place.split("/")[1:]:
        schema = schema[name]
    return schema


def test_every_kind_of_mapping_has_its_place():
    assert FIELDS.keys() == PLACES.keys()


@pytest.mark.parametrize("noun", PLACES)
def test_a_mapping_has_the_keys_that_reading_knows_and_refuses_others(schema, noun):
    part = part_of(schema, PLACES[noun])

    assert list(part["properties"]) == list(FIELDS[noun].known)
    assert set(part.get("required", ())) == FIELDS[noun].required
    assert part["additionalProperties"] is False


@pytest.mark.parametrize("noun", PLACES)
def test_a_mapping_and_its_keys_are_described(schema, noun):
    part = part_of(schema, PLACES[noun])

    assert all(each["description"].endswith((".", "SKIPPED.")) for each in (part, *part["properties"].values()))


@pytest.mark.parametrize(("noun", "key"), [(noun, key) for noun in PLACES for key in FIELDS[noun].known])
def test_a_value_is_refused_where_reading_refuses_it_and_nowhere_else(schema, noun, key):
    place = f"#/$defs/whole{PLACES[noun]}/properties/{key}"
    whole = {"$ref": place, "$defs": {**schema["$defs"], "whole": schema}}
    validator = jsonschema_rs.validator_for(whole)
    for probe in PROBES:
        is_read = reading_takes(FIELDS[noun].known[key].shape, probe)
        if (noun, key) in KNOWN_TO_READING_ALONE and not is_read:
            continue
        assert validator.is_valid(probe) == is_read, f"{probe!r}: reading {'takes' if is_read else 'refuses'} it"


def reading_takes(shape, value) -> bool:
    reading = Reading(parse_document(b"", "probe.yaml"))
    try:
        shape(reading, value, ())
    except (Misfit, InvalidInput):
        return False
    return not reading.problems
