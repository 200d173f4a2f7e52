"""The flow that a command is about."""

from __future__ import annotations

from pathlib import Path

from ..errors import InvalidInput


def given_flow(argument: str | None, option: str | None, *, command: str) -> Path:
    """The one flow that was named.

    Raises:
        InvalidInput: none was, or two were.
    """
    if argument is not None and option is not None and argument != option:
        raise InvalidInput(
            "two flows were given", code="AF-USAGE", help="give the flow once, as an argument or with --flow-yaml"
        )
    flow = argument or option
    if not flow:
        raise InvalidInput(
            "no flow was given", code="AF-USAGE", help=f"name the flow's file: aetherflow {command} FLOW"
        )
    return Path(flow)
