"""Live monitors in the report: on the page, in the terminal and as data."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.assess.watched_cases import MONITOR, NOW, case_of, judged, resolution, signal
from tests.report.conftest import HOSTILE
from tests.report.test_page import assert_harmless

from safetycase.assess.account import account
from safetycase.assess.monitored import WATCHING, Report
from safetycase.report import render_html, to_json, verdict_lines, why_lines
from safetycase.report.marks import CHANNELS, status_mark
from safetycase.report.monitor_marks import MONITOR as MARKS
from safetycase.report.monitor_svg import evidence_bar, evidence_curve, value_curve
from safetycase.report.monitor_text import monitor_lines

CASE = case_of()


def day(number: int) -> str:
    return f"2026-11-{number:02}T00:00:00Z"


def window(number: int, state: str = "quiet", **more: object):
    return signal(CASE, state, seq=number + 1, since=day(number), until=day(number + 1), **more)


def month():
    """Quiet days, two of them not seen, an alarm that was answered, and one that was not."""
    signals = [window(n, value="0.1", e_value="0.5", says="nothing is shown") for n in range(1, 19)]
    signals[4] = window(5, "silent", value=None, e_value=None, events=0, says="no source spoke")
    signals[5] = window(6, "lossy", value="0.1", lost=77, says="a queue ran over")
    signals[9] = window(10, "alarm")
    signals[16] = window(17, "alarm", value="0.4")
    return judged(CASE, signals, [resolution(11, seq=30, reason="the lamp")])


def page(assessment) -> str:
    return render_html(assessment, version="0")


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html[html.index('id="monitors"') :]).split())


# The page.


def test_a_monitor_has_its_section_with_what_it_measures_and_what_is_owed():
    html = page(month())
    assert_harmless(html)
    told = words(html)
    for part in (
        "Null hypothesis rate ≤ 0.2",
        "Error budget 0.05: the probability of a false alarm, ever",
        "Silent after 3 days",
        "record 18, 2026-11-18 00:00 UTC",
        "e-value 34.2, alarms at 20",
        "2026-11-20 00:00 UTC overdue by 12 hours",
        "safetycase record resolve 18 --as",
        "The 18 reports",
        "a queue ran over",
    ):
        assert part in told, part
    past = told[told.index("Alarms that challenge nothing now") :]
    assert "answered, Grace, 2026-11-20 11:00 UTC (record 30): the lamp" in past
    assert 'href="#monitors"' in html
    assert 'aria-label="Reports of M"' in html


def test_the_doubt_that_an_alarm_raises_names_its_monitor_and_leads_there():
    html = page(month())
    element = html[html.index('id="claim-M.RARE"') :]
    element = element[: element.index("</article>")]
    assert 'the monitor <a class="ref" href="#claim-M"' in element
    assert 'href="#claim-RARE"' in element
    assert "case.yaml:42" in element


def test_a_case_without_monitors_and_signals_has_no_such_section(assessment):
    html = page(assessment)
    assert 'id="monitors"' not in html
    assert 'href="#monitors"' not in html


def test_what_is_hostile_in_a_signal_a_resolution_or_a_monitor_stays_text():
    case = CASE
    monitor = replace(case.elements["M"], says=HOSTILE, owner=HOSTILE)
    case = replace(case, elements={**case.elements, "M": monitor})
    signals = [
        signal(case, "alarm", seq=2, says=HOSTILE, details={HOSTILE: HOSTILE}),
        signal(case, "alarm", seq=3, says=HOSTILE),
        signal(case, "alarm", seq=4, monitor=HOSTILE, says=HOSTILE),
        signal(case, "warning", seq=5, says=HOSTILE),
    ]
    said = [resolution(2, by=HOSTILE, reason=HOSTILE), resolution(3, "confirmed", by=HOSTILE)]
    found = judged(case, signals, said)
    assert_harmless(page(found))
    lines = [*verdict_lines(found), *why_lines(found, "RARE"), *why_lines(found, "M")]
    assert not any("\x1b" in line or "\u202e" in line for line in lines)
    json.dumps(to_json(found), allow_nan=False)


@pytest.mark.parametrize(
    "more",
    [
        {"value": None, "e_value": None, "alarm_at": None},
        {"value": "1e999", "e_value": "1e999"},
        {"value": "-5", "e_value": "0"},
        {"value": "1e-300", "e_value": "1e-300", "alarm_at": "0"},
        {"alarm_at": "1"},
        {"e_value": "-3", "alarm_at": "-1"},
        {"since": "2026-11-20T10:00:00Z"},
        {"events": 0},
        {"since": "0001-01-01T00:00:00Z"},
        {"until": "9999-12-31T23:59:59Z"},
        {"events": 10**30, "lost": 10**30},
    ],
)
@pytest.mark.parametrize("state", ["quiet", "alarm", "silent"])
def test_any_number_that_a_record_may_hold_can_be_drawn(state: str, more: dict[str, str | None]):
    found = judged(CASE, [signal(CASE, state, **more)])
    html = page(found)
    assert_harmless(html)
    assert not re.search(r"\b(nan|inf)\b", html.partition('id="monitors"')[2])
    verdict_lines(found)
    why_lines(found, "M")


def test_quiet_monitors_start_folded_and_others_do_not():
    quiet, loud = page(judged(CASE, [window(19)])), page(month())
    pattern = r"<details( open)?>\s*<summary>What it measures"
    assert re.search(pattern, quiet)[1] is None
    assert re.search(pattern, loud)[1] == " open"


# Pictures.


def reports(*rows) -> list[Report]:
    return list(judged(CASE, rows).monitors["M"].reports)


def test_the_curve_breaks_where_the_monitor_did_not_see():
    drawn = value_curve(
        list(month().monitors["M"].reports), bound=0.2, says="b", unit="share", title="t", key="k"
    )
    lines = re.findall(r'class="line thin" d="M([^"]+)"', drawn)
    assert [line.count("L") + 1 for line in lines] == [4, 12]
    assert drawn.count('class="alarm"') == 4  # two flags, each with its point
    assert drawn.count("url(#p-k-u)") == 2
    assert "18 reports from 2026-11-01T00:00:00Z to 2026-11-19T00:00:00Z" in drawn
    assert "lowest 10 %, highest 40 %" in drawn
    assert "2 alarm, 1 silent, 1 lossy" in drawn


def test_the_boundary_lies_between_what_is_quiet_and_what_alarms():
    rows = reports(window(1, value="0.1"), window(2, "alarm", value="0.3"))
    drawn = value_curve(
        rows, bound=0.2, says="alarm when rate > 0.2", unit="share", title="t", key="k"
    )
    ((_, boundary),) = re.findall(r'class="bound" d="M(52\.0) ([\d.]+)H', drawn)
    low, high = (float(y) for y in re.findall(r'cy="([\d.]+)"', drawn)[:2])
    assert high < float(boundary) < low or low < float(boundary) < high
    assert float(boundary) == pytest.approx((low + high) / 2, abs=0.11)


def test_evidence_is_drawn_by_its_power_of_ten_and_the_bar_reaches_its_tick_at_the_alarm():
    rows = reports(window(1, e_value="0.1"), window(2, e_value="1"), window(3, e_value="10"))
    drawn = evidence_curve(rows, title="t", key="k")
    first, second, third = (float(y) for y in re.findall(r'cy="([\d.]+)"', drawn))
    assert first - second == pytest.approx(second - third, abs=0.11)
    assert "alarms at 20" in drawn

    def filled(e_value: float) -> float:
        found = re.search(
            r'class="fill" x="0" y="3" width="([\d.]+)"', evidence_bar(e_value, 20, key="k")
        )
        return float(found[1])

    assert filled(0.01) == filled(1) == 0.8  # only its edge is seen
    assert filled(20) == 80.0
    assert filled(20**0.5) == 40.0
    assert filled(1e30) == 100.0


def test_without_a_number_there_is_no_picture():
    with pytest.raises(ValueError, match="finite"):
        value_curve(
            reports(window(1, value=None)), bound=None, says="", unit="raw", title="t", key="k"
        )


def test_a_long_history_is_cut_and_says_so():
    case = CASE
    begin = NOW - timedelta(days=500)
    text = "%Y-%m-%dT%H:%M:%SZ"
    signals = [
        signal(
            case,
            seq=n + 2,
            since=(begin + timedelta(days=n)).strftime(text),
            until=(begin + timedelta(days=n + 1)).strftime(text),
        )
        for n in range(500)
    ]
    html = page(judged(case, signals))
    told = words(html)
    assert "The pictures leave out the 100 oldest reports." in told
    assert "And 440 older reports" in told
    assert "The 60 latest reports" in told
    assert len(to_json(judged(case, signals))["monitors"]["watched"]["M"]["reports"]) == 500  # type: ignore[index]


# The terminal.


def test_status_has_a_line_for_each_alarm_and_what_is_owed():
    lines = list(monitor_lines(month(), 400))
    assert lines == [
        "Monitors: 1 alarm.",
        "  ⚑ M alarm: OVERDUE. record 18 of 2026-11-18, e-value 34.2, n 412. ops has to answer it "
        "by 2026-11-20 00:00 UTC, which is overdue by 12 hours.",
    ]


def test_status_has_a_line_for_silence_warnings_and_what_nobody_hears_any_more():
    named = [MONITOR.replace("monitor: M,", f"monitor: M{i},") for i in range(3)]
    case = case_of(*named)
    signals = [
        signal(case, monitor="M0", until="2026-11-10T00:00:00Z", since="2026-11-09T00:00:00Z"),
        signal(case, "warning", monitor="M1", seq=3, says="it rises"),
        signal(case, "alarm", monitor="GONE", seq=4),
    ]
    text = "\n".join(monitor_lines(judged(case, signals), 400))
    assert "Monitors: 1 never reported, 1 silent, 1 warning, 1 not in the case." in text
    assert "⊝ M0 silent: It last reported up to 2026-11-10 00:00 UTC (record 2)" in text
    assert "⚐ M1 warning: It warns since 2026-11-19 10:00 UTC: it rises." in text
    assert (
        "⚑ GONE alarm: record 4 of 2026-11-20, e-value 34.2, n 412. The case no longer has " in text
    )
    assert "M2 never reported" in text


def test_many_monitors_do_not_flood_the_terminal():
    named = [MONITOR.replace("monitor: M,", f"monitor: M{i},") for i in range(60)]
    lines = list(monitor_lines(judged(case_of(*named)), 400))
    assert len(lines) == 22
    assert lines[-1].strip() == "and 40 more, in the report"


def test_no_line_is_wider_than_the_terminal():
    found = month()
    for width in (24, 40, 60, 100):
        for lines in (verdict_lines(found, width=width), why_lines(found, "RARE", width=width)):
            assert all(len(line) <= max(width, 32) for line in lines)


def test_why_a_claim_is_contested_names_indicator_window_evidence_record_and_the_way_out():
    told = " ".join("\n".join(why_lines(month(), "RARE")).split())
    for part in (
        "M alarmed (rate > 0.2).",
        "from 2026-11-17 00:00 UTC to 2026-11-18 00:00 UTC",
        "n 412, value 0.4, e-value 34.2, which alarms at 20; record 18",
        "doubt that the monitor M raised about RARE, case.yaml:42",
        "safetycase record resolve 18 --as false-alarm|answered|confirmed --reason TEXT",
    ):
        assert part in told, part
    own = " ".join("\n".join(why_lines(month(), "M")).split())
    assert "The alarm in record 11 was resolved as answered by Grace on 2026-11-20" in own
    assert "monitor, owned by ops" in own


# Data.


def test_json_has_every_report_alarm_and_obligation():
    data = to_json(month())["monitors"]
    assert isinstance(data, dict)
    m = data["watched"]["M"]
    assert (m["state"], m["blocks"], len(m["reports"])) == ("alarm", False, 18)
    first, last = m["alarms"]
    assert (first["standing"], last["standing"]) == ("resolved", "open")
    assert first["resolutions"][0]["reason"] == "the lamp"
    assert (last["deadline"], last["overdue"]) == ("2026-11-20T00:00:00+00:00", True)
    assert data["challenges"]["M.RARE"]["target"] == "RARE"


def test_every_state_of_a_monitor_and_every_signal_has_a_mark():
    from safetycase.ledger.vocabulary import SIGNALS

    assert set(MARKS) == set(WATCHING)
    assert set(SIGNALS) <= set(MARKS)
    assert CHANNELS[-1][2] is MARKS
    assert status_mark(month(), "M").word == "alarm"


def test_the_account_of_a_contested_claim_says_why_it_has_no_number():
    found = account(month(), "RARE")
    assert "M alarmed" in " ".join(found.no_number_because)


def test_the_agenda_names_an_alarm_by_what_resolves_it():
    from safetycase.agenda.open import agenda

    (item,) = agenda(month())
    assert (item.id, item.kind, item.blocks) == ("M.RARE", "undefeated doubt", ("RARE",))
    assert item.path == ("SAFE", "ROUTES", "RARE", "M.RARE")
    assert item.closed_when.startswith("a reviewer resolves the alarm (record 18)")
    assert "M alarmed" in item.says


def test_an_assumption_shows_every_monitor_that_watches_it():
    case = case_of(MONITOR.replace("[RARE]", "[FAIR]"))
    html = page(judged(case, [signal(case)]))
    table = html[html.index('id="assumptions"') : html.index('id="monitors"')]
    assert 'href="#claim-M"' in table


def test_signals_under_the_name_of_a_claim_make_no_monitor_of_it():
    found = judged(CASE, [signal(CASE), signal(CASE, "alarm", seq=3, monitor="RARE")])
    assert found.monitors["RARE"].state == "not in the case"
    assert status_mark(found, "RARE").word == "supported"
    html = page(found)
    assert_harmless(html)
    assert "not in the case" in words(html)
