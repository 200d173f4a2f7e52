"""`aetherflow diagnostics`: the snapshot of machine, project and flow for whoever wants to see a run again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..contracts.tables import plain
from ..errors import AetherFlowError, ExitCode, InvalidInput
from .flow_file import given_flow
from .output import output_kept_for_the_answer, print_json, redactor_of, say

if TYPE_CHECKING:
    from ..diagnostics.snapshot import Snapshot

#: Nobody but the user has to read which libraries and paths a machine has.
_FOR_ITS_USER_ONLY = 0o600


def diagnostics(
    *,
    flow: str | None,
    flow_yaml: str | None,
    profile: str | None,
    output: str | None,
    as_json: bool,
    environ: Mapping[str, str],
) -> ExitCode:
    """Take a snapshot of machine, project and flow, in which every secret is masked."""
    from ..diagnostics.snapshot import take_snapshot

    file = given_flow(flow, flow_yaml, command="diagnostics") if flow or flow_yaml else None
    with output_kept_for_the_answer():
        snapshot = take_snapshot(file, profile=profile, environ=environ)
    answer = _as_json(snapshot, environ)
    if output is not None:
        _write(Path(output), (json.dumps(answer, indent=2) if as_json else "\n".join(_lines(answer))) + "\n")
    if not as_json:
        _tell_problems(snapshot, environ)
        say(f"written: {output}" if output else "\n".join(_lines(answer)))
    elif output:
        print_json({"ok": answer["ok"], "written": output, "errors": answer["errors"]})
    else:
        print_json(answer)
    return snapshot.exit_code


def _as_json(snapshot: Snapshot, environ: Mapping[str, str]) -> dict[str, Any]:
    from ..check.report import problem_as_json

    errors = redactor_of(environ).redact_value([problem_as_json(problem) for problem in snapshot.problems])
    return {"ok": not errors, **snapshot.value, "errors": errors}


def _tell_problems(snapshot: Snapshot, environ: Mapping[str, str]) -> None:
    redactor = redactor_of(environ)
    for problem in snapshot.problems:
        say(redactor.redact(str(problem)), to_error=True)


def _write(file: Path, text: str) -> None:
    from ..files.publish import publish
    from ..state.folders import without_links

    try:
        place = without_links(file.expanduser().absolute())
        with publish(place, mode=_FOR_ITS_USER_ONLY) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except (OSError, AetherFlowError) as error:
        why = error.strerror if isinstance(error, OSError) else error.problem.message
        mend = "name a file in a folder that may be written to"
        raise InvalidInput(f"{file} can't be written: {why}", code="AF-OUTPUT-FILE", help=mend) from None


def _lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """The same as text: a line for each value, below the name of its part."""
    for name, part in answer.items():
        if isinstance(part, dict | list) and part:
            yield f"{name}:"
            yield from (f"  {plain(line)}" for line in _lines_of(part))
        elif not isinstance(part, dict | list):
            yield f"{name}: {plain(_shown(part))}"


def _lines_of(part: dict[str, Any] | list[Any]) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield "  ".join(f"{key}={_shown(value)}" for key, value in item.items()) if isinstance(item, dict) else item
        return
    for key, value in part.items():
        if isinstance(value, list) and value:
            yield f"{key}:"
            yield from (f"  {line}" for line in _lines_of(value))
        elif not isinstance(value, list):
            yield f"{key}: {_shown(value)}"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
