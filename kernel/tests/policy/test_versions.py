from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from packaging.specifiers import Specifier
from packaging.version import Version as PackagingVersion

from aetherflow.kernel.policy.versions import parse_bounds, parse_version

_NUMBERS = st.lists(st.integers(0, 12), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
_PRE = st.sampled_from(["", "a1", "b2", "rc1", "-beta.3", "rc", "c2"])
_POST = st.sampled_from(["", ".post1", "-2", ".rev"])
_DEV = st.sampled_from(["", ".dev0", ".dev4"])
_VERSIONS = st.tuples(_NUMBERS, _PRE, _POST, _DEV).map("".join)


@given(_VERSIONS, _VERSIONS)
def test_versions_stand_in_the_order_of_packaging(one, other):
    mine = parse_version(one) < parse_version(other)
    assert mine == (PackagingVersion(one) < PackagingVersion(other))


@given(_VERSIONS, _VERSIONS, st.sampled_from([">=", "<=", ">", "<", "==", "!="]))
def test_bounds_admit_what_packaging_admits(version, bound, operator):
    (mine,) = parse_bounds(f"{operator}{bound}")
    expected = Specifier(f"{operator}{bound}", prereleases=True).contains(version)
    assert mine.admits(parse_version(version)) == expected


@pytest.mark.parametrize("text", ["", "one", "1.x", "1..2", "1.2-", "9" * 200, "1.2\n3", "\u0661.\u0662"])
def test_what_is_no_version_is_told_so(text):
    assert parse_version(text) is None


@pytest.mark.parametrize("text", ["1.2", "~=1.2", ">=", ">=1,", ">=1 <2", "=>1", "==1.*"])
def test_what_compares_with_no_version_is_told_so(text):
    assert parse_bounds(text) is None
