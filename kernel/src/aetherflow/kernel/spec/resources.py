"""Resources as a flow writes them."""

from __future__ import annotations

from ..errors import YamlPath
from .decode import decode
from .fields import Field, Fields, Reading, Templates
from .models import Resource
from .shapes import free_mapping, text, text_or_null

RESOURCE_KEYS = Fields(
    "a resource",
    {
        "kind": Field(text, is_required=True),
        "driver": Field(text, is_required=True),
        "profile": Field(text_or_null),
        "config": Field(Templates(free_mapping)),
        "options": Field(Templates(free_mapping)),
        "decode": Field(decode),
    },
)


def resource(reading: Reading, value: object, path: YamlPath) -> Resource:
    """One resource; its name is the last part of the path."""
    found = RESOURCE_KEYS(reading, value, path)
    for part in ("config", "options", "decode"):
        found.setdefault(part, {})
    return Resource(**found, name=str(path[-1]), path=path)
