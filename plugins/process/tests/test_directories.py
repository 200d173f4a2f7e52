"""What a program makes becomes a folder whole or not at all, and nothing is removed that is not ours."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from aetherflow.kernel.api import NothingDone, StepError

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
    assert caught.value.problem.code == "AF-PUBLISH-FOLDER"
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


def test_a_copy_that_fails_says_why(run, context):
    """A folder that is copied in part has a reason for each file, and none for the whole: the message ended in None."""
    error = shutil.Error([("from", "to", "[Errno 28] No space left on device")])
    context.publish_folder = lambda *_places, **_options: (_ for _ in ()).throw(error)
    with pytest.raises(StepError, match="No space left on device"):
        run(**atomic(MAKE, atomic_rename=False))
