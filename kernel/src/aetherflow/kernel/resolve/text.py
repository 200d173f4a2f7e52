"""Text from outside becomes what is declared where it goes, by the rules of YAML 1.2's core schema.

Only text from outside: what a document or a step says with a type keeps it. Where text may stand,
it stays text; a text that is no value of the declared type is an error, never a guess.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import get_args

from ..contracts.spelling import did_you_mean
from ..errors import InvalidInput, Problem, YamlPath
from ..spec.core_schema import read_scalar
from ..spec.models import ParameterType
from .references import OutsideText
from .schemas import DeclaredTypes, Schema, Schemas, types_of

PARAMETER_TYPES: tuple[str, ...] = get_args(ParameterType)

#: Text from outside stands no deeper than a document may be nested.
_MAX_DEPTH = 100
#: Linux takes 128 KiB, with the parameter's name.
_MOST_BYTES_OF_AN_ARGUMENT = 120 * 1024
_CODE = "AF-TEXT-TYPE"
_NAMES = {
    "null": "null",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list as JSON",
    "object": "a mapping as JSON",
}
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DATETIME = r"(?s)[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9].*"
_JSON_TYPES: dict[str, tuple[str, ...]] = {"list": ("array",), "object": ("object",)}
_PARAMETER_NAMES = {
    **_NAMES,
    "string": "a text",
    "list": "a list",
    "object": "a mapping",
    "date": "a date",
    "datetime": "a date with a time",
}


def fit(value: object, schema: Schema, *, path: YamlPath = ()) -> object:
    """The value with each `OutsideText` in it turned into what the schema declares for its place.

    Everything else stays as it is, and is not validated. `fit(value, {})` makes all of it plain text.

    Raises:
        InvalidInput: texts that are no value of the declared types; holds all of them, and no text.
    """
    fitting = _Fitting(schema)
    fitted = fitting.fit(value, fitting.declared.top(), path)
    if fitting.problems:
        raise InvalidInput.of(fitting.problems)
    return fitted


class _Fitting:
    """One walk over a value and what is declared for it."""

    def __init__(self, schema: Schema) -> None:
        self.declared = DeclaredTypes(schema)
        self.problems: list[Problem] = []

    def fit(self, value: object, schemas: Schemas, path: YamlPath, depth: int = 0) -> object:
        if isinstance(value, OutsideText):
            return self._fit_text(value, types_of(schemas), path)
        if depth >= _MAX_DEPTH:
            return value
        if isinstance(value, Mapping):
            return self._fit_mapping(value, schemas, path, depth)
        if isinstance(value, list):
            items = [
                self.fit(item, self.declared.of_item(schemas, index), (*path, index), depth + 1)
                for index, item in enumerate(value)
            ]
            return items if any(mine is not item for mine, item in zip(items, value, strict=True)) else value
        return value

    def _fit_mapping(self, value: Mapping[str, object], schemas: Schemas, path: YamlPath, depth: int) -> object:
        named = {
            key: self.fit(item, self.declared.of_property(schemas, value, key), (*path, key), depth + 1)
            for key, item in value.items()
        }
        return named if any(named[key] is not item for key, item in value.items()) else value

    def _fit_text(self, text: str, types: frozenset[str] | None, path: YamlPath) -> object:
        if types is None or "string" in types:
            return str(text)
        try:
            return read_text(text, types)
        except InvalidInput as error:
            self.problems.extend(problem_at(error, path))
            return None


def problem_at(error: InvalidInput, path: YamlPath) -> list[Problem]:
    """The problems of an error that knows no place, at a path."""
    return [
        Problem(code=problem.code, message=problem.message, help=problem.help, where=problem.where, path=path)
        for problem in error.problems
    ]


def read_text(text: str, types: frozenset[str]) -> object:
    """A text as a value of one of the JSON types given, none of which is `string`.

    Raises:
        InvalidInput: it is none of them; the message says what is needed, and not the text.
    """
    stripped = text.strip()
    value = read_scalar(stripped)
    if isinstance(value, float) and not math.isfinite(value):
        raise _misfit("is not finite", types)
    if _is_one_of(value, types):
        return value
    if isinstance(value, str) and types & {"array", "object"}:
        return _read_json(stripped, types)
    raise _misfit("is empty" if not stripped else "is not", types)


def _is_one_of(value: object, types: frozenset[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in types
    if isinstance(value, int):
        return bool(types & {"integer", "number"})
    if isinstance(value, float):
        return "number" in types
    return value is None and "null" in types


def _read_json(text: str, types: frozenset[str]) -> object:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _misfit("is no JSON", types) from None
    if isinstance(value, list | dict) and ("array" if isinstance(value, list) else "object") in types:
        return value
    raise _misfit("is not", types)


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def _misfit(what: str, types: frozenset[str]) -> InvalidInput:
    needed = " or ".join(name for kind, name in _NAMES.items() if kind in types) or "another type"
    mend = "write true or false" if "boolean" in types else ""
    return InvalidInput(f"{needed} is needed here, and the text from outside {what}", code=_CODE, help=mend)


def read_parameter(text: str, type_name: str, *, path: YamlPath = ()) -> object:
    """The text of `--param`, or of a template's default, as the JSON form of a parameter's type.

    Dates and times come out as ISO text.

    Raises:
        InvalidInput: the text is no value of the type, or there is no such type.
    """
    try:
        return _reader(type_name)(str(text))
    except InvalidInput as error:
        raise InvalidInput.of(problem_at(error, path)) from None


def fit_parameter(value: object, type_name: str, *, path: YamlPath = ()) -> object:
    """A parameter's value in the JSON form of its type: text from outside is read, any other must have the type.

    Raises:
        InvalidInput: it is no value of the type, or there is no such type.
    """
    if isinstance(value, OutsideText) or (isinstance(value, str) and type_name in ("date", "datetime")):
        return read_parameter(value, type_name, path=path)
    _reader(type_name)
    if not _has_type(value, type_name):
        message = f"{_PARAMETER_NAMES[type_name]} is needed here, and this is {_kind(value)}"
        raise InvalidInput(message, code="AF-PARAMETER-TYPE", path=path)
    return value


def parameter_text(value: object) -> str:
    """A parameter's value as the text of `--param NAME=TEXT` that is read back to the same value.

    Raises:
        InvalidInput: no command line takes it.
    """
    try:
        text = value if isinstance(value, str) else json.dumps(value, allow_nan=False)
        size = len(text.encode())
    except ValueError:  # half a character, or a number that is not finite or has too many digits
        raise _no_argument("holds what is no text") from None
    if "\0" in text:
        raise _no_argument("holds a NUL character")
    if size > _MOST_BYTES_OF_AN_ARGUMENT:
        raise _no_argument(f"has more than {_MOST_BYTES_OF_AN_ARGUMENT // 1024} KiB")
    return text


def _no_argument(why: str) -> InvalidInput:
    return InvalidInput(
        f"the value {why}, and no command line takes that",
        code="AF-PARAMETER-TEXT",
        help="put it into a file, and hand over the file's name",
    )


def _reader(type_name: str) -> Callable[[str], object]:
    if type_name == "string":
        return str
    if type_name == "date":
        return _read_date
    if type_name == "datetime":
        return _read_datetime
    if type_name not in PARAMETER_TYPES:
        mend = did_you_mean(type_name, PARAMETER_TYPES)
        raise InvalidInput(f"there is no parameter type {type_name!r}", code="AF-PARAMETER-TYPE", help=mend)
    types = frozenset(_JSON_TYPES.get(type_name, (type_name,)))
    return lambda text: read_text(text, types)


def _read_date(text: str) -> str:
    try:
        if re.fullmatch(_DATE, text.strip()):
            return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        pass
    raise InvalidInput("this is no date", code=_CODE, help="write it as YYYY-MM-DD")


def _read_datetime(text: str) -> str:
    try:
        if re.fullmatch(_DATETIME, text.strip()):
            return datetime.fromisoformat(text.strip()).isoformat()
    except ValueError:
        pass
    raise InvalidInput("this is no date with a time", code=_CODE, help="write it as 2026-01-31T06:00:00+01:00")


def _has_type(value: object, type_name: str) -> bool:
    if isinstance(value, bool):
        return type_name == "boolean"
    if isinstance(value, float):
        return type_name == "number" and math.isfinite(value)
    kinds: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "integer": int,
        "number": int,
        "list": (list, tuple),
        "object": Mapping,
    }
    return isinstance(value, kinds.get(type_name, ()))


def _kind(value: object) -> str:
    names: dict[type, str] = {
        bool: "true or false",
        int: "a whole number",
        float: "a number with a fraction",
        str: "a text",
        list: "a list",
        dict: "a mapping",
        type(None): "null",
    }
    return names.get(type(value), "something else")
