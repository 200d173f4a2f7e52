"""What was unpacked and can't be read again is an error, and no success with nothing in its place."""

from __future__ import annotations

import contextlib
import resource

import pytest

from aetherflow.kernel.api import NothingDone
from aetherflow_archive.placing import Placing


def test_a_staged_tree_that_cannot_be_listed_is_an_error(tmp_path):
    (tmp_path / "staged").mkdir()
    (tmp_path / "staged" / "a.txt").write_text("a")
    placing = Placing(
        context=None, staged=tmp_path / "staged", final=tmp_path / "final", overwrite=True, kept=frozenset()
    )
    with contextlib.ExitStack() as limits:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        limits.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
        with pytest.raises(NothingDone, match="Too many open files"):
            placing.run()
