"""Signals of live monitors and resolutions in the record: who signs them, and what they outlast."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.ledger import live
from tests.ledger.live import GOLDEN, KEYS, resolution, signal
from tests.ledger.tampering import (
    AUTHOR,
    LOST,
    REVIEWER,
    RUNNER,
    STRANGER,
    Files,
    edits,
    files_of,
    lines_of,
    log_of,
    payload_of,
    refusals,
    rewritten,
    signed,
    with_lines,
)
from tests.ledger.test_trust import append, both, revoked

from safetycase.ledger import ObjectStore, Writer, fold, read, verify
from safetycase.ledger.bundle import gather, write_bundle
from safetycase.ledger.bundle_verify import verify_bundle
from safetycase.ledger.bundle_zip import BundleRefused
from safetycase.ledger.index import find, rebuild
from safetycase.ledger.keys import from_seed
from safetycase.ledger.trust import origin_of
from safetycase.ledger.vocabulary import RESOLUTIONS, SIGNALS

LATER = "2026-11-24T09:30:00Z"


@pytest.fixture(scope="module")
def golden() -> Files:
    return files_of(GOLDEN)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    live.build(tmp_path / "ledger")
    return tmp_path / "ledger"


def test_the_golden_record_is_what_this_version_writes(ledger: Path, golden: Files) -> None:
    assert files_of(ledger) == golden
    assert refusals(golden) == []
    found = verify(ledger)
    assert found.ok
    (note,) = [p for p in found.problems if p.severity == "note"]
    assert "nothing it signed before is lost by that" in note.says
    assert note.says.endswith(
        "what it said against the case stands, alarms and challenges until they are resolved: "
        "1 record (9)"
    )


def test_the_record_tells_signals_and_resolutions_in_its_order(golden: Files) -> None:
    told = fold(log_of(golden))
    assert [(s.seq, s.monitor, s.state, s.segment) for s in told.signals] == [
        (6, "RECALL", "quiet", 0),
        (7, "RECALL", "alarm", 0),
        (9, "RECALL", "alarm", 1),
        (11, "RECALL", "silent", 1),
    ]
    assert [(r.seq, r.signal, r.outcome) for r in told.resolutions] == [
        (8, 7, "false-alarm"),
        (10, 9, "confirmed"),
        (12, 7, "answered"),
    ]
    alarm = told.signals[1]
    assert (alarm.e_value, alarm.alarm_at, alarm.details) == ("132.5", "100", {"late": "1"})
    assert told.signals[3].e_value is None


@pytest.mark.slow
@pytest.mark.parametrize("number", range(5, 12))
def test_an_edited_field_is_refused_whoever_signs_it(golden: Files, number: int) -> None:
    lines = lines_of(golden)
    signers = [KEYS[record.keyid] for record in log_of(golden).records]
    payloads = [payload_of(line) for line in lines]
    value = payloads[number]
    for path, changed in edits(value):
        for line in (
            signed(changed, STRANGER),
            signed(changed, STRANGER, as_keyid=signers[number].keyid),
            signed(changed, signers[number]),
        ):
            bent = with_lines(golden, [*lines[:number], line, *lines[number + 1 :]])
            assert refusals(bent) != [], path
    for path, body in edits(value["predicate"]["body"]):
        predicate = value["predicate"] | {"body": body}
        bent = [*payloads[:number], value | {"predicate": predicate}, *payloads[number + 1 :]]
        assert refusals(rewritten(golden, bent, signers)) != [], path


def test_a_dropped_doubled_or_reordered_signal_is_refused(golden: Files) -> None:
    lines = lines_of(golden)
    for one in range(5, len(lines)):
        assert refusals(with_lines(golden, lines[:one] + lines[one + 1 :])), f"{one} dropped"
        assert refusals(with_lines(golden, lines[: one + 1] + lines[one:])), f"{one} doubled"
        for other in range(one + 1, len(lines)):
            swapped = list(lines)
            swapped[one], swapped[other] = lines[other], lines[one]
            assert refusals(with_lines(golden, swapped)), f"{one} and {other} swapped"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"state": "fine"}, "has a `state` that is not one of quiet, warning, alarm"),
        ({"state": ["alarm"]}, "has a `state` that is not one of"),
        ({"events": -1}, "has a `events` that is not a whole number of at least 0"),
        ({"events": True}, "has a `events` that is not"),
        ({"lost": "3"}, "has a `lost` that is not"),
        ({"e_value": "inf"}, "has a `e_value` that is not a decimal as text or null"),
        ({"value": "NaN"}, "has a `value` that is not a decimal"),
        ({"indicator": "x"}, "has a `indicator` that is not a SHA-256"),
        ({"root": "x"}, "has a `root` that is not a SHA-256 in hex or null"),
        ({"since": "yesterday"}, "has a `since` that is not a UTC time"),
        ({"until": "2026-11-01T00:00:00Z"}, "before its `since`"),
        ({"says": ""}, "has a `says` that is not a text"),
        ({"details": []}, "has a `details` that is not a mapping"),
    ],
)
def test_a_signal_that_is_none_is_refused(ledger: Path, change: dict[str, Any], why: str) -> None:
    both(ledger, RUNNER, "signal", signal("quiet", 14) | change, why, LATER)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (resolution(6, "answered"), "resolves record 6, no alarm before it"),
        (resolution(11, "answered"), "resolves record 11, no alarm before it"),
        (resolution(99, "answered"), "resolves record 99, no alarm before it"),
        (resolution(7, "fixed"), "has a `outcome` that is not one of false-alarm, answered"),
        (resolution(7, "answered", reason=""), "has a `reason` that is not a text"),
        (resolution(7, "answered", signal="7"), "has a `signal` that is not a whole number"),
        (resolution(7, "answered", signal=True), "has a `signal` that is not a whole number"),
    ],
)
def test_a_resolution_is_of_an_alarm(ledger: Path, body: dict[str, Any], why: str) -> None:
    both(ledger, REVIEWER, "resolution", body, why, LATER)


def test_a_runner_signals_and_a_reviewer_resolves(ledger: Path) -> None:
    both(ledger, REVIEWER, "signal", signal("quiet", 14), "which is not for runner", LATER)
    both(ledger, RUNNER, "resolution", resolution(7, "answered"), "not for reviewer", LATER)
    both(ledger, AUTHOR, "resolution", resolution(7, "answered"), "not for reviewer", LATER)


def test_nobody_resolves_an_alarm_of_their_own(ledger: Path) -> None:
    """Neither by the key that raised it, nor by another key of the same owner."""
    origin = origin_of(read(ledger).records[0])
    double = from_seed(bytes([120] * 32), "a double")
    namesake = from_seed(bytes([121] * 32), RUNNER.owner)
    with Writer(ledger, AUTHOR) as writer:
        for key, roles in ((double, ["runner", "reviewer"]), (namesake, ["reviewer"])):
            writer.append("key", key.introduction(origin=origin, roles=roles), at=LATER)
    own = append(ledger, double, "signal", signal("alarm", 14), LATER)
    why = "which the same person signed: somebody else has to"
    both(ledger, double, "resolution", resolution(own, "false-alarm"), why, LATER)
    both(ledger, namesake, "resolution", resolution(7, "false-alarm"), why, LATER)
    assert append(ledger, double, "resolution", resolution(7, "confirmed"), LATER)


def test_a_resolution_by_a_revoked_reviewer_ends_nothing(ledger: Path) -> None:
    before = len(fold(read(ledger)).signals)
    append(ledger, AUTHOR, "event", revoked(REVIEWER), LATER)
    told = fold(read(ledger))
    assert [r.outcome for r in told.resolutions] == ["confirmed"]  # which ends no alarm
    assert len(told.signals) == before
    both(ledger, REVIEWER, "resolution", resolution(7, "answered"), "revoked", LATER)


@pytest.mark.parametrize(("since", "left"), [(None, [7, 9]), (7, [6, 7, 9])])
def test_of_a_revoked_runner_the_alarms_stand_and_nothing_else(
    ledger: Path, since: int | None, left: list[int]
) -> None:
    """An author who revokes a key cannot shed with it what the key reported against the case."""
    before = fold(read(ledger)).resolutions
    append(ledger, AUTHOR, "event", revoked(RUNNER, since=since), LATER)
    told = fold(read(ledger))
    assert [s.seq for s in told.signals] == left
    assert told.resolutions == before
    assert verify(ledger).ok
    append(ledger, REVIEWER, "resolution", resolution(7, "confirmed"), LATER)
    assert fold(read(ledger)).resolutions[-1].outcome == "confirmed"


def test_a_reader_that_does_not_know_signals_stops_at_the_first(golden: Files) -> None:
    with pytest.MonkeyPatch.context() as patch:
        old = ("key", "registration", "attempt-start", "attempt-end", "controls", "event",
               "waiver", "note")  # fmt: skip
        patch.setattr("safetycase.ledger.record.KINDS", old)
        log = log_of(golden)
    assert len(log.records) == 5
    says = "record 6 (line 6) is of the kind 'signal', which this version does not know"
    assert log.errors[0].says.startswith(says)
    assert log.errors[1].says == "7 records behind it are not counted"


@pytest.mark.parametrize("indexed", [False, True])
def test_what_concerns_a_monitor_is_found(ledger: Path, indexed: bool) -> None:
    if indexed:
        rebuild(ledger)
    found = find(ledger, monitor="RECALL")
    assert [r.seq for r in found.records] == [6, 7, 8, 9, 10, 11, 12]
    assert [r.seq for r in find(ledger, monitor="RECALL", kind="resolution").records] == [8, 10, 12]
    assert find(ledger, monitor="OTHER").total == 0
    assert find(ledger, evidence="RECALL").total == 0


@pytest.mark.parametrize("name", ["E-1", "RECALL"])
def test_a_part_of_the_record_takes_the_alarms_along(
    ledger: Path, tmp_path: Path, name: str
) -> None:
    """Whoever shows a result shows what went wrong since, and what was said of it."""
    store = ObjectStore(ledger)
    contents = gather(ledger, store, only=[name])
    chosen = set(contents.manifest.records or ())
    assert {7, 8, 9, 10, 12, 13} <= chosen
    assert (6 in chosen) is (name == "RECALL")  # a quiet day bears on its monitor alone
    path = tmp_path / "part.scbundle"
    with path.open("wb") as file:
        write_bundle(file, contents, store)
    found = verify_bundle(path)
    assert found.ok, found.problems


def test_what_a_bundle_cannot_name_is_refused(ledger: Path) -> None:
    with pytest.raises(BundleRefused, match="no monitor with a signal"):
        gather(ledger, ObjectStore(ledger), only=["VOLUME"])


def test_every_word_of_the_vocabulary_can_be_recorded(ledger: Path) -> None:
    for state in SIGNALS:
        append(ledger, RUNNER, "signal", signal(state, 15), LATER)
    for outcome in RESOLUTIONS:
        append(ledger, REVIEWER, "resolution", resolution(7, outcome), LATER)
    told = fold(read(ledger))
    assert [s.state for s in told.signals[-6:]] == list(SIGNALS)
    assert [r.outcome for r in told.resolutions[-3:]] == list(RESOLUTIONS)
    assert [s.seq for s in told.signals if s.keyid == LOST.keyid] == [9]  # an alarm
