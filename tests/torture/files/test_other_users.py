"""S22: whatever the umask, what a run keeps is its user's alone; what another user planted is refused."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.torture.files.workplace import Workplace, new_workplace
from tests.torture.mutants import Mutant

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users"),
]

NOBODY = 65534
FLOW = """version: 1
flow: {id: mine, workspace: {cleanup_policy: never}}
jobs: [{id: main, steps: [{id: s, type: publish_on_and_on, inputs: {times: 1, first: 1}}]}]
"""

#: What nobody tries with every file and folder: read, write, lock, make, remove, rename.
ATTACK = """
import fcntl, json, os, sys
done = []
def attempt(what, work):
    try:
        work()
    except OSError:
        return
    done.append(what)
for root, folders, files in os.walk(sys.argv[1]):
    for name in folders:
        path = os.path.join(root, name)
        attempt(f"list {path}", lambda: os.listdir(path))
        attempt(f"make in {path}", lambda: os.mkdir(path + "/evil"))
    for name in files:
        path = os.path.join(root, name)
        attempt(f"read {path}", lambda: open(path, "rb").close())
        attempt(f"write {path}", lambda: open(path, "ab").close())
        attempt(f"remove {path}", lambda: os.unlink(path))
for name in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite.opening", "ledger.sqlite.owners"):
    path = os.path.join(sys.argv[1], "state", name)
    attempt(f"open {path}", lambda: os.open(path, os.O_RDONLY))
    attempt(f"plant {path}", lambda: os.open(path, os.O_CREAT | os.O_WRONLY))
attempt("list", lambda: os.listdir(sys.argv[1]))
attempt("rename", lambda: os.rename(sys.argv[1], sys.argv[1] + ".gone"))
print(json.dumps(done))
"""


@pytest.fixture
def place():
    """A folder that every user may enter: pytest's own may only be entered by its user."""
    folder = Path(tempfile.mkdtemp(prefix="aetherflow-users-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def run_under(umask: int, workplace: Workplace) -> int:
    flow = workplace.write("flow.yaml", FLOW)
    before = os.umask(umask)
    try:
        with workplace.start("run", flow, "--run-id", "r") as running:
            running.communicate()
    finally:
        os.umask(before)
    return running.returncode


def what_nobody_can_do(kept: Path) -> list[str]:
    done = subprocess.run(
        ["/usr/bin/env", "python3", "-c", ATTACK, str(kept)],
        user=NOBODY, group=NOBODY, extra_groups=[], env={"PATH": os.environ["PATH"] + ":/usr/bin"}, cwd="/",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def too_open(kept: Path) -> list[str]:
    """What anybody else has a right to."""
    paths = [kept, *kept.rglob("*")]
    return [str(path) for path in paths if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_a_run_keeps_is_its_users_alone_whatever_the_umask(place, umask):
    workplace = new_workplace(place)
    assert run_under(umask, workplace) == 0
    kept = workplace.folder / ".aetherflow"
    assert too_open(kept) == []
    assert what_nobody_can_do(kept) == []
    # What lies outside of it keeps the user's umask.
    assert stat.S_IMODE((workplace.folder / "out" / "file").stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE((workplace.folder / "out").stat().st_mode) == 0o777 & ~umask
    assert stat.S_IMODE((workplace.folder / "out" / "folder").stat().st_mode) == 0o777 & ~umask


PLANTED = [".aetherflow", ".aetherflow/state", ".aetherflow/state/ledger.sqlite.owners", ".aetherflow/work"]


def plant(workplace: Workplace, name: str, how: str) -> Path:
    """Something that another user made, or may change, where the run keeps something of its own."""
    path = workplace.folder / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    evil = workplace.outside / "evil"
    evil.mkdir()
    os.chown(evil, NOBODY, NOBODY)
    if how == "link":
        path.symlink_to(evil)
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    elif how == "folder":
        path.mkdir()
        os.chown(path, NOBODY, NOBODY)
    else:
        path.mkdir()
        path.chmod(0o777)
    return evil


# A folder above the one that is ours is not looked at: see docs/flow.md.
CASES = [
    (name, how) for name in PLANTED for how in ("link", "folder", "open") if (name, how) != (".aetherflow", "folder")
]
CASES = [case for case in CASES if case != (".aetherflow", "open")]


@pytest.mark.parametrize(("name", "how"), CASES)
def test_what_another_user_planted_is_refused_and_nothing_is_written_there(place, name, how):
    workplace = new_workplace(place)
    evil = plant(workplace, name, how)
    answer = workplace.run("run", workplace.write("flow.yaml", FLOW))
    told = json.dumps(answer)
    assert answer["exit_code"] == 1, told
    reasons = ("user 65534", "may be written by other users", "Not a directory")
    assert any(reason in told for reason in reasons), told
    assert list(evil.iterdir()) == []


MUTANTS = [
    Mutant(
        name="links of others are followed",
        file="aetherflow/kernel/run/places.py",
        old="    return without_links(project / expanded(path))\n",
        new="    return (project / expanded(path)).resolve()\n",
    ),
    Mutant(
        name="folders of others are taken",
        file="aetherflow/kernel/state/folders.py",
        old='    if found.st_uid not in {0, os.geteuid()}:\n        raise RunFailed(\n            f"{place} belongs',
        new='    if False:\n        raise RunFailed(\n            f"{place} belongs',
    ),
    Mutant(
        name="folders are made as the umask says",
        file="aetherflow/kernel/state/folders.py",
        old="FOR_ITS_USER_ONLY = 0o700",
        new="FOR_ITS_USER_ONLY = 0o777",
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_found(mutant, place):
    if "umask" in mutant.name:
        workplace = new_workplace(place, mutant)
        # It is refused at once by the other protection, or found too open.
        assert run_under(0o000, workplace) != 0 or too_open(workplace.folder / ".aetherflow")
        return
    how = "link" if "links" in mutant.name else "folder"
    workplace = new_workplace(place, mutant)
    plant(workplace, ".aetherflow/work", how)
    if how == "link":
        # The folder itself is the user's: only the link is not.
        os.chown(workplace.outside / "evil", 0, 0)
    assert workplace.run("run", workplace.write("flow.yaml", FLOW))["exit_code"] == 0
