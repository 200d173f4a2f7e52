"""`aetherflow explain`, as a process on real projects."""

from __future__ import annotations

import base64
import json

import pytest

pytestmark = pytest.mark.acceptance

#: One for each way in which a secret can get into a resource; none of them may be seen anywhere.
CANARIES = {
    "DB_PASSWORD": "canary-environment",
    "ENCODED": base64.b64encode(b"canary-decoded").decode(),
    "DB_URL": "sqlserver://user:canary-url-7@db.example/x",
    "PLAIN_PIN": '{"name": "n", "pin": "canary-json"}',
    "LONG_TOKEN": "canary-token",
}
HOOK = """
    from pathlib import Path

    Path("ran").touch()


    def decode(text):
        return text
    """


def explained(answer, name="store"):
    return {field["field"]: field for field in answer["resources"][name]["fields"]}


def sources(answer):
    return {name: (field["value"], field["source"], field["line"]) for name, field in explained(answer).items()}


def test_each_field_is_told_with_where_it_comes_from(place):
    place.write(
        "settings/profiles.yaml",
        """
        warehouse:
          config:
            host: db.example
            user: "{{env.DB_USER}}"
            port: "{{env.DB_PORT:1500}}"
            password: "{{env.DB_PASSWORD}}"
        """,
    )
    place.flow(
        "  store:\n"
        "    {kind: db, driver: acme, profile: warehouse,\n"
        "     config: {host: other.example, login: {name: 'me-{{env.DB_USER}}'}}}\n"
    )
    environ = {"AETHERFLOW_PROFILES_FILE": "settings/profiles.yaml", "DB_USER": "reader"}

    answer, told = place.both("explain", "flow.yaml", **environ)

    assert sources(answer) == {
        "config.host": ("other.example", "flow", 6),
        "config.port": (1500, "template_default", 6),
        "config.user": ("reader", "environment", 5),
        "config.password": (None, "environment", 7),
        "config.url": (None, "nothing", None),
        "config.login.name": ("me-reader", "flow", 6),
        "config.login.pin": (None, "nothing", None),
        "options.pool": (None, "nothing", None),
    }
    resource = answer["resources"]["store"]
    assert resource["plugin"] == {"name": "acme", "distribution": "acme", "version": "1.0"}
    assert (resource["kind"], resource["driver"], resource["profile"]) == ("db", "acme", "warehouse")
    assert (resource["profile_file"], resource["profile_line"]) == ("settings/profiles.yaml", 2)
    assert resource["missing"] == ["config.password"]
    assert explained(answer)["config.user"]["keys"] == [
        {"key": "DB_USER", "set_in": "the environment of the process", "has_default": False, "is_default_used": False}
    ]
    assert explained(answer)["config.user"]["file"] == "settings/profiles.yaml"
    assert "Resource: store (db/acme) profile=warehouse" in told
    assert "acme 1.0 (acme)" in told
    lines = [line.split(maxsplit=1) for line in told.splitlines() if line.startswith("  config")]
    shown = dict(lines)
    assert shown["config.host"].split(maxsplit=1) == ["other.example", "flow flow.yaml:6"]
    assert shown["config.password"].startswith("MISSING")
    assert "DB_PASSWORD is not set" in shown["config.password"]
    assert "None" not in told


def test_a_driver_default_and_a_nested_one_are_told(place):
    place.flow("  store: {kind: db, driver: acme, config: {host: h}, options: {pool: {colour: red}}}\n")

    answer, _ = place.both("explain", "flow.yaml")

    told = explained(answer)
    assert (told["config.port"]["value"], told["config.port"]["source"]) == (1433, "driver_default")
    assert (told["options.pool.size"]["value"], told["options.pool.size"]["source"]) == (5, "driver_default")
    assert told["options.pool.colour"]["value"] == "red"


def test_an_empty_key_leaves_the_default_in_force_and_is_told_to_be_empty(place):
    place.flow("  store: {kind: db, driver: acme, config: {host: '{{env.DB_HOST:local}}'}}\n")

    answer, told = place.both("explain", "flow.yaml", DB_HOST="")

    assert sources(answer)["config.host"] == ("local", "template_default", 4)
    assert "DB_HOST is empty in the environment of the process" in told


