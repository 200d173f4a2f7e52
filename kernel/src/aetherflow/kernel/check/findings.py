"""What is checked against a schema, and what is found."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import Problem, YamlPath
from ..quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """A problem, and whether it stands at a key or at its value."""

    problem: Problem
    at_key: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A value that is checked: where it stands, what takes it, and where its templates are."""

    value: object
    path: YamlPath
    #: What takes the value, for messages: "the step type 'zip'".
    owner: str
    #: What the keys of the value are called, for messages.
    noun: str
    #: Where templates stand, and whether each is the whole value there.
    templates: Mapping[YamlPath, bool]
    #: Missing keys may come from elsewhere.
    is_partial: bool = False
