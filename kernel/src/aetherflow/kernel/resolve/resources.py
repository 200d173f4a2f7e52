"""Resources as connectors take them: profile filled in, templates rendered, secrets decoded, texts typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from ..errors import InvalidInput, Location, Problem, YamlPath
from ..quick_dataclasses import dataclass, replace
from ..spec.document import Document
from ..spec.models import Resource
from .decoding import SECTIONS, Targets, decode_targets, problems_with, problems_with_names, targets_of
from .environment import Environment
from .redaction import Redactor, passwords_of
from .references import RESOURCE_ROOTS
from .resource_profiles import MergedSettings, ResourceProfile, merge_settings, profile_of, written_in
from .schemas import DeclaredTypes, Schema, Schemas, is_secret
from .secrets import SecretsHook
from .templates import Template, compile_value
from .text import fit


@dataclass(frozen=True, slots=True)
class ResolvedResource:
    """A resource that is ready to be opened. Holds secrets: never show it."""

    name: str
    kind: str
    driver: str
    config: Mapping[str, Any]
    options: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"ResolvedResource({self.name!r}, {self.kind!r}, {self.driver!r})"


@dataclass(frozen=True, slots=True)
class ConnectorSchemas:
    """What a driver declares for its settings, as JSON Schemas."""

    config: Schema
    options: Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSources:
    """All that resources are resolved from, beside what is written about them."""

    environment: Environment
    redactor: Redactor
    profiles: Mapping[str, ResourceProfile]
    hook: SecretsHook | None = None
    #: By kind and driver; without its schema a resource's texts stay texts.
    schemas: Mapping[tuple[str, str], ConnectorSchemas]

    def schemas_of(self, resource: Resource) -> Mapping[str, Schema]:
        """What the driver of a resource declares for each section; nothing where that is not known."""
        found = self.schemas.get((resource.kind, resource.driver))
        return {"config": found.config, "options": found.options} if found else {}


def resolve_resources(
    resources: Mapping[str, Resource], sources: ResourceSources, *, document: Document | None = None
) -> Mapping[str, ResolvedResource]:
    """The resources of a flow, ready to be opened; every secret in them is known to the redactor by then.

    Args:
        resources: as written in the flow.
        sources: what they are resolved from.
        document: the flow's, so that problems carry their place.

    Raises:
        InvalidInput: profiles, templates, decodes or values are wrong; holds all problems, and no value.
    """
    # Before anything else is done with these values, errors about them included.
    sources.redactor.add_environment(sources.environment.values)
    scope = {"env": _environment_for_resources(sources)} if resources else {}
    resolved: dict[str, ResolvedResource] = {}
    problems: list[Problem] = []
    for name, resource in resources.items():
        try:
            resolved[name] = _Resolution(resource, sources, document).resolve(scope)
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInput.of(problems)
    return resolved


def _environment_for_resources(sources: ResourceSources) -> Mapping[str, str]:
    """The environment with what the hook adds: for resources only, not for steps and processes."""
    values = sources.environment.values
    if sources.hook is None:
        return values
    expanded = sources.hook.expand_env(values)
    sources.redactor.add([value for key, value in expanded.items() if values.get(key) != value])
    sources.redactor.add_environment(expanded)
    return expanded


class _Resolution:
    """One resource on its way; paths inside start with the section (`config`, `options`)."""

    def __init__(self, resource: Resource, sources: ResourceSources, document: Document | None) -> None:
        self._resource = resource
        self._sources = sources
        self._document = document
        self._profile: ResourceProfile | None = None
        self._schemas = sources.schemas_of(resource)

    def resolve(self, scope: Mapping[str, object]) -> ResolvedResource:
        try:
            self._profile = profile_of(self._resource, self._sources.profiles)
        except InvalidInput as error:
            raise error.located(self._where_in_flow) from None
        try:
            sections = self._sections(merge_settings(self._resource, self._profile), scope)
        except InvalidInput as error:
            placed = [placed_problem(found, self._resource, self._profile, self._document) for found in error.problems]
            raise InvalidInput.of(placed) from None
        resource = self._resource
        return ResolvedResource(resource.name, resource.kind, resource.driver, sections["config"], sections["options"])

    def _sections(self, merged: MergedSettings, scope: Mapping[str, object]) -> dict[str, Any]:
        written = {"config": merged.config, "options": merged.options}
        template = compile_value(written, roots=RESOURCE_ROOTS)
        targets = self._targets(merged.decode, written, template)
        rendered = cast("dict[str, Any]", template.render(scope))
        learn_secrets(rendered, self._schemas, self._sources.redactor)
        decoded = self._decoded(rendered, targets)
        learn_secrets(decoded, self._schemas, self._sources.redactor)
        return self._fitted(decoded)

    def _targets(self, decode: Mapping[str, Any], written: Mapping[str, Any], template: Template) -> Targets:
        targets = located_targets(decode)
        problems = [*problems_with(targets, written, template), *problems_with_names(targets, self._schemas)]
        if targets and self._sources.hook is None:
            problems.append(no_hook(self._resource))
        if problems:
            raise InvalidInput.of(problems)
        return targets

    def _decoded(self, rendered: dict[str, Any], targets: Targets) -> dict[str, Any]:
        if not targets:
            return rendered
        decoded, problems = decode_targets(rendered, targets, self._decode)
        if problems:
            raise InvalidInput.of(problems)
        return decoded

    def _decode(self, text: str, path: YamlPath) -> str:
        hook, redactor = self._sources.hook, self._sources.redactor
        redactor.add(text)
        decoded = hook.decode(text, path) if hook else text
        redactor.add(decoded)
        return decoded

    def _fitted(self, sections: Mapping[str, Any]) -> dict[str, Any]:
        fitted: dict[str, Any] = {}
        problems: list[Problem] = []
        for section in SECTIONS:
            try:
                fitted[section] = fit(sections[section], self._schemas.get(section, {}), path=(section,))
            except InvalidInput as error:
                problems.extend(error.problems)
        if problems:
            raise InvalidInput.of(problems)
        return fitted

    def _where_in_flow(self, path: YamlPath) -> Location | None:
        return self._document.where(path) if self._document else None


def learn_secrets(sections: Mapping[str, Any], schemas: Mapping[str, Schema], redactor: Redactor) -> None:
    """Make the redactor know what the connector declares as secret, and the passwords in URLs.

    Args:
        sections: `config` and `options`, rendered.
        schemas: what the connector declares for each of them.
        redactor: learns.
    """
    for section in SECTIONS:
        declared = DeclaredTypes(schemas.get(section, {}))
        for secret in _secrets(sections[section], declared, declared.top()):
            redactor.add(secret)


def placed_problem(
    problem: Problem, resource: Resource, profile: ResourceProfile | None, document: Document | None
) -> Problem:
    """A problem with its path in the flow and its place in the file where the value is written."""
    if problem.where is not None:
        return problem
    # Users know a template's problem by its first line.
    message = problem.message if problem.code == "AF-TEMPLATE" else f"resource {resource.name!r}: {problem.message}"
    path = (*resource.path, *problem.path)
    return replace(problem, message=message, path=path, where=where_written(resource, profile, problem.path, document))


def where_written(
    resource: Resource, profile: ResourceProfile | None, path: YamlPath, document: Document | None
) -> Location | None:
    """Where a setting stands, in the flow or in the file of its profile; null where the flow's file is not known.

    Args:
        resource: as written in the flow.
        profile: that it names.
        path: of the setting, its section first; empty for the resource itself.
        document: the flow's.
    """
    source = written_in(resource, profile, path) if path else None
    if source is not None:
        return source.document.where((source.name, *path))
    return document.where((*resource.path, *path)) if document else None


def located_targets(decode: Mapping[str, Any]) -> Targets:
    """The paths that a merged `decode` names.

    Raises:
        InvalidInput: a part of it names none; paths start at the resource.
    """
    try:
        return targets_of(decode)
    except InvalidInput as error:
        raise InvalidInput.of(replace(found, path=("decode", *found.path)) for found in error.problems) from None


def no_hook(resource: Resource) -> Problem:
    """A decode, and nothing to decode with; its path starts at the resource."""
    return Problem(
        code="AF-DECODE",
        message="there is a decode, and no secrets hook to decode with",
        help="name one in AETHERFLOW_SECRETS_MODULE or AETHERFLOW_SECRETS_PATH, or remove the decode",
        path=("decode",) if resource.decode else (),
    )


def _secrets(value: object, declared: DeclaredTypes, schemas: Schemas) -> Iterator[object]:
    if is_secret(schemas):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secrets(item, declared, declared.of_property(schemas, value, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _secrets(item, declared, declared.of_item(schemas, index))
    elif isinstance(value, str):
        yield from passwords_of(value)
