"""The step `unzip`: where things go, and that all of them do or none."""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import pyzipper

from aetherflow.kernel.api import AetherFlowError, NothingDone
from plugins.archive.tests.hostile import build, good, one


@pytest.fixture
def archive(workplace):
    """Makes archives of the artifacts, below them or elsewhere."""

    def make(path="out.zip", *names, entries=()):
        file = workplace.artifacts / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(build(*(entries or good(*(names or ("a.txt", "b/c.txt"))))))
        return file

    return make


A_AND_C = {"a.txt": b"content of a.txt", "b": None, "b/c.txt": b"content of b/c.txt"}


def test_the_outputs_say_what_was_really_written(workplace, archive):
    """D20: the ancestor reported the names as they stood in the archive."""
    made = archive()
    answer = workplace.unzip()
    unpacked = str(workplace.artifacts / "unpacked")
    assert answer == {
        "unzipped": [
            {
                "archive": str(made),
                "dest_dir": unpacked,
                "files": ["a.txt", "b/c.txt"],
                "password": False,
                "driver": "zipfile",
            }
        ],
        "dest_dir": unpacked,
    }
    assert workplace.tree("unpacked") == A_AND_C


def test_a_missing_archive_is_an_error_with_its_name(workplace, archive):
    """D20: the ancestor skipped it, and said SUCCESS."""
    archive()
    with pytest.raises(AetherFlowError, match=r"there is no archive .*none\.zip") as caught:
        workplace.unzip(archives=["out.zip", "none.zip"])
    assert caught.value.problem.code == "AF-ARCHIVE-MISSING"
    assert not (workplace.artifacts / "unpacked").exists()


def test_a_folder_is_no_archive(workplace):
    with pytest.raises(AetherFlowError, match="there is no archive"):
        workplace.unzip(archives=".")


def test_without_archives_the_step_is_skipped(workplace):
    assert workplace.unzip(archives=[])["reason"] == "no_archives"


@pytest.mark.parametrize(
    ("place", "private", "target"),
    [
        ("x.zip", False, ""),
        ("in/deep/x.zip", False, "in/deep"),
        ("x.zip", True, "x"),
        ("in/x.tar.zip", True, "in/x.tar"),
        # Without their suffix these would mean the folder itself, and the one above it.
        ("..zip", True, "..zip"),
        ("...zip", True, "...zip"),
        ("in/...zip", True, "in/...zip"),
    ],
)
def test_the_target_follows_the_archive(workplace, archive, place, private, target):
    archive(place)
    answer = workplace.unzip(archives=place, private_zip_folder=private)
    folder = workplace.artifacts / "unpacked" / target
    assert answer["unzipped"][0]["dest_dir"] == str(folder)
    assert (folder / "b" / "c.txt").read_bytes() == b"content of b/c.txt"


def test_the_target_is_relative_to_src_dir(workplace, archive):
    archive("in/deep/x.zip")
    workplace.unzip(archives="in/deep/x.zip", src_dir="in")
    assert workplace.tree("unpacked/deep") == A_AND_C


@pytest.mark.parametrize("private", [False, True])
def test_an_archive_outside_src_dir_gets_a_folder_of_its_whole_name(workplace, archive, private):
    shutil.move(archive("x.zip"), workplace.context.project / "x.zip")
    workplace.unzip(archives=str(workplace.context.project / "x.zip"), private_zip_folder=private)
    assert workplace.tree("unpacked/x.zip") == A_AND_C


def test_several_archives_share_a_folder_or_have_their_own(workplace, archive):
    archive("x.zip", "x.txt", "same/x.txt")
    archive("y.zip", "y.txt", "same/y.txt")
    workplace.unzip(archives=["x.zip", "y.zip"])
    assert set(workplace.tree("unpacked")) == {"x.txt", "y.txt", "same", "same/x.txt", "same/y.txt"}
    workplace.unzip(archives=["x.zip", "y.zip"], dest_dir="apart", private_zip_folder=True)
    assert {name for name in workplace.tree("apart") if "/" not in name} == {"x", "y"}


@pytest.mark.parametrize(("one_name", "other_name"), [("a", "a"), ("a", "a/b"), ("a/b", "a")])
def test_archives_that_want_one_place_are_refused(workplace, archive, one_name, other_name):
    archive("x.zip", one_name)
    archive("y.zip", other_name)
    with pytest.raises(AetherFlowError) as caught:
        workplace.unzip(archives=["x.zip", "y.zip"])
    assert caught.value.problem.code == "AF-ARCHIVE-CONFLICT"
    assert set(workplace.tree()) == {"x.zip", "y.zip"}


