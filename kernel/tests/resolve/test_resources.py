from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

import pytest

from aetherflow.kernel.errors import InvalidInput, RefusedByPolicy
from aetherflow.kernel.resolve.environment import take_environment
from aetherflow.kernel.resolve.redaction import MASK, Redactor
from aetherflow.kernel.resolve.resource_profiles import FILE_KEY, JSON_KEY, merge_settings, read_resource_profiles
from aetherflow.kernel.resolve.resources import ConnectorSchemas, ResourceSources, resolve_resources
from aetherflow.kernel.resolve.secrets import load_secrets_hook
from aetherflow.kernel.resolve.settings import Settings
from aetherflow.kernel.spec.document import parse_document
from aetherflow.kernel.spec.models import Resource

CANARY = "CaNaRy-7f3a91-{{x}}"
PLAIN = "CaNaRy-in-plain"
POSTGRES = ConnectorSchemas(
    config={
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "host": {"type": "string"},
            "port": {"type": "integer"},
            "password": {"anyOf": [{"$ref": "#/$defs/Secret"}, {"type": "null"}]},
            "url": {"type": "string"},
            "tls": {"type": "object", "properties": {"verify": {"type": "boolean"}, "key": {"$ref": "#/$defs/Secret"}}},
            "keys": {"type": "object", "x-aetherflow": {"secret": True}},
        },
        "$defs": {"Secret": {"type": "string", "x-aetherflow": {"secret": True}}},
    },
    options={"type": "object", "properties": {"pool": {"type": "integer"}}},
)
HOOK = """
from base64 import b64decode  # D49: another function in the module is fine
from pathlib import Path


def decode(text):
    return b64decode(text).decode()
"""


@pytest.fixture
def hook(tmp_path):
    def load(source=HOOK, **keywords):
        path = tmp_path / "hook.py"
        path.write_text(source)
        return load_secrets_hook(Settings(secrets_path=path), **{"allowed": True, **keywords})

    return load


def encoded(text):
    import base64

    return base64.b64encode(text.encode()).decode()


class Bench:
    """Resolves the resources of a text."""

    def __init__(self, text, hook=None, **environment):
        self.redactor = Redactor()
        self.document = parse_document(text.encode(), "flow.yaml")
        self.environment = take_environment(environment, folder=Path("/"))
        self.hook = hook

    def resolve(self):
        resources = {
            name: Resource(
                name=name,
                kind=written["kind"],
                driver=written["driver"],
                path=("resources", name),
                profile=written.get("profile"),
                **{section: written.get(section, {}) for section in ("config", "options", "decode")},
            )
            for name, written in self.document.value["resources"].items()
        }
        sources = ResourceSources(
            environment=self.environment,
            redactor=self.redactor,
            profiles=read_resource_profiles(self.environment, folder=Path("/")),
            hook=self.hook,
            schemas={("db", "postgres"): POSTGRES},
        )
        return resolve_resources(resources, sources, document=self.document)

    def problems(self):
        with pytest.raises(InvalidInput) as raised:
            self.resolve()
        assert CANARY not in "".join(map(str, raised.value.problems))
        assert CANARY not in "".join(traceback.format_exception(raised.value))
        return raised.value.problems


def flow(config="{}", **more):
    rest = "".join(f"    {key}: {value}\n" for key, value in more.items())
    return f"resources:\n  w:\n    kind: db\n    driver: postgres\n    config: {config}\n{rest}"


# --------------------------------------------------------------------------------------------------------------------
# Templates and types
# --------------------------------------------------------------------------------------------------------------------


def test_templates_are_rendered_and_typed_by_the_schema_of_the_connector():
    bench = Bench(
        flow(
            "{host: 'db-{{env.STAGE}}', port: '{{env.PORT:5432}}', tls: {verify: '{{env.V}}'}}",
            options="{pool: '{{env.P}}'}",
        ),
        STAGE="prod",
        V="false",
        P="4",
    )
    resource = bench.resolve()["w"]
    assert (resource.name, resource.kind, resource.driver) == ("w", "db", "postgres")
    assert resource.config == {"host": "db-prod", "port": 5432, "tls": {"verify": False}}
    assert resource.options == {"pool": 4}


def test_a_driver_without_a_schema_gets_texts():
    bench = Bench("resources: {r: {kind: x, driver: y, config: {port: '{{env.PORT}}'}}}", PORT="1")
    assert bench.resolve()["r"].config == {"port": "1"}


def test_all_problems_of_all_resources_are_told_with_their_places():
    text = flow("{port: '{{env.PORT}}', host: '{{env.NO}}', url: '{{params.x}}'}") + (
        "  v:\n    kind: db\n    driver: postgres\n    profile: nope\n  u:\n    kind: db\n    driver: postgres\n"
        "    config: {port: '{{env.PORT}}'}\n"
    )
    found = Bench(text, PORT=CANARY).problems()
    assert [(problem.path, problem.where.line) for problem in found] == [
        (("resources", "w", "config", "url"), 5),
        (("resources", "v", "profile"), 9),
        (("resources", "u", "config", "port"), 13),
    ]
    assert str(found[0].where).startswith("flow.yaml:")


