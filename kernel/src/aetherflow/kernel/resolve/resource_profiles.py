"""Resource profiles: connector settings kept outside the flows, filled in under what a flow says itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..contracts.spelling import did_you_mean
from ..errors import InvalidInput, Problem, YamlPath
from ..quick_dataclasses import dataclass, field
from ..spec.document import Document, parse_document, read_document
from ..spec.models import Resource
from .environment import Environment

JSON_KEY = "AETHERFLOW_PROFILES_JSON"
FILE_KEY = "AETHERFLOW_PROFILES_FILE"

_SECTIONS = ("config", "options", "decode")
_PATH_LISTS = ("config_paths", "options_paths")
_CODE = "AF-PROFILES"


@dataclass(frozen=True, slots=True)
class ResourceProfile:
    """Settings under a name; `document` is where they are written."""

    name: str
    config: Mapping[str, Any] = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    decode: Mapping[str, Any] = field(repr=False)
    document: Document = field(repr=False)


@dataclass(frozen=True, slots=True)
class MergedSettings:
    """A resource's settings laid over its profile's."""

    config: Mapping[str, Any] = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    decode: Mapping[str, Any] = field(repr=False)


def read_resource_profiles(environment: Environment, *, folder: Path) -> Mapping[str, ResourceProfile]:
    """The profiles that AETHERFLOW_PROFILES_JSON holds, or the file that AETHERFLOW_PROFILES_FILE names.

    Args:
        environment: where the two keys are looked for.
        folder: that a relative path starts from; the project.

    Raises:
        InvalidInput: both keys are set, or what they hold is no mapping of profiles; holds all problems.
    """
    text, file = (environment.values.get(key, "").strip() for key in (JSON_KEY, FILE_KEY))
    if text and file:
        message = f"Set only one of {JSON_KEY} and {FILE_KEY}"
        mend = f"{JSON_KEY} is set in {environment.origin(JSON_KEY)}, {FILE_KEY} in {environment.origin(FILE_KEY)}"
        raise InvalidInput(message, code=_CODE, help=mend)
    if text:
        return _profiles(parse_document(text.encode(errors="surrogatepass"), JSON_KEY))
    if file:
        return _profiles(read_document(folder / Path(file).expanduser(), shown_as=file))
    return {}


def merge_settings(resource: Resource, profile: ResourceProfile | None) -> MergedSettings:
    """A resource's settings over its profile's: mappings are merged, the resource wins, lists are replaced.

    The lists of paths to decode are joined.
    """
    if profile is None:
        return MergedSettings(resource.config, resource.options, resource.decode)
    decode = merge(profile.decode, resource.decode)
    for key in _PATH_LISTS:
        joined = [*_as_list(profile.decode.get(key)), *_as_list(resource.decode.get(key))]
        decode = {**decode, key: list(dict.fromkeys(joined))} if joined else decode
    return MergedSettings(merge(profile.config, resource.config), merge(profile.options, resource.options), decode)


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> Mapping[str, Any]:
    """Two mappings as one; where both hold a mapping these are merged too, else `over` wins."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def written_in(resource: Resource, profile: ResourceProfile | None, path: YamlPath) -> ResourceProfile | None:
    """The profile that a merged setting comes from; null where the flow itself says it.

    Args:
        resource: as written in the flow.
        profile: that it names.
        path: of the setting, its section first.
    """
    value: Any = {"config": resource.config, "options": resource.options, "decode": resource.decode}
    for part in path:
        if not isinstance(value, Mapping):
            return None
        if part not in value:
            return profile
        value = value[part]
    return None


def profile_of(resource: Resource, profiles: Mapping[str, ResourceProfile]) -> ResourceProfile | None:
    """The profile that a resource names; null where it names none.

    Raises:
        InvalidInput: there is no profile of that name.
    """
    if resource.profile is None:
        return None
    if resource.profile not in profiles:
        mend = did_you_mean(resource.profile, profiles)
        if not profiles:
            mend = f"name a file of profiles in {FILE_KEY}"
        message = f"there is no resource profile {resource.profile!r}"
        raise InvalidInput(message, code="AF-PROFILE-UNKNOWN", help=mend, path=(*resource.path, "profile"))
    return profiles[resource.profile]


def _profiles(document: Document) -> Mapping[str, ResourceProfile]:
    written = {} if document.value is None else document.value
    if not isinstance(written, Mapping):
        raise InvalidInput("profiles must be a mapping by name", code=_CODE, where=document.where(()))
    problems = [problem for name, value in written.items() for problem in _problems_of(value, (name,), document)]
    if problems:
        raise InvalidInput.of(problems)
    return {name: _profile(name, value, document) for name, value in written.items()}


def _profile(name: str, written: Mapping[str, Any] | None, document: Document) -> ResourceProfile:
    config, options, decode = ((written or {}).get(section) or {} for section in _SECTIONS)
    return ResourceProfile(name, config, options, decode, document)


def _problems_of(written: object, path: YamlPath, document: Document) -> list[Problem]:
    if written is None:
        return []
    if not isinstance(written, Mapping):
        return [Problem(code=_CODE, message="a profile must be a mapping", where=document.where(path), path=path)]
    problems = []
    for key, value in written.items():
        place = (*path, key)
        if key not in _SECTIONS:
            message, mend = f"a profile has no {key!r}", did_you_mean(key, _SECTIONS)
            where = document.where_key(place)
            problems.append(Problem(code=_CODE, message=message, help=mend, where=where, path=place))
        elif value is not None and not isinstance(value, Mapping):
            message = f"{key} must be a mapping"
            problems.append(Problem(code=_CODE, message=message, where=document.where(place), path=place))
    return problems


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