@pytest.mark.parametrize("command", ["explain", "doctor", "diagnostics"])
def test_no_secret_is_seen_whichever_way_it_came(place, command):
    place.write("hook.py", HOOK)
    place.write(
        "profiles.yaml",
        """
        encoded:
          config: {password: "{{env.ENCODED}}"}
          decode: {config: {password: true}}
        """,
    )
    place.write(".env", f"DB_PASSWORD='{CANARIES['DB_PASSWORD']}'\n")
    place.flow(
        "  one: {kind: db, driver: acme, config: {host: h, password: '{{env.DB_PASSWORD}}', url: '{{env.DB_URL}}'}}\n"
        "  two: {kind: db, driver: acme, config: {host: canary-literal, password: canary-literal}}\n"
        "  three: {kind: db, driver: acme, config: {host: h, user: '{{env.LONG_TOKEN}}', login: {pin: canary-pin}}}\n"
        "  four: {kind: db, driver: acme, config: {host: h, login: '{{env.PLAIN_PIN}}'}}\n"
        "  five: {kind: db, driver: acme, profile: encoded, config: {host: h}}\n"
        "  six: {kind: db, driver: acme, config: {host: h, login: !raw {pin: 'no!'}}}\n"
        "  seven:\n"
        "    kind: db\n"
        "    driver: acme\n"
        "    config: {host: h, login: !raw {name: 'no?'}}\n"
        "    decode: {config_paths: [login.name]}\n"
    )
    environ = {
        **{key: value for key, value in CANARIES.items() if key != "DB_PASSWORD"},
        "AETHERFLOW_PROFILES_FILE": "profiles.yaml",
        "AETHERFLOW_SECRETS_PATH": "hook.py",
        "AETHERFLOW_ENV_FILES_JSON": '[{"type": "dotenv", "path": ".env"}]',
        "AETHERFLOW_UNKNOWN_THING": "canary-unknown",
    }

    answer, told = place.both(command, "flow.yaml", **environ)

    everything = told + json.dumps(answer)
    assert "canary" not in everything
    assert "no!" not in everything
    assert "no?" not in everything
    assert CANARIES["ENCODED"] not in everything
    assert not (place.folder / "ran").exists()
    place.assert_nothing_was_touched()


def test_what_is_masked_is_still_told_by_its_origin(place):
    place.write("hook.py", HOOK)
    place.flow(
        "  store: {kind: db, driver: acme, config: {host: h, password: '{{env.ENCODED}}', url: '{{env.DB_URL}}'},"
        " decode: {config_paths: [password]}}\n"
    )

    answer, told = place.both("explain", "flow.yaml", AETHERFLOW_SECRETS_PATH="hook.py", **CANARIES)

    password = explained(answer)["config.password"]
    assert (password["value"], password["is_secret"], password["is_decoded"]) == ("***", True, True)
    assert password["decoded_by"] == str(place.folder / "hook.py")
    assert [key["key"] for key in password["keys"]] == ["ENCODED"]
    assert explained(answer)["config.url"]["value"] == "sqlserver://user:***@db.example/x"
    assert answer["resources"]["store"]["decode"] == {"config_paths": ["password"]}
    assert f"decoded by {place.folder / 'hook.py'}" in told


def test_where_no_plugin_knows_the_driver_what_is_named_like_a_secret_is_masked(place):
    place.flow("  store: {kind: db, driver: nobody, config: {host: h, api_key: canary, nested: [{token: canary}]}}\n")

    answer, told = place.both("explain", "flow.yaml", code=2)

    assert sources(answer)["config.host"][0] == "h"
    assert sources(answer)["config.nested"][0] == [{"token": "***"}]
    assert answer["resources"]["store"]["plugin"] is None
    assert "none that may be used" in told
    # Nor in the line of the flow that is shown with the error.
    assert "canary" not in told + json.dumps(answer)
    assert "api_key: ***" in told


def test_a_value_from_a_key_that_is_named_like_a_secret_is_masked_however_short_it_is(place):
    place.flow("  store: {kind: db, driver: acme, config: {host: h, user: '{{env.MY_TOKEN}}'}}\n")

    answer, told = place.both("explain", "flow.yaml", MY_TOKEN="q7q")

    assert sources(answer)["config.user"] == ("***", "environment", 4)
    assert "q7q" not in told + json.dumps(answer)


def test_one_resource_alone_can_be_asked_for(place):
    place.flow(
        "  one: {kind: db, driver: acme, config: {host: a}}\n  two: {kind: db, driver: acme, config: {host: b}}\n"
    )

    answer, told = place.both("explain", "flow.yaml", "--resource", "two")

    assert list(answer["resources"]) == ["two"]
    assert "Resource: one" not in told

    wrong, told = place.both("explain", "flow.yaml", "--resource", "tow", code=2)

    assert wrong["errors"][0]["code"] == "AF-UNKNOWN-RESOURCE"
    assert "did you mean 'two'?" in told


