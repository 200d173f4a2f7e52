"""Every occurrence has one row and runs once, whatever happens, in whatever order; and a model knows what became of it."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from scheduler.tests.operation.model.machine import Schedulers

pytestmark = pytest.mark.integration

#: So many sequences, of so many events each, always the same ones.
EXAMPLES, EVENTS = 90, 50
#: So many instead, others each time.
MORE = int(os.environ.get("AETHERFLOW_MODEL_EXAMPLES", "0"))
#: Whether a fault is told as it was found: to look for a shorter sequence takes minutes.
IS_QUICK = "AETHERFLOW_MODEL_QUICK" in os.environ


def test_each_occurrence_is_accounted_for_and_run_once_in_every_sequence_of_events():
    run_state_machine_as_test(
        Schedulers,
        settings=settings(
            max_examples=MORE or EXAMPLES,
            stateful_step_count=EVENTS,
            derandomize=not MORE,
            database=None,
            deadline=None,
            phases=[Phase.generate] if IS_QUICK else [Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
