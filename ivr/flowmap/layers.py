"""Layered layout of a small directed graph of boxes: where each box stands, and how each arrow runs.

Boxes stand in layers from top to bottom. An arrow leaves a box at a port on its lower edge and enters its
target from above; one that leads back up turns below its box and rises in a lane. Arrows to the same target
run together, so that there are few lines. Horizontals lie only between layers, verticals only in lanes: no
arrow touches a box that is not its own. The same input gives the same layout, digit for digit.

The steps are those of Sugiyama, Tagawa and Toda (1981): break cycles, layer by longest path, order by
barycenters, place, route.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

GAP = 7.0  # between two boxes of a layer
LANE_GAP = 4.5  # between a lane and its neighbours
TRACK = 4.0  # between two horizontals
ABOVE = 3.5  # between a layer and the first horizontal below it
BELOW = 8.0  # between the last horizontal and the layer below: an arrowhead fits
STRAIGHT = 9.0  # what passes at least, where there is no horizontal
SWEEPS = 24
SETTLING = 60
STRAIGHTENING = 4
INFINITE = float("inf")
SAME = 2.5  # verticals nearer than this would look like one

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Block:
    """A box by its size."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow: from a block's lower edge, `port` from its left, to the top of another; blocks by index."""

    source: int
    port: float
    target: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The result: the size of all, each block's left upper corner, the corners each link runs through."""

    width: float
    height: float
    corners: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]


@dataclass(slots=True, eq=False)
class _Element:
    """What has a place in a layer: a block (`block` >= 0), or the lane of arrows to a target."""

    layer: int
    width: float
    block: int = -1
    x: float = 0.0  # of its middle

    @property
    def left(self) -> float:
        return self.x - self.width / 2


@dataclass(frozen=True, slots=True)
class _Pin:
    """Where an arrow meets an element: `offset` from the element's middle."""

    element: _Element
    offset: float

    @property
    def x(self) -> float:
        return self.element.x + self.offset


@dataclass(slots=True, eq=False)
class _Net:
    """All arrows to one target within one channel: the pins above it and below it, and its horizontal."""

    above: list[_Pin] = field(default_factory=list)
    below: list[_Pin] = field(default_factory=list)
    track: int = 0
    y: float = 0.0

    def add(self, pin: _Pin, *, above: bool) -> None:
        pins = self.above if above else self.below
        if pin not in pins:
            pins.append(pin)

    @property
    def span(self) -> tuple[float, float]:
        places = [pin.x for pin in (*self.above, *self.below)]
        return min(places), max(places)

    @property
    def bends(self) -> bool:
        left, right = self.span
        return right - left > 0.01


def lay_out(blocks: Sequence[Block], links: Sequence[Link]) -> Layout:
    """Place blocks and route links. The first block is where everything begins and stands on top.

    Raises `ValueError` when there is no block.
    """
    if not blocks:
        raise ValueError("nothing to lay out")
    return _Drawing(blocks, links).result()


def layers_of(count: int, links: Iterable[Link]) -> list[int]:
    """Return the layer of each block: the longest way from the first, not counting links that lead back."""
    following: dict[int, list[int]] = defaultdict(list)
    for link in links:
        following[link.source].append(link.target)
    ahead, order = _without_cycles(count, following)
    layers = [0] * count
    for block in order:
        for target in ahead[block]:
            layers[target] = max(layers[target], layers[block] + 1)
    return layers


def _without_cycles(
    count: int, following: Mapping[int, Sequence[int]]
) -> tuple[dict[int, list[int]], list[int]]:
    """Walk depth first; return the links that do not lead back, and an order they all agree with."""
    ahead: dict[int, list[int]] = defaultdict(list)
    done: list[int] = []
    state = [0] * count  # 1: on the way, 2: done
    for root in range(count):
        if state[root]:
            continue
        state[root] = 1
        way = [(root, iter(following.get(root, ())))]
        while way:
            block, rest = way[-1]
            target = next(rest, None)
            if target is None:
                way.pop()
                state[block] = 2
                done.append(block)
            elif state[target] != 1:
                ahead[block].append(target)
                if not state[target]:
                    state[target] = 1
                    way.append((target, iter(following.get(target, ()))))
    return ahead, done[::-1]


