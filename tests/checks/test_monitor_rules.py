"""A monitor that cannot speak, or not of what it watches, is a finding where it stands."""

from __future__ import annotations

import pytest

from safetycase.argument.load import load
from safetycase.checks.examples import examples_of
from safetycase.checks.monitor_rules import MONITOR_RULES
from safetycase.checks.subject import Subject

CASE = (examples_of("C142")["quiet"].folder / "case.yaml").read_text("utf-8")
HEAD = CASE[: CASE.index("  - monitor: RECALL")]
TIMES = "window: 1 day, silent_after: 2 days"


def found(fields: str, *, times: str = TIMES, more: str = "") -> list[tuple[str, str, str]]:
    """(code, severity, message) of every rule, for a monitor of these fields."""
    given = [fields, times, "" if "conditions" in fields else "conditions: [FILTER]"]
    words = ", ".join(filter(None, ["monitor: M, says: It., owner: ops", *given]))
    monitor = f"  - {{{words}}}\n"
    loaded = load(HEAD + monitor + more)
    assert loaded.findings == ()
    assert loaded.case is not None
    subject = Subject(case=loaded.case, leaves={})
    findings = [f for rule in MONITOR_RULES for f in rule(subject)]
    assert all(f.span.line == HEAD.count("\n") + 1 for f in findings)
    return [(f.code, f.severity, f.message) for f in findings]


