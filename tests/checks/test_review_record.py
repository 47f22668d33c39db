"""Review rules that ask the record (L13, L17, L18, L22, L25), and its reader."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from tests.checks.cases import (
    BASE,
    leaf,
    only,
    recorded,
    swap,
)

from safetycase.checks.record_facts import (
    EvidenceFacts,
    PlantedFacts,
    RegisteredFacts,
    RunFacts,
    read_record_facts,
)
from safetycase.stats import clopper_pearson

CITED = leaf(
    "red team",
    "instrument: suite 2.1",
    "dated: 2026-11-01",
    "evaluated_n: 400",
    text=swap(
        BASE,
        (
            "type: simulation",
            "artefact: report.pdf\n          statistic: upper bound\n          type: simulation",
        ),
    ),
)


RUN = swap(BASE, ("type: simulation", "type: red team\n          method: toy/coin"))
GOOD = PlantedFacts(false_passes=0, false_runs=40, true_passes=38, true_runs=40)


def registered(seq: int, **kw: Any) -> RegisteredFacts:
    values = {"claim": "MISSED", "criterion": "miss_rate <= 0.10", "basis": "a", **kw}
    return RegisteredFacts(seq=seq, at=f"2026-11-{seq:02}T09:00:00Z", **values)


def ran(registration: int, end: int, outcome: Any = "completed") -> RunFacts:
    at = f"2026-11-{end:02}T10:00:00Z"
    return RunFacts(
        registration=registration, started_at=at, end_seq=end, ended_at=at, outcome=outcome
    )


def facts(*entries: RegisteredFacts | RunFacts, **kw: Any) -> EvidenceFacts:
    values = {"method_version": "1.0.0", "controls": GOOD, **kw}
    return EvidenceFacts(
        registered=tuple(e for e in entries if isinstance(e, RegisteredFacts)),
        runs=tuple(e for e in entries if isinstance(e, RunFacts)),
        **values,
    )


OLD = {"criterion": "miss_rate <= 0.05"}


@pytest.mark.parametrize(
    ("entries", "fires"),
    [
        ((registered(1), ran(1, 2)), False),
        ((registered(1, **OLD), ran(1, 2), registered(3)), True),
        ((registered(1, **OLD), registered(2), ran(2, 3)), False),  # changed before any result
        ((registered(1, **OLD), ran(1, 2, "failed"), registered(3)), False),  # no result was seen
        ((registered(1, **OLD, basis="b"), ran(1, 2), registered(3)), False),  # fresh items
        ((registered(1, **OLD, exploratory=True), ran(1, 2), registered(3)), True),  # peeked
        ((registered(1), ran(1, 2), registered(3, **OLD, exploratory=True)), False),
        ((registered(1), ran(1, 2), registered(3)), False),  # the same threshold again
    ],
)
def test_l13_the_threshold_may_not_follow_the_result(entries: tuple[Any, ...], fires: bool) -> None:
    got = only("L13", RUN, recorded(E_MISSED=facts(*entries)))
    assert bool(got) is fires
    assert all(f.subject == "MISSED" and f.severity == "error" for f in got)


def test_l13_sees_a_result_under_another_name_and_a_threshold_changed_in_the_file() -> None:
    other = recorded(
        E_OLD=facts(registered(1, **OLD), ran(1, 2)), E_MISSED=facts(registered(3), ran(3, 4))
    )
    assert only("L13", RUN, other)
    edited = facts(registered(1, **OLD), ran(1, 2), basis_now="a")
    assert "is not the one" in only("L13", RUN, recorded(E_MISSED=edited))[0].message
    renamed = facts(registered(1, **OLD, claim="GONE"), ran(1, 2), registered(3))
    assert only("L13", RUN, recorded(E_MISSED=renamed))
    fresh = facts(registered(1, **OLD), ran(1, 2), basis_now="b")
    assert only("L13", RUN, recorded(E_MISSED=fresh)) == []


@pytest.mark.parametrize(
    ("lines", "on", "words"),
    [
        (("blind_seeds: 60", "dated: 2026-10-26"), date(2026, 11, 25), []),  # 30 days
        (("blind_seeds: 60", "dated: 2026-10-25"), date(2026, 11, 25), ["31 days old"]),
        (("blind_seeds: 60", "dated: 2020-01-01"), None, []),  # what day it is is not known
        (("blind_seeds: 0", "dated: 2026-11-20"), date(2026, 11, 25), ["blind seeded"]),
        (("blind_seeds: 60",), date(2026, 11, 25), []),  # planned
    ],
)
def test_l17_audits_age(lines: tuple[str, ...], on: date | None, words: list[str]) -> None:
    messages = [f.message for f in only("L17", leaf("human audit", *lines), on=on)]
    assert len(messages) == len(words)
    assert all(word in message for word, message in zip(words, messages, strict=True))


def test_l17_the_record_tells_when_the_audit_ran() -> None:
    text = leaf("human audit", "blind_seeds: 60", text=swap(RUN, ("red team", "simulation")))
    assert only("L17", text, recorded(E_MISSED=facts(registered(1), ran(1, 2)))) == []
    later = date(2026, 12, 25)
    assert only("L17", text, recorded(E_MISSED=facts(registered(1), ran(1, 2))), on=later)
    (note,) = only("L17", text, recorded())
    assert (note.severity, "not known" in note.message) == ("note", True)


def test_l17_the_number_of_its_hint() -> None:
    assert round(clopper_pearson(59, 60, alpha_low=0.05, alpha_high=0.05).low, 3) == 0.923


def test_l18_a_run_pins_its_version_and_a_citation_has_to() -> None:
    assert only("L18", RUN) == []
    assert only("L18", RUN, recorded(E_MISSED=facts(registered(1), ran(1, 2)))) == []
    nothing = facts(registered(1), ran(1, 2), method_version="")
    assert only("L18", RUN, recorded(E_MISSED=nothing))
    assert only("L18", swap(CITED, ("            instrument: suite 2.1\n", "")))


def test_l22_counts_the_drawer() -> None:
    entries = (registered(1), ran(1, 2), ran(1, 3), registered(4), ran(4, 5), ran(4, 6, "failed"))
    peek = (registered(7, exploratory=True), ran(7, 8))
    (note,) = only("L22", RUN, recorded(E_MISSED=facts(*entries, *peek)))
    assert note.message == "`E-MISSED` cites 1 of 4 completed runs (1 exploratory, 1 failed)"
    assert note.severity == "note"
    (cited,) = only("L22", CITED, recorded())
    assert "not known" in cited.message
    dropped = recorded(E_GONE=facts(registered(1, claim="GONE"), ran(1, 2)))
    assert "no longer cites" in only("L22", RUN, dropped)[0].message


@pytest.mark.parametrize(
    ("counts", "fires"),
    [
        ((0, 40, 38, 40), False),
        ((2, 5, 4, 5), True),
        ((1, 5, 2, 5), True),  # five subjects a side show nothing (arXiv:2512.07810)
        ((20, 40, 20, 40), True),
        ((40, 40, 40, 40), True),
    ],
)
def test_l25_a_test_that_passes_either_way_says_nothing(
    counts: tuple[int, int, int, int], fires: bool
) -> None:
    keys = ("false_passes", "false_runs", "true_passes", "true_runs")
    planted = PlantedFacts(**dict(zip(keys, counts, strict=True)))
    record = recorded(E_MISSED=facts(registered(1), ran(1, 2), controls=planted))
    assert bool(only("L25", RUN, record)) is fires


def test_l25_unknown_power_is_said_and_theorems_are_not_judged() -> None:
    assert "not known" in only("L25", RUN, recorded())[0].message
    assert only("L25", swap(RUN, ("type: red team", "type: theorem")), recorded()) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("[]", "not a mapping"),
        ("{}", "as_of"),
        ('{"as_of": "tomorrow"}', "tomorrow"),
        ('{"as_of": "2026-11-25", "more": 1}', "more"),
        ('{"as_of": "2026-11-25", "as_of": "2026-11-25"}', "twice"),
        ('{"as_of": "2026-11-25", "evidence": {"E": {"n": "4"}}}', "evidence.E.n"),
        ('{"as_of": "2026-11-25", "evidence": {"E": {"n": NaN}}}', "NaN"),
        ("[" * 100_000, "deep"),
        (
            '{"as_of": "2026-11-25", "evidence": {"E": {"controls": {"false_passes": 3, '
            '"false_runs": 2, "true_passes": 0, "true_runs": 0}}}}',
            "3 passes of 2 runs",
        ),
        (
            '{"as_of": "2026-11-25", "evidence": {"E": {"runs": [{"registration": 1, '
            '"started_at": "x", "outcome": "completed"}]}}}',
            "end_seq",
        ),
    ],
)
def test_record_facts_are_read_strictly(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        read_record_facts(text)


def test_record_facts_know_what_came_first() -> None:
    one = facts(
        registered(1, exploratory=True), ran(1, 2), registered(3), ran(3, 4), ran(3, 5, "lost")
    )
    assert one.registered_at == "2026-11-03T09:00:00Z"
    assert one.first_result_at == "2026-11-02T10:00:00Z"
    assert one.last_run_at == "2026-11-04T10:00:00Z"
    assert one.exploratory_runs == 1
    assert one.attempts == {"completed": 2, "lost": 1}
    assert json.dumps(one.controls.p_pass_if_false.high) if one.controls else None
