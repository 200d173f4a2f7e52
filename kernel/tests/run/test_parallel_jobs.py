"""Jobs that don't stand on each other run at the same time, as many as the flow allows."""

from __future__ import annotations

import pytest
from kernel.tests.run.conftest import jobs

MEETING = """
version: 1
flow: {id: meeting, concurrency: {max_parallel_jobs: 3}}
jobs:
  - {id: a, steps: [{id: s, type: meet, inputs: {name: a, others: [b, c]}}]}
  - {id: b, steps: [{id: s, type: meet, inputs: {name: b, others: [a, c]}}]}
  - {id: c, steps: [{id: s, type: meet, inputs: {name: c, others: [a, b]}}]}
  - {id: d, depends_on: [a, b, c], steps: [{id: s, type: say, inputs: {witness: seen}}]}
"""


def test_independent_jobs_run_at_the_same_time_and_what_depends_on_them_afterwards(watched):
    result = watched.run(MEETING)
    assert jobs(result) == dict.fromkeys("abcd", "SUCCESS")
    assert [job.job_id for job in result.jobs] == ["a", "b", "c", "d"]
    assert watched.told("job_end", "job_id")[-1] == ("d",)


def test_without_concurrency_jobs_run_in_the_order_of_the_file(watched):
    watched.run(
        """
        version: 1
        flow: {id: one_by_one}
        jobs:
          - {id: b, steps: [{id: s, type: say, inputs: {witness: seen}}]}
          - {id: a, steps: [{id: t, type: say, inputs: {witness: seen}}]}
          - {id: c, steps: [{id: u, type: say, inputs: {witness: seen}}]}
        """
    )
    assert watched.lines("seen") == ["s 1", "t 1", "u 1"]


def test_a_reference_orders_jobs_and_does_not_block(watched):
    result = watched.run(
        """
        version: 1
        flow: {id: ordered, concurrency: {max_parallel_jobs: 4}}
        jobs:
          - {id: first, steps: [{id: s, type: fail}]}
          - {id: second, steps: [{id: s, type: say, inputs: {value: "{{jobs.first.status}}"}, outputs: {seen: "{{result.value}}"}}]}
          - {id: third, when: jobs.second.outputs.seen == "FAILED", steps: [{id: s, type: say}]}
        """
    )
    assert jobs(result) == {"first": "FAILED", "second": "SUCCESS", "third": "SUCCESS"}
    assert result.jobs[1].outputs == {"seen": "FAILED"}


def test_a_flow_that_fails_fast_starts_nothing_after_a_failure(watched):
    text = """
        version: 1
        flow: {id: fast, concurrency: {fail_fast: true}}
        jobs:
          - {id: a, steps: [{id: s, type: fail, inputs: {unless: mended}}]}
          - {id: b, depends_on: [a], steps: [{id: s, type: say}]}
          - {id: c, steps: [{id: s, type: say, inputs: {witness: seen}}]}
        """
    result = watched.run(text)
    assert jobs(result) == {"a": "FAILED", "b": "BLOCKED", "c": "CANCELLED"}
    assert watched.lines("seen") == []
    watched.project.write("mended", "")
    assert jobs(watched.run()) == dict.fromkeys("abc", "SUCCESS")


def test_a_step_that_breaks_beside_others_leaves_them_alone(watched):
    result = watched.run(
        MEETING.replace("  - {id: d,", "  - {id: e, steps: [{id: s, type: fail, inputs: {kind: exit}}]}\n  - {id: d,")
    )
    assert jobs(result) == {**dict.fromkeys("abcd", "SUCCESS"), "e": "FAILED"}


@pytest.mark.parametrize("most", [1, 2, 8])
def test_many_jobs_end_once_each_whatever_the_concurrency(watched, most):
    names = [f"j{number}" for number in range(60)]
    listed = "\n".join(
        f"  - {{id: {name}, depends_on: [{', '.join(names[max(0, number - 9) : number : 4])}], steps: [{{id: s, type: say, inputs: {{value: {number}}}, outputs: {{n: '{{{{result.value}}}}'}}}}]}}"
        for number, name in enumerate(names)
    )
    result = watched.run(
        f"version: 1\nflow: {{id: many, concurrency: {{max_parallel_jobs: {most}}}}}\njobs:\n{listed}\n"
    )
    assert [job.outputs["n"] for job in result.jobs] == list(range(60))
    assert len(watched.told("job_end", "job_id")) == len(watched.told("step_end", "job_id")) == 60
    ended = [job_id for (job_id,) in watched.told("job_end", "job_id")]
    for number, name in enumerate(names):
        assert all(ended.index(other) < ended.index(name) for other in names[max(0, number - 9) : number : 4])
