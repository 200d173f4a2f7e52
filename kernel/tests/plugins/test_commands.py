"""Commands of plugins: known from manifests, called once their plugin is let in."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from aetherflow.kernel.api import CommandContext
from aetherflow.kernel.cli.commands import FIRST_WORDS
from aetherflow.kernel.contracts.interface import RESERVED_COMMANDS
from aetherflow.kernel.errors import InvalidInput
from aetherflow.kernel.plugins.index import build_index

#: Leaves a file when it is imported, and contributes one command that does as it is told.
CODE = """
import os
import pathlib

pathlib.Path(os.environ["CANARIES"], __name__).touch()

from aetherflow.kernel.api import (
    AetherFlowError, CommandContext, CommandParameter, Effect, InvalidInput, PluginCommand, hookimpl,
)


def hello(context, name, times, tags, loud):
    if name == "wrong":
        raise InvalidInput("that is no name", code="AF-ACME-NAME", help="write another")
    if name == "broken":
        raise ValueError("it broke")
    if name == "exit":
        raise SystemExit(0)
    if name.startswith("code"):
        return {"code7": 7, "codeless": None, "code999": 999, "codetrue": True}[name]
    told = {"name": name, "times": times, "tags": tags, "loud": loud, "profile": context.profile}
    told["home"] = context.environment.get("HELLO_TOKEN")
    if context.as_json:
        context.say_json(told)
    else:
        context.say(f"hello {name} {told['home']}")


@hookimpl
def aetherflow_commands():
    return [
        PluginCommand(
            name="hello",
            summary="Greet [bold]somebody[/bold].",
            run=hello,
            parameters=(
                CommandParameter(name="name", kind="argument", help="Whom [red]to greet.", is_required=True),
                CommandParameter(name="times", kind="text", help="How often."),
                CommandParameter(name="tags", kind="texts", help="Tags."),
                CommandParameter(name="loud", kind="flag", help="Shout."),
            ),
            effects=frozenset({Effect.NETWORK}),
        )
    ]
