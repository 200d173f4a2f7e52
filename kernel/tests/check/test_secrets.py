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
