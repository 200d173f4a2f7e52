"""Each setting of a resource with where its value comes from; nothing is opened, decoded or imported for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, cast

from ..errors import InvalidInput, Location, Problem, YamlPath
from ..quick_dataclasses import dataclass, field
from ..spec.document import Document
from ..spec.models import Resource
from .decoding import SECTIONS, Targets, problems_with, problems_with_names
from .redaction import MASK, is_secret_key
from .references import ABSENT, RESOURCE_ROOTS, Reference, resolve
from .resource_profiles import ResourceProfile, merge_settings, profile_of, written_in
from .resources import ResourceSources, learn_secrets, located_targets, placed_problem, where_written
from .schemas import DeclaredTypes, Schemas, declared_names, default_of, is_secret, required_names
from .templates import Template, compile_value
from .text import fit

#: `environment` and `template_default` where a token is all that is written; `driver_default` where nothing is.
Source = Literal["flow", "profile", "environment", "template_default", "driver_default", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedKey:
    """An environment key that a setting is filled from."""

    key: str
    #: Where its value comes from, in words; empty where it is not set.
    origin: str
    has_default: bool
    #: Whether the text after the colon stands in for it.
    is_defaulted: bool

    @property
    def is_missing(self) -> bool:
        """Whether the setting can't be filled without it."""
        return not self.origin and not self.has_default


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedSetting:
    """One field of a connector's config or options."""

    #: Its section first.
    path: YamlPath
    source: Source
    #: Where it is written; null where it is not.
    where: Location | None
    keys: tuple[UsedKey, ...]
    #: `ABSENT` where it has none, or where it is not known before a run; each secret in it is masked.
    value: object = field(repr=False)
    is_secret: bool
    is_decoded: bool
    is_required: bool

    @property
    def name(self) -> str:
        """The path as people write it."""
        return ".".join(map(str, self.path))

    @property
    def is_missing(self) -> bool:
        """Whether the resource can't be opened because of it."""
        return any(key.is_missing for key in self.keys) or (self.is_required and self.source == "nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedResource:
    """A resource with the origin of each of its settings, and what would keep it from being resolved."""

    resource: Resource
    profile: ResourceProfile | None
    decode: Mapping[str, Any]
    settings: tuple[ExplainedSetting, ...]
    problems: tuple[Problem, ...]


def explain_resource(
    resource: Resource, sources: ResourceSources, *, document: Document | None = None
) -> ExplainedResource:
    """Where each setting of a resource comes from; every secret that is known of it is known to the redactor then.

    A hook is not asked: what is decoded, and what the hook adds to the environment, stay unknown.

    Raises:
        InvalidInput: its profile does not exist, or its templates or decodes can't be read; holds all problems.
    """
    try:
        profile = profile_of(resource, sources.profiles)
    except InvalidInput as error:
        raise (error.located(document.where) if document else error) from None
    try:
        return _Explanation(resource, profile, sources, document).explain()
    except InvalidInput as error:
        raise InvalidInput.of(_placed(error.problems, resource, profile, document)) from None


class _Explanation:
    """One resource; paths inside start with the section."""

    def __init__(
        self, resource: Resource, profile: ResourceProfile | None, sources: ResourceSources, document: Document | None
    ) -> None:
        self._resource, self._profile, self._document = resource, profile, document
        self._sources = sources
        self._schemas = sources.schemas_of(resource)
        merged = merge_settings(resource, profile)
        self._decode = merged.decode
        self._written: dict[str, Mapping[str, Any]] = {"config": merged.config, "options": merged.options}
        self._targets: Targets = ()
        self._references: dict[YamlPath, list[Reference]] = {}

    def explain(self) -> ExplainedResource:
        template = compile_value(self._written, roots=RESOURCE_ROOTS)
        for reference in template.references:
            self._references.setdefault(reference.path, []).append(reference)
        self._targets = located_targets(self._decode)
        values, problems = self._values(template)
        settings = tuple(
            setting for section in SECTIONS for setting in self._below(self._place(section), values[section])
        )
        return ExplainedResource(
            resource=self._resource,
            profile=self._profile,
            decode=self._decode,
            settings=settings,
            problems=tuple(_placed(problems, self._resource, self._profile, self._document)),
        )

    def _place(self, section: str) -> _Place:
        declared = DeclaredTypes(self._schemas.get(section, {}))
        return _Place((section,), self._written[section], declared, declared.top())

    def _values(self, template: Template) -> tuple[Mapping[str, object], list[Problem]]:
        """The sections as far as they are known, and what is wrong; an empty text stands for what is not known."""
        problems = [
            *problems_with(self._targets, self._written, template),
            *problems_with_names(self._targets, self._schemas),
        ]
        rendered = cast("dict[str, Any]", template.substitute(self._known))
        learn_secrets(rendered, self._schemas, self._sources.redactor)
        fitted: dict[str, object] = {}
        for section in SECTIONS:
            try:
                fitted[section] = fit(rendered[section], self._schemas.get(section, {}), path=(section,))
            except InvalidInput as error:
                fitted[section] = fit(rendered[section], {}, path=(section,))
                problems.extend(error.problems)
        return fitted, problems

    def _known(self, reference: Reference) -> object:
        if self._used(reference).is_missing:
            return ""
        value = resolve(reference, {"env": self._sources.environment.values})
        if not self._is_decoded(reference.path):
            return value
        # Encoded it is a secret as well; what it means is not known here.
        self._sources.redactor.add(value)
        return ""

    def _below(self, place: _Place, values: object) -> Iterator[ExplainedSetting]:
        """The settings in a mapping, those that are declared first; each branch of its schema counts."""
        names, required = declared_names(place.schemas), required_names(place.schemas)
        for name in dict.fromkeys([*names, *place.written]):
            inner = place.declared.of_property(place.schemas, {}, name)
            is_masked = place.is_secret or is_secret(inner) or (name not in names and is_secret_key(name))
            path, value = (*place.path, name), _inside(values, name)
            written = place.written.get(name, ABSENT)
            if isinstance(written, Mapping) and written:
                yield from self._below(_Place(path, written, place.declared, inner, is_masked), value)
            elif written is ABSENT:
                yield _unwritten(path, default_of(inner, ABSENT), is_secret=is_masked, is_required=name in required)
            else:
                shown = self._masked(value, path, place.declared, inner)
                yield self._setting(path, shown, value, is_secret=is_masked, is_required=name in required)

    def _setting(
        self, path: YamlPath, shown: object, value: object, *, is_secret: bool, is_required: bool
    ) -> ExplainedSetting:
        references = [found for at, found in self._references.items() if at[: len(path)] == path]
        keys = tuple(self._used(reference) for found in references for reference in found)
        is_decoded = self._is_decoded(path)
        is_masked = is_secret or is_decoded or any(is_secret_key(key.key) for key in keys)
        shown = self._hidden(value) if is_masked else shown
        is_known = not is_decoded and not any(key.is_missing for key in keys)
        return ExplainedSetting(
            path=path,
            source=self._source(path, keys),
            where=where_written(self._resource, self._profile, path, self._document),
            keys=keys,
            value=shown if is_known else ABSENT,
            is_secret=is_masked,
            is_decoded=is_decoded,
            is_required=is_required,
        )

    def _masked(self, value: object, path: YamlPath, declared: DeclaredTypes, schemas: Schemas) -> object:
        """A value with those parts of it masked that are declared secret, decoded, or only named like a secret."""
        if is_secret(schemas) or self._is_decoded(path):
            return self._hidden(value)
        if isinstance(value, Mapping):
            names = declared_names(schemas)
            return {
                name: self._hidden(item)
                if name not in names and is_secret_key(name)
                else self._masked(item, (*path, name), declared, declared.of_property(schemas, {}, name))
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [
                self._masked(item, (*path, number), declared, declared.of_item(schemas, number))
                for number, item in enumerate(value)
            ]
        return value

    def _hidden(self, value: object) -> str:
        """The mask for a value, which may stand elsewhere too."""
        self._sources.redactor.add(value)
        return MASK

    def _source(self, path: YamlPath, keys: tuple[UsedKey, ...]) -> Source:
        here = self._references.get(path, ())
        if len(here) == 1 and here[0].is_whole:
            return "template_default" if keys[0].is_defaulted else "environment"
        return "profile" if written_in(self._resource, self._profile, path) else "flow"

    def _used(self, reference: Reference) -> UsedKey:
        key, environment = reference.parts[1], self._sources.environment
        has_default = reference.default is not None
        return UsedKey(
            key=key,
            origin=environment.origin(key),
            has_default=has_default,
            is_defaulted=has_default and not environment.values.get(key),
        )

    def _is_decoded(self, path: YamlPath) -> bool:
        return any(path[: len(target)] == target for target in self._targets)


@dataclass(frozen=True, slots=True)
class _Place:
    """A mapping of a resource's settings, and what is declared for it."""

    path: YamlPath
    written: Mapping[str, Any]
    declared: DeclaredTypes
    schemas: Schemas
    is_secret: bool = False


def _unwritten(path: YamlPath, default: object, *, is_secret: bool, is_required: bool) -> ExplainedSetting:
    return ExplainedSetting(
        path=path,
        source="nothing" if default is ABSENT else "driver_default",
        where=None,
        keys=(),
        value=default,
        is_secret=is_secret,
        is_decoded=False,
        is_required=is_required,
    )


def _inside(values: object, name: str) -> object:
    return values.get(name, ABSENT) if isinstance(values, Mapping) else ABSENT


def _placed(
    problems: Iterable[Problem], resource: Resource, profile: ResourceProfile | None, document: Document | None
) -> list[Problem]:
    return [placed_problem(found, resource, profile, document) for found in problems]
