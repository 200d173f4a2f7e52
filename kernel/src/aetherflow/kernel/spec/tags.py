"""The tags that a document may use: the core schema's and `!raw`."""

from __future__ import annotations

from collections.abc import Callable

from ..contracts.spelling import nearest
from ..errors import InvalidInput, Location
from .core_schema import read_scalar
from .values import Raw

_CORE = "tag:yaml.org,2002:"


def apply_tag(tag: str, value: object, where: Location, *, is_plain: bool) -> object:
    """The value as its tag wants it; a scalar comes in as the text that it is written as.

    Raises:
        InvalidInput: the tag is not one of ours, or the value is nothing that it allows.
    """
    try:
        return _applied(tag, value, is_plain=is_plain)
    except _Misfit:
        message = f"this is nothing that the tag !!{tag.removeprefix(_CORE)} allows"
        raise InvalidInput(message, code="AF-YAML-TAG", help="leave the tag out", where=where) from None
    except InvalidInput as error:
        raise error.at(where) from None


def _applied(tag: str, value: object, *, is_plain: bool) -> object:
    if tag == "!raw":
        # What it would be without the tag: `!raw 7` is a number.
        return Raw(read_scalar(value) if is_plain and isinstance(value, str) else value)
    if tag == "!":
        return value
    read = _READERS.get(tag.removeprefix(_CORE)) if tag.startswith(_CORE) else None
    if read is None:
        raise _refused(tag)
    return read(value)


class _Misfit(ValueError):
    """The value does not fit its tag."""


def _of_type(wanted: type | tuple[type, ...]) -> Callable[[object], object]:
    def read(value: object) -> object:
        if not isinstance(value, wanted):
            raise _Misfit
        return value

    return read


def _scalar_of(wanted: type) -> Callable[[object], object]:
    def read(value: object) -> object:
        found = read_scalar(value) if isinstance(value, str) else value
        if wanted is float and type(found) is int:
            return float(found)
        if type(found) is not wanted:
            raise _Misfit
        return found

    return read


_READERS: dict[str, Callable[[object], object]] = {
    "str": _of_type(str),
    "map": _of_type(dict),
    "seq": _of_type(list),
    "int": _scalar_of(int),
    "float": _scalar_of(float),
    "bool": _scalar_of(bool),
    "null": _scalar_of(type(None)),
}


def _refused(tag: str) -> InvalidInput:
    """A tag of somebody else's.

    AF-YAML-TAG: a word that starts with `!` stands in front of a value, and is no tag that is known here.

    Example:
        flow: {id: report}
        jobs:
          - id: show
            steps:
              - {id: today, type: external.process, inputs: {command: [echo, !env DAY]}}

    Mend: leave it out; what comes from outside is written as a template, and a text that starts with `!` in quotes.
        - {id: today, type: external.process, inputs: {command: [echo, "{{env.DAY:today}}"]}}
    """
    known = ["!raw", *(f"!!{name}" for name in _READERS)]
    written = "!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag
    message = f"the tag {written[:80]!a} is not known here"
    meant = nearest(written[:80], known)
    mend = f"did you mean {meant!r}?" if meant else "leave it out; put a text in quotes that starts with !"
    return InvalidInput(message, code="AF-YAML-TAG", help=mend)
