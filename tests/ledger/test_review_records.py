"""The review in the record: who says what, in which order, and what outlasts a revoked key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.ledger import reviewed
from tests.ledger.reviewed import (
    GOLDEN,
    KEYS,
    challenge,
    dissent,
    override,
    response,
    ruling,
    sign_off,
)
from tests.ledger.tampering import (
    AUTHOR,
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
from safetycase.ledger.bundle import gather
from safetycase.ledger.index import find, rebuild
from safetycase.ledger.keys import from_seed
from safetycase.ledger.trust import origin_of
from safetycase.ledger.vocabulary import RULINGS, SEVERITIES, VERDICTS

LATER = "2026-11-24T09:30:00Z"
FIRST = 6  # the number of the first record of the review


@pytest.fixture(scope="module")
def golden() -> Files:
    return files_of(GOLDEN)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    reviewed.build(tmp_path / "ledger")
    return tmp_path / "ledger"


def test_the_golden_record_is_what_this_version_writes(ledger: Path, golden: Files) -> None:
    assert files_of(ledger) == golden
    assert refusals(golden) == []
    found = verify(ledger)
    assert found.ok
    (note,) = [p for p in found.problems if p.severity == "note"]
    assert note.says.endswith(
        "what it said against the case stands, alarms and challenges until they are resolved: "
        "3 records (6-7, 16)"
    )


def test_the_record_tells_the_review_in_its_order(golden: Files) -> None:
    told = fold(log_of(golden))
    assert [(c.seq, c.id, c.severity, c.against) for c in told.challenges] == [
        (6, "C1", "major", "SAFE"),
        (8, "C2", "minor", "SAFE"),
        (16, "C3", "critical", "ROUTES"),
    ]
    assert [(r.seq, r.challenge, r.by) for r in told.responses] == [(9, "C1", "an author")]
    assert [(r.seq, r.challenge, r.outcome) for r in told.rulings] == [
        (10, "C1", "conceded"),
        (11, "C1", "answered"),
        (12, "C2", "withdrawn"),
    ]
    left, signature = told.sign_offs
    assert (left.seq, left.verdict) == (7, "reject")  # of who left only what speaks against it
    assert (signature.seq, signature.verdict, signature.conditions, signature.hours) == (
        13, "accept-with-conditions", ("the lamp stays on",), None,
    )  # fmt: skip
    assert [d.seq for d in told.dissents] == [14]
    assert [(o.seq, o.clauses) for o in told.overrides] == [(15, ("freshness",))]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(FIRST - 1, 16))
def test_an_edited_field_is_refused_whoever_signs_it(golden: Files, number: int) -> None:
    lines = lines_of(golden)
    signers = [KEYS[record.keyid] for record in log_of(golden).records]
    payloads = [payload_of(line) for line in lines]
    value = payloads[number]
    for path, changed in list(edits(value))[::3]:
        for line in (
            signed(changed, STRANGER),
            signed(changed, STRANGER, as_keyid=signers[number].keyid),
            signed(changed, signers[number]),
        ):
            bent = with_lines(golden, [*lines[:number], line, *lines[number + 1 :]])
            assert refusals(bent) != [], path
    for path, body in edits(value["predicate"]["body"]):
        if body == value["predicate"]["body"]:  # an empty list, made longer
            continue
        predicate = value["predicate"] | {"body": body}
        anew = [*payloads[:number], value | {"predicate": predicate}, *payloads[number + 1 :]]
        assert refusals(rewritten(golden, anew, signers)) != [], path


def test_a_dropped_doubled_or_reordered_record_is_refused(golden: Files) -> None:
    lines = lines_of(golden)
    for one in range(FIRST - 1, len(lines)):
        assert refusals(with_lines(golden, lines[:one] + lines[one + 1 :])), f"{one} dropped"
        assert refusals(with_lines(golden, lines[: one + 1] + lines[one:])), f"{one} doubled"
        swapped = list(lines)
        swapped[one - 1], swapped[one] = lines[one], lines[one - 1]
        assert refusals(with_lines(golden, swapped)), f"{one} and the one before it swapped"


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        ("challenge", challenge("C9", severity="grave"), "`severity` that is not one of minor"),
        ("challenge", challenge("C9", digest="x"), "`digest` that is not a SHA-256"),
        ("challenge", challenge("C9", says=""), "`says` that is not a text"),
        ("challenge", challenge("C1"), "raises C1 again, after record 6"),
        ("response", response("C9"), "is about challenge C9, which nobody raised"),
        ("response", response("C1", says=None), "`says` that is not a text"),
        ("ruling", ruling("C9", "answered"), "is about challenge C9, which nobody raised"),
        ("ruling", ruling("C1", "gone"), "`outcome` that is not one of answered"),
        ("ruling", ruling("C3", "answered"), "answered, and nobody responded to it"),
        ("sign-off", sign_off("fine"), "`verdict` that is not one of accept"),
        ("sign-off", sign_off(conditions=["x"]), "states conditions and says accept"),
        ("sign-off", sign_off("accept-with-conditions", conditions=[]), "and states none"),
        ("sign-off", sign_off(hours=3), "`hours` that is not a decimal as text or null"),
        ("sign-off", sign_off(competence=" " * 0), "`competence` that is not a text"),
        ("dissent", dissent(element=""), "`element` that is not a text"),
        ("override", override(clauses=[]), "`clauses` that is not a list of texts"),
        ("override", override(expires="soon"), "`expires` that is not a UTC time"),
    ],
)
def test_what_makes_no_sense_is_refused(
    ledger: Path, kind: str, body: dict[str, Any], why: str
) -> None:
    both(ledger, REVIEWER, kind, body, why, LATER)


@pytest.mark.parametrize("key", [AUTHOR, RUNNER])
def test_only_a_reviewer_signs_and_overrides(ledger: Path, key: Any) -> None:
    both(ledger, key, "sign-off", sign_off(), "which is not for reviewer", LATER)
    both(ledger, key, "override", override(), "which is not for reviewer", LATER)
    assert append(ledger, key, "challenge", challenge("C8"), LATER)
    assert append(ledger, key, "dissent", dissent(), LATER)


@pytest.mark.slow
def test_who_may_rule_depends_on_the_ruling(ledger: Path) -> None:
    origin = origin_of(read(ledger).records[0])
    namesake = from_seed(bytes([121] * 32), REVIEWER.owner)
    with Writer(ledger, AUTHOR) as writer:
        introduction = namesake.introduction(origin=origin, roles=["reviewer"])
        writer.append("key", introduction, at=LATER)
    append(ledger, REVIEWER, "challenge", challenge("C4"), LATER)
    append(ledger, AUTHOR, "response", response("C4"), LATER)
    both(
        ledger, AUTHOR, "ruling", ruling("C4", "answered"), "a key that is not for reviewer", LATER
    )
    both(ledger, RUNNER, "ruling", ruling("C4", "conceded"), "of no author or reviewer", LATER)
    both(ledger, AUTHOR, "ruling", ruling("C4", "withdrawn"), "which another key raised", LATER)
    append(ledger, REVIEWER, "response", response("C4", by="a reviewer"), LATER)
    why = "to which the same person responded: somebody else has to"
    both(ledger, REVIEWER, "ruling", ruling("C4", "answered"), why, LATER)
    both(ledger, namesake, "ruling", ruling("C4", "answered"), why, LATER)
    both(ledger, namesake, "ruling", ruling("C4", "withdrawn"), "which another key raised", LATER)
    assert append(ledger, REVIEWER, "ruling", ruling("C4", "withdrawn"), LATER)
    assert append(ledger, AUTHOR, "ruling", ruling("C4", "conceded"), LATER)


@pytest.mark.parametrize(
    "name",
    [f"  {REVIEWER.owner.upper()} ", REVIEWER.owner.replace("e", "e\u200b"), "Ａ ｒｅｖｉｅｗｅｒ"],
)
def test_another_spelling_of_a_name_is_nobody_else(ledger: Path, name: str) -> None:
    assert REVIEWER.owner == "a reviewer"
    origin = origin_of(read(ledger).records[0])
    namesake = from_seed(bytes([122] * 32), name)
    append(ledger, AUTHOR, "key", namesake.introduction(origin=origin, roles=["reviewer"]), LATER)
    append(ledger, AUTHOR, "challenge", challenge("C4"), LATER)
    append(ledger, REVIEWER, "response", response("C4"), LATER)
    why = "to which the same person responded: somebody else has to"
    both(ledger, namesake, "ruling", ruling("C4", "answered"), why, LATER)


def test_of_a_revoked_key_challenges_and_dissents_stand_and_nothing_else(ledger: Path) -> None:
    append(ledger, AUTHOR, "event", revoked(REVIEWER), LATER)
    append(ledger, AUTHOR, "event", revoked(RUNNER), LATER)
    told = fold(read(ledger))
    assert [c.id for c in told.challenges] == ["C1", "C2", "C3"]
    assert [d.seq for d in told.dissents] == [14]
    assert [s.verdict for s in told.sign_offs] == ["reject"]
    assert told.overrides == ()
    assert [r.outcome for r in told.rulings] == ["conceded"]  # the author's; C1 stands again
    assert verify(ledger).ok


def test_revoking_a_key_sheds_no_rejection_and_no_concession(ledger: Path) -> None:
    append(ledger, REVIEWER, "challenge", challenge("C4"), LATER)
    append(ledger, AUTHOR, "response", response("C4"), LATER)
    append(ledger, REVIEWER, "ruling", ruling("C4", "answered"), LATER)
    append(ledger, REVIEWER, "ruling", ruling("C4", "conceded"), LATER)
    rejected = append(ledger, REVIEWER, "sign-off", sign_off("reject"), LATER)
    append(ledger, REVIEWER, "sign-off", sign_off("accept"), LATER)
    append(ledger, AUTHOR, "event", revoked(REVIEWER), LATER)
    told = fold(read(ledger))
    assert [s.seq for s in told.sign_offs] == [7, rejected]
    assert [r.outcome for r in told.rulings if r.challenge == "C4"] == ["conceded"]


def test_every_word_of_the_vocabulary_can_be_recorded(ledger: Path) -> None:
    for number, severity in enumerate(SEVERITIES):
        name = f"W{number}"
        append(ledger, REVIEWER, "challenge", challenge(name, severity=severity), LATER)
        append(ledger, AUTHOR, "response", response(name), LATER)
    for number, outcome in enumerate(RULINGS):
        append(ledger, REVIEWER, "ruling", ruling(f"W{number}", outcome), LATER)
    for verdict in VERDICTS:
        append(ledger, REVIEWER, "sign-off", sign_off(verdict), LATER)
    told = fold(read(ledger))
    assert [r.outcome for r in told.rulings[-3:]] == list(RULINGS)
    assert [s.verdict for s in told.sign_offs[-4:]] == list(VERDICTS)
    assert told.problems == ()


def test_a_part_of_the_record_takes_the_whole_review_along(ledger: Path) -> None:
    contents = gather(ledger, ObjectStore(ledger), only=["E-1"])
    assert set(range(FIRST, 17)) <= set(contents.manifest.records or ())


@pytest.mark.parametrize("indexed", [False, True])
def test_a_kind_of_the_review_is_found(ledger: Path, indexed: bool) -> None:
    if indexed:
        rebuild(ledger)
    assert [r.seq for r in find(ledger, kind="challenge").records] == [6, 8, 16]
    assert [r.seq for r in find(ledger, kind="ruling").records] == [10, 11, 12]
    assert [r.seq for r in find(ledger, kind="sign-off").records] == [7, 13]


@pytest.mark.parametrize("indexed", [False, True])
def test_what_was_said_of_an_element_is_found(ledger: Path, indexed: bool) -> None:
    if indexed:
        rebuild(ledger)
    assert [r.seq for r in find(ledger, element="SAFE").records] == [*range(6, 16)]
    assert [r.seq for r in find(ledger, element="ROUTES").records] == [16]
    assert [r.seq for r in find(ledger, element="SAFE", kind="ruling").records] == [10, 11, 12]
    assert find(ledger, element="GONE").total == 0
