"""The freshness timeline: what ends when, in order, and what took evidence back."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
from tests.report.conftest import make_assessment
from tests.report.leaves import NOW, SVG, built, dated, many, small, texts, told
from tests.report.test_monitors import month

from safetycase.assess.reviewed import Overridden, Review
from safetycase.report.drawing import WIDTH
from safetycase.report.timeline import days_text, next_to_end, spans
from safetycase.report.timeline_svg import MOST_ROWS, timeline_svg


def test_every_row_says_its_state_and_its_date():
    shown = texts(timeline_svg(small()))
    for text in (
        "stands until 2027-06-01",
        "fresh until 2026-12-01",
        "expired on 2026-11-22",
        "fresh, no limit stated",
        "invalidated",
        "never run",
        "assumed, until 2027-03-01",
        "accepted by board, until 2026-12-24",
        "2026-11-22, record 12",
        "now 2026-11-23",
    ):
        assert text in shown, text


def test_what_ends_first_is_on_top_and_next():
    rows = spans(small())
    ids = [row.id for row in rows if row.section == "evidence"]
    assert ids[:4] == ["E-OLD", "E-RARE", "E-GOOD", "E-BAD"]
    assert ids[-1] == "E-NEVER"
    first = next_to_end(rows, NOW)
    assert first is not None
    assert first.id == "E-RARE"
    assert "Next to run out: E-RARE on 2026-12-01, in 8 days." in told(timeline_svg(small()))
    assert "5 of 8 pieces of evidence count now." in told(timeline_svg(small()))


def test_the_event_stands_on_the_row_it_took_back():
    gone = next(row for row in spans(small()) if row.id == "E-GONE")
    assert [m.kind for m in gone.moments] == ["event"]
    assert "record 12" in gone.moments[0].says


def test_attempts_that_failed_are_crosses():
    svg = timeline_svg(make_assessment())
    titles = [t.text for t in ET.fromstring(svg).iter(f"{SVG}title")]
    assert any("failed" in t for t in titles if t)
    assert any("completed, exploratory" in t for t in titles if t)


def test_what_lies_beyond_the_axis_is_an_arrow():
    svg = timeline_svg(small())  # an assumption until 2099
    ends = list(ET.fromstring(svg).iter(f"{SVG}rect"))
    assert all(float(r.get("x")) + float(r.get("width")) <= WIDTH for r in ends)
    assert "assumed, until 2099-01-01" in texts(svg)
    long_ago = dated("E", "expired", NOW - timedelta(days=4000))
    long_ago = dataclasses.replace(long_ago, ran_at="2014-01-01T00:00:00Z")
    assert "expired on 2015-12-11" in texts(
        timeline_svg(built({"E": (long_ago, "expired", "open")}))
    )


@pytest.mark.parametrize("days", [1, 20, 100, 400, 700])
def test_the_axis_has_a_few_dates(days):
    leaf = dated("E", "fresh", NOW + timedelta(days=days))
    dates = list(texts(timeline_svg(built({"E": (leaf, "fresh", "supported")}))))
    assert 2 <= sum(bool(t[:2] == "20" or t[2:3] == "-") and len(t) <= 10 for t in dates) <= 10


def test_many_rows_are_counted():
    shown = texts(timeline_svg(many(300)))
    assert f"{300 - MOST_ROWS} further rows are not drawn; 0 of them do not count now." in shown


def test_monitors_with_their_alarms_and_what_was_last_heard():
    rows = [row for row in spans(month()) if row.section == "monitors"]
    assert [row.says for row in rows] == ["alarm, last heard 2026-11-19 00:00"]
    assert [row.counts for row in rows] == [False]
    assert [(m.kind, m.says) for m in rows[0].moments] == [
        ("alarm", "alarm in record 11, resolved"),
        ("alarm", "alarm in record 18, open"),
    ]
    assert "There is no evidence." in told(timeline_svg(month()))


def test_an_override_stands_until_its_date():
    over = Overridden(
        element="SAFE",
        clauses=("challenges-open",),
        authority="the board",
        reason="It is needed.",
        by="ann",
        expires="2026-12-05T00:00:00Z",
        at="2026-11-22T00:00:00Z",
        record=30,
        digest="aa",
        current=True,
        in_force=True,
    )
    case = dataclasses.replace(small(), review=Review(overrides=(over,)))
    row = next(row for row in spans(case) if row.id == "override of challenges-open")
    assert (row.says, row.counts) == ("in force, ann, until 2026-12-05", True)
    assert "in force, ann, until 2026-12-05" in texts(timeline_svg(case))


def test_days_in_words():
    assert days_text(NOW, NOW) == "today"
    assert days_text(NOW + timedelta(days=1), NOW) == "in 1 day"
    assert days_text(NOW - timedelta(days=8), NOW) == "8 days ago"


@pytest.mark.parametrize("year", [1, 2, 1969, 1970, 2038, 9998, 9999])
@pytest.mark.parametrize("day", [(1, 1), (12, 31)])
def test_any_time_can_be_now(year, day):
    at = datetime(year, *day, 23, 59, tzinfo=UTC)
    for case in (small(), many(0)):
        svg = timeline_svg(dataclasses.replace(case, at=at))
        assert f"now {at:%Y-%m-%d}" in texts(svg)
        for part in ET.fromstring(svg).iter(f"{SVG}rect"):
            assert 0 <= float(part.get("x")) <= WIDTH


def test_attempts_without_a_result_have_no_time_in_which_they_count():
    """A run that failed is a cross; no bar says that something was measured around it."""
    whole = make_assessment()
    name = next(n for n, leaf in whole.leaves.items() if leaf.attempts and leaf.ran_at)
    titled = f"{name}: "

    def bars(of) -> int:
        rects = ET.fromstring(timeline_svg(of)).iter(f"{SVG}rect")
        titles = [rect.findtext(f"{SVG}title") or "" for rect in rects]
        return sum(title.startswith(titled) for title in titles)

    none = dataclasses.replace(whole.leaves[name], ran_at=None, valid_until=None)
    assert bars(whole) == 1
    assert bars(dataclasses.replace(whole, leaves={**whole.leaves, name: none})) == 0
