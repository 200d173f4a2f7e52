from __future__ import annotations

from textwrap import dedent

import pytest

from aetherflow.kernel.policy.choice import decide_profile
from aetherflow.kernel.policy.project import find_project


@pytest.fixture
def decide(tmp_path, monkeypatch):
    """Decide the profile of a project with this `aetherflow.yaml`, below this administrator's policy."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def decide(project=None, *, administrator=None, requested=None, environ=None):
        if project is not None:
            (folder / "aetherflow.yaml").write_text(dedent(project), encoding="utf-8")
        above = tmp_path / "policy.yaml"
        if administrator is not None:
            above.write_text(dedent(administrator), encoding="utf-8")
        return decide_profile(
            find_project(folder), requested=requested, environ=environ or {}, administrator_file=above
        )

    return decide
