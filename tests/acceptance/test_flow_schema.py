"""The JSON Schema of a flow and `validate` agree: what the schema refuses is refused, and what is right is taken."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from aetherflow.kernel.check.flow import check_flow
from aetherflow.kernel.check.indexing import index_flow
from aetherflow.kernel.errors import InvalidInput, Problem
from aetherflow.kernel.flow_schema.whole import make_flow_schema
from aetherflow.kernel.plugins.index import PluginIndex
from aetherflow.kernel.plugins.listing import open_index
from aetherflow.kernel.resolve.templates import compile_value
from aetherflow.kernel.spec.document import parse_document
from aetherflow.kernel.spec.flow import examine_flow
from aetherflow.kernel.spec.values import without_raw
from tests.docs.pages import ROOT, blocks_of, pages

pytestmark = pytest.mark.acceptance

Place = tuple[str | int, ...]

#: Every key of a flow, and steps and resources of every kind that tests can do without servers for.
FLOW = """
version: 1
flow:
  id: daily.report
  description: Orders of one day.
  timezone: Europe/Berlin
  workspace: {root: work, cleanup_policy: never, layout: {artifacts: made}}
  state: {backend: sqlite, path: "{{env.STATE:state.sqlite}}"}
  locks: {scope: flow, ttl_seconds: "{{env.TTL:60}}", wait_seconds: 1.5}
  concurrency: {max_parallel_jobs: 2, fail_fast: true}
params:
  day: {type: date, default: "{{run.date}}", description: Day to report.}
  count: {type: integer, default: 3}
  ratio: {type: number, default: 0.5}
  sure: {type: boolean, default: false}
  names: {type: list, default: [Ada]}
  more: {type: object, default: {a: 1}}
  moment: {type: datetime, default: "2026-01-31T06:30:00"}
resources:
  warehouse: {kind: db, driver: sqlite3, config: {path: "{{env.WAREHOUSE:w.sqlite}}"}, options: {busy_timeout_seconds: 5}}
  post: {kind: mail, driver: smtp, config: {host: mail.example.com, port: "{{env.PORT:25}}"}, decode: {config: {host: false}}}
  filled: {kind: mail, driver: file, profile: mail}
jobs:
  - id: load
    description: Loads.
    timeout_seconds: 60
    steps:
      - id: orders
        type: db_load
        inputs: {resource: warehouse, source: orders.csv, table: orders, mode: upsert, key: [id], types: {a: {type: date, format: "%Y"}}}
        on_no_data: skip_job
        rerun: SAFE
        retry: {max_attempts: 3, backoff_seconds: 1, backoff_multiplier: 2, max_backoff_seconds: 9, jitter: 0.5, on_errors: [AF-DB*]}
        timeout_seconds: 20
        outputs: {rows: "{{result.row_count}}"}
  - id: report
    depends_on: [load]
    when: jobs.load.outputs.rows > 0
    outputs: {count: "{{steps.each.count:0}}"}
    steps:
      - id: each
        type: check_items
        inputs: {items: "{{params.names}}", min_count: "{{params.count}}"}
        foreach: {matrix: {a: [1, 2], b: "{{params.names}}"}, max_parallel: 2}
      - id: guarded
        type: with_lock
        when: params.sure
        continue_on_error: true
        inputs: {lock_key: "{{flow_id}}", wait_seconds: 1, step: {type: zip, inputs: {dest_path: a.zip, items: [{path: a}, b]}}}
      - id: say
        type: external.process
        inputs: {command: [echo, "{{params.day}}", 1], env: {A: null}, log: {stdout: capture}, success: {exit_codes: [0, 3]}}
on_failure:
  - id: tell
    steps: [{id: tell, type: mail_send, inputs: {resource: post, to: [a@example.com], subject: "{{failure.job_id}}", body: b, html: false}}]
finally:
  - id: last
    steps: [{id: pack, type: unzip, inputs: {archives: a.zip, dest_dir: out, overwrite: "{{params.sure}}"}, foreach: {items: [1]}}]
