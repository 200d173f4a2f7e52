"""Which schemas of plugins can be a part of one that holds them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Deeper than any schema that a person wrote.
_MAX_DEPTH = 100
#: They change what references mean, and hold for a schema that stands alone.
_OWN_NAMES = frozenset({"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"})


def is_readable(schema: Mapping[str, Any]) -> bool:
    """Whether it is a schema, stands for itself, and all of it can be looked at."""
    return _is_plain(schema, 0) and _is_schema(schema)


def _is_plain(part: object, depth: int) -> bool:
    if depth > _MAX_DEPTH:
        return False
    if isinstance(part, Mapping):
        return _OWN_NAMES.isdisjoint(part) and all(_is_plain(inner, depth + 1) for inner in part.values())
    return not isinstance(part, list) or all(_is_plain(inner, depth + 1) for inner in part)


def _is_schema(schema: Mapping[str, Any]) -> bool:
    import jsonschema_rs

    try:
        jsonschema_rs.validator_for({**schema, "$schema": _DIALECT}, retriever=_refuse_to_fetch)
    except ValueError:
        return False
    return True


_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _refuse_to_fetch(address: str) -> dict[str, object]:
    message = f"{address} is not fetched"
    raise ValueError(message)