class _Drawing:
    """One layout under construction."""

    def __init__(self, blocks: Sequence[Block], links: Sequence[Link]) -> None:
        self._blocks = blocks
        self._links = links
        layers = layers_of(len(blocks), links)
        self._boxes = [
            _Element(layer, block.width, index)
            for index, (layer, block) in enumerate(zip(layers, blocks, strict=True))
        ]
        self._lanes: dict[tuple[int, int, bool], _Element] = {}  # (target, layer, whether it leads up)
        self._nets: dict[int, dict[int, _Net]] = defaultdict(dict)  # channel (below layer) -> target -> net
        self._steps: list[list[tuple[int, _Pin, _Pin]]] = [self._routed(link) for link in links]
        self._layers: list[list[_Element]] = [[] for _ in range(max(layers) + 1)]
        for element in (*self._boxes, *self._lanes.values()):
            self._layers[element.layer].append(element)
        self._near: dict[_Element, list[tuple[_Pin, _Pin, float]]] = defaultdict(list)
        self._find_neighbours()

    def result(self) -> Layout:
        self._order()
        self._place()
        for nets in self._nets.values():
            _lay_tracks(list(nets.values()))
        tops, height = self._heights()
        left = min(element.left for layer in self._layers for element in layer)
        right = max(element.left + element.width for layer in self._layers for element in layer)
        corners = tuple((box.left - left, tops[box.layer]) for box in self._boxes)
        routes = tuple(
            tuple((x - left, y) for x, y in self._corners(link, steps, tops))
            for link, steps in zip(self._links, self._steps, strict=True)
        )
        return Layout(right - left, height, corners, routes)

    # Which way each arrow goes.

    def _routed(self, link: Link) -> list[tuple[int, _Pin, _Pin]]:
        """Return the channels a link passes, each with the pin it comes from and the one it goes to."""
        source, target = self._boxes[link.source], self._boxes[link.target]
        at = _Pin(source, link.port - source.width / 2)
        steps = []
        if source.layer < target.layer:
            for channel in range(source.layer, target.layer - 1):
                lane = self._lane(link.target, channel + 1, up=False)
                steps.append((channel, at, lane))
                at = lane
        else:
            for layer in range(source.layer, target.layer - 1, -1):
                lane = self._lane(link.target, layer, up=True)
                steps.append((layer, at, lane))
                at = lane
        steps.append((target.layer - 1, at, _Pin(target, 0.0)))
        for channel, start, end in steps:
            net = self._nets[channel].setdefault(link.target, _Net())
            for pin in (start, end):
                net.add(pin, above=pin.element.layer == channel)
        return steps

    def _lane(self, target: int, layer: int, *, up: bool) -> _Pin:
        lane = self._lanes.setdefault((target, layer, up), _Element(layer, 0.0))
        return _Pin(lane, 0.0)

    def _find_neighbours(self) -> None:
        seen = set()
        for steps in self._steps:
            for _, start, end in steps:
                if (start, end) in seen:
                    continue
                seen.add((start, end))
                lanes = (start.element.block < 0) + (end.element.block < 0)
                weight = (1.0, 2.0, 8.0)[lanes]
                self._near[start.element].append((start, end, weight))
                self._near[end.element].append((end, start, weight))

    # Order within the layers.

    def _order(self) -> None:
        for layer in self._layers:
            self._pack(layer)
        best, fewest = self._orders(), self._crossings()
        for sweep in range(SWEEPS):
            layers = self._layers if sweep % 2 == 0 else self._layers[::-1]
            for layer in layers:
                self._sort(layer, sweep)
            self._swap()
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = self._orders(), crossings
        self._layers = best
        for layer in self._layers:
            self._pack(layer)

    def _orders(self) -> list[list[_Element]]:
        return [list(layer) for layer in self._layers]

    @staticmethod
    def _pack(layer: Sequence[_Element]) -> None:
        """Set the elements of a layer side by side, around 0."""
        at = 0.0
        for before, element in zip((None, *layer), layer, strict=False):
            if before is not None:
                at += _distance(before, element)
            element.x = at
        for element in layer:
            element.x -= at / 2

    def _sort(self, layer: list[_Element], sweep: int) -> None:
        toward = -1 if sweep % 2 == 0 else 1
        wanted = {}
        for element in layer:
            near = [
                (other.x - own.offset, weight)
                for own, other, weight in self._near[element]
                if other.element.layer in {element.layer + toward, element.layer}
            ]
            total = sum(weight for _, weight in near)
            wanted[element] = sum(x * weight for x, weight in near) / total if near else element.x
        layer.sort(key=lambda element: (wanted[element], element.x))
        self._pack(layer)

    def _swap(self) -> None:
        """Swap neighbours while that takes crossings away."""
        for layer in self._layers:
            fewest = self._crossings_at(layer[0].layer)
            for index in range(len(layer) - 1):
                layer[index], layer[index + 1] = layer[index + 1], layer[index]
                self._pack(layer)
                crossings = self._crossings_at(layer[0].layer)
                if crossings < fewest:
                    fewest = crossings
                else:
                    layer[index], layer[index + 1] = layer[index + 1], layer[index]
                    self._pack(layer)

    def _crossings(self) -> int:
        return sum(map(_crossings_in, (list(nets.values()) for nets in self._nets.values())))

    def _crossings_at(self, layer: int) -> int:
        return sum(_crossings_in(list(self._nets[channel].values())) for channel in (layer - 1, layer))

    # Places.

    def _place(self) -> None:
        """Move every element towards its neighbours, as far as the order allows, until nothing moves."""
        for sweep in range(SETTLING):
            for layer in self._layers if sweep % 2 == 0 else self._layers[::-1]:
                wanted = []
                for element in layer:
                    near = self._near[element]
                    weight = sum(each for _, _, each in near)
                    wish = sum((other.x - own.offset) * each for own, other, each in near)
                    wanted.append((wish / weight, weight) if near else (element.x, 0.1))
                for element, x in zip(layer, _spread(layer, wanted), strict=True):
                    element.x = x
        for _ in range(STRAIGHTENING):
            self._straighten_lanes()
            self._straighten_boxes()

    def _straighten_lanes(self) -> None:
        """Give the lanes that follow each other one place, as far as there is room for it in each layer."""
        chains: dict[tuple[int, bool], list[_Element]] = defaultdict(list)
        for (target, _, up), lane in sorted(self._lanes.items()):
            chains[target, up].append(lane)
        for chain in chains.values():
            run: list[_Element] = []
            low, high = -INFINITE, INFINITE
            for lane in chain:
                own_low, own_high = self._room(lane)
                if run and max(low, own_low) > min(high, own_high):
                    _align(run, low, high)
                    run, low, high = [], -INFINITE, INFINITE
                run.append(lane)
                low, high = max(low, own_low), min(high, own_high)
            _align(run, low, high)

    def _straighten_boxes(self) -> None:
        """Set what is nearly below its one predecessor exactly below it, where there is room."""
        for layer in self._layers:
            for element in layer:
                above = {
                    other.x - own.offset
                    for own, other, _ in self._near[element]
                    if other.element.layer == element.layer - 1
                }
                low, high = self._room(element)
                if len(above) == 1 and low - 0.001 <= min(above) <= high + 0.001:
                    [element.x] = above

    def _room(self, element: _Element) -> tuple[float, float]:
        """Return how far left and right an element can stand while its neighbours stay."""
        layer = self._layers[element.layer]
        index = layer.index(element)
        low = layer[index - 1].x + _distance(layer[index - 1], element) if index else -INFINITE
        last = index + 1 == len(layer)
        high = INFINITE if last else layer[index + 1].x - _distance(element, layer[index + 1])
        return low, high

    # Lines.

    def _heights(self) -> tuple[list[float], float]:
        """Lay the layers and channels below each other; return the top of each layer, and the height."""
        y = self._channel(-1, 0.0)
        tops = []
        for index, layer in enumerate(self._layers):
            tops.append(y)
            y += max(self._blocks[each.block].height for each in layer if each.block >= 0)
            y = self._channel(index, y)
        return tops, y

    def _channel(self, channel: int, y: float) -> float:
        nets = self._nets.get(channel, {}).values()
        bent = [net for net in nets if net.bends]
        for net in nets:
            net.y = y + ABOVE + net.track * TRACK
        if bent:
            return max(net.y for net in bent) + BELOW
        return y + STRAIGHT if nets and 0 <= channel < len(self._layers) - 1 else y

    def _corners(
        self, link: Link, steps: Sequence[tuple[int, _Pin, _Pin]], tops: Sequence[float]
    ) -> Iterator[Point]:
        source = self._boxes[link.source]
        points: list[Point] = [(steps[0][1].x, tops[source.layer] + self._blocks[link.source].height)]
        for channel, start, end in steps:
            if abs(start.x - end.x) > 0.01:
                y = self._nets[channel][link.target].y
                points += [(start.x, y), (end.x, y)]
        points.append((steps[-1][2].x, tops[self._boxes[link.target].layer]))
        yield points[0]
        for before, point, after in zip(points, points[1:], points[2:], strict=False):
            if not (before[0] == point[0] == after[0] or before[1] == point[1] == after[1]):
                yield point
        yield points[-1]


