"""Which fields of a resource are decoded, as its `decode` says, and the decoding of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from ..contracts.spelling import did_you_mean
from ..errors import InvalidInput, Problem, YamlPath
from .references import OutsideText
from .schemas import DeclaredTypes, Schema, known_properties
from .templates import Template

#: The sections of a resource that can be decoded.
SECTIONS = ("config", "options")

_CODE = "AF-DECODE"
_NOT_ALONE = "Decode target must be a standalone template token like '{{TOKEN}}' (no prefix/suffix)."

Targets: TypeAlias = tuple[YamlPath, ...]
Decode: TypeAlias = Callable[[str, YamlPath], str]
Change: TypeAlias = Callable[[object, YamlPath], object]


def targets_of(decode: Mapping[str, Any]) -> Targets:
    """The paths that are to be decoded, each starting with its section, in the order they are written.

    Raises:
        InvalidInput: a section, a mark or a path is not one; holds all problems, paths start at `decode`.
    """
    problems: list[Problem] = []
    found: list[YamlPath] = []
    for key, value in decode.items():
        if key in SECTIONS:
            found.extend(_marked(value or {}, (key,), problems))
        elif key in ("config_paths", "options_paths") and (value is None or isinstance(value, list)):
            found.extend(_listed(value or [], key, problems))
        else:
            mend = did_you_mean(key, (*SECTIONS, "config_paths", "options_paths"))
            problems.append(Problem(code=_CODE, message=f"{key!r} can't be decoded", help=mend, path=(key,)))
    if problems:
        raise InvalidInput.of(problems)
    return tuple(dict.fromkeys(found))


def problems_with(targets: Targets, written: Mapping[str, Any], template: Template) -> Iterator[Problem]:
    """Targets whose value is written as a token with text around it: decoding a part of a text means nothing.

    Args:
        targets: the paths to decode.
        written: the sections of the resource, not yet rendered.
        template: the same, compiled; its references say where tokens stand.
    """
    mixed = {reference.path for reference in template.references if not reference.is_whole}
    for target in targets:
        for path, value in _texts(_at(written, target), target):
            if path in mixed or ("}}" in value and not any(path == known.path for known in template.references)):
                yield Problem(code=_CODE, message=_NOT_ALONE, path=path)


def problems_with_names(targets: Targets, schemas: Mapping[str, Schema]) -> Iterator[Problem]:
    """Targets that the connector can't have: a misspelt one would leave its field encoded."""
    for target in targets:
        declared = DeclaredTypes(schemas.get(str(target[0]), {}))
        here = declared.top()
        for number, name in enumerate(target[1:], start=1):
            known = known_properties(here)
            if known is not None and name not in known:
                path = target[: number + 1]
                message = f"{_dotted(path)} is to be decoded, and there is no such setting"
                yield Problem(code=_CODE, message=message, help=did_you_mean(str(name), known), path=("decode", *path))
                break
            here = declared.of_property(here, {}, str(name))


def decode_targets(
    rendered: Mapping[str, Any], targets: Targets, decode: Decode
) -> tuple[dict[str, Any], list[Problem]]:
    """The sections with their targets decoded, and what could not be; what a resource does not set is passed over.

    Args:
        rendered: the sections of the resource; not changed.
        targets: the paths to decode; of a list or a mapping, every text in it.
        decode: called with each text and its path.
    """
    problems: list[Problem] = []
    result = dict(rendered)
    for target in targets:
        section = str(target[0])
        result[section] = _replaced(
            result[section], target, 1, lambda value, path: _decoded(value, path, decode, problems)
        )
    return result, problems


def _decoded(value: object, path: YamlPath, decode: Decode, problems: list[Problem]) -> object:
    if isinstance(value, str):
        try:
            # Still text from outside: a decoded port becomes the number that the connector declares.
            return OutsideText(decode(str(value), path))
        except InvalidInput as error:
            problems.extend(error.problems)
            return ""
    if isinstance(value, Mapping):
        return {key: _decoded(item, (*path, key), decode, problems) for key, item in value.items()}
    if isinstance(value, list):
        return [_decoded(item, (*path, index), decode, problems) for index, item in enumerate(value)]
    if value is not None:
        message = f"{_dotted(path)} is to be decoded, and only text can be"
        problems.append(Problem(code=_CODE, message=message, help="write it in quotes", path=path))
    return value


def _replaced(value: object, target: YamlPath, depth: int, change: Change) -> object:
    """A copy along the path, with what stands at its end changed; the same object where the path does not exist."""
    if depth == len(target):
        return change(value, target)
    name = target[depth]
    if not isinstance(value, Mapping) or name not in value:
        return value
    return {**value, name: _replaced(value[name], target, depth + 1, change)}


def _marked(marks: object, path: YamlPath, problems: list[Problem]) -> list[YamlPath]:
    """The paths of the leaves that say true."""
    if marks is True and len(path) > 1:
        return [path]
    if marks is None or marks is False:
        return []
    if isinstance(marks, Mapping):
        return [found for key, mark in marks.items() for found in _marked(mark, (*path, key), problems)]
    problems.append(Problem(code=_CODE, message=f"{_dotted(path)} must be marked with true or false", path=path))
    return []


def _listed(paths: list[object], key: str, problems: list[Problem]) -> list[YamlPath]:
    """The dotted paths of a list."""
    found: list[YamlPath] = []
    for number, written in enumerate(paths):
        parts = written.split(".") if isinstance(written, str) else [""]
        if all(parts):
            found.append((key.removesuffix("_paths"), *parts))
        else:
            problems.append(Problem(code=_CODE, message="this is no dotted path of a setting", path=(key, number)))
    return found


def _at(written: object, target: YamlPath) -> object:
    for name in target:
        if not isinstance(written, Mapping) or name not in written:
            return None
        written = written[name]
    return written


def _texts(value: object, path: YamlPath) -> Iterator[tuple[YamlPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


def _dotted(path: YamlPath) -> str:
    return ".".join(map(str, path))
