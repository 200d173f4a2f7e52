"""Grants: whose behaviour hooks are called, and that nothing widens them."""

from __future__ import annotations

import pytest

from aetherflow.kernel.errors import RefusedByPolicy
from aetherflow.kernel.policy.rules import PluginIdentity

EVENT = "aetherflow_event"
ACME, OTEL = PluginIdentity("acme", "acme-steps", "1.0"), PluginIdentity("Acme_Otel", "acme-otel", "1.0")


@pytest.mark.parametrize(
    ("policy", "profile", "granted"),
    [
        # Open: whoever is let in.
        ("", None, {"acme", "Acme_Otel"}),
        ("profiles: {internal_fast: {plugins: {deny: [acme]}}}", None, {"Acme_Otel"}),
        ("profiles: {internal_fast: {plugins: {deny: ['dist:acme-*']}}}", None, set()),
        ("profiles: {internal_fast: {plugins: {hooks: {acme-otel: [aetherflow_event]}}}}", None, {"Acme_Otel"}),
        ("profiles: {internal_fast: {plugins: {hooks: {acme-otel: []}}}}", None, set()),
        ("profiles: {internal_fast: {plugins: {hooks: {}}}}", None, set()),
        ("profiles: {internal_fast: {plugins: {hooks: }}}", None, set()),
        # Listed below an open one: whoever the list lets in as a whole, and not for a step of its own.
        ("profiles: {lab: {extends: internal_fast, plugins: {mode: listed, allow: [acme]}}}", "lab", {"acme"}),
        ("profiles: {lab: {extends: internal_fast, plugins: {mode: listed, allow: ['dist:acme-o*']}}}", "lab", {"Acme_Otel"}),
        ("profiles: {lab: {extends: internal_fast, plugins: {mode: listed, allow: ['step:acme.*']}}}", "lab", set()),
        ("profiles: {lab: {extends: internal_fast, plugins: {mode: listed}}}", "lab", set()),
        # Locked: whoever is let in and named.
        ("", "enterprise", set()),
        ("profiles: {enterprise: {plugins: {allow: [acme, acme-otel]}}}", "enterprise", set()),
        ("profiles: {enterprise: {plugins: {hooks: {acme: [aetherflow_event]}}}}", "enterprise", set()),
        ("profiles: {enterprise: {plugins: {allow: [acme, acme-otel], hooks: {acme: [aetherflow_event]}}}}", "enterprise", {"acme"}),
        # What extends a written profile narrows it.
        ("profiles: {enterprise: {plugins: {allow: [acme]}}, prod: {extends: enterprise, plugins: {hooks: {acme: [aetherflow_event]}}}}", "prod", set()),
        ("profiles: {enterprise: {plugins: {allow: [acme], hooks: {acme: [aetherflow_event]}}}, prod: {extends: enterprise}}", "prod", {"acme"}),
        ("profiles: {enterprise: {plugins: {allow: [acme], hooks: {acme: [aetherflow_event]}}}, prod: {extends: enterprise, plugins: {hooks: {}}}}", "prod", set()),
        ("profiles: {lab: {extends: internal_fast, plugins: {hooks: {acme: [aetherflow_event]}}}, bench: {extends: lab, plugins: {hooks: {acme-otel: [aetherflow_event], acme: [aetherflow_event]}}}}", "bench", {"acme"}),
    ],
)  # fmt: skip
def test_who_is_granted_what(decide, policy, profile, granted):
    found = decide(policy, requested=profile)
    assert {each.name for each in (ACME, OTEL) if found.decide_hook(each, EVENT).allowed} == granted


@pytest.mark.parametrize(
    ("administrator", "granted"),
    [
        ("profiles: {internal_fast: {plugins: {hooks: {acme: [aetherflow_event]}}}}", {"acme"}),
        ("profiles: {internal_fast: {plugins: {hooks: {}}}}", set()),
        ("profile: enterprise\nprofiles: {enterprise: {plugins: {allow: [acme, acme-otel]}}}", set()),
        ("profile: enterprise\nprofiles: {enterprise: {plugins: {allow: [acme, acme-otel], hooks: {acme: [aetherflow_event]}}}}", {"acme"}),
    ],
)  # fmt: skip
def test_project_grants_nothing_that_the_administrator_does_not(decide, administrator, granted):
    project = "profiles: {internal_fast: {plugins: {hooks: {acme: [aetherflow_event], acme-otel: [aetherflow_event]}}}}"
    if "enterprise" in administrator:
        project = (
            "profiles: {enterprise: {plugins: {hooks: {acme: [aetherflow_event], acme-otel: [aetherflow_event]}}}}"
        )
    found = decide(project, administrator=administrator)
    assert {each.name for each in (ACME, OTEL) if found.decide_hook(each, EVENT).allowed} == granted


def test_reason_names_the_line_that_grants(decide):
    found = decide("profiles:\n  internal_fast:\n    plugins:\n      hooks: {acme: [aetherflow_event]}\n")
    assert found.decide_hook(ACME, EVENT).why == 'hooks "acme: aetherflow_event" (aetherflow.yaml:4)'
    assert found.decide_hook(OTEL, EVENT).why == "not on the list of hooks of internal_fast (aetherflow.yaml:2)"
    sparing = decide("", requested="enterprise").decide_hook(ACME, EVENT)
    assert "enterprise (built in)" in sparing.why


@pytest.mark.parametrize(
    ("hooks", "told"),
    [
        ("{otel: [aetherflow_evnt]}", "did you mean 'aetherflow_event'?"),
        ("{otel: [aetherflow_steps]}", "needs no grant"),
        ("{otel: [aetherflow_observe]}", "comes with the grant of aetherflow_event"),
        ("{otel: aetherflow_event}", "must be a list"),
        ("{otel: [1]}", "must be text"),
        ("[otel]", "must be a mapping"),
        ("{'dist:acme-*': [aetherflow_event]}", "is no plugin's name"),
        ("{'otel>=1': [aetherflow_event]}", "is no plugin's name"),
        ("{'*': [aetherflow_event]}", "is no plugin's name"),
        ("{'': [aetherflow_event]}", "is no plugin's name"),
    ],
)
def test_what_is_no_grant_refuses_to_start_with_its_place(decide, hooks, told):
    with pytest.raises(RefusedByPolicy) as caught:
        decide(f"profiles:\n  internal_fast:\n    plugins:\n      hooks: {hooks}\n")
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.line, caught.value.exit_code) == ("AF-POLICY-VALUE", 4, 3)
    assert told in f"{problem.message} {problem.help}"
