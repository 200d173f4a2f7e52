"""Which box stands in which layer, and in which order: edges go down, and cross little."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

#: Fewer boxes side by side are never broken into two layers.
_LEAST_WIDTH = 6
#: So many bends are worth their time; where there are more, long edges go straight.
_MOST_BENDS = 20_000
_SWEEPS = 4

#: Two numbers of boxes: the edge goes from the first to the second, which is the greater one.
Link = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layers:
    """Layers of knots: the boxes, by their numbers, and behind them the bends of edges that pass through layers."""

    layers: list[list[int]]
    #: The layer of each knot.
    layer_of: list[int]
    #: For each link, its knots from one end to the other.
    routes: dict[Link, list[int]]
    #: For each knot, those that it is joined to in the layer above and in the layer below.
    above: list[list[int]]
    below: list[list[int]]


def make_layers(groups: Iterable[Sequence[int]], links: Iterable[Link], count: int) -> Layers:
    """Put boxes into layers: each group below the ones before it, each box below those that it comes after.

    Args:
        groups: the numbers of the boxes of each group.
        links: what comes after what; no link goes from a later group to an earlier one.
        count: how many boxes there are.
    """
    links = list(dict.fromkeys(links))
    layer_of = _assign(groups, links, count)
    routes = _bend(links, layer_of)
    layers: list[list[int]] = [[] for _ in range(max(layer_of, default=-1) + 1)]
    for knot, layer in enumerate(layer_of):
        layers[layer].append(knot)
    above: list[list[int]] = [[] for _ in layer_of]
    below: list[list[int]] = [[] for _ in layer_of]
    for upper, lower in dict.fromkeys(pair for route in routes.values() for pair in pairwise(route)):
        below[upper].append(lower)
        above[lower].append(upper)
    found = Layers(layers, layer_of, routes, above, below)
    _order(found)
    return found


def _assign(groups: Iterable[Sequence[int]], links: Iterable[Link], count: int) -> list[int]:
    """The layer of each box; a layer that is full is left for the next one."""
    earlier: list[list[int]] = [[] for _ in range(count)]
    for source, target in links:
        earlier[target].append(source)
    most = max(_LEAST_WIDTH, math.isqrt(count))
    layer_of = [0] * count
    filled: list[int] = []
    for group in groups:
        first = len(filled)
        for box in group:
            layer = max((layer_of[source] + 1 for source in earlier[box]), default=first)
            layer = max(layer, first)
            while layer < len(filled) and filled[layer] >= most:
                layer += 1
            filled += [0] * (layer + 1 - len(filled))
            filled[layer] += 1
            layer_of[box] = layer
    return layer_of


def _bend(links: Sequence[Link], layer_of: list[int]) -> dict[Link, list[int]]:
    """The way of each link, with a bend in each layer that it passes; what leaves one box shares its bends."""
    lengths: dict[int, int] = {}
    for source, target in links:
        lengths[source] = max(lengths.get(source, 0), layer_of[target] - layer_of[source] - 1)
    if sum(lengths.values()) > _MOST_BENDS:
        return {link: list(link) for link in links if layer_of[link[1]] == layer_of[link[0]] + 1} | {
            link: [] for link in links if layer_of[link[1]] > layer_of[link[0]] + 1
        }
    bends: dict[int, list[int]] = {}
    for source, length in lengths.items():
        bends[source] = list(range(len(layer_of), len(layer_of) + length))
        layer_of += range(layer_of[source] + 1, layer_of[source] + 1 + length)
    return {
        (source, target): [source, *bends[source][: layer_of[target] - layer_of[source] - 1], target]
        for source, target in links
    }


def _order(found: Layers) -> None:
    """Sort each layer by where the neighbours of its knots are, down and up again."""
    place = [0.0] * len(found.layer_of)
    for layer in found.layers:
        _note_places(layer, place)
    for sweep in range(_SWEEPS):
        goes_down = sweep % 2 == 0
        neighbours = found.above if goes_down else found.below
        for layer in found.layers if goes_down else reversed(found.layers):
            wanted = {knot: mean([place[each] for each in neighbours[knot]], place[knot]) for knot in layer}
            layer.sort(key=lambda knot: (wanted[knot], place[knot]))
            _note_places(layer, place)


def _note_places(layer: list[int], place: list[float]) -> None:
    """From 0 to 1, so that layers of any length compare."""
    for position, knot in enumerate(layer):
        place[knot] = (position + 0.5) / len(layer)


def mean(values: Sequence[float], default: float) -> float:
    """The mean of some numbers, or the default where there are none."""
    return sum(values) / len(values) if values else default