def test_one_refused_archive_keeps_the_others_back(workplace, archive):
    archive("good.zip")
    archive("bad.zip", entries=[one("../evil")])
    with pytest.raises(AetherFlowError, match=r"bad\.zip"):
        workplace.unzip(archives=["good.zip", "bad.zip"])
    assert set(workplace.tree()) == {"bad.zip", "good.zip"}


def test_only_some_members(workplace, archive):
    archive()
    assert workplace.unzip(members=["b/c.txt"])["unzipped"][0]["files"] == ["b/c.txt"]
    assert set(workplace.tree("unpacked")) == {"b", "b/c.txt"}


def test_no_members_are_all_members(workplace, archive):
    archive()
    workplace.unzip(members=[])
    assert workplace.tree("unpacked") == A_AND_C


def test_a_folder_that_is_there_keeps_what_the_archive_does_not_hold(workplace, archive):
    archive()
    workplace.write(**{"unpacked__a.txt": "old", "unpacked__mine.txt": "mine", "unpacked__b__d.txt": "d"})
    workplace.unzip()
    assert workplace.tree("unpacked") == {**A_AND_C, "mine.txt": b"mine", "b/d.txt": b"d"}
    assert set(workplace.tree()) == {
        "out.zip",
        "unpacked",
        *(f"unpacked/{name}" for name in workplace.tree("unpacked")),
    }


def test_overwrite_false_refuses_before_anything_moves(workplace, archive):
    """D20: the ancestor overwrote."""
    archive()
    workplace.write(**{"unpacked__b__c.txt": "precious"})
    before = workplace.tree()
    with pytest.raises(NothingDone, match=r"c\.txt is there already") as caught:
        workplace.unzip(overwrite=False)
    assert caught.value.problem.code == "AF-ARCHIVE-EXISTS"
    assert workplace.tree() == before


def test_overwrite_false_fills_a_folder_where_nothing_is_in_the_way(workplace, archive):
    archive()
    workplace.write(**{"unpacked__mine.txt": "mine"})
    workplace.unzip(overwrite=False)
    assert workplace.tree("unpacked") == {**A_AND_C, "mine.txt": b"mine"}


def test_a_step_that_was_cut_off_goes_on_over_its_own_files(workplace, archive):
    archive()
    workplace.write(**{"unpacked__mine.txt": "mine"})
    workplace.unzip(overwrite=False)
    workplace.unzip(overwrite=False)
    workplace.context.idempotency_key = "another run"
    with pytest.raises(NothingDone, match="is there already"):
        workplace.unzip(overwrite=False)


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize(
    "obstacle", ["folder for a file", "file for a folder", "link for a file", "link for a folder", "pipe for a file"]
)
def test_what_is_of_another_kind_is_in_the_way(workplace, archive, obstacle, overwrite):
    archive()
    workplace.write(**{"unpacked__mine.txt": "mine", "elsewhere__x": "x"})
    folder = workplace.artifacts / "unpacked"
    {
        "folder for a file": (folder / "a.txt").mkdir,
        "file for a folder": lambda: (folder / "b").write_text("file"),
        "link for a file": lambda: (folder / "a.txt").symlink_to("../elsewhere/x"),
        "link for a folder": lambda: (folder / "b").symlink_to("../elsewhere"),
        "pipe for a file": lambda: os.mkfifo(folder / "a.txt"),
    }[obstacle]()
    before = set(workplace.artifacts.rglob("*"))
    with pytest.raises(NothingDone) as caught:
        workplace.unzip(overwrite=overwrite)
    assert caught.value.problem.code == "AF-ARCHIVE-CONFLICT"
    assert set(workplace.artifacts.rglob("*")) == before
    assert (workplace.artifacts / "elsewhere" / "x").read_text() == "x"


def test_a_member_that_belongs_to_the_engine_is_refused(workplace, archive):
    archive(entries=good("a.txt", "protected"))
    with pytest.raises(AetherFlowError, match="protected"):
        workplace.unzip()
    assert set(workplace.tree()) == {"out.zip"}


