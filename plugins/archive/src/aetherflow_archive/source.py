"""The bytes of an archive, and how it is told that they are wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aetherflow.kernel.api import ConnectorError

from .places import open_folder, open_to_read


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An open archive, read at any place."""

    name: str
    descriptor: int
    size: int

    def read(self, start: int, length: int) -> bytes:
        """Exactly these bytes.

        Raises:
            ConnectorError: the archive has not so many.
        """
        data = os.pread(self.descriptor, length, start) if 0 <= start <= start + length <= self.size else b""
        if len(data) != length:
            raise self.damaged("is cut off, or points to places outside itself")
        return data

    def damaged(self, what: str) -> ConnectorError:
        """The error for an archive that can't be read."""
        return ConnectorError(
            f"{self.name} {what}; nothing is unpacked",
            code="AF-ARCHIVE-DAMAGED",
            help="fetch it again, or have it made again",
        )

    def ambiguous(self, what: str) -> ConnectorError:
        """The error for an archive that different programs would read differently."""
        return ConnectorError(
            f"{self.name} {what}; nothing is unpacked",
            code="AF-ARCHIVE-AMBIGUOUS",
            help="programs would differ about what it holds, as attackers want it: have it made again",
        )


@contextmanager
def open_source(archive: Path) -> Iterator[Source]:
    """The archive at an absolute path that has no link in it; it must be the same at the end.

    Raises:
        ConnectorError: it is not there, can't be read, or was changed meanwhile.
    """
    try:
        with open_folder(archive.parent) as folder:
            descriptor = open_to_read(archive.name, folder)
    except FileNotFoundError:
        raise missing(archive) from None
    except OSError as error:
        wrong = f"the archive {archive.name} can't be read: {error.strerror or 'the system refused'}"
        mend = "check its permissions, and that it is a file"
        raise ConnectorError(wrong, code="AF-ARCHIVE-MISSING", help=mend) from None
    try:
        before = os.fstat(descriptor)
        yield Source(name=archive.name, descriptor=descriptor, size=before.st_size)
        after = os.fstat(descriptor)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise ConnectorError(
                f"{archive.name} was changed while it was read; nothing is unpacked",
                code="AF-ARCHIVE-CHANGED",
                help="let whoever writes it end first",
            )
    finally:
        os.close(descriptor)


def missing(archive: Path) -> ConnectorError:
    """The error for an archive that is not there."""
    return ConnectorError(
        f"there is no archive {archive}", code="AF-ARCHIVE-MISSING", help="check the path, and the step that makes it"
    )
