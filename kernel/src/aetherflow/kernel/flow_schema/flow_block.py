"""The keys of the block `flow`, whose texts are rendered before they are read."""

from __future__ import annotations

from typing import get_args

from ..spec.flow_block import (
    CONCURRENCY_KEYS,
    FLOW_BLOCK_KEYS,
    LAYOUT_KEYS,
    LOCKS_KEYS,
    MOST_PARALLEL_JOBS,
    SHORTEST_LEASE_SECONDS,
    STATE_KEYS,
    WORKSPACE_KEYS,
)
from ..spec.models import CleanupPolicy, LockScope, StateBackend
from ..spec.shapes import LONGEST_SECONDS
from .tokens import with_templates
from .values import DOTTED_ID, SECONDS, TEXT, TEXT_OR_NULL, TRUTH, Schema, mapping, one_of, whole_number


def flow_block() -> Schema:
    """The block `flow`."""
    block = mapping(
        FLOW_BLOCK_KEYS,
        "The flow's name, and where and how it runs; texts may hold templates with the root env.",
        {
            "id": ("The flow's id.", DOTTED_ID),
            "description": ("What the flow is for.", TEXT_OR_NULL),
            "workspace": ("Where jobs work, and what becomes of it.", _workspace()),
            "state": ("Where the ledger stands.", _state()),
            "locks": ("Which runs exclude each other.", _locks()),
            "concurrency": ("How many jobs run at the same time.", _concurrency()),
            "timezone": ("The time zone of run.date, such as Europe/Berlin; UTC by default.", TEXT),
        },
    )
    return _with_rendered_texts(block)


def _with_rendered_texts(block: Schema) -> Schema:
    """The same where texts may hold templates; blocks inside stay, each has said it for itself."""
    inner = {key: schema for key, schema in block["properties"].items() if schema.get("type") == "object"}
    rendered = with_templates(block)
    return {**rendered, "properties": {**rendered["properties"], **inner}}


def _workspace() -> Schema:
    part = DOTTED_ID["pattern"].strip("^$")
    folder = {"type": "string", "pattern": f"^{part}(?:/{part})*$"}
    names = {name: (f"The name of the folder {name}.", folder) for name in LAYOUT_KEYS.known}
    layout = mapping(LAYOUT_KEYS, "Names of a job's folders.", names)
    block = mapping(
        WORKSPACE_KEYS,
        "Where jobs work, and what becomes of it.",
        {
            "root": ("The folder; .aetherflow/work of the project by default.", TEXT_OR_NULL),
            "cleanup_policy": ("When a run's folders are removed.", one_of(get_args(CleanupPolicy))),
            "layout": ("Names of a job's folders.", _with_rendered_texts(layout)),
        },
    )
    return _with_rendered_texts(block)


def _state() -> Schema:
    block = mapping(
        STATE_KEYS,
        "Where the ledger stands.",
        {
            "backend": ("sqlite or file, which are the same.", one_of(get_args(StateBackend))),
            "path": ("The ledger's file; .aetherflow/state/ledger.sqlite of the project by default.", TEXT_OR_NULL),
        },
    )
    return _with_rendered_texts(block)


def _locks() -> Schema:
    block = mapping(
        LOCKS_KEYS,
        "Which runs exclude each other.",
        {
            "scope": (
                "flow: one run of the flow at a time; job: one run of each job; none, the default.",
                one_of(get_args(LockScope)),
            ),
            "ttl_seconds": (
                "For how long a lock holds whose owner is not heard of; 60 by default.",
                whole_number(SHORTEST_LEASE_SECONDS, LONGEST_SECONDS),
            ),
            "wait_seconds": ("How long to wait for a lock that another run holds; 0 by default.", SECONDS),
        },
    )
    return _with_rendered_texts(block)


def _concurrency() -> Schema:
    block = mapping(
        CONCURRENCY_KEYS,
        "How many jobs run at the same time.",
        {
            "max_parallel_jobs": (
                "How many jobs may run at the same time; 1 by default.",
                whole_number(1, MOST_PARALLEL_JOBS),
            ),
            "fail_fast": ("Whether no other job starts after one that failed; false by default.", TRUTH),
        },
    )
    return _with_rendered_texts(block)
