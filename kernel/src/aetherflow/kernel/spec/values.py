"""What a document's values can be beside plain text, numbers, lists and mappings."""

from __future__ import annotations

from ..quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Raw:
    """A value under the tag `!raw`: taken as it stands, never rendered."""

    value: object


def without_raw(value: object) -> object:
    """The value with every `!raw` taken off, at any depth; the same object where there is none."""
    if isinstance(value, Raw):
        return without_raw(value.value)
    if isinstance(value, dict):
        bare = {key: without_raw(item) for key, item in value.items()}
        return bare if any(bare[key] is not item for key, item in value.items()) else value
    if isinstance(value, list):
        items = [without_raw(item) for item in value]
        return items if any(mine is not item for mine, item in zip(items, value, strict=True)) else value
    return value
