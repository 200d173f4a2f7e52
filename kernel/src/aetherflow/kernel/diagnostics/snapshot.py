"""What a run here would be made of, as one value to compare with that of another machine; secrets are masked."""

from __future__ import annotations

import locale
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..check.preparation import find_surroundings, prepare_flow
from ..contracts.interface import INTERFACE_VERSION
from ..errors import AetherFlowError, ExitCode, Problem
from ..plugins.distributions import distribution_version
from ..quick_dataclasses import dataclass, field
from ..resolve.redaction import MASK, Redactor, is_secret_key
from ..resolve.resource_profiles import JSON_KEY
from ..resolve.settings import OTHER_KEYS, PREFIX, setting_key, setting_origins
from .program import KERNEL, sqlite_version
from .project import decision_on
from .resources import report_resources
from .startup import startup_hooks

if TYPE_CHECKING:
    from ..check.preparation import Prepared, Surroundings
    from ..plugins.records import PluginRecord
    from ..policy.profile import RuntimeProfile
    from ..resolve.environment import Environment
    from ..resolve.settings import Settings

#: What says which language and which time a process goes by.
_LOCALE_KEYS = ("LC_ALL", "LC_CTYPE", "LC_COLLATE", "LC_NUMERIC", "LC_TIME", "LANG", "LANGUAGE")
_LOCAL_TIME = Path("/etc/localtime")
_ZONES = "zoneinfo/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What was found, as a JSON value in which every secret is masked, and what could not be looked at."""

    value: Mapping[str, Any] = field(repr=False)
    problems: tuple[Problem, ...]
    exit_code: ExitCode


def take_snapshot(flow_file: Path | None, *, profile: str | None, environ: Mapping[str, str]) -> Snapshot:
    """The machine, the project, and the flow where one is named; no plugin is imported, no connection opened.

    Args:
        flow_file: the flow; without it the project that the current folder belongs to is looked at.
        profile: the runtime profile asked for.
        environ: the environment that a run would be started with.
    """
    redactor = Redactor()
    redactor.add_environment(environ)
    value = _machine(environ)
    try:
        if flow_file is None:
            surroundings = find_surroundings(Path.cwd(), profile=profile, environ=environ)
            with surroundings.index:
                value |= _project(surroundings)
            redactor = surroundings.redactor
        else:
            prepared = prepare_flow(flow_file, profile=profile, environ=environ)
            with prepared.surroundings.index:
                value |= _project(prepared.surroundings) | _flow(prepared, flow_file)
            redactor = prepared.surroundings.redactor
            # Whatever is wrong with the flow: only now, all else is told as well.
            prepared.checked()
    except AetherFlowError as error:
        return Snapshot(value=redactor.redact_value(value), problems=error.problems, exit_code=error.exit_code)
    return Snapshot(value=redactor.redact_value(value), problems=(), exit_code=ExitCode.DONE)


# The machine ----------------------------------------------------------------------------------------------------------


def _machine(environ: Mapping[str, str]) -> dict[str, Any]:
    now = datetime.now(UTC).astimezone()
    return {
        "taken_at": now.isoformat(timespec="seconds"),
        "kernel": {
            "version": distribution_version(KERNEL),
            "interface": ".".join(map(str, INTERFACE_VERSION)),
        },
        "python": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "build": " ".join(platform.python_build()),
            "executable": sys.executable,
            "prefix": sys.prefix,
            "is_virtual": sys.prefix != sys.base_prefix,
        },
        "platform": {
            "system": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "libc": " ".join(filter(None, platform.libc_ver())),
            "processors": os.cpu_count(),
        },
        "sqlite": {"version": sqlite_version(), "apsw": distribution_version("apsw")},
        "time": {
            "zone": _time_zone(environ),
            "name": now.tzname(),
            "utc_offset": now.strftime("%z"),
        },
        "locale": {
            **{key: environ[key] for key in _LOCALE_KEYS if key in environ},
            "encoding": locale.getpreferredencoding(do_setlocale=False),
            "file_system_encoding": sys.getfilesystemencoding(),
        },
        "startup_hooks": [str(hook) for hook in startup_hooks()],
        "distributions": dict(_distributions()),
    }


