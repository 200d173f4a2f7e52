"""Files that set environment keys: dotenv files, JSON objects, and folders with one file for each key."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ..contracts.spelling import did_you_mean
from ..errors import InvalidInput, Location, Problem, YamlPath
from ..quick_dataclasses import dataclass
from ..spec.source import read_source

FileType: TypeAlias = Literal["dotenv", "json", "dir"]

_TYPES: dict[str, FileType] = {
    "dotenv": "dotenv",
    "json": "json",
    "dir": "dir",
    "directory": "dir",
    "dir-of-files": "dir",
}
_KEYS: dict[str, type] = {"type": str, "path": str, "optional": bool, "prefix": str}
_LIST_CODE = "AF-ENV-FILES"
_FILE_CODE = "AF-ENV-FILE"


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    """A file, or a folder of files, that sets environment keys."""

    type: FileType
    path: str
    optional: bool = False
    prefix: str = ""


def list_files(text: str) -> tuple[EnvironmentFile, ...]:
    """The files that AETHERFLOW_ENV_FILES_JSON names; none where it is blank.

    Raises:
        InvalidInput: it is no list of files; holds all problems.
    """
    if not text.strip():
        return ()
    entries = _read_list(text)
    problems = [problem for number, entry in enumerate(entries) for problem in _problems_of(entry, (_SOURCE, number))]
    if problems:
        raise InvalidInput.of(problems)
    return tuple(_file(entry) for entry in entries)


def read_file(file: EnvironmentFile, folder: Path) -> Mapping[str, str]:
    """The keys that a file sets, prefixed; none where it is optional and missing.

    Raises:
        InvalidInput: it is missing or can't be read; holds all problems.
    """
    path = folder / Path(file.path).expanduser()
    if file.optional and not path.exists():
        return {}
    read = {"dotenv": _read_dotenv, "json": _read_json, "dir": _read_folder}[file.type]
    named = {file.prefix + key: value for key, value in read(path, file.path).items()}
    problems = [_problem_of_key(key, value, file.path) for key, value in named.items() if _is_unusable(key, value)]
    if problems:
        raise InvalidInput.of(problems)
    return named


_SOURCE = "AETHERFLOW_ENV_FILES_JSON"


def _read_list(text: str) -> list[Any]:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" (character {error.pos + 1})" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidInput(f"{_SOURCE} is no JSON{place}", code=_LIST_CODE, help=_EXAMPLE) from None
    if not isinstance(entries, list):
        raise InvalidInput(f"{_SOURCE} must be a list", code=_LIST_CODE, help=_EXAMPLE)
    return entries


_EXAMPLE = 'write it as [{"type": "dotenv", "path": ".env", "optional": true}]'


def _problems_of(entry: object, path: YamlPath) -> Iterable[Problem]:
    place = f"{path[0]}[{path[1]}]"
    if not isinstance(entry, Mapping):
        yield Problem(code=_LIST_CODE, message=f"{place} must be an object", help=_EXAMPLE, path=path)
        return
    for key in entry.keys() - _KEYS.keys():
        mend = did_you_mean(key, _KEYS)
        yield Problem(code=_LIST_CODE, message=f"{place} has an unknown key {key!r}", help=mend, path=(*path, key))
    for key, kind in _KEYS.items():
        if key in entry and not isinstance(entry[key], kind):
            needed = "true or false" if kind is bool else "a text"
            yield Problem(code=_LIST_CODE, message=f"{place}.{key} must be {needed}", path=(*path, key))
        if key in ("type", "path") and not entry.get(key):
            yield Problem(code=_LIST_CODE, message=f"{place} has no {key}", help=_EXAMPLE, path=path)
    kind_name = entry.get("type")
    if isinstance(kind_name, str) and kind_name and kind_name not in _TYPES:
        message = f"Unsupported env_files type: {kind_name}"
        mend = did_you_mean(kind_name, _TYPES)
        yield Problem(code=_LIST_CODE, message=f"{place}: {message}", help=mend, path=(*path, "type"))


def _file(entry: Mapping[str, Any]) -> EnvironmentFile:
    return EnvironmentFile(_TYPES[entry["type"]], entry["path"], entry.get("optional", False), entry.get("prefix", ""))


def _text_of(path: Path, shown_as: str) -> str:
    try:
        return read_source(path, shown_as=shown_as).decode("utf-8-sig")
    except UnicodeDecodeError:
        where = Location(shown_as, 1, 1)
        raise InvalidInput("the file is no UTF-8", code=_FILE_CODE, help="save it as UTF-8", where=where) from None


def _read_dotenv(path: Path, shown_as: str) -> dict[str, str]:
    from dotenv.parser import parse_stream

    values: dict[str, str] = {}
    problems: list[Problem] = []
    for binding in parse_stream(io.StringIO(_text_of(path, shown_as))):
        if binding.error or (binding.key is not None and binding.value is None):
            where = Location(shown_as, binding.original.line, 1)
            problems.append(Problem(code=_FILE_CODE, message="this line sets nothing", help=_DOTENV, where=where))
        elif binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value
    if problems:
        raise InvalidInput.of(problems)
    return values


_DOTENV = "write KEY=VALUE, or # in front of a comment"


def _read_json(path: Path, shown_as: str) -> dict[str, str]:
    text = _text_of(path, shown_as)
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
    except json.JSONDecodeError as error:
        where = Location(shown_as, error.lineno, error.colno)
        raise InvalidInput("the file is no JSON", code=_FILE_CODE, where=where) from None
    except (ValueError, RecursionError):
        raise InvalidInput("the file is no JSON", code=_FILE_CODE, where=Location(shown_as, 1, 1)) from None
    if not isinstance(pairs, _Pairs):
        raise InvalidInput("the file must hold one object", code=_FILE_CODE, where=Location(shown_as, 1, 1))
    values = pairs.unique(shown_as)
    return {key: _as_text(value) for key, value in values.items() if value is not None}


class _Pairs(list[tuple[str, object]]):
    """The members of a JSON object, as often as they are written."""

    def unique(self, shown_as: str) -> dict[str, object]:
        values = dict(self)
        if len(values) < len(self):
            names = [key for key, _ in self]
            twice = sorted({key for key in names if names.count(key) > 1})
            message = f"keys are set twice: {', '.join(twice)}"
            raise InvalidInput(message, code=_FILE_CODE, where=Location(shown_as, 1, 1))
        return values


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, _Pairs):
        return {key: _plain(item) for key, item in value}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _read_folder(path: Path, shown_as: str) -> dict[str, str]:
    try:
        files = sorted(entry for entry in path.iterdir() if not entry.name.startswith(".") and not entry.is_dir())
    except OSError as error:
        message = f"the folder can't be read: {error.strerror or 'it is no folder'}"
        raise InvalidInput(message, code=_FILE_CODE, where=Location(shown_as, 1, 1)) from None
    return {file.name: _text_of(file, f"{shown_as}/{file.name}").rstrip("\r\n") for file in files}


def _is_unusable(key: str, value: str) -> bool:
    return not key or "=" in key or "\0" in key or "\0" in value


def _problem_of_key(key: str, value: str, shown_as: str) -> Problem:
    what = "holds the character NUL" if "\0" in value else "is no name that an environment can have"
    return Problem(code=_FILE_CODE, message=f"{key!r} {what}", where=Location(shown_as, 1, 1))
