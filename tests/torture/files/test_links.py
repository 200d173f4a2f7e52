"""S6: somebody exchanges folders for links all the time; nothing outside is read, written, made or removed."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.files.workplace import Workplace, digest_of, new_workplace
from tests.torture.lengths import SCALE
from tests.torture.mutants import Mutant

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
SECONDS = max(3.0, 60 * SCALE)
#: How often a mutant is attacked before it counts as not found: whether a link comes in time is chance.
ROUNDS = 8
#: A floor of what must have been tried: so many a second, on a machine with much else to do.
TRIES = round(20 * SECONDS)
FOLDERS = "aetherflow/kernel/state/folders.py"
PUBLISH = "aetherflow/kernel/files/publish.py"
REMOVAL = "aetherflow/kernel/files/removal.py"


@contextlib.contextmanager
def flipping(inner: str, decoy: Path, *names: Path):
    """A process that exchanges two names while the block lasts."""
    words = [sys.executable, str(HERE / "flipper.py"), inner, str(decoy), *map(str, names)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout.readline() == "ready\n"
            yield
        finally:
            running.send_signal(signal.SIGTERM)
            assert int(running.stdout.read()) > 0


def changes(outside: Path, before: dict[str, str]) -> list[str]:
    """What is not as it was outside, but for the traps, which must be as they were laid."""
    found = []
    now = contents(outside)
    for path in before.keys() | now.keys():
        is_trap = path not in before and ".aetherflow." in path
        expected = ("precious", "") if is_trap else (before.get(path),)
        if now.get(path) not in expected:
            found.append(path)
    return found


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() if path.is_file() else "" for path in folder.rglob("*")}


# Publishing, staging and reading -------------------------------------------------------------------------------------

FLOW = """version: 1
flow: {{id: attacked}}
jobs:
  - id: main
    steps:
      - {{id: s, type: hammer, inputs: {{seconds: {seconds}, only: {only}}}, outputs: {{tries: "{{{{result.tries}}}}", done: "{{{{result.done}}}}", leaks: "{{{{result.leaks}}}}"}}}}
