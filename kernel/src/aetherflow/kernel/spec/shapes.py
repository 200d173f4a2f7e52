"""Small readers, one per shape of value, that say what is wrong and go on."""

from __future__ import annotations

import math
from typing import Any

from ..contracts.spelling import did_you_mean
from ..errors import InvalidInput, YamlPath
from .core_schema import read_scalar
from .fields import Reading, Shape, read_into
from .identifiers import allowed_id, problem_with_id
from .misfits import Misfit, shown, wrong_type


class Rendered(str):
    """Text that came out of a template: where something else than text belongs, it is read as YAML reads it."""

    __slots__ = ()


def text(_reading: Reading, value: object, _path: YamlPath) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise wrong_type(value, "text")
    return str(value)


def text_or_null(reading: Reading, value: object, path: YamlPath) -> str | None:
    """Any text, or nothing."""
    return None if value is None else text(reading, value, path)


def identifier(reading: Reading, value: object, path: YamlPath) -> str:
    """An id; one that is not allowed is reported and kept."""
    return _identifier(reading, value, path, dotted=False)


def dotted_identifier(reading: Reading, value: object, path: YamlPath) -> str:
    """An id that may hold dots; one that is not allowed is reported and kept."""
    return _identifier(reading, value, path, dotted=True)


def _identifier(reading: Reading, value: object, path: YamlPath, *, dotted: bool) -> str:
    found = text(reading, value, path)
    report_bad_id(reading, found, path, dotted=dotted)
    return found


def report_bad_id(reading: Reading, name: str, path: YamlPath, *, dotted: bool = False, at_key: bool = False) -> None:
    """Note what is wrong with an id, if anything is.

    AF-ID: the name of a job, step, parameter, resource or output is none that templates and file names can hold.

    Example:
        flow: {id: report}
        jobs:
          - id: show day
            steps:
              - {id: today, type: external.process, inputs: {command: [date]}}

    Mend: use letters, digits, `_` and `-` only, at most 64 of them.
        - id: show_day
    """
    problem = problem_with_id(name, dotted=dotted)
    if problem:
        allowed = allowed_id(name, dotted=dotted)
        mend = f"write {allowed!r}, or choose another id" if allowed else "choose another id"
        reading.report("AF-ID", f"the id {shown(name)} {problem}", mend, path, at_key=at_key)


def whole_number(minimum: int, maximum: int | None = None) -> Shape:
    """A whole number within limits."""

    def read(_reading: Reading, value: object, _path: YamlPath) -> int:
        found = from_template(value)
        if isinstance(found, bool) or not isinstance(found, int):
            raise wrong_type(value, "a whole number")
        _refuse_outside(found, minimum, maximum)
        return found

    return read


def number(minimum: float, maximum: float | None = None, *, of: str = "") -> Shape:
    """A number, whole or not, within limits; messages say of what."""
    wanted = f"a number of {of}" if of else "a number"

    def read(_reading: Reading, value: object, _path: YamlPath) -> float:
        found = from_template(value)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise wrong_type(value, wanted)
        if isinstance(found, float) and not math.isfinite(found):
            raise Misfit("AF-WRONG-VALUE", "this must be a finite number", "leave the key out where there is no limit")
        _refuse_outside(found, minimum, maximum)
        return found

    return read


#: A year: nobody means more, and no system can wait for ever.
LONGEST_SECONDS = 366 * 24 * 3600

seconds = number(0, LONGEST_SECONDS, of="seconds")


def duration(reading: Reading, value: object, path: YamlPath) -> float:
    """A number of seconds that is not none."""
    found: float = seconds(reading, value, path)
    if not found:
        raise Misfit("AF-WRONG-VALUE", "0 is too small", "write a number above 0, or leave the key out")
    return found


def _refuse_outside(found: float, minimum: float, maximum: float | None) -> None:
    if found < minimum:
        raise Misfit("AF-WRONG-VALUE", f"{shown(found)} is too small", f"write {minimum} or more")
    if maximum is not None and found > maximum:
        raise Misfit("AF-WRONG-VALUE", f"{shown(found)} is too big", f"write {maximum} or less")


def truth(_reading: Reading, value: object, _path: YamlPath) -> bool:
    """Either true or false."""
    found = from_template(value)
    if not isinstance(found, bool):
        raise wrong_type(value, "a boolean")
    return found


def from_template(value: object) -> object:
    """What a rendered text means; anything else as it is."""
    if not isinstance(value, Rendered):
        return value
    try:
        return read_scalar(value)
    except InvalidInput as error:
        raise Misfit(error.problem.code, error.problem.message, error.problem.help) from None


def one_of(*words: str) -> Shape:
    """One of a few words.

    AF-WRONG-VALUE: the value has the right type, and is none of those that are allowed at this place.

    Example:
        flow: {id: report}
        params:
          day: {type: dat}
        jobs:
          - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}

    Mend: write one of the values that the message names.
        day: {type: date}
    """

    def read(reading: Reading, value: object, path: YamlPath) -> str:
        found = text(reading, value, path)
        if found not in words:
            raise Misfit(
                "AF-WRONG-VALUE", f"{shown(found)} is none of the values for this key", did_you_mean(found, words)
            )
        return found

    return read


def one_of_or_null(*words: str) -> Shape:
    """One of a few words, or nothing."""
    word = one_of(*words)

    def read(reading: Reading, value: object, path: YamlPath) -> str | None:
        return None if value is None else word(reading, value, path)

    return read


def anything(_reading: Reading, value: object, _path: YamlPath) -> object:
    """Any value."""
    return value


def free_mapping(_reading: Reading, value: object, _path: YamlPath) -> dict[str, object]:
    """A mapping whose keys are not ours to know."""
    if not isinstance(value, dict):
        raise wrong_type(value, "a mapping")
    return value


#: More jobs, steps or names than anybody writes.
MAX_LENGTH = 100_000


def list_of(shape: Shape) -> Shape:
    """A list of values of one shape; items that can't be read are left out."""

    def read(reading: Reading, value: object, path: YamlPath) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise wrong_type(value, "a list")
        if len(value) > MAX_LENGTH:
            message = f"a list of {len(value):,} is too long, at most {MAX_LENGTH:,} may stand here"
            raise Misfit("AF-WRONG-VALUE", message, "split the flow")
        found: dict[int, Any] = {}
        for number, item in enumerate(value):
            read_into(found, number, shape, reading, item, (*path, number))  # type: ignore[arg-type]  # keyed by number
        return tuple(found.values())

    return read


def named(shape: Shape) -> Shape:
    """A mapping from names, which are ids, to values of one shape."""

    def read(reading: Reading, value: object, path: YamlPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, item in free_mapping(reading, value, path).items():
            report_bad_id(reading, name, (*path, name), at_key=True)
            read_into(found, name, shape, reading, item, (*path, name))
        return found

    return read
