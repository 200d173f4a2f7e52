"""What is fixed at a run's first start: the values of its parameters, and what `run.*` resolves to."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, cast

from ..check.roots import PARAMETER_ROOTS
from ..contracts.spelling import did_you_mean
from ..errors import InvalidInput, Problem
from ..quick_dataclasses import replace
from ..resolve.templates import compile_value
from ..resolve.text import fit_parameter, read_parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..contracts.records import Json, RunKey
    from ..errors import Location
    from ..resolve.redaction import Redactor
    from ..spec.models import Flow, Parameter


def facts_of(flow: Flow, key: RunKey, now: float, scheduled_time: datetime | None = None) -> dict[str, Json]:
    """What `run.*` resolves to; `run.date` is the date in the flow's time zone, or that of the scheduled time.

    Args:
        flow: says the time zone.
        key: of the run.
        now: seconds since 1970 in UTC.
        scheduled_time: when a scheduler means the run to start.

    Raises:
        InvalidInput: the scheduled time has no offset.
    """
    if scheduled_time is not None:
        return scheduled_facts(key.run_id, scheduled_time)
    date = datetime.fromtimestamp(now, _time_zone(flow)).date().isoformat()
    return {"id": key.run_id, "date": date, "scheduled_time": None}


def scheduled_facts(run_id: str, scheduled_time: datetime) -> dict[str, Json]:
    """What `run.*` resolves to in a run that a scheduler means to start then.

    Raises:
        InvalidInput: the scheduled time has no offset.
    """
    _refuse_naive(scheduled_time)
    return {
        "id": run_id,
        "date": scheduled_time.date().isoformat(),
        "scheduled_time": scheduled_time.isoformat(),
    }


def settle_parameters(
    flow: Flow,
    given: Mapping[str, Json],
    *,
    environment: Mapping[str, str],
    facts: Mapping[str, Json],
    settled: frozenset[str] = frozenset(),
) -> dict[str, Json]:
    """The value of each of the flow's parameters that is not settled yet: as given, else its default.

    Raises:
        InvalidInput: a value does not fit its type, is missing, or belongs to no parameter; says all of it.
    """
    problems = list(_unknown(flow, given))
    values: dict[str, Json] = {}
    scope = {"env": environment, "run": facts}
    for name, parameter in flow.parameters.items():
        if name in settled:
            continue
        try:
            values[name] = _value(parameter, given, scope)
        except InvalidInput as error:
            where = flow.document.where(parameter.path)
            problems.extend(_at(problem, parameter, where) for problem in error.problems)
    if problems:
        raise InvalidInput.of(problems)
    return values


def refuse_secret_parameters(flow: Flow, values: Mapping[str, Json], redactor: Redactor) -> None:
    """Parameters are kept with the run: a secret can't be one.

    Raises:
        InvalidInput: values hold secrets; names all of them.
    """
    problems = [
        Problem(
            code="AF-PARAMETER-SECRET",
            message=f"parameter {name!r} holds a secret, and parameters are kept with the run",
            help="let the step read it from the environment: {{env.NAME}}",
            where=flow.document.where(flow.parameters[name].path),
            path=flow.parameters[name].path,
        )
        for name, value in values.items()
        if redactor.redact_value(value) != value
    ]
    if problems:
        raise InvalidInput.of(problems)


def refuse_other_parameters(flow: Flow, given: Mapping[str, Json], fixed: Mapping[str, Json]) -> None:
    """Go on with a run only under the parameters that it was started with.

    Raises:
        InvalidInput: a value that is given now differs, or belongs to no parameter.
    """
    problems = list(_unknown(flow, given))
    for name in given:
        parameter = flow.parameters.get(name)
        if parameter is not None and name in fixed and _value(parameter, given, {}) != fixed[name]:
            problems.append(
                Problem(
                    code="AF-PARAMETER-FIXED",
                    message=f"parameter {name!r} was fixed when the run was first started",
                    help="leave it out to go on with this run, or start a new one with another run id",
                )
            )
    if problems:
        raise InvalidInput.of(problems)


def refuse_other_scheduled_time(given: datetime | None, fixed: Json) -> None:
    """Go on with a run only under the scheduled time that it was started with, however its offset is written.

    Raises:
        InvalidInput: another one is given now, or one without an offset.
    """
    if given is None:
        return
    _refuse_naive(given)
    if not isinstance(fixed, str) or datetime.fromisoformat(fixed) != given:
        raise InvalidInput(
            f"the scheduled time was fixed when the run was first started: {fixed or 'there is none'}",
            code="AF-PARAMETER-FIXED",
            help="leave it out to go on with this run, or start a new one with another run id",
        )


def _refuse_naive(scheduled_time: datetime) -> None:
    if scheduled_time.utcoffset() is None:
        raise InvalidInput(
            f"the scheduled time {scheduled_time.isoformat()} has no offset",
            code="AF-SCHEDULED-TIME",
            help="give it a time zone: datetime.now(UTC)",
        )


def _value(parameter: Parameter, given: Mapping[str, Json], scope: Mapping[str, object]) -> Json:
    if parameter.name in given:
        value = given[parameter.name]
        if isinstance(value, str):
            return cast("Json", read_parameter(value, parameter.type))
        return cast("Json", fit_parameter(value, parameter.type))
    if not parameter.has_default:
        raise InvalidInput(
            f"parameter {parameter.name!r} has no value",
            code="AF-PARAMETER-MISSING",
            help=f"give one: --param {parameter.name}=…",
        )
    default = compile_value(parameter.default, roots=PARAMETER_ROOTS).render(scope)
    return cast("Json", None if default is None else fit_parameter(default, parameter.type))


def _unknown(flow: Flow, given: Mapping[str, Json]) -> Iterator[Problem]:
    for name in given:
        if name not in flow.parameters:
            yield Problem(
                code="AF-PARAMETER-UNKNOWN",
                message=f"flow {flow.id!r} has no parameter {name!r}",
                help=did_you_mean(name, flow.parameters),
            )


def _at(problem: Problem, parameter: Parameter, where: Location) -> Problem:
    named = f"parameter {parameter.name!r}"
    message = problem.message if named in problem.message else f"{named}: {problem.message}"
    return replace(problem, message=message, where=where, path=parameter.path)


def _time_zone(flow: Flow) -> tzinfo:
    if flow.timezone == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    return ZoneInfo(flow.timezone)
