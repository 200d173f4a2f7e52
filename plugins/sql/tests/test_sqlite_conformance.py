"""SQLite keeps what the protocol promises."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from .database_conformance import DatabaseConformance

pytestmark = pytest.mark.contract


class TestSqlite(DatabaseConformance):
    @pytest.fixture
    def database(self, workplace):
        return workplace.open_database()

    @pytest.mark.parametrize("what", ["load", "execute"])
    def test_what_was_done_before_is_synced_before_that_is_said(self, workplace, what):
        """A killed process may have written it and not synced it; a write of our own syncs both."""
        path = workplace.folder / "store.db"
        database = workplace.open_database()
        syncs = []
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE things (id INTEGER, name TEXT)")
        for _ in range(2):
            before = path.read_bytes()
            if what == "load":
                database.load("things", self.things("a"), mode="append", idempotency_key="k")
            else:
                database.execute("INSERT INTO things VALUES (1, 'a')", {}, idempotency_key="k")
            syncs.append(path.read_bytes() != before)
        assert syncs == [True, True]
        assert self.names(database) == ["a"]
