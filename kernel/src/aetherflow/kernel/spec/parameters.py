"""The parameters of a flow: their types, and defaults that fit them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import get_args

from ..errors import YamlPath
from .fields import Field, Fields, Reading, Templates
from .misfits import Misfit, wrong_type
from .models import Parameter, ParameterType
from .shapes import anything, one_of, text_or_null
from .values import without_raw

DATE_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

PARAMETER_KEYS = Fields(
    "a parameter",
    {
        "type": Field(one_of(*get_args(ParameterType)), is_required=True),
        "default": Field(Templates(anything)),
        "description": Field(text_or_null),
    },
)


def parameter(reading: Reading, value: object, path: YamlPath) -> Parameter:
    """One parameter; its name is the last part of the path."""
    found = PARAMETER_KEYS(reading, value, path)
    has_default = "default" in found
    default = found.get("default")
    if has_default and not _is_template(default) and not fits(default, found["type"]):
        reading.report_misfit(_misfit(default, found["type"]), (*path, "default"))
    return Parameter(
        name=str(path[-1]),
        type=found["type"],
        default=default,
        has_default=has_default,
        description=found.get("description"),
        path=path,
    )


def _misfit(value: object, type_name: ParameterType) -> Misfit:
    wanted, _ = _TYPES[type_name]
    misfit = wrong_type(value, wanted)
    if type_name in ("date", "datetime") and isinstance(value, str):
        return Misfit(misfit.code, f"this text is not {wanted}", "write one that exists, in this form")
    return misfit


def fits(value: object, type_name: ParameterType) -> bool:
    """Whether a value is of a parameter's type; nothing always is."""
    return value is None or _TYPES[type_name][1](without_raw(value))


def _is_template(value: object) -> bool:
    return isinstance(value, str) and "{{" in value


def _is_date(value: object) -> bool:
    return (
        isinstance(value, str)
        and re.fullmatch(DATE_PATTERN, value) is not None
        and _is_read_by(date.fromisoformat, value)
    )


def _is_datetime(value: object) -> bool:
    return (
        isinstance(value, str)
        and re.match(DATE_PATTERN, value) is not None
        and _is_read_by(datetime.fromisoformat, value)
    )


def _is_read_by(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "string": ("text", lambda value: isinstance(value, str)),
    "integer": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "number": ("a number", _is_number),
    "boolean": ("a boolean", lambda value: isinstance(value, bool)),
    "date": ("a date like 2026-01-31", _is_date),
    "datetime": ("a date and time like 2026-01-31T06:30:00", _is_datetime),
    "list": ("a list", lambda value: isinstance(value, list)),
    "object": ("a mapping", lambda value: isinstance(value, dict)),
}
