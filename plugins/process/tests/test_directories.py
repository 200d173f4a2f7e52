"""A folder appears whole or not at all, and nothing is removed that is not ours."""

from __future__ import annotations

import os
import threading
import uuid
from pathlib import Path

import pytest

from aetherflow.kernel.api import NothingDone, StepError
from aetherflow_process import directories
from aetherflow_process.directories import publish_directory, staged_folder

FINAL = "out"
MAKE = 'echo data > "$AETHERFLOW_OUTPUT_DIR/part-$AETHERFLOW_ATTEMPT"'


def atomic(script: str, **options) -> dict[str, object]:
    strategy = {"strategy": "atomic_dir", "final_output_dir": FINAL, **options}
    return {"command": script, "shell": True, "idempotency": strategy}


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


# The step ------------------------------------------------------------------------------------------------------------


def test_what_the_program_made_becomes_the_folder(run, context):
    run(**atomic(MAKE))
    assert content(context.artifacts) == {"out/part-1": "data\n"}
    assert [path.name for path in context.artifacts.iterdir()] == [FINAL]


def test_leftovers_of_a_failed_attempt_are_not_published(run, context):
    """D17: the ancestor published part-1 of the failed attempt with the second one's result."""
    run(**atomic(f"{MAKE}; [ $AETHERFLOW_ATTEMPT = 2 ]"), retry={"max_attempts": 2})
    assert content(context.artifacts) == {"out/part-2": "data\n"}


def test_a_good_folder_stays_when_the_next_result_fails_its_checks(run, context):
    """D17: the ancestor replaced it first and checked afterwards."""
    run(**atomic(MAKE))
    with pytest.raises(StepError, match="out/part-7 is missing"):
        run(**atomic("true"), success={"require_files": ["out/part-7"]})
    assert content(context.artifacts) == {"out/part-1": "data\n"}


def test_checks_below_the_final_folder_look_at_what_will_be_published(run, context):
    success = {"require_files": ["out/part-1"], "require_glob": "out/part-*", "forbid_files": ["out/core"]}
    run(**atomic(MAKE), success=success)
    with pytest.raises(StepError, match="out/core exists"):
        run(**atomic(f'{MAKE}; touch "$AETHERFLOW_OUTPUT_DIR/core"'), success=success)
    # A file of the folder that stands there now is none of the new one.
    with pytest.raises(StepError, match="out/part-1 is missing"):
        run(**atomic("true"), success=success)


def test_a_second_result_takes_the_place_of_the_first_as_a_whole(run, context):
    run(**atomic('touch "$AETHERFLOW_OUTPUT_DIR/old"'))
    run(**atomic('touch "$AETHERFLOW_OUTPUT_DIR/new"'))
    assert [path.name for path in (context.artifacts / FINAL).iterdir()] == ["new"]
    assert [path.name for path in context.artifacts.iterdir()] == [FINAL]


def test_a_stopped_step_publishes_nothing(run, context):
    threading.Timer(0.3, context.cancelled.set).start()
    with pytest.raises(StepError):
        run(**atomic(f"trap 'exit 0' TERM; {MAKE}; while :; do sleep 0.02; done"))
    assert list(context.artifacts.iterdir()) == []


def test_a_step_that_is_stopped_while_its_program_ends_publishes_nothing(run, context):
    class StoppedAtTheEnd(type(context)):
        def spawn(self, command, on_line=None):
            result = super().spawn(command, on_line)
            self.cancelled.set()
            return result

    stopped = StoppedAtTheEnd(artifacts=context.artifacts, project=context.project)
    with pytest.raises(StepError) as caught:
        run(**atomic(MAKE), within=stopped)
    assert caught.value.problem.code == "AF-PROCESS-STOPPED"
    assert list(context.artifacts.iterdir()) == []


def test_a_folder_to_stage_in_can_be_named_and_is_gone_afterwards(run, context):
    run(**atomic(f'{MAKE}; echo "$AETHERFLOW_OUTPUT_DIR" > named', temp_output_dir="staging"))
    assert (context.artifacts / "named").read_text() == f"{context.artifacts / 'staging'}\n"
    assert sorted(path.name for path in context.artifacts.iterdir()) == ["named", FINAL]


def test_a_folder_to_stage_in_that_holds_something_is_refused_and_left_as_it_is(run, context):
    (context.artifacts / "mine").mkdir()
    (context.artifacts / "mine" / "precious").touch()
    with pytest.raises(NothingDone) as caught:
        run(**atomic(MAKE, temp_output_dir="mine"))
    assert caught.value.problem.code == "AF-PROCESS-OUTPUT-DIR"
    assert [path.name for path in context.artifacts.iterdir()] == ["mine"]
    assert (context.artifacts / "mine" / "precious").exists()


@pytest.mark.parametrize(("temporary", "final"), [("a", "a"), ("a", "a/b"), ("a/b", "a")])
def test_the_two_folders_must_be_apart(run, temporary, final):
    with pytest.raises(ValueError, match="neither inside the other"):
        run(**atomic(MAKE, temp_output_dir=temporary, final_output_dir=final))


