"""The picture of all leaves against their thresholds: complete, never falsely green, safe."""

from __future__ import annotations

import dataclasses
import math
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.report.breakdowns import ATTACK
from tests.report.leaves import (
    ALLOWED,
    SVG,
    built,
    dated,
    hostile,
    many,
    number,
    small,
    texts,
    told,
)

from safetycase.report.drawing import WIDTH
from safetycase.report.intervals_svg import MOST_ROWS, intervals_svg
from safetycase.report.numbers import share
from safetycase.report.picture import STYLE
from safetycase.report.svg import intervals
from safetycase.report.timeline_svg import timeline_svg

GOLDEN = Path(__file__).parent / "golden"
DRAW = [intervals_svg, timeline_svg]
HOSTILE = [ATTACK, "A" * 10_000, "\ufffe\uffff\x00\x1b", "שלום\u202e\u2066" * 200, "&<]]>\"'"]


@pytest.mark.parametrize(
    ("name", "draw"), [("intervals", intervals_svg), ("timeline", timeline_svg)]
)
def test_the_pictures_are_those_that_were_looked_at(name, draw):
    path, made = GOLDEN / f"{name}.svg", draw(small())
    if os.environ.get("SAFETYCASE_ACCEPT"):
        path.write_text(made, "utf-8")
    assert made == path.read_text("utf-8"), "look at it, then SAFETYCASE_ACCEPT=1"
    assert made == draw(small())


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("count", [0, 1, 300])
def test_well_formed_and_described(draw, alone, count):
    svg = draw(many(count), key="k", alone=alone)
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    labels = root.get("aria-labelledby").split()
    assert [root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")] == labels
    assert told(svg)
    assert (STYLE in svg) is alone
    assert "style=" not in svg  # the page's policy allows none
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    assert len(svg) < 200_000
    height = float(root.get("viewBox").split()[3])
    for part in root.iter():
        for axis, most in (("x", WIDTH), ("y", height)):
            if part.get(axis) is not None:
                assert -20 <= float(part.get(axis)) <= most + 1, ET.tostring(part)


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize("by", HOSTILE)
def test_hostile_text_stays_text(draw, by):
    svg = draw(hostile(by), key=by)
    root = ET.fromstring(svg)
    assert {e.tag.removeprefix(SVG) for e in root.iter()} <= ALLOWED
    assert not any(k.startswith("on") or "href" in k for e in root.iter() for k in e.attrib)
    assert all(c not in svg for c in "\x00\x1b\u202e\u2066\ufffe\uffff")
    assert not re.search(r'="[^"]*(nan|inf)[^"]*"', re.sub(r'(id|url)[^"]*"[^"]*"', "", svg))
    assert len(svg) < 60_000


def test_every_leaf_is_there_with_its_numbers():
    shown = texts(intervals_svg(small()))
    assert "E-GOOD: rate" in shown
    assert "≤ 5.8 % at 95 %" in shown
    assert "rate <= 0.20 · n 50" in shown
    assert "rate <= 0.001 · n 6,500" in shown
    assert "≤ 0.046 % at 95 %" in shown
    assert "1.2 nats to 2.4 nats, each end at 95 %" in shown
    assert {"Shares", "Small shares, logarithmic", "nats", "Without a number"} <= set(shown)
    assert {"supports", "refutes", "inconclusive", "expired", "invalidated"} <= set(shown)
    assert "supports, but is contested" in shown
    assert "never run · rate <= 0.20" in shown


def test_what_blocks_comes_first_and_what_does_not_count_is_hollow():
    svg = intervals_svg(small())
    shown = texts(svg)
    assert shown.index("E-BAD: rate") < shown.index("E-OLD: rate") < shown.index("E-GOOD: rate")
    # Of seven numbers three do not count: one is expired, one taken back, one doubted.
    hollow = [e for e in ET.fromstring(svg).iter(f"{SVG}circle") if e.get("class") == "hollow"]
    assert len(hollow) == 3 + 1  # and one in the key


def test_the_words_for_those_who_cannot_see():
    says = told(intervals_svg(small()))
    assert says.startswith("7 measured numbers and 1 leaf without one: ")
    assert "E-BAD: rate ≥ 41 % at 95 %, n 100, held against rate <= 0.20: refutes." in says
    assert told(intervals_svg(many(0))) == "This case has no leaf: nothing in it is measured."


def test_more_leaves_than_a_picture_holds_are_counted():
    svg = intervals_svg(many(300))
    assert f"{300 - MOST_ROWS} further rows are not drawn: {300 - MOST_ROWS} supports." in texts(
        svg
    )
    assert told(svg).startswith("300 measured numbers: 300 supports.")
    whole = texts(intervals_svg(many(300), most=1000))
    assert sum(text.endswith(": rate") for text in whole) == 300


def test_a_number_below_the_axis_is_an_arrow():
    leaf = dataclasses.replace(
        dated("E", "fresh", None, criterion="rate <= 1e-6"), quantities=(number(0, 0, 4e-7, 9),)
    )
    svg = intervals_svg(built({"E": (leaf, "fresh", "supported")}))
    assert "Small shares, logarithmic" in texts(svg)
    assert "l-5 4l5 4" in svg


def test_far_apart_numbers_of_a_unit_stand_on_a_logarithmic_axis():
    leaves = {}
    for name, top in (("E-ONE", 3.0), ("E-TWO", 90_000.0)):
        leaf = dataclasses.replace(
            dated(name, "fresh", None, criterion="steps <= 100000"),
            quantities=(number(top / 2, top / 1.5, top, 9, unit="steps", name="steps"),),
        )
        leaves[name] = (leaf, "fresh", "supported")
    assert "steps, logarithmic" in texts(intervals_svg(built(leaves)))


ODD = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    5e-324,
    1e-300,
    0.049,
    1e6,
    1e308,
    -1e308,
    math.inf,
    -math.inf,
    math.nan,
]
CRITERIA = ["rate <= 0.2", "rate >= 1e-300", "rate <= 1e308 and rate >= -1e308", "not rate > 0.5"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.sampled_from(ODD)] * 3, st.sampled_from(["share", "nats", ""])),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(CRITERIA),
)
def test_any_number_of_a_record_can_be_drawn(rows, criterion):
    leaves = {}
    for index, (low, point, high, unit) in enumerate(rows):
        leaf = dataclasses.replace(
            dated(f"E-{index}", "fresh", None, criterion=criterion),
            quantities=(number(low, point, high, unit=unit),),
        )
        leaves[f"E-{index}"] = (leaf, "fresh", "supported")
    for part in ET.fromstring(intervals_svg(built(leaves))).iter():
        for name in ("x", "y", "d", "width", "height", "cx", "viewBox"):
            assert not re.search(r"nan|inf|e\+", part.get(name, "")), (name, part.get(name))


