"""What a killed run left is removed by its next start, and nothing else is (R14, S5)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import pytest

from aetherflow.kernel.files.publish import Bookkeeping, publish, staged_folder
from aetherflow.kernel.files.removal import empty_folder
from aetherflow.kernel.files.unfinished import Unfinished
from aetherflow.kernel.state.folders import open_folder

KILLED = """
import os, pathlib, signal, sys
from aetherflow.kernel.files.publish import Bookkeeping, publish, publish_folder, staged_folder
from aetherflow.kernel.files.unfinished import Unfinished
here = pathlib.Path(sys.argv[1])
books = Bookkeeping(unfinished=Unfinished(here / "list"))
def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(source, folder):
    done = subprocess.run([sys.executable, "-c", f"{KILLED}\n{source}\nkill()", str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


FILE = "with publish(here / 'out' / 'file', owner='one', books=books) as place:\n    place.write_text('half'); kill()"
FOLDER = (
    "with staged_folder(here / 'out' / 'new', owner='one', books=books) as place:\n    (place / 'half').touch(); kill()"
)
GIVEN = FOLDER.replace("owner", "given=here / 'out' / 'stage', owner")
EXCHANGED = """
(here / 'out' / 'new').mkdir()
(here / 'out' / 'new' / 'old').touch()
with staged_folder(here / 'out' / 'new', given=here / 'out' / 'stage', owner='one', books=books) as place:
    (place / 'whole').touch()
    publish_folder(place, here / 'out' / 'new', books=books)
    kill()
"""


@pytest.mark.parametrize(
    ("source", "left"),
    [(FILE, []), (FOLDER, []), (GIVEN, []), (EXCHANGED, ["new", "new/whole"])],
    ids=["file", "folder", "given", "exchanged"],
)
def test_what_a_killed_attempt_left_is_removed(tmp_path, source, left):
    (tmp_path / "out").mkdir()
    killed(source, tmp_path)
    assert names(tmp_path / "out") != left
    Unfinished(tmp_path / "list").clear()
    assert names(tmp_path / "out") == left
    assert not (tmp_path / "list").exists()


@pytest.mark.parametrize("source", [FILE, FOLDER], ids=["file", "folder"])
def test_what_bears_the_name_and_is_not_ours_stays(tmp_path, source):
    (tmp_path / "out").mkdir()
    killed(source, tmp_path)
    for path in list((tmp_path / "out").iterdir()):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "precious").touch()
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        (tmp_path / "other").rename(path)
    before = names(tmp_path / "out")
    Unfinished(tmp_path / "list").clear()
    assert names(tmp_path / "out") == before


def test_nothing_is_removed_behind_a_link(tmp_path):
    (tmp_path / "out").mkdir()
    killed(FILE, tmp_path)
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    (tmp_path / "out").symlink_to("elsewhere")
    before = names(tmp_path / "elsewhere")
    Unfinished(tmp_path / "list").clear()
    assert names(tmp_path / "elsewhere") == before


def test_list_is_empty_when_nothing_is_open_and_grows_by_what_is(tmp_path):
    unfinished = Unfinished(tmp_path / "list")
    books = Bookkeeping(unfinished=unfinished)
    with publish(tmp_path / "a", books=books) as one, publish(tmp_path / "b", books=books) as two:
        one.touch()
        two.touch()
        assert (tmp_path / "list").stat().st_size > 0
    assert (tmp_path / "list").stat().st_size == 0
    unfinished.clear()
    assert names(tmp_path) == ["a", "b"]


def test_a_line_that_was_cut_is_not_believed(tmp_path):
    (tmp_path / "keep").mkdir()
    line = f'[1, "{tmp_path}/keep"]\n[1, 5, 6, 16384]\n[2, "{tmp_path}/ke'
    (tmp_path / "list").write_text(line)
    Unfinished(tmp_path / "list").clear()
    assert (tmp_path / "keep").is_dir()


def test_an_attempt_that_was_left_behind_and_the_next_one_do_not_meet(tmp_path):
    with publish(tmp_path / "file", owner="step") as late:
        late.write_text("late")
        with publish(tmp_path / "file", owner="step") as new:
            new.write_text("new")
        late.write_text("later")
        assert (tmp_path / "file").read_text() == "new"
    assert names(tmp_path) == ["file"]


def test_a_deep_folder_is_emptied_with_few_descriptors(tmp_path):
    deep = 3_000
    with open_folder(tmp_path) as folder:
        descriptors = [os.dup(folder)]
        for _ in range(deep):
            os.mkdir("d", dir_fd=descriptors[-1])
            inner = os.open("d", os.O_RDONLY, dir_fd=descriptors[-1])
            os.close(descriptors.pop())
            descriptors.append(inner)
        os.close(descriptors.pop())
        empty_folder(folder)
    assert names(tmp_path) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
@pytest.mark.parametrize("kind", ["bind", "tmpfs"])
def test_what_is_mounted_in_a_folder_is_not_emptied(tmp_path, kind):
    inside, precious = tmp_path / "ours" / "mounted", tmp_path / "precious"
    inside.mkdir(parents=True)
    precious.mkdir()
    (tmp_path / "ours" / "file").touch()
    words = (
        ["mount", "--bind", str(precious), str(inside)]
        if kind == "bind"
        else ["mount", "-t", "tmpfs", "x", str(inside)]
    )
    subprocess.run(words, check=True)
    try:
        (inside / "keep").touch()
        with open_folder(tmp_path / "ours") as folder:
            empty_folder(folder)
        assert (inside / "keep").exists()
        assert not (tmp_path / "ours" / "file").exists()
    finally:
        subprocess.run(["umount", str(inside)], check=True)


def test_folders_above_that_were_made_go_when_the_block_raises(tmp_path):
    for use in (publish, lambda place: staged_folder(place, owner="one")):
        with pytest.raises(RuntimeError), use(tmp_path / "new" / "er" / "out"):
            raise RuntimeError
        assert names(tmp_path) == []
    with pytest.raises(OSError, match="too long"), publish(tmp_path / "new" / ("x" * 300)):
        pass
    assert names(tmp_path) == []
