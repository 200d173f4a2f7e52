"""Behaviour hooks of plugins: listed from manifests, taken only where they are granted."""

from __future__ import annotations

from types import ModuleType

import pytest

from aetherflow.kernel.errors import PluginError, RefusedByPolicy
from aetherflow.kernel.plugins.index import build_index
from aetherflow.kernel.plugins.loading import ask_hooks

EVENT = "aetherflow_event"


def module(code):
    made = ModuleType("acme")
    exec("from aetherflow.kernel.api import hookimpl\n" + code, made.__dict__)  # noqa: S102 - code of this test
    return made


ALIASES = [
    "@hookimpl\ndef aetherflow_event(event): return event",
    "@hookimpl(specname='aetherflow_event')\ndef watch(event): return event",
    "@hookimpl\ndef aetherflow_event(event, context): return event",
    "@hookimpl(trylast=True)\ndef aetherflow_event(context, event): return event",
]


@pytest.mark.parametrize("code", ALIASES)
def test_granted_implementation_is_given_what_it_asks_for(code):
    loaded = ask_hooks("acme", module(code), {EVENT})
    assert loaded.hooks == (EVENT,)
    assert loaded.behaviours[EVENT](event="it", context=None) == "it"


@pytest.mark.parametrize("code", ALIASES)
def test_implementation_that_is_not_granted_is_dropped_whatever_its_name_is(code):
    loaded = ask_hooks("acme", module(code), ())
    assert loaded.hooks == (EVENT,)
    assert loaded.behaviours == {}


def test_opening_hook_comes_and_goes_with_the_grant_of_events():
    code = "@hookimpl\ndef aetherflow_observe(context): pass\n@hookimpl\ndef aetherflow_event(event): pass"
    assert set(ask_hooks("acme", module(code), {EVENT}).behaviours) == {EVENT, "aetherflow_observe"}
    assert ask_hooks("acme", module(code), {"aetherflow_observe"}).behaviours == {}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("@hookimpl\ndef aetherflow_evnt(event): pass", "did you mean 'aetherflow_event'?"),
        ("@hookimpl\ndef aetherflow_event(evnt): pass", "other arguments"),
        ("def aetherflow_event(event): pass", "is not marked as a hook"),
        ("@hookimpl\ndef aetherflow_observe(context): pass", "without aetherflow_event"),
        ("@hookimpl(wrapper=True)\ndef aetherflow_event(event): yield", "is a wrapper"),
        ("@hookimpl(hookwrapper=True)\ndef aetherflow_event(event): yield", "is a wrapper"),
    ],
)
def test_hook_that_would_never_be_called_is_an_error_of_its_author(code, told):
    with pytest.raises(PluginError) as caught:
        ask_hooks("acme", module(code), {EVENT})
    assert caught.value.problem.code == "AF-PLUGIN-HOOK"
    assert told in f"{caught.value.problem.message} {caught.value.problem.help}"


def _index(site, profile=None):
    return build_index(site.profile(profile), search_path=[str(site.folder)])


def test_granted_plugins_come_in_the_order_of_the_narrowest_list_else_by_name(site):
    for name in ("b-otel", "A_audit", "c-mute"):
        site.install(name, hooks=[EVENT] if name != "c-mute" else [])
    site.install("d-old", hooks=[EVENT], interface="9.0")
    assert [record.name for record in _index(site).granted(EVENT)] == ["A_audit", "b-otel"]
    site.policy(
        "profiles:\n"
        "  internal_fast: {plugins: {hooks: {a-audit: [aetherflow_event], b-otel: [aetherflow_event], d-old: [aetherflow_event]}}}\n"
        "  lab: {extends: internal_fast, plugins: {hooks: {b-otel: [aetherflow_event], a-audit: [aetherflow_event]}}}\n"
    )
    assert [record.name for record in _index(site).granted(EVENT)] == ["A_audit", "b-otel"]
    assert [record.name for record in _index(site, "lab").granted(EVENT)] == ["b-otel", "A_audit"]
    assert site.imported() == []


def test_plugin_of_hooks_alone_that_no_list_names_is_denied(site):
    site.install("watch", steps=[], hooks=[EVENT])
    site.install("acme")
    site.policy("profiles: {lab: {extends: internal_fast, plugins: {mode: listed, allow: ['step:acme.*']}}}")
    index = _index(site, "lab")
    assert index.plugin("watch").state == "denied"
    assert index.plugin("acme").is_ready
    assert index.granted(EVENT) == []


@pytest.mark.parametrize(
    ("grant", "mend"),
    [("acme-otl", "did you mean 'acme-otel'?"), ("acme", "does not implement aetherflow_event")],
)
def test_grant_that_matches_nothing_is_refused_where_it_is_locked_and_warned_of_elsewhere(site, grant, mend):
    site.install("acme")
    site.install("acme-otel", steps=[], hooks=[EVENT])
    lists = f"allow: [acme, acme-otel], hooks: {{{grant}: [aetherflow_event]}}"
    site.policy(f"profiles:\n  enterprise: {{plugins: {{{lists}}}}}\n")
    with pytest.raises(RefusedByPolicy) as caught:
        _index(site, "enterprise")
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.line) == ("AF-POLICY-RULE-IDLE", 2)
    assert mend in problem.help
    site.policy(f"profiles:\n  lab: {{extends: internal_fast, plugins: {{mode: listed, {lists}}}}}\n")
    (warning,) = _index(site, "lab").warnings
    assert (warning.code, warning.severity) == ("AF-POLICY-RULE-IDLE", "warning")


def test_grant_of_a_known_plugin_that_is_not_installed_is_no_mistake_where_it_is_not_locked(site):
    site.policy("profiles: {internal_fast: {plugins: {hooks: {metrics: [aetherflow_event]}}}}")
    assert _index(site).warnings == ()


def test_list_and_show_say_what_is_granted_and_why(site):
    site.install("watch", steps=[], hooks=[EVENT, "aetherflow_observe"])
    site.install("acme")
    rows = {line.split()[0]: line for line in site.aetherflow("plugins", "list").out.splitlines()}
    assert rows["watch"].split() == ["watch", "watch", "1.0", "1.0", "ready", "0", "0", EVENT, "-"]
    assert rows["acme"].split()[-2:] == ["-", "-"]
    site.policy("profiles:\n  internal_fast:\n    plugins: {hooks: {}}\n")
    assert f"{EVENT} (not granted)" in site.aetherflow("plugins", "list").out
    shown = site.aetherflow("plugins", "show", "watch").out
    assert (
        f"  hook          {EVENT}: not granted (not on the list of hooks of internal_fast (aetherflow.yaml:2))" in shown
    )
    (hook,) = site.aetherflow("plugins", "show", "watch", "--json").json["hooks"]
    assert (hook["name"], hook["granted"]) == (EVENT, False)
    assert site.imported() == []


def test_manifest_of_a_plugin_that_observes_lists_its_hooks(site):
    code = "from aetherflow.kernel.api import hookimpl\n@hookimpl\ndef aetherflow_event(event):\n    pass\n"
    site.install("watch", code=code, manifest=False)
    made = site.aetherflow("plugins", "manifest", "watch").json
    assert (made["hooks"], made["steps"]) == ([EVENT], [])
