"""The picture of the line: everything is there once, nothing overlaps, and the bytes are the same each time."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ivr.flowmap.coverage import edge_name
from ivr.flowmap.drawing import (
    LEFT,
    PAGES,
    POINTS_A_MILLIMETRE,
    SHADES,
    TEXT,
    TEXT_POINTS_MIN,
    Rectangle,
    page_for,
    panel_of,
    svg_of,
)
from ivr.flowmap.heat import Heat
from ivr.flowmap.mermaid import mermaid_of
from ivr.flowmap.picture import Box, Branch, Cluster, Picture, picture_of, spoken_lines
from ivr.flowmap.typeset import broken, width_of
from ivr.topics.line import compile_line, read_line_files

pytestmark = pytest.mark.xdist_group("drawing")  # one picture for all

ROOT = Path(__file__).resolve().parents[3]
LINE = compile_line(read_line_files(ROOT))
EDGES = [edge_name(path, label) for path, node in LINE.flow.nodes.items() for label in node.branches]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def picture():
    return picture_of(LINE)


@pytest.fixture(scope="module")
def panels(picture):
    return [panel_of(cluster) for cluster in picture.clusters]


@pytest.fixture(scope="module")
def svg(picture):
    return svg_of(picture)


@pytest.fixture(scope="module")
def heated(picture):
    return svg_of(picture, heat_of_three())


def test_the_one_on_the_front_page_is_of_this_line(svg):
    """Made anew by `ivr flow draw --output docs/line.svg`."""
    assert svg == (ROOT / "docs" / "line.svg").read_text()


def boxes(picture):
    return {box.path: box for cluster in picture.clusters for box in cluster.boxes}


@pytest.mark.parametrize(
    ("path", "label", "words", "leaves"),
    [
        ("main/main_menu", "1", "1 pay or hear what you owe", ""),
        ("main/main_menu", "silence", "silence", "more time"),
        ("main/language", "next", "1 en-US, 2 es-US", ""),
        ("amount/read_back", "1", "1 if that is right", "return: chosen"),
        ("verify/ssn_last4", "next", "4 digits", ""),
        ("bank/account_number", "next", "digits, then #", ""),
        ("bank/ready", "1", "1 when you have them: for a checking account", ""),
        ("authorize/ask", "yes", "says yes", ""),
        ("authorize/ready", "next", "1", ""),
        ("verify/check", "exhausted", "3rd time", ""),
        ("recent_payments/next_payment", "exhausted", "5th time", ""),
        ("bill/stands", "past_due_and_current", "past due and current", ""),
        ("reach/transfer", "failed", "nobody answered", "return: busy"),
        ("balance/nothing", "next", "", "return"),
        ("bank/exhausted", "next", "", "give up"),
    ],
)
def test_branches_are_named_in_plain_words(picture, path, label, words, leaves):
    [branch] = [branch for branch in boxes(picture)[path].branches if branch.label == label]
    assert (branch.words, branch.leaves) == (words, leaves)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("main/welcome", "Massachusetts Health Connector payment line."),
        ("main/main_menu", ""),
        ("main/verify", ""),
        ("main/select_health", "plan: health, next plan: none"),
        ("balance/health", "runs bill: health"),
        ("bill/stands", "bill balance: plan"),
        ("bill/past_due", "[past due] is past due on your dental or health bill."),
        ("authorize/ready", "Your operator may voice your answer. (only in relay pace)"),
        ("reach/ended", "the call ends: they talked"),
    ],
)
def test_boxes_say_what_happens_there(picture, path, words):
    assert boxes(picture)[path].words == words


def test_the_first_dialog_comes_first_and_each_says_when_it_runs(picture):
    captions = {cluster.name: cluster.caption for cluster in picture.clusters}
    assert next(iter(captions)) == "main"
    assert captions["reach"] == "called by authorize, give_up, person, time_up"
    assert captions["person"] == "key 0"
    assert captions["bill"] == "called by balance; for any plan"


def test_a_line_without_english_is_drawn_in_its_own_language():
    line = compile_line(read_line_files(ROOT, ["es-US"]))
    assert boxes(picture_of(line))["main/welcome"].words.startswith("Línea de pago")


def test_a_value_of_another_kind_stands_as_dots():
    assert spoken_lines("a = Pay { NUMBER($total) } now.\n-term = x\nb = { $due_date }\n") == {
        "a": ("Pay […] now.",),
        "b": ("[due date]",),
    }


@pytest.mark.parametrize("drawn", ["svg", "heated"])
def test_every_node_and_edge_is_in_the_svg_once(request, drawn):
    root = ET.fromstring(request.getfixturevalue(drawn))
    nodes = Counter(each.get("data-node") for each in root.iter() if each.get("data-node"))
    edges = Counter(each.get("data-edge") for each in root.iter() if each.get("data-edge"))
    assert nodes == Counter(list(LINE.flow.nodes))
    assert edges == Counter(EDGES)
    dialogs = [each.get("data-dialog") for each in root.iter() if each.get("data-dialog")]
    assert sorted(dialogs) == sorted(LINE.flow.dialogs)


def test_it_has_a_title_and_a_description_and_common_fonts(svg):
    root = ET.fromstring(svg)
    named = root.get("aria-labelledby").split()
    texts = {each.get("id"): each.text for each in root if each.tag in {f"{SVG}title", f"{SVG}desc"}}
    assert all(texts[name] for name in named)
    assert root.get("font-family").endswith("sans-serif")
    assert root.get("width") in {f"{PAGES[name][0]}mm" for name in ("A2", "A1")}, "a copy shop can print it"


def test_the_bytes_are_the_same_each_time(picture, svg):
    assert svg == svg_of(picture_of(compile_line(dict(reversed(LINE.files.items())))))
    assert mermaid_of(picture) == mermaid_of(picture_of(LINE))


def test_no_text_leaves_its_box_and_no_box_its_frame(panels):
    for panel in panels:
        places = []
        for shape, (left, top) in zip(panel.shapes, panel.layout.corners, strict=True):
            places.append(Rectangle(left, top, shape.width, shape.height))
            assert width_of(shape.box.name, TEXT, bold=True) <= shape.width
            assert all(width_of(line, TEXT) <= shape.width for line in shape.lines)
            for cell in shape.cells:
                assert all(width_of(line, TEXT) <= cell.place.width for line in cell.lines)
                assert all(width_of(line, TEXT, bold=True) <= cell.place.width for line in cell.leaves)
                assert cell.place.right <= shape.width + 0.01
                assert cell.place.bottom <= shape.height + 0.01
            assert not any(
                one.place.overlaps(two.place)
                for one, two in combinations(shape.cells, 2)
                if one.place.right > two.place.left + 0.01
            )
        assert not any(one.overlaps(two) for one, two in combinations(places, 2))
        assert all(place.right <= panel.width and place.bottom <= panel.height for place in places)


def test_frames_lie_apart_on_a_page_with_text_that_can_be_read(panels):
    page = page_for(panels)
    assert page.scale * TEXT >= TEXT_POINTS_MIN
    frames = [
        Rectangle(left, top, panel.width, panel.height)
        for (left, top), panel in zip(page.places, panels, strict=True)
    ]
    assert not any(one.overlaps(two) for one, two in combinations(frames, 2))
    width, height = (side * POINTS_A_MILLIMETRE / page.scale for side in PAGES[page.name])
    assert all(frame.right < width and frame.bottom < height for frame in frames)


def test_a_line_that_grows_gets_a_larger_page_and_at_last_smaller_text(panels):
    order = list(PAGES)
    pages = [order.index(page_for(panels[:1] * count).name) for count in (1, 4, 8, 12)]
    assert pages == sorted(pages)
    assert pages[0] < pages[-1]
    page = page_for([replace(panels[0], layout=replace(panels[0].layout, width=5000.0))])
    assert page.name == "A0"
    assert page.scale * TEXT < TEXT_POINTS_MIN


def test_a_line_too_large_for_any_page_is_refused(panels):
    with pytest.raises(ValueError, match="too large"):
        page_for([replace(panels[0], layout=replace(panels[0].layout, width=1e6))])


STRANGE = Picture(
    "v" * 64,
    (
        Cluster(
            "end",
            'a "quoted" & <odd> caption',
            (
                Box(
                    "end/graph",
                    "graph",
                    "say",
                    'He said "no" & <left>; #1 `x` |y|',
                    (Branch("next", "", "graph", ""),),
                ),
            ),
        ),
    ),
)


def test_labels_are_escaped():
    root = ET.fromstring(svg_of(STRANGE))
    words = " ".join(each.text for each in root.iter(f"{SVG}text"))
    assert '"no" & <left>;' in words
    text = mermaid_of(STRANGE)
    assert "He said #34;no#34; #38; #60;left#62;; #35;1 #96;x#96; #124;y#124;" in text
    assert 'subgraph dialog_end["end: a #34;quoted#34; #38; #60;odd#62; caption"]' in text
    assert "n1 --> n1" in text


def test_every_node_and_edge_is_in_the_mermaid_once(picture):
    text = mermaid_of(picture)
    declared, dialog = {}, ""
    for line in text.splitlines():
        dialog = (re.findall(r"^  subgraph dialog_(\w+)", line) or [dialog])[0]
        for name, node in re.findall(r'^    (n\d+)[(\[{/]+"(\w+)', line):
            declared[name] = f"{dialog}/{node}"
    assert Counter(declared.values()) == Counter(list(LINE.flow.nodes))
    leads = [declared[name] for name in re.findall(r"^    (n\d+) -->", text, re.MULTILINE)]
    assert Counter(leads) == Counter(edge.split(" -> ")[0] for edge in EDGES)
    at = {path: name for name, path in declared.items()}
    assert f'    {at["main/main_menu"]} -->|"2 other help"| {at["main/other_ways"]}\n' in text
    assert text.count("subgraph") == text.count("\n  end\n") == len(LINE.flow.dialogs)
    # What GitHub refuses: longer text, more edges.
    assert len(mermaid_of(picture, heat_of_three())) < 50_000
    assert len(leads) < 500


def heat_of_three():
    heat = Heat()
    heat.add(["main/welcome", "main/language", "main/welcome"], "main/language")
    heat.add(["main/welcome", "main/language", "main/main_menu"], "main/main_menu")
    heat.add(["main/welcome", "main/language", "main/main_menu"], None)
    return heat


def test_heat_stands_at_each_node_as_share_count_and_shade(picture, heated):
    heat = heat_of_three()
    assert heat.lines("main/welcome") == ["3 calls, 100%"]
    assert heat.lines("main/language") == ["3 calls, 100%", "1 hung up, 33%"]
    assert heat.lines("main/main_menu") == ["2 calls, 67%", "1 hung up, 50%"]
    assert heat.lines("main/verify") == ["no call"]
    assert [heat.step(node) for node in ("main/verify", "main/main_menu")] == [0, 4]
    root = ET.fromstring(heated)
    [menu] = [each for each in root.iter() if each.get("data-node") == "main/main_menu"]
    assert [text.text for text in menu.iter(f"{SVG}text")][:3] == [
        "main_menu",
        "2 calls, 67%",
        "1 hung up, 50%",
    ]
    assert "of 3 calls" in " ".join(each.text.lower() for each in root.iter(f"{SVG}text"))
    assert 'main_menu<br>2 calls, 67%<br>1 hung up, 50%"]:::heat4left' in mermaid_of(picture, heat)
    assert "of 3 calls" in root.findtext(f"{SVG}desc").lower()
    assert "  accDescr: At every question" in mermaid_of(picture)
    assert "Of 3 calls" in mermaid_of(picture, heat).partition("classDef")[0]
    red = [each.get("fill") for each in menu.iter(f"{SVG}rect")].count(LEFT)
    assert red == 1  # of the two lines of heat, the one about who hung up


def luminance(color):
    """Return the relative luminance of WCAG 2."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(*colors):
    darker, lighter = sorted(map(luminance, colors))
    return (lighter + 0.05) / (darker + 0.05)


