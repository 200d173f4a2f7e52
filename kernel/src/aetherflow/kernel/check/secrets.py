"""Rule: no secret reaches what others can read: outputs and the ledger, names of files, command lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import Problem
from ..resolve.redaction import is_secret_key
from .rules import Subject

if TYPE_CHECKING:
    from .definitions import Use

#: What an input becomes that a schema marks so.
_SINKS = {
    "path": ("part of the name of a file", "name the file by something that is no secret"),
    "command_line": (
        "part of a command line, which every user of the machine can read",
        "hand the value over in `env`, and let the program read it there",
    ),
}


def check_secrets(subject: Subject) -> Iterator[Problem]:
    """Secrets of the environment, and outputs that are marked as secrets, on their way to where they are seen."""
    for use in subject.flow.uses:
        if not _is_secret(subject, use):
            continue
        if use.field == "parameter":
            yield Problem(
                code="AF-PARAMETER-SECRET",
                message=f"{use.reference.dotted!r} is a secret, and parameters are kept with the run",
                help="let the step read it from the environment: {{env.NAME}} in its inputs",
                path=use.reference.path,
            )
        elif use.field in ("outputs", "job_outputs"):
            mend = "let the step that needs it read it where it comes from"
            yield _exposed(use, "an output, which is kept with the run; only its mask is", mend)
        elif use.field == "inputs" and use.job is not None and use.step is not None:
            place = subject.values.destinations.of(use.job.job.steps[use.step], use.reference.path)
            for mark in (mark for mark in _SINKS if mark in place.marks):
                yield _exposed(use, *_SINKS[mark])


def _is_secret(subject: Subject, use: Use) -> bool:
    parts = use.reference.parts
    if parts[0] == "env":
        return len(parts) > 1 and is_secret_key(parts[1])
    return parts[0] in ("steps", "result") and subject.values.referents.of(use).is_secret


def _exposed(use: Use, where: str, mend: str) -> Problem:
    return Problem(
        code="AF-SECRET-EXPOSED",
        severity="warning",
        message=f"the secret {use.reference.dotted!r} would become {where}",
        help=mend,
        path=use.reference.path,
    )
