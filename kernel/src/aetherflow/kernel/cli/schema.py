"""`aetherflow schema`: the JSON Schema of a flow, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ExitCode, InvalidInput
from .output import output_kept_for_the_answer, print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..plugins.index import PluginIndex


def make_schema(
    *, flow: str | None, profile: str | None, output: str | None, as_json: bool, environ: Mapping[str, str]
) -> ExitCode:
    """Print the JSON Schema of a flow, for editors: of all step types that may be used here."""
    from ..flow_schema.whole import left_out, make_flow_schema
    from ..plugins.listing import open_index

    with output_kept_for_the_answer(), open_index(_project_of(flow), profile, environ=environ) as index:
        _tell_what_is_wrong(index)
        text = json.dumps(make_flow_schema(index), indent=2) + "\n"
        missing = left_out(index)
    if output is None:
        say(text, end="")
        return ExitCode.DONE
    _write(Path(output), text)
    if as_json:
        print_json({"ok": True, "written": output, "profile": index.profile.name, "left_out": missing})
    else:
        say(f"written: {output}")
    return ExitCode.DONE


def _project_of(flow: str | None) -> Path | None:
    if flow is not None and not Path(flow).exists():
        raise InvalidInput(f"there is no flow {flow}", code="AF-FILE-MISSING", help="check the path")
    return None if flow is None else Path(flow)


def _tell_what_is_wrong(index: PluginIndex) -> None:
    """Plugins that can't be used, for a reason other than the policy, which may well be meant."""
    from ..plugins.index import state_error
    from ..plugins.records import PluginState

    for problem in index.warnings:
        say(str(problem), to_error=True)
    for record in index.plugins:
        if not record.is_ready and record.state is not PluginState.DENIED:
            problem = state_error(record, "the schema leaves a plugin out: what it contributes").problem
            say(f"warning {problem.code}: {problem.message}\nhelp: {problem.help}", to_error=True)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(
            f"the schema can't be written to {file}: {error.strerror}",
            code="AF-SCHEMA-FILE",
            help="name a file in a folder that exists, and that you may write",
        ) from None
