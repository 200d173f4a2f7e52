"""What the system says against writing a file, as an error of the step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aetherflow.kernel.api import StepError


@contextmanager
def while_writing(path: Path) -> Iterator[None]:
    """Tell of a full disk, a folder in the way or a missing permission.

    Raises:
        StepError: the system refuses; the file is as it was.
    """
    try:
        yield
    except OSError as error:
        raise StepError(
            f"{path.name} can't be written: {error.strerror or error}",
            code="AF-EXCEL-OUTPUT",
            help="mend that and go on with the run; the file is as it was",
        ) from error
