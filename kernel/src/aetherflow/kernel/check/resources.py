"""Rule: every resource has a connector, settings that fit it, and a profile that exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..contracts.spelling import did_you_mean
from ..errors import Problem, YamlPath
from ..quick_dataclasses import dataclass, replace
from ..resolve.resource_profiles import MergedSettings, ResourceProfile, merge_settings, written_in
from ..spec.misfits import shown
from ..spec.models import Resource
from ..spec.values import without_raw
from .contributions import KnownConnector
from .findings import Checked, Found
from .rules import Subject
from .schema_errors import schema_problems


def check_resources(subject: Subject) -> Iterator[Problem]:
    """Drivers that are unknown or refused, settings that don't fit, profiles that don't exist.

    AF-UNKNOWN-CONNECTOR: no plugin that is installed has a connector of this kind and driver.

    Example:
        flow: {id: report}
        resources:
          shop: {kind: db, driver: sqlite, config: {path: shop.sqlite}}
        jobs:
          - {id: count, steps: [{id: rows, type: db_fetch_small, inputs: {resource: shop, sql: SELECT 1}}]}

    Mend: write kind and driver as they are called, or install the plugin that has them.
        shop: {kind: db, driver: sqlite3, config: {path: shop.sqlite}}

    AF-PROFILE-UNKNOWN: a resource takes its settings from a resource profile, and there is none of that name.

    Example:
        flow: {id: report}
        resources:
          shop: {kind: db, driver: sqlite3, profile: shop, config: {path: shop.sqlite}}
        jobs:
          - {id: count, steps: [{id: rows, type: db_fetch_small, inputs: {resource: shop, sql: SELECT 1}}]}

    Mend: name the file with the profiles in `AETHERFLOW_PROFILES_FILE`, or write the settings here.
        shop: {kind: db, driver: sqlite3, config: {path: shop.sqlite}}
    """
    templates = {use.reference.path: use.reference.is_whole for use in subject.flow.uses if use.field == "resource"}
    for resource in subject.flow.flow.resources.values():
        yield from _check_profile(subject, resource)
        answer = subject.contributions.connector(resource.kind, resource.driver)
        yield from answer.problems_at((*resource.path, "driver"))
        if answer.found is not None:
            profile = (subject.resource_profiles or {}).get(resource.profile or "")
            settings = merge_settings(resource, profile)
            yield from _check_settings(subject, _Written(resource, profile, settings), answer.found, templates)
            if settings.decode:
                from .decodes import check_decode

                document, has_hook = subject.flow.flow.document, subject.circumstances.has_secrets_hook
                yield from check_decode(resource, profile, answer.found, document=document, has_hook=has_hook)


def _check_profile(subject: Subject, resource: Resource) -> Iterator[Problem]:
    known, name = subject.resource_profiles, resource.profile
    if known is None or name is None or name in known:
        return
    mend = "name the file that has it in AETHERFLOW_PROFILES_FILE, or write its settings here, under `config`"
    yield Problem(
        code="AF-PROFILE-UNKNOWN",
        message=f"there is no resource profile {shown(name)}",
        help=did_you_mean(name, known) if known else mend,
        path=(*resource.path, "profile"),
    )


@dataclass(frozen=True, slots=True)
class _Written:
    """A resource with its profile, null where it has none, and the settings of both as the connector will get them."""

    resource: Resource
    profile: ResourceProfile | None
    settings: MergedSettings


def _check_settings(
    subject: Subject, written: _Written, connector: KnownConnector, templates: Mapping[YamlPath, bool]
) -> Iterator[Problem]:
    resource, profile = written.resource, written.profile
    name = f"{resource.kind}:{resource.driver}"
    for part, given, schema in (
        ("config", written.settings.config, connector.config),
        ("options", written.settings.options, connector.options),
    ):
        path = (*resource.path, part)
        value = without_raw(given)
        checked = Checked(
            value,
            path,
            f"the connector {name!r}",
            f"{part} key",
            {**dict.fromkeys(_tokens(value, path), True), **templates} if profile else templates,
            is_partial=resource.profile is not None and profile is None,
        )
        for found in schema_problems(subject.validators.of(f"{part} of {name}", schema), checked):
            yield _located(subject, resource, profile, found)


def _tokens(value: object, path: YamlPath) -> Iterator[YamlPath]:
    """Where templates stand in the settings of a profile, which is not compiled with the flow."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _tokens(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _tokens(item, (*path, number))
    elif isinstance(value, str) and "{{" in value:
        yield path


def _located(subject: Subject, resource: Resource, profile: ResourceProfile | None, found: Found) -> Problem:
    """A problem at its place: in the file of profiles, where the flow does not write the value itself."""
    problem = found.problem
    inside = problem.path[len(resource.path) :]
    # What a section lacks as a whole is missing in the flow.
    source = written_in(resource, profile, inside) if len(inside) > 1 else None
    if source is None:
        return subject.flow.locate(problem, at_key=found.at_key)
    find = source.document.where_key if found.at_key else source.document.where
    return replace(problem, where=find((source.name, *inside)))
