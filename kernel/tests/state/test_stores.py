"""The ledger is a state store, and not the only one that there can be."""

from __future__ import annotations

import pytest
from kernel.tests.state.memory_store import Memory, MemoryStore
from kernel.tests.state.store_conformance import StoreConformance, store, stores  # noqa: F401 - fixtures

from aetherflow.kernel.state.ledger import open_ledger


class TestLedger(StoreConformance):
    """Over SQLite."""

    @pytest.fixture
    def open_store(self, tmp_path):
        return lambda: open_ledger(tmp_path / "state" / "ledger.sqlite")


class TestMemoryStore(StoreConformance):
    """Over nothing but dictionaries."""

    @pytest.fixture
    def open_store(self):
        memory = Memory()
        return lambda: MemoryStore(memory)
