"""The step `zip`: what it packs, what it refuses, and that its archive appears whole or not at all."""

from __future__ import annotations

import errno
import os
import zipfile

import pytest

from aetherflow.kernel.api import AetherFlowError, NothingDone, PathRefused, Secret
from plugins.archive.tests.conftest import zipfile_archiver


def names(workplace, archive="out.zip"):
    with zipfile.ZipFile(workplace.artifacts / archive) as read:
        return read.namelist()


@pytest.fixture(autouse=True)
def files(workplace):
    workplace.write(**{"a.csv": "a", "b.csv": "b", "c.txt": "c", "sub__d.csv": "d", "sub__deep__e.csv": "e"})


def test_the_outputs_say_what_was_packed(workplace):
    answer = workplace.zip(items=["*.csv"])
    assert answer == {
        "output": str(workplace.artifacts / "out.zip"),
        "count": 2,
        "password": False,
        "driver": "zipfile",
        "src_dir": str(workplace.artifacts),
    }


@pytest.mark.parametrize(
    ("items", "found"),
    [
        (["a.csv"], ["a.csv"]),
        ("a.csv", ["a.csv"]),
        (["*.csv", "a.csv", {"path": "a.csv"}], ["a.csv", "b.csv"]),
        ([{"glob": "*.csv"}], ["a.csv", "b.csv"]),
        (["sub"], ["sub/d.csv", "sub/deep/e.csv"]),
        (["./sub/../sub/"], ["sub/d.csv", "sub/deep/e.csv"]),
        (["**/*.csv"], ["a.csv", "b.csv", "sub/d.csv", "sub/deep/e.csv"]),
        (["s*"], ["sub/d.csv", "sub/deep/e.csv"]),
        (["[ab].csv"], ["a.csv", "b.csv"]),
        (["*.none", "c.txt"], ["c.txt"]),
        (["*"], ["a.csv", "b.csv", "c.txt", "sub/d.csv", "sub/deep/e.csv"]),
        (["."], ["a.csv", "b.csv", "c.txt", "sub/d.csv", "sub/deep/e.csv"]),
    ],
)
def test_items_are_paths_and_patterns(workplace, items, found):
    assert workplace.zip(items=items)["count"] == len(found)
    assert names(workplace) == found


@pytest.mark.parametrize(
    ("items", "found"),
    [(["sub"], ["sub/d.csv"]), (["*"], ["a.csv", "b.csv", "c.txt"]), (["."], ["a.csv", "b.csv", "c.txt"])],
)
def test_without_recursion_folders_in_folders_stay_out(workplace, items, found):
    workplace.zip(items=items, recursive=False)
    assert names(workplace) == found


@pytest.mark.parametrize("name", ["12:30.csv", "aux.txt", "A.csv", "ends."])
def test_a_name_that_unzip_refuses_is_packed_with_a_warning(workplace, name):
    workplace.zip(items=["*.csv"])
    assert workplace.context.log.warnings == []

    (workplace.artifacts / name).write_text("x")
    workplace.zip(items=["*"], recursive=False)

    assert name in names(workplace)
    ((message, fields),) = workplace.context.log.warnings
    assert "unzip" in message
    assert fields["name"].casefold() in {ascii(name).casefold(), "'a.csv'"}


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(workplace):
    workplace.write(**{"[ab].csv": "odd"})
    workplace.zip(items=["[ab].csv"])
    assert names(workplace) == ["[ab].csv"]


def test_an_absolute_path_below_src_dir_is_fine(workplace):
    workplace.zip(items=[str(workplace.artifacts / "sub" / "d.csv")], src_dir="sub")
    assert names(workplace) == ["d.csv"]


@pytest.mark.parametrize("items", [["*.none"], ["none.csv"], [{"path": "none"}], [], [{"glob": "x/**"}]])
def test_where_nothing_matches_the_step_is_skipped(workplace, items):
    answer = workplace.zip(items=items)
    assert answer["reason"] == "no_files"
    assert (answer["output"], answer["count"]) == (str(workplace.artifacts / "out.zip"), 0)
    assert not (workplace.artifacts / "out.zip").exists()


def test_a_named_file_that_is_missing_beside_others_is_an_error(workplace):
    with pytest.raises(NothingDone, match=r"there is no 'none\.csv'") as caught:
        workplace.zip(items=["a.csv", "none.csv"])
    assert caught.value.problem.code == "AF-ARCHIVE-ITEM"


def test_a_folder_to_pack_from_that_is_missing_is_an_error(workplace):
    """D29: the ancestor skipped, and the run was SUCCESS."""
    with pytest.raises(NothingDone, match="there is no folder"):
        workplace.zip(src_dir="gone")


