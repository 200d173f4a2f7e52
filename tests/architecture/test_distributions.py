"""Every distribution has the same shape, and the workspace knows every distribution."""

from __future__ import annotations

import os
import re

import pytest

from tests.architecture.repository import ROOT, Distribution, members, repository_files, root_pyproject

pytestmark = pytest.mark.unit

KERNEL_MAY_DEPEND_ON = {
    "apsw",
    "importlib-metadata",
    "jsonschema-rs",
    "pluggy",
    "pydantic",
    "python-dotenv",
    "pyyaml",
    "typer",
}
MEMBERS = members()
PLUGINS = [member for member in MEMBERS if member.is_plugin]
EVERYTHING = [Distribution(ROOT), *MEMBERS]

every_distribution = pytest.mark.parametrize("distribution", EVERYTHING, ids=lambda one: one.name)
every_member = pytest.mark.parametrize("member", MEMBERS, ids=lambda one: one.name)
every_plugin = pytest.mark.parametrize("plugin", PLUGINS, ids=lambda one: one.name)


def requirement_name(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def find_distribution(name: str) -> Distribution:
    return next(distribution for distribution in EVERYTHING if distribution.name == name)


def test_namespace_has_no_init_file() -> None:
    strays = [path for path in repository_files() if path.parts[-2:] == ("aetherflow", "__init__.py")]

    assert strays == []


@every_distribution
def test_distribution_has_version_readme_and_licence(distribution: Distribution) -> None:
    project = distribution.project

    assert project["version"] == "0.1.0"
    assert project["license"] == "Apache-2.0"
    assert project["license-files"] == ["LICENSE"]
    assert project["requires-python"] == ">=3.11"
    title = (distribution.folder / project["readme"]).read_text(encoding="utf-8").partition("\n")[0]
    assert title.lower() == f"# {distribution.name}"
    assert (distribution.folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@every_distribution
def test_distribution_is_built_by_the_same_backend(distribution: Distribution) -> None:
    assert distribution.pyproject["build-system"] == root_pyproject()["build-system"]


@every_member
def test_member_has_typed_package_and_tests(member: Distribution) -> None:
    assert (member.package / "__init__.py").is_file()
    assert (member.package / "py.typed").is_file()
    assert any((member.folder / "tests").rglob("test_*.py"))


@every_plugin
def test_plugin_has_one_entry_point_to_a_package_without_dots(plugin: Distribution) -> None:
    name = plugin.folder.name
    module = f"aetherflow_{name}"

    assert plugin.name == f"aetherflow-plugin-{name}"
    assert plugin.module == module
    assert plugin.project["entry-points"] == {"aetherflow.plugins": {name: module}}
    assert "scripts" not in plugin.project


def test_kernel_has_one_command_and_contributes_nothing() -> None:
    project = find_distribution("aetherflow-kernel").project

    assert project["scripts"] == {"aetherflow": "aetherflow.kernel.cli:main"}
    assert "entry-points" not in project


def test_kernel_depends_on_exactly_what_it_may() -> None:
    requirements = find_distribution("aetherflow-kernel").project["dependencies"]

    assert sorted(map(requirement_name, requirements)) == sorted(KERNEL_MAY_DEPEND_ON)


@every_member
def test_requirements_have_a_lower_and_an_upper_bound(member: Distribution) -> None:
    unbounded = [text for text in member.project["dependencies"] if not re.search(r">=[\d.]+,<\d", text)]

    assert unbounded == []


@every_plugin
def test_plugin_depends_on_the_kernel_and_on_no_other_distribution_of_ours(plugin: Distribution) -> None:
    names = {requirement_name(requirement) for requirement in plugin.project["dependencies"]}
    ours = {distribution.name for distribution in EVERYTHING}

    assert names & ours == {"aetherflow-kernel"}


@every_distribution
def test_requirements_on_our_own_come_from_the_workspace(distribution: Distribution) -> None:
    ours = {one.name for one in EVERYTHING}
    required = {requirement_name(requirement) for requirement in distribution.project.get("dependencies", [])} & ours
    sources = distribution.pyproject["tool"]["uv"].get("sources", {})

    assert {name: {"workspace": True} for name in required} == sources


def test_everything_that_is_installed_here_is_pinned() -> None:
    root = root_pyproject()
    pins = root["tool"]["uv"]["constraint-dependencies"]
    pinned = {requirement_name(pin) for pin in pins}
    grouped = [entry for group in root["dependency-groups"].values() for entry in group if isinstance(entry, str)]
    required = [requirement for one in EVERYTHING for requirement in one.project.get("dependencies", [])]
    ours = {distribution.name for distribution in EVERYTHING}

    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+]+", pin)] == []
    assert {requirement_name(requirement) for requirement in [*grouped, *required]} - ours - pinned == set()


@every_member
def test_type_checker_knows_every_member(member: Distribution) -> None:
    settings = root_pyproject()["tool"]["mypy"]

    assert f"$MYPY_CONFIG_FILE_DIR/{member.place}/src" in settings["mypy_path"]
    assert f"{member.place}/src" in settings["files"]


@every_member
def test_import_contracts_know_every_member(member: Distribution) -> None:
    settings = root_pyproject()["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in settings["contracts"]}

    assert member.module in settings["root_packages"]
    if member.name != "aetherflow-kernel":
        assert member.module in contracts["api-is-for-others"]["allowed_importers"]
        assert member.module in contracts["kernel-imports-no-plugin"]["forbidden_modules"]
    if member.is_plugin:
        assert member.module in contracts["plugins-are-independent"]["modules"]


def test_every_package_of_the_kernel_is_protected() -> None:
    contracts = {contract["id"]: contract for contract in root_pyproject()["tool"]["importlinter"]["contracts"]}
    kernel = find_distribution("aetherflow-kernel").package
    found = {path.stem for path in kernel.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    protected = contracts["kernel-is-private"]["protected_modules"]

    assert sorted(f"aetherflow.kernel.{name}" for name in found - {"__init__", "__main__", "api"}) == sorted(protected)


def test_continuous_integration_can_be_started() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