def test_an_archive_does_not_replace_itself(workplace, archive):
    made = archive("unpacked/out.zip", "out.zip", "z.txt")
    before = made.read_bytes()
    with pytest.raises(NothingDone, match="an archive that is being unpacked"):
        workplace.unzip(archives="unpacked/out.zip", src_dir="unpacked")
    assert workplace.tree("unpacked") == {"out.zip": before}


def test_new_folders_above_the_target_are_made_with_it_or_not_at_all(workplace, archive):
    archive()
    workplace.unzip(dest_dir="new/er/est")
    assert workplace.tree("new/er/est") == A_AND_C
    archive("bad.zip", entries=[one("../evil")])
    with pytest.raises(AetherFlowError):
        workplace.unzip(archives="bad.zip", dest_dir="another/new")
    assert not (workplace.artifacts / "another").exists()


def test_a_file_in_the_way_of_the_target_is_told(workplace, archive):
    archive()
    workplace.write(file="x")
    with pytest.raises(NothingDone, match="file is no folder"):
        workplace.unzip(dest_dir="file/inner")


@pytest.mark.parametrize("target", ["x" * 300, "new/" + "x" * 300])
def test_a_target_that_can_not_be_named_is_told(workplace, archive, target):
    archive()
    with pytest.raises(AetherFlowError, match="name too long"):
        workplace.unzip(dest_dir=target)
    assert workplace.tree() == {"out.zip": (workplace.artifacts / "out.zip").read_bytes()}


def test_what_is_unpacked_has_the_users_permissions(workplace, archive):
    archive(entries=[one("a/b.sh", mode=0o106777)])
    before = os.umask(0o027)
    try:
        workplace.unzip()
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (workplace.artifacts / "unpacked").rglob("*")}
    assert modes == {"a": 0o750, "b.sh": 0o640}
    assert stat.S_IMODE((workplace.artifacts / "unpacked").stat().st_mode) == 0o750


def test_what_is_not_in_its_place_yet_is_open_to_nobody_else(workplace, archive):
    archive()
    seen = []

    def look(*_, **__):
        (stage,) = workplace.artifacts.glob(".aetherflow.*[0-9a-f]")
        seen.append(stat.S_IMODE(stage.stat().st_mode))

    workplace.context.progress = look
    workplace.unzip()
    assert set(seen) == {0o700}


def test_an_empty_folder_of_an_archive_is_made(workplace, archive):
    archive(entries=[one("empty/", b"", mode=0o040755), *good("a.txt")])
    for dest in ("unpacked", "unpacked"):
        workplace.unzip(dest_dir=dest)
        assert workplace.tree("unpacked") == {"a.txt": b"content of a.txt", "empty": None}


def test_a_password_goes_round(workplace):
    workplace.write(**{"in__a.txt": "secret content"})
    workplace.zip(src_dir="in", password="correct horse")
    answer = workplace.unzip(password="correct horse")
    assert (answer["unzipped"][0]["password"], answer["unzipped"][0]["driver"]) == (True, "pyzipper")
    assert workplace.tree("unpacked") == {"a.txt": b"secret content"}
    for wrong in ({}, {"password": "wrong horse"}):
        with pytest.raises(AetherFlowError) as caught:
            workplace.unzip(dest_dir="other", **wrong)
        assert "horse" not in str(caught.value) + caught.value.problem.help
        assert not (workplace.artifacts / "other").exists()


def test_an_empty_folder_that_was_encrypted_is_a_folder(workplace):
    with pyzipper.AESZipFile(workplace.artifacts / "out.zip", "w", compression=pyzipper.ZIP_DEFLATED) as made:
        made.setpassword(b"correct horse")
        made.setencryption(pyzipper.WZ_AES)
        made.writestr("a/", b"")
    workplace.unzip(password="correct horse")
    assert workplace.tree("unpacked") == {"a": None}


def test_a_step_that_must_stop_puts_nothing_in_place(workplace, archive):
    archive()
    workplace.write(**{"unpacked__mine.txt": "mine"})
    before = workplace.tree()
    workplace.context.cancelled.set()
    with pytest.raises(AetherFlowError, match="stopped"):
        workplace.unzip()
    assert workplace.tree() == before


def test_a_run_that_left_the_step_behind_gets_nothing_from_it(workplace, archive):
    archive()
    workplace.write(**{"unpacked__mine.txt": "mine"})
    before = workplace.tree()

    def revoked():
        raise AetherFlowError("left behind", code="AF-FENCED")

    workplace.context.check_fence = revoked
    with pytest.raises(AetherFlowError, match="left behind"):
        workplace.unzip()
    assert workplace.tree() == before