"""
PROBES: list[Any] = [None, True, -1, "a b", "{{params.count}}", "n {{params.count}}", [None], {"x": 1}]
#: Problems that a schema can see, by the start of their code; of the others, only `validate` can tell.
SEEN_BY_SCHEMAS = ("AF-UNKNOWN-KEY", "AF-MISSING-KEY", "AF-WRONG-TYPE", "AF-UNKNOWN-STEP", "AF-UNKNOWN-CONNECTOR")


@pytest.fixture(scope="module")
def index() -> Iterator[PluginIndex]:
    with open_index(ROOT / "demo", environ={}) as found:
        yield found


@pytest.fixture(scope="module")
def schema(index: PluginIndex) -> jsonschema_rs.Validator:
    made = make_flow_schema(index)
    jsonschema_rs.meta.validate(made)
    return jsonschema_rs.validator_for(made)


def validated(source: bytes, index: PluginIndex) -> tuple[Problem, ...]:
    """The errors that `validate` finds."""
    try:
        examined = examine_flow(parse_document(source, "flow.yaml"), render=_render)
    except InvalidInput as error:
        return error.problems
    problems = examined.problems
    if examined.flow is not None:
        flow = index_flow(examined.flow)
        problems += check_flow(flow, index=index, environment={}, resource_profiles=None, strict_environment=False)
    return tuple(problem for problem in problems if problem.severity == "error")


def _render(value: object, path: Place) -> object:
    return compile_value(value, roots=frozenset({"env"}), path=path).render({"env": {}})


def read(source: bytes) -> Any:
    """What an editor reads: plain values of YAML 1.2, tags aside."""
    return without_raw(parse_document(source, "flow.yaml").value)


def written_flows() -> dict[str, bytes]:
    """Every flow that is written down in this repository, by its place: right ones and wrong ones."""
    blocks = [block for page in pages() for block in blocks_of(page) if block.language == "yaml"]
    found = {block.place: block.text.encode() for block in blocks}
    for folder in ("demo", "tests", "bench", "plugins", "kernel"):
        files = [file for file in (ROOT / folder).rglob("*.y*ml") if ".aetherflow" not in file.parts]
        found |= {file.relative_to(ROOT).as_posix(): file.read_bytes() for file in files}
    return {place: source for place, source in found.items() if b"jobs:" in source and b"flow:" in source}


def test_every_flow_that_is_right_fits_the_schema(index: PluginIndex, schema: jsonschema_rs.Validator) -> None:
    flows = written_flows()
    right = {place: source for place, source in flows.items() if not validated(source, index)}
    refused = {
        f"{place}: {list(error.instance_path)}: {error.message}"
        for place, source in right.items()
        for error in schema.iter_errors(read(source))
    }

    assert "demo/weather/flow.yaml" in right
    assert len(right) >= 25, f"only {len(right)} of {len(flows)} flows are right here"
    assert not refused


def test_a_flow_with_every_key_is_right_for_both(index: PluginIndex, schema: jsonschema_rs.Validator) -> None:
    assert [str(problem) for problem in validated(FLOW.encode(), index)] == []
    assert [error.message for error in schema.iter_errors(read(FLOW.encode()))] == []


SEEDED: dict[str, tuple[Place, Any, Place]] = {
    "an unknown key of a flow": (("worksapce",), {}, ()),
    "an unknown key of a job": (("jobs", 0, "dependson"), [], ("jobs", 0)),
    "an unknown key of a step": (("jobs", 0, "steps", 0, "input"), {}, ("jobs", 0, "steps", 0)),
    "an unknown key of a retry": (("jobs", 0, "steps", 0, "retry", "max"), 1, ("jobs", 0, "steps", 0, "retry")),
    "an unknown input": (("jobs", 0, "steps", 0, "inputs", "tabel"), "x", ("jobs", 0, "steps", 0, "inputs")),
    "a missing input": (("jobs", 0, "steps", 0, "inputs"), {}, ("jobs", 0, "steps", 0, "inputs")),
    "an input of another type": (
        ("jobs", 1, "steps", 0, "inputs", "min_count"),
        "three",
        ("jobs", 1, "steps", 0, "inputs", "min_count"),
    ),
    "an input that is none of the words": (
        ("jobs", 0, "steps", 0, "inputs", "mode"),
        "merge",
        ("jobs", 0, "steps", 0, "inputs", "mode"),
    ),
    "an input deep inside": (
        ("jobs", 1, "steps", 2, "inputs", "success", "exit_codes", 0),
        "zero",
        ("jobs", 1, "steps", 2, "inputs", "success", "exit_codes", 0),
    ),
    "a step type that nobody has": (("jobs", 0, "steps", 0, "type"), "db_laod", ("jobs", 0, "steps", 0, "type")),
    "an inner step that nobody has": (
        ("jobs", 1, "steps", 1, "inputs", "step", "type"),
        "zpi",
        ("jobs", 1, "steps", 1, "inputs", "step", "type"),
    ),
    "an unknown input of an inner step": (
        ("jobs", 1, "steps", 1, "inputs", "step", "inputs", "dest"),
        "x",
        ("jobs", 1, "steps", 1, "inputs", "step", "inputs"),
    ),
    "an id with a blank": (("jobs", 0, "id"), "load it", ("jobs", 0, "id")),
    "a driver of another kind": (("resources", "warehouse", "driver"), "smtp", ("resources", "warehouse", "driver")),
    "a setting of another type": (
        ("resources", "warehouse", "config", "read_only"),
        "maybe",
        ("resources", "warehouse", "config", "read_only"),
    ),
    "a missing setting": (("resources", "post", "config"), {}, ("resources", "post", "config")),
    "a default of another type": (("params", "count", "default"), "x", ("params", "count", "default")),
    "a limit that is overstepped": (
        ("flow", "concurrency", "max_parallel_jobs"),
        0,
        ("flow", "concurrency", "max_parallel_jobs"),
    ),
}


@pytest.mark.parametrize(("place", "value", "told_at"), SEEDED.values(), ids=list(SEEDED))
def test_a_mistake_is_refused_at_its_place(
    place: Place, value: object, told_at: Place, index: PluginIndex, schema: jsonschema_rs.Validator
) -> None:
    flow = changed(read(FLOW.encode()), place, value)

    assert told_at in {tuple(error.instance_path) for error in schema.iter_errors(flow)}
    assert validated(json.dumps(flow).encode(), index)


@pytest.mark.slow
def test_what_the_schema_refuses_validate_refuses_too(index: PluginIndex, schema: jsonschema_rs.Validator) -> None:
    flow = read(FLOW.encode())
    wrong, told, seen = [], 0, 0
    for mutant, how in mutants(flow):
        is_refused = not schema.is_valid(mutant)
        problems = validated(json.dumps(mutant).encode(), index)
        if is_refused and not problems:
            wrong.append(f"{how}: {[error.message for error in schema.iter_errors(mutant)]}")
        if any(problem.code.startswith(SEEN_BY_SCHEMAS) for problem in problems):
            told += 1
            seen += is_refused

    assert not wrong, f"{len(wrong)} of them: " + "\n".join(wrong[:20])
    assert told > 1_000
    assert seen / told > 0.97, f"the schema sees {seen} of {told}"


def test_every_example_of_a_step_is_right(index: PluginIndex, schema: jsonschema_rs.Validator) -> None:
    examples = make_flow_schema(index)["$defs"]["step"]["examples"]

    assert {each["type"] for each in examples} == set(index.step_names())
    for example in examples:
        flow = {"flow": {"id": "f"}, "jobs": [{"id": "j", "steps": [example]}]}
        codes = {problem.code for problem in validated(json.dumps(flow).encode(), index)}
        # Its resource is one that the flow has yet to name.
        assert codes <= {"AF-UNKNOWN-RESOURCE", "AF-UNKNOWN-REFERENCE"}, example
        assert schema.is_valid(flow), example


def mutants(flow: Any) -> Iterator[tuple[Any, str]]:
    """Flows that differ from a right one in one place."""
    for place in places(flow):
        for probe in PROBES:
            yield changed(flow, place, probe), f"{place} = {probe!r}"
        yield without(flow, place), f"without {place}"
        if isinstance(at(flow, place), dict):
            yield changed(flow, (*place, "nope"), 1), f"{place} with a key nope"


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def at(value: Any, path: Place) -> Any:
    for part in path:
        value = value[part]
    return value


def changed(flow: Any, path: Place, value: object) -> Any:
    mutant = copy.deepcopy(flow)
    at(mutant, path[:-1])[path[-1]] = value
    return mutant


def without(flow: Any, path: Place) -> Any:
    mutant = copy.deepcopy(flow)
    del at(mutant, path[:-1])[path[-1]]
    return mutant
