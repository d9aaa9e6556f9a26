"""The picture of the line as one SVG page: a cluster a dialog, a box a node, an arrow a branch.

The page is A3 across, or the next larger one on which text is at least 5.5 points high. Everything reads in
black and white: kinds of nodes differ by their outlines, heat by numbers and shade. The same line gives
the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, product
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from ivr.flowmap.coverage import edge_name
from ivr.flowmap.heat import Heat
from ivr.flowmap.layers import Block, Layout, Link, Point, lay_out
from ivr.flowmap.picture import Box, Branch, Cluster, Picture
from ivr.flowmap.typeset import FAMILY, broken, width_of

# Pages in millimetres, across; text may not become smaller than this on paper.
PAGES: Mapping[str, tuple[float, float]] = {
    "A3": (420, 297),
    "A2": (594, 420),
    "A1": (841, 594),
    "A0": (1189, 841),
}
TEXT_POINTS_MIN = 5.5
POINTS_A_MILLIMETRE = 72 / 25.4

# All that follows is in points of the unscaled drawing.
TEXT = 6.5
LINE = 7.4
PADDING = 2.5
WORDS_WIDTH = 72.0
CELL_WIDTH = 44.0
CELL_LINES_MAX = 4
WORDS_LINES_MAX = 3
BOX_WIDTH_MIN = 30.0
BARS = 2.0  # left and right in a box that calls a dialog
TITLE = 10.0
CLUSTER_HEAD = 12.0
CLUSTER_PADDING = 5.0
CLUSTER_GAP = 5.0
MARGIN = 17.0  # of the page, in points on paper
HEAD = 40.0
NodeLink = Callable[[str], str]
_RANKS: Sequence[Callable[[float, float], float]] = (  # what is placed first: the tall, the large, the wide
    lambda _width, height: height,
    lambda width, height: width * height,
    max,
    lambda width, height: width + height,
    lambda width, _height: width,
)
SCALE_MAX = 1.4
SCALE_STEP = 0.01
RADIUS = 2.5

# Each a third darker than the one before; the last stands out from none (3:1) and lets black be read on it.
SHADES = ("#ffffff", "#cedfef", "#a1c3e0", "#78a8d2", "#5290c5")
LEFT = "#9b1c1c"  # under how many hung up, in white
_INK = "#111111"
_PAPER = "#fafafa"
_OUTLINES: Mapping[str, str] = {
    "say": 'rx="3" stroke-width="0.6"',
    "collect": 'stroke-width="1.5"',
    "action": 'stroke-width="0.7" stroke-dasharray="2.4 1.4"',
    "set": 'stroke-width="0.7" stroke-dasharray="0.7 1.2"',
    "call": 'stroke-width="0.6"',
    "transfer": 'rx="9" stroke-width="1.5"',
    "end": 'rx="9" stroke-width="0.6"',
}
_LEGEND = (
    ("say", "the line speaks"),
    ("collect", "the line asks; the caller keys or says"),
    ("action", "the line looks something up, or does it"),
    ("set", "something is noted"),
    ("call", "another dialog runs; its results lead on"),
    ("transfer", "a person is called"),
    ("end", "the call ends"),
)
COMMON_KEYS = (
    "At every question: 0 a person, 9 say it again, 7 more time (again: relay pace; again: back),"
    " an entry with * is thrown away."
    " The third failure in a row at one question leads to give_up."
)


class Rectangle(NamedTuple):
    """A place on the page."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height

    def spaced(self) -> Rectangle:
        """Return it with the gap between clusters around it, a hair less."""
        gap = CLUSTER_GAP - 0.01
        return Rectangle(self.left - gap, self.top - gap, self.width + 2 * gap, self.height + 2 * gap)

    def overlaps(self, other: Rectangle) -> bool:
        """Return whether the two share any area."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """A branch within its box: its place from the box's corner, the lines in it, and where it leaves to."""

    branch: Branch
    place: Rectangle
    lines: tuple[str, ...]
    leaves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A box with the lines in it and its branches, laid out from its own corner."""

    box: Box
    width: float
    height: float
    heat: tuple[str, ...]
    lines: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """A cluster laid out: its shapes, where they stand in it, and the arrows between them."""

    cluster: Cluster
    shapes: tuple[Shape, ...]
    layout: Layout
    routes: tuple[tuple[Branch, Box, tuple[Point, ...]], ...]

    @property
    def width(self) -> float:
        """The width of the panel, with its frame."""
        title = width_of(self.cluster.name, TITLE, bold=True) + 8 + width_of(self.cluster.caption, TEXT)
        return max(self.layout.width, title) + 2 * CLUSTER_PADDING

    @property
    def height(self) -> float:
        """The height of the panel, with its head and frame."""
        return self.layout.height + CLUSTER_HEAD + 2 * CLUSTER_PADDING


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet: its name and size in points, how much the drawing is scaled, and where each panel stands."""

    name: str
    width: float
    height: float
    scale: float
    places: tuple[Point, ...]


