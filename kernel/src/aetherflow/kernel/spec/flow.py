"""From a document to a flow: every key read by its shape, every problem told."""

from __future__ import annotations

from typing import Any

from ..errors import InvalidInput, Problem, YamlPath
from ..quick_dataclasses import dataclass
from .document import Document
from .duplicates import report_duplicates
from .fields import EnoughProblems, Field, Fields, Reading
from .flow_block import FLOW_BLOCK_KEYS, Render, rendered
from .jobs import jobs
from .misfits import AlreadyTold, Misfit, wrong_type
from .models import Concurrency, Flow, Locks, StatePlace, Workspace
from .order import report_order
from .parameters import parameter
from .resources import resource
from .shapes import named

VERSION = 1


@dataclass(frozen=True, slots=True)
class Examined:
    """What could be read, and all that is wrong; `flow` is null where parts of it are unreadable."""

    flow: Flow | None
    problems: tuple[Problem, ...]


def read_flow(document: Document, *, render: Render | None = None) -> Flow:
    """The flow that a document holds.

    Args:
        document: as `read_document` gives it.
        render: renders the texts of the `flow:` block, which may refer to the environment.

    Raises:
        InvalidInput: all that is wrong with it, in the order of the file.
    """
    examined = examine_flow(document, render=render)
    if examined.flow is None or examined.problems:
        raise InvalidInput.of(examined.problems)
    return examined.flow


def examine_flow(document: Document, *, render: Render | None = None) -> Examined:
    """The same for who wants to check on: a flow with unknown keys or bad names is still answered."""
    reading = Reading(document)
    try:
        flow = _flow(reading, render)
    except EnoughProblems:
        flow = None
    problems = tuple(sorted(reading.problems, key=_in_order_of_file))
    return Examined(None if reading.is_incomplete else flow, problems)


def _in_order_of_file(problem: Problem) -> tuple[int, int]:
    return (problem.where.line, problem.where.column) if problem.where else (0, 0)


def _flow(reading: Reading, render: Render | None) -> Flow | None:
    try:
        found = FLOW_KEYS(reading, _with_rendered_block(reading, render), ())
    except AlreadyTold:
        reading.is_incomplete = True
        return None
    except Misfit as misfit:
        mend = "a flow is a mapping with `version`, `flow` and `jobs`"
        reading.report_misfit(Misfit(misfit.code, misfit.message, mend), ())
        return None
    flow = Flow(
        **_with_defaults(found["flow"]),
        parameters=found.get("params", {}),
        resources=found.get("resources", {}),
        jobs=found["jobs"],
        on_failure=found.get("on_failure", ()),
        finally_=found.get("finally", ()),
        document=reading.document,
    )
    _report_names(reading, flow)
    if not reading.is_incomplete:
        report_order(reading, flow.sections)
    return flow


def _report_names(reading: Reading, flow: Flow) -> None:
    """Note the names that are given twice."""
    parameters, resources, all_jobs = list(flow.parameters), list(flow.resources), flow.all_jobs
    report_duplicates(reading, "parameter", parameters, lambda number: ("params", parameters[number]))
    report_duplicates(reading, "resource", resources, lambda number: ("resources", resources[number]))
    report_duplicates(reading, "job", [job.id for job in all_jobs], lambda number: (*all_jobs[number].path, "id"))


def _with_rendered_block(reading: Reading, render: Render | None) -> object:
    value = reading.document.value
    if render is None or not isinstance(value, dict) or "flow" not in value:
        return value
    return {**value, "flow": rendered(reading, value["flow"], ("flow",), render)}


def _with_defaults(block: dict[str, Any]) -> dict[str, Any]:
    return {
        "workspace": Workspace(),
        "state": StatePlace(),
        "locks": Locks(),
        "concurrency": Concurrency(),
        **block,
    }


def _version(_reading: Reading, value: object, _path: YamlPath) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(value, "a whole number")
    if value != VERSION:
        raise Misfit("AF-WRONG-VALUE", f"there is no version {value} of flows", f"write {VERSION}")
    return value


FLOW_KEYS = Fields(
    "a flow",
    {
        "version": Field(_version),
        "flow": Field(FLOW_BLOCK_KEYS, is_required=True),
        "params": Field(named(parameter)),
        "resources": Field(named(resource)),
        "jobs": Field(jobs, is_required=True),
        "on_failure": Field(jobs),
        "finally": Field(jobs),
    },
)
