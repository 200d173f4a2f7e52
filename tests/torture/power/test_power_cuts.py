"""R2: what was told survives a power cut, and what a step that is done has published is there, whole.

`AETHERFLOW_TORTURE=1` makes 5,000 images, `AETHERFLOW_SEED` says which.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.torture.lengths import SEED, scaled
from tests.torture.mutants import ROOT, Mutant, environment_of

from . import disk
from .cuts import Cut, Recording, judge, record_going_on, record_runs, run_at
from .disk import File, Folder, Resize, Write
from .project import EDITIONS, GROWING, MARKED, Project, made_by
from .verdict import Verdict, ledger_rows

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

IMAGES = 5_000
#: Times three: as many for each way in which a disk may be left.
RESUMES = 40
KILLS, IMAGES_OF_A_KILL = 40, 30
#: A run that is not recorded in full would pass every check.
LEAST_OPERATIONS, LEAST_TRANSITIONS = 800, 90

_SQL = ROOT / "plugins" / "sql" / "src"
_PROCESS = ROOT / "plugins" / "process" / "src"
_PUBLISH = "aetherflow/kernel/files/publish.py"
_DIGESTS = "aetherflow/kernel/files/digests.py"
_FOLDERS = "aetherflow/kernel/state/folders.py"
_LOGS = ".aetherflow/work/power/program/r1/artifacts/logs"
_JOURNAL = "aetherflow/kernel/run/journal.py"
MUTANTS = {
    "lost": [
        Mutant(
            name="ledger synced at checkpoints only",
            file="aetherflow/kernel/state/schema.py",
            old="PRAGMA synchronous = FULL",
            new="PRAGMA synchronous = NORMAL",
        ),
        Mutant(
            name="told before the commit",
            file=_JOURNAL,
            old="        if batch.writes:\n",
            new="        self._telling.leave(batch.events)\n        self._telling.tell_left()\n        batch.events = []\n        if batch.writes:\n",
        ),
        Mutant(
            name="state folder without its name",
            file=_FOLDERS,
            old="                    os.fsync(descriptor)\n",
            new="                    pass\n",
        ),
    ],
    "incomplete": [
        Mutant(
            name="file without its content",
            file=_DIGESTS,
            old="        os.fsync(descriptor)\n        return",
            new="        return",
        ),
        Mutant(
            name="file without its name",
            file=_PUBLISH,
            old="        os.fsync(folder)\n    books.tell(record)\n",
            new="    books.tell(record)\n",
        ),
        Mutant(name="folder without its content", file=_DIGESTS, old="        os.fsync(place)\n", new="        pass\n"),
        Mutant(
            name="folder without its name",
            file=_PUBLISH,
            old="            for folder in {there, here}:\n                os.fsync(folder)\n",
            new="",
        ),
        Mutant(
            name="database whose journal comes back",
            file="aetherflow_sql/sqlite.py",
            old="PRAGMA synchronous = EXTRA",
            new="PRAGMA synchronous = FULL",
            source=_SQL,
        ),
        Mutant(
            name="output of a program that is not kept",
            file="aetherflow_process/attempt.py",
            old="                self._keep_log()\n",
            new="                pass\n",
            source=_PROCESS,
        ),
    ],
}
#: Each with the folder that the killed run had just made, and that the next one takes for synced.
MUTANTS_AFTER_A_KILL = {
    "lost": [
        (
            ".aetherflow",
            Mutant(
                name="folder in one that was there",
                file=_FOLDERS,
                old="        _sync_names([parent], walk.known)\n",
                new="",
            ),
        ),
    ],
    "incomplete": [
        (
            "out",
            Mutant(
                name="output in a folder that was there",
                file=_FOLDERS,
                old="        if make is not None:\n            _sync_names(walk.opened[-1:], walk.known)\n",
                new="",
            ),
        ),
        (
            _LOGS,
            Mutant(
                name="log in a folder that was there",
                file=_FOLDERS,
                old="        _sync_names(opened, known)\n",
                new="",
            ),
        ),
    ],
}


@pytest.fixture(scope="module", autouse=True)
def _strace():
    """What records; where everything must be tested, it must be there."""
    if shutil.which("strace") is None:
        leave = pytest.fail if os.environ.get("AETHERFLOW_REQUIRE_SERVERS") else pytest.skip
        leave("there is no strace, which records what is done to the disk")


@pytest.fixture(scope="module")
def memory(tmp_path_factory):
    """A folder in memory where there is one: images are many, and what is synced in them is of no interest."""
    shared = Path("/dev/shm")  # noqa: S108 - a folder of our own in it
    if not os.access(shared, os.W_OK):
        yield tmp_path_factory.mktemp("cuts")
        return
    folder = Path(tempfile.mkdtemp(prefix="aetherflow-", dir=shared))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def recording(memory) -> Recording:
    (memory / "recorded").mkdir()
    return record_runs(Project(memory / "recorded" / "project"), tuple(EDITIONS))


def tell(what: str, recording: Recording, *verdicts: Verdict) -> None:
    """Print the figures."""
    images, checked, lost, corrupt, incomplete = (
        sum(figures)
        for figures in zip(
            *((v.images, v.checked, len(v.lost), len(v.corrupt), len(v.incomplete)) for v in verdicts), strict=True
        )
    )
    print(
        f"\npower cuts, {what}: {len(recording.changes)} operations and {len(recording.transitions)} transitions "
        f"recorded; {images} images, {checked} acknowledged transitions looked for, {lost} lost, "
        f"{corrupt} ledgers or databases corrupt, {incomplete} artifacts incomplete"
    )


@pytest.mark.timeout(3600)
def test_what_was_told_survives_and_what_is_done_is_there(recording, memory):
    verdict = judge(recording, recording.cuts(scaled(IMAGES, least=60), SEED), memory / "images")

    tell("runs", recording, verdict)
    assert len(recording.changes) >= LEAST_OPERATIONS
    assert len(recording.transitions) >= LEAST_TRANSITIONS
    assert verdict.checked >= 5 * verdict.images
    assert verdict.faults == []


@pytest.mark.timeout(3600)
def test_what_was_told_survives_a_kill_and_then_a_power_cut(recording, memory):
    """What the killed one had written and not synced is there for the next one, which must not take it for synced."""
    chance = random.Random(SEED)  # noqa: S311 - so that it can be tried again
    verdicts = []
    for after in chance.sample(recording.changes, k=scaled(KILLS)):
        going_on = record_going_on(recording, after)
        verdicts.append(judge(going_on, going_on.cuts(IMAGES_OF_A_KILL, SEED), memory / "images"))
        assert verdicts[-1].faults == [], f"killed after {after}"

    tell(f"{len(verdicts)} killed before", recording, *verdicts)


@pytest.mark.timeout(3600)
def test_a_run_goes_on_after_a_cut_and_comes_to_the_same_end(recording, memory):
    cuts = recording.cuts(3 * scaled(RESUMES), SEED + 1)
    golden = recording.golden
    scratch = memory / "end"
    by_marker = 0
    for cut, image, told in recording.images(cuts):
        run = run_at(told)
        done = recording.project.resume(image, run)
        assert done.returncode == 0, f"{cut}: {done.stderr}"
        end = disk.image_of(recording.project.root)
        rows = ledger_rows(end, scratch)
        skipped = _done_by_marker(rows, run, told)
        by_marker += bool(skipped)
        assert _of_run(rows, run, without=skipped) == _of_run(golden.rows, run, without=skipped), cut
        assert _whole(made_by(end, scratch)) == _whole(golden.after(run)), cut
    print(
        f"\npower cuts: {len(cuts)} runs went on from an image, {len(cuts)} to an equal end, "
        f"{by_marker} of them past a marker of their own"
    )


def _done_by_marker(rows, run, told):
    """Steps that were cut off after their marker, whose outputs are lost with them; that it is whole is looked at."""
    done = {transition.key for transition in told if transition.state.status == "SUCCESS"}
    return {
        key
        for key, row in rows.items()
        if key.run == run
        and key not in done
        and (key.job, key.step) in MARKED
        and row.state.status == "SKIPPED"
        and json.loads(row.outputs)["reason"] == "marker_present"
    }


def _of_run(rows, run, *, without):
    """How a run, its jobs and its steps ended, and with what; how often they were tried may differ."""
    return {key: (row.state.status, row.outputs) for key, row in rows.items() if key.run == run and key not in without}


def _whole(made):
    """Without files to which every attempt adds."""
    return {name: content for name, content in made.items() if not name.endswith(GROWING)}


@pytest.mark.parametrize(
    ("kind", "mutant"),
    [pytest.param(kind, mutant, id=mutant.name) for kind, mutants in MUTANTS.items() for mutant in mutants],
)
def test_a_mutant_is_found(kind, mutant, tmp_path, memory):
    folder = memory / "mutant"
    folder.mkdir()
    try:
        # What starts fastest, of what the mutant hurts.
        project = Project(folder / "project", jobs=("load",) if mutant.source == _SQL else ("program",))
        recording = record_runs(project, ("r1",), environment_of(mutant, tmp_path / "code"))
        verdict = judge(recording, [Cut(after, "nothing") for after in recording.tellings], folder / "images")
    finally:
        shutil.rmtree(folder)

    print(f"\npower cuts: mutant {mutant.name!r} found in {verdict.bad_images} of {verdict.images} images")
    assert getattr(verdict, kind)


@pytest.mark.parametrize(
    ("kind", "made", "mutant"),
    [
        pytest.param(kind, made, mutant, id=mutant.name)
        for kind, mutants in MUTANTS_AFTER_A_KILL.items()
        for made, mutant in mutants
    ],
)
def test_a_mutant_that_takes_the_folders_of_a_killed_run_for_synced_is_found(kind, made, mutant, tmp_path, memory):
    environment = environment_of(mutant, tmp_path / "code")
    folder = memory / "mutant"
    folder.mkdir()
    try:
        recording = record_runs(Project(folder / "project", jobs=("program",)), ("r1",), environment)
        # Killed where the folder was made, and its name was not synced.
        going_on = record_going_on(recording, recording.first_sight_of(made), environment)
        verdict = judge(going_on, [Cut(after, "nothing") for after in going_on.tellings], folder / "images")
    finally:
        shutil.rmtree(folder)

    print(f"\npower cuts: mutant {mutant.name!r} found in {verdict.bad_images} of {verdict.images} images")
    assert getattr(verdict, kind)


class TestDisk:
    """The disk that is simulated loses what it may lose, and nothing else."""

    def test_what_was_written_is_lost_until_it_is_synced(self):
        file = File()
        file.do(Write(0, b"first"))
        file.sync(len(file.pending))
        file.do(Write(5, b" second"))

        assert file.image(disk.nothing) == b"first"
        assert file.image(disk.everything) == b"first second"

    def test_a_sync_covers_what_was_written_when_it_began(self):
        file = File()
        file.do(Write(0, b"a"))
        begun = len(file.pending)
        file.do(Write(1, b"b"))
        file.sync(begun)

        assert file.image(disk.nothing) == b"a"

    def test_sectors_survive_one_by_one(self):
        file = File()
        file.do(Write(10, b"x" * 2000))
        survivors = iter([False, True, False, True])

        assert file.image(lambda: next(survivors)) == bytes(512) + b"x" * 512 + bytes(512) + b"x" * 474

    def test_a_size_survives_or_not(self):
        file = File(content=bytearray(b"long"), durable=b"long")
        file.do(Resize(1))

        assert {file.image(disk.nothing), file.image(disk.everything)} == {b"long", b"l"}

    def test_a_name_is_lost_with_a_synced_file_until_its_folder_is_synced(self):
        folder, file = Folder(), File()
        folder.do({"new": file})
        file.do(Write(0, b"content"))
        file.sync(len(file.pending))
        assert folder.image(disk.nothing) == {}

        folder.sync(len(folder.pending))
        assert folder.image(disk.nothing) == {"new": b"content"}

    def test_a_move_within_a_folder_is_all_or_nothing(self):
        file = File(durable=b"new")
        folder = disk.folder_of({"final": b"old"})
        folder.do({"temporary": file})
        folder.do({"temporary": None, "final": file})
        chance = random.Random(SEED)  # noqa: S311 - so that it can be tried again

        images = [folder.image(lambda: chance.random() < 0.5) for _ in range(50)]
        assert {image["final"] for image in images} == {b"old", b"new"}
        assert {image.get("temporary") for image in images} == {None, b"new"}
