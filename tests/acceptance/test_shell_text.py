"""No value becomes a command (S4): not through arguments, not through the environment, not through a shell's text."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.acceptance

PAYLOADS = [
    "$(touch {canary})", "`touch {canary}`", "; touch {canary}", "a\ntouch {canary}", "| touch {canary}", "& touch {canary} &",
    "&& touch {canary}", "--output={canary}", "-o {canary}", "> {canary}", "*", "~", "%n%s", "${{IFS}}touch${{IFS}}{canary}",
    "'; touch {canary}; '", '"; touch {canary}; "', '\\"; touch {canary} #', "{{{{x}}}}", "$HOME", "!!",
]  # fmt: skip


def aetherflow(folder, *arguments, **environment):
    command = [sys.executable, "-m", "aetherflow.kernel", *arguments]
    environment = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def flow(folder, command, *, switch="false", environment="{}"):
    (folder / "flow.yaml").write_text(
        f"version: 1\nflow: {{id: shell}}\njobs:\n- id: main\n  steps:\n  - id: s\n    type: external.process\n"
        f"    inputs: {{command: {command}, shell: {switch}, env: {environment}, log: {{stdout: capture}}}}\n"
        '    outputs: {out: "{{result.stdout}}"}\n'
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_value_stays_a_value(tmp_path, payload):
    canary = tmp_path / "canary"
    value = payload.format(canary=canary)
    flow(tmp_path, '[printf, "%s", "{{env.GIVEN}}"]')
    argument = aetherflow(tmp_path, "run", "flow.yaml", "--json", GIVEN=value)
    flow(tmp_path, "'printf %s \"$GIVEN\"'", switch="true", environment='{GIVEN: "{{env.GIVEN}}"}')
    shell = aetherflow(tmp_path, "run", "flow.yaml", "--json", GIVEN=value)
    for done in (argument, shell):
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["jobs"][0]["outputs"]["out"] == value
    assert not canary.exists()


@pytest.mark.parametrize("switch", ["true", '"{{env.SWITCH}}"'])
def test_template_in_the_text_of_a_shell_is_refused_with_its_place(tmp_path, switch):
    flow(tmp_path, '"echo {{env.GIVEN}}"', switch=switch)
    done = aetherflow(tmp_path, "run", "flow.yaml", "--json", GIVEN="x", SWITCH="true")
    assert done.returncode == 2
    (problem,) = json.loads(done.stdout)["errors"]
    assert (problem["code"], problem["line"]) == ("AF-SHELL-TEMPLATE", 8)
    assert "`env`" in problem["help"]


def test_enterprise_runs_no_shell(tmp_path):
    (tmp_path / "aetherflow.yaml").write_text(
        "profile: enterprise\nprofiles: {enterprise: {plugins: {allow: [process]}}}\n"
    )
    flow(tmp_path, "'touch canary'", switch="true")
    done = aetherflow(tmp_path, "run", "flow.yaml", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["errors"][0]["code"] == "AF-SHELL-DENIED"
    flow(tmp_path, "[printf, fine]")
    assert aetherflow(tmp_path, "run", "flow.yaml").returncode == 0
