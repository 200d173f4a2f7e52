"""What is told of a resource is what a run opens it with: there is one way from what is written to the settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kernel.tests.resolve.test_resources import POSTGRES

from aetherflow.kernel.resolve.environment import take_environment
from aetherflow.kernel.resolve.explanation import explain_resource
from aetherflow.kernel.resolve.redaction import MASK, Redactor
from aetherflow.kernel.resolve.references import ABSENT
from aetherflow.kernel.resolve.resource_profiles import JSON_KEY, read_resource_profiles
from aetherflow.kernel.resolve.resources import ResourceSources, resolve_resources
from aetherflow.kernel.spec.document import parse_document
from aetherflow.kernel.spec.models import Resource

pytestmark = pytest.mark.unit

PROFILES = """\
base:
  config:
    host: "{{env.HOST}}"
    port: "{{env.PORT:5432}}"
    password: "{{env.DB_PASSWORD}}"
    tls: {verify: "{{env.VERIFY:true}}", key: abcdefgh}
  options: {pool: 3, tags: [a, "{{env.HOST}}"], more: {x: 1}}
"""
FLOW = """
resources:
  store:
    profile: base
    config: {host: "db-{{env.HOST}}", keys: {a: "12345678"}, tls: {verify: false}}
    options: {tags: [b, "{{env.HOST}}"], more: {y: !raw "{{env.HOST}}"}, pool: "{{env.POOL}}"}
"""
ENVIRONMENT = {JSON_KEY: PROFILES, "HOST": "example", "DB_PASSWORD": "hunter2-hunter2", "POOL": "7"}


def sources_of(environment):
    taken = take_environment(environment, folder=Path("/"))
    return ResourceSources(
        environment=taken,
        redactor=Redactor(),
        profiles=read_resource_profiles(taken, folder=Path("/")),
        schemas={("db", "postgres"): POSTGRES},
    )


def resource_of(text):
    document = parse_document(text.encode(), "flow.yaml")
    written = document.value["resources"]["store"]
    parts = {section: written.get(section, {}) for section in ("config", "options", "decode")}
    path = ("resources", "store")
    made = Resource(name="store", kind="db", driver="postgres", path=path, profile=written.get("profile"), **parts)
    return made, document


def explained(text=FLOW, **changes):
    resource, document = resource_of(text)
    found = explain_resource(resource, sources_of({**ENVIRONMENT, **changes}), document=document)
    return {setting.name: setting for setting in found.settings}, found


def test_what_is_told_is_what_a_run_gets():
    resource, document = resource_of(FLOW)
    resolved = resolve_resources({"store": resource}, sources_of(ENVIRONMENT), document=document)["store"]
    opened_with = {"config": resolved.config, "options": resolved.options}

    told, found = explained()

    assert found.problems == ()
    compared = 0
    for setting in told.values():
        if setting.source in {"nothing", "driver_default"}:
            continue
        value = opened_with
        for part in setting.path:
            value = value[part]
        assert setting.value == (MASK if setting.is_secret else value), setting.name
        compared += 1
    assert compared == 10


def test_each_setting_has_the_place_where_it_is_written():
    told, _ = explained()

    lines = {"flow.yaml": FLOW.splitlines(), JSON_KEY: PROFILES.splitlines()}
    found = {name: (each.source, each.where) for name, each in told.items() if each.where}
    assert {
        name: (source, where.file, re.match(r"[^,}]*", lines[where.file][where.line - 1][where.column - 1 :])[0])
        for name, (source, where) in found.items()
    } == {
        "config.host": ("flow", "flow.yaml", '"db-{{env.HOST'),
        "config.port": ("template_default", JSON_KEY, '"{{env.PORT:5432'),
        "config.password": ("environment", JSON_KEY, '"{{env.DB_PASSWORD'),
        "config.tls.verify": ("flow", "flow.yaml", "false"),
        "config.tls.key": ("profile", JSON_KEY, "abcdefgh"),
        "config.keys.a": ("flow", "flow.yaml", '"12345678"'),
        "options.pool": ("environment", "flow.yaml", '"{{env.POOL'),
        "options.tags": ("flow", "flow.yaml", "[b"),
        "options.more.x": ("profile", JSON_KEY, "1"),
        "options.more.y": ("flow", "flow.yaml", '!raw "{{env.HOST'),
    }


def test_a_key_that_is_not_set_leaves_the_rest_known_and_typed():
    environment = {key: value for key, value in ENVIRONMENT.items() if key != "HOST"}
    resource, document = resource_of(FLOW)

    found = explain_resource(resource, sources_of(environment), document=document)

    told = {setting.name: setting for setting in found.settings}
    assert (told["config.host"].value, told["config.host"].is_missing) == (ABSENT, True)
    assert (told["config.port"].value, told["options.pool"].value) == (5432, 7)
    assert [name for name, setting in told.items() if setting.is_missing] == ["config.host", "options.tags"]


def test_a_text_that_does_not_fit_is_a_problem_where_it_is_written_and_shows_nothing_of_it():
    told, found = explained(PORT="twenty")

    assert [(each.code, str(each.where)) for each in found.problems] == [("AF-TEXT-TYPE", f"{JSON_KEY}:4:11")]
    assert "twenty" not in str(found.problems)
    assert told["config.port"].value == "twenty"


def test_a_discriminator_that_is_not_known_does_not_unmask_what_it_decides_on():
    secret = {"type": "string", "x-aetherflow": {"secret": True}}
    branch = {"type": "object", "properties": {"type": {"const": "password"}, "word": secret}}
    other = {"type": "object", "properties": {"type": {"const": "none"}}}
    schemas = POSTGRES.__class__(
        config={"type": "object", "properties": {"login": {"anyOf": [branch, other]}}}, options={}
    )
    resource, document = resource_of("resources: {store: {config: {login: {type: '{{env.KIND}}', word: abcdefgh}}}}\n")
    sources = sources_of({})
    sources = ResourceSources(
        environment=sources.environment,
        redactor=sources.redactor,
        profiles={},
        schemas={("db", "postgres"): schemas},
    )

    found = explain_resource(resource, sources, document=document)

    told = {setting.name: setting.value for setting in found.settings}
    assert told["config.login.word"] == MASK
    assert sources.redactor.redact("x abcdefgh") == f"x {MASK}"
