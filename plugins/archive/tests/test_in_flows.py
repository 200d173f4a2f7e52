"""The steps in real flows, run by the command line as a user would."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from plugins.archive.tests.conftest import tree
from plugins.archive.tests.hostile import CASES, build, bytes_of, good, one

PLUGIN = Path(__file__).parent.parent
CANARY = 'hunter2-canary-väl"ue'

pytestmark = pytest.mark.acceptance


@pytest.fixture
def project(tmp_path):
    (tmp_path / "aetherflow.yaml").write_text("profile: internal_fast\n")
    (tmp_path / "in").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "in" / name).write_text(f"content of {name}\n" * 100)
    return tmp_path


def write_flow(project: Path, *steps: dict, resources: dict | None = None, cleanup: str = "on_success") -> None:
    # JSON is YAML.
    jobs = [{"id": "main", "steps": list(steps)}]
    head = {"id": "flow", "workspace": {"cleanup_policy": cleanup}}
    flow = {"version": 1, "flow": head, "jobs": jobs, "resources": resources or {}}
    (project / "flow.yaml").write_text(json.dumps(flow))


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "aetherflow.kernel", *arguments]


def run(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*(arguments or ("run", "flow.yaml", "--json"))),
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def step(step_id: str, kind: str, **inputs: object) -> dict:
    return {"id": step_id, "type": kind, "inputs": inputs}


def pack(project: Path, **inputs: object) -> dict:
    given = {"src_dir": "in", "items": ["*.csv"], "dest_path": str(project / "out.zip"), **inputs}
    return step("pack", "zip", **given)


def unpack(project: Path, **inputs: object) -> dict:
    given = {"archives": str(project / "out.zip"), "dest_dir": str(project / "there"), **inputs}
    return step("unpack", "unzip", **given)


def test_files_go_into_an_archive_and_out_of_it(project):
    outputs = {"files": "{{result.unzipped}}"}
    write_flow(project, pack(project), {**unpack(project, archives="{{steps.pack.output}}"), "outputs": outputs})
    before = os.umask(0o022)
    try:
        done = run(project)
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    (unzipped,) = json.loads(done.stdout)["jobs"][0]["outputs"]["files"]
    assert unzipped["files"] == ["a.csv", "b.csv"]
    assert tree(project / "there" / "out.zip") == tree(project / "in")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (project / "there").rglob("*.csv")}
    assert modes == {0o644}
    assert stat.S_IMODE((project / "out.zip").stat().st_mode) == 0o644
    assert not list(project.rglob(".aetherflow.*"))


def test_what_stays_in_the_workspace_is_for_its_user_only(project):
    write_flow(
        project,
        pack(project, dest_path="out.zip"),
        unpack(project, archives="out.zip", dest_dir="there"),
        cleanup="never",
    )
    assert run(project).returncode == 0
    found = list(project.glob(".aetherflow/work/flow/main/*/artifacts/**/*"))
    assert {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in found} == {(True, 0o700), (False, 0o600)}


def test_a_driver_that_is_denied_is_not_made_for_the_occasion_either(project):
    profile = "profiles: {internal_fast: {plugins: {deny: ['connector:archive:pyzipper']}}}\n"
    (project / "aetherflow.yaml").write_text(profile)
    write_flow(project, pack(project, password="{{env.ZIP_WORD}}"))

    done = run(project, ZIP_WORD="open sesame")

    assert done.returncode != 0
    (refused,) = json.loads(done.stdout)["jobs"][0]["steps"]
    assert 'deny "connector:archive:pyzipper" (aetherflow.yaml:1)' in refused["reason"]
    assert not (project / "out.zip").exists()


def test_nothing_to_pack_is_a_skip(project):
    outputs = {"count": "{{result.count}}"}
    write_flow(project, {**pack(project, items=["*.none"]), "outputs": outputs})
    done = run(project)
    (job,) = json.loads(done.stdout)["jobs"]
    assert done.returncode == 0
    assert (job["steps"][0]["status"], job["steps"][0]["reason"]) == ("SKIPPED", "no_files")
    assert job["outputs"] == {"count": 0}


@pytest.mark.parametrize("number", ["01 up", "09 absolute link", "27 zeros", "36 two names", "44 no archive"])
def test_a_hostile_archive_fails_the_step_with_its_code_and_nothing_is_left(project, number):
    """S7, D20."""
    case = next(case for case in CASES if case.number == number)
    (project / "out.zip").write_bytes(bytes_of(case))
    before = set(project.rglob("*"))
    write_flow(project, unpack(project))
    done = run(project)
    (failed,) = json.loads(done.stdout)["jobs"][0]["steps"]
    assert done.returncode == 1
    assert (failed["status"], failed["error_code"]) == ("FAILED", case.code)
    assert "Traceback" not in done.stdout + done.stderr
    after = {path for path in project.rglob("*") if ".aetherflow" not in path.parts}
    assert after - before <= {project / "flow.yaml"}


def test_a_missing_archive_fails_the_step(project):
    """D20: the ancestor said SUCCESS."""
    write_flow(project, unpack(project))
    done = run(project)
    assert done.returncode == 1
    assert "there is no archive" in done.stderr
    assert str(project / "out.zip") in done.stderr


def test_an_archive_can_not_replace_what_belongs_to_the_engine(project):
    (project / "out.zip").write_bytes(build(*good("sub/fine.txt"), one("aetherflow.yaml", b"profile: open")))
    write_flow(project, unpack(project, dest_dir=str(project / "sub" / ".."), src_dir=str(project)))
    (project / "sub").mkdir()
    done = run(project)
    assert done.returncode == 1
    assert (project / "aetherflow.yaml").read_text() == "profile: internal_fast\n"
    assert list((project / "sub").iterdir()) == []


def sampled_commands(done: threading.Event) -> list[bytes]:
    """The command lines of all processes, again and again."""
    seen: set[bytes] = set()
    while not done.wait(0.01):
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    seen.add((entry / "cmdline").read_bytes())
                except OSError:
                    continue
    return list(seen)


@pytest.mark.parametrize("is_right", [True, False])
def test_a_password_is_in_no_log_no_error_no_ledger_and_no_command_line(project, is_right):
    """D22, S8, S9: and it does its work."""
    wrong = CANARY if is_right else "{{env.OTHER_PASSWORD}}"
    given = wrong if not is_right else "{{env.ZIP_PASSWORD}}"
    write_flow(
        project,
        pack(project, password="{{env.ZIP_PASSWORD}}"),
        unpack(project, archives="{{steps.pack.output}}", password=given),
        cleanup="never",
    )
    done, seen = threading.Event(), []
    sampler = threading.Thread(target=lambda: seen.extend(sampled_commands(done)))
    sampler.start()
    answer = run(project, ZIP_PASSWORD=CANARY, OTHER_PASSWORD="other-canary-value", AETHERFLOW_LOG_LEVEL="DEBUG")
    done.set()
    sampler.join()
    assert answer.returncode == (0 if is_right else 1), answer.stderr
    assert (project / "there").exists() is is_right
    with zipfile.ZipFile(project / "out.zip") as made:
        assert all(info.flag_bits & 1 for info in made.infolist())
    produced = [answer.stdout.encode(), answer.stderr.encode(), *seen]
    produced += [path.read_bytes() for path in project.rglob("*") if path.is_file() and path.name != "flow.yaml"]
    assert seen
    for canary in ("hunter2-canary", "other-canary-value"):
        assert [data for data in produced if canary.encode() in data] == []


def test_a_resource_of_the_flow_packs_with_its_settings(project):
    resources = {
        "archive_default": {
            "kind": "archive",
            "driver": "pyzipper",
            "config": {"aes_strength": 128},
            "options": {"level": 1, "max_members": 1},
        }
    }
    write_flow(
        project,
        pack(project, password="{{env.ZIP_PASSWORD}}"),
        unpack(project, password="{{env.ZIP_PASSWORD}}"),
        resources=resources,
    )
    done = run(project, ZIP_PASSWORD=CANARY)
    assert json.loads(done.stdout)["jobs"][0]["steps"][1]["error_code"] == "AF-ARCHIVE-LIMIT"
    with zipfile.ZipFile(project / "out.zip") as made:
        assert {info.extra[-3] for info in made.infolist()} == {1}


def test_what_a_driver_can_not_do_is_told(project):
    resources = {"mine": {"kind": "archive", "driver": "zipfile"}}
    write_flow(project, pack(project, resource="mine", password="{{env.ZIP_PASSWORD}}"), resources=resources)
    done = run(project, ZIP_PASSWORD=CANARY)
    (failed,) = json.loads(done.stdout)["jobs"][0]["steps"]
    assert failed["error_code"] == "AF-ARCHIVE-ENCRYPTION"
    assert not (project / "out.zip").exists()


@pytest.mark.parametrize("encryption", ["zipcrypto", "{{env.ENCRYPTION}}"])
def test_an_encryption_that_does_not_protect_is_told_before_anything_runs(project, encryption):
    resources = {"mine": {"kind": "archive", "driver": "pyzipper", "config": {"encryption": encryption}}}
    write_flow(project, pack(project, resource="mine"), resources=resources)
    done = run(project, ENCRYPTION="zipcrypto")
    assert done.returncode == 2
    assert [error["code"] for error in json.loads(done.stdout)["errors"]] == ["AF-WRONG-VALUE"]
    assert not (project / "out.zip").exists()


@pytest.mark.parametrize("driver", ["os", "pyminizip", "external"])
def test_drivers_that_are_not_here_are_told_by_validate(project, driver):
    write_flow(project, pack(project, connector="mine"), resources={"mine": {"kind": "archive", "driver": driver}})
    done = run(project, "validate", "flow.yaml", "--json")
    assert done.returncode == 2
    codes = {error["code"] for error in json.loads(done.stdout)["errors"]}
    assert codes == {"AF-UNKNOWN-CONNECTOR"}


def test_validate_finds_what_the_steps_would_refuse(project):
    """D40."""
    wrong = [
        pack(project, compression="best"),
        pack(project, resource="none"),
        pack(project, items=[{"file": "a"}]),
        pack(project, resource="store"),
        unpack(project, member=["a"]),
        step("nothing", "unzip", archives="a.zip"),
    ]
    flow = [{**each, "id": f"step{number}"} for number, each in enumerate(wrong)]
    resources = {
        "store": {"kind": "db", "driver": "sqlite3", "config": {"path": "x.db"}},
        "loose": {"kind": "archive", "driver": "zipfile", "options": {"max_members": 20_000}},
    }
    write_flow(project, *flow, resources=resources)
    done = run(project, "validate", "flow.yaml", "--json")
    errors = {(tuple(error["path"][:4]), error["code"]) for error in json.loads(done.stdout)["errors"]}
    assert {(path[3], code) for path, code in errors if path[0] == "jobs"} == {
        (0, "AF-WRONG-VALUE"),
        (1, "AF-UNKNOWN-RESOURCE"),
        (2, "AF-INPUT-MISSING"),
        (2, "AF-INPUT-UNKNOWN"),
        (3, "AF-WRONG-RESOURCE"),
        (4, "AF-INPUT-UNKNOWN"),
        (5, "AF-INPUT-MISSING"),
    }
    assert [path for path, _ in errors if path[0] == "resources"] == [("resources", "loose", "options", "max_members")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_in_the_middle_goes_on_and_leaves_nothing_behind(project, number):
    """D25: with 80 MB to pack, it is stopped when the first bytes are there."""
    with (project / "in" / "big.csv").open("wb") as big:
        for _ in range(80):
            big.write(os.urandom(1 << 20))
    write_flow(project, pack(project), unpack(project, archives="{{steps.pack.output}}"))
    words = command("run", "flow.yaml", "--run-id", "one")
    with subprocess.Popen(words, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        deadline = time.monotonic() + 60
        while not list(project.glob(".aetherflow.*.tmp")):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        running.send_signal(number)
        assert running.wait(20) in {143, -signal.SIGKILL}
    assert not (project / "out.zip").exists()
    assert bool(list(project.glob(".aetherflow.*.tmp"))) is (number == signal.SIGKILL)
    done = run(project, "run", "flow.yaml", "--run-id", "one")
    assert done.returncode == 0, done.stderr
    assert tree(project / "there" / "out.zip") == tree(project / "in")
    assert not list(project.glob(".aetherflow.*"))


def test_two_runs_give_the_same_bytes(project):
    """R30."""
    write_flow(project, pack(project))
    made = []
    for seed in ("1", "2"):
        assert run(project, PYTHONHASHSEED=seed).returncode == 0
        made.append((project / "out.zip").read_bytes())
        os.utime(project / "in" / "a.csv", (1, 1))
    assert made[0] == made[1]


def test_the_manifest_says_what_the_code_says(tmp_path):
    checked = run(tmp_path, "plugins", "manifest", str(PLUGIN), "--check")
    assert checked.returncode == 0, checked.stderr


def test_finding_the_plugin_imports_nothing_heavy():
    source = "import sys, aetherflow_archive; print(sorted({'zipfile', 'pyzipper', 'pydantic'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
