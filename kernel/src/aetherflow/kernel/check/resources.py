"""Rule: every resource has a connector, settings that fit it, and a profile that exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..contracts.spelling import did_you_mean
from ..errors import Problem, YamlPath
from ..spec.misfits import shown
from ..spec.models import Resource
from ..spec.values import without_raw
from .contributions import KnownConnector
from .findings import Checked
from .rules import Subject
from .schema_errors import schema_problems


def check_resources(subject: Subject) -> Iterator[Problem]:
    """Drivers that are unknown or refused, settings that don't fit, profiles that don't exist."""
    templates = {use.reference.path: use.reference.is_whole for use in subject.flow.uses if use.field == "resource"}
    for resource in subject.flow.flow.resources.values():
        yield from _check_profile(subject, resource)
        answer = subject.contributions.connector(resource.kind, resource.driver)
        yield from answer.problems_at((*resource.path, "driver"))
        if answer.found is not None:
            yield from _check_settings(subject, resource, answer.found, templates)


def _check_profile(subject: Subject, resource: Resource) -> Iterator[Problem]:
    known, name = subject.known_profiles, resource.profile
    if known is None or name is None or name in known:
        return
    yield Problem(
        code="AF-PROFILE-UNKNOWN",
        message=f"there is no resource profile {shown(name)}",
        help=did_you_mean(name, known) if known else "name a file of profiles in AETHERFLOW_PROFILES_FILE",
        path=(*resource.path, "profile"),
    )


def _check_settings(
    subject: Subject, resource: Resource, connector: KnownConnector, templates: Mapping[YamlPath, bool]
) -> Iterator[Problem]:
    parts: tuple[tuple[str, Mapping[str, object], Mapping[str, Any]], ...] = (
        ("config", resource.config, connector.config),
        ("options", resource.options, connector.options),
    )
    name = f"{resource.kind}:{resource.driver}"
    for part, value, schema in parts:
        checked = Checked(
            without_raw(value),
            (*resource.path, part),
            f"the connector {name!r}",
            f"{part} key",
            templates,
            is_partial=resource.profile is not None,
        )
        for found in schema_problems(subject.validators.of(f"{part} of {name}", schema), checked):
            yield subject.flow.locate(found.problem, at_key=found.at_key)
