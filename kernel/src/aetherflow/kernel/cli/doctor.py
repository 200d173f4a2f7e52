"""`aetherflow doctor`: whether this machine is ready to run, or to run one flow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..contracts.tables import plain
from .flow_file import given_flow
from .output import output_kept_for_the_answer, print_json, redactor_of, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..diagnostics.doctor import Examination
    from ..diagnostics.findings import Finding
    from ..diagnostics.resources import MissingKey
    from ..errors import ExitCode


def doctor(
    *, flow: str | None, flow_yaml: str | None, profile: str | None, as_json: bool, environ: Mapping[str, str]
) -> ExitCode:
    """Look at the machine, the project and the flow; no plugin is imported, nothing is made or opened."""
    from ..diagnostics.doctor import examine

    file = given_flow(flow, flow_yaml, command="doctor") if flow or flow_yaml else None
    with output_kept_for_the_answer():
        examination = examine(file, profile=profile, environ=environ)
    named = str(file) if file else None
    redactor = examination.redactor or redactor_of(environ)
    if as_json:
        print_json(redactor.redact_value(_as_json(examination, named)))
    else:
        say(redactor.redact("\n".join(_lines(examination, named))))
    return examination.exit_code


def _lines(examination: Examination, flow: str | None) -> Iterator[str]:
    findings = examination.findings
    counts = {level: sum(found.level == level for found in findings) for level in ("error", "warning")}
    told = ", ".join(f"{count} {level}{'s' if count > 1 else ''}" for level, count in counts.items() if count)
    head = "FAIL" if counts["error"] else "OK"
    yield f"{head}: {flow or 'this machine and its project'}{f' ({told})' if told else ''}"
    for group in dict.fromkeys(found.group for found in findings):
        yield ""
        yield f"{group}:"
        for finding in findings:
            if finding.group == group:
                yield from _lines_of(finding)


def _lines_of(finding: Finding) -> Iterator[str]:
    place = f"{finding.where}: " if finding.where else ""
    code = f"{finding.code}: " if finding.code else ""
    first, *others = finding.message.split("\n")
    yield f"  {finding.level.ljust(7)}  {plain(f'{place}{code}{first}')}"
    yield from (f"           {plain(line)}" for line in others)
    if finding.help:
        yield f"           help: {plain(finding.help)}"


def _as_json(examination: Examination, flow: str | None) -> dict[str, Any]:
    return {
        "ok": not examination.exit_code,
        "exit_code": int(examination.exit_code),
        "flow_yaml": flow,
        "checks": [_finding_as_json(finding) for finding in examination.findings],
        "missing_env": [_missing_as_json(key) for key in examination.missing],
    }


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    where = finding.where
    return {
        "group": finding.group,
        "level": finding.level,
        "message": finding.message,
        "code": finding.code or None,
        "help": finding.help,
        "file": where.file if where else None,
        "line": where.line if where else None,
        "column": where.column if where else None,
    }


def _missing_as_json(missing: MissingKey) -> dict[str, Any]:
    section, *inner = missing.setting.path
    return {
        "resource": missing.resource,
        "profile": missing.profile,
        "section": section,
        "field": ".".join(map(str, inner)),
        "key": missing.key,
        "file": missing.where.file if missing.where else None,
        "line": missing.where.line if missing.where else None,
    }
