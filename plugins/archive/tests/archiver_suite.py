"""What every driver of the protocol `Archiver` must do: inherit the class, and say how one is made."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from aetherflow.kernel.api import ConnectorError, Watch
from plugins.archive.tests.conftest import tree

FILES = {
    "b.txt": b"bee\n" * 5000,
    "a/deep/er.bin": bytes(range(256)) * 700,
    "empty": b"",
    "-T": b"an option elsewhere",
    "grün 漢.txt": "ß".encode(),
    "a.txt": b"x",
}


CHANGES = {
    "grown": lambda path: os.truncate(path, 4 << 20),
    "shrunk": lambda path: os.truncate(path, 2 << 20),
    "rewritten": lambda path: (path.write_bytes(bytes(3 << 20)), os.utime(path, (7, 7))),
    "swapped": lambda path: (os.truncate(path, 2 << 20), path.rename(path.with_name("old")), path.touch()),
}


class Stopping:
    """A signal that is set after so many questions."""

    def __init__(self, questions):
        self._left = questions

    def is_set(self):
        self._left -= 1
        return self._left < 0


class ArchiverSuite:
    """Packing and unpacking, for one driver."""

    def new(self, **options):
        """A driver that is open."""
        raise NotImplementedError

    @pytest.fixture
    def folder(self, tmp_path):
        root = tmp_path.resolve() / "source"
        for name, content in FILES.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return root

    @pytest.fixture
    def archive(self, tmp_path):
        return tmp_path.resolve() / "made.zip"

    @pytest.fixture
    def target(self, tmp_path):
        place = tmp_path.resolve() / "target"
        place.mkdir(0o700)
        return place

    def pack(self, archive, folder, watch, names=tuple(FILES), *, password=None, compression="deflated", **options):
        members = names if isinstance(names, dict) else {name: name for name in names}
        archive.touch()
        self.new(**options).create(archive, folder, members, password=password, compression=compression, watch=watch)
        return archive.read_bytes()

    def unpack(self, archive, target, watch, *, password=None, members=None, **options):
        return self.new(**options).extract(archive, target, password=password, members=members, watch=watch)

    @pytest.mark.parametrize("compression", ["deflated", "stored"])
    def test_what_is_packed_is_unpacked_as_it_was(self, folder, archive, target, watch, compression):
        self.pack(archive, folder, watch, compression=compression)
        files = self.unpack(archive, target, watch)
        assert list(files) == sorted(FILES)
        assert {name: content for name, content in tree(target).items() if content is not None} == FILES

    def test_other_programs_can_read_it(self, folder, archive, watch):
        self.pack(archive, folder, watch)
        with zipfile.ZipFile(archive) as read:
            assert read.testzip() is None
            assert read.namelist() == sorted(FILES)
            assert {name: read.read(name) for name in read.namelist()} == FILES
        assert subprocess.run(["unzip", "-tq", archive], capture_output=True, check=False).returncode == 0

    def test_compression_and_level_are_as_asked(self, folder, archive, watch):
        stored = self.pack(archive, folder, watch, compression="stored")
        fast = self.pack(archive, folder, watch, level=1)
        small = self.pack(archive, folder, watch, level=9)
        assert len(stored) > sum(map(len, FILES.values())) > len(fast) >= len(small)

    def test_the_same_files_give_the_same_bytes(self, folder, archive, watch):
        """R30: whatever their times, permissions and order are."""
        first = self.pack(archive, folder, watch)
        os.utime(folder / "b.txt", (1, 1))
        (folder / "b.txt").chmod(0o755)
        assert self.pack(archive, folder, watch, names=tuple(reversed(FILES))) == first

    def test_times_and_permissions_are_fixed(self, folder, archive, watch):
        (folder / "b.txt").chmod(0o4755)
        self.pack(archive, folder, watch)
        with zipfile.ZipFile(archive) as read:
            assert {info.date_time for info in read.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert {info.external_attr >> 16 for info in read.infolist()} == {stat.S_IFREG | 0o644}

    def test_a_member_may_have_another_name_than_its_file(self, folder, archive, target, watch):
        self.pack(archive, folder, watch, names={"renamed/x": "a.txt"})
        self.unpack(archive, target, watch)
        assert (target / "renamed" / "x").read_bytes() == b"x"

    @pytest.mark.parametrize("name", ["/a.txt", "../a.txt", "a/../b", "a\\b", "a\nb", "a\udcffb", ""])
    def test_a_name_that_means_something_else_elsewhere_is_not_packed(self, folder, archive, watch, name):
        with pytest.raises(ConnectorError) as caught:
            self.pack(archive, folder, watch, names={name: "a.txt"})
        assert caught.value.problem.code == "AF-ARCHIVE-NAME"

    @pytest.mark.parametrize("kind", ["link", "link in front", "fifo", "folder", "nothing"])
    def test_what_is_no_plain_file_any_more_is_not_packed(self, folder, archive, watch, kind, tmp_path):
        """S8: no link is followed, whenever it came there."""
        secret = tmp_path / "secret"
        secret.mkdir()
        (secret / "er.bin").write_text("secret")
        place = folder / "a/deep/er.bin"
        place.unlink()
        if kind == "link":
            place.symlink_to(secret / "er.bin")
        elif kind == "link in front":
            place.parent.rmdir()
            place.parent.symlink_to(secret)
        elif kind == "fifo":
            os.mkfifo(place)
        elif kind == "folder":
            place.mkdir()
        with pytest.raises(ConnectorError, match=r"a/deep/er\.bin") as caught:
            self.pack(archive, folder, watch)
        assert caught.value.problem.code == "AF-ARCHIVE-CHANGED"
        assert b"secret" not in archive.read_bytes()

    @pytest.mark.parametrize("change", CHANGES)
    def test_a_file_that_changes_while_it_is_packed_is_an_error(self, folder, archive, change):
        big = folder / "big"
        big.write_bytes(os.urandom(3 << 20))

        def change_it(done, _total):
            if done <= 1 << 20:
                CHANGES[change](big)

        watching = Watch(cancelled=threading.Event(), progress=change_it)
        with pytest.raises(ConnectorError, match="'big' was changed"):
            self.pack(archive, folder, watching, names=("big",))

    def test_progress_is_told_in_bytes_and_ends_with_all_of_them(self, folder, archive, target):
        told = []
        watching = Watch(cancelled=threading.Event(), progress=lambda *numbers: told.append(numbers))
        total = sum(map(len, FILES.values()))
        for work in (lambda: self.pack(archive, folder, watching), lambda: self.unpack(archive, target, watching)):
            told.clear()
            work()
            assert told == sorted(told)
            assert told[-1] == (total, total)
            assert {of for _, of in told} == {total}

    @pytest.mark.parametrize("questions", [0, 1, 3])
    def test_work_stops_when_it_must(self, folder, archive, target, watch, questions):
        (folder / "big").write_bytes(bytes(5 << 20))
        stopping = replace(watch, cancelled=Stopping(questions))
        with pytest.raises(ConnectorError) as caught:
            self.pack(archive, folder, stopping, names=("big",))
        assert caught.value.problem.code == "AF-ARCHIVE-STOPPED"
        self.pack(archive, folder, watch, names=("big",), compression="stored")
        with pytest.raises(ConnectorError) as caught:
            self.unpack(archive, target, replace(watch, cancelled=Stopping(questions)))
        assert caught.value.problem.code == "AF-ARCHIVE-STOPPED"

    def test_only_the_members_that_are_named_are_unpacked(self, folder, archive, target, watch):
        self.pack(archive, folder, watch)
        assert list(self.unpack(archive, target, watch, members=["empty", "a.txt"])) == ["a.txt", "empty"]
        assert tree(target) == {"a.txt": b"x", "empty": b""}

    def test_a_member_that_is_not_there_is_an_error_that_names_the_nearest(self, folder, archive, target, watch):
        self.pack(archive, folder, watch)
        with pytest.raises(ConnectorError, match=r"no member 'b\.tx'") as caught:
            self.unpack(archive, target, watch, members=["b.tx"])
        assert caught.value.problem.code == "AF-ARCHIVE-MEMBER"
        assert "'b.txt'" in caught.value.problem.help
        assert tree(target) == {}

    def test_nothing_is_overwritten(self, folder, archive, target, watch):
        self.pack(archive, folder, watch)
        (target / "b.txt").write_text("mine")
        with pytest.raises(ConnectorError) as caught:
            self.unpack(archive, target, watch)
        assert caught.value.problem.code == "AF-ARCHIVE-CONFLICT"
        assert (target / "b.txt").read_text() == "mine"

    def test_no_link_in_the_target_is_followed(self, folder, archive, target, watch, tmp_path):
        """S6: whoever puts a link into the folder meanwhile gets an error, and no file elsewhere."""
        self.pack(archive, folder, watch)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (target / "a").symlink_to(elsewhere)
        with pytest.raises(ConnectorError):
            self.unpack(archive, target, watch)
        assert list(elsewhere.iterdir()) == []

    @pytest.mark.parametrize("mode", [0o700, 0o755, 0o750])
    def test_files_are_as_private_as_their_folder(self, folder, archive, target, watch, mode):
        self.pack(archive, folder, watch)
        target.chmod(mode)
        self.unpack(archive, target, watch)
        modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in target.rglob("*")}
        assert modes == {(True, mode & ~0o022), (False, mode & 0o644)}

    def test_an_archive_that_is_not_there_is_an_error_with_its_name(self, target, watch, tmp_path):
        """D20: the ancestor said SUCCESS."""
        with pytest.raises(ConnectorError, match=r"no archive .*/none\.zip"):
            self.unpack(tmp_path / "none.zip", target, watch)

    def test_bytes_do_not_hang_on_the_order_of_hashes(self, folder, tmp_path):
        """R30: two processes with other seeds."""
        source = (
            "import sys, threading\n"
            "from pathlib import Path\n"
            "from aetherflow.kernel.api import Watch\n"
            f"from {type(self).__module__} import {type(self).__name__} as Suite\n"
            "watch = Watch(cancelled=threading.Event(), progress=lambda done, total: None)\n"
            "folder = Path(sys.argv[1])\n"
            "names = {p.relative_to(folder).as_posix() for p in folder.rglob('*') if p.is_file()}\n"
            "Suite().pack(Path(sys.argv[2]), folder, watch, names=tuple(names))\n"
        )
        made = []
        for seed in ("1", "2"):
            out = tmp_path.resolve() / f"{seed}.zip"
            environment = {**os.environ, "PYTHONHASHSEED": seed}
            subprocess.run(
                [sys.executable, "-c", source, folder, out], env=environment, cwd=Path(__file__).parents[3], check=True
            )
            made.append(out.read_bytes())
        assert made[0] == made[1]