@pytest.mark.parametrize(
    "item",
    ["../secret", "/etc/passwd", "sub/../../secret", "a\0b", {"glob": "../*"}, {"glob": "/etc/*"}, {"path": "../x"}],
)
def test_nothing_outside_src_dir_is_packed(workplace, item):
    (workplace.artifacts.parent / "secret").write_text("secret")
    with pytest.raises(NothingDone, match="leads out of") as caught:
        workplace.zip(items=[item])
    assert caught.value.problem.code == "AF-ARCHIVE-ITEM"
    assert not (workplace.artifacts / "out.zip").exists()


@pytest.mark.parametrize("target", ["../secret", "../secrets", "/etc/passwd", "nothing", "sub", ".", "link"])
@pytest.mark.parametrize("item", ["link", "*", {"glob": "**/*"}, "."])
def test_no_link_is_followed_out_of_src_dir_or_into_a_folder(workplace, target, item):
    """S8: neither named, nor matched, nor found in a folder."""
    secrets = workplace.artifacts.parent / "secrets"
    secrets.mkdir()
    (secrets / "x").write_text("secret")
    (workplace.artifacts.parent / "secret").write_text("secret")
    (workplace.artifacts / "link").symlink_to(target)
    with pytest.raises(NothingDone, match="'link' is") as caught:
        workplace.zip(items=[item])
    assert caught.value.problem.code == "AF-ARCHIVE-LINK"
    assert not (workplace.artifacts / "out.zip").exists()


@pytest.mark.parametrize("item", ["link/x", {"glob": "link/*"}, {"glob": "*/x"}])
def test_no_link_in_front_of_a_file_is_followed_out(workplace, item):
    secrets = workplace.artifacts.parent / "secrets"
    secrets.mkdir()
    (secrets / "x").write_text("secret")
    (workplace.artifacts / "link").symlink_to(secrets)
    with pytest.raises(NothingDone, match="leads out"):
        workplace.zip(items=[item])


def test_a_link_to_a_file_inside_is_packed_as_the_file(workplace):
    (workplace.artifacts / "latest.csv").symlink_to("sub/d.csv")
    workplace.zip(items=["latest.csv"])
    with zipfile.ZipFile(workplace.artifacts / "out.zip") as read:
        assert read.read("latest.csv") == b"d"
        assert read.getinfo("latest.csv").external_attr >> 16 == 0o100644


def test_a_pipe_is_not_packed(workplace):
    os.mkfifo(workplace.artifacts / "pipe")
    with pytest.raises(NothingDone, match="'pipe' is no file"):
        workplace.zip()


def test_what_the_step_may_not_read_is_not_packed(workplace):
    workplace.write(protected="ledger")
    with pytest.raises(PathRefused):
        workplace.zip()
    assert not (workplace.artifacts / "out.zip").exists()


def test_names_that_are_options_elsewhere_are_names(workplace):
    """D11: the ancestor handed them to a program, which ran a command."""
    odd = ["-T", "-TTtouch pwned;true", "$(touch pwned)", "`touch pwned`", "--help", "a b", "|x"]
    workplace.write(**dict.fromkeys(odd, "x"))
    assert workplace.zip(items=["*"], recursive=False)["count"] == 3 + len(odd)
    assert set(odd) < set(names(workplace))
    assert not list(workplace.artifacts.glob("pwned*"))


def test_the_archive_itself_and_what_is_unfinished_are_not_packed(workplace):
    workplace.write(**{".aetherflow.0123.tmp": "half", ".aetherflow.4567__x": "staged"})
    first = workplace.zip()
    again = workplace.zip()
    assert first == again
    assert names(workplace) == ["a.csv", "b.csv", "c.txt", "sub/d.csv", "sub/deep/e.csv"]


def test_what_the_engine_keeps_is_not_packed(workplace):
    workplace.write(**{".aetherflow__state__ledger.sqlite": "ledger", "sub__.aetherflow__x": "x"})
    (workplace.artifacts / "link").symlink_to(".aetherflow/state/ledger.sqlite")
    workplace.zip(items=["**/*", "*"])
    assert names(workplace) == ["a.csv", "b.csv", "c.txt", "sub/d.csv", "sub/deep/e.csv"]
    with pytest.raises(NothingDone, match="there is no"):
        workplace.zip(items=["a.csv", ".aetherflow/state/ledger.sqlite"])


def test_the_archive_may_lie_in_a_new_folder(workplace):
    workplace.zip(items=["a.csv"], dest_path="new/folder/out.zip")
    assert names(workplace, "new/folder/out.zip") == ["a.csv"]


def test_an_archive_is_replaced_unless_that_is_forbidden(workplace):
    """D20: the ancestor's `overwrite: false` overwrote."""
    workplace.write(**{"out.zip": "precious"})
    with pytest.raises(NothingDone, match="is there already") as caught:
        workplace.zip(overwrite=False)
    assert caught.value.problem.code == "AF-ARCHIVE-EXISTS"
    assert (workplace.artifacts / "out.zip").read_text() == "precious"
    workplace.zip()
    assert zipfile.is_zipfile(workplace.artifacts / "out.zip")


