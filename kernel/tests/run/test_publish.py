"""Files are put in place whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from aetherflow.kernel.api import publish


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
    (tmp_path / "fold").mkdir()
    told = subprocess.run(
        [sys.executable, "-c", source, str(tmp_path / "fold" / "a")], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "['sync a', 'rename', 'sync fold']"
