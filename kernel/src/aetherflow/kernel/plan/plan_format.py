"""What a kept plan has to look like: the parts of its JSON that a later run goes by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .description import PLAN_FORMAT

_TEXT: Mapping[str, Any] = {"type": "string"}
_TEXT_OR_NULL: Mapping[str, Any] = {"type": ["string", "null"]}


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list_of(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _mapping_of(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": item}


_STEP = _object(step_id=_TEXT, decision=_TEXT, reason=_TEXT, foreseen=_TEXT, why=_TEXT, waits_for=_list_of({}))
_JOB = _object(
    job_id=_TEXT, section=_TEXT, decision=_TEXT, reason=_TEXT, foreseen=_TEXT, why=_TEXT, steps=_list_of(_STEP)
)
PLAN_SCHEMA: Mapping[str, Any] = _object(
    plan_format={"const": PLAN_FORMAT},
    flow=_object(flow_id=_TEXT, file=_TEXT),
    run=_object(run_id=_TEXT_OR_NULL, start={"type": "integer"}, date=_TEXT_OR_NULL),
    request=_object(
        run_id=_TEXT_OR_NULL,
        must_exist={"type": "boolean"},
        only_job=_TEXT_OR_NULL,
        from_step=_TEXT_OR_NULL,
        accept_changes={"type": "boolean"},
        parameters=_mapping_of(_TEXT),
    ),
    profile=_object(name=_TEXT, mode=_TEXT),
    parameters=_mapping_of(_object(value={}, is_known={"type": "boolean"})),
    plugins=_list_of(_object(name=_TEXT, version=_TEXT, digest=_TEXT)),
    jobs=_list_of(_JOB),
    basis=_object(kernel=_TEXT, flow=_TEXT, policy=_TEXT, resource_profiles=_mapping_of(_TEXT)),
)
