"""The resources of a flow with the origin of each of their settings; no plugin is imported, no connection opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import AetherFlowError, InvalidInput, Problem
from ..quick_dataclasses import dataclass
from ..resolve.explanation import ExplainedResource, explain_resource
from ..resolve.resources import ConnectorSchemas, ResourceSources, no_hook, placed_problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..check.preparation import Surroundings
    from ..errors import Location
    from ..plugins.index import PluginIndex
    from ..plugins.records import ConnectorEntry
    from ..resolve.explanation import ExplainedSetting
    from ..spec.models import Flow, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceReport:
    """What is known of a resource before anything runs."""

    resource: Resource
    #: Null where no plugin has its connector, or it may not be used.
    connector: ConnectorEntry | None
    #: Null where its profile, its templates or its decodes can't be read.
    explained: ExplainedResource | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingKey:
    """An environment key that a resource can't do without, and that is not set."""

    resource: str
    profile: str | None
    setting: ExplainedSetting
    key: str
    where: Location | None


def report_resources(surroundings: Surroundings, flow: Flow, *, names: Iterable[str]) -> list[ResourceReport]:
    """The resources of these names, in the order of the flow; the redactor knows their secrets then."""
    wanted = frozenset(names)
    found = [resource for name, resource in flow.resources.items() if name in wanted]
    connectors = {resource.name: _connector(surroundings, resource) for resource in found}
    sources = ResourceSources(
        environment=surroundings.environment,
        redactor=surroundings.redactor,
        profiles=surroundings.resource_profiles,
        schemas=_declared(surroundings.index),
    )
    has_hook = surroundings.settings.has_secrets_hook
    return [_report(each, connectors[each.name], sources, flow, has_hook=has_hook) for each in found]


def missing_keys(reports: Iterable[ResourceReport]) -> list[MissingKey]:
    """What the environment lacks for these resources."""
    return [
        MissingKey(
            resource=report.resource.name,
            profile=report.resource.profile,
            setting=setting,
            key=key.key,
            where=setting.where,
        )
        for report in reports
        if report.explained
        for setting in report.explained.settings
        for key in setting.keys
        if key.is_missing
    ]


def untold(reports: Iterable[ResourceReport], told: Iterable[Problem]) -> list[Problem]:
    """What would keep resources from being resolved, and is not among the problems of the flow."""
    known = {(problem.code, problem.where) for problem in told}
    found = [problem for report in reports for problem in report.problems]
    return [
        problem for problem in found if (_SAID_BY_CHECK.get(problem.code, problem.code), problem.where) not in known
    ]


#: The check has a word of its own for it.
_SAID_BY_CHECK = {"AF-MISSING-REFERENCE": "AF-UNKNOWN-REFERENCE"}


def _declared(index: PluginIndex) -> dict[tuple[str, str], ConnectorSchemas]:
    """What is declared for each connector, also for those that may not be used: it says what of them is secret."""
    # Of two that claim one name, the one that may be used comes last and wins.
    records = sorted(index.plugins, key=lambda record: record.is_ready)
    found = (connector for record in records if record.manifest for connector in record.manifest.connectors)
    return {(each.kind, each.driver): ConnectorSchemas(each.config, each.options) for each in found}


def _connector(surroundings: Surroundings, resource: Resource) -> ConnectorEntry | None:
    try:
        return surroundings.index.connector(resource.kind, resource.driver)
    except AetherFlowError:
        # What keeps it from being used is told by the check of the flow, at its place.
        return None


def _report(
    resource: Resource, connector: ConnectorEntry | None, sources: ResourceSources, flow: Flow, *, has_hook: bool
) -> ResourceReport:
    try:
        explained = explain_resource(resource, sources, document=flow.document)
    except InvalidInput as error:
        return ResourceReport(resource=resource, connector=connector, explained=None, problems=error.problems)
    problems = list(explained.problems)
    if not has_hook and any(setting.is_decoded for setting in explained.settings):
        problems.append(placed_problem(no_hook(resource), resource, explained.profile, flow.document))
    return ResourceReport(resource=resource, connector=connector, explained=explained, problems=tuple(problems))
