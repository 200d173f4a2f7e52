"""Where things stand in a drawing: nothing over anything else, and every edge from above to below."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings, strategies as st

from aetherflow_graph.layout import lay_out

pytestmark = pytest.mark.unit


@st.composite
def drawings(draw):
    """Boxes of any size in groups, each linked to any earlier ones."""
    sizes = draw(st.lists(st.tuples(st.integers(10, 300), st.integers(10, 200)), max_size=25))
    count = len(sizes)
    borders = sorted(draw(st.tuples(st.integers(0, count), st.integers(0, count))))
    numbers = list(range(count))
    groups = [numbers[: borders[0]], numbers[borders[0] : borders[1]], numbers[borders[1] :]]
    pairs = [(source, target) for target in numbers for source in range(target)]
    links = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=60)) if pairs else []
    return [(float(width), float(height)) for width, height in sizes], groups, links


def overlap(one, other):
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


@settings(max_examples=200, deadline=None)
@given(drawing=drawings())
def test_boxes_stand_apart_and_edges_go_down_past_them(drawing):
    sizes, groups, links = drawing
    layout = lay_out(sizes, groups, links)
    assert [(box.width, box.height) for box in layout.boxes] == sizes
    for number, box in enumerate(layout.boxes):
        assert not any(overlap(box, other) for other in layout.boxes[number + 1 :])
    assert set(layout.routes) == set(links)
    for (source, target), points in layout.routes.items():
        assert points[0] == (layout.boxes[source].center, layout.boxes[source].bottom)
        assert points[-1] == (layout.boxes[target].center, layout.boxes[target].y)
        assert [y for _, y in points] == sorted(y for _, y in points)
        assert points[0][1] < points[-1][1]
        for (x, top), (same, bottom) in zip(points[1:-1:2], points[2:-1:2], strict=True):
            assert x == same
            assert not any(box.x < x < box.right and box.y < bottom and top < box.bottom for box in layout.boxes)


@settings(max_examples=100, deadline=None)
@given(drawing=drawings())
def test_frame_holds_the_boxes_of_its_group_and_no_others(drawing):
    sizes, groups, links = drawing
    layout = lay_out(sizes, groups, links)
    assert layout.frames[0] is None
    for group, frame in zip(groups[1:], layout.frames[1:], strict=True):
        assert (frame is None) is (not group)
        for number, box in enumerate(layout.boxes):
            assert frame is None or overlap(frame, box) is (number in group)
    frames = [frame for frame in layout.frames if frame]
    assert not any(overlap(one, other) for place, one in enumerate(frames) for other in frames[place + 1 :])


def test_boxes_without_links_fill_rows_in_their_order():
    layout = lay_out([(50.0, 20.0)] * 100, [list(range(100))], [])
    rows = sorted({box.y for box in layout.boxes})
    assert len(rows) == 10
    assert [(box.y, box.x) for box in layout.boxes] == sorted((box.y, box.x) for box in layout.boxes)


@pytest.mark.parametrize(
    "links",
    [
        [(number - back, number) for number in range(1000) for back in (1, 7, 40) if number >= back],
        [(0, number) for number in range(1, 1000)],
        [(source, target) for target in range(1000) for source in range(max(0, target - 100), target)],
    ],
    ids=["three each", "a star", "a hundred each"],
)
def test_thousand_boxes_are_placed_in_seconds(links):
    begun = time.process_time()
    layout = lay_out([(80.0, 40.0)] * 1000, [list(range(1000))], links)
    assert time.process_time() - begun < 15
    assert len(layout.routes) == len(links)
