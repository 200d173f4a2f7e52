"""The file that a picture is written into: whole, or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from aetherflow.kernel.api import InvalidInput, publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MEND = "name another file with --output"


def refuse_output(file: Path, *, flow: Path) -> None:
    """Go on only where a picture may take the place of what stands there.

    Raises:
        InvalidInput: it may not.
    """
    with _told(file):
        if not file.parent.is_dir():
            raise _refused(f"there is no folder {file.parent}")
        if not file.exists():
            return
        if not file.is_file():
            raise _refused(f"{file} is no ordinary file")
        if flow.exists() and file.samefile(flow):
            raise _refused(f"{file} is the flow itself")


def write_output(file: Path, text: str) -> None:
    """Put the picture in place.

    Raises:
        InvalidInput: it can't be written there.
    """
    # Links in the path are the user's own: what is published must have none.
    with _told(file), publish(file.parent.resolve() / file.name) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """What the system says of the file, as a message."""
    try:
        yield
    except OSError as error:
        raise _refused(f"{file} can't be written: {error.strerror or error}") from None


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, code="AF-GRAPH-OUTPUT", help=_MEND)
