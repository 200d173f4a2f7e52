"""Importing plugins on first use, in processes of their own."""

from __future__ import annotations

#: Uses steps twice through one host; prints the class or the error of each use.
USE = """
    import json, sys
    from pathlib import Path
    from aetherflow.kernel.errors import AetherFlowError
    from aetherflow.kernel.plugins.host import PluginHost
    from aetherflow.kernel.plugins.index import build_index
    from aetherflow.kernel.plugins.listing import open_index

    index = open_index(administrator_file=Path("none"))
    before = [name for name in ("pydantic", "pluggy", "rich", "acme") if name in sys.modules]
    host, answers = PluginHost(index), {}
    for step in [*sys.argv[1:], *sys.argv[1:]]:
        try:
            answers[step] = [host.step_class(step).__qualname__]
        except AetherFlowError as error:
            answers[step] = [error.problem.code, error.problem.message, error.problem.help]
    states = {each.name: each.state.value for each in host.try_all()}
    mine = {name: state for name, state in states.items() if name.startswith(("acme", "other"))}
    print(json.dumps({"before": before, "answers": answers, "states": mine}))
"""

STEP = """
from aetherflow.kernel.api import Effect, Rerun, hookimpl, register_step

@register_step("acme.count", effects={Effect.NETWORK}, rerun=Rerun.SAFE)
def count(text: str) -> None:
    pass
"""


def _use(site, *steps, **environ):
    answer = site.python(USE, *(steps or ["acme.count"]), **environ)
    assert answer.code == 0, answer.err
    return answer.json


def test_a_plugin_is_imported_when_its_step_is_used_and_not_before(site):
    site.install("acme")
    site.install("other")
    found = _use(site)
    assert found["before"] == []
    assert found["answers"] == {"acme.count": ["count"]}
    assert found["states"] == {"acme": "active", "other": "active"}


def test_a_plugin_that_breaks_is_told_with_the_cause_and_hurts_nobody_else(site):
    broken = {
        "raise ValueError('no licence')": "ValueError: no licence",
        "raise SystemExit(0)": "SystemExit: 0",
        "import nothing_of_this_name": "ModuleNotFoundError",
        "x = (": "SyntaxError",
        "class Bad(BaseException): pass\nraise Bad()": "Bad",
        "class Bad(Exception):\n    def __str__(self): raise RuntimeError\nraise Bad()": "Bad",
        "raise GeneratorExit": "GeneratorExit",
        STEP + "@hookimpl\ndef aetherflow_steps():\n    raise KeyError('x')\n": "aetherflow_steps was called: KeyError",
    }
    names = [f"acme{number}" for number in range(len(broken))]
    for name, code in zip(names, broken, strict=True):
        site.install(name, code=code)
    site.install("other")
    found = _use(site, "other.count", *(f"{name}.count" for name in names))
    for name, told in zip(names, broken.values(), strict=True):
        code, message, mend = found["answers"][f"{name}.count"]
        assert code == "AF-PLUGIN-BROKEN"
        assert told in message
        assert mend
    assert found["answers"]["other.count"] == ["count"]
    assert found["states"] == {**dict.fromkeys(names, "broken"), "other": "active"}


def test_a_hook_that_is_misspelt_unmarked_or_wants_arguments_is_an_error(site):
    wrong = {
        "acme0": "@hookimpl\ndef aetherflow_stepps():\n    return [count]\n",
        "acme1": "def aetherflow_steps():\n    return [count]\n",
        "acme2": "@hookimpl\ndef aetherflow_steps(manager):\n    return [count]\n",
    }
    for name, code in wrong.items():
        site.install(name, code=STEP + code)
    answers = _use(site, *(f"{name}.count" for name in wrong))["answers"]
    assert {code for code, _, _ in answers.values()} == {"AF-PLUGIN-HOOK"}
    assert "'aetherflow_stepps'" in answers["acme0.count"][1]
    assert answers["acme0.count"][2] == "did you mean 'aetherflow_steps'?"
    assert "@hookimpl" in answers["acme1.count"][2]
    assert "manager" in answers["acme2.count"][2]


GIVEN = """
from aetherflow.kernel.api import NoInputs, NoOutputs, Step

@register_step("{name}.other")
def other() -> None:
    pass

@register_step("{name}.count", effects={{Effect.NETWORK}}, rerun=Rerun.SAFE)
def count(text: str) -> None:
    pass

@register_step("{name}.count", effects={{Effect.NETWORK, Effect.PROCESS}}, rerun=Rerun.SAFE)
def louder(text: str) -> None:
    pass

@register_step("{name}.count", effects={{Effect.NETWORK}}, rerun=Rerun.ONCE)
def riskier(text: str) -> None:
    pass

class Nameless(Step[NoInputs, NoOutputs]):
    def run(self, context, inputs): ...

class Abstract(Step[NoInputs, NoOutputs]):
    name = "{name}.count"

class Odd(Step[NoInputs, NoOutputs]):
    name = "{name}.count"
    effects = "network"
    def run(self, context, inputs): ...

@hookimpl
def aetherflow_steps():
    return {given}
"""


def _give(site, *givens):
    """The code of the error of each plugin that gives one of these lists."""
    names = [f"acme{number}" for number in range(len(givens))]
    for name, given in zip(names, givens, strict=True):
        site.install(name, code=STEP + GIVEN.format(name=name, given=given))
    answers = _use(site, *(f"{name}.count" for name in names))["answers"]
    return [answers[f"{name}.count"] for name in names]


def test_code_that_differs_from_its_manifest_is_not_used(site):
    right, *wrong = _give(site, "[count]", "[]", "None", "[count, other]", "[louder]", "[riskier]")
    assert right == ["count"]
    assert [code for code, _, _ in wrong] == ["AF-PLUGIN-MANIFEST-STALE"] * 5
    assert all("aetherflow plugins manifest --write" in mend for _, _, mend in wrong)


def test_what_is_no_step_is_told(site):
    answers = _give(site, "[print]", "[7]", "[count, louder]", "[Nameless]", "[Abstract]", "[Odd]", "7")
    assert [answer[0] for answer in answers] == [*["AF-PLUGIN-CONTRACT"] * 6, "AF-PLUGIN-BROKEN"]


def test_a_plugin_without_a_manifest_is_imported_in_open_profiles_and_said_so(site):
    site.install("acme", manifest=False)
    assert _use(site)["answers"] == {"acme.count": ["count"]}
    listing = site.aetherflow("plugins", "list")
    assert "imported: it has no manifest" in listing.out


def test_a_broken_plugin_without_a_manifest_is_listed_as_broken(site):
    site.install("acme", manifest=False, code="raise ValueError('gone')")
    found = site.aetherflow("plugins", "list", "--json")
    assert [(each["name"], each["state"]) for each in found.json if each["name"] == "acme"] == [("acme", "broken")]
