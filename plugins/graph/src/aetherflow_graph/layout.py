"""Where everything stands: boxes in layers, edges around them, frames around groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .layers import Layers, Link, make_layers, mean

#: All in units of the drawing.
GAP_BETWEEN = 24.0
GAP_BELOW = 44.0
#: The room of a group's frame around its boxes, with its name at the top.
FRAME = 16.0
FRAME_TITLE = 22.0
_BEND_WIDTH = 8.0
_SWEEPS = 6

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends to the right."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends below."""
        return self.y + self.height

    @property
    def center(self) -> float:
        """The middle from left to right."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of boxes and of groups' frames, and the points that each link goes through, by twos: in and out."""

    boxes: list[Place]
    #: Null for a group without boxes, and for the first one, which has no frame.
    frames: list[Place | None]
    routes: dict[Link, list[Point]]


def lay_out(sizes: Sequence[tuple[float, float]], groups: Sequence[Sequence[int]], links: Iterable[Link]) -> Layout:
    """Place boxes of these sizes.

    Args:
        sizes: width and height of each box.
        groups: the numbers of the boxes of each group, from the top down.
        links: what is joined to what, see `make_layers`.
    """
    layers = make_layers(groups, links, len(sizes))
    widths = [*(width for width, _ in sizes), *[_BEND_WIDTH] * (len(layers.layer_of) - len(sizes))]
    left = _place_across(layers, widths)
    spans = _place_down(layers, sizes, [{layers.layer_of[box] for box in group} for group in groups])
    boxes = [
        Place(left[box], spans[layers.layer_of[box]][0], width, height) for box, (width, height) in enumerate(sizes)
    ]
    routes = {link: _route(link, knots, boxes, layers, left, spans) for link, knots in layers.routes.items()}
    return Layout(boxes, [None, *(_frame([boxes[box] for box in group]) for group in groups[1:])], routes)


def _place_across(layers: Layers, widths: list[float]) -> list[float]:
    """The left end of each knot: near its neighbours, and not over the next one."""
    left = [0.0] * len(widths)
    for layer in layers.layers:
        room = sum(widths[knot] + GAP_BETWEEN for knot in layer) - GAP_BETWEEN
        _set_apart(layer, [-room / 2] * len(layer), widths, left)
    for sweep in range(_SWEEPS):
        goes_down = sweep % 2 == 0
        neighbours = layers.above if goes_down else layers.below
        for layer in layers.layers if goes_down else reversed(layers.layers):
            wanted = []
            for knot in layer:
                centers = [left[each] + widths[each] / 2 for each in neighbours[knot]]
                wanted.append(mean(centers, left[knot] + widths[knot] / 2) - widths[knot] / 2)
            _set_apart(layer, wanted, widths, left)
    furthest = min(left, default=0.0)
    return [round(each - furthest, 1) for each in left]


def _set_apart(layer: list[int], wanted: list[float], widths: list[float], left: list[float]) -> None:
    """As near to the wanted places as may be: half way between pushing to the right and pushing to the left."""
    pushed_right: list[float] = []
    for position, knot in enumerate(layer):
        limit = pushed_right[-1] + widths[layer[position - 1]] + GAP_BETWEEN if position else wanted[position]
        pushed_right.append(max(wanted[position], limit))
        left[knot] = pushed_right[-1]
    limit = float("inf")
    for position in reversed(range(len(layer))):
        knot = layer[position]
        pushed_left = min(wanted[position], limit - widths[knot])
        limit = pushed_left - GAP_BETWEEN
        left[knot] = (pushed_right[position] + pushed_left) / 2


def _place_down(
    layers: Layers, sizes: Sequence[tuple[float, float]], layers_of_groups: list[set[int]]
) -> list[tuple[float, float]]:
    """The top and the bottom of each layer."""
    first_of_groups = {min(found) for found in layers_of_groups[1:] if found}
    spans: list[tuple[float, float]] = []
    top = 0.0
    for number, layer in enumerate(layers.layers):
        if number in first_of_groups:
            top += FRAME + FRAME_TITLE + (FRAME if number else 0)
        height = max((sizes[knot][1] for knot in layer if knot < len(sizes)), default=0.0)
        spans.append((top, top + height))
        top += height + GAP_BELOW
    return spans


def _route(
    link: Link,
    knots: list[int],
    boxes: list[Place],
    layers: Layers,
    left: list[float],
    spans: list[tuple[float, float]],
) -> list[Point]:
    source, target = (boxes[end] for end in link)
    points = [(source.center, source.bottom)]
    for knot in knots[1:-1]:
        top, bottom = spans[layers.layer_of[knot]]
        x = left[knot] + _BEND_WIDTH / 2
        points += [(x, top), (x, bottom)]
    return [*points, (target.center, target.y)]


def _frame(places: list[Place]) -> Place | None:
    if not places:
        return None
    x, y = min(place.x for place in places) - FRAME, min(place.y for place in places) - FRAME - FRAME_TITLE
    right, bottom = max(place.right for place in places) + FRAME, max(place.bottom for place in places) + FRAME
    return Place(x, y, right - x, bottom - y)
