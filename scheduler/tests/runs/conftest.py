"""An item and an occurrence of it, made as the tests say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aetherflow.kernel.api import compile_run_texts
from aetherflow.scheduler.calendars.rules import Interval
from aetherflow.scheduler.occurrences.records import Occurrence, Status
from aetherflow.scheduler.schedules.models import Item

AT = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)


@pytest.fixture
def item():
    def make(**given):
        values = {
            "id": "nightly",
            "flow": Path("/flows/sales.yaml"),
            "rule": Interval(timedelta(minutes=1), datetime(1970, 1, 1, tzinfo=UTC)),
            "trigger": "interval 1m",
            "zone": ZoneInfo("Europe/Berlin"),
        }
        params = given.get("params", {})
        return Item(run_texts=compile_run_texts(params), **values | given)

    return make


@pytest.fixture
def occurrence():
    def make(**given):
        values = {"item": "nightly", "scheduled_for": AT, "due_at": AT, "status": Status.RUNNING, "attempt": 1}
        return Occurrence(**values | given)

    return make
