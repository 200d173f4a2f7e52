"""No secret reaches what others can read: outputs and the ledger, names of files, command lines."""

from __future__ import annotations

import pytest

FLOW = """\
flow: {{id: x}}
params: {{p: {{type: string, default: "{parameter}"}}}}
jobs:
  - id: j
    outputs: {{o: "{job_outputs}"}}
    steps:
      - {{id: log_in, type: acme.log_in}}
      - {{id: s, type: acme.program, inputs: {{file: "{file}", args: ["{args}"], env: {{X: "{env}"}}}}, outputs: {{p: "{outputs}"}}}}
"""
PLACES = dict.fromkeys(("parameter", "job_outputs", "file", "args", "env", "outputs"), "x")
SECRETS = ["{{env.API_TOKEN}}", "a {{env.DB_PASSWORD:b}}", "{{steps.log_in.session}}"]


@pytest.fixture
def check_places(check):
    def run(**places: str):
        return check(
            FLOW.format(**{**PLACES, **places}), environment={"API_TOKEN": "x", "DB_PASSWORD": "x", "HOME": "/"}
        )

    return run


@pytest.mark.parametrize(
    ("place", "where"),
    [
        ("file", "the name of a file"),
        ("args", "a command line"),
        ("outputs", "an output"),
        ("job_outputs", "an output"),
    ],
)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_on_its_way_to_what_others_read_is_a_warning_with_the_place(check, check_places, place, where, secret):
    (problem,) = check_places(**{place: secret})

    assert (problem.code, problem.severity) == ("AF-SECRET-EXPOSED", "warning")
    assert where in problem.message
    assert problem.help
    assert check.at(problem).startswith(f'"{secret}')


def test_a_secret_in_a_parameter_is_an_error(check_places):
    (problem,) = check_places(parameter="{{env.API_TOKEN}}")

    assert (problem.code, problem.severity) == ("AF-PARAMETER-SECRET", "error")


@pytest.mark.parametrize("place", ["file", "args", "outputs", "job_outputs"])
def test_what_is_no_secret_goes_anywhere_and_a_secret_into_the_environment(check_places, place):
    assert check_places(**{place: "{{env.HOME}} {{steps.log_in.user}}"}) == ()
    assert check_places(env=SECRETS[0]) == ()
    assert check_places(env=SECRETS[2]) == ()


STORED = """\
flow: {{id: x}}
resources:
  warehouse: {{kind: db, driver: acme, config: {{path: "{path}"}}, decode: {{config: {{path: true}}}}}}
  post: {{kind: mail, driver: acme, config: {{host: "{host}", user: u, password: "{password}"}}}}
jobs:
  - id: j
    steps:
      - {{id: s, type: acme.store, inputs: {{token: "{token}", title: "{title}"}}}}
"""
QUIET = dict.fromkeys(("path", "host", "password", "token", "title"), "x")


def test_a_secret_where_others_see_it_is_a_warning(check):
    (problem,) = check(STORED.format(**{**QUIET, "title": "a {{env.API_TOKEN}}"}), environment={"API_TOKEN": "x"})

    assert (problem.code, problem.severity) == ("AF-SECRET-EXPOSED", "warning")
    assert "others see" in problem.message
    assert check.at(problem).startswith('"a {{env.API_TOKEN}}"')


@pytest.mark.parametrize(
    ("places", "is_secret"),
    [
        ({"password": "{{env.PW}}"}, True),
        ({"path": "{{env.PW}}"}, True),
        ({"token": "{{env.PW}}"}, True),
        ({"host": "{{env.PW}}"}, False),
        ({"password": "a {{env.PW}}"}, True),
        ({}, False),
    ],
)
def test_what_a_flow_hands_to_a_place_for_secrets_is_one_everywhere_in_it(check, places, is_secret):
    problems = check(STORED.format(**{**QUIET, **places, "title": "{{env.PW}}"}), environment={"PW": "x"})

    assert [problem.code for problem in problems] == ["AF-SECRET-EXPOSED"] * is_secret