def test_a_flow_without_resources_is_told_to_have_none(place):
    place.flow()

    answer, told = place.both("explain", "flow.yaml")

    assert answer["resources"] == {}
    assert "no resources" in told


def test_an_invalid_flow_is_told_at_its_place_and_explained_as_far_as_it_can_be_read_d41(place):
    place.flow(
        "  store: {kind: db, driver: acme, config: {host: h}}\n",
        steps="jobs:\n  - id: main\n    steps:\n      - {id: one, type: acme.cuont, inputs: {text: a}}\n",
    )

    answer, told = place.both("explain", "flow.yaml", code=2)

    assert [(error["code"], error["line"]) for error in answer["errors"]] == [("AF-UNKNOWN-STEP", 8)]
    assert "flow.yaml:8:25: error AF-UNKNOWN-STEP" in told
    assert "help: did you mean 'acme.count'?" in told
    assert sources(answer)["config.host"] == ("h", "flow", 4)


def test_a_denied_connector_is_a_refusal_and_its_secrets_are_masked_d41(place):
    place.write("aetherflow.yaml", "profiles:\n  internal_fast:\n    plugins: {deny: ['connector:db:acme']}\n")
    place.flow("  store: {kind: db, driver: acme, config: {host: h, login: {pin: canary}}}\n")

    answer, told = place.both("explain", "flow.yaml", code=3)

    assert sources(answer)["config.login.pin"][0] == "***"
    assert "canary" not in told + json.dumps(answer)
    assert [error["code"] for error in answer["errors"]] == ["AF-PLUGIN-DENIED"]


@pytest.mark.parametrize(
    ("profile", "code", "told_at"),
    [
        ("config: {user: '{{enw.X}}'}", "AF-TEMPLATE-ROOT", "profiles.yaml:1:"),
        ("decode: {confg: {}}", "AF-DECODE", "profiles.yaml:1:"),
        ("config: {port: 'x{{env.P:1}}'}", None, ""),
        ("decode: {config: {user: true, passwrd: true}}, config: {user: x}", "AF-DECODE", "profiles.yaml:1:"),
    ],
)
def test_what_is_wrong_in_a_profile_is_told_in_its_file(place, profile, code, told_at):
    place.write("profiles.yaml", f"warehouse: {{{profile}}}\n")
    place.write("hook.py", HOOK)
    place.flow("  store: {kind: db, driver: acme, profile: warehouse, config: {host: h}}\n")
    environ = {"AETHERFLOW_PROFILES_FILE": "profiles.yaml", "AETHERFLOW_SECRETS_PATH": "hook.py"}

    answer, told = place.both("explain", "flow.yaml", code=2 if code else 0, **environ)

    assert [error["code"] for error in answer["errors"]] == ([code] if code else [])
    assert told_at in told


@pytest.mark.parametrize(
    ("host", "code"), [("{{env.HOME.X}}", "AF-UNKNOWN-REFERENCE"), ("{{enw.X}}", "AF-TEMPLATE-ROOT")]
)
def test_a_template_that_can_not_be_rendered_is_told_once(place, host, code):
    place.flow(f"  store: {{kind: db, driver: acme, config: {{host: '{host}'}}}}\n")

    answer, _ = place.both("explain", "flow.yaml", code=2, HOME="/")

    assert [error["code"] for error in answer["errors"]] == [code]


def test_an_unknown_profile_is_told_once(place):
    place.flow("  store: {kind: db, driver: acme, profile: nowhere, config: {host: h}}\n")

    answer, _ = place.both("explain", "flow.yaml", code=2)

    assert [error["code"] for error in answer["errors"]] == ["AF-PROFILE-UNKNOWN"]
    assert answer["errors"][0]["line"] == 4
    assert answer["resources"]["store"]["fields"] == []


def test_without_a_flow_the_command_says_so(place):
    answer, told = place.both("explain", code=2)

    assert answer["errors"][0]["code"] == "AF-USAGE"
    assert "aetherflow explain FLOW" in told


def test_warnings_do_not_break_the_document_d42(place):
    place.flow("  store: {kind: db, driver: acme, config: {host: '{{env.NOT_SET}}'}}\n")

    machine = place.aetherflow("explain", "flow.yaml", "--json")

    answer = json.loads(machine.out)
    assert [warning["code"] for warning in answer["warnings"]] == ["AF-ENV-MISSING"]
    assert (machine.code, answer["ok"], answer["resources"]["store"]["missing"]) == (0, True, ["config.host"])
