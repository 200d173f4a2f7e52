"""The project: the runtime profile in force, its plugins, and what is set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..plugins.records import STATE_CODES, PluginState
from ..resolve.environment import FILES_KEY
from ..resolve.resource_profiles import FILE_KEY, JSON_KEY
from .findings import Finding, Level, fine, of_problem

if TYPE_CHECKING:
    from ..check.preparation import Surroundings
    from ..plugins.records import PluginRecord
    from ..policy.profile import RuntimeProfile
    from ..resolve.settings import Settings

#: A plugin that the runtime profile keeps out stands as somebody wants it to.
_AS_MEANT = frozenset({PluginState.READY, PluginState.ACTIVE, PluginState.DENIED})


def examine_project(surroundings: Surroundings) -> Iterator[Finding]:
    """Where the project is, and what may run in it."""
    project, profile = surroundings.project, surroundings.profile
    named = f" ({project.document.file})" if project.document else " (without an aetherflow.yaml)"
    yield fine("project", f"the project is {project.folder}{named}")
    yield fine("project", f"runtime profile {profile.name} (mode {profile.mode}), chosen by {decision_on(profile)}")
    for problem in surroundings.problems:
        yield of_problem("project", problem)


def decision_on(profile: RuntimeProfile) -> str:
    """What chose the profile in force, in words."""
    return profile.decided_by or "default"


def examine_plugins(surroundings: Surroundings) -> Iterator[Finding]:
    """How each plugin stands; one that can't be used is a warning: it hurts only the flows that use it."""
    for record in surroundings.index.plugins:
        yield _examined(record)
    if not surroundings.index.plugins:
        mend = "python3 -m pip install aetherflow"
        yield Finding(
            group="plugins", level="warning", message="no plugin is installed", code="AF-UNKNOWN-PLUGIN", help=mend
        )


def _examined(record: PluginRecord) -> Finding:
    why = f": {record.why}" if record.why else ""
    message = " ".join(filter(None, [record.name, record.version, f"is {record.state}{why}"]))
    if record.state in _AS_MEANT:
        return fine("plugins", message)
    code = STATE_CODES[record.state]
    return Finding(group="plugins", level="warning", message=message, code=code, help=record.mend)


def examine_environment(surroundings: Surroundings, *, has_resources: bool) -> Iterator[Finding]:
    """The files that set the environment and fill in resources, and the secrets hook, which is not imported.

    Args:
        surroundings: what was read already.
        has_resources: whether a flow will need the hook.
    """
    yield from _environment_files(surroundings)
    environment = surroundings.environment
    for key in (FILE_KEY, JSON_KEY):
        if environment.values.get(key, "").strip():
            file = f" in {environment.values[key]}" if key == FILE_KEY else ""
            count = len(surroundings.resource_profiles)
            told = f"{_counted(count, 'resource profile')}{file}, by {key} of {environment.origin(key)}"
            yield fine("environment", told)
    yield from _secrets_hook(surroundings.settings, surroundings.profile, is_needed=has_resources)


def _environment_files(surroundings: Surroundings) -> Iterator[Finding]:
    from ..resolve.environment_files import list_files

    environment = surroundings.environment
    # The list itself is taken from the process alone: a file can't name further ones.
    for file in list_files(environment.values.get(FILES_KEY, "")):
        origin = f"the {file.type} file {file.path}"
        count = sum(found == origin for found in environment.origins.values())
        is_missing = file.optional and not (surroundings.project.folder / file.path).expanduser().exists()
        told = "is not there, and optional" if is_missing else f"sets {_counted(count, 'key')}"
        yield fine("environment", f"{origin} {told}")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _secrets_hook(settings: Settings, profile: RuntimeProfile, *, is_needed: bool) -> Iterator[Finding]:
    named = settings.secrets_module or settings.secrets_path
    if named is None:
        return
    level: Level = "error" if is_needed else "warning"
    if not profile.is_open:
        yield Finding(
            group="environment",
            level=level,
            message=f"the secrets hook {named} is not allowed in profile {profile.name}",
            code="AF-SECRETS-HOOK-REFUSED",
            help="choose an open profile, or unset AETHERFLOW_SECRETS_MODULE and AETHERFLOW_SECRETS_PATH",
            is_refusal=True,
        )
    elif settings.secrets_module is None and settings.secrets_path and not settings.secrets_path.is_file():
        message, mend = f"the secrets hook {named} is no file", "check AETHERFLOW_SECRETS_PATH"
        yield Finding(group="environment", level=level, message=message, code="AF-SECRETS-HOOK", help=mend)
    else:
        yield fine("environment", f"the secrets hook is {named}; it is imported when a run needs it")
