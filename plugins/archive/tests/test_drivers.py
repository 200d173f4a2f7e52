"""The drivers pass the suite of their protocol, and encrypt as they say."""

from __future__ import annotations

import os
import subprocess
import zipfile

import pytest

from aetherflow.kernel.api import ConnectorError, Secret
from aetherflow_archive.drivers import PyzipperArchiver, PyzipperConfig
from aetherflow_archive.limits import ArchiveOptions
from plugins.archive.tests.archiver_suite import FILES, ArchiverSuite
from plugins.archive.tests.conftest import pyzipper_archiver, secret, tree, zipfile_archiver

pytestmark = pytest.mark.contract


def empty(folder):
    """A driver leaves what it wrote before an error; whoever calls it stages."""
    for path in folder.iterdir():
        path.unlink()


class TestZipfile(ArchiverSuite):
    def new(self, **options):
        return zipfile_archiver(**options)

    def test_it_can_not_encrypt_and_says_so(self, folder, archive, watch):
        with pytest.raises(ConnectorError, match="can't encrypt") as caught:
            self.pack(archive, folder, watch, password=secret())
        assert caught.value.problem.code == "AF-ARCHIVE-ENCRYPTION"

    def test_it_can_not_read_aes_and_says_so(self, folder, archive, target, watch):
        TestPyzipper().pack(archive, folder, watch, password=secret())
        with pytest.raises(ConnectorError, match="which the driver zipfile can't read") as caught:
            self.unpack(archive, target, watch, password=secret())
        assert caught.value.problem.code == "AF-ARCHIVE-ENCRYPTION"

    def test_both_drivers_write_the_same_bytes_without_a_password(self, folder, archive, watch):
        assert self.pack(archive, folder, watch) == TestPyzipper().pack(archive, folder, watch)

    @pytest.mark.slow
    def test_more_members_and_bigger_files_than_old_archives_can_hold(self, folder, archive, watch):
        big = folder / "big"
        big.touch()
        os.truncate(big, (1 << 31) + 1)
        names = {f"{number:05}": "empty" for number in range(70_000)} | {"big": "big"}
        self.pack(archive, folder, watch, names=names, level=1)
        with zipfile.ZipFile(archive) as read:
            assert len(read.namelist()) == 70_001
            assert read.getinfo("big").file_size == (1 << 31) + 1


class TestPyzipper(ArchiverSuite):
    def new(self, **options):
        return pyzipper_archiver(**options)

    @pytest.mark.parametrize("strength", [128, 192, 256])
    @pytest.mark.parametrize("compression", ["deflated", "stored"])
    def test_what_is_encrypted_is_read_with_its_password_only(
        self, folder, archive, target, watch, strength, compression
    ):
        data = self.pack(archive, folder, watch, password=secret(), strength=strength, compression=compression)
        assert FILES["b.txt"][:40] not in data
        with zipfile.ZipFile(archive) as read:
            assert all(info.flag_bits & 1 and info.compress_type == 99 for info in read.infolist())
            (strengths,) = {info.extra[-3] for info in read.infolist()}
        assert strengths == (strength - 64) // 64
        for wrong in (None, secret("wrong horse")):
            with pytest.raises(ConnectorError) as caught:
                self.unpack(archive, target, watch, password=wrong)
            assert caught.value.problem.code == "AF-ARCHIVE-PASSWORD"
            assert "wrong horse" not in str(caught.value) + caught.value.problem.help
            assert not any(tree(target).values())
        empty(target)
        self.unpack(archive, target, watch, password=secret())
        assert {name: content for name, content in tree(target).items() if content is not None} == FILES

    def test_another_program_reads_it(self, folder, archive, watch):
        pyzipper = pytest.importorskip("pyzipper")
        self.pack(archive, folder, watch, password=secret("käse"))
        with pyzipper.AESZipFile(archive) as read:
            read.setpassword("käse".encode())
            assert {name: read.read(name) for name in read.namelist()} == FILES

    def test_salt_makes_encrypted_archives_differ(self, folder, archive, watch):
        first = self.pack(archive, folder, watch, password=secret())
        assert self.pack(archive, folder, watch, password=secret()) != first

    @pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
    def test_an_encrypted_content_that_was_changed_is_refused(self, folder, archive, target, watch, place):
        self.pack(archive, folder, watch, names=("a/deep/er.bin",), password=secret(), compression="stored")
        data = bytearray(archive.read_bytes())
        data[int(len(data) * place)] ^= 1
        archive.write_bytes(data)
        with pytest.raises(ConnectorError) as caught:
            self.unpack(archive, target, watch, password=secret())
        assert caught.value.problem.code == "AF-ARCHIVE-PASSWORD"

    def test_an_empty_password_is_refused(self, folder, archive, watch):
        with pytest.raises(ConnectorError, match="the password is empty"):
            self.pack(archive, folder, watch, password=Secret(""))

    def test_the_broken_encryption_is_refused(self):
        archiver = pyzipper_archiver()
        archiver = PyzipperArchiver(archiver.context, PyzipperConfig(encryption="zipcrypto"), ArchiveOptions())
        with pytest.raises(ConnectorError, match="the only encryption is aes") as caught:
            archiver.open()
        assert caught.value.problem.code == "AF-ARCHIVE-ENCRYPTION"

    @pytest.mark.parametrize("strength", [0, 64, 512])
    def test_an_unknown_strength_is_refused(self, strength):
        with pytest.raises(ValueError, match="128, 192 or 256"):
            PyzipperConfig(aes_strength=strength)


@pytest.mark.parametrize("suite", [TestZipfile(), TestPyzipper()], ids=["zipfile", "pyzipper"])
@pytest.mark.parametrize("through_a_pipe", [False, True])
def test_the_old_encryption_of_others_can_be_read(suite, tmp_path, watch, through_a_pipe):
    """Written by Info-ZIP, once with sizes in front and once behind the content."""
    source, target = tmp_path.resolve() / "source", tmp_path.resolve() / "target"
    source.mkdir()
    target.mkdir()
    (source / "a.txt").write_bytes(b"old secret" * 1000)
    archive = source / "old.zip"
    with archive.open("wb") as out:
        words = ["zip", "-q", "-P", "pw", "-" if through_a_pipe else archive.with_suffix(".new"), "a.txt"]
        subprocess.run(words, cwd=source, check=True, stdout=out)
    if not through_a_pipe:
        archive.with_suffix(".new").rename(archive)
    for wrong in (None, secret("wrong")):
        with pytest.raises(ConnectorError) as caught:
            suite.unpack(archive, target, watch, password=wrong)
        assert caught.value.problem.code == "AF-ARCHIVE-PASSWORD"
        empty(target)
    suite.unpack(archive, target, watch, password=secret("pw"))
    assert tree(target) == {"a.txt": b"old secret" * 1000}
