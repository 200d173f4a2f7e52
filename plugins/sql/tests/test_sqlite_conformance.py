"""SQLite keeps what the protocol promises."""

from __future__ import annotations

import pytest

from .database_conformance import DatabaseConformance

pytestmark = pytest.mark.contract


class TestSqlite(DatabaseConformance):
    @pytest.fixture
    def database(self, workplace):
        return workplace.open_database()
