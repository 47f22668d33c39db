"""Signals and resolutions of a record as statuses, reasons and numbers."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import timedelta
from pathlib import Path

import pytest
from tests.assess.reviewed_cases import key
from tests.assess.watched_cases import (
    MONITOR,
    NOW,
    ROOT,
    SPARE,
    case_of,
    judged,
    resolution,
    signal,
)

from safetycase.argument.findings import Finding, Span
from safetycase.assess.alarms import length
from safetycase.assess.monitored import WATCHING
from safetycase.assess.records import Assessment
from safetycase.assess.what_if import what_if

CASE = case_of()
ANSWER = (
    SPARE
    + "defeaters:\n  - {defeater: M.RARE, against: RARE, says: The light., answered_by: [SPARE]}\n"
)


def watched(assessment: Assessment, name: str = "M") -> str:
    return assessment.monitors[name].state


def said(assessment: Assessment, name: str) -> str:
    return "\n".join(reason.says for reason in assessment.states[name].reasons)


def support(assessment: Assessment, name: str = "RARE") -> str:
    return assessment.states[name].support


# What keeps a claim unknown.


def test_a_monitor_that_never_reported_keeps_its_claim_unknown() -> None:
    found = judged(CASE)
    assert (watched(found), support(found), found.verdict) == ("never reported", "open", "unknown")
    assert "M has not reported; silence is not safety" in said(found, "RARE")
    assert found.root.confidence is None
    assert found.no_number_because == ("1 monitor is not known to be quiet: M (never reported)",)


def test_a_quiet_monitor_blocks_nothing_and_says_what_it_saw() -> None:
    found = judged(CASE, [signal(CASE)])
    assert (watched(found), support(found), found.verdict) == ("quiet", "supported", "holds")
    assert found.root.confidence is not None
    # The steps and assumptions have 4 x 0.01 of doubt; what watches adds none.
    assert found.root.confidence.low == pytest.approx(0.96)
    assert "n 412, value 0.31, e-value 34.2, which alarms at 20; record 2" in said(found, "RARE")


@pytest.mark.parametrize("state", ["silent", "lossy", "blind"])
def test_what_cannot_see_keeps_its_claim_unknown_until_a_quiet_window(state: str) -> None:
    bad = signal(CASE, state, seq=3, lost=90)
    found = judged(CASE, [signal(CASE), bad])
    assert (watched(found), support(found)) == (state, "open")
    assert "record 3" in said(found, "RARE")
    # A warning says nothing of whether it sees again; a quiet window does.
    assert support(judged(CASE, [signal(CASE), bad, signal(CASE, "warning", seq=4)])) == "open"
    assert support(judged(CASE, [signal(CASE), bad, signal(CASE, seq=4)])) == "supported"


def test_silence_begins_when_the_last_report_is_older_than_it_may_be() -> None:
    at = NOW - timedelta(hours=2)  # the latest report ends
    still = judged(CASE, [signal(CASE)], now=at + timedelta(days=3))
    assert watched(still) == "quiet"
    late = judged(CASE, [signal(CASE)], now=at + timedelta(days=3, seconds=1))
    assert (watched(late), support(late)) == ("silent", "open")
    assert "3 days ago, and is silent after 3 days; silence is not safety" in said(late, "RARE")


def test_without_a_time_of_silence_two_windows_are_one_and_without_a_window_nobody_knows() -> None:
    case = case_of(MONITOR.replace("silent_after: 3 days, ", ""))
    at = NOW - timedelta(hours=2)
    assert watched(judged(case, [signal(case)], now=at + timedelta(days=2))) == "quiet"
    assert watched(judged(case, [signal(case)], now=at + timedelta(days=2, hours=1))) == "silent"
    bare = case_of(MONITOR.replace("window: 1 day, silent_after: 3 days, ", ""))
    found = judged(bare, [signal(bare)])
    assert watched(found) == "silent"
    assert "states no `silent_after`" in said(found, "RARE")


def test_a_report_from_the_future_is_an_error_of_a_clock() -> None:
    ahead = signal(CASE, seq=3, until="2027-11-20T12:00:00Z", since="2027-11-19T12:00:00Z")
    found = judged(CASE, [signal(CASE), ahead])
    assert (watched(found), support(found)) == ("wrong clock", "open")
    assert "is of a time still to come, until 2027-11-20 12:00 UTC" in said(found, "RARE")
    assert watched(judged(CASE, [signal(CASE), ahead, signal(CASE, seq=4)])) == "quiet"
    assert watched(judged(CASE, [signal(CASE, until="2026-11-20T12:00:10Z")])) == "quiet"
    assert watched(judged(CASE, [signal(CASE, until="2026-11-20T12:00:11Z")])) == "wrong clock"


def test_an_alarm_from_the_future_still_counts() -> None:
    alarm = signal(CASE, "alarm", since="2027-11-19T12:00:00Z", until="2027-11-20T12:00:00Z")
    found = judged(CASE, [alarm])
    assert (watched(found), support(found)) == ("alarm", "contested")
    assert found.monitors["M"].blocks
    # It was known when it was recorded: a wrong clock gives nobody another year.
    assert found.monitors["M"].alarms[0].deadline == NOW + timedelta(days=1, hours=22)


def test_a_monitor_with_a_finding_is_not_watched_by() -> None:
    error = Finding(
        code="C999",
        span=Span(file="case.yaml", line=1, column=1),
        severity="error",
        message="m",
        subject="M",
    )
    found = judged(CASE, [signal(CASE)], findings=[error])
    assert (watched(found), support(found)) == ("not fit", "open")


# Alarms.


def test_an_alarm_contests_the_claim_whatever_is_quiet_later() -> None:
    signals = [signal(CASE), signal(CASE, "alarm", seq=3), signal(CASE, seq=4, e_value="0.1")]
    found = judged(CASE, signals)
    assert (watched(found), support(found), found.verdict) == ("alarm", "contested", "unknown")
    assert found.states["RARE"].attackers == ("M.RARE",)
    told = said(found, "RARE")
    assert "M alarmed (rate > 0.2). In the window from 2026-11-19 10:00 UTC to 2026-11-20" in told
    assert "n 412, value 0.31, e-value 34.2, which alarms at 20; record 3" in told
    assert "the share of heads is above 0.2." in told
    doubt = said(found, "M.RARE")
    assert "ops has to answer it by 2026-11-22 10:00 UTC." in doubt
    assert "safetycase record resolve 3 --as" in doubt
    assert found.no_number_because == ("alarms that nobody resolved: M (record 3)",)


@pytest.mark.parametrize(
    ("outcomes", "expected", "standing"),
    [
        (["answered"], "supported", "resolved"),
        (["false-alarm"], "supported", "resolved"),
        (["confirmed"], "contested", "confirmed"),
        (["answered", "confirmed"], "contested", "confirmed"),
        (["confirmed", "answered"], "supported", "resolved"),
    ],
)
def test_the_last_resolution_decides(outcomes: list[str], expected: str, standing: str) -> None:
    signals = [signal(CASE, "alarm", seq=3), signal(CASE, seq=4)]
    said_of = [resolution(3, word, seq=5 + i) for i, word in enumerate(outcomes)]
    for order in itertools.permutations(said_of):
        found = judged(CASE, signals, order)
        assert support(found) == expected
        (alarm,) = found.monitors["M"].alarms
        assert alarm.standing == standing
        assert [r.outcome for r in alarm.resolutions] == outcomes  # none of it is forgotten
        assert not alarm.overdue
    if expected == "supported":
        assert "was resolved as" in said(found, "M")
    else:
        assert "stands until it is answered" in said(found, "M.RARE")


def test_a_resolution_is_of_one_alarm_and_of_none_after_it() -> None:
    signals = [signal(CASE, "alarm", seq=3), signal(CASE, "alarm", seq=4, segment=2)]
    found = judged(CASE, signals, [resolution(3)])
    assert support(found) == "contested"
    assert [a.report.record for a in found.monitors["M"].open] == [4]
    both = judged(CASE, signals)
    assert "1 later alarm stands too: record 4" in said(both, "RARE")
    assert "Of the alarm in record 4: ops has to answer it" in said(both, "M.RARE")
    # A number that was given before there was such an alarm resolves nothing.
    assert support(judged(CASE, signals[:1], [resolution(3, seq=2)])) == "contested"
    assert support(judged(CASE, signals, [resolution(3), resolution(4)])) == "supported"


def test_an_obligation_is_overdue_after_its_time_and_until_somebody_speaks() -> None:
    alarm = signal(CASE, "alarm", seq=3)
    at = NOW - timedelta(hours=2) + timedelta(days=2)
    (early,) = judged(CASE, [alarm], now=at).monitors["M"].open
    assert (early.owner, early.deadline, early.overdue) == ("ops", at, False)
    late = judged(CASE, [alarm, signal(CASE, seq=4)], now=at + timedelta(days=1, hours=3))
    (open_one,) = late.monitors["M"].open
    assert open_one.overdue
    assert "overdue by 1 day 3 hours" in said(late, "M.RARE")
    spoken = judged(CASE, [alarm], [resolution(3, "confirmed")], now=at + timedelta(days=1))
    assert not spoken.monitors["M"].open[0].overdue
    untimed = case_of(MONITOR.replace(", answer_within: 2 days", ""))
    (owed,) = judged(untimed, [signal(untimed, "alarm", seq=3)]).monitors["M"].open
    assert (owed.deadline, owed.overdue) == (None, False)


@pytest.mark.parametrize("change", ["warns_only: true", "kind: drift"])
def test_what_only_warns_is_shown_and_changes_nothing(change: str) -> None:
    case = case_of(MONITOR.replace("{monitor: M,", f"{{monitor: M, {change},"))
    plain = judged(case, [signal(case)])
    found = judged(case, [signal(case, "alarm", seq=3), signal(case, seq=4)])
    assert (watched(found), support(found)) == ("warning", "supported")
    assert found.root.confidence == plain.root.confidence
    assert "Its monitor M warns of it" in said(found, "RARE")
    assert not found.challenges
    assert watched(judged(case, [signal(case, "alarm", seq=3)], [resolution(3)])) == "quiet"


def test_a_warning_is_shown_until_the_next_quiet_window() -> None:
    signals = [signal(CASE), signal(CASE, "warning", seq=3)]
    found = judged(CASE, signals)
    assert (watched(found), support(found)) == ("warning", "supported")
    assert "A warning changes no status" in said(found, "RARE")
    assert watched(judged(CASE, [*signals, signal(CASE, seq=4)])) == "quiet"


@pytest.mark.parametrize("state", ["alarm", "warning"])
def test_before_a_window_shows_canaries_it_is_not_known_to_see(state: str) -> None:
    canaries = "{monitor: M, canaries: {metric: caught, recall: 0.9, at_least: 0.7, budget: 0.01},"
    case = case_of(MONITOR.replace("{monitor: M,", canaries))
    told = signal(case, state, seq=3)
    found = judged(case, [told], [resolution(3)] if state == "alarm" else [])
    assert (watched(found), support(found)) == ("never reported", "open")
    again = judged(case, [told, signal(case, seq=10)], [resolution(3)] if state == "alarm" else [])
    assert support(again) == "supported"


# Definitions.


def test_an_earlier_definition_is_shown_and_supports_nothing() -> None:
    old = [signal(CASE), signal(CASE, "warning", seq=3)]
    now = case_of(MONITOR.replace("rate > 0.2", "rate > 0.3"))
    found = judged(now, old)
    assert (watched(found), support(found)) == ("other definition", "open")
    assert not found.challenges
    assert [r.record for r in found.monitors["M"].earlier] == [2, 3]
    again = judged(now, [*old, signal(now, seq=4)])
    assert (watched(again), support(again)) == ("quiet", "supported")


EDITS = [("rate > 0.2", "rate > 0.3"), ("{monitor: M,", "{monitor: M, budget: 0.0501,")]
EDITS += [
    ("{monitor: M,", "{monitor: M, warns_only: true,"),
    ("{monitor: M,", "{monitor: M, kind: drift,"),
]


@pytest.mark.parametrize("edit", EDITS)
def test_no_edit_of_the_definition_sheds_an_alarm(edit: tuple[str, str]) -> None:
    """Only a reviewer ends an alarm; the author of the case file does not."""
    now = case_of(MONITOR.replace(*edit))
    signals = [signal(CASE), signal(CASE, "alarm", seq=3), signal(now, seq=4)]
    found = judged(now, signals)
    assert (watched(found), support(found)) == ("alarm", "contested")
    assert "another definition" in said(found, "M.RARE")
    (alarm,) = found.monitors["M"].open
    assert alarm.redefined
    assert alarm.deadline is not None
    confirmed = judged(now, signals, [resolution(3, "confirmed")])
    assert (watched(confirmed), support(confirmed)) == ("alarm", "contested")
    resolved = judged(now, signals, [resolution(3)])
    assert support(resolved) == "supported"
    # Until the new definition reports, nothing is known by it, resolved or not.
    unheard = judged(now, signals[:2], [resolution(3)])
    assert (watched(unheard), support(unheard)) == ("other definition", "open")


def test_what_only_warned_does_not_challenge_once_the_monitor_does_more() -> None:
    now = case_of(MONITOR.replace("{monitor: M,", "{monitor: M, budget: 0.01,"))
    warned = signal(CASE, "alarm", seq=3, details={"warns_only": "true"})
    found = judged(now, [warned, signal(now, seq=4)])
    assert (watched(found), support(found)) == ("warning", "supported")


def test_words_of_the_case_change_no_definition() -> None:
    case = case_of(MONITOR.replace("owner: ops", "owner: night shift"))
    found = judged(case, [signal(CASE, "alarm", seq=3)])
    assert (watched(found), support(found)) == ("alarm", "contested")


def test_an_alarm_outlives_its_monitor_and_stands_against_the_whole_case() -> None:
    raised = [signal(CASE), signal(CASE, "alarm", seq=3, monitor="M-OLD")]
    found = judged(CASE, raised)
    assert (watched(found), watched(found, "M-OLD")) == ("quiet", "not in the case")
    assert [a.report.record for a in found.monitors["M-OLD"].open] == [3]
    assert support(found) == "supported"
    assert found.states[CASE.root].support == "contested"
    (doubt,) = found.challenges.values()
    assert (doubt.id, doubt.target) == (f"M-OLD.{CASE.root}", CASE.root)
    assert "M-OLD" not in found.states
    # No file answers it beforehand, and a reviewer does.
    answer = f"  - {{defeater: {doubt.id}, against: {CASE.root}, says: x, answered_by: [FAIR]}}"
    written = case_of(MONITOR, more=f"defeaters:\n{answer}\n")
    again = judged(written, [signal(written), signal(written, "alarm", seq=3, monitor="M-OLD")])
    assert again.states[written.root].support == "contested"
    resolved = judged(CASE, raised, [resolution(3)])
    assert (
        resolved.states[CASE.root].support == judged(CASE, [signal(CASE)]).states[CASE.root].support
    )
    warned = signal(CASE, "alarm", seq=3, monitor="M-OLD", details={"warns_only": "true"})
    assert not judged(CASE, [signal(CASE), warned]).challenges


# What an alarm is against.


def conditioned(target: str, *more: str, also: str = "") -> tuple[object, Assessment, Assessment]:
    case = case_of(MONITOR.replace("[RARE]", f"[{target}]"), *more, more=also)
    silent, alarmed = judged(case), judged(case, [signal(case, "alarm", seq=3)])
    return case, silent, alarmed


@pytest.mark.parametrize(
    ("target", "doubt"), [("FAIR", "M.FAIR"), ("LOOKS", "M.LOOKS"), ("RARE.by", "M.LOOKS")]
)
def test_assumptions_and_steps_are_challenged_like_claims(target: str, doubt: str) -> None:
    case, silent, alarmed = conditioned(target)
    assert support(silent) == "open"
    assert (alarmed.verdict, list(alarmed.challenges)) == ("unknown", [doubt])
    assert alarmed.challenges[doubt].target == doubt.partition(".")[2]
    assert support(judged(case, [signal(case)])) == "supported"  # type: ignore[arg-type]


def test_an_assumption_counts_only_while_its_monitor_is_quiet() -> None:
    root = ROOT.replace(
        "expires: 2099-03-01\n              credence", "monitor: M\n              credence"
    )
    case = case_of(MONITOR.replace("conditions: [RARE], ", ""), root=root)
    assert support(judged(case), "FAIR") == "open"
    quiet = judged(case, [signal(case)])
    assert (support(quiet, "FAIR"), quiet.verdict) == ("assumed", "holds")
    assert "by mint, while its monitor M is quiet" in said(quiet, "FAIR")
    alarmed = judged(case, [signal(case, "alarm", seq=3)])
    assert support(alarmed, "FAIR") == "contested"
    assert alarmed.states["FAIR"].attackers == ("M.FAIR",)
    assert support(judged(case, [signal(case)], now=NOW + timedelta(days=9)), "FAIR") == "open"


def test_the_registry_watched_holds_the_root() -> None:
    root = ROOT.replace(
        "owner: lead\n        expires", "owner: lead\n        monitor: M\n        expires"
    )
    case = case_of(MONITOR.replace("[RARE]", "[FAIR]"), root=root)
    assert judged(case).verdict == "unknown"
    assert judged(case, [signal(case)]).verdict == "holds"
    found = judged(case, [signal(case, "alarm", seq=3)])
    assert found.root.support == "contested"


DOUBT = (
    "defeaters:\n  - {defeater: D, against: RARE, says: It may be loaded., answered_by: [SPARE]}\n"
)


@pytest.mark.parametrize("state", [None, "alarm", "silent"])
def test_an_alarm_about_a_doubt_and_silence_never_help_what_it_is_against(
    state: str | None,
) -> None:
    """A monitor of a doubt says whether it may count as answered; it defeats no doubt."""
    case = case_of(MONITOR.replace("[RARE]", "[D]"), more=SPARE + DOUBT)
    quiet = judged(case, [signal(case)])
    assert support(quiet) == "supported"
    found = judged(case, [signal(case, state, seq=3)] if state else [])
    assert support(found) == "contested"
    assert found.states["RARE"].attackers == ("D",)
    assert found.root.confidence is None
    assert "nothing answers it" in said(found, "D")


def test_no_file_accepts_an_alarm_beforehand() -> None:
    doubt = (
        "defeaters:\n  - {defeater: M.RARE, against: RARE, says: It may alarm., "
        "accepted: {doubt: 0.01, because: small, owner: board, expires: 2027-01-01}}\n"
    )
    case = case_of(more=doubt)
    signals = [signal(case), signal(case, "alarm", seq=3), signal(case, seq=4)]
    assert support(judged(case, signals[:1])) == "supported"
    found = judged(case, signals)
    assert support(found) == "contested"
    assert found.verdict != "holds"
    assert "counts for nothing" in said(found, "M.RARE")
    assert support(judged(case, signals, [resolution(3)])) == "supported"


BARE = "  - {defeater: D2, against: M.RARE, says: It was the light.}\n"
FILED = "  - {defeater: M.RARE, against: RARE, says: It may alarm.}\n"


@pytest.mark.parametrize("doubts", [BARE, FILED + BARE])
def test_a_doubt_about_an_alarm_does_not_end_it(doubts: str) -> None:
    case = case_of(more="defeaters:\n" + doubts)
    signals = [signal(case), signal(case, "alarm", seq=3), signal(case, seq=4)]
    assert support(judged(case, signals)) == "contested"
    assert support(judged(case, signals, [resolution(3)])) == "supported"


def test_an_answer_in_the_file_does_not_outlast_the_deadline_or_a_confirmation() -> None:
    case = case_of(more="defeaters:\n" + FILED.replace(".}", "., answered_by: [FAIR]}"))
    signals = [signal(case), signal(case, "alarm", seq=3), signal(case, seq=4)]
    assert support(judged(case, signals)) == "supported"
    late = judged(case, signals, now=NOW + timedelta(days=2))
    assert (support(late), late.root.support) == ("contested", "open")
    assert "answered by no file" in said(late, "M.RARE")
    confirmed = judged(case, signals, [resolution(3, "confirmed")])
    assert support(confirmed) == "contested"
    assert confirmed.verdict != "holds"


def test_a_watched_doubt_is_not_accepted_while_its_monitor_alarms() -> None:
    accepted = DOUBT.replace(
        "answered_by: [SPARE]",
        "accepted: {doubt: 0.01, because: small, owner: board, expires: 2027-01-01}",
    )
    case = case_of(MONITOR.replace("[RARE]", "[D]"), more=accepted)
    assert judged(case, [signal(case)]).states["SAFE"].residual
    assert support(judged(case, [signal(case, "alarm", seq=3)])) == "contested"


def test_a_monitor_of_a_monitor_makes_it_doubted() -> None:
    meta = MONITOR.replace("monitor: M", "monitor: META").replace("[RARE]", "[M]")
    case = case_of(MONITOR, meta)
    both = [signal(case), signal(case, seq=3, monitor="META")]
    assert support(judged(case, both)) == "supported"
    unheard = judged(case, both[:1])
    assert (watched(unheard), support(unheard)) == ("doubted", "open")
    alarmed = judged(case, [*both, signal(case, "alarm", seq=4, monitor="META")])
    assert (watched(alarmed), support(alarmed)) == ("doubted", "open")
    assert "META, which watches it, alarms" in said(alarmed, "RARE")
    circle = case_of(MONITOR.replace("[RARE]", "[RARE, META]"), meta)
    assert support(judged(circle, [signal(circle)])) == "open"  # and it ends


def test_targets_that_are_not_there_break_nothing() -> None:
    from tests.conftest import HEADER

    from safetycase.argument.load import load

    text = (
        HEADER + ROOT + "monitors:\n  - " + MONITOR.replace("[RARE]", "[NOBODY, E.X, RARE]") + "\n"
    )
    case = load(text, "case.yaml").case
    assert case is not None
    found = judged(case, [signal(case, "alarm", seq=3)])
    assert support(found) == "contested"
    assert "M.NOBODY" not in found.states


# Grounded semantics: answers in the case.


def test_a_case_answers_the_doubt_as_it_does_one_that_evidence_raised() -> None:
    case = case_of(more=ANSWER)
    quiet = judged(case, [signal(case)])
    assert (support(quiet), quiet.states["M.RARE"].truth) == ("supported", "false")
    assert quiet.states["RARE"].attackers == ()
    alarmed = judged(case, [signal(case, "alarm", seq=3)])
    assert support(alarmed) == "supported"
    assert alarmed.root.confidence is not None
    assert quiet.root.confidence is not None
    # The answer has its own doubt of 0.1 + 0.1, which the alarm makes count.
    assert quiet.root.confidence.low == pytest.approx(0.96)
    assert alarmed.root.confidence.low == pytest.approx(0.76)
    # Whoever answers in the case does not resolve: the obligation stays.
    assert alarmed.monitors["M"].open
    assert "The monitor M raised it." in said(alarmed, "M.RARE")
    stale = judged(case, [signal(case, "alarm", seq=3)], now=NOW.replace(year=2100))
    assert support(stale) == "contested"


def test_an_element_of_that_name_cannot_turn_the_doubt_away() -> None:
    aside = SPARE + "defeaters:\n  - {defeater: M.RARE, against: SPARE, says: Elsewhere.}\n"
    case = case_of(more=aside)
    assert support(judged(case, [signal(case, "alarm", seq=3)])) == "contested"
    other = SPARE.replace("claim: SPARE", "claim: M.RARE")
    taken = case_of(more=other)
    found = judged(taken, [signal(taken, "alarm", seq=3)])
    assert support(found) == "contested"
    assert found.states["RARE"].attackers == ("M.RARE-2",)


# Numbers, what-ifs and size.


def test_what_if_the_monitor_were_quiet_or_silent() -> None:
    alarmed = judged(CASE, [signal(CASE, "alarm", seq=3)])
    quiet = judged(CASE, [signal(CASE)])
    asked = what_if(alarmed, ["M=quiet"])
    assert asked.after.values["SAFE"] is True
    assert asked.after.bounds["SAFE"] == quiet.numbers.bounds["SAFE"]  # type: ignore[union-attr]
    assert what_if(judged(CASE), ["M=quiet"]).after.values["SAFE"] is True
    assert what_if(quiet, ["M=silent"]).after.values["SAFE"] is None
    assert what_if(alarmed, ["M.RARE=answered"]).after.values["SAFE"] is True
    with pytest.raises(ValueError, match="cannot be `supported`"):
        what_if(quiet, ["M=supported"])


def test_what_if_frees_only_what_nothing_else_holds() -> None:
    problem = "problems:\n  - {problem: P, blocks: [RARE], says: Open., closed_when: Solved.}\n"
    case = case_of(more=problem)
    found = judged(case)
    assert what_if(found, ["M=quiet"]).after.values["RARE"] is None
    assert what_if(found, ["P=solved"]).after.values["RARE"] is None
    assert what_if(found, ["M=quiet", "P=solved"]).after.values["RARE"] is True
    error = Finding(
        code="C999",
        span=Span(file="case.yaml", line=1, column=1),
        severity="error",
        message="m",
        subject="RARE",
    )
    wrong = judged(case, findings=[error])
    assert what_if(wrong, ["M=quiet", "P=solved"]).after.values["RARE"] is None


def test_every_state_of_a_monitor_has_its_place() -> None:
    assert len(set(WATCHING)) == len(WATCHING)
    assert [length(timedelta(seconds=s)) for s in (5, 60, 7260, 90000)] == [
        "less than a minute",
        "1 minute",
        "2 hours 1 minute",
        "1 day 1 hour",
    ]


def test_records_are_frozen() -> None:
    found = judged(CASE, [signal(CASE)]).monitors["M"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.state = "alarm"  # type: ignore[misc]


@pytest.mark.slow
def test_many_monitors_and_signals_are_judged_in_linear_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """200 monitors with 10,000 signals: each is looked at a fixed number of times."""
    from safetycase.assess import watching

    named = [MONITOR.replace("monitor: M", f"monitor: M-{i}") for i in range(200)]
    case = case_of(*named)
    signals = [signal(case, monitor=f"M-{n % 200}", seq=n + 2) for n in range(10_000)]
    seen: list[int] = []
    report_of = watching.report_of
    monkeypatch.setattr(watching, "report_of", lambda s: seen.append(s.seq) or report_of(s))
    found = judged(case, signals)
    assert support(found) == "supported"
    assert len(seen) == 10_000
    assert len(found.monitors) == 200


def test_nobody_resolves_an_alarm_of_their_own() -> None:
    alarm = signal(CASE, "alarm", seq=3)
    own = resolution(3, keyid=alarm.keyid)
    found = judged(CASE, [alarm], [own])
    assert support(found) == "contested"
    assert not found.monitors["M"].alarms[0].resolutions[0].counts
    assert "signed by the key that signed the alarm" in said(found, "M.RARE")
    assert support(judged(CASE, [alarm], [own, resolution(3, seq=10)])) == "supported"
    # Nor does it take back what another key said.
    both = [resolution(3, "confirmed"), resolution(3, seq=10, keyid=alarm.keyid)]
    assert support(judged(CASE, [alarm], both)) == "contested"


def test_a_value_is_told_with_its_interval() -> None:
    interval = "0.27 to 0.36, at 95%, at any look"
    found = judged(CASE, [signal(CASE, "alarm", seq=3, details={"interval": interval})])
    assert f"value 0.31 ({interval})" in said(found, "RARE")


def test_the_page_of_the_reference_names_every_state() -> None:
    text = (Path(__file__).parents[2] / "docs/reference/live-monitors.md").read_text("utf-8")
    table = text.partition("## States of a monitor")[2].partition("## ")[0]
    assert all(f"`{word}`" in table for word in WATCHING)


def test_no_author_ends_an_alarm_by_a_second_key() -> None:
    alarm = signal(CASE, "alarm", seq=3)
    made = [resolution(3, outcome) for outcome in ("answered", "false-alarm")]
    keys = (key("1" * 64, "Grace", "author"), key("2" * 64, "GRACE", "reviewer"))
    for said_ in made:
        found = judged(CASE, [alarm], [said_], keys=keys)
        assert support(found) == "contested"
        (vain,) = found.monitors["M"].alarms[0].resolutions
        assert vain.because == "Grace is an author of the case, or holds the key of one"
        assert vain.because in said(found, "M.RARE")
        assert support(judged(CASE, [alarm], [said_], keys=keys[1:])) == "supported"
    confirmed = judged(CASE, [alarm], [resolution(3, "confirmed")], keys=keys)
    assert confirmed.monitors["M"].alarms[0].standing == "confirmed"
