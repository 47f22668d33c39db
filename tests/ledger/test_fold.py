from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from safetycase.ledger import History, Log, Record, SigningKey, Writer, fold, read
from safetycase.ledger.keys import from_seed

AT = "2026-11-23T09:30:00Z"
Bodies = list[tuple[str, dict[str, Any]]]


def log_with(bodies: Bodies) -> Log:
    """A log of records as they come, whatever the rules say of them; its key comes before."""
    key = from_seed(bytes(range(32)), "the first signer")
    records = [
        Record(
            seq=seq, kind=kind, at=AT, previous="", body=body, subjects=(), digest="0" * 64,
            keyid=key.keyid,
        )
        for seq, (kind, body) in enumerate([("key", key.introduction()), *bodies])
    ]  # fmt: skip
    return Log(records=tuple(records))


def test_an_empty_log_is_an_empty_history() -> None:
    assert fold(Log()) == History()


def test_the_history_of_a_small_record(
    build: Callable[[Path], list[Record]], ledger: Path, registration: dict[str, Any]
) -> None:
    build(ledger)
    log = read(ledger)
    history = fold(log)
    assert history.problems == ()

    (registered,) = history.registrations
    assert (registered.seq, registered.at) == (2, "2026-11-23T09:30:00Z")
    assert registered.body == registration
    for name in ("evidence", "claim", "criterion", "level", "plan", "recipe", "recipe_digest",
                 "exploratory", "seed"):  # fmt: skip
        assert getattr(registered, name) == registration[name]

    first, second = history.attempts
    assert (first.id, first.registration, first.start_seq, first.end_seq) == ("a1", 2, 3, 4)
    assert (first.started_at, first.ended_at) == ("2026-11-23T09:30:01Z", "2026-11-23T09:30:02Z")
    assert (first.outcome, first.state, first.reason) == ("completed", "completed", "")
    assert (first.seconds, first.measurement) == ("1.5", {"k": 0, "n": 40})
    assert first.artefacts == {"log": log.records[3].subjects[0][1]}
    assert first.body is log.records[3].body
    assert (second.outcome, second.reason, second.measurement) == (
        "failed", "the model left", None,
    )  # fmt: skip
    with pytest.raises(FrozenInstanceError):
        second.reason = "another"  # type: ignore[misc]


def test_an_attempt_without_an_end_is_running(registration: dict[str, Any]) -> None:
    start = {"attempt": "a", "registration": 1, "executor": "subprocess", "lease_until": AT}
    (attempt,) = fold(log_with([("registration", registration), ("attempt-start", start)])).attempts
    assert (attempt.outcome, attempt.state, attempt.end_seq) == (None, "running", None)
    assert attempt.start_body == start == attempt.body


def test_a_measurement_kept_as_an_artefact(
    registration: dict[str, Any], ended: Callable[..., dict[str, Any]]
) -> None:
    history = fold(
        log_with(
            [
                ("registration", registration),
                ("attempt-start", {"attempt": "a", "registration": 1}),
                ("attempt-end", ended("a", measurement="b" * 64)),
            ]
        )
    )
    (attempt,) = history.attempts
    assert (attempt.measurement, attempt.measurement_digest) == (None, "b" * 64)


def test_controls_and_unknown_keys(registration: dict[str, Any], ledger: Path,
                                   key: SigningKey) -> None:  # fmt: skip
    body = {
        "method": "inspect/eval",
        "version": "1",
        "criterion": "rate <= 0.2",
        "planted": [{"name": "always", "passes": 0, "runs": 5}],
        "code_digest": "c" * 64,
        "later": "addition",
    }
    with Writer(ledger, key) as writer:
        writer.append("registration", registration | {"sides": "one", "budget": 3}, at=AT)
        writer.append("controls", body, at=AT)
    history = fold(read(ledger))
    assert history.problems == ()
    assert history.registrations[0].body["budget"] == 3
    (controls,) = history.controls
    assert (controls.method, controls.version, controls.seq) == ("inspect/eval", "1", 3)
    assert controls.planted == ({"name": "always", "passes": 0, "runs": 5},)
    assert controls.body["later"] == "addition"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"evidence": ""}, "has a `evidence` that is not a text"),
        ({"level": 0}, "has a `level` that is not a decimal as text"),
        ({"level": "NaN"}, "has a `level` that is not a decimal as text"),
        ({"exploratory": 1}, "has a `exploratory` that is not true or false"),
        ({"seed": True}, "has a `seed` that is not a whole number"),
        ({"recipe": None}, "has a `recipe` that is not a mapping"),
        ({"recipe_digest": "A" * 64}, "has a `recipe_digest` that is not a SHA-256 in hex"),
    ],
)
def test_a_registration_of_another_shape_is_left_out_and_named(
    registration: dict[str, Any], change: dict[str, Any], why: str
) -> None:
    history = fold(log_with([("note", {}), ("registration", registration | change)]))
    assert history.registrations == ()
    assert [p.says for p in history.problems] == [f"record 2 (registration, line 2) {why}"]


def test_every_required_key_is_asked_for(registration: dict[str, Any]) -> None:
    for kind, body in (
        ("registration", registration),
        ("attempt-start", {"attempt": "a", "registration": 1}),
        ("attempt-end", {"attempt": "a", "outcome": "lost"}),
        ("controls", {"method": "m", "version": "1", "criterion": "c", "planted": [],
                      "code_digest": "c" * 64}),
    ):  # fmt: skip
        for key in body:
            less = {name: value for name, value in body.items() if name != key}
            history = fold(log_with([(kind, less)]))
            assert f"record 1 ({kind}, line 1) has no `{key}`" in [
                problem.says for problem in history.problems
            ]


def test_what_comes_out_of_order_is_left_out_and_named(registration: dict[str, Any]) -> None:
    history = fold(
        log_with(
            [
                ("attempt-start", {"attempt": "a", "registration": 2}),  # 1: too early
                ("registration", registration),
                ("attempt-end", {"attempt": "a", "outcome": "failed"}),  # 3: never started
                ("attempt-start", {"attempt": "b", "registration": 2}),
                ("attempt-start", {"attempt": "b", "registration": 2}),  # 5: twice
                ("attempt-end", {"attempt": "b", "outcome": "failed", "reason": "first"}),
                ("attempt-end", {"attempt": "b", "outcome": "completed"}),  # 7: twice
            ]
        )
    )
    assert [(p.seq, p.severity) for p in history.problems] == [
        (1, "error"), (3, "error"), (5, "error"), (7, "error"),
    ]  # fmt: skip
    (attempt,) = history.attempts
    assert (attempt.id, attempt.outcome, attempt.reason) == ("b", "failed", "first")
