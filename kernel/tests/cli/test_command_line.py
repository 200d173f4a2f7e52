"""What the quick reader of command lines reads means the same to typer, and the rest is typer's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from aetherflow.kernel.cli import typer_program
from aetherflow.kernel.cli.command_line import read_command_line
from aetherflow.kernel.cli.command_records import Command, Parameter
from aetherflow.kernel.cli.commands import AS_JSON, COMMANDS, PROFILE
from aetherflow.kernel.errors import ExitCode

pytestmark = pytest.mark.unit

#: A command as a plugin may have it: with what no command of the kernel has.
OF_PLUGIN = Command(
    ("draw",),
    "",
    "Draw.",
    (
        Parameter("flow", "argument", "", is_required=True),
        Parameter("second", "argument", ""),
        Parameter("long_name", "text", "", option="--long-name", is_required=True),
        Parameter("tags", "texts", "", is_required=True),
        Parameter("steps", "flag", ""),
        PROFILE,
        AS_JSON,
    ),
    plugin="acme",
)
WORDS = sorted(
    {word for command in (*COMMANDS, OF_PLUGIN) for word in command.words}
    | {
        spelling
        for command in (*COMMANDS, OF_PLUGIN)
        for parameter in command.parameters
        for spelling in parameter.spellings
    }
    | {"flow.yaml", "a=1", "--", "-", "-x", "--help", "--json=true", "--run-id=r", "", "nope", "--flow", "0"}
)


def as_typer_reads(arguments, monkeypatch):
    """The call that typer makes of a command line, null where it makes none."""
    calls = []

    def note(command, values, environ):
        calls.append((command, values))
        return ExitCode.DONE

    monkeypatch.setattr(typer_program, "call", note)
    try:
        typer_program.make_app({}, (OF_PLUGIN,))(args=arguments, standalone_mode=False)
    except BaseException:  # noqa: BLE001 - typer refuses in many ways
        return None
    return calls[0] if calls else None


@settings(max_examples=300, deadline=None)
@given(command=st.sampled_from((*COMMANDS, OF_PLUGIN, OF_PLUGIN)), rest=st.lists(st.sampled_from(WORDS), max_size=6))
def test_what_is_read_here_means_the_same_to_typer(command, rest):
    arguments = [*command.words, *rest]
    found = read_command_line(arguments, (command,)) if command.plugin else read_command_line(arguments)
    if found is None:
        return
    with pytest.MonkeyPatch.context() as patch:
        read, values = as_typer_reads(arguments, patch)
    assert read is found.command
    assert {name: value or None for name, value in values.items()} == {
        name: value or None for name, value in found.values.items()
    }


def test_command_of_a_plugin_is_read_without_typer():
    line = ["draw", "f", "--long-name", "x", "--tags", "a", "--tags", "b", "--json"]
    found = read_command_line(line, (OF_PLUGIN,))
    assert found is not None
    assert found.values == {
        "flow": "f",
        "second": None,
        "long_name": "x",
        "tags": ["a", "b"],
        "steps": False,
        "profile": None,
        "as_json": True,
    }
    with pytest.MonkeyPatch.context() as patch:
        assert as_typer_reads(line, patch) == (OF_PLUGIN, found.values)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "f.yaml"],
        ["run", "--flow-yaml", "f.yaml", "--param", "a=1", "--param", "b=2", "--run-id", "r", "--json"],
        ["validate", "f.yaml", "--profile", "p"],
        ["validate", "-v", "f.yaml", "g.yaml", "--github", "h.yaml"],
        ["schema", "--output", "flow.schema.json"],
        ["plugins", "list", "--json", "--import"],
        ["plugins", "manifest", "--check", "folder"],
    ],
)
def test_usual_command_lines_are_read_without_typer(arguments):
    assert read_command_line(arguments) is not None


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["run", "--help"],
        ["run", "a", "b"],
        ["run", "a", "--nope"],
        ["run", "a", "--run-id"],
        ["run", "a", "--run-id", "--json"],
        ["run", "a", "--run-id", "x", "--run-id", "y"],
        ["plugins"],
        ["plugins", "show"],
        ["plugins", "nope"],
        ["run", "--", "a"],
    ],
)
def test_everything_else_is_left_to_typer(arguments):
    assert read_command_line(arguments) is None


def test_completion_is_typers(monkeypatch):
    monkeypatch.setenv("_AETHERFLOW_COMPLETE", "complete_bash")
    assert read_command_line(["run", "f.yaml"]) is None
