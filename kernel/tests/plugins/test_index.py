"""How plugins stand, by their metadata and manifests alone."""

from __future__ import annotations

import json

import pytest

from aetherflow.kernel.errors import InvalidInput, PluginError, RefusedByPolicy
from aetherflow.kernel.plugins.index import build_index


@pytest.fixture
def index(site):
    """The index of what is installed."""

    def index(requested=None, **arguments):
        return build_index(site.profile(requested), search_path=[str(site.folder)], **arguments)

    return index


def _states(index):
    return {(record.name, record.distribution): record.state.value for record in index.plugins}


def test_a_plugin_is_ready_and_nothing_of_it_was_imported(site, index):
    site.install("acme")
    found = index()
    assert _states(found) == {("acme", "acme"): "ready"}
    entry = found.step("acme.count")
    assert (entry.plugin.version, entry.effects, entry.inputs["required"]) == ("1.0", {"network"}, ["text"])
    assert found.step_names() == ["acme.count"]
    assert site.imported() == []


def test_a_connector_is_found_by_kind_and_driver(site, index, make_connector):
    site.install("acme", connectors=[make_connector("db", "acme", "acme")])
    found = index()
    assert found.connector("db", "acme").protocol == "Database"
    assert found.connector_names() == ["db:acme"]
    with pytest.raises(InvalidInput) as caught:
        found.connector("db", "acmee")
    assert (caught.value.problem.code, caught.value.problem.help) == ("AF-UNKNOWN-CONNECTOR", "did you mean 'db:acme'?")


class TestUnknownNames:
    def test_the_nearest_one_is_told(self, site, index):
        site.install("acme")
        with pytest.raises(InvalidInput) as caught:
            index().step("acme.cuont")
        assert caught.value.problem.help == "did you mean 'acme.count'?"

    def test_a_first_party_step_is_told_with_its_distribution(self, index):
        with pytest.raises(InvalidInput) as caught:
            index().step("external.process")
        assert caught.value.problem.help == "pip install aetherflow-plugin-process"

    def test_a_misspelt_first_party_step_is_told_with_both(self, index):
        with pytest.raises(InvalidInput) as caught:
            index().step("externl.process")
        assert caught.value.problem.help == "did you mean 'external.process'? pip install aetherflow-plugin-process"

    def test_a_retired_step_is_told_as_such(self, site, index):
        site.install("acme", retired=["acme.old"])
        with pytest.raises(InvalidInput, match="retired") as refused:
            index().step("acme.old")
        assert refused.value.problem.code == "AF-RETIRED"

    def test_a_step_of_a_plugin_that_can_not_be_read_is_told_with_the_reason(self, site, index):
        site.install("acme", manifest="{")
        with pytest.raises(PluginError) as caught:
            index().step("acme.count")
        assert caught.value.problem.code == "AF-PLUGIN-INVALID"


class TestIncompatible:
    def test_a_newer_interface_is_told_with_what_to_upgrade(self, site, index):
        site.install("acme", interface="1.5", new_key={"only": "newer kernels know it"})
        (record,) = index().plugins
        assert record.state == "incompatible"
        assert record.why == "needs plugin API 1.5, this kernel has 1.0"
        assert record.mend == "pip install -U aetherflow-kernel"

    @pytest.mark.parametrize("interface", ["2.0", "0.9", "99999.0"])
    def test_another_major_version_is_incompatible(self, site, index, interface):
        site.install("acme", interface=interface)
        (record,) = index().plugins
        assert record.state == "incompatible"

    def test_its_steps_can_not_be_used(self, site, index):
        site.install("acme", interface="1.5")
        with pytest.raises(PluginError) as caught:
            index().step("acme.count")
        assert caught.value.problem.code == "AF-PLUGIN-INCOMPATIBLE"


