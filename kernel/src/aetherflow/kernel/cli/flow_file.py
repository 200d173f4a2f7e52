"""The flow that a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def given_flows(arguments: Sequence[str], option: str | None, *, command: str) -> list[Path]:
    """The flows that were named, each once, in their order.

    Raises:
        InvalidInput: none was, or an argument and an option name different ones.
    """
    if len(arguments) < 2:  # noqa: PLR2004 - one flow, which the option may name as well
        return [given_flow(arguments[0] if arguments else None, option, command=command)]
    if option is not None:
        raise InvalidInput("flows were given twice", code="AF-USAGE", help="give them as arguments alone")
    return [Path(flow) for flow in dict.fromkeys(arguments)]
