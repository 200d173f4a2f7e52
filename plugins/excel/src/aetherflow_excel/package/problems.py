"""What is wrong with a workbook as a file."""

from __future__ import annotations

from aetherflow.kernel.api import StepError


class BrokenPart(Exception):
    """A part can't be read; whoever knows its name says so."""


def damaged(file: str, what: str) -> StepError:
    """The error for a file that is no workbook, or a broken one."""
    return StepError(
        f"{file}: {what}",
        code="AF-EXCEL-PACKAGE",
        help="open it in a spreadsheet program and save it again as .xlsx, .xlsm, .xltx or .xltm",
    )


def too_large(file: str, what: str) -> StepError:
    """The error for a file that wants more than a workbook may."""
    return StepError(f"{file}: {what}", code="AF-EXCEL-LIMIT", help="have it made smaller")
