"""The resources of a flow with the settings that they are opened with, and their secrets known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..resolve.resources import ConnectorSchemas, ResourceSources, resolve_resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..check.preparation import Surroundings
    from ..resolve.resources import ResolvedResource
    from ..resolve.secrets import SecretsHook
    from ..spec.models import Flow


def resolved_resources(
    surroundings: Surroundings, flow: Flow, hook: SecretsHook | None
) -> Mapping[str, ResolvedResource]:
    """The resources of a flow, every secret in them known to the redactor; nothing is opened.

    Raises:
        InvalidInput: one can't be resolved.
    """
    entries = [surroundings.index.connector(found.kind, found.driver) for found in flow.resources.values()]
    sources = ResourceSources(
        environment=surroundings.environment,
        redactor=surroundings.redactor,
        profiles=surroundings.resource_profiles,
        hook=hook,
        schemas={(entry.kind, entry.driver): ConnectorSchemas(entry.config, entry.options) for entry in entries},
    )
    return resolve_resources(flow.resources, sources, document=flow.document)
