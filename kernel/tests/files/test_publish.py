"""Files are put in place whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import subprocess
import sys
import threading

import pytest

from aetherflow.kernel.api import StepError, publish, publish_folder, staged_folder
from aetherflow.kernel.contracts.records import ArtifactRecord
from aetherflow.kernel.files.publish import Bookkeeping
from aetherflow.kernel.run.context import Fence


def test_file_appears_only_when_the_block_ended_well(tmp_path):
    target = tmp_path / "new" / "file.txt"
    with publish(target) as temporary:
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_failing_block_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), publish(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_writer_killed_in_the_middle_leaves_the_old_file(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")
    source = (
        "import os, pathlib, signal, sys\n"
        "from aetherflow.kernel.api import publish\n"
        "with publish(pathlib.Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", source, str(target)], check=False)
    assert killed.returncode == -9
    assert target.read_text() == "old"


def test_new_file_has_the_users_permissions(tmp_path):
    before = os.umask(0o027)
    try:
        with publish(tmp_path / "shared.txt") as temporary:
            temporary.write_text("x")
        with publish(tmp_path / "private.txt", mode=0o600) as temporary:
            temporary.write_text("x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "shared.txt").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "private.txt").stat().st_mode) == 0o600


def test_content_is_synced_before_the_file_is_moved_and_the_folder_after(tmp_path):
    source = (
        "import os, pathlib, sys\n"
        "calls = []\n"
        "def audit(event, arguments):\n"
        "    if event == 'os.rename': calls.append('rename')\n"
        "sys.addaudithook(audit)\n"
        "real = os.fsync\n"
        "os.fsync = lambda descriptor: (calls.append('sync ' + os.path.basename(os.readlink(f'/proc/self/fd/{descriptor}'))[-4:]), real(descriptor))\n"
        "from aetherflow.kernel.api import publish\n"
        "with publish(pathlib.Path(sys.argv[1])) as temporary: temporary.write_text('x')\n"
        "print(calls)\n"
    )
    (tmp_path / "home" / "fold").mkdir(parents=True)
    told = subprocess.run(
        [sys.executable, "-c", source, str(tmp_path / "home" / "fold" / "a")],
        capture_output=True,
        text=True,
        check=True,
    )
    # The name of the folder first: whoever made it may not have waited for the disk.
    assert told.stdout.strip() == "['sync home', 'sync a', 'rename', 'sync fold']"


def test_what_is_published_is_told_with_its_size_and_digest(tmp_path):
    told = []
    books = Bookkeeping(published=told.append)
    for size in (5, 3_000_000):
        with publish(tmp_path / "file", books=books) as temporary:
            temporary.write_bytes(b"x" * size)
        assert told.pop() == ArtifactRecord(
            path=str(tmp_path / "file"), size=size, sha256=hashlib.sha256(b"x" * size).hexdigest()
        )
    with pytest.raises(RuntimeError), publish(tmp_path / "file", books=books):
        raise RuntimeError
    assert told == []


def test_a_folder_is_told_as_the_files_in_it_whatever_their_order(tmp_path):
    told = []
    for order in (("a", "b/c"), ("b/c", "a")):
        with staged_folder(tmp_path / "out", owner="one") as folder:
            (folder / "b").mkdir()
            for name in order:
                (folder / name).write_text(name)
            (folder / "link").symlink_to("a")
            publish_folder(folder, tmp_path / "out", books=Bookkeeping(published=told.append))
    lines = "".join(f"{name}\0{len(name)}\0{hashlib.sha256(name.encode()).hexdigest()}\n" for name in ("a", "b/c"))
    digest = hashlib.sha256(f"{lines}link\0link\0a\n".encode()).hexdigest()
    assert told == [ArtifactRecord(path=str(tmp_path / "out"), size=4, sha256=digest, files=2)] * 2


def test_a_link_that_is_put_in_front_of_the_file_while_it_is_written_is_not_followed(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "elsewhere").mkdir()
    with publish(tmp_path / "there" / "file") as temporary:
        (tmp_path / "there").rename(tmp_path / "moved")
        (tmp_path / "there").symlink_to("elsewhere")
        temporary.write_text("ours")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert (tmp_path / "moved" / "file").read_text() == "ours"


def test_what_was_written_must_be_a_file(tmp_path):
    with pytest.raises(OSError, match=r"Too many levels|Not a directory"), publish(tmp_path / "file") as temporary:
        temporary.unlink()
        temporary.symlink_to("/etc/passwd")
    with pytest.raises(StepError, match="is no file"), publish(tmp_path / "file") as temporary:
        temporary.unlink()
        os.mkfifo(temporary)
    assert list(tmp_path.iterdir()) == []


def test_the_content_is_on_the_disk_when_the_move_is_asked_for_and_a_refusal_leaves_nothing(tmp_path):
    """Between the question whether a step may publish and the move itself there is no time for the answer to change."""
    target = tmp_path / "file.txt"

    @contextlib.contextmanager
    def refused():
        assert [path.read_text() for path in tmp_path.rglob("file.txt")] == ["whole"]
        raise StepError("left behind")
        yield

    with pytest.raises(StepError, match="left behind"), publish(target, books=Bookkeeping(moving=refused)) as temporary:
        temporary.write_text("whole")
    assert list(tmp_path.iterdir()) == []


def test_an_attempt_is_left_behind_before_it_puts_something_in_place_or_after():
    fence, told = Fence(), []
    with fence.held():
        revoking = threading.Thread(target=lambda: (fence.revoke(), told.append("revoked")))
        revoking.start()
        revoking.join(0.2)
        told.append("moved")
    revoking.join()
    assert told == ["moved", "revoked"]
    with pytest.raises(StepError, match="left this attempt behind"), fence.held():
        told.append("moved again")
    assert told == ["moved", "revoked"]