class TestInvalid:
    @pytest.mark.parametrize(
        "entry_points",
        ["acme = acme.inner", "acme = acme:plugin", "acme = acme [extra]", "acme", "acme =", "acme = class"],
    )
    def test_an_entry_point_must_name_a_package_without_a_dot(self, site, index, entry_points):
        site.install("acme", entry_points=entry_points)
        (record,) = index().plugins
        assert record.state == "invalid"
        assert site.imported() == []

    def test_a_distribution_announces_one_plugin(self, site, index):
        site.install("acme", entry_points="acme = acme\nother = acme")
        assert set(_states(index()).values()) == {"invalid"}

    def test_a_package_that_is_not_there_is_told(self, site, index):
        site.install("acme", entry_points="acme = gone")
        (record,) = index().plugins
        assert (record.state, record.why) == ("invalid", "there is no package gone")

    def test_a_manifest_of_another_plugin_is_told(self, site, index):
        site.install(
            "acme",
            **{"retired": [], "summary": "x"} | {"hooks": []},
            manifest=json.dumps({"manifest": 1, "interface": "1.0", "name": "other", "steps": [], "connectors": []}),
        )
        (record,) = index().plugins
        assert (record.state, record.why) == ("invalid", "its manifest is that of 'other'")

    def test_a_distribution_without_a_name_is_told(self, site, index):
        site.install("acme")
        (site.folder / "acme-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\n\n")
        (record,) = index().plugins
        assert record.state == "invalid"

    def test_a_broken_line_in_a_stranger_s_group_hurts_nobody(self, site, index):
        site.install("acme")
        other = site.folder / "other-1.0.dist-info"
        other.mkdir()
        (other / "METADATA").write_bytes(b"Name: other\nVersion: 1.0\n\n\xff")
        (other / "entry_points.txt").write_bytes(b"[broken\nno equals sign\n\xff")
        assert _states(index()) == {("acme", "acme"): "ready"}


class TestConflict:
    def test_two_distributions_with_one_plugin_name_are_both_out(self, site, index):
        site.install("acme", distribution="acme-one", anchor="acme_one")
        site.install("ACME", distribution="acme-two", anchor="acme_two")
        found = index()
        assert set(_states(found).values()) == {"conflict"}
        with pytest.raises(PluginError) as caught:
            found.step("acme.count")
        assert caught.value.problem.code == "AF-PLUGIN-CONFLICT"
        assert found.step_names() == []

    def test_denying_one_of_them_settles_it(self, site, index):
        site.install("acme", distribution="acme-one", anchor="acme_one")
        site.install("ACME", distribution="acme-two", anchor="acme_two")
        site.policy("profiles: {internal_fast: {plugins: {deny: ['dist:acme-two']}}}")
        assert _states(index()) == {("acme", "acme-one"): "ready", ("ACME", "acme-two"): "denied"}

    def test_two_plugins_with_one_driver_are_both_out(self, site, index, make_connector):
        for name in ("acme", "other"):
            site.install(name, connectors=[make_connector("db", "fast", name)])
        found = index()
        assert set(_states(found).values()) == {"conflict"}
        assert "connector db:fast is also claimed by other (other)" in found.plugins[0].why

    def test_a_plugin_can_not_borrow_the_package_of_another(self, site, index):
        site.install("evil", anchor="evil_code")
        site.install("good", entry_points="good = evil_code", anchor="evil_code")
        site.policy("profiles: {internal_fast: {plugins: {deny: [evil]}}}")
        states = _states(index())
        assert states["evil", "evil"] == "denied"
        assert states["good", "good"] in {"conflict", "invalid"}

    def test_a_first_party_step_belongs_to_its_distribution(self, site, index, make_step):
        site.install("acme", steps=[make_step("check_items", "acme")])
        (record,) = index().plugins
        assert record.state == "conflict"
        assert record.why == "step 'check_items' is reserved to aetherflow-plugin-control"

    def test_a_first_party_plugin_s_name_belongs_to_its_distribution(self, site, index):
        site.install("sql", distribution="not-ours")
        (record,) = index().plugins
        assert record.why == "the name 'sql' is reserved to aetherflow-plugin-sql"

    def test_its_own_distribution_may_have_it(self, site, index, make_step):
        site.install("control", distribution="AetherFlow_Plugin.Control", steps=[make_step("check_items", "control")])
        assert index().step("check_items").plugin.name == "control"

    @pytest.mark.parametrize("name", ["count", "other.count", "acmecount", "acme_.count"])
    def test_a_stranger_s_step_starts_with_its_plugin_s_name(self, site, index, make_step, name):
        site.install("acme", steps=[make_step(name, "acme")])
        (record,) = index().plugins
        assert record.state == "conflict"
        assert "must start with 'acme.'" in record.why


class TestShadowing:
    def test_the_first_distribution_of_a_name_on_the_path_counts(self, site, tmp_path):
        site.install("acme", version="1.0")
        later = type(site)(tmp_path / "later", site.project, site.canaries)
        later.install("acme", version="2.0")
        found = build_index(site.profile(), search_path=[str(site.folder), str(later.folder)])
        assert [record.version for record in found.plugins] == ["1.0"]

    def test_a_distribution_that_announces_nothing_shadows_as_well(self, site, tmp_path):
        site.install("acme", entry_points="")
        later = type(site)(tmp_path / "later", site.project, site.canaries)
        later.install("acme", version="2.0")
        assert build_index(site.profile(), search_path=[str(site.folder), str(later.folder)]).plugins == ()

    def test_an_editable_plugin_is_found_through_the_path(self, site, tmp_path):
        source = type(site)(tmp_path / "src", site.project, site.canaries)
        package = source.install("acme")
        info = source.folder / "acme-1.0.dist-info"
        info.rename(site.folder / info.name)
        found = build_index(site.profile(), search_path=[str(site.folder), str(source.folder)])
        assert [(record.state.value, record.folder) for record in found.plugins] == [("ready", package)]


