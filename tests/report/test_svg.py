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
ALL = [HISTOGRAM, INTERVALS, CURVE, POINTS]


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

    if plot is HISTOGRAM and factor in (0, -1):
        return  # edges that do not rise are refused
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
