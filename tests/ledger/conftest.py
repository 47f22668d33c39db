"""A small record with a fixed key, so that its bytes are the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safetycase.ledger import ObjectStore, Record, SigningKey, Writer
from safetycase.ledger.keys import from_seed

AT = "2026-11-23T09:30:0{}Z"

REGISTRATION: dict[str, Any] = {
    "evidence": "E-1",
    "claim": "C-1",
    "criterion": "rate <= 0.2",
    "level": "0.95",
    "plan": {"attempts": 1, "n": 40},
    "recipe": {"subject": {"weights": "naïve-model"}},
    "recipe_digest": "a" * 64,
    "exploratory": False,
    "seed": 7,
}


def end_body(attempt: str, **more: Any) -> dict[str, Any]:
    return {
        "attempt": attempt,
        "outcome": "completed",
        "reason": "",
        "seconds": "1.5",
        "measurement": {"k": 0, "n": 40},
        "artefacts": {},
    } | more


@pytest.fixture(scope="session")
def key() -> SigningKey:
    return from_seed(bytes(range(32)), "the first signer")


@pytest.fixture(scope="session")
def other_key() -> SigningKey:
    return from_seed(bytes(range(1, 33)), "the second signer")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def registration() -> dict[str, Any]:
    return dict(REGISTRATION)


@pytest.fixture
def ended() -> Callable[..., dict[str, Any]]:
    return end_body


@pytest.fixture
def build(key: SigningKey) -> Callable[[Path], list[Record]]:
    """Write the small record: six lines and one artefact."""

    def build(folder: Path) -> list[Record]:
        artefact = ObjectStore(folder).put(b"what the run left")
        with Writer(folder, key) as writer:
            return [
                writer.append("registration", REGISTRATION, at=AT.format(0)),
                writer.append("attempt-start", {"attempt": "a1", "registration": 2},
                              at=AT.format(1)),
                writer.append("attempt-end", end_body("a1", artefacts={"log": artefact}),
                              at=AT.format(2), subjects=(("log", artefact),)),
                writer.append("attempt-start", {"attempt": "a2", "registration": 2},
                              at=AT.format(3)),
                writer.append("attempt-end", {"attempt": "a2", "outcome": "failed",
                                              "reason": "the model left", "seconds": "0.1"},
                              at=AT.format(4)),
            ]  # fmt: skip

    return build
