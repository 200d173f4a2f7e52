"""A dotted path to a value, and the one way in which it is looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..contracts.spelling import did_you_mean, nearest
from ..errors import MissingReference, Problem, YamlPath
from ..quick_dataclasses import dataclass
from ..spec.identifiers import ID_PATTERN

#: One name of a path; possessive, so that matching never goes back.
NAME = r"[A-Za-z0-9_][A-Za-z0-9_-]*+"


#: Templates of resources may refer to the environment only.
RESOURCE_ROOTS = frozenset({"env"})


#: Where the roots are that are not everywhere, for messages to those who look for them elsewhere.
_PLACES_OF_ROOTS: Mapping[str, str] = {
    "failure": "in jobs of `on_failure` and `finally`",
    "flow_id": "in inputs and outputs",
    "item": "in inputs and `when` of a step with `foreach`",
    "item_index": "in inputs and `when` of a step with `foreach`",
    "job": "in steps, and in `outputs` of their job",
    "jobs": "in jobs and steps",
    "params": "in jobs and steps",
    "result": "in `outputs` of a step",
    "run": "in jobs, steps and defaults of parameters",
    "run_id": "in inputs and outputs",
    "steps": "in steps, and in `outputs` of their job",
}


def mend_of_root(root: str, words: Collection[str]) -> str:
    """What to do about a root that is not there: where it is, else the nearest word.

    Args:
        root: what was written.
        words: what could stand there instead.
    """
    place = _PLACES_OF_ROOTS.get(root)
    if place is None:
        return did_you_mean(root, words)
    meant = nearest(root, words)
    return f"{root!r} can be used only {place}{f'; did you mean {meant!r}?' if meant else ''}"


class OutsideText(str):
    """A whole value that came as text from outside: from the environment, or from a template's default.

    It stands for what the declared type of its destination makes of it (`text.fit`).
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """What a template or a `when` names: the parts of its path, and the text that stands in for it."""

    parts: tuple[str, ...]
    default: str | None
    path: YamlPath
    #: Is the token the whole value, so that the type is kept?
    is_whole: bool = True

    @property
    def root(self) -> str:
        """The first part, which says where to look."""
        return self.parts[0]

    @property
    def dotted(self) -> str:
        """The path as it is written."""
        return ".".join(self.parts)

    @property
    def token(self) -> str:
        """The whole of it as a template writes it."""
        default = "" if self.default is None else f":{self.default}"
        return f"{{{{{self.dotted}{default}}}}}"


class _Absent:
    """The type of `ABSENT`."""

    __slots__ = ()


#: What `find` answers where there is nothing, since null is a value.
ABSENT = _Absent()


def find(parts: tuple[str, ...], scope: Mapping[str, object]) -> object:
    """The value at the end of a path, or `ABSENT`: exact keys of mappings only, no attributes, no indexes."""
    current: object = scope
    for part in parts:
        if not isinstance(current, Mapping) or part not in current:
            return ABSENT
        current = current[part]
    return current


def resolve(reference: Reference, scope: Mapping[str, object]) -> object:
    """What a template's reference stands for.

    Where a default is given, an empty text and a null count as missing.

    Raises:
        MissingReference: it names what does not exist, and gives no default.
    """
    value = find(reference.parts, scope)
    if reference.default is not None:
        return OutsideText(reference.default) if _is_missing(value) else _marked(reference, value)
    if value is ABSENT:
        raise MissingReference.of([_missing(reference, scope)])
    return _marked(reference, value)


def _is_missing(value: object) -> bool:
    return value is ABSENT or value is None or (isinstance(value, str) and not value)


def _marked(reference: Reference, value: object) -> object:
    return OutsideText(value) if reference.root == "env" and isinstance(value, str) else value


def _missing(reference: Reference, scope: Mapping[str, object]) -> Problem:
    return Problem(
        code=MissingReference.code,
        message=f"{reference.dotted!r} does not exist",
        help=_mend(reference, scope),
        path=reference.path,
    )


def _mend(reference: Reference, scope: Mapping[str, object]) -> str:
    known, wrong = _known_names(reference.parts, scope)
    meant = nearest(wrong, known)
    hint = f"did you mean {meant!r} instead of {wrong!r}? " if meant else ""
    if reference.root == "env":
        return f"{hint}set {wrong} in the environment, or give a default: {{{{{reference.dotted}:…}}}}"
    return f"{hint}give a default where it may be missing: {{{{{reference.dotted}:…}}}}"


def _known_names(parts: tuple[str, ...], scope: Mapping[str, object]) -> tuple[list[str], str]:
    """The names beside the first one that does not exist, and that one."""
    current: object = scope
    for part in parts:
        if not isinstance(current, Mapping):
            return [], part
        if part not in current:
            return [key for key in current if isinstance(key, str) and ID_PATTERN.fullmatch(key)], part
        current = current[part]
    return [], parts[-1]
