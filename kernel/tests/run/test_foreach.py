"""A step with `foreach` runs once for each item, and gives lists."""

from __future__ import annotations

import pytest
from kernel.tests.run.conftest import jobs, steps

from aetherflow.kernel.api import DecisionNeeded


def flow(step, more=""):
    return f"version: 1\nflow: {{id: f}}\nparams: {{names: {{type: list, default: [x, y, z]}}}}\njobs:\n  - id: j\n    steps:\n      - {step}\n{more}"


@pytest.mark.parametrize("most", [1, 2, 5])
def test_outputs_become_lists_in_the_order_of_the_items(watched, most):
    result = watched.run(
        flow(
            f'{{id: s, type: count_up, inputs: {{file: n, value: ["{{{{item}}}}", "{{{{item_index}}}}"]}}, foreach: {{items: "{{{{params.names}}}}", max_parallel: {most}}}, outputs: {{all: "{{{{result.value}}}}", texts: "{{{{result.text}}}}"}}}}'
        )
    )
    outputs = result.jobs[0].outputs
    assert outputs == {"all": [["x", 0], ["y", 1], ["z", 2]], "texts": ["<['x', 0]>", "<['y', 1]>", "<['z', 2]>"]}
    assert len({line.split()[1] for line in watched.lines("n")}) == 3
    assert watched.told("step_end", "status") == [("SUCCESS",)]
    assert sorted(watched.told("item_end", "item", "status")) == [(str(n), "SUCCESS") for n in range(3)]


def test_items_run_at_the_same_time_as_many_as_allowed(watched):
    step = "{id: s, type: meet, inputs: {name: '{{item}}', others: [a, b, c]}, foreach: {items: [a, b, c], max_parallel: 3}}"
    assert jobs(watched.run(flow(step))) == {"j": "SUCCESS"}


def test_a_matrix_gives_every_combination(watched):
    result = watched.run(
        flow(
            "{id: s, type: say, inputs: {value: '{{item.a}}-{{item.b}}'}, foreach: {matrix: {a: [1, 2], b: [x, y]}}, outputs: {all: '{{result.value}}'}}"
        )
    )
    assert result.jobs[0].outputs == {"all": ["1-x", "1-y", "2-x", "2-y"]}


def test_no_items_give_empty_lists(watched):
    result = watched.run(
        flow(
            "{id: s, type: count_up, inputs: {file: n}, foreach: {items: '{{params.names}}'}, outputs: {all: '{{result.value}}'}}"
        ),
        parameters={"names": []},
    )
    assert result.jobs[0].outputs == {"all": []}
    assert steps(result, "j") == {"s": "SUCCESS"}


def test_items_that_are_skipped_give_null(watched):
    result = watched.run(
        flow(
            "{id: s, type: maybe, inputs: {value: '{{item}}'}, when: item != 4, foreach: {items: [1, 2, 3, 4]}, outputs: {all: '{{result.value}}'}}"
        )
    )
    assert result.jobs[0].outputs == {"all": [None, 2, None, None]}


def test_where_every_item_is_skipped_so_is_the_step(watched):
    result = watched.run(
        flow(
            "{id: s, type: maybe, inputs: {value: '{{item}}'}, foreach: {items: [1, 3]}, on_no_data: skip_job}",
            "      - {id: t, type: say, inputs: {witness: seen}}\n",
        )
    )
    assert jobs(result) == {"j": "SKIPPED"}
    assert watched.lines("seen") == []


def test_a_failed_item_ends_the_step_and_a_resume_runs_only_what_is_not_done(watched):
    text = flow(
        "{id: s, type: fail, inputs: {unless: '{{item}}', witness: seen}, foreach: {items: [a, b, c]}, outputs: {all: '{{result.value}}'}}"
    )
    watched.project.write("a", "")
    failed = watched.run(text)
    assert jobs(failed) == {"j": "FAILED"}
    assert "item 1: it went wrong" in failed.jobs[0].reason
    assert len(watched.lines("seen")) == 2
    watched.project.write("b", "")
    watched.project.write("c", "")
    result = watched.run()
    assert jobs(result) == {"j": "SUCCESS"}
    assert result.jobs[0].outputs == {"all": ["mended", "mended", "mended"]}
    assert watched.lines("seen") == ["s 1", "s 1", "s 2", "s 1"]
    assert watched.told("item_end", "item", "restored") == [("0", True), ("1", False), ("2", False)]


def test_with_continue_on_error_every_item_is_tried(watched):
    text = flow(
        "{id: s, type: fail, inputs: {unless: '{{item}}', witness: seen}, foreach: {items: [a, b, c]}, continue_on_error: true}"
    )
    result = watched.run(text)
    assert (jobs(result), steps(result, "j")) == ({"j": "SUCCESS"}, {"s": "FAILED"})
    assert len(watched.lines("seen")) == 3


def test_each_item_has_attempts_of_its_own(watched):
    watched.run(
        flow(
            "{id: s, type: count_up, inputs: {file: '{{item}}', fails: 1}, foreach: {items: [a, b]}, retry: {max_attempts: 2}}"
        )
    )
    assert [len(watched.lines(name)) for name in "ab"] == [2, 2]


def test_items_that_changed_since_are_told_and_not_mixed_up(watched):
    text = flow(
        """{id: s, type: fail, inputs: {unless: '{{item}}', witness: seen}, foreach: {items: '{{env.NAMES:["a", "b"]}}'}}"""
    )
    watched.project.write("a", "")
    assert jobs(watched.run(text)) == {"j": "FAILED"}
    changed = watched.run(text.replace('["a", "b"]', '["b", "a"]'))
    # The items stand in the flow, so the step is another one than the one that is not done: it may be mended.
    assert "the items are others" in changed.jobs[0].reason
    assert "aetherflow run FLOW --resume r1 --from j.s" in changed.jobs[0].reason
    assert len(watched.lines("seen")) == 2


def test_an_item_of_a_step_that_may_run_once_is_asked_for(watched):
    text = flow("{id: s, type: once, inputs: {unless: '{{item}}'}, foreach: {items: [a, b]}}")
    watched.project.write("a", "")
    assert jobs(watched.run(text)) == {"j": "FAILED"}
    with pytest.raises(DecisionNeeded, match="may run once only") as raised:
        watched.run()
    assert "runs resolve f/r1 j.s[1]" in raised.value.problem.help


@pytest.mark.parametrize("items", ["'{{params.one.n}}'", "'{{jobs.first.outputs.n}}'"])
def test_what_is_no_list_fails_the_step_in_one_sentence(watched, items):
    text = f"""
        version: 1
        flow: {{id: f}}
        params: {{one: {{type: object, default: {{n: 3}}}}}}
        jobs:
          - {{id: first, steps: [{{id: s, type: say, inputs: {{value: 3}}, outputs: {{n: "{{{{result.value}}}}"}}}}]}}
          - {{id: j, steps: [{{id: s, type: say, foreach: {{items: {items}}}}}]}}
        """
    result = watched.run(text)
    assert jobs(result)["j"] == "FAILED"
    assert result.jobs[1].failure.error_code == "AF-FOREACH-ITEMS"
