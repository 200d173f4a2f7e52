"""A canary on each way that a value takes through a run: it arrives, and is in nothing that the run leaves or tells."""

from __future__ import annotations

import json

import pytest

from aetherflow.kernel.api import RunRequest, run_flow

SECRET = "c4nary  of-\nthe-house-7f3a"
#: What of it may be nowhere; its lines are shorter than what is masked alone.
PIECES = ("c4nary", "the-house-7f3a", "house")
STEPS = """
from aetherflow.kernel.api import Rerun, Skip, StepContext, StepError, StepOutputs, register_step


class Given(StepOutputs):
    value: object = None


@register_step("raise_with", rerun=Rerun.SAFE)
def raise_with(text: str, before: int = 0, plain: bool = False) -> Given:
    message = "x" * before + f"it was {text}"
    raise ValueError(message) if plain else StepError(message, help=f"not {text}")


@register_step("say_all", rerun=Rerun.SAFE)
def say_all(context: StepContext, value: object, unless: str = "") -> Given:
    context.log.info(f"given {value}", value=value, nested={"a": [value], str(value): 1})
    context.progress(1, unit=str(value))
    with (context.project / "arrived").open("a") as lines:
        lines.write(str(value).encode().hex() + "\\n")
    return Given(value=value)


@register_step("give_key", rerun=Rerun.SAFE)
def give_key(key: str) -> Given:
    return Given(value={key: 1})


@register_step("skip_with", rerun=Rerun.SAFE)
def skip_with(text: str) -> Given | Skip:
    return Skip(f"nothing for {text}")


@register_step("lock_with", rerun=Rerun.SAFE)
def lock_with(context: StepContext, key: str) -> Given:
    with context.lease(f"lock of {key}"):
        return Given()


@register_step("publish_as", rerun=Rerun.SAFE)
def publish_as(context: StepContext, name: str) -> Given:
    with context.publish(context.project / "out" / name) as temporary:
        temporary.write_text("x")
    return Given()
"""
FLOW = """
version: 1
flow: {{id: f, workspace: {{cleanup_policy: never}}}}
jobs:
  - id: main
    steps:
      - {step}
{end}
"""
TELL = """finally:
  - {id: tell, steps: [{id: t, type: say_all, inputs: {value: "{{failure.error}} {{failure.error_code}} {{jobs.main.status}}"}, outputs: {o: "{{result.value}}"}}]}
on_failure:
  - {id: tell_too, outputs: {o: "{{failure.error}}"}, steps: [{id: t, type: say_all, foreach: {items: ["{{failure.error}}"]}, inputs: {value: "{{item}}"}}]}
"""
S = "{{env.MY_TOKEN}}"
RETRY = "retry: {max_attempts: 3, backoff_seconds: 0.01}"
GIVE_KEY = '{id: s, type: give_key, inputs: {key: "{{env.NAME_KEY}}"}}'
#: A name so near to the secret one that a message would help with that.
NEAR = "{{steps.s.value.n4me-canary-9}}"
WAYS = {
    "an output": f'{{id: s, type: say_all, inputs: {{value: "{S}"}}, outputs: {{o: "{{{{result.value}}}}", "p": "p{S}"}}}}',
    "items": f'{{id: s, type: say_all, foreach: {{items: ["{S}", "a {S}"]}}, inputs: {{value: "{{{{item}}}}"}}, outputs: {{o: "{{{{result.value}}}}"}}}}',
    "a matrix": f'{{id: s, type: say_all, foreach: {{matrix: {{a: ["{S}"], b: [1, 2]}}}}, inputs: {{value: "{{{{item.a}}}}"}}}}',
    "an error": f'{{id: s, type: raise_with, inputs: {{text: "{S}"}}}}',
    "any exception": f'{{id: s, type: raise_with, inputs: {{text: "{S}", plain: true}}}}',
    "an error that goes on": f'{{id: s, type: raise_with, continue_on_error: true, inputs: {{text: "{S}"}}}}',
    "attempts": f'{{id: s, type: raise_with, {RETRY}, inputs: {{text: "{S}", plain: true}}}}',
    "attempts of items": f'{{id: s, type: raise_with, {RETRY}, foreach: {{items: ["{S}"]}}, inputs: {{text: "{{{{item}}}}"}}}}',
    "a wrong input": f'{{id: s, type: raise_with, foreach: {{items: ["{S}"]}}, inputs: {{text: a, before: "{{{{item}}}}"}}}}',
    "a key beside one that is promoted": '{id: s, type: give_key, inputs: {key: "{{env.NAME_KEY}}"}, outputs: {o: "{{result.value.n4me-canary-9}}"}}',
    "a key beside an input": f'{GIVE_KEY}\n      - {{id: t, type: say_all, inputs: {{value: "{NEAR}"}}}}',
    "a key beside an item": f'{GIVE_KEY}\n      - {{id: t, type: say_all, foreach: {{items: ["{NEAR}"]}}, inputs: {{value: 1}}}}',
    "a key beside an input of an item": f'{GIVE_KEY}\n      - {{id: t, type: say_all, foreach: {{items: [1]}}, inputs: {{value: "{NEAR}"}}}}',
    "a key beside an output of the job": f'{GIVE_KEY}\n    outputs: {{o: "{NEAR}"}}',
    "a skip": f'{{id: s, type: skip_with, on_no_data: skip_job, inputs: {{text: "{S}"}}}}',
    "skipped items": f'{{id: s, type: skip_with, foreach: {{items: ["{S}"]}}, inputs: {{text: "{{{{item}}}}"}}}}',
    "a lock": '{id: s, type: lock_with, inputs: {key: "{{env.NAME_KEY}}"}}',
    "an artifact": '{id: s, type: publish_as, inputs: {name: "{{env.NAME_KEY}}"}}',
    "an artifact that is not allowed": '{id: s, type: publish_as, inputs: {name: "/{{env.NAME_KEY}}"}}',
}  # fmt: skip
ARRIVING = {"an output", "items", "a matrix"}


