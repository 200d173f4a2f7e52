"""What is installed is found in every form that installers leave, and what can't be read hides nothing else."""

from __future__ import annotations

import zipfile

import pytest

from aetherflow.kernel.plugins.distributions import distributions

pytestmark = pytest.mark.unit

HEADER = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nVersion: 9\n"


def install(folder, form, name, version):
    """Leave the metadata of a distribution as an installer does; answers the entry of the path."""
    header = HEADER.format(name=name, version=version)
    entries = "[aetherflow.plugins]\nacme = acme\n"
    if form == "zip":
        with zipfile.ZipFile(folder / "packages.zip", "w") as archive:
            archive.writestr(f"{name}-{version}.dist-info/METADATA", header)
            archive.writestr(f"{name}-{version}.dist-info/entry_points.txt", entries)
        return folder / "packages.zip"
    place = folder / f"{name}-{version}-py3.11.egg" if form == "egg" else folder
    information = (
        place / {"egg": "EGG-INFO", "wheel": f"{name}-{version}.dist-info", "source": f"{name}.egg-info"}[form]
    )
    information.mkdir(parents=True)
    (information / ("METADATA" if form == "wheel" else "PKG-INFO")).write_text(header)
    (information / "entry_points.txt").write_text(entries)
    return place


@pytest.mark.parametrize("form", ["wheel", "source", "egg", "zip"])
def test_a_distribution_is_found_in_every_form(tmp_path, form):
    place = install(tmp_path, form, "Acme_Tools", "1.2")
    (found,) = distributions([str(place)])
    assert found.name == "acme-tools"
    assert found.header() == {"name": "Acme_Tools", "version": "1.2"}
    assert "acme = acme" in found.read("entry_points.txt")
    assert found.read("RECORD") == ""


def test_those_that_stand_first_on_the_path_come_first(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        install(tmp_path / name, "wheel", name, "1")
    found = distributions([str(tmp_path / "second"), str(tmp_path / "first")])
    assert [each.root.name for each in found] == ["second", "first"]


def test_places_that_are_not_there_or_hold_no_packages_are_passed_over(tmp_path):
    (tmp_path / "text").write_text("no archive")
    install(tmp_path, "wheel", "acme", "1")
    places = [tmp_path / "missing", tmp_path / "text", tmp_path / "text" / "below", tmp_path]
    assert [each.name for each in distributions([str(place) for place in places])] == ["acme"]


def test_the_working_folder_is_meant_by_an_empty_entry(tmp_path, monkeypatch):
    install(tmp_path, "wheel", "acme", "1")
    monkeypatch.chdir(tmp_path)
    assert [each.name for each in distributions([""])] == ["acme"]


def test_metadata_that_is_no_text_says_nothing(tmp_path):
    place = install(tmp_path, "wheel", "acme", "1")
    (place / "acme-1.dist-info" / "METADATA").write_bytes(b"Name: \xff\n")
    (place / "noted.egg-info").write_text("Name: noted\n")
    found = {each.name: each.header() for each in distributions([str(place)])}
    assert found == {"acme": {}, "noted": {}}
