"""Flows and files of dates that a schedule names: what is wrong in them is told behind the place that names them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aetherflow.kernel.api import InvalidInput

pytestmark = pytest.mark.integration

HEAD = "timezone: Europe/Berlin\nitems:\n"
BROKEN_FLOW = """\
flow: {id: sales}
jobs:
  - {id: load, steps: [{id: today, type: external.proces, inputs: {command: [date]}}]}
  - {id: load, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}
"""


def told(folder, text, **more):
    with pytest.raises(InvalidInput) as refused:
        folder.read(text, **more)
    return [f"{each.where or ''} {each.code}".removeprefix(f"{folder.path}/") for each in refused.value.problems]


def item(name, rest):
    return f"  - {{id: {name}, cron: 0 6 * * *, {rest}}}\n"


def test_problems_of_a_flow_follow_the_first_item_that_names_it(folder):
    folder.write("broken.yaml", BROKEN_FLOW)

    problems = told(
        folder,
        HEAD + item("a", "flow: broken.yaml") + item("b", "flow: broken.yaml") + item("c", "flow: flow.yaml, pool: x"),
    )

    assert problems == [
        "schedule.yaml:3:36 AF-SCHEDULE-FLOW",
        "broken.yaml:3:42 AF-UNKNOWN-STEP",
        "broken.yaml:4:6 AF-DUPLICATE-ID",
        "schedule.yaml:4:36 AF-SCHEDULE-FLOW",
        "schedule.yaml:5:53 AF-SCHEDULE-POOL",
    ]


def test_flow_that_is_no_yaml_is_told_with_its_own_place(folder):
    folder.write("broken.yaml", "flow: [")

    assert told(folder, HEAD + item("a", "flow: broken.yaml"))[0] == "schedule.yaml:3:36 AF-SCHEDULE-FLOW"
    assert told(folder, HEAD + item("a", "flow: broken.yaml"))[1].endswith("AF-YAML-SYNTAX")


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("params: {dya: 2026-01-01}", "schedule.yaml:3:61 AF-PARAMETER-UNKNOWN"),
        ("params: {count: many}", "schedule.yaml:3:63 AF-TEXT-TYPE"),
        ("params: {count: 1.5}", "schedule.yaml:3:63 AF-PARAMETER-TYPE"),
        ("params: {names: {a: 1}}", "schedule.yaml:3:63 AF-PARAMETER-TYPE"),
        ("params: {count: '{{run.date}}'}", "schedule.yaml:3:63 AF-TEXT-TYPE"),
        ("params: {label: '{{run.dat}}'}", "schedule.yaml:3:63 AF-UNKNOWN-REFERENCE"),
        ("params: {label: '{{env.HOME}}'}", "schedule.yaml:3:63 AF-TEMPLATE-ROOT"),
        ("params: {label: '{{run.date'}", "schedule.yaml:3:63 AF-TEMPLATE"),
        ('params: {label: "a\\0b"}', "schedule.yaml:3:63 AF-PARAMETER-TEXT"),
        ("flow_job: laod", "schedule.yaml:3:57 AF-JOB-UNKNOWN"),
        ("profile: lockd", "schedule.yaml:3:56 AF-PROFILE-UNKNOWN"),
    ],
)
def test_what_does_not_fit_the_flow_is_told_at_the_item(folder, rest, expected):
    assert told(folder, HEAD + item("a", f"flow: flow.yaml, {rest}")) == [expected]


def test_parameter_that_has_no_value_is_told_with_what_to_write(folder):
    folder.write("needs.yaml", (folder.path / "flow.yaml").read_text().replace(', default: "2026-01-01"', ""))

    with pytest.raises(InvalidInput) as refused:
        folder.read(HEAD + item("a", "flow: needs.yaml"))

    (problem,) = refused.value.problems
    assert (problem.code, problem.where.line, problem.where.column) == ("AF-PARAMETER-MISSING", 3, 5)
    assert problem.help == "write `params: {day: …}`"


def test_secret_as_parameter_is_refused_and_not_shown(folder):
    with pytest.raises(InvalidInput) as refused:
        folder.read(
            HEAD + item("a", "flow: flow.yaml, params: {label: s3cret-and-long}"),
            environment={"MY_TOKEN": "s3cret-and-long"},
        )

    assert [each.code for each in refused.value.problems] == ["AF-PARAMETER-SECRET"]
    assert "s3cret" not in str(refused.value.problems[0])


def test_warnings_of_a_flow_are_kept_once_with_their_places(folder):
    flow = (folder.path / "flow.yaml").read_text().replace("inputs: {", "retry: {max_attempts: 1}, inputs: {")
    folder.write("warns.yaml", flow)

    schedule = folder.read(HEAD + item("a", "flow: warns.yaml") + item("b", "flow: warns.yaml"))

    assert [(each.code, each.where.file) for each in schedule.problems] == [("AF-NO-EFFECT", "warns.yaml")]


def test_warning_that_flows_of_a_project_share_is_told_once(folder):
    folder.write("aetherflow.yaml", "settings: {connector_cache: process}\n")
    folder.write("other.yaml", (folder.path / "flow.yaml").read_text())

    schedule = folder.read(HEAD + item("a", "flow: flow.yaml") + item("b", "flow: other.yaml"))

    assert [each.code for each in schedule.problems] == ["AF-NOT-YET"]


def test_profile_of_the_item_decides_what_its_flow_may_use(folder):
    folder.write("aetherflow.yaml", "profiles:\n  bare: {extends: internal_fast, plugins: {mode: listed, allow: []}}\n")

    problems = told(folder, HEAD + item("a", "flow: flow.yaml, profile: bare") + item("b", "flow: flow.yaml"))

    assert problems[0] == "schedule.yaml:3:36 AF-SCHEDULE-FLOW"
    assert {each.split()[0].partition(":")[0] for each in problems[1:]} == {"flow.yaml"}
    assert told(folder, HEAD + item("b", "flow: flow.yaml"), profile="bare")[0] == "schedule.yaml:3:36 AF-SCHEDULE-FLOW"


CALENDAR = "calendars: {office: {closed: {file: closed.txt}}}\n"


def with_calendar(rest=""):
    return f"{CALENDAR}{HEAD}" + item("a", f"flow: flow.yaml, calendar: office{rest}")


def test_wrong_lines_of_a_file_of_dates_are_told_with_their_places(folder):
    folder.write("closed.txt", "2026-12-24\n  24.12.2026 # German\n# 2026-13-01\n2026-02-29\n")

    problems = told(folder, with_calendar(", pool: x"))

    assert problems == [
        "closed.txt:2:3 AF-SCHEDULE-DATES",
        "closed.txt:4:1 AF-SCHEDULE-DATES",
        "schedule.yaml:4:71 AF-SCHEDULE-POOL",
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _file: None, "No such file"),
        (lambda file: file.mkdir(), "Is a directory"),
        (os.mkfifo, "no regular file"),
        (lambda file: file.symlink_to("/dev/zero"), "no regular file"),
        (lambda file: file.write_bytes(b"2026-12-24\n\xff\n"), "no UTF-8"),
        (lambda file: file.write_text("#" * (1024 * 1024 + 1)), "bigger than 1 MiB"),
    ],
    ids=["missing", "folder", "pipe", "device", "latin", "big"],
)
def test_file_of_dates_that_can_not_be_read_is_one_problem(folder, make, words):
    make(folder.path / "closed.txt")

    with pytest.raises(InvalidInput) as refused:
        folder.read(with_calendar())

    (problem,) = refused.value.problems
    assert (problem.code, Path(problem.where.file).name) == ("AF-SCHEDULE-DATES", "schedule.yaml")
    assert (problem.where.line, problem.where.column) == (1, 37)
    assert "closed.txt" in problem.message
    assert words in problem.message


def test_file_of_wrong_dates_is_told_in_its_first_lines_and_that_there_are_more(folder):
    folder.write("closed.txt", "soon\n" * 1000)

    with pytest.raises(InvalidInput) as refused:
        folder.read(with_calendar())

    *first, last = refused.value.problems
    assert [problem.where.line for problem in first] == list(range(1, 21))
    assert {problem.message for problem in first} == {"'soon' is no date"}
    assert (last.where.line, last.message) == (21, "more lines are no dates")


def test_flow_is_told_by_its_whole_path_where_a_service_works_in_the_root_folder(folder, monkeypatch):
    monkeypatch.chdir("/")

    with pytest.raises(InvalidInput) as refused:
        folder.read(HEAD + item("a", "flow: moved.yaml"))

    assert f"the flow {folder.path}/moved.yaml can't be read" in refused.value.problem.message


def test_flow_that_is_not_there_is_told_beside_what_else_is_wrong_with_its_item(folder):
    wrong = '  - {id: a, cron: "61 * * * *", flow: moved.yaml}\n'

    assert told(folder, HEAD + wrong) == [
        "schedule.yaml:3:19 AF-SCHEDULE-CRON",
        "schedule.yaml:3:39 AF-SCHEDULE-FLOW",
    ]
