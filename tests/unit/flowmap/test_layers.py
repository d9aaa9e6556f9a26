"""Arrows reach their boxes, and touch no other; boxes do not overlap; whatever the graph."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flowmap.layers import Block, Link, lay_out, layers_of


@st.composite
def graphs(draw):
    blocks = draw(st.lists(st.builds(Block, st.floats(20, 120), st.floats(8, 60)), min_size=1, max_size=12))
    number = st.integers(0, len(blocks) - 1)
    links = draw(st.lists(st.tuples(number, st.floats(0.1, 0.9), number), max_size=24))
    return blocks, [Link(source, blocks[source].width * at, target) for source, at, target in links]


@settings(max_examples=30, deadline=None)
@given(graphs())
def test_whatever_the_graph(graph):
    blocks, links = graph
    layout = lay_out(blocks, links)
    places = [(x, y, x + b.width, y + b.height) for (x, y), b in zip(layout.corners, blocks, strict=True)]
    for one, other in combinations(places, 2):
        assert not overlap(one, other, less=0.5)
    for left, top, right, bottom in places:
        assert left >= -0.01
        assert right <= layout.width + 0.01
        assert top >= 0
        assert bottom <= layout.height + 0.01
    for link, route in zip(links, layout.routes, strict=True):
        left, _, _, bottom = places[link.source]
        assert route[0] == pytest.approx((left + link.port, bottom))
        left, top, right, _ = places[link.target]
        assert route[-1] == pytest.approx(((left + right) / 2, top))
        assert route[-2][1] <= top, "it enters from above"
        for (x, y), (next_x, next_y) in pairwise(route):
            assert min(abs(x - next_x), abs(y - next_y)) < 0.01, "straight, as far as paper shows"
            line = min(x, next_x), min(y, next_y), max(x, next_x), max(y, next_y)
            assert not any(overlap(line, place, less=0.5) for place in places)
    assert layout == lay_out(blocks, links)


def overlap(one, other, less):
    """Return whether two areas (left, top, right, bottom) share more than a hair."""
    left, top, right, bottom = other
    left, top, right, bottom = left + less, top + less, right - less, bottom - less
    return one[0] < right and left < one[2] and one[1] < bottom and top < one[3]


def test_layers_are_the_longest_way_from_the_first_not_counting_ways_back():
    links = [Link(*each) for each in ((0, 1, 1), (1, 1, 2), (0, 1, 2), (2, 1, 0), (2, 1, 2))]
    assert layers_of(3, links) == [0, 1, 2]


def test_what_stands_alone_in_a_row_stands_straight():
    blocks = [Block(40, 10), Block(60, 10), Block(20, 10)]
    layout = lay_out(blocks, [Link(0, 20, 1), Link(1, 30, 2)])
    assert [len(route) for route in layout.routes] == [2, 2]
    assert [x for (x, _), *_ in layout.routes] == pytest.approx([30, 30])


def test_branches_do_not_cross_when_they_need_not():
    blocks = [Block(60, 10)] + [Block(30, 10) for _ in range(3)]
    layout = lay_out(blocks, [Link(0, 50, 1), Link(0, 10, 2), Link(0, 30, 3)])
    assert sorted(range(1, 4), key=lambda block: layout.corners[block][0]) == [2, 3, 1]


def test_arrows_to_one_target_share_their_way_up():
    blocks = [Block(30, 10) for _ in range(4)]
    links = [Link(0, 15, 1), Link(1, 15, 2), Link(2, 8, 0), Link(1, 8, 0), Link(2, 20, 3), Link(3, 15, 0)]
    layout = lay_out(blocks, links)
    risings = {
        round(x, 3)
        for number in (2, 3, 5)
        for (x, y), (next_x, next_y) in pairwise(layout.routes[number])
        if next_y < y - 15
    }
    assert len(risings) == 1


def test_nothing_is_no_picture():
    with pytest.raises(ValueError, match="nothing"):
        lay_out([], [])
