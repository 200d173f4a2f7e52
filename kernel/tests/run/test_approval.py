"""A start that somebody looks at before it begins."""

from __future__ import annotations

import pytest

from aetherflow.kernel.api import InvalidInput
from aetherflow.kernel.plan.decisions import Decision

FLOW = """
version: 1
flow: {id: f}
jobs:
  - {id: a, steps: [{id: s, type: say, inputs: {witness: lines}}]}
"""


def test_start_that_is_not_approved_does_nothing_and_can_be_made_later(watched):
    looked = []

    def approve(history, record, plan):
        looked.append((history.run, record.starts, [job.decision for job in plan.jobs]))
        raise InvalidInput("not this one", code="AF-PLAN-CHANGED")

    with pytest.raises(InvalidInput, match="not this one"):
        watched.run(FLOW, approve=approve)
    assert looked == [(None, 1, [Decision.RUN])]
    assert watched.events == []
    assert watched.lines("lines") == []
    assert watched.run(approve=None).status == "SUCCESS"
    assert watched.lines("lines") == ["s 1"]
