"""Conditions inside of schemas (`if` and `then`): what they look at, and what their author says about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..errors import YamlPath
from ..resolve.schemas import keys_of_condition

_BRANCHES = frozenset({"then", "else"})
#: Keywords below which stands the schema of a part: so many steps down the schema are one step down the value.
_STEPS_OF_A_PART = {"properties": 2, "patternProperties": 2, "prefixItems": 2, "items": 1, "additionalProperties": 1}


def is_conditional(schema_path: YamlPath) -> bool:
    """Whether a keyword holds only under a condition."""
    return not _BRANCHES.isdisjoint(schema_path)


def looks_at_template(
    schema: Mapping[str, Any], schema_path: YamlPath, at: YamlPath, templates: Collection[YamlPath]
) -> bool:
    """Whether a condition of a keyword goes by a value that is not known yet.

    Args:
        schema: the whole schema.
        schema_path: of the keyword.
        at: where the value stands that the keyword is about.
        templates: where templates stand, from the same value on.
    """
    for number, part in enumerate(schema_path):
        if part in _BRANCHES:
            owner = at[: len(at) - _depth(schema_path[number + 1 :])]
            condition = value_at(schema, (*schema_path[:number], "if"))
            places = [(*owner, name) for name in keys_of_condition(condition)]
            if any(template[: len(place)] == place for place in places for template in templates):
                return True
    return False


def mend_beside(schema: Mapping[str, Any], schema_path: YamlPath) -> str:
    """What the mark says that stands nearest to a keyword, going up from it; empty where none does."""
    mend = ""
    for end in range(1, len(schema_path)):
        found = value_at(schema, (*schema_path[:end], "x-aetherflow", "mend"))
        mend = found if isinstance(found, str) else mend
    return mend


def value_at(value: object, path: YamlPath) -> object:
    """The part of a JSON value at a path; null where there is none."""
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _depth(schema_path: YamlPath) -> int:
    """How many steps down the value a way down the schema goes."""
    depth, position = 0, 0
    while position < len(schema_path):
        steps = _STEPS_OF_A_PART.get(str(schema_path[position]), 0)
        depth += steps > 0
        position += steps or 1
    return depth
