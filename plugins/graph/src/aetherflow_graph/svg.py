"""A picture as an SVG that needs nothing beside itself: no script, no font, no style from elsewhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .layout import Place, lay_out
from .text import width_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .layout import Layout, Point
    from .picture import Box, JobBox, Picture

_MARGIN = 24.0
_PADDING = 12.0
#: Height of a line, and width of a column: of titles, and of the smaller lines below them.
_TITLE_LINE, _TITLE_COLUMN = 18.0, 7.9
_NOTE_LINE, _NOTE_COLUMN = 15.0, 6.7
_STEP_GAP = 8.0
_LEAST_WIDTH = 72.0

#: Colours stand in the rules themselves: not everything that draws an SVG knows variables.
_STYLE = """
text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; }
.title { font-size: 13px; font-weight: 600; }
.note { font-size: 11px; fill: #59636e; }
.paper { fill: #ffffff; }
.box { fill: #ffffff; stroke: #818b98; }
.step { fill: #f6f8fa; stroke: #818b98; }
.group { fill: none; stroke: #818b98; stroke-dasharray: 2 3; }
.edge { fill: none; stroke: #818b98; stroke-width: 1.4; }
.orders { stroke-dasharray: 5 4; }
.tip { fill: #818b98; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .note { fill: #9198a1; }
  .paper { fill: #0d1117; }
  .box { fill: #151b23; }
  .step { fill: #0d1117; }
}
"""


def as_svg(picture: Picture) -> str:
    """The text of the drawing."""
    layout = lay_out(
        [_size(job) for job in picture.jobs],
        list(picture.groups.values()),
        [(edge.source, edge.target) for edge in picture.edges],
    )
    return "\n".join(_lines(picture, layout)) + "\n"


def _lines(picture: Picture, layout: Layout) -> Iterator[str]:
    drawn = [*layout.boxes, *(frame for frame in layout.frames if frame)]
    paper = _paper(drawn, [point for route in layout.routes.values() for point in route])
    box = f"{_number(paper.x)} {_number(paper.y)} {_number(paper.width)} {_number(paper.height)}"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{_number(paper.width)}"'
        f' height="{_number(paper.height)}" role="img">'
    )
    yield f"<title>{escape(f'Flow {picture.flow_id}')}</title>"
    yield f"<style>{_STYLE}</style>"
    yield (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="tip" d="M 0 0 L 8 4 L 0 8 z"/></marker></defs>'
    )
    yield _rectangle("paper", paper, radius=0)
    for name, frame in zip(picture.groups, layout.frames, strict=True):
        if frame:
            yield _rectangle("group", frame, radius=8)
            yield _text("note", frame.x + _PADDING, frame.y + _NOTE_LINE, name)
    for edge in picture.edges:
        kind = "edge orders" if edge.is_dashed else "edge"
        route = _path(layout.routes[edge.source, edge.target])
        yield f'<path class="{kind}" d="{route}" marker-end="url(#tip)"/>'
    for job, place in zip(picture.jobs, layout.boxes, strict=True):
        yield from _job(job, place)
    yield "</svg>"


def _job(job: JobBox, place: Place) -> Iterator[str]:
    yield "<g>"
    yield _rectangle("box", place, radius=6)
    yield from _box_text(job.box, place)
    top = place.y + _height(job.box)
    for step in job.steps:
        inner = Place(place.x + _PADDING, top, place.width - 2 * _PADDING, _height(step))
        yield _rectangle("step", inner, radius=4)
        yield from _box_text(step, inner)
        top = inner.bottom + _STEP_GAP
    yield "</g>"


def _box_text(box: Box, place: Place) -> Iterator[str]:
    line = place.y + _PADDING / 2 + _TITLE_LINE - 4
    yield _text("title", place.x + _PADDING, line, box.title)
    for note in box.notes:
        line += _NOTE_LINE
        yield _text("note", place.x + _PADDING, line, note)


def _size(job: JobBox) -> tuple[float, float]:
    inner = [_width(step) + 2 * _PADDING for step in job.steps]
    height = _height(job.box) + sum(_height(step) + _STEP_GAP for step in job.steps)
    return max(_LEAST_WIDTH, _width(job.box), *inner), height + (_PADDING - _STEP_GAP if job.steps else 0)


def _width(box: Box) -> float:
    notes = (width_of(note) * _NOTE_COLUMN for note in box.notes)
    return round(max(width_of(box.title) * _TITLE_COLUMN, *notes, 0.0) + 2 * _PADDING, 1)


def _height(box: Box) -> float:
    return _TITLE_LINE + len(box.notes) * _NOTE_LINE + _PADDING


def _paper(places: Iterable[Place], points: Iterable[Point]) -> Place:
    """All that is drawn, with a margin."""
    xs, ys = [0.0], [0.0]
    for place in places:
        xs += (place.x, place.right)
        ys += (place.y, place.bottom)
    xs += (x for x, _ in points)
    x, y = min(xs) - _MARGIN, min(ys) - _MARGIN
    return Place(x, y, max(xs) + _MARGIN - x, max(ys) + _MARGIN - y)


def _path(points: list[Point]) -> str:
    """Curves from layer to layer, straight through those that are passed."""
    (x, y), *rest = points
    parts = [f"M {_number(x)} {_number(y)}"]
    for place, (next_x, next_y) in enumerate(rest):
        middle = (y + next_y) / 2
        if place % 2:
            parts.append(f"L {_number(next_x)} {_number(next_y)}")
        else:
            parts.append(
                f"C {_number(x)} {_number(middle)} {_number(next_x)} {_number(middle)}"
                f" {_number(next_x)} {_number(next_y)}"
            )
        x, y = next_x, next_y
    return " ".join(parts)


def _rectangle(kind: str, place: Place, *, radius: int) -> str:
    return (
        f'<rect class="{kind}" x="{_number(place.x)}" y="{_number(place.y)}" width="{_number(place.width)}"'
        f' height="{_number(place.height)}" rx="{radius}"/>'
    )


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{_number(x)}" y="{_number(y)}">{escape(text)}</text>'


def _number(value: float) -> str:
    """Without digits that nobody sees, so that the drawing is the same on every machine."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
