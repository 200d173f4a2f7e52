"""Programs of other distributions: what theirs commands get and say, and how a line that is wrong is answered."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from aetherflow.kernel.api import CommandContext

pytestmark = pytest.mark.acceptance

#: A program with two commands; leaves the names of its modules behind.
PROGRAM = """
import atexit, os, sys
from aetherflow.kernel.api import (
    CommandParameter, InvalidInput, Location, PluginCommand, Problem, run_command_program,
)

if "MODULES" in os.environ:
    atexit.register(lambda: open(os.environ["MODULES"], "w").write("\\n".join(sys.modules)))


def fetch(context, town, streets, tags, dry_run, from_):
    if town == "nowhere":
        raise InvalidInput("there is no town 'nowhere'", code="AF-ACME-TOWN", help="write Berlin")
    if town == "broken":
        raise ValueError("it broke")
    if town == "wrong":
        where = Location("towns.txt", 2, 3)
        problems = [
            Problem(code="AF-ACME-TYPO", message="Berlln?", severity="warning", where=where, help="write Berlin"),
        ]
        context.say_problems(problems)
        context.say_problems(problems, form="github")
        return 2
    if town == "seven":
        return 7
    told = {"town": town, "streets": streets, "tags": tags, "dry_run": dry_run, "from": from_, "is_terminal": context.is_terminal}
    context.say_beside(f"fetching with {context.environment.get('ACME_TOKEN')}")
    if context.as_json:
        context.say_json(told)
    else:
        context.say_table(["town", "count"], [[town, str(len(streets))], ["x\\x1b[2J", ""]], numbers={"count"})


def count(context):
    while True:
        context.say("line")


