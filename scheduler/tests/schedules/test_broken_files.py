"""Each mistake in a schedule file is told alone, with its code, where it was made."""

from __future__ import annotations

from pathlib import Path

import pytest
from scheduler.tests.schedules.mistakes import MISTAKES, Mistake

from aetherflow.kernel.api import InvalidInput
from aetherflow.scheduler.schedules.reading import read_schedule

pytestmark = pytest.mark.unit

FLOW = """\
flow: {id: sales}
jobs:
  - {id: load, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}
"""


def problems_of(folder: Path, text: str):
    (folder / "flow.yaml").write_text(FLOW, encoding="utf-8")
    (folder / "days.txt").write_text("2026-12-24\n", encoding="utf-8")
    (folder / "schedule.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as told:
        read_schedule(folder / "schedule.yaml", environment={})
    assert told.value.exit_code == 2
    return told.value.problems


def test_there_are_mistakes_enough_and_each_once():
    assert len(MISTAKES) >= 60
    assert len({each.name for each in MISTAKES}) == len(MISTAKES)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda each: each.name)
def test_mistake_is_told_alone_where_it_was_made(mistake: Mistake, tmp_path):
    errors = [each for each in problems_of(tmp_path, mistake.text) if each.severity == "error"]

    assert [(each.code, each.where.line, each.where.column) for each in errors[:1]] == [
        (mistake.code, mistake.line, mistake.column)
    ]
    assert mistake.words in f"{errors[0].message} {errors[0].help}"
    assert len(errors) == 1, "\n".join(map(str, errors))
