"""The tables of the documentation and the code tell the same."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer.main

from aetherflow.kernel import api
from aetherflow.kernel.cli.command_program import as_command
from aetherflow.kernel.cli.command_records import Command
from aetherflow.kernel.cli.typer_program import make_app
from aetherflow.kernel.errors import ExitCode
from aetherflow.kernel.resolve.settings import Settings
from aetherflow.kernel.spec import models
from aetherflow.scheduler.cli.commands import COMMANDS
from aetherflow.scheduler.schedules.items import ITEM_KEYS
from tests.docs.pages import ROOT, prose_of, section_of

pytestmark = pytest.mark.unit

DOCS = ROOT / "docs"
#: A code as it stands in a source: in quotes, or in front of a message.
CODE = re.compile(r'[" ](AF-[A-Z]+(?:-[A-Z]+)*)[":]')
ROW = re.compile(r"^\| \[?`(AF-[A-Z-]+)`(?:\]\(#[a-z-]+\))? \|", re.MULTILINE)
FIRST_CELL = re.compile(r"^\| `([^`]+)`", re.MULTILINE)


#: Fields of a flow that do not stand in its block `flow`.
AT_THE_TOP = {"document", "version", "parameters", "resources", "path", "jobs", "on_failure", "finally_"}


def codes_of_sources() -> set[str]:
    sources = [
        *ROOT.glob("kernel/src/**/*.py"),
        *ROOT.glob("scheduler/src/**/*.py"),
        *ROOT.glob("plugins/*/src/**/*.py"),
    ]
    return {code for source in sources for code in CODE.findall(source.read_text(encoding="utf-8"))}


def first_cells(page: Path, heading: str) -> list[str]:
    return FIRST_CELL.findall(section_of(page, heading))


def test_every_error_code_is_explained_and_nothing_else() -> None:
    explained = ROW.findall(prose_of(DOCS / "errors.md"))

    assert len(explained) == len(set(explained)), "a code is explained twice"
    assert sorted(codes_of_sources() - set(explained)) == [], "not explained in docs/errors.md"
    assert sorted(set(explained) - codes_of_sources()) == [], "explained, and in no source"


def test_every_exit_code_is_in_the_table() -> None:
    told = {int(cell) for cell in first_cells(DOCS / "cli.md", "## Exit codes")}

    assert told == {int(code) for code in ExitCode}


def commands(group: Any, name: str) -> list[tuple[str, Any]]:
    below = getattr(group, "commands", {})
    inner = [found for key, command in below.items() for found in commands(command, f"{name} {key}")]
    return inner or [(name, group)]


@pytest.mark.parametrize(("name", "command"), commands(typer.main.get_command(make_app({})), "aetherflow"))
def test_a_command_is_told_with_all_of_its_options(name: str, command: Any) -> None:
    told = first_cells(DOCS / "cli.md", f"### `{name}`")
    options = {option for each in command.params for option in each.opts if option.startswith("--")} - {"--help"}

    assert {cell.split()[0] for cell in told if cell.startswith("-")} == options


@pytest.mark.parametrize("command", [as_command(each) for each in COMMANDS], ids=lambda command: command.words[0])
def test_a_command_of_the_scheduler_is_told_with_all_of_its_options(command: Command) -> None:
    told = first_cells(DOCS / "scheduler-cli.md", f"### `aetherflow-scheduler {command.words[0]}`")
    options = {each.spelling for each in command.parameters if not each.is_argument}

    assert {cell.split()[0] for cell in told if cell.startswith("-")} == options


def test_every_key_of_an_item_of_a_schedule_is_in_its_table() -> None:
    rows = re.findall(r"^\| (`.+?) \|", section_of(DOCS / "scheduler.md", "### An item"), re.MULTILINE)
    # Told beside the table: another word for a key, and what is refused so far.
    beside = {"flow", "bundle_manifest", "allow_stale_bundle"}

    assert {key for row in rows for key in re.findall(r"`(\w+)`", row)} == set(ITEM_KEYS.known) - beside


def test_every_setting_is_in_the_table() -> None:
    assert set(first_cells(DOCS / "cli.md", "### Settings")) == {field.name for field in fields(Settings)}


@pytest.mark.parametrize(
    ("heading", "model", "not_keys"),
    [
        ("### The block `flow`", models.Flow, AT_THE_TOP),
        ("### A parameter", models.Parameter, {"name", "path", "has_default"}),
        ("### A resource", models.Resource, {"name", "path"}),
        ("### A job", models.Job, {"path"}),
        ("### A step", models.Step, {"path"}),
        ("### Retry", models.Retry, {"path"}),
        ("## Foreach", models.Foreach, {"path"}),
    ],
)
def test_every_key_of_a_flow_is_in_its_table(heading: str, model: type, not_keys: set[str]) -> None:
    keys = {field.name for field in fields(model)} - not_keys

    assert {cell.split(".")[0] for cell in first_cells(DOCS / "flow.md", heading)} == keys


@pytest.mark.parametrize(
    "manifest", sorted(ROOT.glob("plugins/*/src/*/aetherflow_plugin.json")), ids=lambda path: path.parent.name
)
def test_every_input_and_output_of_a_plugin_is_on_its_page(manifest: Path) -> None:
    described = json.loads(manifest.read_text(encoding="utf-8"))
    page = prose_of(manifest.parents[2] / "README.md")
    for step in described["steps"]:
        section = re.split(rf"^## .*`{re.escape(step['name'])}`.*$", page, flags=re.MULTILINE)[1].split("\n## ")[0]
        told = [cell.split(".")[0] for cell in FIRST_CELL.findall(section)]
        names = [*step["inputs"].get("properties", {}), *step["outputs"].get("properties", {})]
        assert sorted(set(told)) == sorted(set(names)), step["name"]


@pytest.mark.parametrize(
    "manifest", sorted(ROOT.glob("plugins/*/src/*/aetherflow_plugin.json")), ids=lambda path: path.parent.name
)
def test_every_command_of_a_plugin_is_told_with_its_options(manifest: Path) -> None:
    for command in json.loads(manifest.read_text(encoding="utf-8")).get("commands", ()):
        told = first_cells(manifest.parents[2] / "README.md", f"## `aetherflow {command['name']}`")
        own = {
            each["name"].replace("_", "-") for each in command["parameters"] if not each["kind"].startswith("argument")
        }
        assert {cell.split()[0] for cell in told} == {f"--{name}" for name in own | {"profile", "json"}}
        assert command["name"] in prose_of(DOCS / "cli.md")


def test_every_name_of_the_public_interface_is_told() -> None:
    section = section_of(DOCS / "plugins.md", "## What the interface has")

    assert set(re.findall(r"`(\w+)`", section)) >= set(api.__all__)
