"""From which step on, failed jobs only, changes accepted: what a start of a run does anew, and what it asks first."""

from __future__ import annotations

import pytest
from kernel.tests.run.conftest import jobs

from aetherflow.kernel.api import DecisionNeeded, InvalidInput

CHAIN = """
version: 1
flow: {id: chain}
jobs:
  - id: a
    steps:
      - {id: one, type: say, inputs: {value: 1, witness: seen}, outputs: {n: "{{result.value}}"}}
      - {id: two, type: TWO, inputs: {file: keys, value: "{{steps.one.value}}"}}
      - {id: three, type: say, inputs: {witness: seen}}
  - {id: b, depends_on: [a], steps: [{id: four, type: say, inputs: {witness: seen}}]}
  - {id: c, steps: [{id: five, type: say, inputs: {witness: seen}}]}
"""


def chain(two="keyed"):
    return CHAIN.replace("TWO", two)


def test_from_a_step_on_it_is_done_anew_with_what_depends_on_it(watched):
    watched.run(chain())
    result = watched.run(from_step="a.two")
    assert jobs(result) == {"a": "SUCCESS", "b": "SUCCESS", "c": "SUCCESS"}
    assert watched.lines("seen") == ["one 1", "three 1", "four 1", "five 1", "three 2", "four 2"]
    first, second = (line.split()[1] for line in watched.lines("keys"))
    assert first != second, "what honours its key would take it for done"


def test_a_resume_after_that_does_nothing_twice(watched):
    watched.run(chain())
    watched.run(from_step="two")
    before = watched.lines("seen")
    watched.run()
    assert watched.lines("seen") == before


@pytest.mark.parametrize("wanted", ["a.nine", "s", "nine.one"])
def test_a_step_that_does_not_exist_is_told(watched, wanted):
    watched.run(chain())
    with pytest.raises(InvalidInput, match="has no step"):
        watched.run(from_step=wanted)


def test_a_done_step_that_may_run_once_is_not_done_anew_unasked(watched):
    watched.run(chain("once_more").replace(', value: "{{steps.one.value}}"', ""))
    with pytest.raises(DecisionNeeded, match="would be done again") as raised:
        watched.run(from_step="one")
    assert "runs resolve chain/r1 a.two --again" in raised.value.problem.help
    assert len(watched.lines("seen")) == 4


def test_an_edit_of_what_is_done_is_shown_and_refused(watched):
    watched.run(chain())
    with pytest.raises(InvalidInput) as raised:
        watched.run(chain().replace("value: 1, w", "value: 2, w"))
    assert raised.value.problem.code == "AF-STEP-EDITED"
    assert "inputs.value: 1 → 2" in raised.value.problem.message
    assert "--accept-changes" in raised.value.problem.help


def test_an_edit_that_is_accepted_is_done_anew_with_what_follows_it(watched):
    watched.run(chain())
    edited = chain().replace("id: three, type: say, inputs: {w", "id: three, type: say, inputs: {value: 9, w")
    result = watched.run(edited, accept_changes=True)
    assert jobs(result) == {"a": "SUCCESS", "b": "SUCCESS", "c": "SUCCESS"}
    assert watched.lines("seen")[4:] == ["three 2", "four 2"]
    assert len(watched.lines("keys")) == 1


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("depends_on: [a], ", "", "AF-JOB-EDITED"),
        ("{id: c, ", '{id: c, when: "1 == 1", ', "AF-JOB-EDITED"),
        ("id: one, type: say,", 'id: one, type: say, when: "1 == 1",', "AF-STEP-EDITED"),
    ],
)
def test_edits_of_conditions_and_dependencies_of_what_is_done_are_told(watched, before, after, code):
    watched.run(chain())
    with pytest.raises(InvalidInput) as raised:
        watched.run(chain().replace(before, after))
    assert raised.value.problem.code == code
    assert jobs(watched.run(accept_changes=True)) == {"a": "SUCCESS", "b": "SUCCESS", "c": "SUCCESS"}


def test_done_steps_that_changed_places_are_told(watched):
    text = "version: 1\nflow: {id: f}\njobs: [{id: a, steps: [{id: x, type: say}, {id: y, type: say}]}]\n"
    watched.run(text)
    with pytest.raises(InvalidInput, match="was moved since"):
        watched.run(text.replace("{id: x, type: say}, {id: y, type: say}", "{id: y, type: say}, {id: x, type: say}"))


def test_how_a_step_is_tried_may_be_edited_at_any_time(watched):
    watched.run(chain())
    edited = chain().replace("id: one, type: say,", "id: one, type: say, retry: {max_attempts: 3}, timeout_seconds: 9,")
    assert jobs(watched.run(edited))["a"] == "SUCCESS"
    assert len(watched.lines("seen")) == 4


def test_only_what_failed_or_was_blocked_is_taken_up(watched):
    text = """
        version: 1
        flow: {id: f}
        jobs:
          - {id: a, steps: [{id: s, type: fail, inputs: {unless: mended}}]}
          - {id: b, depends_on: [a], steps: [{id: s, type: say, inputs: {witness: seen}}]}
          - {id: c, steps: [{id: s, type: say, inputs: {witness: seen}}]}
        """
    watched.run(text)
    watched.project.write("mended", "")
    result = watched.run(only_failed=True)
    assert jobs(result) == {"a": "SUCCESS", "b": "SUCCESS", "c": "SUCCESS"}
    assert len(watched.lines("seen")) == 2


def test_a_run_that_must_exist_is_told_when_it_does_not(watched):
    with pytest.raises(InvalidInput, match="has no run 'r1'"):
        watched.run(chain(), must_exist=True)
    assert watched.lines("seen") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("id: three,", "id: renamed,"),
        ("id: c,", "id: renamed,"),
        ("      - {id: three, type: say, inputs: {witness: seen}}\n", ""),
    ],
)
def test_a_done_step_that_is_gone_is_told_and_may_go_when_that_is_said(watched, before, after):
    watched.run(chain())
    with pytest.raises(InvalidInput, match="is not in the flow any more"):
        watched.run(chain().replace(before, after))
    assert len(watched.lines("seen")) == 4
    assert watched.run(accept_changes=True).status == "SUCCESS"