def test_an_archive_that_changes_while_it_is_read_is_refused(workplace, archive):
    made = archive()

    def change(*_, **__):
        with made.open("ab") as file:
            file.write(b"more")

    workplace.context.progress = change
    with pytest.raises(AetherFlowError) as caught:
        workplace.unzip()
    assert caught.value.problem.code in {"AF-ARCHIVE-CHANGED", "AF-ARCHIVE-DAMAGED"}
    assert not (workplace.artifacts / "unpacked").exists()


def test_no_link_that_comes_meanwhile_leads_out(workplace, archive):
    """S6: somebody flips a folder of the target into a link outside and back, all the time."""
    archive(entries=good(*(f"sub/{number}" for number in range(20))))
    workplace.write(unpacked__sub__x="x")
    outside = workplace.artifacts.parent / "outside"
    outside.mkdir()
    folder, link = workplace.artifacts / "unpacked" / "sub", workplace.artifacts / "link"
    link.symlink_to(outside)
    done, flips = threading.Event(), []
    system = ctypes.CDLL(None, use_errno=True)

    def flip():
        while not done.is_set():
            flips.append(system.renameat2(-100, os.fsencode(folder), -100, os.fsencode(link), 2))

    flipper = threading.Thread(target=flip)
    flipper.start()
    ended = []
    for _ in range(100):
        try:
            workplace.unzip()
            ended.append("well")
        except AetherFlowError as error:
            ended.append(error.problem.code)
    done.set()
    flipper.join()
    assert list(outside.iterdir()) == []
    assert set(ended) <= {"well", "AF-ARCHIVE-CONFLICT", "AF-PATH-REFUSED"}
    assert len(flips) > 100
    assert set(flips) == {0}


def test_too_little_room_is_told_before_anything_is_written(tmp_path):
    """On a file system of 2 MiB of its own, in a mount namespace of its own."""
    (tmp_path / "big.zip").write_bytes(build(one("big", bytes(3 << 20), method=8)))
    script = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from aetherflow.kernel.api import ConnectorError, Watch\n"
        "from plugins.archive.tests.conftest import zipfile_archiver\n"
        "watch = Watch(cancelled=threading.Event(), progress=lambda done, total: None)\n"
        "try:\n"
        "    zipfile_archiver().extract(Path(sys.argv[1]), Path(sys.argv[2]), password=None, members=None, watch=watch)\n"
        "except ConnectorError as error:\n"
        "    print(error.problem.code, error, list(Path(sys.argv[2]).iterdir()))\n"
    )
    small = tmp_path / "small"
    small.mkdir()
    command = 'mount -t tmpfs -o size=2m none "$2" && exec "$0" -c "$3" "$1" "$2"'
    words = ["unshare", "-Urm", "sh", "-c", command, sys.executable, tmp_path / "big.zip", small, script]
    told = subprocess.run(words, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert told.stdout.startswith("AF-ARCHIVE-SPACE big.zip unpacks to 3145728 bytes, and 2097152 are free"), (
        told.stderr
    )
    assert told.stdout.rstrip().endswith("[]")


def test_a_target_that_is_a_file_system_of_its_own_is_filled(tmp_path):
    """Nothing can be moved into it from beside it: it is staged inside, and nothing of that stays."""
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "out.zip").write_bytes(build(*good("a.txt", "b/c.txt")))
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from plugins.archive.tests.conftest import Context, Workplace, tree\n"
        "root = Path(sys.argv[1]).resolve()\n"
        "folders = [root / name for name in ('artifacts', 'project', 'manifests')]\n"
        "for folder in folders[1:]: folder.mkdir()\n"
        "workplace = Workplace(Context(*folders))\n"
        "workplace.unzip(dest_dir='own')\n"
        "print(sorted(workplace.tree()))\n"
    )
    own = tmp_path / "artifacts" / "own"
    own.mkdir()
    command = 'mount -t tmpfs -o size=2m none "$2" && exec "$0" -c "$3" "$1"'
    words = ["unshare", "-Urm", "sh", "-c", command, sys.executable, tmp_path, own, script]
    told = subprocess.run(words, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert told.stdout.strip() == "['out.zip', 'own', 'own/a.txt', 'own/b', 'own/b/c.txt']", told.stderr
