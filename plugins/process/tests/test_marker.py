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


@pytest.mark.parametrize("half", ["", "{", "done", "[]", "{}", '"finished"'])
def test_a_file_that_no_step_finished_is_no_marker(run, context, half):
    (context.project / "done").mkdir()
    (context.project / "done" / "marker.json").write_text(half)
    assert run(**WORK)["skipped"] is False
    assert starts(context) == 1


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