def test_a_file_is_not_replaced_by_a_folder(run, context):
    (context.artifacts / FINAL).write_text("a file")
    with pytest.raises(StepError, match="is no folder"):
        run(**atomic(MAKE))
    assert (context.artifacts / FINAL).read_text() == "a file"


def test_a_program_that_removes_its_output_folder_is_told_so(run):
    with pytest.raises(StepError, match="is gone"):
        run(**atomic('rmdir "$AETHERFLOW_OUTPUT_DIR"'))


def test_without_a_final_folder_the_strategy_is_refused(run):
    with pytest.raises(ValueError, match="needs `final_output_dir`"):
        run(command="true", idempotency={"strategy": "atomic_dir"})


# Staging -------------------------------------------------------------------------------------------------------------


def test_leftovers_of_an_attempt_that_was_cut_off_are_removed(tmp_path):
    final, given = tmp_path / "out", tmp_path / "staging"
    # As a killed process leaves them: the claim stays, nobody holds it.
    with staged_folder(final, given=given, owner="one"):
        (given / "old").touch()
        claims = list(tmp_path.glob("*.claim"))
        kept = {path: path.read_bytes() for path in claims}
    for path, data in kept.items():
        path.write_bytes(data)
    given.mkdir()
    (given / "old").touch()
    with staged_folder(final, given=given, owner="two") as folder:
        assert list(folder.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_another_step_fills_is_refused(tmp_path):
    given = tmp_path / "staging"
    with staged_folder(tmp_path / "out", given=given, owner="one") as folder:
        (folder / "half").touch()
        refused = staged_folder(tmp_path / "out", given=given, owner="two")
        with pytest.raises(NothingDone, match="another step is filling it"):
            refused.__enter__()
        assert (folder / "half").exists()


def test_two_steps_that_stage_for_one_folder_do_not_meet(tmp_path):
    final = tmp_path / "out"
    with (
        staged_folder(final, given=None, owner="one") as first,
        staged_folder(final, given=None, owner="two") as second,
    ):
        assert first != second
        assert {first.parent, second.parent} == {tmp_path}


# Publishing ----------------------------------------------------------------------------------------------------------


def new_folder(place: Path, name: str) -> Path:
    folder = place / name
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "name").write_text(name)
    (folder / "link").symlink_to("sub")
    return folder


def test_readers_always_find_the_folder_whole(tmp_path):
    """D17: between removal and renaming there was none in the ancestor."""
    final = new_folder(tmp_path, "out")
    done, missed = threading.Event(), []

    def read() -> None:
        while not done.is_set():
            try:
                (final / "sub" / "name").read_text()
            except FileNotFoundError as error:
                missed.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(100):
        publish_directory(new_folder(tmp_path, f"new-{number}"), final)
    done.set()
    for reader in readers:
        reader.join()
    assert missed == []
    assert (final / "sub" / "name").read_text() == "new-99"


@pytest.fixture(params=["exchange", "by hand"])
def rename(request, monkeypatch):
    """Both ways of renaming; systems without renameat2 take the second."""
    if request.param == "by hand":
        monkeypatch.setattr(directories, "_rename_at_once", _not_supported)


def _not_supported(*_: object) -> None:
    raise OSError(38, os.strerror(38))


@pytest.mark.usefixtures("rename")
def test_a_folder_is_published_where_none_was_and_where_one_was(tmp_path):
    publish_directory(new_folder(tmp_path, "first"), tmp_path / "out")
    assert (tmp_path / "out" / "link" / "name").read_text() == "first"
    second = new_folder(tmp_path, "second")
    publish_directory(second, tmp_path / "out")
    assert (tmp_path / "out" / "sub" / "name").read_text() == "second"
    assert (second / "sub" / "name").read_text() == "first"


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path):
    elsewhere = new_folder(tmp_path, "elsewhere")
    (tmp_path / "out").symlink_to(elsewhere)
    with pytest.raises(StepError, match="is no folder"):
        publish_directory(new_folder(tmp_path, "new"), tmp_path / "out")
    assert (elsewhere / "sub" / "name").read_text() == "elsewhere"


@pytest.fixture
def other_file_system(tmp_path):
    memory = Path("/dev/shm")  # noqa: S108 - a second file system is what it is for
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has one file system only")
    folder = memory / f"aetherflow-{uuid.uuid4().hex}"
    folder.mkdir()
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_symlink() or path.is_file() else path.rmdir()
    folder.rmdir()


def test_a_folder_of_another_file_system_is_refused_or_copied_whole(tmp_path, other_file_system):
    staged = new_folder(other_file_system, "staged")
    with pytest.raises(StepError, match="different file systems"):
        publish_directory(staged, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    publish_directory(staged, tmp_path / "out", may_copy=True)
    assert (tmp_path / "out" / "link" / "name").read_text() == "staged"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