def test_a_resource_does_not_show_its_settings():
    """D22."""
    bench = Bench(
        flow("{password: '{{env.X}}'}", profile="p"),
        X=CANARY,
        **{JSON_KEY: json.dumps({"p": {"config": {"url": PLAIN}}})},
    )
    resource = bench.resolve()["w"]
    assert resource.config == {"url": PLAIN, "password": CANARY}
    for shown in (resource, bench.environment, read_resource_profiles(bench.environment, folder=Path("/"))):
        assert CANARY not in repr(shown)
        assert PLAIN not in repr(shown)


# --------------------------------------------------------------------------------------------------------------------
# Profiles
# --------------------------------------------------------------------------------------------------------------------


def test_a_profile_is_filled_in_under_the_resource():
    profiles = {"p": {"config": {"host": "h", "tls": {"verify": True, "key": "k"}}, "options": {"pool": 1}}}
    bench = Bench(flow("{tls: {verify: false}, url: u}", profile="p"), **{JSON_KEY: json.dumps(profiles)})
    resource = bench.resolve()["w"]
    assert resource.config == {"host": "h", "tls": {"verify": False, "key": "k"}, "url": "u"}
    assert resource.options == {"pool": 1}


def resource_with(**sections):
    empty = {"config": {}, "options": {}, "decode": {}}
    return Resource(name="r", kind="k", driver="d", path=("resources", "r"), **{**empty, **sections})


def test_merging_replaces_lists_and_joins_the_paths_to_decode(tmp_path):
    (tmp_path / "profiles.yaml").write_text(
        "p:\n  config: {hosts: [a, b], deep: {x: 1, y: 2}}\n"
        "  decode: {config: {deep: {x: true, y: true}}, config_paths: [a, b.c]}\nempty:\n"
    )
    environment = take_environment({FILE_KEY: "profiles.yaml"}, folder=tmp_path)
    profiles = read_resource_profiles(environment, folder=tmp_path)
    merged = merge_settings(
        resource_with(
            config={"hosts": ["c"], "deep": {"y": None}},
            decode={"config": {"deep": {"y": False}}, "config_paths": ["b.c", "d"]},
        ),
        profiles["p"],
    )
    assert merged.config == {"hosts": ["c"], "deep": {"x": 1, "y": None}}
    assert merged.decode == {"config": {"deep": {"x": True, "y": False}}, "config_paths": ["a", "b.c", "d"]}
    assert profiles["p"].config == {"hosts": ["a", "b"], "deep": {"x": 1, "y": 2}}
    assert merge_settings(resource_with(config={"a": 1}), profiles["empty"]).config == {"a": 1}


def test_a_problem_in_a_profile_is_told_with_its_place_in_the_profiles(tmp_path):
    profiles = tmp_path / "profiles.yaml"
    profiles.write_text("p:\n  config:\n    host: h\n    port: '{{env.PORT}}'\n")
    bench = Bench(flow("{url: u}", profile="p"), **{FILE_KEY: str(profiles), "PORT": CANARY})
    (found,) = bench.problems()
    assert (found.where.file, found.where.line) == (str(profiles), 4)
    assert found.path == ("resources", "w", "config", "port")


def test_an_unknown_profile_is_an_error_with_the_nearest():
    """D40: it was taken for an empty one."""
    bench = Bench(flow(profile="warehuose"), **{JSON_KEY: '{"warehouse": {}}'})
    (found,) = bench.problems()
    assert found.code == "AF-PROFILE-UNKNOWN"
    assert "'warehouse'" in found.help
    assert found.where.line == 6


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        "{p: [1]}",
        "{p: {confg: {}}}",
        "{p: {config: 1}}",
        "{p: {}, p: {}}",
        "{p: {password: '" + CANARY + "'}}",
        "{p: {config: '" + CANARY + "'}}",
        "'" + CANARY,
    ],
)
def test_profiles_that_are_none_are_refused_without_their_values(text):
    """D22."""
    found = Bench(flow(), **{JSON_KEY: text}).problems()
    assert found[0].where.file == JSON_KEY


def test_profiles_come_from_one_place_only(tmp_path):
    (found,) = Bench(flow(), **{JSON_KEY: "{}", FILE_KEY: "x"}).problems()
    assert "Set only one of" in found.message


