"""Folders are made for good: with the names that lead to them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from aetherflow.kernel.state.folders import make_folders, make_private_folders, open_folder


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


@pytest.fixture(params=[make_folders, make_private_folders, lambda folder: open_folder(folder, make=0o700).__enter__()])
def make(request):
    """Each way to make a folder."""
    return request.param


def test_name_of_a_folder_is_synced_whoever_made_it(make, tmp_path, synced):
    (tmp_path / "there").mkdir()

    make(tmp_path / "there")

    assert synced == [tmp_path.name]


def test_a_folder_is_made_only_where_its_name_could_not_be_lost_with_one_above(make, tmp_path, monkeypatch):
    """Whoever is killed in between leaves at most one folder without its name on the disk, and nothing in it."""
    (tmp_path / "there").mkdir()
    done = []
    real_sync, real_make = os.fsync, os.mkdir

    def fsync(descriptor):
        done.append("sync " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real_sync(descriptor)

    def mkdir(name, *rest, **more):
        done.append(f"make {name}")
        real_make(name, *rest, **more)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "mkdir", mkdir)

    make(tmp_path / "there" / "a" / "b")

    assert done == [f"sync {tmp_path.name}", "make a", "sync there", "make b", "sync a"]


def test_folders_that_are_looked_at_on_the_way_down_cost_no_sync(tmp_path, synced):
    make_private_folders(tmp_path / "a", tmp_path / "a" / "b")
    synced.clear()

    make_private_folders(tmp_path / "a", tmp_path / "a" / "b")

    assert synced == ["a"]


def test_every_private_folder_that_is_made_is_for_its_user_only(tmp_path):
    make_private_folders(tmp_path / "a" / "b")

    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (tmp_path / "a", tmp_path / "a" / "b")] == [0o700, 0o700]


def test_a_file_in_the_way_is_an_error(tmp_path):
    (tmp_path / "a").write_text("")

    for make in (make_folders, make_private_folders):
        with pytest.raises(FileExistsError):
            make(tmp_path / "a")


@pytest.mark.parametrize("make", [make_folders, make_private_folders])
def test_a_folder_that_somebody_removes_at_that_moment_is_made_again(make, tmp_path, monkeypatch):
    folder, is_removed = tmp_path / "a", []
    folder.mkdir()
    real = os.open

    def open_what_was_just_removed(path, *rest, **more):
        if os.path.basename(path) == "a" and not is_removed:  # noqa: PTH119 - as it is given
            is_removed.append(True)
            folder.rmdir()
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", open_what_was_just_removed)

    make(folder)

    assert is_removed
    assert folder.is_dir()
