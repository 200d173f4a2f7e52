"""A picture as a Mermaid flowchart, which code hosts and editors draw inside Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .picture import Box, Picture

_INDENT = "    "
#: What means nothing to Mermaid, nor to the Markdown that it reads in labels, wherever it stands.
_HARMLESS = re.compile(r"[^\W_]|[ ,()·“”…]|(?<=[A-Za-z0-9])[._-](?=[A-Za-z0-9])")


def as_mermaid(picture: Picture) -> str:
    """The text of the flowchart."""
    return "\n".join(_lines(picture)) + "\n"


def escaped(text: str) -> str:
    """Text inside the quotes of a label; whatever could mean something stands there by its number."""
    return "".join(letter if _HARMLESS.match(text, place) else f"#{ord(letter)};" for place, letter in enumerate(text))


def _lines(picture: Picture) -> Iterator[str]:
    # Ids may be words of Mermaid, such as `end`: numbers stand for them.
    yield f"%% flow {picture.flow_id}"
    yield "flowchart TD"
    for name, members in picture.groups.items():
        if name == "jobs":
            for number in members:
                yield from _job(picture, number, _INDENT)
            continue
        yield f'{_INDENT}subgraph {name}["{escaped(name)}"]'
        for number in members:
            yield from _job(picture, number, _INDENT * 2)
        yield f"{_INDENT}end"
    for edge in picture.edges:
        arrow = "-.->" if edge.is_dashed else "-->"
        yield f"{_INDENT}j{edge.source} {arrow} j{edge.target}"


def _job(picture: Picture, number: int, indent: str) -> Iterator[str]:
    job = picture.jobs[number]
    if not job.steps:
        yield f'{indent}j{number}["{_label(job.box)}"]'
        return
    yield f'{indent}subgraph j{number}["{_label(job.box)}"]'
    for place, step in enumerate(job.steps):
        yield f'{indent}{_INDENT}j{number}s{place}["{_label(step)}"]'
    for place in range(1, len(job.steps)):
        yield f"{indent}{_INDENT}j{number}s{place - 1} --> j{number}s{place}"
    yield f"{indent}end"


def _label(box: Box) -> str:
    return "<br/>".join(map(escaped, (box.title, *box.notes)))
