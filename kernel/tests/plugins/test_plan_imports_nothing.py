"""`plan` knows plugins by their manifests: none of their code runs, and what changes of them is named."""

from __future__ import annotations

import json

import pytest

FLOW = """
version: 1
flow: {id: f}
resources:
  store: {kind: db, driver: acme}
jobs:
  - id: a
    steps:
      - {id: s, type: acme.count, inputs: {text: "{{run.date}}"}}
"""

#: Tells of whatever reaches out of the process, or changes a file.
WATCHED = """
import os, sys

EVENTS = {"socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.mkdir", "os.rename", "os.remove"}

def watch(event, arguments):
    writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if event in EVENTS or writes:
        print("DID", event, arguments[0], file=sys.stderr)

from aetherflow.kernel.cli.program import run_program
sys.addaudithook(watch)
run_program(sys.argv[1:])
"""


@pytest.fixture
def acme(site, make_connector):
    """A project with a flow, and a plugin with a step, a connector and an observer."""
    (site.project / "flow.yaml").write_text(FLOW)

    def install(version="0.1.0", **changes):
        hooks = ["aetherflow_steps", "aetherflow_connectors", "aetherflow_event"]
        connectors = [make_connector("db", "acme", "acme")]
        site.install("acme", version=version, connectors=connectors, **{"hooks": hooks, **changes})

    install()
    site.reinstall = install
    return site


def uninstall(site):
    for path in site.folder.glob("acme-*"):
        for file in path.iterdir():
            file.unlink()
        path.rmdir()


def test_plan_imports_no_plugin_and_makes_no_ledger(acme):
    answer = acme.aetherflow("plan", "flow.yaml", "--json", "--out", "plan.json")
    assert answer.code == 0, answer.err
    (step,) = answer.json["jobs"][0]["steps"]
    assert (step["plugin"], step["version"], step["rerun"]) == ("acme", "0.1.0", "SAFE")
    (plugin,) = (each for each in answer.json["plugins"] if each["name"] == "acme")
    assert (plugin["version"], plugin["is_imported"]) == ("0.1.0", False)
    assert answer.json["resources"] == [
        {"name": "store", "kind": "db", "driver": "acme", "plugin": "acme", "profile": None}
    ]
    assert acme.imported() == []
    assert not sorted(answer.modules & {"acme", "pluggy", "pydantic", "typer", "ssl"})
    assert sorted(path.name for path in acme.project.iterdir()) == ["flow.yaml", "plan.json"]


def test_plan_connects_to_nothing_starts_nothing_and_changes_no_file(acme):
    answer = acme.python(WATCHED, "plan", "flow.yaml", "--run-id", "one", PYTHONDONTWRITEBYTECODE="1")
    assert answer.code == 0, answer.err
    assert "DID" not in answer.err
    # What watches would see it.
    answer = acme.python(WATCHED, "plan", "flow.yaml", "--out", "plan.json", PYTHONDONTWRITEBYTECODE="1")
    assert "DID open" in answer.err


def test_plugin_without_a_manifest_is_imported_and_named(site):
    (site.project / "flow.yaml").write_text(FLOW.replace("resources:\n  store: {kind: db, driver: acme}\n", ""))
    site.install("acme", manifest=False)
    answer = site.aetherflow("plan", "flow.yaml")
    assert answer.code == 0, answer.err
    assert "acme 1.0 (imported to learn what it has)" in answer.out


@pytest.mark.parametrize(
    ("version", "changes", "told"),
    [
        ("0.2.0", {}, "plugin acme: 0.1.0 → 0.2.0"),
        (
            "0.1.0",
            {"hooks": ["aetherflow_steps"]},
            "plugin acme 0.1.0: it has other code or contributes something else",
        ),
        (None, {}, "plugin acme 0.1.0: it is not used or not here any more"),
    ],
)
def test_plugin_that_is_another_one_is_named_and_nothing_is_imported(acme, version, changes, told):
    assert acme.aetherflow("plan", "flow.yaml", "--out", "plan.json").code == 0
    uninstall(acme)
    if version is not None:
        acme.reinstall(version, **changes)
    answer = acme.aetherflow("run", "flow.yaml", "--plan", "plan.json", "--json")
    assert answer.code == 2, answer.err
    (problem,) = answer.json["errors"]
    assert problem["code"] == "AF-PLAN-CHANGED"
    assert problem["message"].splitlines()[1:] == [f"  {told}"]
    assert acme.imported() == []
    assert not (acme.project / ".aetherflow").exists()


def test_profile_of_resources_that_changed_is_named_and_its_secrets_are_in_no_digest(acme, make_connector):
    uninstall(acme)
    secret = {"type": "string", "x-aetherflow": {"secret": True}}
    config = {"type": "object", "properties": {"host": {"type": "string"}, "word": secret}}
    connector = {**make_connector("db", "acme", "acme"), "config": config}
    acme.install("acme", version="0.1.0", connectors=[connector], hooks=["aetherflow_steps", "aetherflow_connectors"])
    flow = FLOW.replace("driver: acme}", "driver: acme, profile: main}").replace("{{run.date}}", "{{env.WORD}}")
    (acme.project / "flow.yaml").write_text(flow)
    acme.environ["AETHERFLOW_PROFILES_FILE"] = "profiles.yaml"

    def use(host, word):
        acme.environ["WORD"] = word
        (acme.project / "profiles.yaml").write_text(f"main: {{config: {{host: {host}, word: {word}}}}}\n")

    use("one.example", "open-sesame")
    answer = acme.aetherflow("plan", "flow.yaml", "--out", "plan.json")
    assert answer.code == 0, answer.err
    # The environment's own name for it says nothing of a secret: the connector's schema does.
    assert "open-sesame" not in answer.out + (acme.project / "plan.json").read_text()
    use("one.example", "close-sesame")
    acme.aetherflow("plan", "flow.yaml", "--out", "again.json")
    first, again = (json.loads((acme.project / name).read_text()) for name in ("plan.json", "again.json"))
    assert first["basis"] == again["basis"]
    use("two.example", "open-sesame")
    answer = acme.aetherflow("run", "flow.yaml", "--plan", "plan.json")
    assert answer.code == 2
    assert "  resource profile main\n" in answer.err


def test_secrets_hook_is_not_run_and_what_resources_take_is_masked(acme, make_connector):
    uninstall(acme)
    config = {"type": "object", "properties": {"word": {"type": "string"}}}
    connector = {**make_connector("db", "acme", "acme"), "config": config}
    acme.install("acme", version="0.1.0", connectors=[connector], hooks=["aetherflow_steps", "aetherflow_connectors"])
    flow = FLOW.replace(
        "driver: acme}", 'driver: acme, config: {word: "{{env.WORD}}"}, decode: {config: {word: true}}}'
    )
    (acme.project / "flow.yaml").write_text(flow.replace("{{run.date}}", "{{env.WORD}}"))
    (acme.project / "hook.py").write_text("import pathlib\npathlib.Path('ran').touch()\n")
    answer = acme.aetherflow("plan", "flow.yaml", "--json", AETHERFLOW_SECRETS_PATH="hook.py", WORD="open-sesame")
    assert answer.code == 0, answer.out + answer.err
    assert answer.json["jobs"][0]["steps"][0]["inputs"] == {"text": "***"}
    assert not (acme.project / "ran").exists()