run_command_program(
    name="acme-towns",
    summary="Look at [towns] from afar.",
    distribution="aetherflow-kernel",
    commands=[
        PluginCommand(
            name="fetch",
            summary="Fetch [towns].",
            run=fetch,
            parameters=(
                CommandParameter(name="town", kind="argument", help="Which.", is_required=True),
                CommandParameter(name="streets", kind="arguments", help="Its streets."),
                CommandParameter(name="tags", kind="texts", help="Tags.", metavar="TAG"),
                CommandParameter(name="dry_run", kind="flag", help="Do nothing."),
                CommandParameter(name="from_", kind="text", help="Since when."),
            ),
        ),
        PluginCommand(name="count", summary="Count.", run=count),
    ],
)
"""


@dataclass
class Towns:
    """The program, in a file."""

    file: Path
    environ: dict[str, str]

    def command(self, *arguments):
        return [sys.executable, str(self.file), *arguments]

    def __call__(self, *arguments, **environ):
        return subprocess.run(
            self.command(*arguments),
            env={**self.environ, **environ},
            cwd=self.file.parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def towns(tmp_path):
    file = tmp_path / "acme-towns"
    file.write_text(PROGRAM)
    names = ("PATH", "HOME", "LANG")
    return Towns(file, {"TERM": "dumb", **{name: os.environ[name] for name in names if name in os.environ}})


def test_command_gets_what_the_line_says(towns):
    answer = towns("fetch", "Berlin", "A", "B", "--tags", "x", "--tags", "y", "--dry-run", "--from", "May", "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout) == {
        "town": "Berlin",
        "streets": ["A", "B"],
        "tags": ["x", "y"],
        "dry_run": True,
        "from": "May",
        "is_terminal": False,
    }
    spelt_for_typer = towns("fetch", "--tags=x", "--json", "--from=June", "--", "Berlin")
    assert json.loads(spelt_for_typer.stdout) == {
        "town": "Berlin",
        "streets": [],
        "tags": ["x"],
        "dry_run": False,
        "from": "June",
        "is_terminal": False,
    }


def test_table_is_aligned_and_cannot_move_the_cursor(towns):
    assert towns("fetch", "Berlin", "A").stdout == "town    count\nBerlin      1\nx?[2J\n"


def test_what_a_command_returns_is_the_exit_code(towns):
    assert towns("fetch", "seven").returncode == 7


def test_secret_of_the_environment_is_masked_on_standard_error_too(towns):
    answer = towns("fetch", "Berlin", ACME_TOKEN="horse-battery")
    assert answer.stderr == "fetching with ***\n"


def test_error_is_one_message_with_code_and_help(towns):
    answer = towns("fetch", "nowhere")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == "error AF-ACME-TOWN: there is no town 'nowhere'\nhelp: write Berlin\n"
    as_json = towns("fetch", "nowhere", "--json")
    assert (as_json.returncode, as_json.stderr) == (2, "")
    assert json.loads(as_json.stdout)["errors"][0]["code"] == "AF-ACME-TOWN"


def test_problem_is_told_with_its_line_and_as_an_annotation(towns):
    (towns.file.parent / "towns.txt").write_text("Hamburg\n  Berlln\n")
    answer = towns("fetch", "wrong")
    assert answer.returncode == 2
    assert answer.stderr == (
        "towns.txt:2:3: warning AF-ACME-TYPO: Berlln?\n   2 |   Berlln\n     |   ^\nhelp: write Berlin\n"
    )
    annotation = "::warning file=towns.txt,line=2,col=3,title=AF-ACME-TYPO::Berlln?%0Ahelp: write Berlin\n"
    assert answer.stdout == annotation


def test_fault_of_a_command_is_told_as_one_of_its_program_and_without_a_traceback(towns):
    answer = towns("fetch", "broken")
    assert answer.returncode == 1
    assert answer.stderr.startswith("error AF-BUG: ValueError in module __main__, line ")
    assert "this is a fault of acme-towns" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("arguments", [["nope"], ["fetch"], ["fetch", "a", "--nope"], ["fetch", "a", "--profile", "p"]])
def test_wrong_line_is_a_usage_error(towns, arguments):
    for_people = towns(*arguments)
    assert for_people.returncode == 2
    assert "acme-towns" in for_people.stderr
    as_json = towns(*arguments, "--json")
    assert as_json.returncode == 2
    (error,) = json.loads(as_json.stdout)["errors"]
    assert error["code"] == "AF-USAGE"
    assert error["help"] == "acme-towns --help, and --help after each command, say what there is"


def test_help_shows_commands_and_parameters_and_brackets_as_they_are(towns):
    program, command = towns("--help"), towns("fetch", "--help")
    assert (program.returncode, command.returncode) == (0, 0)
    assert all(told in program.stdout for told in ("Look at [towns] from afar.", "fetch", "count", "--version"))
    assert all(told in command.stdout for told in ("Fetch [towns].", "Its streets.", "--dry-run", "--json"))
    assert re.search(r"streets.*\.\.\.", command.stdout, re.IGNORECASE)
    assert "--profile" not in command.stdout


def test_version_is_that_of_the_distribution(towns):
    assert towns("--version").stdout == "aetherflow-kernel 0.1.0\n"


def test_completion_knows_the_commands(towns):
    asked = {"_ACME_TOWNS_COMPLETE": "complete_bash", "COMP_WORDS": "acme-towns ", "COMP_CWORD": "1"}
    assert towns(**asked).stdout.split() == ["fetch", "count"]


def test_reader_that_closes_the_pipe_ends_the_program_quietly(towns):
    with subprocess.Popen(
        towns.command("count"), env=towns.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"line\n"
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_command_knows_whether_a_person_watches(towns):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        towns.command("fetch", "Berlin", "--json"), env=towns.environ, stdout=theirs, stderr=subprocess.DEVNULL
    )
    assert process.wait(60) == 0
    os.close(theirs)
    told = os.read(ours, 10_000)
    os.close(ours)
    assert json.loads(told)["is_terminal"] is True


def test_plain_line_loads_no_typer_and_help_no_heavy_library(towns, tmp_path):
    modules = tmp_path / "modules"
    towns("fetch", "Berlin", MODULES=str(modules))
    assert "typer" not in modules.read_text().split()
    towns("--help", MODULES=str(modules))
    assert not set(modules.read_text().split()) & {"yaml", "pydantic", "apsw", "pluggy", "email"}


def test_function_of_a_command_can_be_called_without_the_program():
    answers, asides = [], []
    context = CommandContext(write=answers.append, write_beside=asides.append)
    context.say_table(["a", "b"], [["1", "x"], ["", "y"]])
    context.say_beside("note")
    assert answers == ["a  b\n1  x\n-  y\n"]
    assert asides == ["note\n"]
