"""The kernel's own keys of a flow, each with what it is for and the schema of its value."""

from __future__ import annotations

from typing import get_args

from ..spec.decode import DECODE_KEYS
from ..spec.flow import FLOW_KEYS, VERSION
from ..spec.foreach import FOREACH_KEYS, MOST_PARALLEL_ITEMS, SOURCES
from ..spec.jobs import JOB_KEYS
from ..spec.models import NoData, ParameterType, RerunName
from ..spec.parameters import DATE_PATTERN, PARAMETER_KEYS
from ..spec.resources import RESOURCE_KEYS
from ..spec.retry import CODE_PATTERN, MOST_ATTEMPTS, RETRY_KEYS
from ..spec.steps import STEP_KEYS
from .flow_block import flow_block
from .tokens import with_templates
from .values import (
    ANYTHING,
    DURATION,
    FREE_MAPPING,
    ID,
    SECONDS,
    TEXT,
    TEXT_OR_NULL,
    TRUTH,
    Schema,
    defined,
    list_of,
    mapping,
    named,
    one_of,
    one_of_or_null,
    whole_number,
)

_ITEMS: Schema = {"type": ["array", "string"]}
_CODE_PATTERNS = {**list_of({"type": "string", "pattern": f"^{CODE_PATTERN}$"}), "minItems": 1}
_WHEN = "A condition such as jobs.load.outputs.rows > 0: without it, or where it holds, this runs; else it is SKIPPED."
_RERUN = (
    "Where nobody knows what the last attempt did, SAFE runs it again, KEYED under the same key, and ONCE waits for "
    "a person; the plugin's word by default."
)
#: What a default of each type of parameter may be; nothing always may.
_DEFAULTS: dict[str, Schema] = {
    "string": TEXT_OR_NULL,
    "integer": {"type": ["integer", "null"]},
    "number": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "pattern": f"^{DATE_PATTERN}$"},
    "datetime": {"type": ["string", "null"], "pattern": f"^{DATE_PATTERN}"},
    "list": {"type": ["array", "null"]},
    "object": {"type": ["object", "null"]},
}


def flow_keys() -> Schema:
    """The whole of a flow."""
    return mapping(
        FLOW_KEYS,
        "A flow: jobs, which are made of steps, and what they need.",
        {
            "version": ("The version of the flow format.", {"type": "integer", "const": VERSION}),
            "flow": ("The flow's name, and where and how it runs.", flow_block()),
            "params": ("Parameters by name: values that a run is started with.", named(defined("parameter"))),
            "resources": ("Resources by name: systems that steps use.", named(defined("resource"))),
            "jobs": ("The jobs, in the order in which they start.", list_of(defined("job"))),
            "on_failure": ("Jobs that run where one of `jobs` failed.", list_of(defined("job"))),
            "finally": ("Jobs that run at the end, whatever happened.", list_of(defined("job"))),
        },
    )


def key_definitions() -> dict[str, Schema]:
    """What stands under `$defs`, but for steps and resources."""
    return {"parameter": _parameter(), "job": _job(), "retry": _retry(), "foreach": _foreach(), "marks": _marks()}


def step_keys(types: Schema) -> Schema:
    """A step: what all types have in common."""
    outputs = named(ANYTHING)
    return mapping(
        STEP_KEYS,
        "A step: one piece of work.",
        {
            "id": ("The step's id: its outputs are {{steps.ID.NAME}} for later steps of the job.", ID),
            "type": ("The step type, from a plugin.", types),
            "inputs": ("What the step is given; may hold templates: {{params.day}}, {{steps.ID.NAME}}.", FREE_MAPPING),
            "outputs": ("Outputs of the job, each a template such as {{result.row_count}}.", outputs),
            "on_no_data": (
                "skip_job: where this step is SKIPPED, the rest of the job is too.",
                one_of_or_null(get_args(NoData)),
            ),
            "rerun": (
                _RERUN,
                one_of_or_null(get_args(RerunName)),
            ),
            "when": (_WHEN, TEXT_OR_NULL),
            "retry": ("How often the step is tried; once by default.", defined("retry")),
            "timeout_seconds": ("How long an attempt may take.", DURATION),
            "continue_on_error": ("Whether the job goes on where this step failed; false by default.", TRUTH),
            "foreach": ("What the step is repeated for; without it, it runs once.", defined("foreach")),
        },
    )


