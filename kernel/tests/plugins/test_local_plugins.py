"""Plugin folders beside a flow."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

from aetherflow.kernel.errors import PluginError, RefusedByPolicy
from aetherflow.kernel.plugins.host import PluginHost
from aetherflow.kernel.plugins.index import build_index

STEP = """
from aetherflow.kernel.api import StepOutputs, register_step

class Word(StepOutputs):
    word: str

@register_step("{name}")
def say() -> Word:
    return Word(word="{word}")
"""


@pytest.fixture
def folder(tmp_path):
    """An empty plugin folder."""
    place = tmp_path / "steps"
    place.mkdir()
    return place


@pytest.fixture
def index(site):
    """The index with local folders; closed at the end."""
    opened = []

    def index(*folders, **arguments):
        found = build_index(site.profile(), local_folders=folders, search_path=[str(site.folder)], **arguments)
        opened.append(found)
        return found

    yield index
    for found in opened:
        found.close()


def _write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text))


def _said(index, name):
    step = PluginHost(index).step_class(name)
    return step().run(None, step.inputs_type()).word


def test_a_file_contributes_its_steps(folder, index):
    _write(folder, "mine.py", STEP.format(name="shout", word="hello"))
    found = index(folder)
    assert found.step_names() == ["shout"]
    assert found.step("shout").outputs["properties"] == {"word": {"type": "string"}}
    assert _said(found, "shout") == "hello"
    (record,) = found.plugins
    assert (record.name, record.state, record.why) == ("local:steps", "ready", "imported: a local folder")


def test_one_run_s_plugins_never_reach_the_next_in_the_same_process(tmp_path, site):
    """D38: the ancestor's registry was the process's: flow A's plugin replaced a step for flow B."""
    before = set(sys.modules), list(sys.path), list(sys.meta_path)
    words = []
    for word in ("one", "two"):
        _write(tmp_path / word, "mine.py", STEP.format(name="shout", word=word))
        with build_index(site.profile(), local_folders=[tmp_path / word], search_path=[]) as index:
            words.append(_said(index, "shout"))
    with build_index(site.profile(), search_path=[]) as index:
        assert index.step_names() == []
    assert words == ["one", "two"]
    assert [name for name in set(sys.modules) - before[0] if name.startswith("aetherflow_local")] == []
    assert (sys.path, sys.meta_path) == before[1:]


def test_two_open_indexes_have_modules_of_their_own(tmp_path, index):
    for word in ("one", "two"):
        _write(tmp_path / word, "mine.py", STEP.format(name="shout", word=word))
    first, second = index(tmp_path / "one"), index(tmp_path / "two")
    assert [_said(each, "shout") for each in (first, second)] == ["one", "two"]


@pytest.mark.parametrize("name", ["check_items", "external.process", "acme.count"])
def test_a_local_step_never_replaces_a_reserved_or_installed_one(site, folder, index, name):
    """D38: `check_items` was replaced by whoever came last."""
    site.install("acme")
    _write(folder, "mine.py", STEP.format(name=name, word="stolen"))
    with pytest.raises(PluginError) as caught:
        index(folder)
    assert caught.value.problem.code == "AF-PLUGIN-CONFLICT"
    lenient = index(folder, is_strict=False)
    assert [warning.code for warning in lenient.warnings] == ["AF-PLUGIN-CONFLICT"]
    assert lenient.step_names() == ["acme.count"]
    assert {record.name: record.state.value for record in lenient.plugins} == {
        "acme": "ready",
        "local:steps": "conflict",
    }


def test_two_folders_with_one_step_are_both_out(tmp_path, index):
    for name in ("one", "two"):
        _write(tmp_path / name, "mine.py", STEP.format(name="shout", word=name))
    found = index(tmp_path / "one", tmp_path / "two")
    with pytest.raises(PluginError) as caught:
        found.step("shout")
    assert caught.value.problem.code == "AF-PLUGIN-CONFLICT"


def test_two_files_of_a_folder_with_one_step_are_told(folder, index):
    for name in ("one.py", "two.py"):
        _write(folder, name, STEP.format(name="shout", word=name))
    with pytest.raises(PluginError, match="twice"):
        index(folder)


def test_relative_imports_work_between_files_and_packages(folder, index):
    """D46: no relative imports in the ancestor's plugin files."""
    _write(folder, "_words.py", "WORD = 'related'\n")
    _write(
        folder, "mine.py", "from ._words import WORD\n" + STEP.format(name="shout", word="{x}").replace('"{x}"', "WORD")
    )
    _write(folder, "pack/__init__.py", "from .inner import say\n")
    _write(folder, "pack/inner.py", STEP.format(name="whisper", word="inner"))
    found = index(folder)
    assert found.step_names() == ["shout", "whisper"]
    assert _said(found, "shout") == "related"


def test_a_file_named_like_a_module_of_python_shadows_nothing(folder, index):
    """D46: a plugin named like a stdlib module shadowed it."""
    _write(folder, "json.py", STEP.format(name="shout", word="json"))
    _write(folder, "other.py", "import json\njson.dumps({})\n")
    found = index(folder)
    assert _said(found, "shout") == "json"
    import json

    assert json.loads("1") == 1


