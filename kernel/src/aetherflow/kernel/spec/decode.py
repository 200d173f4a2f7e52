"""The shape of a resource's `decode`: which of its fields a secrets hook turns into what they mean."""

from __future__ import annotations

from ..errors import YamlPath
from .fields import Field, Fields, Reading
from .misfits import wrong_type
from .shapes import free_mapping, list_of, text


def _marks(reading: Reading, value: object, path: YamlPath) -> dict[str, object]:
    """Nested mappings whose leaves are true, false or nothing."""
    marks = free_mapping(reading, value, path)
    for name, mark in marks.items():
        place = (*path, name)
        if isinstance(mark, dict):
            _marks(reading, mark, place)
        elif mark is not None and not isinstance(mark, bool):
            reading.report_misfit(wrong_type(mark, "a boolean"), place)
    return marks


DECODE_KEYS = Fields(
    "`decode`",
    {
        "config": Field(_marks),
        "options": Field(_marks),
        "config_paths": Field(list_of(text)),
        "options_paths": Field(list_of(text)),
    },
)


def decode(reading: Reading, value: object, path: YamlPath) -> dict[str, object]:
    """What is to be decoded, as it is written."""
    DECODE_KEYS(reading, value, path)
    return free_mapping(reading, value, path)