def resource_keys(kinds: Schema) -> Schema:
    """A resource: what all kinds have in common."""
    return mapping(
        RESOURCE_KEYS,
        "A system that steps use by name.",
        {
            "kind": ("What it is.", kinds),
            "driver": ("Which driver reaches it.", TEXT),
            "profile": ("A resource profile that fills up config and options.", TEXT_OR_NULL),
            "config": ("Where the system is, and who we are; may hold templates: {{env.KEY}}.", FREE_MAPPING),
            "options": ("How to go about it; may hold templates: {{env.KEY}}.", FREE_MAPPING),
            "decode": ("Which of the fields a secrets hook decodes.", _decode()),
        },
    )


def _parameter() -> Schema:
    schema = mapping(
        PARAMETER_KEYS,
        "A value that a run is started with, by --param NAME=VALUE.",
        {
            "type": ("The type of the value.", one_of(get_args(ParameterType))),
            "default": ("The value where none is given: of the type, or a template with the roots env and run.", {}),
            "description": ("What the parameter is for.", TEXT_OR_NULL),
        },
    )
    schema["allOf"] = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": with_templates({"properties": {"default": default}}),
        }
        for name, default in _DEFAULTS.items()
    ]
    return schema


def _job() -> Schema:
    return mapping(
        JOB_KEYS,
        "Steps in their order, and what the job waits for.",
        {
            "id": ("The job's id: its outputs are {{jobs.ID.outputs.NAME}} for later jobs.", ID),
            "description": ("What the job is for.", TEXT_OR_NULL),
            "depends_on": ("Ids of earlier jobs: it runs where they all ended with SUCCESS.", list_of(TEXT)),
            "when": (_WHEN, TEXT_OR_NULL),
            "steps": ("The steps, in their order; the first that fails ends the job.", list_of(defined("step"))),
            "timeout_seconds": ("How long the job may take in one start of its run.", DURATION),
            "outputs": ("Outputs that the job gives at its end, each a template.", named(ANYTHING)),
        },
    )


def _retry() -> Schema:
    return mapping(
        RETRY_KEYS,
        "How often a step is tried, and how long is waited in between.",
        {
            "max_attempts": ("How many attempts there are in all.", whole_number(1, MOST_ATTEMPTS)),
            "backoff_seconds": ("How long to wait after the first attempt; 0 by default.", SECONDS),
            "backoff_multiplier": (
                "Each wait is so many times as long as the one before; 1 by default.",
                {"type": "number", "minimum": 1},
            ),
            "max_backoff_seconds": ("No wait is longer; a day by default.", SECONDS),
            "jitter": (
                "The part of a wait that chance adds or takes away; 0 by default.",
                {"type": "number", "minimum": 0, "maximum": 1},
            ),
            "on_errors": (
                "Patterns of error codes after which it is tried again, such as AF-CONNECTOR*; after any by default.",
                _CODE_PATTERNS,
            ),
        },
    )


def _foreach() -> Schema:
    schema = mapping(
        FOREACH_KEYS,
        "What a step is repeated for: a list, or every combination of the lists of a matrix.",
        {
            "items": ("The items, or a template that stands for a list; each is {{item}}.", _ITEMS),
            "matrix": ("Lists by name; each combination is {{item.NAME}}.", {**named(_ITEMS), "minProperties": 1}),
            "max_parallel": (
                "How many items are worked on at the same time; 1 by default.",
                whole_number(1, MOST_PARALLEL_ITEMS),
            ),
        },
    )
    schema["oneOf"] = [{"required": [source]} for source in sorted(SOURCES)]
    return schema


def _decode() -> Schema:
    return mapping(
        DECODE_KEYS,
        "Which of the fields a secrets hook decodes: true at their place, or their dotted paths in a list.",
        {
            "config": ("Fields of config: true at their place.", defined("marks")),
            "options": ("Fields of options: true at their place.", defined("marks")),
            "config_paths": ("Fields of config: their dotted paths.", list_of(TEXT)),
            "options_paths": ("Fields of options: their dotted paths.", list_of(TEXT)),
        },
    )


def _marks() -> Schema:
    return {"type": "object", "additionalProperties": {"anyOf": [{"type": ["boolean", "null"]}, defined("marks")]}}
