"""What a value's JSON Schema says against it, in words, at the key or value that it is about."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Problem
from .findings import Checked, Found
from .validators import CompiledSchema


def schema_problems(schema: CompiledSchema, checked: Checked) -> Iterator[Found]:
    """Everything that the schema says against the value, except what depends on templates."""
    if schema.plainly_fits(checked.value):
        return
    if schema.validator is None:
        message = f"{checked.owner} has a schema that can't be read"
        yield Found(Problem(code="AF-PLUGIN-SCHEMA", message=message, help="tell its author", path=checked.path))
    elif not schema.validator.is_valid(checked.value):
        from .faults import read_faults
        from .schema_explanations import Explanation

        faults = read_faults(schema.validator.iter_errors(checked.value))
        yield from Explanation(schema, checked).of(faults)