def test_numbers_too_far_apart_for_an_axis_are_told_so():
    with pytest.raises(ValueError, match="too far apart"):
        intervals([("a", -1e308, 0.0, 1e308)], title="t", unit="", threshold=None, key="k")
    assert share(1e308) == "1e+308 × 100 %"


def test_a_criterion_with_two_ends_is_shaded_between_them():
    leaf = dataclasses.replace(
        dated("E", "fresh", None, criterion="rate >= 0.1 and rate <= 0.3 and other <= 2"),
        quantities=(number(0.15, 0.2, 0.25, 50),),
    )
    svg = intervals_svg(built({"E": (leaf, "fresh", "supported")}))
    assert "rate >= 0.1 and rate <= 0.3 · n 50" in texts(svg)
    root = ET.fromstring(svg)
    shaded = [e for e in root.iter(f"{SVG}rect") if e.get("class") == "pass"][-1]
    line = [e for e in root.iter(f"{SVG}path") if e.get("class") == "line"][-1]
    at = float(line.get("d").partition(" ")[0][1:])
    left = float(shaded.get("x"))
    assert left < at < left + float(shaded.get("width"))
    assert sum(e.get("class") == "bound" for e in root.iter(f"{SVG}path")) == 2 + 1


def test_a_criterion_that_cannot_be_taken_apart_has_no_shaded_side():
    leaf = dated("E", "fresh", None, criterion="rate <= 0.2 or rate <= 0.1")
    svg = intervals_svg(built({"E": (leaf, "fresh", "supported")}))
    assert sum(e.get("class") == "pass" for e in ET.fromstring(svg).iter(f"{SVG}rect")) == 1
    assert "rate <= 0.2 or rate <= 0.1 · n 50" in texts(svg)
