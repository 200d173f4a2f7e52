"""How much an archive may ask for: defaults that a resource may lower."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from pydantic import Field

from aetherflow.kernel.api import ConnectorError, ConnectorModel, Watch

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
#: Below this size the ratio does not matter.
_RATIO_FROM = 10 * MIB


class ArchiveOptions(ConnectorModel):
    """How hard to press, and when to refuse."""

    level: int = Field(default=6, ge=0, le=9, description="How hard to press: 1 is fast, 9 is small.")
    strict: bool = Field(default=False, description="Whether to refuse bytes that belong to no member.")
    max_members: int = Field(default=10_000, ge=1, le=10_000, description="Members of an archive that is unpacked.")
    max_total_bytes: int = Field(default=GIB, ge=1, le=GIB, description="Bytes of all files that are unpacked.")
    max_member_bytes: int = Field(default=512 * MIB, ge=1, le=512 * MIB, description="Bytes of one file.")
    max_ratio: int = Field(default=200, ge=1, le=200, description="Unpacked to packed bytes, above 10 MiB.")
    max_directory_bytes: int = Field(default=16 * MIB, ge=1, le=16 * MIB, description="Bytes of the list of members.")
    max_seconds: float = Field(default=300.0, gt=0, le=300, description="Seconds for one archive.")


@dataclass(slots=True, kw_only=True)
class Guard:
    """The limits in force while one archive is unpacked, and the signal to stop."""

    archive: str
    options: ArchiveOptions
    watch: Watch
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        self._until = time.monotonic() + self.options.max_seconds

    def go_on(self) -> None:
        """Ask whether to go on; cheap enough to ask often.

        Raises:
            ConnectorError: the run must stop, or the time is over.
        """
        if self.watch.cancelled.is_set():
            raise stopped()
        if time.monotonic() > self._until:
            raise self.refusal(f"takes longer than {self.options.max_seconds:g} seconds")

    def check_count(self, members: int, directory_bytes: int) -> None:
        """How many members there are, as far as the archive says."""
        if members > self.options.max_members:
            raise self.refusal(f"has {members} members, and {self.options.max_members} are allowed")
        if directory_bytes > self.options.max_directory_bytes:
            raise self.refusal(f"has a list of members of {directory_bytes} bytes, which is too much")

    def check_member(self, name: str, size: int, packed: int) -> None:
        """How big one member says that it is."""
        if size > self.options.max_member_bytes:
            raise self.refusal(f"holds {name!r} of {size} bytes, and {self.options.max_member_bytes} are allowed")
        self._check_ratio(repr(name), size, packed)

    def check_total(self, size: int, packed: int) -> None:
        """How big all members say that they are."""
        if size > self.options.max_total_bytes:
            raise self.refusal(f"unpacks to {size} bytes, and {self.options.max_total_bytes} are allowed")
        self._check_ratio("all of it", size, packed)

    def _check_ratio(self, what: str, size: int, packed: int) -> None:
        if size > _RATIO_FROM and size > self.options.max_ratio * packed:
            raise self.refusal(f"grows more than {self.options.max_ratio} times ({what}), as a bomb does")

    def refusal(self, what: str) -> ConnectorError:
        """The error for an archive that wants too much."""
        return ConnectorError(
            f"{self.archive} {what}; nothing is unpacked",
            code="AF-ARCHIVE-LIMIT",
            help="have it made smaller, or in parts; the limits are options of the resource, and can only be lowered",
        )


def stopped() -> ConnectorError:
    """The error for work that was broken off because the run must stop."""
    return ConnectorError("stopped", code="AF-ARCHIVE-STOPPED", help="go on with the run")
