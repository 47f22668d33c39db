"""A small record of a live monitor with fixed keys: a good day, an alarm, and what became of it.

`python -m tests.ledger.live` writes it to `tests/ledger/golden_live`, which is only ever added to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.ledger.conftest import REGISTRATION
from tests.ledger.tampering import AUTHOR, LOST, REVIEWER, RUNNER

from safetycase.ledger import SigningKey, Writer
from safetycase.ledger.trust import origin_of

GOLDEN = Path(__file__).parent / "golden_live"
INDICATOR = "1" * 64
KEYS = {key.keyid: key for key in (AUTHOR, RUNNER, REVIEWER, LOST)}


def signal(state: str, day: int, **more: Any) -> dict[str, Any]:
    return {
        "monitor": "RECALL",
        "indicator": INDICATOR,
        "state": state,
        "since": f"2026-11-{day:02}T00:00:00Z",
        "until": f"2026-11-{day + 1:02}T00:00:00Z",
        "events": 40,
        "lost": 0,
        "segment": 0,
        "value": "0.95",
        "e_value": "0.12",
        "alarm_at": "100",
        "root": "e" * 64,
        "says": "38 of 40 planted attacks were caught.",
        "details": {"late": "1"},
    } | more


ALARM = {"value": "0.5", "e_value": "132.5", "says": "20 of 40 planted attacks were caught."}


def resolution(alarm: int, outcome: str, **more: Any) -> dict[str, Any]:
    return {
        "signal": alarm,
        "outcome": outcome,
        "by": "a reviewer",
        "reason": "the labels were swapped on that day",
    } | more


def build(ledger: Path) -> None:
    """Write the golden record into the ledger folder: thirteen records by four keys."""
    clock = iter(range(60))

    def write(key: SigningKey, *records: tuple[str, dict[str, Any]]) -> None:
        with Writer(ledger, key) as writer:
            for kind, body in records:
                writer.append(kind, body, at=f"2026-11-23T09:40:{next(clock):02}Z")

    with Writer(ledger, AUTHOR) as author:
        at = f"2026-11-23T09:40:{next(clock):02}Z"
        origin = origin_of(author.append("key", AUTHOR.introduction(), at=at))
    write(
        AUTHOR,
        ("key", RUNNER.introduction(origin=origin, roles=["runner", "log"])),
        ("key", REVIEWER.introduction(origin=origin, roles=["reviewer"])),
        ("key", LOST.introduction(origin=origin, roles=["runner"])),
        ("registration", REGISTRATION),
    )
    write(RUNNER, ("signal", signal("quiet", 10)), ("signal", signal("alarm", 11, **ALARM)))
    write(REVIEWER, ("resolution", resolution(7, "false-alarm")))
    write(LOST, ("signal", signal("alarm", 12, segment=1, **ALARM)))
    write(REVIEWER, ("resolution", resolution(9, "confirmed", reason="it was so")))
    silent = {"events": 0, "value": None, "e_value": None, "root": None, "says": "Nothing came."}
    write(RUNNER, ("signal", signal("silent", 13, segment=1, **silent)))
    write(REVIEWER, ("resolution", resolution(7, "answered", reason="the filter was mended")))
    about = {"keyid": [LOST.keyid]}
    write(
        AUTHOR,
        ("event", {"event": "key-revoked", "says": "left", "about": about, "since": None}),
    )


if __name__ == "__main__":
    build(GOLDEN)