class TestPolicy:
    def test_a_denied_step_leaves_the_others(self, site, index, make_step):
        steps = [make_step("acme.send", "acme"), make_step("acme.read", "acme", effects=())]
        site.install("acme", steps=steps)
        site.policy("profiles:\n  internal_fast:\n    plugins: {deny: ['effect:network']}\n")
        found = index()
        assert _states(found) == {("acme", "acme"): "ready"}
        assert found.step_names() == ["acme.read"]
        assert found.step("acme.read").name == "acme.read"
        with pytest.raises(RefusedByPolicy) as caught:
            found.step("acme.send")
        assert 'deny "effect:network" (aetherflow.yaml:3)' in caught.value.problem.message

    def test_a_plugin_of_which_all_is_denied_is_denied(self, site, index):
        site.install("acme")
        site.policy("profiles:\n  internal_fast:\n    plugins:\n      deny: ['effect:network']\n")
        (record,) = index().plugins
        assert (record.state, record.why) == ("denied", 'deny "effect:network" (aetherflow.yaml:4)')

    def test_a_denied_plugin_is_denied_even_where_its_manifest_is_broken(self, site, index):
        site.install("acme", manifest="{")
        site.policy("profiles: {internal_fast: {plugins: {deny: [acme]}}}")
        (record,) = index().plugins
        assert record.state == "denied"

    def test_a_listed_profile_lets_in_what_it_names(self, site, index):
        site.install("acme")
        site.install("other")
        site.policy("profiles: {enterprise: {plugins: {allow: ['acme>=1,<2']}}}")
        found = index("enterprise")
        assert _states(found) == {("acme", "acme"): "ready", ("other", "other"): "denied"}

    def test_a_rule_that_matches_nothing_installed_refuses_to_start_in_locked(self, site, index):
        site.install("acme")
        site.policy("profiles: {enterprise: {plugins: {allow: [acmee, 'acme>=2', 'dist:x-*'], deny: ['step:acme.x']}}}")
        with pytest.raises(RefusedByPolicy) as caught:
            index("enterprise")
        assert [problem.message.partition(" (")[0] for problem in caught.value.problems] == [
            'deny "step:acme.x"',
            'allow "acmee"',
            'allow "acme>=2"',
            'allow "dist:x-*"',
        ]
        assert "did you mean 'acme'?" in caught.value.problems[1].help
        assert caught.value.problems[2].help == "acme 1.0 is installed"

    def test_in_listed_such_a_rule_is_no_fault(self, site, index):
        site.install("acme")
        site.policy("profiles: {prod: {extends: internal_fast, plugins: {mode: listed, allow: [acme, excel]}}}")
        assert _states(index("prod")) == {("acme", "acme"): "ready"}

    def test_denying_what_exists_but_is_not_installed_is_no_fault_in_locked(self, site, index):
        site.install("acme")
        site.policy("profiles: {enterprise: {plugins: {allow: [acme], deny: ['step:external.process', process]}}}")
        assert _states(index("enterprise")) == {("acme", "acme"): "ready"}

    def test_a_plugin_without_a_manifest_is_refused_outside_open_profiles(self, site, index):
        site.install("acme", manifest=False)
        site.policy("profiles: {enterprise: {plugins: {allow: [acme]}}}")
        (record,) = index("enterprise").plugins
        assert record.state == "invalid"
        assert "no manifest" in record.why
        assert site.imported() == []

    def test_a_plugin_without_a_manifest_can_not_hide_what_a_rule_denies(self, site, index):
        site.install("acme", manifest=False)
        site.policy("profiles: {internal_fast: {plugins: {deny: ['effect:network']}}}")
        (record,) = index().plugins
        assert record.state == "denied"
        assert site.imported() == []


def test_a_plugin_that_nobody_has_is_told_with_the_nearest(site, index):
    site.install("acme")
    with pytest.raises(InvalidInput) as caught:
        index().plugin("acne")
    assert caught.value.problem.help == "did you mean 'acme'?"
