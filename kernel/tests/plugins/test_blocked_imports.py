"""Packages of denied plugins are kept from one import, and no other import notices."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from aetherflow.kernel.plugins.boundary import blocked_imports


def test_an_import_under_way_passes_over_no_finder():
    """As Python goes through them in another thread, which left out the last one: No module named …"""
    before = list(sys.meta_path)
    with blocked_imports({}):
        under_way = iter(sys.meta_path)
        next(under_way)
    assert list(under_way) == before
    assert sys.meta_path == before


def test_blocks_at_the_same_time_leave_nothing_behind():
    before = list(sys.meta_path)

    def block(number: int) -> None:
        with blocked_imports({f"denied{number}": "no"}), pytest.raises(ImportError, match="denied: no"):
            __import__(f"denied{number}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(block, range(200)))
    assert sys.meta_path == before
