"""What a value's JSON Schema says against it, in words, at the key or value that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import Problem, YamlPath
from ..quick_dataclasses import dataclass
from .validators import CompiledSchema


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


def schema_problems(schema: CompiledSchema, checked: Checked) -> Iterator[Found]:
    """Everything that the schema says against the value, except what depends on templates."""
    if schema.validator is None:
        message = f"{checked.owner} has a schema that can't be read"
        yield Found(Problem(code="AF-PLUGIN-SCHEMA", message=message, help="tell its author", path=checked.path))
    elif not schema.validator.is_valid(checked.value):
        from .faults import read_faults
        from .schema_explanations import Explanation

        faults = read_faults(schema.validator.iter_errors(checked.value))
        yield from Explanation(schema, checked).of(faults)
