"""Two schedules that would share a folder for state: the second is refused, and the first loses nothing."""

from __future__ import annotations

import pytest

from aetherflow.kernel.api import InvalidInput
from aetherflow.scheduler.occurrences.failures import StoreFailed
from aetherflow.scheduler.operation.belonging import take_state

pytestmark = pytest.mark.integration


@pytest.fixture
def files(tmp_path):
    """A folder for state, and two schedule files beside each other."""
    state = tmp_path / "state"
    state.mkdir()
    for name in ("sales.yaml", "stock.yaml"):
        (tmp_path / name).touch()
    return state, tmp_path / "sales.yaml", tmp_path / "stock.yaml"


def refused(state, file):
    with pytest.raises(InvalidInput) as told:
        take_state(state, file)
    return told.value.problem


@pytest.mark.acceptance
def test_second_schedule_of_a_folder_is_refused_and_leaves_what_waits_of_the_first(
    schedule, start, store, shell, tmp_path
):
    file = schedule("{id: it, interval: 1s, flow_yaml: flow.yaml, retry: {max_attempts: 2, backoff_seconds: 3600}}")
    first = start(program=shell("exit 1"))
    first.wait_for("attempt_end", reason="retry")
    first.kill()
    take_state(tmp_path / ".aetherflow/schedule", file.rename(tmp_path / "first.yaml"))
    schedule("{id: other, interval: 1h, flow_yaml: flow.yaml}")
    second = start("tick")
    assert second.end() == 2
    assert "AF-SCHEDULE-STATE-TAKEN" in second.errors
    assert "first.yaml" in second.errors
    assert [row.reason.value for row in store.history(limit=1000) if not row.status.is_over] == ["retry"]


def test_folder_stays_with_its_schedule_file(files):
    state, sales, stock = files
    take_state(state, sales)
    take_state(state, sales)
    problem = refused(state, stock)
    assert problem.code == "AF-SCHEDULE-STATE-TAKEN"
    assert problem.help == "give this schedule one of its own: `state: {path: .aetherflow/stock}`"
    take_state(state, sales)


def test_file_that_was_renamed_takes_its_folder_along(files):
    state, sales, stock = files
    take_state(state, sales)
    sales.replace(stock)
    take_state(state, stock)
    sales.touch()
    assert refused(state, sales).code == "AF-SCHEDULE-STATE-TAKEN"


def test_file_is_the_same_by_a_link_and_in_another_folder(files, tmp_path):
    state, sales, stock = files
    take_state(state, sales)
    stock.unlink()
    stock.symlink_to("sales.yaml")
    take_state(state, stock)
    take_state(state, tmp_path / "release" / "stock.yaml")


@pytest.mark.parametrize("content", [b"", b"..", b"/etc/passwd", b"\0", b"\xff\xfe", b"x" * 4096])
def test_mark_that_names_no_file_is_written_anew(files, content):
    state, sales, stock = files
    (state / "schedule_file").write_bytes(content)
    take_state(state, sales)
    assert (state / "schedule_file").read_bytes() == b"sales.yaml"
    assert refused(state, stock).code == "AF-SCHEDULE-STATE-TAKEN"


def test_mark_that_can_not_be_read_is_told(files):
    state, sales, _ = files
    (state / "schedule_file").mkdir()
    with pytest.raises(StoreFailed, match="whose the folder is"):
        take_state(state, sales)
