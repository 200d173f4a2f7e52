"""Where the state of a schedule is, whatever else may be wrong with its file."""

from __future__ import annotations

import os
from pathlib import Path

from aetherflow.kernel.api import InvalidInput, read_document

from .paths import absolute

_USUAL = ".aetherflow/schedule"


def usual_state(file: Path) -> str:
    """The path of the folder where a schedule names none, from the folder of its file.

    Each file has its own: two schedules in one folder would take each other's items for removed ones.
    """
    return _USUAL if file.stem == "schedule" else f"{_USUAL}-{file.stem}"


def state_folder(file: Path) -> Path:
    """The folder, absolute; the usual one where the file can't be understood.

    A scheduler goes on with what it has read while somebody edits the file: whoever asks whether it lives must find it.

    Raises:
        InvalidInput: there is no such file.
    """
    try:
        value = read_document(file).value
    except InvalidInput:
        if not file.is_file():
            raise
        value = None
    state = value.get("state") if isinstance(value, dict) else None
    path = state.get("path") if isinstance(state, dict) else None
    is_named = isinstance(path, str) and path.strip() and "\0" not in path
    folder = Path(os.path.abspath(file)).parent  # noqa: PTH100 - links stay, as for the schedule
    return absolute(folder, str(path) if is_named else usual_state(file))
