"""Release numbers in order, as far as rules of a runtime profile need them (PEP 440 without surprises)."""

from __future__ import annotations

import re
from typing import Literal

from ..quick_dataclasses import dataclass, replace

Operator = Literal["==", "!=", ">=", "<=", ">", "<"]

_VERSION = re.compile(
    r"""v?
    (?:(?P<epoch>[0-9]+)!)?
    (?P<release>[0-9]+(?:\.[0-9]+)*)
    (?:[-_.]?(?P<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<pre_number>[0-9]*))?
    (?:-(?P<post_implicit>[0-9]+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_number>[0-9]*))?
    (?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>[0-9]*))?
    (?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?""",
    re.VERBOSE | re.IGNORECASE,
)
_PRE_LETTERS = {"alpha": "a", "a": "a", "beta": "b", "b": "b", "c": "rc", "pre": "rc", "preview": "rc", "rc": "rc"}
#: Longer numbers are no versions; the bound keeps Python from refusing to read them.
_MAX_LENGTH = 128


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version in the order of PEP 440, the local part left out."""

    epoch: int
    release: tuple[int, ...]
    pre: tuple[int, str, int]
    post: int
    dev: tuple[int, int]

    @property
    def is_prerelease(self) -> bool:
        """Whether it comes before the release that it bears the number of."""
        return self.pre != _NO_PRE or self.dev != _NO_DEV

    def before_prereleases(self) -> Version:
        """The first of its pre-releases; a pre-release itself."""
        if self.is_prerelease:
            return self
        return replace(self, pre=_DEV_ALONE if self.post < 0 else self.pre, dev=(0, 0))

    def is_postrelease_of(self, other: Version) -> bool:
        """Whether it mends the other, which is no post-release."""
        same = (self.epoch, self.release, self.pre) == (other.epoch, other.release, other.pre)
        return same and self.post >= 0 > other.post and other.dev == _NO_DEV


#: A development release alone comes before all pre-releases; no pre-release at all comes after them.
_DEV_ALONE, _NO_PRE, _NO_DEV = (0, "", 0), (2, "", 0), (1, 0)


def parse_version(text: str) -> Version | None:
    """The version that a text says, or null where it says none."""
    match = _VERSION.fullmatch(text.strip()) if len(text) <= _MAX_LENGTH else None
    if match is None:
        return None
    part = match.groupdict()
    release = [int(number) for number in part["release"].split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    post = int(part["post_implicit"] or part["post_number"] or 0) if part["post_implicit"] or part["post"] else -1
    dev = (0, int(part["dev_number"] or 0)) if part["dev"] else _NO_DEV
    return Version(int(part["epoch"] or 0), tuple(release), _pre(part, post, dev), post, dev)


def _pre(part: dict[str, str | None], post: int, dev: tuple[int, int]) -> tuple[int, str, int]:
    if letter := part["pre"]:
        return (1, _PRE_LETTERS[letter.lower()], int(part["pre_number"] or 0))
    return _DEV_ALONE if post < 0 and dev != _NO_DEV else _NO_PRE


@dataclass(frozen=True, slots=True)
class VersionBound:
    """One comparison, such as `>=1.2`."""

    operator: Operator
    bound: Version

    def admits(self, version: Version) -> bool:
        """Whether the version holds it; `<2` leaves out the pre-releases of 2, `>2` its post-releases."""
        match self.operator:
            case "==":
                return version == self.bound
            case "!=":
                return version != self.bound
            case ">=":
                return version >= self.bound
            case "<=":
                return version <= self.bound
            case "<":
                return version < self.bound.before_prereleases()
            case ">":
                return version > self.bound and not version.is_postrelease_of(self.bound)


_BOUND = re.compile(r"\s*(?P<operator>==|!=|>=|<=|>|<)\s*(?P<version>[^\s,<>=!]+)\s*")


def parse_bounds(text: str) -> tuple[VersionBound, ...] | None:
    """Comparisons joined by commas, or null where the text is nothing like it."""
    bounds = []
    for part in text.split(","):
        match = _BOUND.fullmatch(part)
        version = parse_version(match["version"]) if match else None
        if match is None or version is None:
            return None
        operator: Operator = match["operator"]  # type: ignore[assignment]  # the pattern names the same six
        bounds.append(VersionBound(operator, version))
    return tuple(bounds)
