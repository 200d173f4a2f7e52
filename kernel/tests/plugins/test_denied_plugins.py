"""S11: the code of a denied plugin is never run, whichever way it is announced; tried on real processes."""

from __future__ import annotations

import json
from textwrap import dedent

#: Lists and uses every step in every project named; prints what each use came to.
USE = """
    import json, sys
    from pathlib import Path
    from aetherflow.kernel.errors import AetherFlowError
    from aetherflow.kernel.plugins.host import PluginHost
    from aetherflow.kernel.plugins.listing import open_index

    profile, projects, steps = json.loads(sys.argv[1])
    told = []
    for project in projects:
        with open_index(Path(project), profile, administrator_file=Path("none")) as index:
            host = PluginHost(index)
            answers = {}
            for step in steps:
                try:
                    answers[step] = host.step_class(step).name
                except AetherFlowError as error:
                    answers[step] = error.problem.code
            host.try_all()
            told.append({"answers": answers, "whys": {each.name: each.why for each in index.plugins}})
    print(json.dumps(told))
    print("MODULES " + json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def _use(site, *steps, profile=None, projects=None, program=USE):
    places = [str(place) for place in projects or [site.project]]
    answer = site.python(program, json.dumps([profile, places, steps]))
    assert answer.code == 0, answer.err
    return answer


def _deny(site, *rules):
    """A project for each rule, which is denied there, though the plugin is allowed by name."""
    projects = [site.project] if len(rules) == 1 else [site.project / f"p{number}" for number in range(len(rules))]
    for project, rule in zip(projects, rules, strict=True):
        project.mkdir(exist_ok=True)
        policy = f"profiles:\n  internal_fast:\n    plugins:\n      allow: [evil]\n      deny: ['{rule}']\n"
        (project / "aetherflow.yaml").write_text(policy)
    return projects


def test_the_canary_sings_where_nothing_denies_it(site):
    site.install("evil")
    answer = _use(site, "evil.count")
    assert answer.json[0]["answers"] == {"evil.count": "evil.count"}
    assert site.imported() == ["evil"]
    assert "evil" in answer.modules


def test_a_denied_plugin_is_never_imported_though_it_is_allowed_too(site):
    site.install("evil")
    rules = [
        *("evil", "Evil", "EVIL", "evil>=0.5", "dist:evil", "dist:e?il*"),
        *("step:evil.*", "step:evil.count", "effect:network"),
    ]
    answer = _use(site, "evil.count", projects=_deny(site, *rules))
    for told, rule in zip(answer.json, rules, strict=True):
        assert told["answers"] == {"evil.count": "AF-PLUGIN-DENIED"}
        assert told["whys"]["evil"].startswith(f'deny "{rule}" (')
        assert told["whys"]["evil"].endswith("aetherflow.yaml:5)")
    assert site.imported() == []
    assert "evil" not in answer.modules


def test_no_spelling_of_its_name_gets_a_plugin_past_the_rule(site):
    names = ["Evil.Plug", "evil_plug", "EVIL--plug"]
    for number, name in enumerate(names):
        site.install(name, distribution=f"innocent{number}", anchor=f"evil_plug{number}")
    _deny(site, "evil-plug")
    answer = _use(site, *(f"{name}.count" for name in names))
    assert set(answer.json[0]["answers"].values()) == {"AF-PLUGIN-DENIED"}
    assert site.imported() == []


def test_two_distributions_under_one_denied_name_are_both_kept_out(site):
    site.install("evil", distribution="one", anchor="evil_one")
    site.install("EVIL", distribution="two", anchor="evil_two")
    _deny(site, "evil")
    _use(site, "evil.count", "EVIL.count")
    assert site.imported() == []


def test_an_entry_point_that_reaches_into_a_package_runs_nothing(site):
    for number, entry in enumerate(["{}.inner", "{}:plugin", "{}.inner:plugin"]):
        name = f"evil{number}"
        package = site.install(name, entry_points=f"{name} = {entry.format(name)}")
        (package / "inner.py").write_text((package / "__init__.py").read_text())
    _use(site, "evil0.count", "evil1.count", "evil2.count")
    assert site.imported() == []


def test_deny_by_default_imports_nothing(site):
    for name in ("evil", "other", "third"):
        site.install(name)
    answer = _use(site, "evil.count", "other.count", profile="enterprise")
    assert set(answer.json[0]["answers"].values()) == {"AF-PLUGIN-DENIED"}
    assert site.imported() == []


def test_an_allowed_plugin_can_not_bring_a_denied_one_along(site):
    site.install("evil")
    site.install("good", code="import evil\n")
    _deny(site, "evil")
    answer = _use(site, "good.count")
    assert answer.json[0]["answers"] == {"good.count": "AF-PLUGIN-BROKEN"}
    assert site.imported() == []


def test_an_allowed_plugin_can_not_load_a_denied_one_through_its_entry_point(site):
    site.install("evil")
    loading = "[found.load() for found in entry_points(group='aetherflow.plugins') if found.name == 'evil']\n"
    site.install("good", code=f"from importlib.metadata import entry_points\n{loading}")
    _deny(site, "dist:evil")
    _use(site, "good.count")
    assert site.imported() == []


def test_a_transitive_distribution_is_a_plugin_like_any_other(site):
    site.install("good", code="VALUE = 1\n", steps=[], manifest=True)
    site.install("evil", distribution="dependency-of-good")
    _deny(site, "dist:dependency-*")
    _use(site, "evil.count")
    assert site.imported() == []


def test_a_module_of_the_working_folder_does_not_take_a_plugin_s_place(site):
    site.install("acme")
    (site.project / "acme.py").write_text((site.folder / "acme" / "__init__.py").read_text())
    program = "import sys; sys.path.insert(0, '')\n" + dedent(USE)
    answer = _use(site, "acme.count", program=program)
    assert answer.json[0]["answers"] == {"acme.count": "AF-PLUGIN-SHADOWED"}
    assert site.imported() == []


def test_ambient_plugin_folders_are_refused_where_the_profile_is_not_open(site):
    """D35: the ancestor's enterprise mode could be talked out of its rules by the environment."""
    folder = site.project / "steps"
    folder.mkdir()
    (folder / "evil.py").write_text((site.install("evil") / "__init__.py").read_text())
    answer = site.aetherflow("plugins", "list", "--profile", "enterprise", AETHERFLOW_PLUGIN_PATHS=str(folder))
    assert answer.code == 3
    assert "AF-PLUGIN-FOLDER-REFUSED" in answer.err
    assert site.imported() == []
