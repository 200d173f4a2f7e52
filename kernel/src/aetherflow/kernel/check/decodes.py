"""Rule: what a resource has decoded is a setting that stands alone, and there is a hook that decodes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import InvalidInput, Problem
from ..resolve.decoding import problems_with, problems_with_names, targets_of
from ..resolve.references import RESOURCE_ROOTS
from ..resolve.resource_profiles import ResourceProfile, merge_settings
from ..resolve.resources import no_hook, placed_problem
from ..resolve.templates import compile_value
from ..spec.document import Document
from ..spec.models import Resource
from .contributions import KnownConnector


def check_decode(
    resource: Resource,
    profile: ResourceProfile | None,
    connector: KnownConnector,
    *,
    document: Document,
    has_hook: bool,
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
        profile: that it names.
        connector: what declares the settings.
        document: the flow's.
        has_hook: whether the project names a module that decodes.
    """
    settings = merge_settings(resource, profile)
    written: Mapping[str, Any] = {"config": settings.config, "options": settings.options}
    try:
        targets = targets_of(settings.decode)
        template = compile_value(written, roots=RESOURCE_ROOTS)
    except InvalidInput:
        # Told by whoever reads the one or the other.
        return
    found = [
        *problems_with(targets, written, template),
        *problems_with_names(targets, {"config": connector.config, "options": connector.options}),
    ]
    if targets and not has_hook:
        found.append(no_hook(resource))
    for problem in found:
        yield placed_problem(problem, resource, profile, document)