@pytest.fixture
def place(project):
    project.write("steps/ways.py", STEPS)
    (project.folder / "out").mkdir()
    project.environment |= {"MY_TOKEN": SECRET, "NAME_KEY": "n4me-canary-91"}
    return project


def holds(text):
    return [piece for piece in (*PIECES, "n4me-canary-91") if piece in text]


@pytest.mark.parametrize("way", WAYS)
def test_no_canary_in_anything_that_is_kept_or_told(place, way):
    place.write("flow.yaml", FLOW.format(step=WAYS[way], end=TELL))
    first = place.aetherflow("run", "flow.yaml", "--run-id", "r1", "--json", AETHERFLOW_LOG_LEVEL="DEBUG")
    answers = [
        first,
        place.aetherflow("run", "flow.yaml", "--run-id", "r1", AETHERFLOW_LOG_LEVEL="DEBUG", AETHERFLOW_LOG_FORMAT="json"),
        # Without knowing what is secret: what was kept speaks for itself.
        place.aetherflow("runs", "show", "r1", "--json", MY_TOKEN="", NAME_KEY=""),
        place.aetherflow("runs", "logs", "r1", MY_TOKEN="", NAME_KEY=""),
    ]  # fmt: skip
    assert first.code in {0, 1}, first.out + first.err
    assert [answer.code for answer in answers[2:]] == [0, 0]
    left = [path.read_bytes() for path in (place.folder / ".aetherflow").rglob("*") if path.is_file()]
    told = "".join(answer.out + answer.err for answer in answers)
    assert holds(b"".join(left).decode("latin-1")) == []
    assert holds(told) == []
    assert "Traceback" not in told
    if way in ARRIVING:
        arrived = [bytes.fromhex(line).decode() for line in place.lines("arrived")]
        assert any(SECRET in value for value in arrived)


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (f'{{id: s, type: raise_with, inputs: {{text: a, before: "{S}"}}}}', "AF-TEXT-TYPE"),
        (f'{{id: s, type: say_all, foreach: {{items: "{S}"}}, inputs: {{value: 1}}}}', "AF-TEXT-TYPE"),
        ('{id: s, type: say_all, when: "env.MY_TOKEN > 3", inputs: {value: 1}}', "AF-WHEN-TYPES"),
    ],
)
def test_no_canary_in_what_is_said_of_an_environment_that_does_not_fit(place, step, code):
    place.write("flow.yaml", FLOW.format(step=step, end=TELL))
    answers = [place.aetherflow(command, "flow.yaml", AETHERFLOW_LOG_LEVEL="DEBUG") for command in ("validate", "run")]
    assert [(answer.code, code in answer.err) for answer in answers] == [(2, True)] * 2
    assert holds("".join(answer.out + answer.err for answer in answers)) == []


@pytest.mark.parametrize("way", [way for way in WAYS if way not in ARRIVING])
def test_no_canary_in_what_a_program_is_told_of_a_failure(place, way):
    flow = place.write("flow.yaml", FLOW.format(step=WAYS[way], end=TELL))
    events = []
    run_flow(
        flow,
        RunRequest(run_id="r1"),
        environ={**place.environment, "AETHERFLOW_PLUGIN_PATHS": str(place.folder / "steps")},
        on_event=events.append,
    )
    reasons = [getattr(event, "reason", "") for event in events]
    assert holds(json.dumps(reasons)) == []


@pytest.mark.parametrize("before", [470, 480, 3_970, 3_980, 3_985])
@pytest.mark.parametrize("plain", ["true", "false"])
def test_a_message_is_masked_before_it_is_cut(place, before, plain):
    step = f'{{id: s, type: raise_with, inputs: {{text: "{S}", before: {before}, plain: {plain}}}}}'
    flow = place.write("flow.yaml", FLOW.format(step=step, end=""))
    events = []
    result = run_flow(
        flow,
        RunRequest(run_id="r1"),
        environ={**place.environment, "AETHERFLOW_PLUGIN_PATHS": str(place.folder / "steps")},
        on_event=events.append,
    )
    reason = result.jobs[0].steps[0].reason
    assert len(reason) <= 4_000
    assert "c4n" not in reason
