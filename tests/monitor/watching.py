"""What the tests of watching share: a case with monitors, streams of events, and the record."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.conftest import HEADER, write_case

from safetycase.ledger import SigningKey, fold, open_writer, read
from safetycase.ledger.fold import SignalRecord
from safetycase.ledger.keys import from_seed
from safetycase.ledger.trust import origin_of
from safetycase.monitor.signing import Signer

START = datetime(2026, 3, 1, tzinfo=UTC)
WATCHED = (
    HEADER
    + """\
root:
  claim: SAFE
  says: The coin is safe.
  by:
    argument: ROUTES
    kind: decomposition
    because: Heads are the only route.
    premises:
      - assumption: REGISTRY-COMPLETE
        says: Every run is in the record.
        owner: lead
        expires: 2099-03-01
      - assumption: THROWN-FAIRLY
        says: The coin is thrown as it was in the test.
        owner: lead
        expires: 2099-03-01
monitors:
  - monitor: M-HEADS
    says: Heads stay rare.
    owner: thrower
    conditions: [SAFE]
    alarm_when: heads > 0.20
    metric: coin.head
    detector: restarted
    alternative: [0.40, 0.60]
    budget: 0.01
    window: 1 hour
    silent_after: 3 hours
    answer_within: 2 days
"""
)


def watched_case(folder: Path, text: str = WATCHED) -> Path:
    """A case whose root hangs on one monitor and on assumptions alone."""
    return write_case(folder, text)


def key(folder: Path) -> SigningKey:
    """The watcher's key; named after the case, so that each record has an origin of its own."""
    return from_seed(b"\x01" * 32, folder.name)


def signer(folder: Path) -> Signer:
    return Signer(folder / "ledger", key(folder), lambda: START + timedelta(days=400))


def reviewer(folder: Path) -> SigningKey:
    """The key of a reviewer, introduced to the record by the watcher's."""
    found = from_seed(b"\x07" * 32, "Grace")
    at = "2031-04-30T00:00:00Z"
    if not read(folder / "ledger").records:
        with open_writer(folder / "ledger", key(folder)) as writer:
            writer.append("note", {}, at=at)
    body = found.introduction(
        roles=("reviewer",), origin=origin_of(read(folder / "ledger").records[0])
    )
    with open_writer(folder / "ledger", key(folder)) as writer:
        writer.append("key", body, at=at)
    return found


def throws(
    count: int,
    *,
    share: float,
    since: datetime = START,
    every: timedelta = timedelta(minutes=5),
    seed: int = 1,
    first: int = 1,
    source: str = "table",
) -> list[dict[str, Any]]:
    """`count` throws, heads with probability `share`, numbered from `first` on."""
    draw = random.Random(seed)
    return [
        {
            "source": source,
            "id": f"{source}-{first + which}",
            "number": first + which,
            "at": f"{since + which * every:%Y-%m-%dT%H:%M:%SZ}",
            "metric": "coin.head",
            "value": int(draw.random() < share),
        }
        for which in range(count)
    ]


def stream(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def signals(folder: Path) -> tuple[SignalRecord, ...]:
    """The signals that count in the record of a case."""
    log = read(folder / "ledger")
    assert not log.errors
    return fold(log).signals


def told(folder: Path) -> list[tuple[str, str, str, str, int]]:
    """What the signals say, without where they stand."""
    return [(s.monitor, s.state, s.since, s.until, s.events) for s in signals(folder)]