"""
COMMAND = {
    "name": "hello",
    "target": "acme:hello",
    "summary": "Greet [bold]somebody[/bold].",
    "effects": ["network"],
    "parameters": [
        {"name": "name", "kind": "argument", "help": "Whom [red]to greet.", "is_required": True},
        {"name": "times", "kind": "text", "help": "How often."},
        {"name": "tags", "kind": "texts", "help": "Tags."},
        {"name": "loud", "kind": "flag", "help": "Shout."},
    ],
}
HOOKS = ["aetherflow_commands"]


def install(site, name="acme", **changes):
    command = {**COMMAND, "target": f"{name}:hello", **changes.pop("command", {})}
    given = {"code": CODE, "steps": [], "hooks": HOOKS, "commands": [command], **changes}
    return site.install(name, **given)


def errors(answer):
    return [(error["code"], error["message"]) for error in answer.json["errors"]]


@pytest.mark.parametrize("arguments", [["--help"], [], ["hello", "--help"], ["hello"], ["hello", "a", "--nope"]])
def test_help_and_mistakes_in_a_line_import_no_plugin(site, arguments):
    install(site)
    site.install("unmanifested", manifest=False)
    folder = site.project / "local"
    folder.mkdir()
    (folder / "steps.py").write_text("import os, pathlib; pathlib.Path(os.environ['CANARIES'], 'local').touch()")
    answer = site.aetherflow(*arguments, AETHERFLOW_PLUGIN_PATHS="local")
    assert site.imported() == []
    assert "pluggy" not in answer.modules
    if "hello" not in arguments:
        assert "hello" in answer.out
        assert "Greet [bold]somebody[/bold]. (plugin acme)" in answer.out
    elif "--help" in arguments:
        assert answer.code == 0
        assert all(told in answer.out for told in ("Whom [red]to greet.", "--times", "--loud", "--profile", "--json"))
    else:
        assert answer.code == 2


def test_command_gets_its_parameters_and_answers_in_json(site):
    install(site)
    answer = site.aetherflow("hello", "Ada", "--tags", "a", "--tags", "b", "--loud", "--json")
    told = {"name": "Ada", "times": None, "tags": ["a", "b"], "loud": True, "profile": None, "home": None}
    assert (answer.code, answer.json) == (0, told)
    assert site.imported() == ["acme"]
    spelt_for_typer = site.aetherflow("hello", "--times=2", "--", "Ada")
    assert (spelt_for_typer.code, spelt_for_typer.out) == (0, "hello Ada None\n")


def test_secret_of_the_environment_is_masked_in_what_a_command_says(site):
    install(site)
    for arguments in (["hello", "Ada"], ["hello", "Ada", "--json"]):
        answer = site.aetherflow(*arguments, HELLO_TOKEN='correct "horse" bättery')
        assert answer.code == 0
        assert "***" in answer.out
        assert "horse" not in answer.out


@pytest.mark.parametrize(("name", "code"), [("code7", 7), ("codeless", 0)])
def test_what_a_command_returns_is_the_exit_code(site, name, code):
    install(site)
    assert site.aetherflow("hello", name).code == code


@pytest.mark.parametrize(
    ("name", "code", "error"),
    [
        ("wrong", 2, ("AF-ACME-NAME", "that is no name")),
        ("broken", 1, ("AF-PLUGIN-BROKEN", "plugin acme broke while its command hello was called: ValueError: it broke")),
        ("exit", 1, ("AF-PLUGIN-BROKEN", "plugin acme broke while its command hello was called: SystemExit: 0")),
        ("code999", 1, ("AF-PLUGIN-CONTRACT", "plugin acme ended its command 'hello' with 999, which is no exit code")),
        ("codetrue", 1, ("AF-PLUGIN-CONTRACT", "plugin acme ended its command 'hello' with True, which is no exit code")),
    ],
)  # fmt: skip
def test_what_a_command_raises_is_told_without_a_traceback(site, name, code, error):
    install(site)
    answer = site.aetherflow("hello", name, "--json")
    assert (answer.code, errors(answer)) == (code, [error])
    for_people = site.aetherflow("hello", name)
    assert for_people.code == code
    assert f"error {error[0]}: {error[1]}" in for_people.err
    assert "Traceback" not in for_people.err


@pytest.mark.parametrize("rule", ["acme", "dist:acme", "command:hello", "command:h*", "effect:network"])
@pytest.mark.parametrize("arguments", [["Ada"], ["--help"]])
def test_command_that_is_denied_is_refused_with_the_rule_and_not_imported(site, rule, arguments):
    install(site)
    site.policy(f'profiles: {{internal_fast: {{plugins: {{deny: ["{rule}"]}}}}}}\n')
    answer = site.aetherflow("hello", *arguments)
    assert answer.code == 3
    assert "error AF-PLUGIN-DENIED: command 'hello' of plugin acme may not be used" in answer.err
    assert f'deny "{rule}" (aetherflow.yaml:1)' in answer.err
    assert "hello" not in site.aetherflow("--help").out
    assert site.imported() == []


def test_profile_that_is_asked_for_decides_before_the_plugin_is_imported(site):
    install(site)
    site.policy("profiles: {careful: {extends: internal_fast, plugins: {deny: [acme]}}}\n")
    assert site.aetherflow("hello", "Ada", "--profile", "careful").code == 3
    assert site.imported() == []
    assert site.aetherflow("hello", "Ada").code == 0


def test_policy_of_the_project_of_the_flow_that_a_command_is_about_is_asked_too(site):
    parameters = [{**COMMAND["parameters"][0], "is_flow": True}, *COMMAND["parameters"][1:]]
    code = CODE.replace("is_required=True)", "is_required=True, is_flow=True)")
    install(site, code=code, command={"parameters": parameters})
    other = site.project / "other"
    other.mkdir()
    (other / "aetherflow.yaml").write_text(
        "profiles: {careful: {extends: internal_fast, plugins: {deny: ['command:hello']}}, mild: {extends: internal_fast}}\n"
    )
    refused = site.aetherflow("hello", "other/flow.yaml", "--profile", "careful")
    assert refused.code == 3
    assert 'deny "command:hello" (other/aetherflow.yaml:1)' in refused.err
    assert site.imported() == []
    assert site.aetherflow("hello", "other/flow.yaml", "--profile", "mild").code == 0
    assert site.aetherflow("hello", "flow.yaml", "--profile", "mild").code == 3
    site.policy("profiles: {internal_fast: {plugins: {deny: [acme]}}}\n")
    assert site.aetherflow("hello", "other/flow.yaml").code == 3


def test_allow_list_names_a_command(site):
    install(site)
    site.policy(
        'profile: p\nprofiles: {p: {extends: internal_fast, plugins: {mode: listed, allow: ["command:hello"]}}}\n'
    )
    assert site.aetherflow("hello", "Ada").code == 0


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"interface": "1.9"}, "incompatible: needs plugin API 1.9"),
        ({"command": {"name": "run"}}, "conflict: command 'run' is reserved to the kernel"),
        ({"command": {"name": "graph"}}, "conflict: command 'graph' is reserved to aetherflow-plugin-graph"),
    ],
)
def test_command_of_a_plugin_that_is_not_ready_says_why(site, changes, state):
    install(site, "acme", **changes)
    listed = {each["name"]: each for each in site.aetherflow("plugins", "list", "--json").json}["acme"]
    assert f"{listed['state']}: {listed['why']}".startswith(state)
    if "interface" in changes:
        answer = site.aetherflow("hello", "Ada", "--json")
        assert (answer.code, errors(answer)[0][0]) == (1, "AF-PLUGIN-INCOMPATIBLE")
        assert f"command 'hello' of plugin acme can't be used: plugin acme is {state}" in errors(answer)[0][1]
    assert site.imported() == []


def test_command_of_the_name_of_a_plugin_whose_manifest_is_not_readable_says_so(site):
    site.install("hello", manifest="{")
    answer = site.aetherflow("hello", "Ada")
    assert answer.code == 1
    assert "error AF-PLUGIN-INVALID: command 'hello' can't be used: plugin hello is invalid" in answer.err


def test_one_command_of_two_plugins_is_a_conflict_for_both(site):
    install(site, "acme")
    install(site, "other")
    answer = site.aetherflow("hello", "Ada")
    assert answer.code == 1
    assert "error AF-PLUGIN-CONFLICT" in answer.err
    assert "command hello is also claimed by" in answer.err
    assert site.imported() == []


@pytest.mark.parametrize(
    "command",
    [
        {"parameters": COMMAND["parameters"][:3]},
        {"parameters": [*COMMAND["parameters"][:3], {"name": "loud", "kind": "text", "help": "Shout."}]},
        {"effects": []},
        {"name": "greet"},
    ],
)
def test_command_that_is_not_as_the_manifest_says_is_not_called(site, command):
    install(site, command=command)
    answer = site.aetherflow(command.get("name", "hello"), "Ada", "--json")
    assert (answer.code, errors(answer)[0][0]) == (1, "AF-PLUGIN-MANIFEST-STALE")


@pytest.mark.parametrize(("word", "told"), [("rnu", "did you mean 'run'?"), ("helo", "did you mean 'hello'?")])
def test_word_that_is_no_command_is_told_with_the_nearest(site, word, told):
    install(site)
    answer = site.aetherflow(word, "--json")
    assert answer.code == 2
    assert answer.json["errors"][0]["code"] == "AF-USAGE"
    assert answer.json["errors"][0]["help"] == told


def test_command_of_a_plugin_of_this_repository_that_is_not_installed_says_how_to_get_it(site):
    with pytest.raises(InvalidInput) as caught:
        build_index(site.profile(), search_path=[str(site.folder)]).command("graph")
    assert caught.value.problem.help == "pip install aetherflow-plugin-graph"


def test_policy_that_is_not_readable_keeps_nobody_from_the_help(site):
    install(site)
    site.policy("profiles: [\n")
    answer = site.aetherflow("--help")
    assert answer.code == 0
    assert "validate" in answer.out
    assert "warning AF-" in answer.err
    assert "commands of plugins are not listed" in answer.err
    assert site.aetherflow("hello", "Ada").code == 3


@pytest.mark.parametrize(
    "arguments", [["--version"], ["locks", "list"], ["run", "--help"], ["runs", "list", "--nope"], ["validate", "x"]]
)
def test_command_of_the_kernel_looks_for_no_commands_of_plugins(site, arguments):
    install(site)
    answer = site.aetherflow(*arguments)
    assert "aetherflow.kernel.cli.plugin_commands" not in answer.modules
    if arguments[0] != "validate":  # which looks at the plugins itself, once
        assert "aetherflow.kernel.plugins.discovery" not in answer.modules


def test_answer_that_nobody_takes_ends_quietly(site):
    install(
        site,
        code=CODE.replace("    if name ==", "    for _ in range(100_000): context.say('x' * 100)\n    if name ==", 1),
    )
    program = "from aetherflow.kernel.cli.program import run_program; run_program(['hello', 'Ada'])"
    environment = {"PYTHONPATH": ":".join([str(site.folder), *filter(None, sys.path)]), "CANARIES": str(site.canaries)}
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment,
        cwd=site.project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        running.stdout.read(10)
        running.stdout.close()
        told = running.stderr.read()
        assert (running.wait(60), told) == (0, b"")


def test_author_of_a_command_sees_in_a_test_what_it_says():
    texts = []
    context = CommandContext(write=texts.append)
    context.say("hello")
    context.say_json({"a": ["b"]})
    assert (texts[0], json.loads(texts[1])) == ("hello\n", {"a": ["b"]})
    assert (context.as_json, context.profile, dict(context.environment)) == (False, None, {})


def test_every_first_word_of_the_kernel_is_reserved():
    assert set(FIRST_WORDS) <= RESERVED_COMMANDS


def test_page_of_a_plugin_shows_its_commands(site):
    install(site)
    site.policy('profiles: {internal_fast: {plugins: {deny: ["command:hello"]}}}\n')
    site.install("beside", steps=[], hooks=HOOKS, commands=[{**COMMAND, "name": "beside", "target": "beside:x"}])
    page = site.aetherflow("plugins", "show", "beside").out
    assert "command beside\n  Greet [bold]somebody[/bold].\n  effects: network\n  parameters:\n" in page
    assert "    name     argument, required  Whom [red]to greet.\n    --times  text  How often.\n" in page
    shown = site.aetherflow("plugins", "show", "acme", "--json").json
    assert [(each["name"], each["denied"]) for each in shown["commands"]] == [
        ("hello", 'deny "command:hello" (aetherflow.yaml:1)')
    ]


def test_manifest_is_made_from_the_code_and_compared_with_it(site):
    package = install(site)
    made = site.aetherflow("plugins", "manifest", "acme").json
    assert made["commands"] == [COMMAND]
    assert site.aetherflow("plugins", "manifest", "acme", "--check").code == 0
    written = json.loads((package / "aetherflow_plugin.json").read_text())
    written["commands"][0]["parameters"][1]["help"] = "Something else."
    (package / "aetherflow_plugin.json").write_text(json.dumps(written))
    stale = site.aetherflow("plugins", "manifest", "acme", "--check")
    assert stale.code == 1
    assert "commands.hello.parameters: differs" in stale.err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("'hello'", "gives a str as a command"),
        ("PluginCommand(name='Hello', summary='', run=hello)", "whose name 'Hello' is none"),
        ("PluginCommand(name='hello', summary='', run=print)", "whose run is"),
        ("PluginCommand(name='hello', summary='', run=hello, parameters=('x',))", "whose parameters are none"),
        ("PluginCommand(name='hello', summary='', run=hello, effects={'x'})", "whose effects are no set of Effect"),
        ("PluginCommand(name='hello', summary='', run=lambda context: 0)", "fits no manifest"),
    ],
)
def test_what_is_no_command_is_told_to_its_author(site, given, told):
    code = CODE.partition("@hookimpl")[0] + f"@hookimpl\ndef aetherflow_commands():\n    return [{given}]\n"
    install(site, code=code)
    answer = site.aetherflow("plugins", "manifest", "acme", "--json")
    assert (answer.code, errors(answer)[0][0]) == (1, "AF-PLUGIN-CONTRACT")
    assert told in errors(answer)[0][1]