def _align(run: Sequence[_Element], low: float, high: float) -> None:
    """Set lanes that follow each other below one another, where most of them are."""
    places = sorted(lane.x for lane in run)
    x = min(max(places[len(places) // 2], low), high)
    for lane in run:
        lane.x = x


def _distance(one: _Element, other: _Element) -> float:
    """Return how far apart the middles of two neighbours of a layer are at least."""
    gap = GAP if one.block >= 0 and other.block >= 0 else LANE_GAP
    return (one.width + other.width) / 2 + gap


def _spread(layer: Sequence[_Element], wanted: Sequence[tuple[float, float]]) -> list[float]:
    """Return the places nearest to those wanted (place, weight) that keep order and distance.

    Least squares by pooling adjacent violators.
    """
    shifts = [0.0]
    for one, other in pairwise(layer):
        shifts.append(shifts[-1] + _distance(one, other))
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for (place, weight), shift in zip(wanted, shifts, strict=True):
        mean, total, count = place - shift, weight, 1
        while pools and pools[-1][0] > mean:
            pooled, pooled_weight, others = pools.pop()
            mean = (mean * total + pooled * pooled_weight) / (total + pooled_weight)
            total, count = total + pooled_weight, count + others
        pools.append((mean, total, count))
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + shift for mean, shift in zip(means, shifts, strict=True)]


def _crossings_in(nets: Sequence[_Net]) -> int:
    """Count the crossings within a channel, as straight lines between the pins would have them."""
    count = 0
    for one, other in combinations([[*_lines(net)] for net in nets], 2):
        for above, below in one:
            for other_above, other_below in other:
                count += (above - other_above) * (below - other_below) < 0
    return count


def _lines(net: _Net) -> Iterator[tuple[float, float]]:
    """Yield a net as lines from above to below; one that turns back counts on both sides of its turn."""
    if net.above and net.below:
        yield from ((above.x, below.x) for above in net.above for below in net.below)
    else:
        pins = sorted(pin.x for pin in (*net.above, *net.below))
        yield from pairwise(pins)


def _lay_tracks(nets: list[_Net]) -> None:
    """Choose each net's horizontal so that few lines cross and no verticals run over each other."""
    bent = [net for net in nets if net.bends]
    order: list[_Net] = []
    for net in bent:
        costs = []
        for place in range(len(order) + 1):
            cost = sum(_cost(before, net) for before in order[:place])
            cost += sum(_cost(net, after) for after in order[place:])
            costs.append((cost, -place))
        order.insert(-min(costs)[1], net)
    for _ in order:
        for index in range(len(order) - 1):
            one, other = order[index], order[index + 1]
            if _cost(other, one) < _cost(one, other):
                order[index], order[index + 1] = other, one
    for index, net in enumerate(order):
        tracks = [before.track + 1 for before in order[:index] if _touch(before, net)]
        net.track = max(tracks, default=0)


def _touch(one: _Net, other: _Net) -> bool:
    (left, right), (other_left, other_right) = one.span, other.span
    return left <= other_right + SAME and other_left <= right + SAME


def _cost(upper: _Net, lower: _Net) -> float:
    """Return what it costs to lay one net's horizontal above another's: crossings, and verticals run over."""
    (left, right), (lower_left, lower_right) = upper.span, lower.span
    cost = float(sum(lower_left < pin.x < lower_right for pin in upper.below))
    cost += sum(left < pin.x < right for pin in lower.above)
    cost += 100 * sum(abs(pin.x - other.x) < SAME for pin in upper.below for other in lower.above)
    return cost
