"""Ledgers are looked into where nothing can be written, as they stand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import apsw
import pytest
from kernel.tests.state.test_migration import make_version_1

FLOW = "version: 1\nflow: {id: flow}\njobs: [{id: j, steps: [{id: s, type: say, inputs: {value: 1}}]}]\n"
#: Root may write everywhere: for root the folder is mounted once more, and that mount is read-only.
MOUNTED = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && exec "$@"'


def run_read_only(project, *arguments):
    """The program in a project in which nothing can be written."""
    if os.geteuid() == 0:
        command = ["unshare", "--mount", "sh", "-c", MOUNTED, str(project.folder), *project.command(*arguments)]
        return _run(project, command)
    places = [project.folder, *project.folder.rglob("*")]
    modes = [(place, place.stat().st_mode) for place in places]
    for place, mode in modes:
        place.chmod(mode & ~0o222)
    try:
        return _run(project, project.command(*arguments))
    finally:
        for place, mode in modes:
            place.chmod(mode)


def _run(project, command):
    return subprocess.run(
        command, cwd=project.folder, env=project.environ(), capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def project(project):
    if os.geteuid() == 0:
        can_mount = shutil.which("unshare") and _run(project, ["unshare", "--mount", "true"]).returncode == 0
        if not can_mount:
            leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
            leave("there is no unshare, with which a folder is made read-only for root")
    project.write("flow.yaml", FLOW)
    assert project.aetherflow("run", "flow.yaml", "--run-id", "one").code == 0
    return project


def ledger_of(project):
    return project.folder / ".aetherflow/state/ledger.sqlite"


def test_commands_that_look_work(project):
    for arguments in (["list"], ["show", "one"], ["logs", "one"], ["prune", "--keep", "0", "--dry-run"]):
        told = run_read_only(project, "runs", *arguments)
        assert (told.returncode, told.stderr) == (0, "")
        assert "one" in told.stdout or "j" in told.stdout
    told = run_read_only(project, "locks", "list")
    assert (told.returncode, told.stdout, told.stderr) == (0, "no lock is held\n", "")


def test_ledger_that_is_only_being_made_holds_nothing_yet(project):
    ledger_of(project).unlink()
    ledger_of(project).touch(mode=0o600)
    told = project.aetherflow("runs", "list", "--json")
    assert (told.code, json.loads(told.out), told.err) == (0, [], "")
    assert ledger_of(project).read_bytes() == b""


def test_commands_that_change_say_that_they_can_not(project):
    for arguments in (["prune", "--keep", "0"], ["cancel", "one"], ["resolve", "one", "s", "--again"]):
        told = run_read_only(project, "runs", *arguments)
        assert told.returncode == 1
        assert "AF-LEDGER: the ledger " in told.stderr
        assert "Traceback" not in told.stderr


def test_older_ledger_is_read(project):
    ledger_of(project).unlink()
    make_version_1(ledger_of(project))
    told = run_read_only(project, "runs", "show", "cut-off")
    assert (told.returncode, told.stderr) == (0, "")
    assert "run cut-off of flow old" in told.stdout


def test_part_that_is_not_in_the_file_yet_is_not_overlooked(project):
    """A copy of the files of a runner that lives: its newest writes are beside the file."""
    writer = apsw.Connection(str(ledger_of(project)))
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("UPDATE runs SET status = 'FAILED'")
    for name in ("ledger.sqlite", "ledger.sqlite-wal"):
        shutil.copy(ledger_of(project).with_name(name), project.folder / name)
    writer.close()
    told = run_read_only(project, "runs", "list", "--ledger", "ledger.sqlite")
    assert told.returncode == 1
    assert "its newest part is in ledger.sqlite-wal" in told.stderr
    assert "FAILED" in project.aetherflow("runs", "list", "--ledger", "ledger.sqlite").out


def test_ledger_of_a_runner_that_lives_is_read_with_its_newest_part(project):
    writer = apsw.Connection(str(ledger_of(project)))
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("UPDATE runs SET status = 'FAILED'")
    told = run_read_only(project, "runs", "list")
    writer.close()
    assert (told.returncode, told.stderr) == (0, "")
    assert "FAILED" in told.stdout
