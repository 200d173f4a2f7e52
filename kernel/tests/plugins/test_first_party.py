"""The table of names that belong to this repository's plugins."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from aetherflow.kernel.plugins import first_party
from aetherflow.kernel.plugins.first_party import first_party_table, read_first_party
from aetherflow.kernel.plugins.manifest import parse_manifest

REPOSITORY = Path(__file__).parents[3]


def _manifests():
    for project in sorted(REPOSITORY.glob("plugins/*/pyproject.toml")):
        described = tomllib.loads(project.read_text())["project"]
        ((_, anchor),) = described.get("entry-points", {}).get("aetherflow.plugins", {"": ""}).items()
        file = project.parent / "src" / anchor / "aetherflow_plugin.json"
        if anchor and file.is_file():
            yield described["name"], parse_manifest(json.loads(file.read_text()), anchor=anchor)


def test_the_table_is_what_the_manifests_of_this_repository_say():
    manifests = list(_manifests())
    assert len(manifests) >= 3
    written = Path(first_party.__file__).with_suffix(".json").read_text()
    assert written == first_party_table(manifests), "write what first_party_table gives into first_party.json"


def test_reserved_names_are_their_distribution_s_alone():
    table = read_first_party()
    assert table.may_claim("check_items", distribution="aetherflow-plugin-control", plugin="control") is None
    assert "reserved" in table.may_claim("check_items", distribution="acme", plugin="acme")
    assert table.may_claim("acme.x", distribution="acme-steps", plugin="acme") is None
    assert table.may_claim("acme-sap.x", distribution="acme", plugin="acme_sap") is None