@pytest.mark.parametrize(
    "fields",
    [
        "alarm_when: recall < 0.8",
        "alarm_when: 0.8 > recall",
        "alarm_when: recall < 80 %, alternative: [0.7, 0.0]",
        "alarm_when: leaks > 0",  # one leak is enough
        "alarm_when: caught < 1, alternative: [0.9]",  # one miss is enough
        "alarm_when: leaks > 1/1000, alternative: [0.002, 1]",
        "alarm_when: score >= 0.4, kind: mean, detector: restarted",
        "alarm_when: leaks > 0, kind: count, detector: threshold",
        "alarm_when: requests < 500, kind: count, detector: threshold, alternative: [100]",
        "alarm_when: requests <= 0, kind: count, detector: threshold",
        "alarm_when: advantage > 0.02, kind: pairs",
        "alarm_when: shift > 0.2, kind: drift, warns_only: true, reference: items.jsonl",
        "alarm_when: leaks > 0.01, detector: cusum, alternative: [0.02], run_length: 20000",
        "alarm_when: recall < 0.8, loss: 0.05, budget: 0.001, weight_at_most: 50",
        "alarm_when: recall < 0.8, canaries: {recall: 1, at_least: 0.9}",
        "alarm_when: leaks > 3, kind: count, detector: threshold, "
        "canaries: {metric: planted, recall: 0.9, at_least: 0.8}",
        "alarm_when: recall < 0.8, heartbeat: 2 days",
    ],
)
def test_what_can_be_watched_is_no_finding(fields: str) -> None:
    assert found(fields) == []


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ("alarm_when: recall < hits", "C142", "`recall < hits` is not one comparison"),
        ("alarm_when: recall < 0.8 and hits < 3", "C142", "is not one comparison"),
        ("alarm_when: not recall < 0.8", "C142", "is not one comparison"),
        ("alarm_when: 1 - recall > 0.2", "C142", "is not one comparison"),
        ("alarm_when: leaks > 3, kind: count", "C143", "the detector `e-process` cannot judge"),
        ("alarm_when: recall < 0.8, detector: threshold", "C143", "`threshold` cannot judge"),
        ("alarm_when: advantage > 0.1, kind: pairs, detector: restarted", "C143", "cannot judge"),
        ("alarm_when: x > 0.1, kind: drift, reference: a.jsonl", "C143", "refutes nothing"),
        ("alarm_when: x > 0.1, kind: drift, warns_only: true", "C143", "no `reference` is named"),
        ("alarm_when: x > 0.1, reference: a.jsonl", "C143", "read for drift only, not for `rate`"),
        ("alarm_when: advantage < 0.1, kind: pairs", "C143", "less of it is no reason"),
        ("alarm_when: x > 0.1, kind: pairs, canaries: {recall: 0.9, at_least: 0.8}", "C143",
         "do not say whether a canary was caught"),
        ("alarm_when: x > 0.1, detector: cusum", "C143", "how many events pass between two false"),
        ("alarm_when: x > 0.1, run_length: 1000", "C143", "`run_length` sets a `cusum`"),
        ("alarm_when: x > 0.1, budget: 0", "C144", "between 0 and 1, not 0"),
        ("alarm_when: x > 0.1, budget: 1", "C144", "between 0 and 1, not 1"),
        ("alarm_when: x > 0.1, budget: -0.05", "C144", "not -0.05"),
        ("alarm_when: x > 0.1, loss: 1", "C144", "a share of the events below 1, not 1"),
        ("alarm_when: x > 0.1, loss: -0.1", "C144", "not -0.1"),
        ("alarm_when: x > 0.1, weight_at_most: 0.5", "C144", "at least 1"),
        ("alarm_when: x > 0.1, detector: cusum, run_length: 1", "C144", "from 10 to 10^12, not 1"),
        ("alarm_when: x > 0.1, canaries: {recall: 1.2, at_least: 0.8}", "C144", "not 1.2"),
        ("alarm_when: x > 0.1, canaries: {recall: 0.9, at_least: 0}", "C144", "not 0"),
        ("alarm_when: x > 0.1, canaries: {recall: 0.9, at_least: 0.8, budget: 1}", "C144", "not 1"),
        ("alarm_when: x > 0.1, alternative: [0.05]", "C145", "at 0.05 nothing is wrong"),
        ("alarm_when: x > 0.1, alternative: [0.1]", "C145", "at 0.1 nothing is wrong"),
        ("alarm_when: x < 0.8, alternative: [0.7, 0.9]", "C145", "at 0.9 nothing is wrong"),
        ("alarm_when: x > 0.1, alternative: [1.5]", "C145", "`x` cannot be 1.5"),
        ("alarm_when: x < 0.1, alternative: [-1]", "C145", "`x` cannot be -1"),
        ("alarm_when: x > 0.1, heartbeat: 3 days", "C147", "silent after 2 days"),
        ("alarm_when: x > 0.1, canaries: {recall: 0.8, at_least: 0.8}", "C148", "0.8 was when"),
        ("alarm_when: x > 5", "C149", "lies between 0 and 1; it is compared with 5"),
        ("alarm_when: x > -0.1", "C149", "compared with -0.1"),
        ("alarm_when: x > -1, kind: count, detector: threshold", "C149", "is never negative"),
        ("alarm_when: x >= 0", "C151", "`x >= 0` is always so"),
        ("alarm_when: x <= 1", "C151", "`x <= 1` is always so"),
        ("alarm_when: x >= 0, kind: count, detector: threshold", "C151", "is always so"),
        ("alarm_when: x > 1", "C151", "no number of events shows that `x > 1`"),
        ("alarm_when: x >= 1", "C151", "no number of events shows"),
        ("alarm_when: x < 0", "C151", "no number of events shows"),
        ("alarm_when: x <= 0", "C151", "no number of events shows"),
        ("alarm_when: x < 0.00000000000000001", "C151", "nothing beyond it can be told from it"),
        ("alarm_when: x < 0, kind: count, detector: threshold", "C151", "no number of events"),
        ("alarm_when: x > 0, kind: drift, warns_only: true, reference: a.jsonl", "C151",
         "some of the inputs always lie beyond the reference"),
        ("alarm_when: x > 0, kind: mean", "C151", "a mean is told apart from numbers between"),
        ("alarm_when: x > 0, detector: cusum, run_length: 100", "C151", "a share between 0 and 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_watched_is_one_error(fields: str, code: str, says: str) -> None:
    ((known, severity, message),) = found(fields)
    assert (known, severity) == (code, "error")
    assert says in message


def test_a_window_and_an_end_of_silence_are_asked_for() -> None:
    assert [c for c, _, _ in found("alarm_when: x > 0.1", times="")] == ["C146", "C146"]
    (window,) = found("alarm_when: x > 0.1", times="silent_after: 1 day")
    assert "has no `window`" in window[2]
    (silence,) = found("alarm_when: x > 0.1", times="window: 1 day")
    assert "silence would pass for quiet" in silence[2]


def test_a_monitor_without_an_alarm_is_a_warning_and_asked_for_nothing_else() -> None:
    ((code, severity, says),) = found("metric: recall", times="")
    assert (code, severity) == ("C151", "warning")
    assert "is not watched" in says


def test_a_monitor_conditions_a_claim_or_carries_an_assumption() -> None:
    ((code, severity, _),) = found("alarm_when: x > 0.1, conditions: []")
    assert (code, severity) == ("C150", "warning")
    held = "assumptions:\n  - {assumption: A, says: So., owner: lead, monitor: M}\n"
    assert found("alarm_when: x > 0.1, conditions: []", more=held) == []
