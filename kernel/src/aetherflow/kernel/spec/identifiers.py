"""What flows, runs, jobs, steps, parameters, resources and outputs may be called."""

from __future__ import annotations

import re

#: Jobs, steps, parameters, resources and outputs.
ID_PATTERN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
#: Flows, runs and bundles: dots as well.
DOTTED_ID_PATTERN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")

_MAX_LENGTH = 64
_FOREIGN = r"[^A-Za-z0-9_-]"
_FOREIGN_TO_DOTTED = r"[^A-Za-z0-9_.-]"
#: Ids become names of folders and files, also on Windows; there these are devices, whatever follows a dot.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def problem_with_id(text: str, *, dotted: bool = False) -> str | None:
    """What is wrong with an id, as the rest of a sentence that starts with it; null where nothing is."""
    if (DOTTED_ID_PATTERN if dotted else ID_PATTERN).fullmatch(text):
        return _problem_with_name(text)
    if not text:
        return "is empty"
    if len(text) > _MAX_LENGTH:
        return f"has {len(text)} characters, at most {_MAX_LENGTH} are allowed"
    foreign = re.search(_FOREIGN_TO_DOTTED if dotted else _FOREIGN, text)
    if foreign:
        marks = "'_', '-' and '.'" if dotted else "'_' and '-'"
        return f"holds {foreign.group()!a}: only the letters a-z and A-Z, digits, {marks} are allowed"
    return f"starts with {text[0]!r}: it must start with a letter, a digit or '_'"


def allowed_id(text: str, *, dotted: bool = False) -> str | None:
    """An id that is allowed and looks like this one; null where there is none."""
    changed = re.sub(_FOREIGN_TO_DOTTED if dotted else _FOREIGN, "_", text)[:_MAX_LENGTH].lstrip("-.")
    return changed if changed.strip("_") and problem_with_id(changed, dotted=dotted) is None else None


def _problem_with_name(text: str) -> str | None:
    if text.endswith("."):
        return "ends with a dot"
    if _DEVICE.fullmatch(text):
        return "is the name of a device on Windows"
    return None
