"""The pictures of a number: well-formed, described, in line with the text, safe."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise

import pytest
from tests.report.breakdowns import ATTACK, LEDGER, hostile_breakdown, make_breakdown

from safetycase.assess.breakdown import Line, Way
from safetycase.report.clean import visible
from safetycase.report.confidence_svg import waterfall_svg, ways_svg
from safetycase.report.doubt_sum import doubt_sum
from safetycase.report.drawing import WIDTH
from safetycase.report.frontier_svg import frontier_svg
from safetycase.report.picture import STYLE, zoomed

SVG = "{http://www.w3.org/2000/svg}"
FRONTIER = [(0.0, 0.0, 0.0), (10.0, 0.1, 0.2), (20.0, 0.3, 0.5), (30.0, 0.3, 0.5)]


def frontier(b, **more):
    return frontier_svg(FRONTIER, title=b.claim, unit=b.says, value_label=b.claim, **more)


DRAW = [waterfall_svg, ways_svg, frontier]


def texts(svg: str) -> list[str]:
    return [
        t.text or (t.find(f"{SVG}title").tail or "") for t in ET.fromstring(svg).iter(f"{SVG}text")
    ]


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize("alone", [True, False])
def test_well_formed_and_described(draw, alone):
    svg = draw(make_breakdown(), key="k", alone=alone)
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    labels = root.get("aria-labelledby").split()
    title, described = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert [title.get("id"), described.get("id")] == labels
    assert title.text
    assert described.text
    assert (STYLE in svg) is alone
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize(
    "by", [ATTACK, "A" * 10_000, "\ufffe\uffff\x00\x1b", "שלום\u202e\u2066" * 200, "&<]]>\"'"]
)
def test_hostile_text_stays_text(draw, by):
    svg = draw(hostile_breakdown(by), key=by)
    root = ET.fromstring(svg)
    assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
        *("svg", "title", "desc", "style", "defs", "pattern", "path", "rect", "text", "circle"),
    }
    assert not any(k.startswith("on") or "href" in k for e in root.iter() for k in e.attrib)
    assert all(c not in svg for c in "\x00\x1b\u202e\u2066\ufffe\uffff")
    assert len(svg) < 40_000


@pytest.mark.parametrize("draw", DRAW)
def test_long_labels_are_clipped_and_told_in_full(draw):
    name = "LONG-IDENTIFIER-" * 9
    b = make_breakdown(claim=name, says=name, ledger=tuple(replace(x, id=name) for x in LEDGER))
    svg = draw(b)
    root = ET.fromstring(svg)
    clipped = [t for t in root.iter(f"{SVG}text") if "…" in "".join(t.itertext())]
    if draw is not ways_svg:
        assert clipped
    for text in clipped:
        if text.find(f"{SVG}title") is not None:
            assert name[:100] in text.find(f"{SVG}title").text


def test_the_waterfall_tells_the_figures_of_the_text():
    b = make_breakdown()
    shown = texts(waterfall_svg(b))
    for entry in doubt_sum(b).entries:
        assert f"−{entry.text}".replace("−<", "<") in shown
    assert "0.843" in shown
    assert "asked for: 0.9" in shown
    assert "assumption ROUTES-COMPLETE" in shown
    assert "step PATHS" in shown


def bars(svg: str) -> list[tuple[float, float]]:
    rects = ET.fromstring(svg).iter(f"{SVG}rect")
    return [(float(r.get("x")), float(r.get("x")) + float(r.get("width"))) for r in rects]


def test_each_bar_starts_where_the_last_ended():
    whole, *doubts, bel = bars(waterfall_svg(make_breakdown()))
    at = whole[1]
    for left, right in doubts[:-1]:  # the last is too small to be drawn to scale
        assert right == pytest.approx(at, abs=0.11)
        at = left
    assert bel[1] == pytest.approx(at, abs=0.2)
    assert bel[0] == whole[0]


def test_what_is_saved_goes_back_up():
    svg = waterfall_svg(make_breakdown(bel=0.9, ledger=LEDGER, reference=None))
    assert "+0.057" in texts(svg)
    assert "saved because redundant paths overlap" in texts(svg)
    assert bars(svg)[-1][1] == pytest.approx(bars(svg)[-2][1], abs=0.11)


def test_many_doubts_are_drawn_as_one():
    ledger = tuple(Line(id=f"E-{i}", says="", what="leaf", doubt=0.01) for i in range(30))
    svg = waterfall_svg(make_breakdown(bel=0.7, reference=None, ledger=ledger))
    assert "15 smaller doubts together" in texts(svg)
    assert "−0.150" in texts(svg)
    assert len(bars(svg)) == 18


@pytest.mark.parametrize("bel", [0.0, 1.0, 1 - 1e-9, 1e-9])
@pytest.mark.parametrize("draw", [waterfall_svg, ways_svg])
def test_the_edges_stay_in_the_picture(draw, bel):
    svg = draw(make_breakdown(bel=bel, pl=1.0, reference=None, ledger=(), target=None, ways=()))
    assert all(-0.1 <= left <= right <= WIDTH + 0.1 for left, right in bars(svg))
    assert "nan" not in svg


@pytest.mark.parametrize("draw", [waterfall_svg, ways_svg])
def test_without_a_number_there_is_no_picture(draw):
    with pytest.raises(ValueError, match="no confidence number"):
        draw(make_breakdown(no_number_because=("WEIGHTS is stale",)))


def test_the_readings_with_reference_and_target():
    shown = texts(ways_svg(make_breakdown()))
    assert "0.84 to 0.97" in shown
    assert "0.86 to 0.97, value 0.88" in shown
    assert "reference model 0.88" in shown
    assert "asked for: 0.9" in shown
    outside = texts(ways_svg(make_breakdown(reference=0.99)))
    assert not any("reference" in text for text in outside)


def test_a_reading_without_upper_end_is_dashed():
    b = make_breakdown(ways=(Way(name="declared", low=0.5),))
    svg = ways_svg(b)
    assert "at least 0.50" in texts(svg)
    assert "stroke-dasharray" in svg.partition("</style>")[2]


def test_the_axis_shows_every_number_and_says_where_it_starts():
    assert zoomed([0.843, 0.9]) == (0.8, 1.0)
    assert zoomed([0.1]) == (0.0, 1.0)
    assert zoomed([]) == (0.0, 1.0)
    assert zoomed([1.0]) == (0.9, 1.0)
    for n in range(1, 1000):
        low, high = zoomed([n / 1000])
        assert 0 <= low < n / 1000
        assert high == 1
    assert any("starts at 0.8" in text for text in texts(waterfall_svg(make_breakdown())))


def test_a_frontier_is_a_staircase_that_never_promises_more():
    svg = frontier_svg(FRONTIER, chosen=15, upper_bound=0.6, unit="shots")
    assert "chosen 15 shots: 0.10 to 0.20" in texts(svg)
    assert "no plan can reach more" in texts(svg)
    path = next(
        p.get("d") for p in ET.fromstring(svg).iter(f"{SVG}path") if p.get("class") == "line"
    )
    points = [tuple(map(float, p.split())) for p in path[1:].split("L")]
    for (x0, y0), (x1, y1) in pairwise(points):
        assert x0 == x1 or y0 == y1
        assert y1 <= y0


def test_a_long_frontier_keeps_its_ends():
    many = [(float(i), i / 30_000, i / 20_000) for i in range(20_000)]
    svg = frontier_svg(many, upper_bound=[(b, v) for b, _low, v in many])
    assert len(svg) < 60_000
    assert "19,999: 0.66 to 0.99995" in ET.fromstring(svg).find(f"{SVG}desc").text


@pytest.mark.parametrize(
    ("points", "more"),
    [
        ([], {}),
        ([(0, 0, float("nan"))], {}),
        ([(0, 0, float("inf"))], {}),
        ([(1, 0, 0), (1, 0, 0)], {}),
        ([(2, 0, 0), (1, 0, 0)], {}),
        ([(0, 0.5, 0.4)], {}),
        ([(0, 0, 0), (1, 0, 0)], {"chosen": 2}),
        ([(0, 0, 0), (1, 0, 0)], {"chosen": float("nan")}),
        ([(0, 0, 0), (1, 0, 0)], {"upper_bound": float("nan")}),
    ],
)
def test_what_is_no_frontier_is_refused(points, more):
    with pytest.raises(ValueError, match=r"frontier|upper bound"):
        frontier_svg(points, **more)


@pytest.mark.parametrize(
    "points", [[(5, 0.1, 0.2)], [(0, 0, 0), (9, 0, 0)], [(0, -1, 2), (9, 3, 7)]]
)
def test_small_and_odd_frontiers_are_drawn(points):
    ET.fromstring(frontier_svg(points, chosen=points[0][0], unit="shots"))


def test_visible_signs_reach_the_picture():
    shown = " ".join(texts(waterfall_svg(hostile_breakdown("\x1b"))))
    assert visible("\x1b") in shown
