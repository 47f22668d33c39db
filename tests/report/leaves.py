"""Assessments for the pictures of leaves: few, none, many, hostile; and a picture read back."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.report.conftest import attempt, leaf, make_assessment, make_case, quantity

from safetycase.argument.expression import parse
from safetycase.argument.model import Accepted, Assumption, Claim, Defeater, Evidence
from safetycase.assess.records import Assessment, Freshness, LeafResult, QuantityResult, State
from safetycase.ledger.fold import EventRecord
from safetycase.stats import Interval

SVG = "{http://www.w3.org/2000/svg}"
NOW = datetime(2026, 11, 23, 2, 20, tzinfo=UTC)
BEFORE = "2026-11-12T10:00:00Z"
ALLOWED = {
    *("svg", "title", "desc", "style", "defs", "pattern", "path", "rect", "text", "circle", "g"),
}


def texts(svg: str) -> list[str]:
    """What the picture says, text by text, in the order of drawing."""
    return [
        t.text or (t.find(f"{SVG}title").tail or "") for t in ET.fromstring(svg).iter(f"{SVG}text")
    ]


def told(svg: str) -> str:
    """The description for those who cannot see it."""
    return ET.fromstring(svg).find(f"{SVG}desc").text or ""


def dated(name: str, word: str, until: datetime | None, **more: Any) -> LeafResult:
    """A leaf that ran on 20 November with a limit."""
    values = {"outcome": "supports", "criterion": "rate <= 0.20", **more}
    return dataclasses.replace(
        leaf(name, "C-" + name, values["criterion"], values["outcome"], (number(),)),
        valid_until=until,
        attempts=(),
    )


def number(
    low: float = 0.0,
    point: float = 0.02,
    high: float = 0.058,
    n: int = 50,
    unit: str = "share",
    name: str = "rate",
) -> QuantityResult:
    made = quantity(name, low, point, high, n, n)
    return dataclasses.replace(made, unit=unit)


def state(name: str, kind: str, support: str, word: str, **more: Any) -> State:
    values: dict[str, Any] = {
        "posed": "ready",
        "residual": False,
        "truth": "true" if support in ("supported", "assumed") else "unknown",
        "reasons": (),
        **more,
    }
    fresh = values.pop("freshness", Freshness(word=word))
    return State(id=name, kind=kind, support=support, freshness=fresh, **values)


def built(
    leaves: dict[str, tuple[LeafResult, str, str]],
    extra: tuple[Any, ...] = (),
    **changes: Any,
) -> Assessment:
    """An assessment of `id -> (leaf, freshness, support of the evidence)` and further elements."""
    case = make_case()
    elements: dict[str, Any] = {"SAFE": Claim(id="SAFE", says="It is safe.")}
    states = {"SAFE": state("SAFE", "claim", "open", "fresh")}
    for name, (result, word, support) in leaves.items():
        claim = Claim(id=result.claim, says="It is rare.", holds_when=parse(result.criterion))
        elements |= {
            result.claim: claim,
            name: Evidence(id=name, because="It measures.", method="toy/coin"),
        }
        states[result.claim] = state(result.claim, "claim", support, word)
        states[name] = state(name, "evidence", support, word)
    for element in extra:
        elements[element.id] = element
        states.setdefault(element.id, state(element.id, "assumption", "assumed", "fresh"))
    states |= changes.pop("states", {})
    header = changes.pop("header", case.header)
    values: dict[str, Any] = {
        "case": dataclasses.replace(case, elements=elements, root="SAFE", header=header),
        "at": NOW,
        "states": states,
        "leaves": {name: found[0] for name, found in leaves.items()},
        "freshness": {
            name: Freshness(word=word)  # type: ignore[arg-type]
            for name, (_leaf, word, _support) in leaves.items()
        },
        "attempts": (),
        "findings": (),
        **changes,
    }
    return make_assessment(**values)


def small() -> Assessment:
    """One leaf of each kind, assumptions, an accepted doubt and an event."""
    day = NOW.replace(hour=10, minute=5)
    rare = dataclasses.replace(
        dated("E-RARE", "fresh", day + timedelta(days=8), criterion="rate <= 0.001"),
        quantities=(number(0.0, 0.0, 0.00046, 6500),),
    )
    bad = dataclasses.replace(
        dated("E-BAD", "fresh", day + timedelta(days=90), outcome="refutes"),
        quantities=(number(0.41, 0.5, 0.59, 100),),
    )
    nats = dataclasses.replace(
        dated("E-NATS", "fresh", None, criterion="surprise >= 1.5", outcome="inconclusive"),
        quantities=(number(1.2, 1.9, 2.4, 40, unit="nats", name="surprise"),),
    )
    never = dataclasses.replace(
        dated("E-NEVER", "never run", None), quantities=(), ran_at=None, outcome=None
    )
    took = Freshness(
        word="invalidated",
        detail="dataset-withdrawn, record 12 of 2026-11-22: withdrawn",
    )
    tried = dataclasses.replace(
        dated("E-GOOD", "fresh", day + timedelta(days=30)),
        attempts=(
            dataclasses.replace(attempt(3, "E-GOOD", "failed", "full disk"), ended_at=BEFORE),
            attempt(5, "E-GOOD"),
        ),
    )
    leaves = {
        "E-GOOD": (tried, "fresh", "supported"),
        "E-RARE": (rare, "fresh", "supported"),
        "E-BAD": (bad, "fresh", "refuted"),
        "E-NATS": (nats, "fresh", "open"),
        "E-OLD": (dated("E-OLD", "expired", day - timedelta(days=1)), "expired", "open"),
        "E-GONE": (dated("E-GONE", "invalidated", None), "invalidated", "open"),
        "E-DOUBTED": (dated("E-DOUBTED", "fresh", None), "fresh", "contested"),
        "E-NEVER": (never, "never run", "open"),
    }
    extra = (
        Assumption(id="OWNED", says="So it is.", owner="lead", expires=date(2027, 3, 1)),
        Assumption(id="LONG", says="So it stays.", owner="lead", expires=date(2099, 1, 1)),
        Defeater(
            id="D-LEFT",
            against="SAFE",
            says="Perhaps not.",
            accepted=Accepted(
                doubt=0.01, because="It is small.", owner="board", expires=date(2026, 12, 24)
            ),
        ),
    )
    made = built(leaves, extra, events=(event(12),))
    return dataclasses.replace(made, freshness={**made.freshness, "E-GONE": with_cause(took, 12)})


def with_cause(freshness: Freshness, record: int) -> Freshness:
    from safetycase.assess.records import Cause

    cause = Cause(field="event", now="dataset-withdrawn", record=record)
    return dataclasses.replace(freshness, causes=(cause,))


def event(seq: int, at: str = "2026-11-22T09:00:00Z", says: str = "withdrawn") -> EventRecord:
    return EventRecord(
        seq=seq,
        at=at,
        event="dataset-withdrawn",
        says=says,
        about={"all": True},
        since=None,
        keyid="k",
    )


def many(count: int) -> Assessment:
    """`count` leaves that pass, each at another rate."""
    leaves = {
        f"E-{i:03}": (
            dataclasses.replace(
                dated(f"E-{i:03}", "fresh", NOW + timedelta(days=i + 1)),
                quantities=(number(0.0, 0.0, 0.01 + i / 4000, 50 + i),),
            ),
            "fresh",
            "supported",
        )
        for i in range(count)
    }
    return built(leaves)


def hostile(by: str) -> Assessment:
    """A case whose every text is `by`, and numbers that are none."""
    odd = QuantityResult(
        name=by,
        measured_as=by,
        estimate=float("nan"),
        interval=Interval(low=float("-inf"), high=float("inf")),
        level=0.95,
        n=0,
        clusters=0,
        unit=by,
        safer="lower",
        text=by,
    )
    result = dataclasses.replace(
        dated("E", "fresh", None), evidence=by, claim=by + "C", quantities=(odd, number())
    )
    owned = Assumption(id=by + "A", says=by, owner=by, expires=date(2027, 3, 1))
    header = dataclasses.replace(make_case().header, case=by, title=by)
    return built(
        {by: (result, "fresh", "supported")},
        (owned,),
        header=header,
        events=(event(3, says=by), event(4, at=by)),
    )