# --------------------------------------------------------------------------------------------------------------------
# Decoding
# --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "decode",
    [
        "{config: {password: true, port: true, tls: {key: true, verify: false}, host: null}}",
        "{config_paths: [password, port, tls.key]}",
        "{config: {password: true}, config_paths: [password, port, tls.key]}",
    ],
)
def test_the_fields_named_are_decoded_and_typed(hook, decode):
    bench = Bench(
        flow("{host: plain, password: '{{env.P}}', port: '{{env.N}}', tls: {key: '{{env.K}}'}}", decode=decode),
        hook(),
        P=encoded(CANARY),
        N=encoded("5432"),
        K=encoded(CANARY + "2"),
    )
    config = bench.resolve()["w"].config
    assert config == {"host": "plain", "password": CANARY, "port": 5432, "tls": {"key": CANARY + "2"}}


def test_what_a_resource_does_not_set_is_passed_over(hook):
    bench = Bench(flow("{host: h}", decode="{config: {password: true}}"), hook())
    assert bench.resolve()["w"].config == {"host": "h"}


def test_every_text_below_a_decoded_mapping_is_decoded(hook):
    bench = Bench(
        flow("{keys: {a: '" + encoded("one") + "', b: ['" + encoded("two") + "']}}", decode="{config: {keys: true}}"),
        hook(),
    )
    assert bench.resolve()["w"].config == {"keys": {"a": "one", "b": ["two"]}}


def test_a_decode_without_a_hook_is_an_error():
    """D23: the encoded value went to the server as the password."""
    (found,) = Bench(flow("{password: '{{env.P}}'}", decode="{config: {password: true}}"), P=CANARY).problems()
    assert found.code == "AF-DECODE"
    assert "AETHERFLOW_SECRETS_MODULE" in found.help
    assert found.where.line == 6


@pytest.mark.parametrize("value", ["'x{{env.P}}'", "'{{env.P}} '", "'{{env.P}}{{env.P}}'", "' {{ env.P:d }}'", "'a}}'"])
def test_a_token_with_text_around_it_can_not_be_decoded(hook, value):
    """D22: the error showed the whole configuration."""
    bench = Bench(flow(f"{{password: {value}}}", decode="{config: {password: true}}"), hook(), P=CANARY)
    (found,) = bench.problems()
    assert found.message.endswith(
        "Decode target must be a standalone template token like '{{TOKEN}}' (no prefix/suffix)."
    )
    assert found.where.line == 5


def test_the_merged_resource_is_what_is_checked(hook):
    profiles = {"p": {"config": {"password": "x{{env.P}}"}, "decode": {"config": {"password": True}}}}
    bench = Bench(flow(profile="p"), hook(), **{JSON_KEY: json.dumps(profiles), "P": CANARY})
    (found,) = bench.problems()
    assert found.where.file == JSON_KEY


@pytest.mark.parametrize(
    ("decode", "code"),
    [
        ("{config: {pasword: true}}", "AF-DECODE"),
        ("{config_paths: [tls.., port]}", "AF-DECODE"),
        ("{config: {password: 'yes'}}", "AF-DECODE"),
        ("{config: true}", "AF-DECODE"),
        ("{confg: {password: true}}", "AF-DECODE"),
        ("{config: {port: true}}", "AF-DECODE"),
    ],
)
def test_a_decode_that_can_not_be_done_is_an_error_at_its_place(hook, decode, code):
    bench = Bench(flow("{password: '{{env.P}}', port: 5432}", decode=decode), hook(), P=CANARY)
    assert {problem.code for problem in bench.problems()} == {code}


RAISING = f"""
def decode(text):
    raise ValueError("no such key for " + text + " {CANARY}")
"""
LEAVING = f"""
import sys
def decode(text):
    sys.exit("{CANARY}")
"""
BYTES = """
def decode(text):
    return text.encode()
"""


@pytest.mark.parametrize("source", [RAISING, LEAVING, BYTES], ids=["raises", "exits", "gives bytes"])
def test_a_hook_that_fails_is_told_by_the_field_and_not_by_the_value(hook, source):
    """D22, S28: message, traceback and cause of the hook may hold the value."""
    bench = Bench(flow("{password: '{{env.P}}'}", decode="{config: {password: true}}"), hook(source), P=CANARY)
    with pytest.raises(InvalidInput) as raised:
        bench.resolve()
    assert "config.password can't be decoded" in raised.value.problem.message
    error = raised.value
    while error is not None:
        assert CANARY not in str(error)
        error = error.__context__
    (found,) = bench.problems()
    assert found.path == ("resources", "w", "config", "password")


# --------------------------------------------------------------------------------------------------------------------
# The hook
# --------------------------------------------------------------------------------------------------------------------


def test_a_hook_with_decode_alone_keeps_the_contract(hook):
    """D49: validate took it, the run did not; any other function in the module was an error."""
    assert hook().decode(encoded("x"), ("config",)) == "x"


