"""The scheduler shares its namespace with the kernel, and neither hides the other."""

from __future__ import annotations

from importlib import resources
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.unit


def test_kernel_and_scheduler_are_both_found_in_the_namespace() -> None:
    assert find_spec("aetherflow.kernel") is not None
    assert find_spec("aetherflow.scheduler") is not None


def test_the_package_says_that_it_is_typed() -> None:
    assert (resources.files("aetherflow.scheduler") / "py.typed").is_file()
