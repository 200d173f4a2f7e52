"""The command `aetherflow graph`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aetherflow.kernel.api import CommandContext, CommandParameter, Effect, InvalidInput, PluginCommand, outline_flow

from .output import refuse_output, write_output
from .picture import make_picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from aetherflow.kernel.api import FlowOutline

    from .picture import Picture

#: What a file's name says of its format.
SUFFIXES = {".mmd": "mermaid", ".mermaid": "mermaid", ".dot": "dot", ".gv": "dot", ".svg": "svg"}
FORMATS = ("mermaid", "dot", "svg")


def draw(context: CommandContext, flow: str, format: str | None, output: str | None, steps: bool) -> None:  # noqa: A002, FBT001 - the names of the options
    """Draw a flow, on standard output or into a file.

    Raises:
        InvalidInput: the flow is wrong, the format unknown, or the file can't be put there.
        RefusedByPolicy: the runtime profile refuses what the flow uses.
    """
    chosen = _format(format, output)
    file = None if output is None else Path(output)
    if file is not None:
        refuse_output(file, flow=Path(flow))
    outline = outline_flow(flow, context.profile, environment=context.environment)
    picture = make_picture(outline, with_steps=steps)
    text = _renderer(chosen)(picture)
    if file is not None:
        write_output(file, text)
    if context.as_json:
        text_here = text if file is None else None
        told = {"flow_id": outline.id, "format": chosen, "written": output, "text": text_here}
        context.say_json({**told, **_jobs_and_edges(outline, picture)})
    elif file is not None:
        context.say(f"written: {output}")
    else:
        context.write(text)


GRAPH = PluginCommand(
    name="graph",
    summary="Draw a flow: which jobs there are, and which wait for which.",
    run=draw,
    parameters=(
        CommandParameter(
            name="flow", kind="argument", help="The flow's YAML file.", metavar="FLOW", is_required=True, is_flow=True
        ),
        CommandParameter(
            name="format",
            kind="text",
            help="mermaid, dot or svg; by default what the name of FILE says, else mermaid.",
            metavar="FORMAT",
        ),
        CommandParameter(
            name="output", kind="text", help="Write into this file, instead of to standard output.", metavar="FILE"
        ),
        CommandParameter(name="steps", kind="flag", help="Draw the steps of each job too."),
    ),
    effects=frozenset({Effect.READ_FILES, Effect.WRITE_FILES}),
)


def _jobs_and_edges(flow: FlowOutline, picture: Picture) -> dict[str, object]:
    """What is drawn, for machines."""
    edges = [
        {"from": flow.jobs[edge.source].id, "to": flow.jobs[edge.target].id, "kind": edge.kind}
        for edge in picture.edges
    ]
    return {"jobs": [{"id": job.id, "section": job.section} for job in flow.jobs], "edges": edges}


def _format(asked: str | None, output: str | None) -> str:
    if asked is None:
        return SUFFIXES.get(Path(output or "").suffix.lower(), "mermaid")
    if asked not in FORMATS:
        raise InvalidInput(f"there is no format {asked!r}", code="AF-USAGE", help=f"write one of {', '.join(FORMATS)}")
    return asked


def _renderer(chosen: str) -> Callable[[Picture], str]:
    if chosen == "dot":
        from .dot import as_dot

        return as_dot
    if chosen == "svg":
        from .svg import as_svg

        return as_svg
    from .mermaid import as_mermaid

    return as_mermaid
