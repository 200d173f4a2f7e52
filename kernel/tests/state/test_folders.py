"""State and workspace belong to one user: what others could change is refused, and the message says what to do (S22)."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from aetherflow.kernel.contracts.records import RunKey
from aetherflow.kernel.errors import LedgerFailed, RunFailed
from aetherflow.kernel.state.file_systems import file_system_of, refuse_network
from aetherflow.kernel.state.folders import make_private_folders, open_folder, without_links
from aetherflow.kernel.state.ownership import own_run

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
NOBODY = 65534


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_folders_are_for_their_user_only_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        make_private_folders(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b")] == [0o700, 0o700]


@pytest.mark.parametrize("bits", [0o770, 0o707, 0o777])
def test_a_folder_that_others_may_write_is_refused(tmp_path, bits):
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, -1, os.getgid())
    folder.chmod(bits)
    if bits == 0o770 and os.geteuid() == 0:
        # Root's own group has nobody else in it; another one has.
        make_private_folders(folder)
        os.chown(folder, -1, NOBODY)
    with pytest.raises(RunFailed, match="written by other users") as refused:
        make_private_folders(folder)
    assert "chmod go-w" in refused.value.problem.help


def test_a_sticky_folder_is_not_refused(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o1777)
    make_private_folders(folder)


@as_root
def test_a_folder_of_another_user_is_refused_and_a_container_told_what_to_do(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    with pytest.raises(RunFailed, match="belongs to user 65534, and this process runs as user 0") as refused:
        make_private_folders(folder)
    assert "--user 65534" in refused.value.problem.help


@as_root
def test_a_link_that_another_user_made_is_refused_and_ones_own_is_followed(tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "link"
    link.symlink_to("there")
    assert without_links(link / "state" / "x") == tmp_path / "there" / "state" / "x"
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(RunFailed, match="is a link that user 65534 made"):
        without_links(link / "state")


def test_links_are_resolved_as_the_system_does(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "up").symlink_to("../a/./b/..")
    (tmp_path / "absolute").symlink_to(tmp_path / "a" / "up")
    (tmp_path / "loop").symlink_to("loop")
    for path in ("absolute/b/new/x", "a/up/../a/b", "a/b/../../new", "missing/../a"):
        assert without_links(tmp_path / path) == (tmp_path / path).resolve()
    with pytest.raises(RunFailed, match="loop of links"):
        without_links(tmp_path / "loop" / "x")


def test_no_part_of_the_path_of_an_open_folder_is_a_link(tmp_path):
    (tmp_path / "there" / "in").mkdir(parents=True)
    (tmp_path / "link").symlink_to("there")
    for make in (None, 0o700):
        with pytest.raises(OSError, match="Not a directory"), open_folder(tmp_path / "link" / "in", make=make):
            pass


# Network file systems (R29) -------------------------------------------------------------------------------------------

MOUNTS = """\
22 1 254:0 / / rw,relatime - overlay overlay rw
30 22 0:40 / /srv/with\\040blank rw - nfs4 server:/x rw
31 22 0:41 / /home/ada/remote rw - fuse.sshfs ada@host: rw
32 22 0:42 / /win rw - cifs //server/share rw
33 22 0:43 / /host rw - 9p host rw
34 22 0:44 / /shm rw - tmpfs tmpfs rw
35 34 0:45 / /shm/over rw - tmpfs tmpfs rw
36 35 0:46 / /shm/over rw - nfs server:/y rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "overlay"),
        ("/srv/with blank/state", "nfs4"),
        ("/srv/with", "overlay"),
        ("/home/ada/remote", "fuse.sshfs"),
        ("/win/x/y", "cifs"),
        ("/shm/x", "tmpfs"),
        ("/shm/over/x", "nfs"),
    ],
)
def test_the_file_system_of_a_folder_is_the_one_mounted_last_and_deepest(tmp_path, folder, kind):
    (tmp_path / "mounts").write_text(MOUNTS)
    assert file_system_of(Path(folder), mounts=tmp_path / "mounts") == kind


@pytest.fixture
def memory():
    """A file system that is on no disk, so that what it is gets looked up."""
    folder = Path("/dev/shm")  # noqa: S108 - it is not written
    if not folder.is_dir() or os.major(folder.stat().st_dev):
        pytest.skip("this machine has no file system in memory")
    return folder


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"])
def test_a_ledger_on_a_network_file_system_is_refused(memory, tmp_path, kind):
    (tmp_path / "mounts").write_text(f"22 1 0:1 / / rw - ext4 x rw\n23 22 0:2 / {memory} rw - {kind} x rw\n")
    with pytest.raises(LedgerFailed, match="network file system") as refused:
        refuse_network(memory / "state" / "ledger.sqlite", mounts=tmp_path / "mounts")
    assert refused.value.problem.code == "AF-LEDGER-NETWORK"
    assert "state_on_network: allow" in refused.value.problem.help


@pytest.mark.parametrize("kind", ["overlay", "tmpfs", "ext4", "zfs", "btrfs"])
def test_a_ledger_on_a_file_system_of_this_machine_is_not_refused(memory, tmp_path, kind):
    (tmp_path / "mounts").write_text(f"23 22 0:2 / {memory} rw - {kind} x rw\n")
    refuse_network(memory / "state" / "ledger.sqlite", mounts=tmp_path / "mounts")
    refuse_network(tmp_path / "ledger.sqlite", mounts=tmp_path / "missing")


# Who owns a run -------------------------------------------------------------------------------------------------------


@as_root
def test_owners_that_can_not_be_written_are_told_as_the_ledgers_error():
    """As an ordinary user, for whom permissions hold."""
    folder = Path(tempfile.mkdtemp(prefix="aetherflow-owners-"))
    try:
        (folder / "owners").mkdir(mode=0o500)
        for path in (folder, folder / "owners"):
            os.chown(path, NOBODY, NOBODY)
        with own_run(folder / "mine", RunKey("flow", "run")):
            pass
        child = os.fork()
        if child == 0:
            os._exit(_code_of_owning(folder / "owners"))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    finally:
        shutil.rmtree(folder)


def _code_of_owning(folder: Path) -> int:
    try:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        with own_run(folder, RunKey("flow", "run")):
            return 0
    except LedgerFailed as error:
        return 7 if error.problem.code == "AF-LEDGER-OWNERS" and "Permission denied" in str(error) else 8
    except BaseException:  # noqa: BLE001 - the child must not go on with the tests
        return 9


@as_root
def test_a_folder_on_the_way_need_not_be_readable():
    """A home whose owner lets others through, and not look around."""
    folder = Path(tempfile.mkdtemp(prefix="aetherflow-way-"))
    try:
        folder.chmod(0o711)
        inside = folder / "inside"
        inside.mkdir()
        os.chown(inside, NOBODY, NOBODY)
        child = os.fork()
        if child == 0:
            os._exit(_code_of_making(inside / "new"))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert (inside / "new" / "er").is_dir()
    finally:
        shutil.rmtree(folder)


def _code_of_making(folder: Path) -> int:
    try:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        make_private_folders(folder)
        with open_folder(folder / "er", make=0o700):
            return 0
    except BaseException:  # noqa: BLE001 - the child must not go on with the tests
        return 9
