"""Drawings: well-formed, described, and honest about what cannot be drawn."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from safetycase.report import svg

HISTOGRAM = {
    "kind": "histogram",
    "title": "Scores",
    "unit": "nats",
    "edges": [0, 1, 2],
    "series": {"honest": [30, 10], "attack": [1, 9]},
    "threshold": 1.5,
}
INTERVALS = {
    "kind": "intervals",
    "title": "Recall",
    "unit": "share",
    "threshold": 0.6,
    "bars": [{"label": "none", "low": 0.0, "point": 0.0, "high": 0.058, "note": ""}],
}
CURVE = {
    "kind": "curve",
    "title": "C",
    "x_label": "budget",
    "y_label": "recall",
    "x": [0, 1],
    "y": [0.1, 0.2],
    "low": [0.0, 0.1],
    "high": [0.2, 0.3],
}
POINTS = {
    "kind": "points",
    "title": "P",
    "x_label": "x",
    "y_label": "y",
    "points": {"a": [1, 2], "b": [1, 2]},
}
RICH = {
    **CURVE,
    "line": "worst strategy",
    "band": "95 % bounds",
    "lines": {"every strategy": [0.2, 0.4]},
    "marks": {"declared": 0.5},
}
TAIL = {**CURVE, "x": [1, 1e6], "log_x": True, "marks": {"limit": 1e5}}
FRONTIER = {
    "kind": "frontier",
    "title": "Safety and usefulness",
    "x_label": "usefulness",
    "y_label": "safety",
    "series": {"trusted": {"all": [0.02, 1.0]}, "editing": {"10 %": [0.96, 0.85]}},
    "worst": {"editing: 10 %": 0.4},
    "worst_says": "against full information",
}
ALL = [HISTOGRAM, INTERVALS, CURVE, POINTS, RICH, TAIL, FRONTIER]


@pytest.mark.parametrize("plot", ALL, ids=lambda plot: plot["kind"])
def test_each_kind_is_well_formed_and_described(plot):
    root = ET.fromstring(svg.draw(plot, key="k"))
    assert root.tag == "svg"
    assert root.get("role") == "img"
    labels = root.get("aria-labelledby").split()
    assert {root.find("title").get("id"), root.find("desc").get("id")} == set(labels)
    assert root.find("desc").text
    assert [e.tag for e in root.iter("text")]


@pytest.mark.parametrize("plot", ALL, ids=lambda plot: plot["kind"])
def test_text_is_escaped_and_visible(plot):
    def spoil(value):
        if isinstance(value, str):
            return '</title><script>alert(1)</script>"\x1b\u202e' + value
        if isinstance(value, list):
            return [spoil(v) for v in value]
        if isinstance(value, dict):
            keep = plot["kind"] in ("intervals",)
            return {k if keep else spoil(k): spoil(v) for k, v in value.items()}
        return value

    bad = {k: (v if k == "kind" else spoil(v)) for k, v in plot.items()}
    drawn = svg.draw(bad, key='"><x')
    ET.fromstring(drawn)
    assert "<script" not in drawn
    assert "\x1b" not in drawn
    assert "\u202e" not in drawn


@pytest.mark.parametrize(
    "plot",
    [
        {},
        {"kind": "frontier"},
        {"kind": ["intervals"]},
        {**HISTOGRAM, "edges": [0, 1]},
        {**HISTOGRAM, "edges": [0, 2, 1]},
        {**HISTOGRAM, "series": [1, 2]},
        {**HISTOGRAM, "series": {"a": [1, float("nan")]}},
        {**HISTOGRAM, "edges": list(range(5000)), "series": {"a": [1] * 4999}},
        {**INTERVALS, "bars": []},
        {**INTERVALS, "bars": [{"label": "x"}]},
        {**INTERVALS, "bars": "no"},
        {**CURVE, "y": [1]},
        {**CURVE, "x": ["a", "b"]},
        {**CURVE, "x": [True, 1]},
        {**POINTS, "points": {}},
        {**POINTS, "points": {"a": [1]}},
        {**POINTS, "points": {"a": [float("inf"), 1]}},
    ],
)
def test_what_cannot_be_drawn_says_so(plot):
    with pytest.raises(ValueError, match=r"\w"):
        svg.draw(plot, key="k")


@pytest.mark.parametrize("plot", ALL, ids=lambda plot: plot["kind"])
@pytest.mark.parametrize("factor", [0, 1e-300, 1e300, -1])
def test_extreme_numbers_still_draw_within_the_picture(plot, factor):
    def scale(value):
        if isinstance(value, bool | str):
            return value
        if isinstance(value, list):
            return [scale(v) for v in value]
        if isinstance(value, dict):
            return {k: scale(v) for k, v in value.items()}
        return value * factor

    if plot in (HISTOGRAM, TAIL) and factor in (0, -1):
        return  # edges that do not rise are refused, and logarithms of what is not positive
    root = ET.fromstring(svg.draw(scale(plot), key="k"))
    width = float(root.get("viewBox").split()[2])
    for element in root.iter("circle"):
        assert 0 <= float(element.get("cx")) <= width


def test_a_share_of_none_is_not_called_zero():
    assert "≤ 5.8 %" in svg.draw(INTERVALS, key="k")


def test_series_differ_by_hatching_and_dashes():
    root = ET.fromstring(svg.draw(HISTOGRAM, key="k"))
    hatches = [p.find("path").get("d") for p in root.iter("pattern")]
    assert len(set(hatches)) == len(hatches) == 2
    outlines = [p for p in root.iter("path") if (p.get("fill") or "").startswith("url(#")]
    assert [p.get("stroke-dasharray") for p in outlines] == [None, "5 3"]


def test_histogram_heights_are_shares_of_each_series():
    drawn = svg.histogram(
        [0, 1, 2], {"a": [75, 25], "b": [1, 3]}, title="t", unit="u", threshold=None, key="k"
    )
    paths = [
        p.get("d") for p in ET.fromstring(drawn).iter("path") if "url(#" in (p.get("fill") or "")
    ]
    heights = [[float(pair.split()[1]) for pair in d[1:].split("L")] for d in paths]
    # The tallest share is 0.75 in both, in the first bin of `a` and the second of `b`.
    assert heights[0][1] == heights[1][3]
    assert heights[0][3] == heights[1][1]


def test_confidence_bar_is_in_proportion():
    root = ET.fromstring(svg.confidence_bar(0.25, 0.75, target=0.9, key="k"))
    rect = root.find("rect")
    assert (rect.get("x"), rect.get("width")) == ("25.0", "50.0")
    assert "M90.0" in root.findall("path")[1].get("d")


def test_further_lines_and_marks_are_named_and_told():
    drawn = svg.draw(RICH, key="k")
    texts = [e.text for e in ET.fromstring(drawn).iter("text")]
    for name in ("worst strategy", "95 % bounds", "every strategy", "declared"):
        assert name in texts
    told = ET.fromstring(drawn).find("desc").text
    assert "every strategy: from 0.2 to 0.4" in told
    assert "declared at 0.5" in told


def test_a_logarithmic_axis_has_even_steps_and_refuses_zero():
    drawn = svg.draw(TAIL, key="k")
    texts = [e.text for e in ET.fromstring(drawn).iter("text")]
    assert "10⁵" in texts
    with pytest.raises(ValueError, match="begins above nothing"):
        svg.draw({**TAIL, "x": [0, 1]}, key="k")


def test_a_frontier_rings_what_nothing_dominates():
    """Of the published table of Greenblatt et al. 2023, arXiv:2312.06942, with dominated points."""
    table = {
        "trusted monitoring": {"0": [0.97, 0.62], "10": [0.93, 0.83], "50": [0.51, 1.0]},
        "untrusted monitoring": {"0": [0.96, 0.79], "10": [0.92, 0.92]},
        "trusted editing": {"10": [0.96, 0.85], "20": [0.94, 0.92]},
    }
    told = ET.fromstring(svg.draw({**FRONTIER, "series": table}, key="k")).find("desc").text
    best = told.partition("not dominated: ")[2]
    assert best == (
        "trusted monitoring 0 (0.97, 0.62); trusted monitoring 50 (0.51, 1); "
        "trusted editing 10 (0.96, 0.85); trusted editing 20 (0.94, 0.92)."
    )
    drawn = svg.draw(FRONTIER, key="k")
    assert "against full information" in drawn
    assert drawn.count('class="thread"') == 2  # the legend and the one point it is known of


@pytest.mark.parametrize(
    ("plot", "why"),
    [
        ({**RICH, "lines": {"short": [0.1]}}, "same length"),
        ({**RICH, "lines": {str(i): [0, 1] for i in range(9)}}, "at most 8"),
        ({**RICH, "marks": [1, 2]}, "not named"),
        ({**FRONTIER, "series": {}}, "no point"),
        ({**FRONTIER, "series": {"a": {"b": [1.0, float("inf")]}}}, "not finite"),
        ({**FRONTIER, "series": {str(i): {"p": [0, i]} for i in range(13)}}, "13 families"),
    ],
)
def test_what_a_plane_cannot_show_is_said(plot, why):
    with pytest.raises(ValueError, match=why):
        svg.draw(plot, key="k")


def test_eight_further_lines_can_be_told_apart_in_black() -> None:
    drawn = svg.draw({**CURVE, "lines": {f"line {i}": [0, 1] for i in range(8)}}, key="k")
    paths = [e for e in ET.fromstring(drawn).iter("path") if e.get("class", "").startswith("s")]
    looks = {(e.get("class"), e.get("stroke-dasharray")) for e in paths}
    assert len(looks) == 8
    assert len({dash for _, dash in looks}) == 8
