"""Shots at problems are notes: checked by who knows them, passed over by who does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from safetycase.ledger import (
    Log,
    ObjectStore,
    Record,
    RecordRefused,
    SigningKey,
    Writer,
    fold,
    read,
    rules,
    verify,
)
from safetycase.ledger.keys import from_seed

AT = "2026-11-23T09:30:00Z"
SHOT: dict[str, Any] = {
    "note": "shot",
    "shot": "OP4:1",
    "item": "OP4",
    "by": "a university group",
    "approach": "cross-examination",
    "family": None,
    "cost": "2.5",
}
RESULT: dict[str, Any] = {
    "note": "shot-result",
    "shot": "OP4:1",
    "outcome": "failed",
    "says": "The attack still wins.",
    "artefacts": {},
}


def write(folder: Path, key: SigningKey, *bodies: dict[str, Any]) -> None:
    with Writer(folder, key) as writer:
        for body in bodies:
            writer.append("note", body, at=AT)


def test_a_shot_and_its_result_are_one_row(ledger: Path, key: SigningKey) -> None:
    write(ledger, key, SHOT, SHOT | {"shot": "OP4:2", "family": "games"}, RESULT)
    history = fold(read(ledger))
    assert history.problems == ()
    first, second = history.shots
    assert (first.id, first.item, first.by, first.cost) == ("OP4:1", "OP4", SHOT["by"], "2.5")
    assert (first.outcome, first.says, first.seq, first.result_seq) == (
        "failed", "The attack still wins.", 2, 4,
    )  # fmt: skip
    assert (second.family, second.outcome, second.result_seq) == ("games", None, None)
    assert verify(ledger).ok


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (SHOT, "names shot OP4:1 again, after record 2"),
        (RESULT | {"shot": "OP4:9"}, "a result of shot OP4:9, which nobody recorded"),
        (RESULT | {"outcome": "won"}, "`outcome` that is not one of solved, failed, partial"),
        (RESULT | {"outcome": ["solved"]}, "`outcome` that is not one of"),
        (RESULT | {"artefacts": {"paper": "no digest"}}, "`artefacts` that is not a mapping"),
        (SHOT | {"shot": "OP4:2", "cost": "-1"}, "`cost` that is not a decimal of at least 0"),
        (SHOT | {"shot": "OP4:2", "cost": 2}, "`cost` that is not a decimal of at least 0"),
        ({k: v for k, v in SHOT.items() if k != "by"}, "has no `by`"),
    ],
)
def test_what_breaks_a_rule_is_refused(
    ledger: Path, key: SigningKey, body: dict[str, Any], says: str
) -> None:
    write(ledger, key, SHOT)
    with pytest.raises(RecordRefused, match="note") as refused:
        write(ledger, key, body)
    assert says in str(refused.value)
    assert len(read(ledger).records) == 2


def test_a_second_result_is_refused_and_changes_nothing(ledger: Path, key: SigningKey) -> None:
    write(ledger, key, SHOT, RESULT)
    with pytest.raises(RecordRefused, match="a second result of shot OP4:1, after record 3"):
        write(ledger, key, RESULT | {"outcome": "solved"})
    (shot,) = fold(read(ledger)).shots
    assert shot.outcome == "failed"


def test_a_result_that_got_in_by_other_means_is_left_out_and_named() -> None:
    key = from_seed(bytes(range(32)), "the first signer")
    bodies = [SHOT, RESULT, RESULT | {"outcome": "solved"}, SHOT | {"shot": 3}]
    kinds = [("key", key.introduction()), *[("note", body) for body in bodies]]
    log = Log(
        records=tuple(
            Record(
                seq=n, kind=kind, at=AT, previous="", body=body, subjects=(), digest="0" * 64,
                keyid=key.keyid,
            )
            for n, (kind, body) in enumerate(kinds)
        )
    )  # fmt: skip
    history = fold(log)
    assert [shot.outcome for shot in history.shots] == ["failed"]
    assert [p.seq for p in history.problems] == [3, 4]


def test_a_reader_that_does_not_know_shots_passes_them_over(
    ledger: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ledger, key, SHOT, RESULT)
    monkeypatch.setattr(rules, "_NOTES", ())
    found = verify(ledger)
    assert found.ok
    assert found.records == 3
    assert found.problems == ()


def test_a_note_about_something_else_is_still_anything(ledger: Path, key: SigningKey) -> None:
    write(ledger, key, {"note": "bench", "n": 3}, {"note": ["shot"]}, {})
    assert verify(ledger).ok
    assert fold(read(ledger)).shots == ()


def test_the_artefact_of_a_result_is_checked(ledger: Path, key: SigningKey) -> None:
    digest = ObjectStore(ledger).put(b"a proof")
    write(ledger, key, SHOT, RESULT | {"artefacts": {"artefact": digest}})
    found = verify(ledger)
    assert (found.ok, found.objects_checked) == (True, 1)
    path = ObjectStore(ledger).path(digest)
    path.unlink()
    found = verify(ledger)
    assert not found.ok
    assert f"record 3 (note, line 3) rests on its artefact: the artefact {digest} is missing" in (
        found.problems[0].says
    )
