"""A small record of a review with fixed keys: challenges, rulings, signatures, dissent.

`python -m tests.ledger.reviewed` writes it to `tests/ledger/golden_review`, which is only ever
added to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.ledger.conftest import REGISTRATION
from tests.ledger.tampering import AUTHOR, LOST, REVIEWER, RUNNER

from safetycase.ledger import SigningKey, Writer
from safetycase.ledger.trust import origin_of

GOLDEN = Path(__file__).parent / "golden_review"
KEYS = {key.keyid: key for key in (AUTHOR, RUNNER, REVIEWER, LOST)}
DIGEST = "d" * 64


def challenge(name: str, **more: Any) -> dict[str, Any]:
    return {
        "challenge": name,
        "against": "SAFE",
        "digest": DIGEST,
        "severity": "major",
        "says": "Nobody looked at night.",
        "by": "one who left",
    } | more


def response(name: str, **more: Any) -> dict[str, Any]:
    return {"challenge": name, "says": "We looked at night too.", "by": "an author"} | more


def ruling(name: str, outcome: str, **more: Any) -> dict[str, Any]:
    return {
        "challenge": name,
        "outcome": outcome,
        "reason": "the log of the night is in the record",
        "by": "a reviewer",
    } | more


def sign_off(verdict: str = "accept", **more: Any) -> dict[str, Any]:
    return {
        "element": "SAFE",
        "digest": DIGEST,
        "verdict": verdict,
        "conditions": ["the lamp stays on"] if verdict == "accept-with-conditions" else [],
        "says": "It convinces.",
        "competence": "weighed coins for ten years",
        "independence": "of another house",
        "hours": "3.5",
        "by": "a reviewer",
    } | more


def dissent(**more: Any) -> dict[str, Any]:
    return {
        "element": "SAFE",
        "digest": DIGEST,
        "says": "I would not throw it.",
        "by": "a runner",
    } | more


def override(**more: Any) -> dict[str, Any]:
    return {
        "element": "SAFE",
        "digest": DIGEST,
        "clauses": ["freshness"],
        "authority": "head of safety",
        "reason": "the old coin is worse",
        "by": "a reviewer",
        "expires": "2026-12-01T00:00:00Z",
    } | more


def build(ledger: Path) -> None:
    """Write the golden record into the ledger folder: seventeen records by four keys."""
    clock = iter(range(60))

    def write(key: SigningKey, *records: tuple[str, dict[str, Any]]) -> None:
        with Writer(ledger, key) as writer:
            for kind, body in records:
                writer.append(kind, body, at=f"2026-11-23T09:50:{next(clock):02}Z")

    with Writer(ledger, AUTHOR) as author:
        at = f"2026-11-23T09:50:{next(clock):02}Z"
        origin = origin_of(author.append("key", AUTHOR.introduction(), at=at))
    write(
        AUTHOR,
        ("key", RUNNER.introduction(origin=origin, roles=["runner", "log"])),
        ("key", REVIEWER.introduction(origin=origin, roles=["reviewer"])),
        ("key", LOST.introduction(origin=origin, roles=["reviewer"])),
        ("registration", REGISTRATION),
    )
    write(LOST, ("challenge", challenge("C1")), ("sign-off", sign_off("reject", by="one who left")))
    write(REVIEWER, ("challenge", challenge("C2", severity="minor", by="a reviewer")))
    write(AUTHOR, ("response", response("C1")), ("ruling", ruling("C1", "conceded")))
    write(REVIEWER, ("ruling", ruling("C1", "answered")))
    write(REVIEWER, ("ruling", ruling("C2", "withdrawn", reason="I misread it")))
    write(REVIEWER, ("sign-off", sign_off("accept-with-conditions", hours=None)))
    write(RUNNER, ("dissent", dissent()))
    write(REVIEWER, ("override", override()))
    write(LOST, ("challenge", challenge("C3", severity="critical", against="ROUTES")))
    about = {"keyid": [LOST.keyid]}
    write(
        AUTHOR,
        ("event", {"event": "key-revoked", "says": "left", "about": about, "since": None}),
    )


if __name__ == "__main__":
    build(GOLDEN)