def _time_zone(environ: Mapping[str, str]) -> str | None:
    """The zone by its name; null where the machine does not say it."""
    if environ.get("TZ"):
        return environ["TZ"]
    place = os.path.realpath(_LOCAL_TIME)
    return place.partition(_ZONES)[2] or None


def _distributions() -> Iterator[tuple[str, str]]:
    """All that is installed, by name; of two of one name the one that is imported."""
    import importlib_metadata

    found: dict[str, str] = {}
    for distribution in importlib_metadata.distributions():
        name = distribution.metadata.get("Name")
        if name:
            found.setdefault(name, distribution.metadata.get("Version") or "")
    yield from sorted(found.items(), key=lambda item: item[0].lower())


# The project ----------------------------------------------------------------------------------------------------------


def _project(surroundings: Surroundings) -> dict[str, Any]:
    project = surroundings.project
    origins = setting_origins(surroundings.environment, project.settings, document=project.document)
    return {
        "project": {"folder": str(project.folder), "file": project.document.file if project.document else None},
        "profile": _profile(surroundings.profile),
        "settings": list(_settings(surroundings.settings, origins)),
        "plugins": [_plugin(record) for record in surroundings.index.plugins],
        "environment": list(_own_keys(surroundings.environment, surroundings.redactor)),
        "resource_profiles": sorted(surroundings.resource_profiles),
        "warnings": [problem.message for problem in surroundings.problems],
    }


def _profile(profile: RuntimeProfile) -> dict[str, Any]:
    return {
        "name": profile.name,
        "mode": profile.mode.value,
        "decided_by": decision_on(profile),
        "layers": [str(layer) for layer in profile.layers],
        "rules": [str(rule) for rule in profile.rules],
        "grants": [str(grant) for grant in profile.grants],
        "may_write_project": profile.may_write_project,
        "write_paths": [str(path) for path in profile.write_paths],
        "sources": [{"file": file, "sha256": digest} for file, digest in profile.sources],
    }


def _settings(settings: Settings, origins: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for name, origin in origins.items():
        value = getattr(settings, name)
        texts = [str(item) for item in value] if isinstance(value, tuple) else value
        yield {"name": name, "value": str(texts) if isinstance(texts, Path) else texts, "origin": origin}


def _plugin(record: PluginRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "distribution": record.distribution,
        "version": record.version,
        "interface": record.interface,
        "state": record.state.value,
        "why": record.why,
        # The index knows none before plugins can be locked.
        "digest": None,
    }


def _own_keys(environment: Environment, redactor: Redactor) -> Iterator[dict[str, Any]]:
    """The keys of AetherFlow; nobody knows what is in one that nothing reads."""
    known = {setting_key(name) for name in setting_origins(environment)} | OTHER_KEYS
    for key in sorted(key for key in environment.values if key.startswith(PREFIX)):
        is_shown = key in known and key != JSON_KEY and not is_secret_key(key)
        value = redactor.redact(environment.values[key]) if is_shown else MASK
        yield {"key": key, "value": value, "set_in": environment.origin(key)}


# The flow -------------------------------------------------------------------------------------------------------------


def _flow(prepared: Prepared, flow_file: Path) -> dict[str, Any]:
    keys = sorted(_keys_of(prepared))
    environment = prepared.surroundings.environment
    return {
        "flow": {
            "file": str(flow_file),
            "digest": prepared.document.digest,
            "flow_id": prepared.flow_index.flow.id if prepared.flow_index else None,
            # Names alone: their values are nobody's business.
            "environment": [{"key": key, "set_in": environment.origin(key) or None} for key in keys],
        }
    }


def _keys_of(prepared: Prepared) -> set[str]:
    """The keys that the flow refers to, and those that the profiles of its resources do."""
    if prepared.flow_index is None:
        return set()
    parts = (use.reference.parts for use in prepared.flow_index.uses if use.reference.root == "env")
    named = {found[1] for found in parts if len(found) > 1}
    flow = prepared.flow_index.flow
    reports = report_resources(prepared.surroundings, flow, names=flow.resources)
    explained = (report.explained for report in reports if report.explained)
    return named | {key.key for each in explained for setting in each.settings for key in setting.keys}
