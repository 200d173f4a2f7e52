"""A plan as a file: written whole or not at all, read as what it is: input from outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import InvalidInput
from ..spec.source import MAX_BYTES, read_source

#: Deeper than the inputs of a step may be, with all that they stand in.
_MAX_DEPTH = 200
_AGAIN = "make it again: aetherflow plan FLOW --out FILE"


def write_plan_file(told: dict[str, Any], out: str, *, flow_file: Path) -> None:
    """Write a plan, in place of one that stands there.

    Raises:
        InvalidInput: it can't go there, or can't be written.
    """
    from ..files.publish import publish

    target = Path(out)
    if not target.parent.is_dir():
        raise InvalidInput(
            f"there is no folder {target.parent}", code="AF-FILE-MISSING", help="make it, or check the path"
        )
    if target.is_dir():
        raise InvalidInput(f"{out} is a folder", code="AF-FILE-KIND", help="name a file: --out plan.json")
    if target.exists() and target.samefile(flow_file):
        raise InvalidInput("--out names the flow itself", code="AF-USAGE", help="name another file: --out plan.json")
    content = json.dumps(told, indent=2, ensure_ascii=True).encode() + b"\n"
    if len(content) > MAX_BYTES:
        raise _wrong(out, f"it would be bigger than {MAX_BYTES // 1024**2} MiB", "run the flow without a kept plan")
    try:
        with publish(target.resolve()) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        why = error.strerror or str(error)
        mend = "name a file in a folder that can be written to"
        raise InvalidInput(f"{out} can't be written: {why}", code="AF-OUTPUT-FILE", help=mend) from None


def read_plan_file(name: str) -> dict[str, Any]:
    """A plan that was written.

    Raises:
        InvalidInput: there is none, or what stands there is none that this version can read.
    """
    try:
        source = read_source(Path(name), shown_as=name)
    except InvalidInput as error:
        if error.problem.code == "AF-FILE-MISSING":
            raise
        raise _wrong(name, error.problem.message) from None
    try:
        told = json.loads(source, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _wrong(name, "it is no JSON, or not all of it") from None
    return _checked(name, told)


def _checked(name: str, told: object) -> dict[str, Any]:
    from ..plan.description import PLAN_FORMAT
    from ..plan.plan_format import PLAN_SCHEMA

    if not isinstance(told, dict) or "plan_format" not in told:
        raise _wrong(name, "it is something else")
    if told["plan_format"] != PLAN_FORMAT or isinstance(told["plan_format"], bool):
        found = told["plan_format"]
        shown = found if isinstance(found, int) and abs(found) < 10**6 else "another one"
        raise _wrong(name, f"its plan_format is {shown}, and this version reads {PLAN_FORMAT}")
    _refuse_depth(name, told)
    import jsonschema_rs

    try:
        jsonschema_rs.validator_for(dict(PLAN_SCHEMA)).validate(told)
    except jsonschema_rs.ValidationError as error:
        place = ".".join(map(str, error.instance_path))
        raise _wrong(name, f"something is missing or of another kind {f'at {place}' if place else 'in it'}") from None
    _refuse_no_moment(name, told["request"].get("scheduled_time"))
    return told


def _refuse_no_moment(name: str, scheduled_time: object) -> None:
    from .times import moment

    if scheduled_time is None:
        return
    try:
        moment(str(scheduled_time), option="the scheduled time")
    except InvalidInput as error:
        raise _wrong(name, error.problem.message) from None


def _refuse_depth(name: str, told: object) -> None:
    """Whatever looks at a value later may go into it as deep as it is."""
    level = [told]
    for _ in range(_MAX_DEPTH):
        inner = ((each.values() if isinstance(each, dict) else each) for each in level if isinstance(each, dict | list))
        level = [value for values in inner for value in values]
        if not level:
            return
    raise _wrong(name, "it is nested too deep")


def _refuse_constant(text: str) -> None:
    raise ValueError(text)


def _wrong(name: str, why: str, mend: str = _AGAIN) -> InvalidInput:
    return InvalidInput(f"{name} can't be used as a plan: {why}", code="AF-PLAN-FILE", help=mend)
