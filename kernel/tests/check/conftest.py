"""A plugin that is installed as any other, in a folder of the test's own: manifest only, no code."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from aetherflow.kernel.check.flow import check_flow
from aetherflow.kernel.check.indexing import index_flow
from aetherflow.kernel.check.rules import Circumstances
from aetherflow.kernel.errors import Problem
from aetherflow.kernel.plugins.index import PluginIndex, build_index
from aetherflow.kernel.policy.choice import decide_profile
from aetherflow.kernel.policy.project import find_project
from aetherflow.kernel.resolve.environment import take_environment
from aetherflow.kernel.resolve.resource_profiles import ResourceProfile, read_resource_profiles
from aetherflow.kernel.spec.document import Document, parse_document
from aetherflow.kernel.spec.flow import read_flow


def closed(properties: dict, *required: str, **more: object) -> dict:
    """The schema of an object that has these keys and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def mended(words: object) -> dict:
    """The mark that says what to write instead."""
    return {"x-aetherflow": {"mend": words}}


TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
COMMAND = closed(
    {
        "command": {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]},
        "shell": {"type": "boolean", "default": False},
        "timeout_seconds": {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]},
        "log": {"$ref": "#/$defs/Log"},
        "day": {"type": "string", "format": "date"},
        "zone": {"anyOf": [{"type": "string", "pattern": "^[A-Z]+$"}, {"type": "null"}], **mended("write capitals")},
        "user": {"type": "string", **mended("write no blanks, or set shell: true")},
        "sink": {"anyOf": [{"$ref": "#/$defs/File"}, {"$ref": "#/$defs/Server"}]},
        "outputs": {"type": "object"},
    },
    "command",
    **{
        "if": {"not": {"required": ["shell"]}},
        "then": {"properties": {"user": {"maxLength": 4}}},
        "$defs": {
            "Log": closed({"stdout": {"enum": ["inherit", "capture"]}, "max_kb": {**WHOLE, "maximum": 1024}}),
            "File": closed({"kind": {"const": "file"}, "path": TEXT}, "kind", "path"),
            "Server": closed({"kind": {"const": "server"}, "host": TEXT, "port": WHOLE}, "kind", "host"),
        },
    },
)


def step(name: str, inputs: dict, outputs: dict, **more: object) -> dict:
    return {"name": f"acme.{name}", "target": "acme_steps:x", "inputs": inputs, "outputs": outputs, **more}


def connector(kind: str, protocol: str, config: dict) -> dict:
    return {
        "kind": kind,
        "driver": "acme",
        "target": "acme_steps:x",
        "protocol": protocol,
        "config": config,
        "options": closed({}),
    }


#: The source is another word for the file; with mode upsert there is a key, and with a script no text.
STORE = closed(
    {
        "mode": {"enum": ["append", "upsert"]},
        "key": {"type": "array", "items": TEXT},
        "text": {"anyOf": [TEXT, {"type": "null"}]},
        "script": {"anyOf": [TEXT, {"type": "null"}]},
        "file": TEXT,
        "source": {**TEXT, "x-aetherflow": {"same_as": "file"}},
        "title": {**TEXT, "x-aetherflow": {"seen": True}},
        "token": {**TEXT, "x-aetherflow": {"secret": True}},
        "names": {"type": "object", "properties": {"taken": False}, **mended("choose another name")},
        "more": {"type": "object", "properties": {"log": {"$ref": "#/$defs/Log"}}},
    },
    allOf=[
        {
            "if": {"required": ["mode"], "properties": {"mode": {"const": "upsert"}}},
            "then": {"required": ["key"], "properties": {"key": {"minItems": 1}}, **mended("name a key")},
        },
        {
            "if": {"required": ["script"], "properties": {"script": {"not": {"const": None}}}},
            "then": {"properties": {"text": {"const": None, **mended("give one of both")}}},
        },
    ],
    **{
        "$defs": {
            "Log": {
                "type": "object",
                "if": {"required": ["kind"], "properties": {"kind": {"const": "file"}}},
                "then": {"required": ["path"], **mended("name a file")},
            }
        }
    },
)
DATABASE = {"type": "string", "x-aetherflow": {"resource": "Database"}}
SQL = {"type": "string", "x-aetherflow": {"values_in": "params"}}
MANIFEST = {
    "manifest": 1,
    "interface": "1.0",
    "name": "acme",
    "steps": [
        step(
            "count",
            closed({"items": {"type": "array"}, "least": WHOLE}, "items"),
            closed({"count": WHOLE, "has_data": {}, "names": {"type": "array"}}),
            rerun="SAFE",
            may_skip=False,
        ),
        step(
            "send", closed({"to": TEXT, "all": {"type": "array", "items": TEXT}}), closed({"sent": WHOLE}), rerun="ONCE"
        ),
        step("command", COMMAND, closed({"exit_code": WHOLE}), outputs_from={"keys_of": "inputs.outputs"}),
        step(
            "query",
            closed(
                {"resource": {"anyOf": [DATABASE, {"type": "null"}]}, "sql": SQL, "params": {"type": "object"}}, "sql"
            ),
            closed({"rows": WHOLE}),
        ),
        step("store", STORE, closed({})),
        step("copy", closed({"pairs": {"type": "array", "items": closed({"to": DATABASE}, "to")}}), closed({})),
        step(
            "lock",
            closed({"key": TEXT, "step": {"type": "object", "x-aetherflow": {"inner_step": True}}}, "key", "step"),
            {"type": "object"},
            outputs_from={"step": "inputs.step"},
        ),
        step(
            "log_in",
            closed({}),
            closed({"user": TEXT, "session": {"type": "string", "x-aetherflow": {"secret": True}}}),
        ),
        step(
            "program",
            closed(
                {
                    "file": {"type": "string", "x-aetherflow": {"path": "read"}},
                    "args": {"type": "array", "items": TEXT, "x-aetherflow": {"command_line": True}},
                    "env": {"type": "object", "additionalProperties": TEXT},
                }
            ),
            closed({}),
        ),
        step("open", {"type": "object"}, {"type": "object"}),
        step("remote", {"type": "object", "$ref": "https://schemas.example/x.json"}, {"type": "object"}),
    ],
    "connectors": [
        connector("db", "Database", closed({"path": TEXT, "size": WHOLE}, "path")),
        connector(
            "mail",
            "Mailer",
            closed(
                {"host": TEXT, "user": TEXT, "password": {"type": "string", "x-aetherflow": {"secret": True}}},
                **{"if": {"required": ["user"]}, "then": {"required": ["password"], **mended("give a password")}},
            ),
        ),
    ],
}


