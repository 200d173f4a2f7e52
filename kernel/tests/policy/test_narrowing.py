"""S12: whatever is laid over a policy, nothing gets in that the policy alone keeps out."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from hypothesis import given, settings, strategies as st

from aetherflow.kernel.errors import RefusedByPolicy
from aetherflow.kernel.policy.choice import ProfileBook, decide_profile
from aetherflow.kernel.policy.document import read_policy
from aetherflow.kernel.policy.profile import RuntimeProfile
from aetherflow.kernel.policy.project import find_project
from aetherflow.kernel.policy.rules import Contribution, PluginIdentity
from aetherflow.kernel.spec.document import parse_document

NAMES = ["excel", "mail", "acme"]
PLUGINS = [
    PluginIdentity(name, f"{prefix}-{name}", version)
    for name in NAMES
    for prefix in ("ours", "acme")
    for version in ("0.9", "1.5", "2.0rc1")
]
STEPS = [
    Contribution(kind="step", name=f"{name}.{verb}", effects=frozenset(effects))
    for name in NAMES
    for verb, effects in (("read", ()), ("send", ("network",)))
]

_PLUGIN_RULES = st.sampled_from(
    [*NAMES, "mail>=1,<2", "excel<1", "dist:acme-*", "dist:*", "step:*.read", "step:mail.*"]
)
_DENIALS = st.one_of(_PLUGIN_RULES, st.sampled_from(["effect:network", "connector:db:*"]))


def _blocks(*modes: str) -> st.SearchStrategy[dict[str, object]]:
    optional = {
        "mode": st.sampled_from(modes),
        "allow": st.lists(_PLUGIN_RULES, max_size=3),
        "deny": st.lists(_DENIALS, max_size=2),
        "hooks": st.dictionaries(st.sampled_from(NAMES), st.lists(st.just("aetherflow_event"), max_size=1), max_size=3),
    }
    return st.fixed_dictionaries({}, optional=optional)


def _profile(extends: str | None, *modes: str) -> st.SearchStrategy[dict[str, object]]:
    required = {} if extends is None else {"extends": st.just(extends)}
    return st.fixed_dictionaries(required, optional={"plugins": _blocks(*modes)})


# Modes that widen are refused to start with: tried in test_choice, and left out here, or little would be tried.
_POLICIES = st.fixed_dictionaries(
    {
        "profiles": st.fixed_dictionaries(
            {},
            optional={
                "internal_fast": _profile(None, "open", "listed"),
                "enterprise": _profile(None, "locked"),
                "lab": _profile("internal_fast", "listed", "locked"),
                "prod": _profile("enterprise", "locked"),
            },
        )
    },
    optional={"profile": st.sampled_from(["internal_fast", "enterprise"])},
)
_REQUESTS = st.sampled_from([None, None, "internal_fast", "enterprise", "lab", "prod"])


def _allowed(profile: RuntimeProfile) -> set[tuple[PluginIdentity, Contribution]]:
    return {(plugin, step) for plugin in PLUGINS for step in STEPS if profile.decide(plugin, step).allowed}


def _granted(profile: RuntimeProfile) -> set[tuple[PluginIdentity, str]]:
    return {(plugin, hook) for plugin in PLUGINS for hook in profile.granted_hooks(plugin)}


def _may(profile: RuntimeProfile) -> list[bool]:
    return [profile.may_load_local_plugins, profile.allows_unmanifested, profile.may_write_project]


def _decide(project: object, administrator: object, requested: str | None) -> RuntimeProfile | None:
    """Null where the two refuse to start: then nothing runs at all."""
    with TemporaryDirectory() as place:
        folder = Path(place) / "p"
        folder.mkdir()
        (folder / "aetherflow.yaml").write_text(yaml.safe_dump(project))
        above = Path(place) / "policy.yaml"
        if administrator is not None:
            above.write_text(yaml.safe_dump(administrator))
        try:
            return decide_profile(find_project(folder), requested=requested, environ={}, administrator_file=above)
        except RefusedByPolicy:
            return None


@settings(max_examples=120, deadline=None)
@given(administrator=_POLICIES, project=_POLICIES, requested=_REQUESTS)
def test_a_project_never_lets_in_what_the_administrator_keeps_out(administrator, project, requested):
    alone = _decide({}, administrator, None)
    both = _decide(project, administrator, requested)
    if alone is None or both is None:
        return
    assert _allowed(both) <= _allowed(alone)
    assert _granted(both) <= _granted(alone)
    assert all(not wider or narrower for wider, narrower in zip(_may(both), _may(alone), strict=True))


@settings(max_examples=120, deadline=None)
@given(policy=_POLICIES, requested=_REQUESTS)
def test_no_choice_lets_in_what_a_written_floor_keeps_out(policy, requested):
    floor = policy.get("profile")
    if floor is None or (floor == "enterprise" and "enterprise" not in policy["profiles"]):
        return  # the built-in enterprise leaves its lists to the first file that writes them
    alone, chosen = _decide(policy, None, None), _decide(policy, None, requested)
    if alone is not None and chosen is not None:
        assert _allowed(chosen) <= _allowed(alone)
        assert _granted(chosen) <= _granted(alone)
        assert chosen.mode.rank >= alone.mode.rank


@settings(max_examples=120, deadline=None)
@given(policy=_POLICIES, overlay=_blocks("listed", "locked"))
def test_no_child_lets_in_what_its_written_parent_keeps_out(policy, overlay):
    for parent in policy["profiles"]:
        child = {"extends": parent, "plugins": overlay}
        document = {"profiles": {**policy["profiles"], "child": child}}
        read = read_policy(parse_document(yaml.safe_dump(document).encode(), "policy.yaml"))
        book = ProfileBook([read])
        try:
            book.check()
        except RefusedByPolicy:
            continue
        wide, narrow = (RuntimeProfile(name=name, layers=book.layers(name)) for name in (parent, "child"))
        assert _allowed(narrow) <= _allowed(wide)
        assert _granted(narrow) <= _granted(wide)
