"""Rule: what a resource has decoded is a setting that stands alone, and there is a hook that decodes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import InvalidInput, Problem
from ..quick_dataclasses import replace
from ..resolve.decoding import problems_with, problems_with_names, targets_of
from ..resolve.references import RESOURCE_ROOTS
from ..resolve.resource_profiles import MergedSettings
from ..resolve.templates import compile_value
from ..spec.models import Resource
from .contributions import KnownConnector


def check_decode(
    resource: Resource, settings: MergedSettings, connector: KnownConnector, *, has_hook: bool
) -> Iterator[Problem]:
    """Fields that are none, stand in a longer text, or that nothing decodes.

    AF-DECODE: a setting of a resource is to be decoded, and can't be: there is no secrets hook, or no such setting.

    Example:
        flow: {id: report}
        resources:
          shop: {kind: db, driver: sqlite3, config: {path: "{{env.SHOP:a.db}}"}, decode: {config: {path: true}}}
        jobs:
          - {id: count, steps: [{id: rows, type: db_fetch_small, inputs: {resource: shop, sql: SELECT 1}}]}

    Mend: name the hook that decodes, in `AETHERFLOW_SECRETS_MODULE`, or take the [decode](flow.md#decode) out.
        shop: {kind: db, driver: sqlite3, config: {path: "{{env.SHOP:a.db}}"}}

    Args:
        resource: as it is written.
        settings: its own over those of its profile.
        connector: what declares the settings.
        has_hook: whether the project names a module that decodes.
    """
    written: Mapping[str, Any] = {"config": settings.config, "options": settings.options}
    try:
        targets = targets_of(settings.decode)
        template = compile_value(written, roots=RESOURCE_ROOTS)
    except InvalidInput:
        # Told by whoever reads the one or the other.
        return
    names = problems_with_names(targets, {"config": connector.config, "options": connector.options})
    found = [
        *problems_with(targets, written, template),
        *(replace(problem, path=("decode", *problem.path)) for problem in names),
    ]
    if targets and not has_hook:
        yield Problem(
            code="AF-DECODE",
            message="there is a decode, and no secrets hook to decode with",
            help="name one in AETHERFLOW_SECRETS_MODULE or AETHERFLOW_SECRETS_PATH, or remove the decode",
            path=(*resource.path, "decode") if resource.decode else resource.path,
        )
    for problem in found:
        # What is said of a setting that the flow does not write itself is said of the resource.
        yield replace(problem, path=(*resource.path, *problem.path) if resource.decode else resource.path)
