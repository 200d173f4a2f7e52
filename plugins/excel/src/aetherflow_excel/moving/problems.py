"""What can't be moved when rows are inserted."""

from __future__ import annotations

from aetherflow.kernel.api import StepError


def immovable(what: str, *, help: str = "take it out of the template, or fill without inserting rows") -> StepError:  # noqa: A002 - the name that an error has for it
    """The error for something that nobody can move safely."""
    return StepError(f"rows can't be inserted: {what}", code="AF-EXCEL-MOVE", help=help)
