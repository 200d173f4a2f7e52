"""`aetherflow plugins`, as a process."""

from __future__ import annotations

import json

import pytest

PYPROJECT = """
[project]
name = "acme-steps"
version = "0.1.0"

[project.entry-points."aetherflow.plugins"]
acme = "acme_steps"
"""

CODE = '''
"""Acme's steps."""

from aetherflow.kernel.api import StepOutputs, hookimpl, register_step
from .words import WORD

class Rows(StepOutputs):
    rows: int

@register_step("acme.count")
def count(path: str, header: bool = True) -> Rows:
    """Count the rows of a CSV file."""
    return Rows(rows=1)

@hookimpl
def aetherflow_steps():
    return [count]
'''


@pytest.fixture
def source(site):
    """A plugin's project, not built yet."""
    project = site.project / "acme-steps"
    package = project / "src" / "acme_steps"
    package.mkdir(parents=True)
    (project / "pyproject.toml").write_text(PYPROJECT)
    (package / "__init__.py").write_text(CODE)
    (package / "words.py").write_text("WORD = 1\n")
    return project


class TestList:
    def test_every_plugin_is_a_row_with_its_reason(self, site, make_connector):
        site.install(
            "gauge", distribution="acme-gauge", version="0.4.0", connectors=[make_connector("db", "x", "gauge")]
        )
        site.install("process-like", distribution="acme-process", version="0.2.0")
        site.install("acme-sap", distribution="acme-sap-steps", version="0.9.2", interface="1.5")
        site.policy("profiles:\n  internal_fast:\n    plugins:\n      deny: [process-like]\n")
        answer = site.aetherflow("plugins", "list")
        rows = [line for line in answer.out.splitlines() if "aetherflow-plugin-" not in line]
        assert rows[0].split() == [
            "NAME",
            "DISTRIBUTION",
            "VERSION",
            "API",
            "STATE",
            "STEPS",
            "CONN",
            "HOOKS",
            "LOCK",
            "WHY",
        ]
        assert rows[1].split(maxsplit=9)[:9] == [
            "acme-sap",
            "acme-sap-steps",
            "0.9.2",
            "1.5",
            "incompatible",
            "1",
            "0",
            "-",
            "-",
        ]
        assert rows[1].endswith("needs plugin API 1.5, this kernel has 1.0: pip install -U aetherflow-kernel")
        assert rows[2].split() == ["gauge", "acme-gauge", "0.4.0", "1.0", "ready", "1", "1", "-", "-"]
        assert "denied" in rows[3]
        assert 'deny "process-like" (aetherflow.yaml:4)' in rows[3]
        assert len({line.index("acme-", 12) for line in rows[1:]}) == 1

    def test_fifty_plugins_are_listed_without_importing_anything_slow_or_theirs(self, site):
        for number in range(50):
            site.install(f"plug{number}")
        site.policy("profiles: {internal_fast: {plugins: {deny: ['dist:aetherflow-plugin-*']}}}")
        answer = site.aetherflow("plugins", "list", "--json")
        assert len([each for each in answer.json if each["name"].startswith("plug")]) == 50
        assert (
            answer.modules & {"pydantic", "pydantic_core", "pluggy", "rich", "typer", "apsw", "jsonschema_rs"} == set()
        )
        assert [name for name in answer.modules if name.startswith("plug") and name[4:].isdigit()] == []
        assert site.imported() == []

    def test_a_plugin_whose_import_raises_is_listed_as_ready_until_it_is_asked_for(self, site):
        site.install("acme", code="raise SystemExit(7)")
        assert {each["name"]: each["state"] for each in site.aetherflow("plugins", "list", "--json").json}[
            "acme"
        ] == "ready"
        tried = site.aetherflow("plugins", "list", "--json", "--import")
        assert tried.code == 0
        assert {each["name"]: each["state"] for each in tried.json}["acme"] == "broken"

    def test_metadata_can_not_move_the_cursor(self, site):
        site.install("acme", entry_points="acme\x1b[2J = acme")
        assert "\x1b" not in site.aetherflow("plugins", "list").out

    def test_a_policy_that_can_not_be_understood_refuses_with_exit_code_3(self, site):
        site.policy("profil: enterprise\n")
        answer = site.aetherflow("plugins", "list")
        assert answer.code == 3
        assert "AF-POLICY-UNKNOWN-KEY" in answer.err


