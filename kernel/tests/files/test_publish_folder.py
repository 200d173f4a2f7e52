"""Folders are put in place whole or not at all, and nothing is removed that is not ours."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from aetherflow.kernel.api import NothingDone, StepError, publish, publish_folder, staged_folder
from aetherflow.kernel.files import moving as module

# Staging -------------------------------------------------------------------------------------------------------------


def test_leftovers_of_an_attempt_that_was_cut_off_are_removed(tmp_path):
    final, given = tmp_path / "out", tmp_path / "staging"
    # As a killed process leaves them: the claim stays, nobody holds it.
    with staged_folder(final, given=given, owner="one"):
        (given / "old").touch()
        claims = list(tmp_path.glob("*.claim"))
        kept = {path: path.read_bytes() for path in claims}
    for path, data in kept.items():
        path.write_bytes(data)
    given.mkdir()
    (given / "old").touch()
    with staged_folder(final, given=given, owner="two") as folder:
        assert list(folder.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def left_without_its_claim(final: Path) -> Path:
    """The folder that an attempt staged in, as a power cut may leave it."""
    with staged_folder(final, owner="one") as folder:
        place = folder.parent
    place.mkdir(mode=0o700)
    (place / "half").touch()
    return place


def test_leftovers_that_a_power_cut_took_the_claim_of_are_removed(tmp_path):
    left_without_its_claim(tmp_path / "out")
    with staged_folder(tmp_path / "out", owner="one") as folder:
        assert list(folder.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_what_others_may_look_into_is_not_taken_for_our_leftovers(tmp_path):
    left = left_without_its_claim(tmp_path / "out")
    left.chmod(0o755)
    with pytest.raises(NothingDone, match="not empty"):
        staged_folder(tmp_path / "out", owner="one").__enter__()
    assert [path.name for path in tmp_path.rglob("*")] == [left.name, "half"]


def test_a_given_folder_without_a_claim_is_not_ours_to_empty(tmp_path):
    given = tmp_path / "staging"
    given.mkdir(mode=0o700)
    (given / "kept").touch()
    with pytest.raises(NothingDone, match="not empty"):
        staged_folder(tmp_path / "out", given=given, owner="one").__enter__()
    assert [path.name for path in tmp_path.rglob("*")] == ["staging", "kept"]


def test_a_folder_that_another_step_fills_is_refused(tmp_path):
    given = tmp_path / "staging"
    with staged_folder(tmp_path / "out", given=given, owner="one") as folder:
        (folder / "half").touch()
        refused = staged_folder(tmp_path / "out", given=given, owner="two")
        with pytest.raises(NothingDone, match="another step is filling it"):
            refused.__enter__()
        assert (folder / "half").exists()


def test_two_steps_that_stage_for_one_folder_do_not_meet(tmp_path):
    final = tmp_path / "out"
    with (
        staged_folder(final, given=None, owner="one") as first,
        staged_folder(final, given=None, owner="two") as second,
    ):
        assert first != second
        assert {first.parent.parent, second.parent.parent} == {tmp_path}
        assert {stat.S_IMODE(folder.parent.stat().st_mode) for folder in (first, second)} == {0o700}
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_staged_behind_a_link(tmp_path):
    """As one that is put in front of the folder after its path was looked at."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")
    with pytest.raises(NothingDone, match="Not a directory"):
        staged_folder(tmp_path / "link" / "out", owner="one").__enter__()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_that_is_moved_away_while_it_is_filled_is_cleared_where_it_is(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "elsewhere").mkdir()
    with staged_folder(tmp_path / "there" / "out", owner="one") as folder:
        (folder / "half").touch()
        (tmp_path / "there").rename(tmp_path / "moved")
        (tmp_path / "there").symlink_to("elsewhere")
    assert list((tmp_path / "moved").iterdir()) == list((tmp_path / "elsewhere").iterdir()) == []


# Publishing ----------------------------------------------------------------------------------------------------------


def new_folder(place: Path, name: str) -> Path:
    folder = place / name
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "name").write_text(name)
    (folder / "link").symlink_to("sub")
    return folder


def test_readers_always_find_the_folder_whole(tmp_path):
    """D17: between removal and renaming there was none in the ancestor."""
    final = new_folder(tmp_path, "out")
    done, missed = threading.Event(), []

    def read() -> None:
        while not done.is_set():
            try:
                (final / "sub" / "name").read_text()
            except FileNotFoundError as error:
                missed.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(100):
        publish_folder(new_folder(tmp_path, f"new-{number}"), final)
    done.set()
    for reader in readers:
        reader.join()
    assert missed == []
    assert (final / "sub" / "name").read_text() == "new-99"


@pytest.fixture(params=["exchange", "by hand"])
def rename(request, monkeypatch):
    """Both ways of renaming; systems without renameat2 take the second."""
    if request.param == "by hand":
        monkeypatch.setattr(module, "_move_at_once", _not_supported)


def _not_supported(*_: object) -> None:
    raise OSError(38, os.strerror(38))