"""


def attack_steps(workplace: Workplace, seconds: float, only: str = "everything") -> tuple[dict, list[str]]:
    """A step that writes and reads below a folder that is exchanged for a link to the outside."""
    inside, outside = workplace.folder / "out" / "flipped" / "in", workplace.outside
    for folder, text in ((inside, "inside"), (outside / "in", "secret")):
        (folder / "folder").mkdir(parents=True)
        (folder / "new").mkdir()
        (folder / "file").write_text(text)
        (folder / "folder" / "file").write_text(text)
    link = workplace.folder / "out" / "link"
    link.symlink_to(outside)
    before = contents(outside)
    flow = workplace.write("flow.yaml", FLOW.format(seconds=seconds, only=only))
    with flipping("in", outside / "in", inside.parent, link):
        answer = workplace.run("run", flow)
    assert answer["status"] == "SUCCESS", answer
    return answer["jobs"][0]["outputs"], changes(outside, before)


def test_no_step_gets_out_by_a_link_that_is_put_in_its_way(tmp_path):
    counts, changed = attack_steps(new_workplace(tmp_path), SECONDS)
    print(f"\nS6 steps: {counts}, changed outside: {len(changed)}")
    assert changed == []
    assert counts["leaks"] == 0
    assert counts["tries"] >= TRIES
    assert counts["done"] >= TRIES // 20


NO_O_NOFOLLOW = Mutant(
    name="links are followed",
    file=FOLDERS,
    old="_NO_LINK = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC",
    new="_NO_LINK = os.O_DIRECTORY | os.O_CLOEXEC",
)
RESOLVED_THEN_OPENED = Mutant(
    name="resolved, then opened",
    file="aetherflow/kernel/files/paths.py",
    old="                descriptor = os.open(place.name, flags, dir_fd=folder)",
    new="                descriptor = os.open(place, flags)",
)
MUTANTS = [
    NO_O_NOFOLLOW,
    RESOLVED_THEN_OPENED,
    Mutant(
        name="steps write by the plain path",
        file=PUBLISH,
        old="        if os.path.samestat(os.stat(link), os.fstat(stage)):",
        new="        if os.path.samestat(os.stat('/'), os.fstat(stage)):",
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_of_publishing_is_found(mutant, tmp_path):
    only = "read_file" if mutant is RESOLVED_THEN_OPENED else "everything"
    for number in range(ROUNDS):
        counts, changed = attack_steps(new_workplace(tmp_path / f"{number}", mutant), 4, only)
        if changed or counts["leaks"]:
            return
    pytest.fail(f"not found in {ROUNDS} rounds; the last: {counts}")


# The workspace -------------------------------------------------------------------------------------------------------


def attack_workspace(workplace: Workplace, seconds: float) -> tuple[dict, list[str]]:
    """Workspaces made and cleaned up below a folder that is exchanged for a link to one that looks the same."""
    root, outside = workplace.folder / "work", workplace.outside
    inside, decoy = root / "flow" / "job", outside / "job"
    inside.mkdir(parents=True, mode=0o700)
    decoy.mkdir()
    # As whoever knows the marker would lay it out, to have it removed.
    (decoy / "run" / "artifacts").mkdir(parents=True)
    (decoy / "run" / ".aetherflow-run").write_text("0123456789abcdef")
    (decoy / "run" / "artifacts" / "precious").write_text("precious")
    link = root / "link"
    link.symlink_to(decoy)
    before = contents(outside)
    with flipping("", decoy, inside, link):
        words = [sys.executable, str(HERE / "cleaner.py"), str(root), str(seconds)]
        done = subprocess.run(words, env=workplace.environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout), changes(outside, before)


def test_no_workspace_is_made_or_removed_behind_a_link(tmp_path):
    counts, changed = attack_workspace(new_workplace(tmp_path), SECONDS)
    print(f"\nS6 workspace: {counts}, changed outside: {len(changed)}")
    assert changed == []
    assert counts["tries"] >= TRIES // 4
    assert counts["made"] >= TRIES // 20


def test_a_mutant_of_the_workspace_is_found(tmp_path):
    for number in range(ROUNDS):
        counts, changed = attack_workspace(new_workplace(tmp_path / f"{number}", NO_O_NOFOLLOW), 4)
        if changed:
            return
    pytest.fail(f"not found in {ROUNDS} rounds; the last: {counts}")


# Clean-up ------------------------------------------------------------------------------------------------------------

CLEANED = """version: 1
flow: {id: cleaned, workspace: {root: work, cleanup_policy: always}}
jobs: [{id: main, steps: [{id: s, type: publish_on_and_on, inputs: {times: 1, first: 1}}]}]
"""


def clean_among_decoys(workplace: Workplace) -> bool:
    """Whether all that is not the run's is as it was after runs that clean up."""
    outside = workplace.outside
    for name in ("linked", "mine"):
        (outside / name).mkdir()
        (outside / name / "precious").write_text("precious")
    flow = workplace.write("flow.yaml", CLEANED)
    # One whose place is taken by something that is not the run's, and one that holds links to elsewhere.
    foreign = workplace.folder / "work" / "cleaned" / "main" / "foreign"
    foreign.mkdir(parents=True, mode=0o700)
    (foreign / "precious").write_text("precious")
    linking = workplace.folder / "work" / "cleaned" / "main" / "linking"
    assert workplace.run("run", workplace.write("kept.yaml", CLEANED.replace("always", "never")), "--run-id", "linking")
    (linking / "artifacts" / "folder").symlink_to(outside / "linked")
    (linking / "artifacts" / "file").unlink()
    (linking / "artifacts" / "file").symlink_to(outside / "mine" / "precious")
    before = digest_of(outside), digest_of(foreign)
    for run_id in ("foreign", "linking"):
        workplace.run("run", flow, "--run-id", run_id)
    assert not linking.exists()
    return foreign.exists() and (digest_of(outside), digest_of(foreign)) == before


def test_clean_up_removes_what_carries_the_runs_marker_and_follows_no_link(tmp_path):
    assert clean_among_decoys(new_workplace(tmp_path))


@pytest.mark.parametrize(
    "mutant",
    [
        Mutant(
            name="removed without a marker",
            file="aetherflow/kernel/files/workspace.py",
            old="            found = _marker_in(descriptor)\n",
            new="            found = marker\n",
        ),
        Mutant(
            name="links are followed",
            file=REMOVAL,
            old="        if entry.is_dir(follow_symlinks=False):\n",
            new="        if entry.is_symlink() and entry.is_dir():\n"
            "            empty_folder(os.open(entry.name, os.O_RDONLY, dir_fd=folder))\n"
            "        if entry.is_dir(follow_symlinks=False):\n",
        ),
    ],
    ids=lambda mutant: mutant.name,
)
def test_a_mutant_of_clean_up_is_found(mutant, tmp_path):
    assert not clean_among_decoys(new_workplace(tmp_path, mutant))
