"""A picture in the language of Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .picture import Box, Edge, Picture

_INDENT = "    "
#: In labels, a backslash begins an escape and an ampersand an entity.
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "&": "&amp;"})


def as_dot(picture: Picture) -> str:
    """The text of the graph."""
    return "\n".join(_lines(picture)) + "\n"


def escaped(text: str) -> str:
    """Text inside the quotes of a label."""
    return text.translate(_ESCAPES)


def _lines(picture: Picture) -> Iterator[str]:
    yield f'digraph "{picture.flow_id}" {{'
    yield f'{_INDENT}graph [charset="UTF-8", compound=true, fontname="Helvetica", style="rounded"];'
    yield f'{_INDENT}node [fontname="Helvetica", shape=box, style="rounded"];'
    for name, members in picture.groups.items():
        if name == "jobs":
            for number in members:
                yield from _job(picture, number, _INDENT)
            continue
        yield f'{_INDENT}subgraph "cluster section {name}" {{'
        yield f'{_INDENT * 2}label="{name}";'
        for number in members:
            yield from _job(picture, number, _INDENT * 2)
        yield f"{_INDENT}}}"
    for edge in picture.edges:
        yield f"{_INDENT}{_edge(picture, edge)};"
    yield "}"


def _job(picture: Picture, number: int, indent: str) -> Iterator[str]:
    job = picture.jobs[number]
    if not job.steps:
        yield f"{indent}{_name(picture, number)} [label={_label(job.box)}];"
        return
    yield f"{indent}subgraph {_cluster(picture, number)} {{"
    yield f"{indent}{_INDENT}label={_label(job.box)};"
    for place, step in enumerate(job.steps):
        yield f"{indent}{_INDENT}{_name(picture, number, place)} [label={_label(step)}];"
    for place in range(1, len(job.steps)):
        yield f"{indent}{_INDENT}{_name(picture, number, place - 1)} -> {_name(picture, number, place)};"
    yield f"{indent}}}"


def _edge(picture: Picture, edge: Edge) -> str:
    """From the last step of a job to the first of another, cut off where the jobs' borders are."""
    source, target = picture.jobs[edge.source], picture.jobs[edge.target]
    attributes = ["style=dashed"] if edge.is_dashed else []
    attributes += [f"ltail={_cluster(picture, edge.source)}"] if source.steps else []
    attributes += [f"lhead={_cluster(picture, edge.target)}"] if target.steps else []
    last = len(source.steps) - 1 if source.steps else None
    first = 0 if target.steps else None
    ends = f"{_name(picture, edge.source, last)} -> {_name(picture, edge.target, first)}"
    return f"{ends} [{', '.join(attributes)}]" if attributes else ends


def _name(picture: Picture, number: int, step: int | None = None) -> str:
    """The name of a job's or a step's node: ids need no escape, and hold no dot."""
    job = picture.jobs[number]
    return f'"{job.box.title}"' if step is None else f'"{job.box.title}.{job.steps[step].title}"'


def _cluster(picture: Picture, number: int) -> str:
    return f'"cluster job {picture.jobs[number].box.title}"'


def _label(box: Box) -> str:
    lines = "\\n".join(map(escaped, (box.title, *box.notes)))
    return f'"{lines}"'