def svg_of(picture: Picture, heat: Heat | None = None, link: NodeLink | None = None) -> str:
    """Return the picture as SVG text; `heat` adds visits and hang-ups to every node.

    `link` gives the address to which a node leads, "" where it leads nowhere.
    """
    panels = [panel_of(cluster, heat) for cluster in picture.clusters]
    page = page_for(panels)
    return "".join(_document(picture, panels, page, heat, link))


def shape_of(box: Box, heat: Heat | None) -> Shape:
    """Set a box's words and lay its branches side by side below them."""
    branches = [branch for branch in box.branches if branch.words or branch.leaves]
    texts = [
        (
            branch,
            broken(branch.words, TEXT, CELL_WIDTH, lines_max=CELL_LINES_MAX),
            broken(branch.leaves, TEXT, CELL_WIDTH if branch.words else WORDS_WIDTH),
        )
        for branch in branches
    ]
    widths = [
        max([width_of(line, TEXT) for line in lines] + [width_of(line, TEXT, bold=True) for line in leaves])
        + 2 * PADDING
        for _, lines, leaves in texts
    ]
    heated = tuple(heat.lines(box.path)) if heat else ()
    name = max([width_of(box.name, TEXT, bold=True), *(width_of(line, TEXT, bold=True) for line in heated)])
    words = broken(
        box.words, TEXT, max(WORDS_WIDTH, sum(widths) - 2 * PADDING), lines_max=WORDS_LINES_MAX - len(heated)
    )
    inner = max([name, *(width_of(line, TEXT) for line in words)])
    inset = BARS if box.kind == "call" else 0.0
    width = max(inner + 2 * PADDING, sum(widths), BOX_WIDTH_MIN) + 2 * inset
    top = PADDING + LINE * (1 + len(heated) + len(words)) + PADDING
    height = max((PADDING + LINE * (len(lines) + len(leaves)) for _, lines, leaves in texts), default=0.0)
    cells, left = [], inset
    for (branch, lines, leaves), own in zip(texts, widths, strict=True):
        share = own * (width - 2 * inset) / sum(widths)
        cells.append(Cell(branch, Rectangle(left, top, share, height), tuple(lines), tuple(leaves)))
        left += share
    return Shape(box, width, top + height, heated, tuple(words), tuple(cells))


# Drawn again and again with other counts in the boxes, most panels keep their sizes: placing takes the time.
_laid_out = lru_cache(maxsize=128)(lay_out)


def panel_of(cluster: Cluster, heat: Heat | None = None) -> Panel:
    """Lay a dialog out."""
    shapes = tuple(shape_of(box, heat) for box in cluster.boxes)
    numbers = {box.name: number for number, box in enumerate(cluster.boxes)}
    links, drawn = [], []
    for number, shape in enumerate(shapes):
        middles = {cell.branch.label: cell.place.left + cell.place.width / 2 for cell in shape.cells}
        for branch in shape.box.branches:
            if branch.target:
                port = middles.get(branch.label, shape.width / 2)
                links.append(Link(number, port, numbers[branch.target]))
                drawn.append((branch, shape.box))
    layout = _laid_out(tuple(Block(shape.width, shape.height) for shape in shapes), tuple(links))
    routes = tuple((branch, box, route) for (branch, box), route in zip(drawn, layout.routes, strict=True))
    return Panel(cluster, shapes, layout, routes)


def page_for(panels: Sequence[Panel]) -> Page:
    """Choose the smallest page on which all panels fit with text that can be read, and place them there."""
    for name, (width, height) in PAGES.items():
        page = _largest(panels, name, width * POINTS_A_MILLIMETRE, height * POINTS_A_MILLIMETRE)
        if page is not None:
            break
    if page is None:
        name, (width, height) = list(PAGES.items())[-1]
        page = _largest(panels, name, width * POINTS_A_MILLIMETRE, height * POINTS_A_MILLIMETRE, least=0.05)
    if page is None:
        raise ValueError("the line is too large to be drawn on one page")
    return page


