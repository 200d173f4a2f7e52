"""A ledger in a folder of its own, which a test may open as often as there are schedulers."""

from __future__ import annotations

import pytest

from aetherflow.scheduler.occurrences.opening import open_store


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def opened(state):
    """Opens the ledger, each time as another scheduler; all are closed in the end."""
    stores = []

    def open_another(**how):
        stores.append(open_store(state, **how))
        return stores[-1]

    yield open_another
    for store in stores:
        store.close()


@pytest.fixture
def store(opened):
    return opened()