def test_expand_env_feeds_resources_only_and_what_it_adds_is_secret(hook):
    """D49: what it added was missing in the run."""
    source = HOOK + f'\ndef expand_env(values):\n    values["ADDED"] = "{CANARY}"\n    return values\n'
    bench = Bench(flow("{url: '{{env.ADDED}}', host: '{{env.HOST}}'}"), hook(source), HOST="localhost")
    assert bench.resolve()["w"].config == {"url": CANARY, "host": "localhost"}
    assert "ADDED" not in bench.environment.values
    assert bench.redactor.redact(f"at {CANARY} of localhost") == f"at {MASK} of localhost"


@pytest.mark.parametrize("body", ["return None", "return {'A': 1}", f"raise ValueError('{CANARY}')"])
def test_an_expand_env_that_fails_is_told_without_its_words(hook, body):
    bench = Bench(flow(), hook(HOOK + f"\ndef expand_env(values):\n    {body}\n"))
    (found,) = bench.problems()
    assert found.code == "AF-SECRETS-HOOK"


@pytest.mark.parametrize(
    "source", ["x = 1\n", "decode = 5\n", HOOK + "expand_env = 1\n", f"raise ValueError('{CANARY}')\n", "def x(:\n"]
)
def test_a_hook_that_does_not_keep_the_contract_is_refused(hook, source):
    with pytest.raises(InvalidInput) as raised:
        hook(source)
    assert raised.value.problem.code == "AF-SECRETS-HOOK"
    assert CANARY not in str(raised.value.problem)


def test_a_hook_that_is_not_allowed_is_refused_and_never_executed(hook, tmp_path):
    mark = tmp_path / "executed"
    source = f"open({str(mark)!r}, 'w').close()\n" + HOOK
    with pytest.raises(RefusedByPolicy):
        hook(source, allowed=False)
    assert not mark.exists()
    assert hook(source) is not None
    assert mark.exists()


def test_no_hook_is_named_and_none_is_loaded():
    assert load_secrets_hook(Settings(), allowed=False) is None


def test_a_module_wins_over_a_file(tmp_path, monkeypatch):
    (tmp_path / "acme_hook_for_test.py").write_text("def decode(text):\n    return 'module ' + text\n")
    (tmp_path / "hook.py").write_text(HOOK)
    monkeypatch.syspath_prepend(tmp_path)
    settings = Settings(secrets_module="acme_hook_for_test", secrets_path=tmp_path / "hook.py")
    loaded = load_secrets_hook(settings, allowed=True)
    monkeypatch.delitem(sys.modules, "acme_hook_for_test")
    assert loaded is not None
    assert loaded.decode("x", ()) == "module x"


@pytest.mark.parametrize(
    "settings", [Settings(secrets_module="acme_no_such_hook"), Settings(secrets_path=Path("/no/such.py"))]
)
def test_a_hook_that_is_not_there_is_an_error(settings):
    with pytest.raises(InvalidInput, match="can't be imported"):
        load_secrets_hook(settings, allowed=True)


# --------------------------------------------------------------------------------------------------------------------
# What the redactor learns
# --------------------------------------------------------------------------------------------------------------------


REVERSING = "def decode(text):\n    return text[::-1]\n"


def test_decoded_values_and_declared_secrets_are_known_before_their_first_use(hook):
    """D22, S9."""
    values = {name: f"{name}-Canary-7f3a91" for name in ("decoded", "field", "deep", "leaf", "url%21", "ENVIRON")}
    bench = Bench(
        flow(
            "{host: '{{env.H}}', password: " + values["field"] + ", tls: {key: '{{env.D}}'}, "
            "keys: {a: [" + values["leaf"] + "]}, url: 'pg://me:" + values["url%21"] + "@h/db'}",
            decode="{config: {host: true}}",
        ),
        hook(REVERSING),
        H=values["decoded"][::-1],
        D=values["deep"],
        MY_PASSWORD=values["ENVIRON"],
    )
    assert bench.resolve()["w"].config["host"] == values["decoded"]
    for value in (*values.values(), values["decoded"][::-1], "url!-Canary-7f3a91"):
        assert bench.redactor.redact(f"<{value}>") == f"<{MASK}>"
    assert bench.redactor.redact("pg://me@h/db plain") == "pg://me@h/db plain"


def test_secrets_are_known_even_when_decoding_fails(hook):
    text = flow("{password: " + PLAIN + ", host: '{{env.H}}'}", decode="{config: {host: true}}")
    bench = Bench(text, hook(RAISING), H=CANARY)
    bench.problems()
    assert bench.redactor.redact(f"{PLAIN} {CANARY}") == f"{MASK} {MASK}"


def test_secrets_are_known_even_when_resolving_fails_later(hook):
    bench = Bench(flow("{password: " + PLAIN + ", port: '{{env.N}}'}"), N="x")
    bench.problems()
    assert bench.redactor.redact(PLAIN) == MASK