class TestShow:
    def test_a_step_is_shown_with_inputs_effects_and_what_denies_it(self, site, make_step):
        site.install("acme", steps=[make_step("acme.send", "acme"), make_step("acme.read", "acme", effects=())])
        site.policy(
            "profiles:\n  internal_fast:\n    plugins: {deny: ['effect:network', 'dist:aetherflow-plugin-*']}\n"
        )
        answer = site.aetherflow("plugins", "show", "acme")
        assert answer.out.startswith("acme: ready\n")
        assert 'step acme.send (SAFE): denied, deny "effect:network" (aetherflow.yaml:3)' in answer.out
        assert "step acme.read (SAFE)\n  effects: none\n  inputs:\n    text  string, required\n" in answer.out
        assert answer.modules & {"pydantic", "pluggy", "rich", "typer"} == set()

    def test_json_holds_the_schemas(self, site):
        site.install("acme")
        shown = site.aetherflow("plugins", "show", "acme", "--json").json
        assert shown["steps"][0]["inputs"]["required"] == ["text"]
        assert shown["steps"][0]["denied"] is None

    def test_a_plugin_that_nobody_has_is_told(self, site):
        site.install("acme")
        answer = site.aetherflow("plugins", "show", "acne")
        assert answer.code == 2
        assert "did you mean 'acme'?" in answer.err


class TestManifest:
    def test_a_source_folder_gets_its_manifest_before_anything_is_built(self, site, source):
        answer = site.aetherflow("plugins", "manifest", "acme-steps", "--write")
        assert (answer.code, answer.err) == (0, "")
        text = (source / "src" / "acme_steps" / "aetherflow_plugin.json").read_text()
        made = json.loads(text)
        assert text.endswith("}\n")
        assert (made["name"], made["summary"]) == ("acme", "Acme's steps.")
        assert [step["name"] for step in made["steps"]] == ["acme.count"]
        assert made["steps"][0]["target"] == "acme_steps:count"
        assert site.aetherflow("plugins", "manifest", "acme-steps/src/acme_steps", "--check").code == 0

    def test_check_tells_what_is_stale(self, site, source):
        assert site.aetherflow("plugins", "manifest", "./acme-steps", "--check").code == 1
        site.aetherflow("plugins", "manifest", "./acme-steps", "--write")
        package = source / "src" / "acme_steps" / "__init__.py"
        package.write_text(CODE.replace("header: bool = True", "head: bool = True"))
        answer = site.aetherflow("plugins", "manifest", "./acme-steps", "--check")
        assert answer.code == 1
        assert "AF-PLUGIN-MANIFEST-STALE" in answer.err
        assert "steps.acme.count.inputs.properties.header: the plugin has it no more" in answer.err

    def test_retired_names_stay(self, site, source):
        site.aetherflow("plugins", "manifest", "./acme-steps", "--write")
        file = source / "src" / "acme_steps" / "aetherflow_plugin.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "retired": ["acme.old"]}))
        site.aetherflow("plugins", "manifest", "./acme-steps", "--write")
        assert json.loads(file.read_text())["retired"] == ["acme.old"]

    def test_an_installed_plugin_is_taken_by_name(self, site):
        site.install("acme", manifest=False)
        assert site.aetherflow("plugins", "manifest", "acme", "--write").code == 0
        assert site.imported() == ["acme"]
        assert {each["name"]: each["why"] for each in site.aetherflow("plugins", "list", "--json").json}["acme"] == ""

    def test_a_step_under_a_strange_name_is_warned_of(self, site, source):
        package = source / "src" / "acme_steps" / "__init__.py"
        package.write_text(CODE.replace("acme.count", "count_rows"))
        answer = site.aetherflow("plugins", "manifest", "./acme-steps")
        assert "must start with 'acme.'" in answer.err
        assert json.loads(answer.out)["name"] == "acme"

    def test_a_denied_plugin_is_not_imported_for_its_manifest(self, site):
        site.install("acme")
        site.policy("profiles: {internal_fast: {plugins: {deny: [acme]}}}")
        assert site.aetherflow("plugins", "manifest", "acme").code == 3
        assert site.imported() == []

    def test_no_code_of_a_folder_runs_where_the_profile_is_not_open(self, site, source):
        answer = site.aetherflow("plugins", "manifest", "./acme-steps", "--profile", "enterprise")
        assert answer.code == 3

    def test_a_folder_that_is_no_plugin_is_told_what_to_add(self, site, source):
        (source / "pyproject.toml").write_text('[project]\nname = "x"\n')
        answer = site.aetherflow("plugins", "manifest", "./acme-steps")
        assert answer.code == 2
        assert '[project.entry-points."aetherflow.plugins"]' in answer.err