def test_what_a_file_imports_is_not_its_contribution(folder, index):
    _write(folder, "base.py", STEP.format(name="shout", word="x"))
    _write(folder, "mine.py", "from .base import say\nfrom aetherflow.kernel.api import Step\n")
    assert index(folder).step_names() == ["shout"]


def test_files_with_an_underscore_are_not_loaded(folder, index):
    for name in ("_draft.py", "_drafts/mine.py", ".git/mine.py", "plain/_draft.py", "plain/.x/mine.py"):
        _write(folder, name, "raise SystemExit\n")
    _write(folder, "__pycache__/mine.py", "raise SystemExit\n")
    assert index(folder).step_names() == []


def test_plain_folders_are_searched_at_any_depth(folder, index):
    _write(folder, "_words.py", "WORD = 'far'\n")
    _write(folder, "team/mine.py", STEP.format(name="shout", word="near"))
    text = "from ..._words import WORD\n" + STEP.format(name="whisper", word="x").replace('"x"', "WORD")
    _write(folder, "team/my-steps/mine.py", text)
    _write(folder, "team/pack/__init__.py", "from .inner import say\n")
    _write(folder, "team/pack/inner.py", STEP.format(name="hum", word="inner"))
    _write(folder, "team/pack/unused.py", "raise SystemExit\n")
    found = index(folder)
    assert found.step_names() == ["hum", "shout", "whisper"]
    assert [_said(found, name) for name in found.step_names()] == ["inner", "near", "far"]
    found.close()
    assert [name for name in sys.modules if name.startswith("aetherflow_local")] == []


def test_files_need_no_names_that_python_could_read(folder, index):
    _write(folder, "2024-steps.py", STEP.format(name="shout", word="x"))
    assert _said(index(folder), "shout") == "x"


def test_a_folder_that_links_to_itself_is_searched_once(folder, index):
    _write(folder, "team/mine.py", STEP.format(name="shout", word="x"))
    (folder / "team" / "again").symlink_to(folder)
    assert index(folder).step_names() == ["shout"]


def test_a_folder_that_contributes_nothing_is_told(tmp_path, folder, index):
    _write(folder, "team/words.py", "WORD = 'x'\n")
    _write(tmp_path / "full", "mine.py", STEP.format(name="shout", word="x"))
    (warning,) = index(tmp_path / "full", folder).warnings
    assert (warning.code, warning.severity) == ("AF-PLUGIN-FOLDER-EMPTY", "warning")
    assert str(folder) in warning.message


@pytest.mark.parametrize(("name", "told"), [("mine.py", "is a file"), ("gone", "does not exist")])
def test_what_is_no_folder_is_an_error_or_a_warning_and_never_silent(folder, index, name, told):
    """D46: a plugin file path was silently ignored."""
    _write(folder, "mine.py", STEP.format(name="shout", word="x"))
    with pytest.raises(PluginError, match=told) as caught:
        index(folder / name)
    assert caught.value.problem.code == "AF-PLUGIN-FOLDER"
    assert [told in warning.message for warning in index(folder / name, is_strict=False).warnings] == [True]


@pytest.mark.parametrize("code", ["raise SystemExit(0)", "import nothing_like_it", "x = ("])
def test_a_file_that_breaks_is_told_and_leaves_nothing_behind(folder, index, code):
    _write(folder, "mine.py", code)
    with pytest.raises(PluginError) as caught:
        index(folder)
    assert caught.value.problem.code == "AF-PLUGIN-BROKEN"
    assert [name for name in sys.modules if name.startswith("aetherflow_local")] == []
    assert len(index(folder, is_strict=False).warnings) == 1


def test_connectors_are_found_as_well(folder, index):
    _write(
        folder,
        "mine.py",
        """
        from aetherflow.kernel.api import Connector, ConnectorModel, Database, Effect, NoOptions, register_connector

        class Settings(ConnectorModel):
            host: str

        @register_connector("db", "toy")
        class Toy(Connector[Settings, NoOptions]):
            '''A toy.'''
            protocol = Database
            effects = frozenset({Effect.DATABASE})
            def open(self): ...
            def close(self): ...
        """,
    )
    found = index(folder)
    entry = found.connector("db", "toy")
    assert (entry.protocol, entry.summary, entry.config["required"]) == ("Database", "A toy.", ["host"])
    assert PluginHost(found).connector_class("db", "toy").driver == "toy"


def test_folders_are_refused_outside_open_profiles(site, folder):
    site.policy("profiles: {enterprise: {plugins: {allow: []}}}")
    _write(folder, "mine.py", "raise SystemExit\n")
    with pytest.raises(RefusedByPolicy):
        build_index(site.profile("enterprise"), local_folders=[folder], search_path=[])


def test_a_local_step_can_be_denied(site, folder, index):
    site.policy("profiles: {internal_fast: {plugins: {deny: ['step:shout']}}}")
    _write(folder, "mine.py", STEP.format(name="shout", word="x"))
    with pytest.raises(RefusedByPolicy):
        index(folder).step("shout")
