"""The program itself: Python, the kernel, SQLite, and the libraries that the kernel stands on."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator

from ..plugins.distributions import distribution_version
from ..policy.rules import normalised_name
from ..policy.versions import VersionBound, parse_bounds, parse_version
from ..quick_dataclasses import dataclass
from .findings import Finding, fine

KERNEL = "aetherflow-kernel"
#: Older ones can lose a commit of a write-ahead log.
OLDEST_SQLITE = "3.51.3"

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*\(?(?P<bounds>[^;)]*)\)?\s*$")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A distribution that the kernel needs, and the versions that it works with."""

    name: str
    bounds: str


def examine_program() -> Iterator[Finding]:
    """How Python, SQLite and the libraries stand to what the kernel asks for."""
    wanted = _wanted_python()
    yield _examined("Python", platform.python_version(), wanted, mend=f"start AetherFlow with Python {wanted}")
    yield fine("program", f"{KERNEL} {distribution_version(KERNEL) or 'of unknown version'}")
    yield _examined_sqlite(sqlite_version())
    for requirement in requirements():
        version, mend = distribution_version(requirement.name), f"python3 -m pip install -U {KERNEL}"
        yield _examined(requirement.name, version, requirement.bounds, mend=mend)


def sqlite_version() -> str:
    """The version of the SQLite that ledgers are kept with: not the one of Python's own module."""
    import apsw

    return apsw.sqlite_lib_version()


def requirements() -> tuple[Requirement, ...]:
    """What the kernel's metadata say that it needs."""
    import importlib_metadata

    try:
        told = importlib_metadata.requires(KERNEL) or []
    except importlib_metadata.PackageNotFoundError:
        return ()
    found = (_REQUIREMENT.match(text) for text in told if ";" not in text)
    named = [Requirement(match["name"], match["bounds"].strip()) for match in found if match]
    return tuple(sorted(named, key=lambda each: normalised_name(each.name)))


def _wanted_python() -> str:
    import importlib_metadata

    try:
        return importlib_metadata.metadata(KERNEL).get("Requires-Python") or ""
    except importlib_metadata.PackageNotFoundError:
        return ""


def _examined(name: str, version: str, bounds: str, *, mend: str) -> Finding:
    if _is_within(version, parse_bounds(bounds) or ()):
        return fine("program", f"{name} {version}")
    return Finding(
        group="program",
        level="error",
        message=f"the kernel needs {name} {bounds}, and {version or 'none'} is installed",
        code="AF-MACHINE-VERSION",
        help=mend,
    )


def _is_within(text: str, bounds: tuple[VersionBound, ...]) -> bool:
    version = parse_version(text)
    return version is not None and all(bound.admits(version) for bound in bounds)


def _examined_sqlite(version: str) -> Finding:
    if _is_within(version, parse_bounds(f">={OLDEST_SQLITE}") or ()):
        return fine("program", f"SQLite {version}")
    return Finding(
        group="program",
        level="error",
        message=f"SQLite {version} can lose what a run remembers; it must be {OLDEST_SQLITE} or later",
        code="AF-MACHINE-SQLITE",
        help="it comes with apsw: python3 -m pip install -U apsw",
    )
