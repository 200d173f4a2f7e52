"""Work that a marker calls done is not done again, in this run or in any other."""

from __future__ import annotations

import json

import pytest

from aetherflow.kernel.api import PathRefused, StepError

MARKER = {"strategy": "marker", "marker_path": "done/marker.json"}
WORK = {"command": ["sh", "-c", "echo start >> ../../project/starts"], "idempotency": MARKER}


def starts(context) -> int:
    file = context.project / "starts"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_the_step_writes_its_marker_when_it_is_done(run, context):
    """D36: in the ancestor nobody wrote it."""
    outputs = run(**WORK)
    marker = context.project / "done" / "marker.json"
    told = json.loads(marker.read_text())
    assert told.pop("finished").endswith("+00:00")
    assert told == {"flow": "flow", "run": "run", "job": "job", "step": "step", "attempt": 1}
    assert (outputs["marker"], outputs["skipped"], outputs["exit_code"]) == (str(marker), False, 0)


def test_another_run_finds_a_relative_marker_and_skips(run, context, another_run):
    """D36: a relative path lay in the run's own folder, where no other run looked."""
    run(**WORK, outputs={"day": "2026-01-31"})
    outputs = run(**WORK, outputs={"day": "2026-01-31"}, within=another_run("second"))
    assert (outputs["reason"], outputs["skipped"], outputs["exit_code"]) == ("marker_present", True, None)
    assert outputs["marker"] == str(context.project / "done" / "marker.json")
    assert outputs["day"] == "2026-01-31"
    assert starts(context) == 1


@pytest.mark.parametrize("content", ["", "{", "done", '{"finished": "2026-01-31"}'])
def test_a_marker_counts_whoever_made_it_and_is_left_as_it_is(run, context, content):
    """As the ancestor had it: flows whose program makes the marker, empty or not, are skipped."""
    marker = context.project / "done" / "marker.json"
    marker.parent.mkdir()
    marker.write_text(content)
    assert run(**WORK)["reason"] == "marker_present"
    assert starts(context) == 0
    assert marker.read_text() == content


def test_a_marker_that_the_program_makes_is_not_replaced_by_the_steps_own(run, context):
    program = "mkdir ../../project/done; echo mine > ../../project/done/marker.json"
    assert run(command=["sh", "-c", program], idempotency=MARKER)["skipped"] is False
    assert (context.project / "done" / "marker.json").read_text() == "mine\n"


def test_a_marker_whose_checks_fail_is_left_when_the_work_was_done_again(run, context):
    (context.project / "done").mkdir()
    (context.project / "done" / "marker.json").touch()
    run(**WORK, success={"require_files": [str(context.project / "starts")]})
    assert starts(context) == 1
    assert (context.project / "done" / "marker.json").read_text() == ""


def test_a_failed_step_leaves_no_marker(run, context):
    with pytest.raises(StepError):
        run(command="false", idempotency=MARKER)
    assert not (context.project / "done").exists()


def test_a_marker_without_what_it_stands_for_does_not_count(run, context):
    success = {"require_files": [str(context.project / "starts")]}
    run(**WORK, success=success)
    run(**WORK, success=success)
    assert starts(context) == 1
    (context.project / "starts").unlink()
    run(**WORK, success=success)
    assert starts(context) == 1


def test_a_marker_lies_inside(run, context):
    with pytest.raises(PathRefused):
        run(command="true", idempotency={"strategy": "marker", "marker_path": "/etc/marker"})


def test_without_a_path_the_strategy_is_refused(run):
    with pytest.raises(ValueError, match="needs `marker_path`"):
        run(command="true", idempotency={"strategy": "marker"})


def test_a_marker_that_cannot_be_written_is_told_with_what_that_means(run, context):
    """It was told as a step that broke, with the name of a temporary file."""
    (context.project / "done").write_text("a file in the folder's place")
    with pytest.raises(StepError, match=r"the program is done, and its marker marker\.json can't be written") as caught:
        run(**WORK)
    assert caught.value.problem.code == "AF-PROCESS-MARKER"
