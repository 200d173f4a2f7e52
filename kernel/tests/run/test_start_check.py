"""What would keep a run from starting, found out once for a flow and then for each start of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from aetherflow.kernel.api import InvalidInput, RefusedByPolicy, StartChecks

pytestmark = pytest.mark.integration

FLOW = """
version: 1
flow: {id: daily}
params:
  day: {type: date, default: "{{run.date}}"}
  count: {type: integer}
  label: {type: string, default: "{{env.LABEL}}"}
  names: {type: list, default: []}
jobs:
  - {id: load, steps: [{id: say, type: say, inputs: {value: "{{params.count}}"}}]}
"""
AT = datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))


def opened(project, **more):
    with StartChecks(environment=project.environ(LABEL="x", MY_TOKEN="s3cret-and-long")) as checks:
        return checks.open(project.folder / "daily.yaml", **more)


@pytest.fixture
def check(project):
    project.write("daily.yaml", FLOW)
    return opened(project)


def codes(check, parameters, **more):
    asked = {"run_id": "daily-1", "scheduled_time": AT, **more}
    return [problem.code for problem in check.problems_with(parameters, **asked)]


def test_start_that_can_be_has_no_problems_whether_values_are_typed_or_texts(check):
    assert check.flow_id == "daily"
    assert codes(check, {"count": 3, "day": "2026-01-31", "names": ["a"]}) == []
    assert codes(check, {"count": "3", "names": '["a"]'}, flow_job="load") == []


@pytest.mark.parametrize(
    ("parameters", "more", "expected"),
    [
        ({}, {}, ["AF-PARAMETER-MISSING"]),
        ({"count": 1, "cuont": 2}, {}, ["AF-PARAMETER-UNKNOWN"]),
        ({"count": "many"}, {}, ["AF-TEXT-TYPE"]),
        ({"count": 1.5}, {}, ["AF-PARAMETER-TYPE"]),
        ({"count": None}, {}, ["AF-PARAMETER-TYPE"]),
        ({"count": 1, "day": "2026-02-30"}, {}, ["AF-TEXT-TYPE"]),
        ({"count": 1, "label": 5}, {}, ["AF-PARAMETER-TYPE"]),
        ({"count": 1, "label": "s3cret-and-long"}, {}, ["AF-PARAMETER-SECRET"]),
        ({"count": 1}, {"flow_job": "laod"}, ["AF-JOB-UNKNOWN"]),
        ({"count": 1}, {"run_id": "../x"}, ["AF-RUN-ID"]),
        ({"count": 1}, {"run_id": "x" * 65}, ["AF-RUN-ID"]),
        ({"count": 1}, {"scheduled_time": datetime(2026, 3, 1)}, ["AF-SCHEDULED-TIME"]),  # noqa: DTZ001 - what is refused
        (
            {"day": "soon", "other": 1},
            {"flow_job": "laod", "run_id": "a b"},
            ["AF-RUN-ID", "AF-JOB-UNKNOWN", "AF-PARAMETER-UNKNOWN", "AF-TEXT-TYPE", "AF-PARAMETER-MISSING"],
        ),
    ],
)
def test_what_would_refuse_the_start_is_told_all_at_once(check, parameters, more, expected):
    assert codes(check, parameters, **more) == expected


def test_what_a_secret_parameter_holds_is_not_told(check):
    (problem,) = check.problems_with({"count": 1, "label": "s3cret-and-long"}, run_id="one", scheduled_time=AT)

    assert "s3cret" not in f"{problem} {check}"


def test_default_that_needs_the_environment_is_missed_before_the_run(project):
    project.write("daily.yaml", FLOW)
    with StartChecks(environment=project.environ()) as checks:
        check = checks.open(project.folder / "daily.yaml")

    (problem,) = check.problems_with({"count": 1}, run_id="one", scheduled_time=AT)

    assert "LABEL" in problem.message
    assert (problem.where.line, problem.path) == (7, ("params", "label"))
    assert codes(check, {"count": 1, "label": "given"}) == []


def test_flow_with_mistakes_is_refused_with_all_of_them_under_the_name_that_it_is_shown_by(project):
    project.write("daily.yaml", FLOW.replace("type: say", "type: shout").replace("params.count", "params.cuont"))

    with pytest.raises(InvalidInput) as refused:
        opened(project, shown_as="the flow of nightly")

    assert {problem.code for problem in refused.value.problems} >= {"AF-UNKNOWN-STEP", "AF-UNKNOWN-REFERENCE"}
    assert {problem.where.file for problem in refused.value.problems} == {"the flow of nightly"}


def test_profile_that_is_asked_for_is_the_one_that_counts(project):
    project.write("daily.yaml", FLOW)

    assert opened(project).flow_id == "daily"
    with pytest.raises(RefusedByPolicy):
        opened(project, profile="enterprise")


def test_flows_are_checked_under_the_profile_of_their_own_project_and_of_what_is_asked(project):
    project.write("daily.yaml", FLOW)
    project.write("other/aetherflow.yaml", "profile: enterprise\n")
    project.write("other/daily.yaml", FLOW)

    with StartChecks(environment=project.environ(LABEL="x")) as checks:
        for _ in range(2):
            assert checks.open(project.folder / "daily.yaml").flow_id == "daily"
            with pytest.raises(RefusedByPolicy):
                checks.open(project.folder / "other/daily.yaml")
            with pytest.raises(RefusedByPolicy):
                checks.open(project.folder / "daily.yaml", profile="enterprise")


def test_asking_thousands_of_times_reads_no_file_and_leaves_nothing_behind(project, check):
    (project.folder / "daily.yaml").unlink()
    before = sorted(project.folder.iterdir())

    found = [
        codes(check, {"count": number}, run_id=f"one-{number}", scheduled_time=AT.astimezone(UTC))
        for number in range(2_000)
    ]

    assert found == [[]] * 2_000
    assert sorted(project.folder.iterdir()) == before


def test_time_that_each_start_is_given_may_be_named_without_a_default(project):
    project.write("daily.yaml", FLOW.replace("{{params.count}}", "{{run.scheduled_time}}"))

    assert opened(project).warnings == ()
