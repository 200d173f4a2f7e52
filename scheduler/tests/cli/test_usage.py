"""Wrong usage is told in one message, and a start pays for nothing that it does not need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.acceptance

COMMANDS = (
    "run", "tick", "validate", "list", "next", "history", "backfill", "pause", "resume", "trigger", "explain", "status",
)  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ["next", "schedule.yaml", "nigthly"],
        ["explain", "schedule.yaml", "nigthly"],
        ["history", "schedule.yaml", "nigthly"],
        ["pause", "schedule.yaml", "workdays", "nigthly"],
        ["resume", "schedule.yaml", "nigthly"],
        ["trigger", "schedule.yaml", "nigthly"],
        ["backfill", "schedule.yaml", "nigthly", "--from", "2026-01-01", "--to", "2026-01-02"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_item_that_is_not_there_is_told_with_the_one_that_was_meant(place, arguments):
    for_people = place(*arguments)
    assert (for_people.code, for_people.out) == (2, "")
    assert for_people.err == (
        "error AF-SCHEDULE-ITEM-UNKNOWN: the schedule has no item 'nigthly'\nhelp: did you mean 'nightly'?\n"
    )
    for_machines = place(*arguments, "--json")
    assert (for_machines.code, for_machines.error) == (2, "AF-SCHEDULE-ITEM-UNKNOWN")
    assert not place.state.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nope"],
        ["list"],
        ["pause", "schedule.yaml"],
        ["next", "schedule.yaml", "--count", "0"],
        ["next", "schedule.yaml", "--count", "many"],
        ["history", "schedule.yaml", "--status", "GREAT"],
        ["history", "schedule.yaml", "--since", "tomorrow"],
        ["history", "schedule.yaml", "nightly", "off", "--output", "x"],
        ["explain", "schedule.yaml", "nightly", "--from", "0000-00-00"],
        ["list", "schedule.yaml", "--watch"],
        ["validate", "schedule.yaml", "--github"],
        ["run", "schedule.yaml", "--drain", "-1"],
        ["tick", "schedule.yaml", "--timeout", "soon"],
        ["list", "schedule.yaml", "--profile", "p"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_answered_in_json_with_code_2(place, arguments):
    answer = place(*arguments, "--json")
    assert (answer.code, answer.error) == (2, "AF-USAGE")
    assert answer.err == ""
    assert not place.state.exists()


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in {"validate", "status"}])
def test_schedule_file_that_is_wrong_is_told_with_its_place_by_every_command(place, command):
    place.write("wrong.yaml", "version: 1\ntimezone: UTC\nitems: [{id: a, interval: 1x, flow_yaml: flow.yaml}]\n")
    more = {
        "backfill": ["a", "--from", "2026-01-01", "--to", "2026-01-02"],
        **{name: ["a"] for name in ("pause", "resume", "trigger", "explain")},
    }.get(command, [])
    answer = place(command, "wrong.yaml", *more)
    assert answer.code == 2
    assert answer.err.startswith("wrong.yaml:3:27: error AF-SCHEDULE-SPAN: ")
    assert "Traceback" not in answer.err
    assert not place.state.exists()


def test_help_names_every_command_and_version_the_distribution(place):
    told = place("--help").out
    assert all(f" {name} " in told for name in COMMANDS)
    assert place("--version").out == "aetherflow-scheduler 0.1.0\n"
    assert "--from" in place("explain", "--help").out


def test_console_script_is_the_same_program(place):
    script = f"{sys.prefix}/bin/aetherflow-scheduler"
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == "aetherflow-scheduler 0.1.0\n"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["list", "--help"], ["backfill"]], ids=" ".join)
def test_start_imports_no_heavy_library(place, arguments):
    loaded = modules_after(place, arguments)
    assert not loaded & {"yaml", "apsw", "holidays", "cronsim", "aetherflow.kernel.run", "aetherflow.kernel.spec"}


def test_line_that_is_plainly_right_imports_no_typer_and_no_holidays(place):
    loaded = modules_after(place, ["next", "schedule.yaml", "nightly"])
    assert "cronsim" in loaded
    assert not loaded & {"typer", "holidays", "pydantic"}


def modules_after(place, arguments):
    source = (
        "import atexit, json, sys\n"
        "atexit.register(lambda: json.dump(sorted(sys.modules), open('modules', 'w')))\n"
        "sys.argv = ['aetherflow-scheduler', *sys.argv[1:]]\n"
        "from aetherflow.scheduler.cli import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", source, *arguments]
    subprocess.run(command, cwd=place.folder, env=place.environ(), capture_output=True, check=False, timeout=60)
    return set(json.loads((place.folder / "modules").read_text()))
