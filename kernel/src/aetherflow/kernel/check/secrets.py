"""Rule: no secret reaches what others can read: outputs and the ledger, names of files, command lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import InvalidInput, Problem
from ..resolve.decoding import targets_of
from ..resolve.redaction import is_secret_key
from .rules import Subject

if TYPE_CHECKING:
    from ..errors import YamlPath
    from ..spec.models import Resource, Step
    from .definitions import Use

#: What an input becomes that a schema marks so.
_SINKS = {
    "path": ("part of the name of a file", "name the file by something that is no secret"),
    "command_line": (
        "part of a command line, which every user of the machine can read",
        "hand the value over in `env`, and let the program read it there",
    ),
    "seen": (
        "a part of what others see, or of what is kept in the ledger",
        "write something that is no secret there",
    ),
}
_OUTPUT = (
    "an output: outputs are kept with the run, and of a secret only a mask is",
    "let the step that needs it read it where it comes from",
)


def check_secrets(subject: Subject) -> Iterator[Problem]:
    """Secrets of the environment, and outputs that are marked as secrets, on their way to where they are seen.

    AF-PARAMETER-SECRET: the default of a parameter is a secret, and parameters are kept with the run, for all to read.

    Example:
        flow: {id: report}
        params:
          token: {type: string, default: "{{env.SHOP_TOKEN:none}}"}
        jobs:
          - id: show
            steps:
              - {id: send, type: external.process, inputs: {command: [./send], env: {TOKEN: "{{params.token}}"}}}

    Mend: let the step read it from the environment itself.
        flow: {id: report}
        jobs:
          - id: show
            steps:
              - {id: send, type: external.process, inputs: {command: [./send], env: {TOKEN: "{{env.SHOP_TOKEN:none}}"}}}

    AF-SECRET-EXPOSED: a secret is on its way to where others can see it: an output, the name of a file, a command line.

    Example:
        flow: {id: report}
        jobs:
          - id: show
            steps:
              - {id: send, type: external.process, inputs: {command: [./send, "{{env.SHOP_TOKEN:none}}"]}}

    Mend: hand it over where nobody else looks.
        - {id: send, type: external.process, inputs: {command: [./send], env: {TOKEN: "{{env.SHOP_TOKEN:none}}"}}}
    """
    declared = frozenset(_declared_keys(subject))
    for use in subject.flow.uses:
        if not _is_secret(subject, use, declared):
            continue
        if use.field == "parameter":
            mend = f"write {{{{{use.reference.dotted}}}}} in the inputs of the step that needs it, without a parameter"
            yield Problem(
                code="AF-PARAMETER-SECRET",
                message=f"{use.reference.dotted!r} is a secret, and parameters are kept with the run",
                help=mend,
                path=use.reference.path,
            )
        elif use.field in ("outputs", "job_outputs"):
            yield _exposed(use, *_OUTPUT)
        elif use.field == "inputs" and (step := use.own_step) is not None:
            place = subject.values.destinations.of(step, use.reference.path)
            sink = next((sink for mark, sink in _SINKS.items() if mark in place.marks), None)
            if sink is None and _becomes_output(subject, step, use):
                sink = _OUTPUT
            if sink is not None:
                yield _exposed(use, *sink)


def _becomes_output(subject: Subject, step: Step, use: Use) -> bool:
    """Whether an input names further outputs of its step, with their values."""
    known = subject.contributions.step(step.type).found
    source = (known.outputs_from or {}).get("keys_of", "") if known is not None else ""
    return bool(source) and use.reference.path[len(step.path) :][:2] == tuple(source.split("."))


def _declared_keys(subject: Subject) -> Iterator[str]:
    """Keys of the environment that are given where only a secret goes."""
    for use in subject.flow.uses:
        parts, path = use.reference.parts, use.reference.path
        if parts[0] != "env" or len(parts) == 1:
            continue
        if use.field == "resource":
            resource = subject.flow.flow.resources[str(path[1])]
            marks = subject.values.destinations.of_setting(resource, path).marks
            if marks.get("secret") or _is_decoded(resource, path[len(resource.path) :]):
                yield parts[1]
        elif use.field == "inputs" and use.own_step is not None:
            marks = subject.values.destinations.of(use.own_step, path).marks
            yield from parts[1:2] if marks.get("secret") else ()


def _is_decoded(resource: Resource, place: YamlPath) -> bool:
    try:
        return any(place[: len(target)] == target for target in targets_of(resource.decode))
    except InvalidInput:
        return False


def _is_secret(subject: Subject, use: Use, declared: frozenset[str]) -> bool:
    parts = use.reference.parts
    if parts[0] == "env":
        return len(parts) > 1 and (is_secret_key(parts[1]) or parts[1] in declared)
    return parts[0] in ("steps", "result") and subject.values.referents.of(use).is_secret


def _exposed(use: Use, where: str, mend: str) -> Problem:
    return Problem(
        code="AF-SECRET-EXPOSED",
        severity="warning",
        message=f"the secret {use.reference.dotted!r} would become {where}",
        help=mend,
        path=use.reference.path,
    )
