"""Resources, profiles and the environment."""

from __future__ import annotations

import pytest

WRONG = [
    ("{kind: db, driver: acmee, config: {path: x}}", "AF-UNKNOWN-CONNECTOR", "acmee", "did you mean 'db:acme'?"),
    ("{kind: db, driver: acme, config: {paht: x}}", "AF-INPUT-UNKNOWN", "paht", "did you mean 'path'?"),
    ("{kind: db, driver: acme}", "AF-INPUT-MISSING", "{kind", "write `path: …` here"),
    ("{kind: db, driver: acme, config: {path: x, size: '7'}}", "AF-WRONG-TYPE", "'7'", "write it without quotes"),
    ("{kind: db, driver: acme, config: {path: x}, options: {pool: 2}}", "AF-INPUT-UNKNOWN", "pool", ""),
    ("{kind: mail, driver: acme, profile: prdo}", "AF-PROFILE-UNKNOWN", "prdo", "did you mean 'prod'?"),
]


@pytest.mark.parametrize(("resource", "code", "points_at", "mend"), WRONG)
def test_a_wrong_resource_is_one_problem_at_its_place(check, resource, code, points_at, mend):
    """D40: an unknown driver or profile was fine until it was used."""
    (problem,) = check(
        f"flow: {{id: x}}\nresources:\n  r: {resource}\njobs: []\n", profiles={"prod": None, "test": None}
    )

    assert problem.code == code
    assert check.at(problem).startswith(points_at)
    assert mend in problem.help


def test_what_a_profile_may_fill_in_is_not_missing(check):
    assert (
        check(
            "flow: {id: x}\nresources: {r: {kind: db, driver: acme, profile: prod}}\njobs: []",
            profiles={"prod": {"config": {"path": "x"}}},
        )
        == ()
    )


def test_profiles_are_left_open_where_they_can_not_be_known(check):
    text = "flow: {id: x}\nresources: {r: {kind: mail, driver: acme, profile: prod}}\njobs: []"

    assert check(text, profiles=None) == ()
    assert "AETHERFLOW_PROFILES_FILE" in check(text, profiles={})[0].help


def test_an_unknown_connector_makes_no_second_problem_at_the_step(check):
    found = check(
        "flow: {id: x}\nresources: {r: {kind: db, driver: acmee}}\n"
        "jobs: [{id: j, steps: [{id: s, type: acme.query, inputs: {sql: x, resource: r}}]}]"
    )

    assert [problem.code for problem in found] == ["AF-UNKNOWN-CONNECTOR"]


ENVIRONMENT = "flow: {id: x}\nresources: {r: {kind: mail, driver: acme, config: {host: '{{env.MAIL_HOST}}'}}}\njobs: []"


def test_a_missing_environment_key_is_a_warning_with_the_nearest_one(check):
    (problem,) = check(ENVIRONMENT, environment={"MAILHOST": "x"})

    assert (problem.code, problem.severity) == ("AF-ENV-MISSING", "warning")
    assert "did you mean 'MAILHOST'?" in problem.help
    assert check.at(problem).startswith("'{{env.MAIL_HOST}}'")


def test_a_missing_environment_key_is_an_error_where_that_is_wanted(check):
    (problem,) = check(ENVIRONMENT, strict=True)

    assert problem.severity == "error"


def test_a_key_that_is_set_or_has_a_default_is_not_missing(check):
    assert check(ENVIRONMENT, environment={"MAIL_HOST": ""}) == ()
    assert check(ENVIRONMENT.replace("HOST}}", "HOST:localhost}}")) == ()


RESOURCE = "flow: {{id: x}}\nresources:\n  r: {{kind: db, driver: acme, profile: prod{more}}}\njobs: []\n"


@pytest.mark.parametrize("settings", [{"path": "x"}, {"path": "{{env.PLACE}}", "size": "{{env.SIZE}}"}])
def test_what_a_profile_gives_need_not_stand_in_the_flow(check, settings):
    assert check(RESOURCE.format(more=""), profiles={"prod": {"config": settings}}) == ()


@pytest.mark.parametrize(
    ("settings", "more", "code", "file"),
    [
        ({}, "", "AF-INPUT-MISSING", "f.yaml"),
        ({"size": 1}, ", config: {size: 2}", "AF-INPUT-MISSING", "f.yaml"),
        ({"path": "x", "size": "big"}, "", "AF-WRONG-TYPE", "AETHERFLOW_PROFILES_JSON"),
        ({"path": "x", "sise": 1}, "", "AF-INPUT-UNKNOWN", "AETHERFLOW_PROFILES_JSON"),
        ({"path": "x", "size": 1}, ", config: {size: big}", "AF-WRONG-TYPE", "f.yaml"),
    ],
)
def test_a_resource_is_checked_as_its_profile_completes_it(check, settings, more, code, file):
    (problem,) = check(RESOURCE.format(more=more), profiles={"prod": {"config": settings}})

    assert (problem.code, problem.where.file) == (code, file)