def test_an_archive_that_appears_meanwhile_is_not_replaced_either(workplace):
    made = workplace.artifacts / "out.zip"
    workplace.context.progress = lambda *_, **__: made.write_text("precious")
    with pytest.raises(NothingDone, match="is there already"):
        workplace.zip(overwrite=False)
    assert made.read_text() == "precious"
    assert [path.name for path in workplace.artifacts.iterdir() if path.name.startswith(".")] == []


def test_a_step_that_was_cut_off_replaces_what_it_made_itself(workplace):
    """Killed after the archive was in place and before that was written down, it is run again: it is SAFE."""
    workplace.zip(overwrite=False)
    workplace.zip(overwrite=False)
    workplace.context.idempotency_key = "another run"
    with pytest.raises(NothingDone, match="is there already"):
        workplace.zip(overwrite=False)


def test_a_folder_is_not_replaced(workplace):
    with pytest.raises(NothingDone, match="is there already"):
        workplace.zip(items=["a.csv"], dest_path="sub")


def test_a_place_below_a_file_or_without_a_possible_name_is_told(workplace):
    with pytest.raises(NothingDone, match="is no folder"):
        workplace.zip(items=["b.csv"], dest_path="a.csv/out.zip")
    with pytest.raises(AetherFlowError, match="name too long"):
        workplace.zip(items=["b.csv"], dest_path="x" * 300)


@pytest.mark.parametrize("pattern", [".", "**x", "/".join(["*"] * 2000)])
def test_a_pattern_that_can_not_be_read_is_told(workplace, pattern):
    with pytest.raises(NothingDone, match="a pattern can't be read"):
        workplace.zip(items=[{"glob": pattern}])


def test_with_a_password_members_are_encrypted(workplace):
    answer = workplace.zip(items=["a.csv"], password="correct horse")
    assert (answer["password"], answer["driver"]) == (True, "pyzipper")
    with zipfile.ZipFile(workplace.artifacts / "out.zip") as read:
        assert read.getinfo("a.csv").flag_bits & 1


def test_an_empty_password_is_an_error_and_no_open_archive(workplace):
    with pytest.raises(NothingDone, match="the password is empty"):
        workplace.zip(password="")


def test_the_password_is_a_secret():
    from aetherflow_archive.zip_step import ZipInputs

    schema = ZipInputs.model_json_schema()["properties"]["password"]
    assert {"type": "string", "x-aetherflow": {"secret": True}} in schema["anyOf"]
    inputs = ZipInputs.model_validate({"dest_path": "x", "items": [], "password": "correct horse"})
    assert inputs.password == Secret("correct horse")
    assert "correct horse" not in repr(inputs)


def test_the_archiver_is_the_named_one_then_the_default_then_one_for_the_occasion(workplace):
    class Named(type(zipfile_archiver())):
        driver = "named"

    class Default(type(zipfile_archiver())):
        driver = "default"

    named, default = (kind(zipfile_archiver().context, None, zipfile_archiver().options) for kind in (Named, Default))
    workplace.context.connectors.named |= {"mine": named}
    assert workplace.zip()["driver"] == "zipfile"
    workplace.context.connectors.named |= {"archive_default": default}
    assert workplace.zip()["driver"] == "default"
    for inputs in ({"resource": "mine"}, {"connector": "mine"}, {"resource": "mine", "connector": "mine"}):
        assert workplace.zip(**inputs)["driver"] == "named"
    with pytest.raises(NothingDone, match="`connector` 'archive_default'"):
        workplace.zip(resource="mine", connector="archive_default")
    with pytest.raises(AetherFlowError, match="no resource 'none'"):
        workplace.zip(resource="none")


def test_a_driver_that_can_not_encrypt_packs_nothing_openly(workplace):
    workplace.context.connectors.named["archive_default"] = zipfile_archiver()
    with pytest.raises(AetherFlowError, match="can't encrypt"):
        workplace.zip(password="correct horse")
    assert not (workplace.artifacts / "out.zip").exists()


def test_a_step_that_must_stop_leaves_the_old_archive(workplace):
    workplace.zip(items=["a.csv"])
    workplace.context.cancelled.set()
    with pytest.raises(AetherFlowError, match="stopped"):
        workplace.zip()
    assert names(workplace) == ["a.csv"]
    assert [path.name for path in workplace.artifacts.iterdir() if path.name.startswith(".")] == []


def test_a_full_disk_is_told_and_leaves_nothing(workplace):
    class Full(type(zipfile_archiver())):
        def create(self, *_, **__):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    full = Full(zipfile_archiver().context, None, zipfile_archiver().options)
    workplace.context.connectors.named["archive_default"] = full
    with pytest.raises(AetherFlowError, match="No space left") as caught:
        workplace.zip()
    assert caught.value.problem.code == "AF-ARCHIVE-SPACE"
    assert not (workplace.artifacts / "out.zip").exists()


def test_progress_is_in_bytes(workplace):
    workplace.zip(items=["*.csv"])
    assert workplace.context.done == [(1, 2), (2, 2)]