def test_words_can_be_read_on_every_shade_and_the_hottest_stands_out():
    assert min(contrast("#111111", shade) for shade in SHADES) >= 4.5
    assert contrast("#ffffff", LEFT) >= 4.5
    assert contrast(SHADES[0], SHADES[-1]) >= 3
    assert min(contrast(*pair) for pair in pairwise(SHADES)) >= 1.3


def test_shades_go_by_the_share_of_calls():
    heat = Heat()
    for call in range(20):
        heat.add(
            [name for name, most in (("a", 1), ("b", 2), ("c", 5), ("d", 10), ("e", 11)) if call < most], None
        )
    assert [heat.step(node) for node in "abcdef"] == [1, 1, 2, 3, 4, 0]
    assert (Heat().share("a"), Heat().step("a")) == (0.0, 0)


def test_text_breaks_at_spaces_and_is_shortened():
    assert broken("one two three", 10, width_of("one two", 10)) == ["one two", "three"]
    assert broken("unbreakable", 10, 5) == ["unbreakable"]
    assert broken("one two three, four", 10, width_of("one two", 10), lines_max=1) == ["one…"]
    assert broken("", 10, 5) == []
    assert width_of("ü", 10) == pytest.approx(7.0)


def test_a_cluster_keeps_its_title(panels):
    person = next(panel for panel in panels if panel.cluster.name == "person")
    wide = replace(person, cluster=replace(person.cluster, caption="w" * 100))
    assert wide.width > person.width