def _largest(
    panels: Sequence[Panel], name: str, width: float, height: float, *, least: float = TEXT_POINTS_MIN / TEXT
) -> Page | None:
    """Place the panels as large as a page allows; None when text would be too small."""
    area = sum((panel.width + CLUSTER_GAP) * (panel.height + CLUSTER_GAP) for panel in panels)
    paper = (width - 2 * MARGIN) * (height - 2 * MARGIN)
    steps = int(min(SCALE_MAX, (paper / area) ** 0.5) / SCALE_STEP)
    for scale in (step * SCALE_STEP for step in range(steps, int(least / SCALE_STEP), -1)):
        room = (width - 2 * MARGIN) / scale, (height - 2 * MARGIN) / scale - HEAD
        places = _packed(panels, *room)
        if places is not None:
            return Page(name, width, height, scale, tuple(places))
    return None


def _packed(panels: Sequence[Panel], width: float, height: float) -> list[Point] | None:
    """Place the panels within a page, the first one first; None when no order that is tried fits."""
    sizes = [(panel.width, panel.height) for panel in panels]
    for rank in _RANKS:
        order = [0, *sorted(range(1, len(sizes)), key=lambda number: (-rank(*sizes[number]), number))]
        for down_first in (True, False):
            places = _filled(tuple(sizes[number] for number in order), width, height, down_first=down_first)
            if places is not None:
                at = dict(zip(order, places, strict=True))
                return [at[number] for number in range(len(sizes))]
    return None


@lru_cache(maxsize=256)
def _filled(
    sizes: tuple[tuple[float, float], ...], width: float, height: float, *, down_first: bool
) -> list[Point] | None:
    """Place one rectangle after the other where it fits: leftmost (`down_first`), or topmost."""
    placed: list[Rectangle] = []
    for own_width, own_height in sizes:
        lefts = sorted({0.0, *(place.right + CLUSTER_GAP for place in placed)})
        tops = sorted({0.0, *(place.bottom + CLUSTER_GAP for place in placed)})
        corners = product(lefts, tops) if down_first else ((left, top) for top, left in product(tops, lefts))
        for left, top in corners:
            place = Rectangle(left, top, own_width, own_height)
            if (
                place.right <= width
                and place.bottom <= height
                and not any(map(place.spaced().overlaps, placed))
            ):
                placed.append(place)
                break
        else:
            return None
    return [(place.left, place.top) for place in placed]


# SVG.


def _document(
    picture: Picture, panels: Sequence[Panel], page: Page, heat: Heat | None, link: NodeLink | None
) -> Iterator[str]:
    size = PAGES[page.name]
    role = "img" if link is None else "group"  # what is within an image cannot be reached
    what = f"{len(panels)} dialogs, {sum(len(panel.shapes) for panel in panels)} nodes"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]:g}mm" height="{size[1]:g}mm" '
        f'viewBox="0 0 {_n(page.width)} {_n(page.height)}" role="{role}" aria-labelledby="title desc" '
        f'font-family={quoteattr(FAMILY)} font-size="{TEXT}" fill="{_INK}">\n'
        f'<title id="title">The payment line, version {escape(picture.version[:12])}</title>\n'
        f'<desc id="desc">{escape(what)}. Each frame is a dialog, each box a node, each arrow a branch. '
        f"{escape(' '.join((COMMON_KEYS, *([heat.explanation] if heat else ()))))}</desc>\n"
        f'<defs><marker id="arrow" viewBox="0 0 6 6" refX="6.2" refY="3" markerWidth="5" '
        f'markerHeight="5" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0 0.4 L6 3 L0 5.6 z" fill="{_INK}"/></marker></defs>\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n'
        f'<g transform="translate({_n(MARGIN)} {_n(MARGIN)}) scale({page.scale:.2f})">\n'
    )
    yield from _head(picture, what, heat)
    for panel, (left, top) in zip(panels, page.places, strict=True):
        dialog = quoteattr(panel.cluster.name)
        yield f'<g transform="translate({_n(left)} {_n(top + HEAD)})" data-dialog={dialog}>\n'
        yield from _panel(panel, heat, link)
        yield "</g>\n"
    yield "</g>\n</svg>\n"


