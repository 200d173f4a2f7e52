"""Outputs that hold a secret are not kept: the mask is never handed on, and what needs them gets them again."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from aetherflow.kernel.contracts.records import RunKey
from aetherflow.kernel.state.ledger import open_ledger

SECRET = "correct-horse-battery"
STEPS = """
import os
from aetherflow.kernel.api import Rerun, StepContext, StepOutputs, register_step


class Token(StepOutputs):
    value: object = None


@register_step("token_once", rerun=Rerun.ONCE)
def token_once(context: StepContext, value: str, witness: str = "") -> Token:
    if witness:
        with (context.project / witness).open("a") as lines:
            lines.write("token_once\\n")
    return Token(value=value)


@register_step("die", rerun=Rerun.SAFE)
def die(context: StepContext, unless: str) -> Token:
    if not (context.project / unless).exists():
        os._exit(9)
    return Token()


@register_step("keep", rerun=Rerun.SAFE)
def keep(context: StepContext, value: object) -> Token:
    # As hex, so that what was given can be seen by the test and by nothing that looks for secrets.
    with (context.project / "kept").open("a") as lines:
        lines.write(str(value).encode().hex() + "\\n")
    return Token()
"""


@pytest.fixture
def place(project):
    project.environment["MY_TOKEN"] = SECRET
    project.write("steps/token.py", STEPS)
    return project


def run(place, *more, text=None):
    if text is not None:
        place.write("flow.yaml", text)
    return place.aetherflow("run", "flow.yaml", "--run-id", "r1", "--json", *more)


def kept(place):
    """What the steps `keep` were given."""
    return [bytes.fromhex(line).decode() for line in place.lines("kept")]


def statuses(answer):
    return {job["job_id"]: job["status"] for job in answer.json["jobs"]}


def test_outputs_that_a_person_gave_outlive_a_crash_of_the_next_step(place):
    died = run(
        place,
        text="""
        version: 1
        flow: {id: f}
        jobs:
          - id: a
            steps:
              - {id: s, type: token_once, inputs: {value: "{{env.MY_TOKEN}}"}, outputs: {t: "{{result.value}}"}}
              - {id: n, type: die, rerun: KEYED, inputs: {unless: first}}
              - {id: o, type: die, inputs: {unless: second}}
          - {id: b, depends_on: [a], steps: [{id: k, type: keep, inputs: {value: "{{jobs.a.outputs.t}}"}}]}
        """,
    )
    assert died.code == 9
    place.write("given.json", json.dumps({"value": "handle-7"}))
    assert place.aetherflow("runs", "resolve", "r1", "a.s", "--done", "--outputs", "given.json").code == 0
    assert run(place).code == 9
    place.write("first", "")
    assert run(place).code == 9
    place.write("second", "")

    answer = run(place)

    assert answer.code == 0, answer.err
    assert kept(place) == ["handle-7"]


def test_a_crash_between_two_steps_does_not_make_the_mask_a_value(place):
    text = """
        version: 1
        flow: {id: f}
        jobs:
          - id: a
            steps:
              - {id: s, type: say, inputs: {witness: seen}, outputs: {t: "{{env.MY_TOKEN}}"}}
              - {id: n, type: die, rerun: KEYED, inputs: {unless: first}}
              - {id: o, type: fail, inputs: {unless: second}}
              - {id: k, type: keep, inputs: {value: "{{job.outputs.t}}"}}
          - {id: b, depends_on: [a], steps: [{id: k, type: keep, inputs: {value: "{{jobs.a.outputs.t}}"}}]}
        """
    assert run(place, text=text).code == 9
    assert run(place).code == 9
    place.write("first", "")
    failed = run(place)
    assert failed.code == 1
    assert failed.json["jobs"][0]["outputs"] == {"t": "***"}, "it is there, and shown masked"
    place.write("second", "")

    assert run(place).code == 0

    assert kept(place) == [SECRET, SECRET]
    assert place.lines("seen") == ["s 1"], "nothing but what it promotes is done again"


def test_a_job_that_did_not_give_its_outputs_again_is_still_known_to_be_masked(place):
    text = """
        version: 1
        flow: {id: f}
        jobs:
          - id: a
            steps:
              - {id: s, type: say, inputs: {value: "{{env.MY_TOKEN}}"}, outputs: {t: "{{result.value}}"}}
              - {id: o, type: fail, inputs: {unless: mended}}
        """
    assert run(place, text=text).code == 1
    flow = place.folder / "flow.yaml"
    as_it_was = flow.read_text()
    flow.write_text(
        as_it_was.replace("- {id: s", "- {id: n, type: die, rerun: KEYED, inputs: {unless: nothing}}\n      - {id: s")
    )
    assert run(place).code == 9

    with closing(open_ledger(place.folder / ".aetherflow/state/ledger.sqlite", to_read=True)) as ledger:
        job = ledger.history(RunKey("f", "r1")).jobs["a"]

    assert (job.outputs, job.is_masked) == ({"t": None}, True)


ENDING = """
version: 1
flow: {id: f}
jobs:
  - {id: a, steps: [{id: s, type: say, inputs: {value: "{{env.MY_TOKEN}}", witness: seen}, outputs: {t: "{{result.value}}"}}]}
