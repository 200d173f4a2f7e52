"""A policy that somebody else planted above a flow does not count (S22)."""

from __future__ import annotations

import os

import pytest

from aetherflow.kernel.errors import RefusedByPolicy
from aetherflow.kernel.policy.project import find_project, read_administrator_policy

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
NOBODY = 65534


@pytest.fixture
def planted(tmp_path):
    """A policy above a folder with a flow."""
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "flow.yaml").touch()
    (tmp_path / "aetherflow.yaml").write_text("settings: {log_level: DEBUG}\n")
    return tmp_path


@as_root
def test_a_policy_that_somebody_else_planted_above_the_flow_is_refused(planted):
    os.chown(planted / "aetherflow.yaml", NOBODY, NOBODY)
    with pytest.raises(RefusedByPolicy, match="belongs to user 65534") as refused:
        find_project(planted / "below" / "flow.yaml")
    assert refused.value.problem.code == "AF-POLICY-FOREIGN"


@as_root
def test_a_link_that_somebody_else_planted_is_refused(planted):
    (planted / "aetherflow.yaml").rename(planted / "mine.yaml")
    (planted / "aetherflow.yaml").symlink_to("mine.yaml")
    os.chown(planted / "aetherflow.yaml", NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(RefusedByPolicy, match="belongs to user 65534"):
        find_project(planted / "below" / "flow.yaml")


@as_root
def test_the_policy_of_whoever_owns_the_flow_counts(planted):
    """As in a container that runs as root on somebody's folder."""
    for path in (planted / "aetherflow.yaml", planted / "below" / "flow.yaml"):
        os.chown(path, NOBODY, NOBODY)
    assert find_project(planted / "below" / "flow.yaml").folder == planted


def test_a_policy_that_anybody_may_write_is_refused_unless_the_flow_is_as_open(planted):
    (planted / "aetherflow.yaml").chmod(0o666)
    with pytest.raises(RefusedByPolicy, match="anybody may write"):
        find_project(planted / "below" / "flow.yaml")
    (planted / "below" / "flow.yaml").chmod(0o666)
    assert find_project(planted / "below" / "flow.yaml").folder == planted


@as_root
def test_an_administrators_policy_is_roots_or_the_users(planted):
    os.chown(planted / "aetherflow.yaml", NOBODY, NOBODY)
    with pytest.raises(RefusedByPolicy, match="belongs to user 65534"):
        read_administrator_policy(planted / "aetherflow.yaml")
