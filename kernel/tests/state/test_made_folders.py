"""Folders are made for good: with the names that lead to them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from aetherflow.kernel.state.folders import make_folders, make_private_folder


@pytest.fixture
def synced(monkeypatch):
    """The folders that were synced, by their names, in order."""
    names = []
    real = os.fsync

    def fsync(descriptor):
        names.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return names


def test_names_of_all_folders_that_were_missing_are_synced(tmp_path, synced):
    make_folders(tmp_path / "a" / "b" / "c")

    assert synced == [tmp_path.parent.name, tmp_path.name, "a", "b"]


def test_folders_beside_each_other_are_synced_once(tmp_path, synced):
    make_folders(tmp_path / "a", tmp_path / "b")

    assert synced == [tmp_path.parent.name, tmp_path.name]


def test_nothing_is_synced_for_a_folder_that_is_there(tmp_path, synced):
    make_folders(tmp_path)

    assert synced == []


def test_name_of_a_private_folder_is_synced_whoever_made_it(tmp_path, synced):
    (tmp_path / "state").mkdir()

    make_private_folder(tmp_path / "state")

    assert tmp_path.name in synced


def test_every_private_folder_that_is_made_is_for_its_user_only(tmp_path):
    make_private_folder(tmp_path / "a" / "b")

    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (tmp_path / "a", tmp_path / "a" / "b")] == [0o700, 0o700]


def test_a_file_in_the_way_is_an_error(tmp_path):
    (tmp_path / "a").write_text("")

    for make in (make_folders, make_private_folder):
        with pytest.raises(FileExistsError):
            make(tmp_path / "a")
