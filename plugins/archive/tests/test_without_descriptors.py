"""What can't be read for want of descriptors is told so: it is neither empty nor changed."""

from __future__ import annotations

import contextlib
import os
import resource

import pytest

from aetherflow.kernel.api import ConnectorError, NothingDone
from aetherflow_archive.packing import _open
from aetherflow_archive.placing import Placing


@contextlib.contextmanager
def no_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_staged_tree_that_cannot_be_listed_is_an_error(tmp_path):
    (tmp_path / "staged").mkdir()
    (tmp_path / "staged" / "a.txt").write_text("a")
    placing = Placing(
        context=None, staged=tmp_path / "staged", final=tmp_path / "final", overwrite=True, kept=frozenset()
    )
    with no_descriptors(), pytest.raises(NothingDone, match="Too many open files"):
        placing.run()


def test_a_file_that_cannot_be_opened_for_want_of_descriptors_was_not_changed(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    root = os.open(tmp_path, os.O_RDONLY)
    try:
        with no_descriptors(), pytest.raises(ConnectorError, match="can't be read: Too many open files"):
            _open(root, "a.txt")
    finally:
        os.close(root)
