"""Whether this machine is ready to run, or to run one flow: everything is looked at, and nothing is made or opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..check.preparation import Prepared, Surroundings, find_surroundings, prepare_flow
from ..errors import AetherFlowError, ExitCode
from ..quick_dataclasses import dataclass, field
from .findings import Finding, exit_code_of, fine, of_error, of_problem
from .places import examine_places
from .program import examine_program
from .project import examine_environment, examine_plugins, examine_project
from .resources import MissingKey, ResourceReport, missing_keys, report_resources, untold
from .startup import examine_startup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..errors import Problem
    from ..resolve.redaction import Redactor

_MISSING_KEY = "AF-ENV-MISSING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All that was found; `missing` are the findings about environment keys once more, in parts."""

    findings: tuple[Finding, ...]
    missing: tuple[MissingKey, ...] = ()
    #: Knows the secrets that were come by; null where the environment could not be read.
    redactor: Redactor | None = field(default=None, repr=False)

    @property
    def exit_code(self) -> ExitCode:
        """How the command is to end."""
        return exit_code_of(self.findings)


def examine(flow_file: Path | None, *, profile: str | None, environ: Mapping[str, str]) -> Examination:
    """Look at the machine, at the project, and at the flow where one is named.

    Args:
        flow_file: the flow; without it the project that the current folder belongs to is looked at.
        profile: the runtime profile asked for.
        environ: the environment that a run would be started with.
    """
    findings = [*examine_program(), *examine_startup()]
    if flow_file is None:
        return _examine_without_flow(Path.cwd(), findings, profile=profile, environ=environ)
    try:
        prepared = prepare_flow(flow_file, profile=profile, environ=environ)
    except AetherFlowError as error:
        return _examine_without_flow(flow_file, findings, profile=profile, environ=environ, unreadable=error)
    with prepared.surroundings.index:
        return _examine_flow(prepared, flow_file, findings)


def _examine_without_flow(
    place: Path,
    findings: list[Finding],
    *,
    profile: str | None,
    environ: Mapping[str, str],
    unreadable: AetherFlowError | None = None,
) -> Examination:
    of_flow = of_error("flow", unreadable) if unreadable else []
    try:
        surroundings = find_surroundings(place, profile=profile, environ=environ)
    except AetherFlowError as error:
        if unreadable and unreadable.problems == error.problems:
            of_flow = []
        return Examination(findings=(*findings, *of_error("project", error), *of_flow))
    with surroundings.index:
        findings = [*findings, *_examine_surroundings(surroundings, None), *of_flow]
        return Examination(findings=tuple(findings), redactor=surroundings.redactor)


def _examine_surroundings(surroundings: Surroundings, prepared: Prepared | None) -> Iterator[Finding]:
    flow = prepared.flow_index.flow if prepared and prepared.flow_index else None
    yield from examine_project(surroundings)
    yield from examine_plugins(surroundings)
    yield from examine_places(surroundings, flow)
    yield from examine_environment(surroundings, has_resources=bool(flow and flow.resources))


def _examine_flow(prepared: Prepared, flow_file: Path, findings: list[Finding]) -> Examination:
    surroundings = prepared.surroundings
    flow = prepared.flow_index.flow if prepared.flow_index else None
    reports = report_resources(surroundings, flow, names=flow.resources) if flow else []
    missing = tuple(missing_keys(reports))
    told = _problems_of_flow(prepared)
    findings += _examine_surroundings(surroundings, prepared)
    findings += [of_problem("flow", problem) for problem in told]
    if not prepared.errors:
        findings.append(fine("flow", f"{flow_file} is valid"))
    findings += [of_problem("resources", problem) for problem in untold(reports, told)]
    # Where a key may be missing at no price, the hook is no excuse either.
    may_come_later = surroundings.settings.has_secrets_hook and not surroundings.settings.validate_env_strict
    findings += [_of_missing(key, may_come_later=may_come_later) for key in missing]
    findings += _complete(reports, missing)
    return Examination(findings=tuple(findings), missing=missing, redactor=surroundings.redactor)


def _problems_of_flow(prepared: Prepared) -> list[Problem]:
    """What the check says of the flow alone; a key that a resource lacks is told with the field that it fills."""
    of_surroundings = prepared.surroundings.problems
    found = [each for each in (*prepared.errors, *prepared.warnings) if each not in of_surroundings]
    return [each for each in found if not (each.code == _MISSING_KEY and each.path[:1] == ("resources",))]


def _complete(reports: Iterable[ResourceReport], missing: Iterable[MissingKey]) -> list[Finding]:
    lacking = {key.resource for key in missing}
    names = [report.resource.name for report in reports if not report.problems]
    return [fine("resources", f"{name} is complete") for name in names if name not in lacking]


def _of_missing(key: MissingKey, *, may_come_later: bool) -> Finding:
    profile = f" profile={key.profile}" if key.profile else ""
    # Nobody writes a secret down as a default.
    mend = f"set {key.key}{'' if key.setting.is_secret else f', or give a default: {{{{env.{key.key}:…}}}}'}"
    return Finding(
        group="resources",
        level="warning" if may_come_later else "error",
        message=f"resource={key.resource}{profile} {key.setting.name} needs env {key.key}",
        code=_MISSING_KEY,
        help=f"{mend}; or does expand_env of the secrets hook add it?" if may_come_later else mend,
        where=key.where,
    )