def _head(picture: Picture, what: str, heat: Heat | None) -> Iterator[str]:
    """Yield the title and the legend."""
    yield _text(0, 9, f"The payment line: {what}, version {picture.version[:12]}", size=12, bold=True)
    left = 0.0
    for kind, words in _LEGEND:
        fill = _INK if kind == "end" and heat is None else "#ffffff"
        yield _outline(kind, Rectangle(left, 16, 16, 8), fill)
        yield _text(left + 19, 22.4, words)
        left += 19 + width_of(words, TEXT) + 11
    yield _pill(Rectangle(left, 16, 30, 8.2), ("return",))
    words = "leads out of the dialog, with this result"
    yield _text(left + 33, 22.4, words)
    yield _text(0, 34, COMMON_KEYS)
    if heat is None:
        return
    left = width_of(COMMON_KEYS, TEXT) + 16
    for shade, words in zip(SHADES, heat.steps(), strict=True):
        yield f'<rect {_at(Rectangle(left, 28, 10, 8))} fill="{shade}" stroke="{_INK}" stroke-width="0.5"/>\n'
        yield _text(left + 12, 34, words)
        left += 12 + width_of(words, TEXT) + 6
    yield _pill(Rectangle(left, 28, 30, 8.2), ("hung up",), LEFT)
    yield _text(left + 36, 34, heat.explanation)


def _panel(panel: Panel, heat: Heat | None, link: NodeLink | None) -> Iterator[str]:
    cluster = panel.cluster
    yield (
        f"<title>dialog {escape(cluster.name)}</title>"
        f'<rect {_at(Rectangle(0, 0, panel.width, panel.height))} rx="4" fill="{_PAPER}" stroke="#777777" '
        f'stroke-width="0.8"/>\n'
    )
    yield _text(CLUSTER_PADDING, CLUSTER_PADDING + 7, cluster.name, size=TITLE, bold=True)
    after = CLUSTER_PADDING + width_of(cluster.name, TITLE, bold=True) + 8
    yield _text(after, CLUSTER_PADDING + 7, cluster.caption)
    yield f'<g transform="translate({_n(CLUSTER_PADDING)} {_n(CLUSTER_PADDING + CLUSTER_HEAD)})">\n'
    by_target = sorted(panel.routes, key=lambda route: route[0].target)
    for _, routes in groupby(by_target, key=lambda route: route[0].target):
        yield from _arrows(list(routes))
    for shape, corner in zip(panel.shapes, panel.layout.corners, strict=True):
        address = "" if link is None else link(shape.box.path)
        drawn = _shape(shape, corner, heat)
        yield from (f"<a href={quoteattr(address)}>", *drawn, "</a>\n") if address else drawn
    yield "</g>\n"


def _arrows(routes: Sequence[tuple[Branch, Box, tuple[Point, ...]]]) -> Iterator[str]:
    """Yield the arrows to one target, drawn over a white edge so that crossings do not look joined."""
    paths = [(_rounded(points), edge_name(box.path, branch.label)) for branch, box, points in routes]
    together = "".join(path for path, _ in paths)
    yield (
        f'<path d="{together}" fill="none" stroke="{_PAPER}" stroke-width="2.6"/>\n'
        f'<path d="{together}" fill="none" stroke="{_INK}" stroke-width="0.7"/>\n'
    )
    for path, edge in paths:
        yield (
            f'<path d="{path}" data-edge={quoteattr(edge)} fill="none" stroke="transparent" stroke-width="3" '
            f'marker-end="url(#arrow)"><title>{escape(edge)}</title></path>\n'
        )


def _rounded(points: Sequence[Point]) -> str:
    """Write a polyline with its corners rounded."""
    parts = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start, end = _toward(corner, before), _toward(corner, after)
        parts.append(
            f"L{_n(start[0])} {_n(start[1])}Q{_n(corner[0])} {_n(corner[1])} {_n(end[0])} {_n(end[1])}"
        )
    parts.append(f"L{_n(points[-1][0])} {_n(points[-1][1])}")
    return "".join(parts)


def _toward(corner: Point, other: Point) -> Point:
    """Return the point a corner's radius away from it, at most half way to the other."""
    across, down = other[0] - corner[0], other[1] - corner[1]
    length = abs(across) + abs(down)  # it is one or the other
    reach = min(RADIUS, length / 2) / length if length else 0.0
    return corner[0] + across * reach, corner[1] + down * reach