finally:
  - {id: use, steps: [{id: k, type: keep, inputs: {value: "{{jobs.a.outputs.t}}"}}, {id: n, type: fail, inputs: {unless: mended}}]}
"""


def test_what_a_job_of_the_end_refers_to_is_given_again_where_nothing_else_runs(place):
    assert run(place, text=ENDING).code == 1
    assert run(place).code == 1
    place.write("mended", "")
    assert run(place).code == 0
    assert kept(place) == [SECRET] * 3
    assert len(place.lines("seen")) == 3


def test_a_run_that_is_done_does_nothing_for_an_end_that_does_not_come(place):
    place.write("mended", "")
    assert run(place, text=ENDING).code == 0
    answer = run(place)
    assert (answer.code, statuses(answer)) == (0, {"a": "SUCCESS"})
    assert answer.json["jobs"][0]["outputs"] == {"t": None}, "what was not kept is not there"
    assert (len(place.lines("seen")), len(kept(place))) == (1, 1)


def test_what_is_told_of_a_failure_refers_to_is_given_again(place):
    text = """
        version: 1
        flow: {id: f}
        jobs:
          - {id: a, steps: [{id: s, type: say, inputs: {value: "{{env.MY_TOKEN}}"}, outputs: {t: "{{result.value}}"}}]}
          - {id: b, steps: [{id: n, type: fail, inputs: {unless: mended}}]}
        on_failure:
          - {id: tell, steps: [{id: k, type: keep, inputs: {value: "{{jobs.a.outputs.t}}"}}]}
        """
    assert [run(place, text=text).code, run(place).code] == [1, 1]
    assert kept(place) == [SECRET] * 2


UNNEEDED = """
version: 1
flow: {id: f}
jobs:
  - {id: a, steps: [{id: s, type: token_once, inputs: {value: "{{env.MY_TOKEN}}", witness: seen}, outputs: {t: "{{result.value}}"}}]}
  - {id: b, depends_on: [a], when: jobs.a.status == 'SUCCESS', steps: [{id: n, type: fail, inputs: {unless: mended}}]}
finally:
  - {id: bye, steps: [{id: k, type: keep, inputs: {value: "{{jobs.a.status}}"}}]}
"""


def test_a_job_whose_outputs_nobody_refers_to_is_not_run_again(place):
    assert run(place, text=UNNEEDED).code == 1
    place.write("mended", "")
    answer = run(place)
    assert answer.code == 0, answer.err
    assert place.lines("seen") == ["token_once"]
    assert kept(place) == ["SUCCESS", "SUCCESS"]


def test_a_job_alone_may_depend_on_one_whose_outputs_it_does_not_refer_to(place):
    assert run(place, text=UNNEEDED).code == 1
    place.write("mended", "")
    alone = run(place, "--flow-job", "b")
    assert alone.code == 0, alone.out + alone.err
    assert statuses(alone)["b"] == "SUCCESS"


def test_outputs_are_needed_by_way_of_other_jobs_too(place):
    text = """
        version: 1
        flow: {id: f}
        jobs:
          - {id: a, steps: [{id: s, type: say, inputs: {value: "{{env.MY_TOKEN}}", witness: seen}, outputs: {t: "{{result.value}}"}}]}
          - {id: b, steps: [{id: s, type: say, inputs: {value: "b {{jobs.a.outputs.t}}", witness: seen}, outputs: {t: "{{result.value}}"}}]}
          - {id: other, steps: [{id: s, type: say, inputs: {value: "{{env.MY_TOKEN}}", witness: unneeded}, outputs: {t: "{{result.value}}"}}]}
          - {id: c, steps: [{id: n, type: fail, inputs: {unless: mended}}, {id: k, type: keep, inputs: {value: "{{jobs.b.outputs.t}}"}}]}
        """
    assert run(place, text=text).code == 1
    place.write("mended", "")
    answer = run(place)
    assert answer.code == 0, answer.err
    assert kept(place) == [f"b {SECRET}"]
    assert (len(place.lines("seen")), len(place.lines("unneeded"))) == (4, 1)


def test_a_step_that_may_run_once_only_and_is_needed_wants_a_decision(place):
    run(place, text=UNNEEDED.replace("unless: mended", 'unless: "{{jobs.a.outputs.t}}"'))
    answer = run(place)
    assert (answer.code, answer.json["errors"][0]["code"]) == (4, "AF-OUTCOME-UNKNOWN")
    assert place.lines("seen") == ["token_once"]