@pytest.mark.usefixtures("rename")
def test_a_folder_is_published_where_none_was_and_where_one_was(tmp_path):
    publish_folder(new_folder(tmp_path, "first"), tmp_path / "out")
    assert (tmp_path / "out" / "link" / "name").read_text() == "first"
    second = new_folder(tmp_path, "second")
    publish_folder(second, tmp_path / "out")
    assert (tmp_path / "out" / "sub" / "name").read_text() == "second"
    assert (second / "sub" / "name").read_text() == "first"


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path):
    elsewhere = new_folder(tmp_path, "elsewhere")
    (tmp_path / "out").symlink_to(elsewhere)
    with pytest.raises(StepError, match="is no folder"):
        publish_folder(new_folder(tmp_path, "new"), tmp_path / "out")
    assert (elsewhere / "sub" / "name").read_text() == "elsewhere"


def test_a_link_in_front_of_the_folder_is_not_followed(tmp_path):
    """As one that is put there between the look at the path and the move."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")
    new = new_folder(tmp_path, "new")
    with pytest.raises(OSError, match="Not a directory"):
        publish_folder(new, tmp_path / "link" / "out")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert (new / "sub" / "name").read_text() == "new"


@pytest.fixture
def other_file_system(tmp_path):
    memory = Path("/dev/shm")  # noqa: S108 - a second file system is what it is for
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has one file system only")
    folder = memory / f"aetherflow-{uuid.uuid4().hex}"
    folder.mkdir()
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_symlink() or path.is_file() else path.rmdir()
    folder.rmdir()


def test_a_folder_of_another_file_system_is_refused_or_copied_whole(tmp_path, other_file_system):
    staged = new_folder(other_file_system, "staged")
    with pytest.raises(StepError, match="different file systems"):
        publish_folder(staged, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    publish_folder(staged, tmp_path / "out", may_copy=True)
    assert (tmp_path / "out" / "link" / "name").read_text() == "staged"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_stands_there_gives_way_only_where_it_may(tmp_path):
    publish_folder(new_folder(tmp_path, "first"), tmp_path / "out", replace=False)
    with pytest.raises(FileExistsError):
        publish_folder(new_folder(tmp_path, "second"), tmp_path / "out", replace=False)
    assert (tmp_path / "out" / "sub" / "name").read_text() == "first"
    assert (tmp_path / "second" / "sub" / "name").read_text() == "second"


@pytest.mark.usefixtures("rename")
def test_a_file_that_stands_there_gives_way_only_where_it_may(tmp_path):
    target = tmp_path / "file"
    with publish(target, replace=False) as temporary:
        temporary.write_text("first")
    with pytest.raises(FileExistsError), publish(target, replace=False) as temporary:
        temporary.write_text("second")
    assert target.read_text() == "first"
    assert list(tmp_path.iterdir()) == [target]


def killed_while(source: str, folder: Path) -> None:
    imports = "import os, pathlib, signal, sys\nfrom aetherflow.kernel.api import publish, staged_folder\n"
    kill = "    os.kill(os.getpid(), signal.SIGKILL)\n"
    killed = subprocess.run([sys.executable, "-c", f"{imports}{source}\n{kill}", str(folder)], check=False)
    assert killed.returncode == -signal.SIGKILL


def test_the_next_attempt_removes_the_temporary_file_of_one_that_was_killed(tmp_path):
    killed_while("with publish(pathlib.Path(sys.argv[1], 'file'), owner='one') as temporary:", tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    with publish(tmp_path / "file", owner="one") as temporary:
        temporary.write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_next_attempt_removes_the_folder_of_one_that_was_killed(tmp_path):
    source = (
        "with staged_folder(pathlib.Path(sys.argv[1], 'out'), owner='one') as folder:\n    (folder / 'half').touch()"
    )
    killed_while(source, tmp_path)
    assert len(list(tmp_path.rglob("half"))) == 1
    with staged_folder(tmp_path / "out", owner="one") as folder:
        assert list(folder.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("files", "call"), [(3, "fsync"), (100, "syncfs")])
def test_content_is_on_the_disk_before_a_folder_is_in_its_place(tmp_path, files, call):
    """One by one where there are few; many are waited for at once."""
    source = (
        "import pathlib, sys\n"
        "from aetherflow.kernel.api import publish_folder, staged_folder\n"
        "final = pathlib.Path(sys.argv[1], 'out')\n"
        "with staged_folder(final, owner='one') as folder:\n"
        "    for number in range(int(sys.argv[2])): (folder / str(number)).write_text('x')\n"
        "    publish_folder(folder, final)\n"
    )
    record = tmp_path / "calls"
    trace = ["strace", "-f", "-o", str(record), "-e", "trace=fsync,syncfs,renameat2"]
    words = [*trace, sys.executable, "-c", source, str(tmp_path), str(files)]
    subprocess.run(words, check=True)
    calls = [line.split("(")[0].split()[-1] for line in record.read_text().splitlines() if "(" in line]
    moved = calls.index("renameat2")
    # Each file, the folder, and the name of the one that it goes to.
    assert calls[:moved].count(call) == (1 if call == "syncfs" else files + 2)
    assert calls[moved:].count("fsync") == 2