def _shape(shape: Shape, corner: Point, heat: Heat | None) -> Iterator[str]:
    box = shape.box
    ink = "#ffffff" if box.kind == "end" else _INK
    fill = _INK if box.kind == "end" else "#ffffff"
    if heat is not None:
        ink, fill = _INK, SHADES[heat.step(box.path)]
    yield (
        f'<g transform="translate({_n(corner[0])} {_n(corner[1])})" data-node={quoteattr(box.path)} '
        f'fill="{ink}">'
        f"<title>{escape(f'{box.path}: {box.words}' if box.words else box.path)}</title>\n"
    )
    yield _outline(box.kind, Rectangle(0, 0, shape.width, shape.height), fill)
    middle, y = shape.width / 2, PADDING + LINE * 0.75
    yield _text(middle, y, box.name, bold=True, anchor="middle")
    for line in shape.heat[:1]:
        y += LINE
        yield _text(middle, y, line, bold=True, anchor="middle")
    for line in shape.heat[1:]:
        y += LINE
        width = width_of(line, TEXT, bold=True) + 4
        yield _pill(Rectangle(middle - width / 2, y - LINE * 0.78, width, LINE), (line,), LEFT)
    for line in shape.lines:
        y += LINE
        yield _text(middle, y, line, anchor="middle")
    for cell in shape.cells:
        yield from _cell(shape, cell)
    yield "</g>\n"


def _cell(shape: Shape, cell: Cell) -> Iterator[str]:
    place = cell.place
    edge = edge_name(shape.box.path, cell.branch.label)
    if cell.leaves:
        yield f"<g data-edge={quoteattr(edge)}><title>{escape(edge)}</title>\n"
    if cell.lines:
        bottom = place.top
        yield (
            f'<path d="M{_n(place.left)} {_n(bottom)}H{_n(place.left + place.width)}'
            + (f"M{_n(place.left)} {_n(bottom)}v{_n(place.height)}" if cell is not shape.cells[0] else "")
            + f'" fill="none" stroke="{_INK}" stroke-width="0.4"/>\n'
        )
    middle, y = place.left + place.width / 2, place.top + PADDING / 2 + LINE * 0.75
    for line in cell.lines:
        yield _text(middle, y, line, anchor="middle")
        y += LINE
    if cell.leaves:
        height = LINE * len(cell.leaves)
        top = place.top + place.height - height - 1
        yield _pill(Rectangle(place.left + 1.2, top, place.width - 2.4, height), cell.leaves)
        yield "</g>\n"


def _pill(place: Rectangle, lines: Sequence[str], color: str = _INK) -> str:
    """Return words in white on black: what leads out of the dialog; on red, who hung up."""
    parts = [f'<rect {_at(place)} rx="2" fill="{color}"/>\n']
    for number, line in enumerate(lines):
        y = place.top + LINE * (number + 0.78)
        parts.append(_text(place.left + place.width / 2, y, line, bold=True, anchor="middle", fill="#ffffff"))
    return "".join(parts)


def _outline(kind: str, place: Rectangle, fill: str) -> str:
    frame = f'<rect {_at(place)} {_OUTLINES[kind]} fill="{fill}" stroke="{_INK}"/>\n'
    if kind != "call":
        return frame
    bar = f"{_n(place.top)}v{_n(place.height)}"
    bars = f"M{_n(place.left + BARS)} {bar}M{_n(place.right - BARS)} {bar}"
    return f'{frame}<path d="{bars}" stroke="{_INK}" stroke-width="0.6"/>\n'


def _text(
    x: float, y: float, text: str, *, size: float = TEXT, bold: bool = False, anchor: str = "", fill: str = ""
) -> str:
    attributes = "".join(
        (
            f' font-size="{size:g}"' if size != TEXT else "",
            ' font-weight="bold"' if bold else "",
            f' text-anchor="{anchor}"' if anchor else "",
            f' fill="{fill}"' if fill else "",
        )
    )
    return f'<text x="{_n(x)}" y="{_n(y)}"{attributes}>{escape(text)}</text>\n'


def _at(place: Rectangle) -> str:
    return f'x="{_n(place.left)}" y="{_n(place.top)}" width="{_n(place.width)}" height="{_n(place.height)}"'


def _n(number: float) -> str:
    """Write a coordinate with at most two decimals."""
    return f"{number:.2f}".rstrip("0").rstrip(".") if abs(number) >= 0.005 else "0"