@pytest.fixture(scope="session")
def plugin_index(tmp_path_factory: pytest.TempPathFactory) -> PluginIndex:
    folder = tmp_path_factory.mktemp("site")
    (folder / "acme_steps").mkdir()
    (folder / "acme_steps" / "aetherflow_plugin.json").write_text(json.dumps(MANIFEST))
    (folder / "acme_steps" / "__init__.py").write_text("raise RuntimeError('checking imports no plugin')")
    metadata = folder / "acme_steps-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-steps\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[aetherflow.plugins]\nacme = acme_steps\n")
    project = find_project(folder)
    profile = decide_profile(project, environ={}, administrator_file=folder / "none.yaml")
    return build_index(profile, search_path=[str(folder)])


class Checker:
    """Checks a flow written as text."""

    def __init__(self, index: PluginIndex) -> None:
        self._index = index
        self.document: Document
        self.notes: tuple[Problem, ...] = ()

    def __call__(
        self,
        text: str,
        *,
        environment: dict[str, str] | None = None,
        profiles: Mapping[str, object] | None = MappingProxyType({}),
        strict: bool = False,
        scheduled: bool = False,
    ) -> tuple[Problem, ...]:
        """What is wrong; what is not known is in `notes`."""
        self.document = parse_document(textwrap.dedent(text).encode(), "f.yaml")
        found = check_flow(
            index_flow(read_flow(self.document)),
            index=self._index,
            environment=environment or {},
            resource_profiles=None if profiles is None else self._profiles(profiles),
            strict_environment=strict,
            circumstances=Circumstances(is_scheduled=scheduled),
        )
        self.notes = tuple(problem for problem in found if problem.severity == "note")
        return tuple(problem for problem in found if problem.severity != "note")

    @staticmethod
    def _profiles(settings: Mapping[str, object]) -> Mapping[str, ResourceProfile]:
        """Profiles with these settings, as the environment may hold them."""
        environment = take_environment({"AETHERFLOW_PROFILES_JSON": json.dumps({**settings})}, folder=Path())
        return read_resource_profiles(environment, folder=Path())

    def at(self, problem: Problem) -> str:
        """The text from where the problem stands."""
        assert problem.where is not None
        return self.document.line(problem.where.line)[problem.where.column - 1 :]


@pytest.fixture
def check(plugin_index: PluginIndex) -> Checker:
    return Checker(plugin_index)


@pytest.fixture
def check_step(check: Checker) -> Callable[..., tuple[Problem, ...]]:
    """Checks one step in a flow that has two resources and a parameter."""

    def run(step_text: str, **options: object) -> tuple[Problem, ...]:
        return check(STEP_FLOW.format(step=step_text), **options)

    return run


STEP_FLOW = """\
flow: {{id: x}}
params: {{day: {{type: date}}, any: {{type: object}}}}
resources:
  warehouse: {{kind: db, driver: acme, config: {{path: x}}}}
  post: {{kind: mail, driver: acme}}
jobs:
  - id: j
    steps:
      - {{id: s, {step}}}
"""
