"""Steps as a flow writes them."""

from __future__ import annotations

from typing import get_args

from ..errors import YamlPath
from .duplicates import report_duplicates
from .fields import Field, Fields, Reading, Templates
from .foreach import foreach
from .models import NoData, RerunName, Step
from .retry import retry
from .shapes import (
    duration,
    free_mapping,
    identifier,
    list_of,
    one_of_or_null,
    report_bad_id,
    text,
    text_or_null,
    truth,
)


def outputs(reading: Reading, value: object, path: YamlPath) -> dict[str, object]:
    """Outputs of a job by name, each a value that may hold templates."""
    found = free_mapping(reading, value, path)
    for name in found:
        report_bad_id(reading, name, (*path, name), at_key=True)
    return found


STEP_KEYS = Fields(
    "a step",
    {
        "id": Field(identifier, is_required=True),
        "type": Field(text, is_required=True),
        "inputs": Field(Templates(free_mapping)),
        "outputs": Field(Templates(outputs)),
        "on_no_data": Field(one_of_or_null(*get_args(NoData))),
        "rerun": Field(one_of_or_null(*get_args(RerunName))),
        "when": Field(text_or_null),
        "retry": Field(retry),
        "timeout_seconds": Field(duration),
        "continue_on_error": Field(truth),
        "foreach": Field(foreach),
    },
)


def steps(reading: Reading, value: object, path: YamlPath) -> tuple[Step, ...]:
    """The steps of a job, in their order."""
    found: tuple[Step, ...] = list_of(_step)(reading, value, path)
    report_duplicates(reading, "step", [step.id for step in found], lambda number: (*found[number].path, "id"))
    return found


def _step(reading: Reading, value: object, path: YamlPath) -> Step:
    found = STEP_KEYS(reading, value, path)
    found.setdefault("inputs", {})
    found.setdefault("outputs", {})
    return Step(**found, path=path)
