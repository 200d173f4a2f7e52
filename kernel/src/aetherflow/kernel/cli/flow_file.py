"""The arguments that commands about a flow share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InvalidInput

FlowArgument = Annotated[Path | None, typer.Argument(metavar="FLOW", help="The flow's YAML file.", show_default=False)]
FlowOption = Annotated[
    Path | None, typer.Option("--flow-yaml", metavar="FLOW", help="The same, as an option.", show_default=False)
]
ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", help="The runtime profile; it may only narrow the one in force.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, on standard output.")]


def given_flow(argument: Path | None, option: Path | None, *, command: str) -> Path:
    """The one flow that was named.

    Raises:
        InvalidInput: none was, or two were.
    """
    if argument is not None and option is not None and argument != option:
        raise InvalidInput(
            "two flows were given", code="AF-USAGE", help="give the flow once, as an argument or with --flow-yaml"
        )
    flow = argument or option
    if flow is None:
        raise InvalidInput(
            "no flow was given", code="AF-USAGE", help=f"name the flow's file: aetherflow {command} FLOW"
        )
    return flow
