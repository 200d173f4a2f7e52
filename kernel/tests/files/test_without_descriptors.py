"""Where nothing can be opened any more, nothing is taken for empty, and nothing of ours is forgotten."""

from __future__ import annotations

import contextlib
import resource

import pytest

from aetherflow.kernel.errors import RunFailed
from aetherflow.kernel.files.publish import staged_folder, sync_folder
from aetherflow.kernel.files.workspace import Workspace
from aetherflow.kernel.plugins.discovery import announcements


@contextlib.contextmanager
def no_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_folder_that_cannot_be_read_is_not_taken_for_one_that_is_on_the_disk(tmp_path):
    (tmp_path / "inner").mkdir()
    with no_descriptors(), pytest.raises(OSError, match="Too many open files"):
        sync_folder(tmp_path)


def test_plugins_that_cannot_be_listed_are_not_taken_for_missing_ones():
    with no_descriptors(), pytest.raises(OSError, match="Too many open files"):
        announcements()


def test_a_staged_folder_that_could_not_be_removed_is_known_and_removed_by_the_next_attempt(tmp_path):
    final = tmp_path / "made"
    with contextlib.ExitStack() as later, staged_folder(final, owner="step") as folder:
        (folder / "half.csv").write_text("half")
        later.enter_context(no_descriptors())
    assert len(list(tmp_path.iterdir())) == 2
    with staged_folder(final, owner="step") as folder:
        assert list(folder.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_folder_whose_marker_cannot_be_read_is_not_taken_for_somebody_elses(tmp_path):
    layout = {name: name for name in ("artifacts", "scratch", "manifests")}
    workspace = Workspace(root=tmp_path, flow_id="f", run_id="r", layout=layout, cleanup_policy="never", marker="m")
    workspace.of_job("j").make()
    with no_descriptors(), pytest.raises(RunFailed, match="Too many open files") as caught:
        workspace.of_job("j").make()
    assert caught.value.problem.code == "AF-WORKSPACE"
