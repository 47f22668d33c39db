"""One leaf with a result that is fresh, as ready records; tests change one thing at a time."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from safetycase.argument.expression import parse
from safetycase.argument.model import Claim, Duration, Evidence, Plan
from safetycase.assess.freshness import Current, LeafTarget, Question, freshness_of
from safetycase.assess.indexed import Indexed
from safetycase.ledger.fold import (
    AttemptRecord,
    EventRecord,
    History,
    Registration,
    WaiverRecord,
)
from safetycase.ledger.recipe import Recipe

NOW = datetime(2026, 11, 26, tzinfo=UTC)
ENDED = "2026-11-20T10:00:00Z"

RECIPE: dict[str, Any] = {
    "subject": {
        "weights": "m",
        "provider": "local",
        "weights_sha256": "a" * 64,
        "identity": "weights",
        "scaffold": "agent",
        "tools": ["shell"],
        "weights_files": {"m-00001-of-00002.gguf": "b" * 64, "m-00002-of-00002.gguf": "c" * 64},
    },
    "instrument": {
        "method": "toy/coin",
        "method_version": "1.0.0",
        "method_code": "d" * 64,
        "code": {"toy": "e" * 64, "toy.helpers": "f" * 64},
        "packages": {"inspect-ai": "0.3.285"},
        "parameters": {"n": 40, "rates": ["0.1", "0.2"], "deep": {"inner": True}},
        "reads": {"rate": "rate"},
        "files": {"items.txt": "1" * 64, "helpers.py": "2" * 64},
        "judges": {"j": {"weights": "g", "weights_sha256": "", "identity": "reported"}},
    },
    "effort": {"attempts": 1, "epochs": 5, "access": "grey box"},
    "sampling": {"planned_n": 40},
    "environment": {"python": "3.11.7"},
}
ENVIRONMENT = {"python": "3.11.7", "processor": "A", "platform": "linux"}
EFFORT = {"epochs": 5, "access": "grey box"}


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a leaf is judged from; the defaults are fresh."""

    registered: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(RECIPE))
    now_is: dict[str, Any] | None = field(default_factory=lambda: copy.deepcopy(RECIPE))
    evidence: Evidence = field(
        default_factory=lambda: Evidence(
            id="E",
            because="b",
            method="toy/coin",
            reads={"rate": "rate"},
            effort=EFFORT,
            environment=("python",),
            identity="weights",
            valid_for=Duration(text="90 days", seconds=90 * 86400),
        )
    )
    environment: dict[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))
    criterion: str = "rate <= 0.2"
    plan: dict[str, Any] = field(default_factory=lambda: {"attempts": 1, "n": 40})
    measurement: dict[str, Any] | None = field(default_factory=lambda: {"effort": {}})
    outcome: str | None = "completed"
    end: dict[str, Any] = field(default_factory=dict)
    observed: dict[str, Any] = field(default_factory=dict)
    undeclared: dict[str, str] = field(default_factory=dict)
    events: tuple[EventRecord, ...] = ()
    waivers: tuple[WaiverRecord, ...] = ()
    now: datetime = NOW
    problem: str = ""
    unreadable: str = ""
    distribution: str = "throws"
    registered_on: str = "throws"

    def but(self, **changed: Any) -> Given:
        return replace(self, **changed)

    def current(self) -> Current:
        registration = Registration(
            seq=2,
            at="2026-11-20T09:00:00Z",
            evidence="E",
            claim="C",
            criterion="rate <= 0.2",
            level="0.95",
            plan=self.plan,
            recipe=self.registered,
            recipe_digest=Recipe(groups=self.registered).digest,
            exploratory=False,
            seed=1,
            body={"environment": ENVIRONMENT, "distribution": self.registered_on},
            keyid="1" * 64,
        )
        attempt = AttemptRecord(
            id="E/2.1",
            registration=2,
            start_seq=3,
            started_at="2026-11-20T09:30:00Z",
            body=self.end,
            start_body={},
            end_seq=4 if self.outcome else None,
            ended_at=ENDED if self.outcome else None,
            outcome=self.outcome,  # type: ignore[arg-type]
            measurement=self.measurement,
            observed=self.observed,
        )
        history = History(
            registrations=(registration,),
            attempts=(attempt,),
            events=self.events,
            waivers=self.waivers,
        )
        indexed = Indexed(history)
        recipe = Recipe(groups=self.now_is) if self.now_is is not None else None
        return freshness_of(
            Question(
                target=LeafTarget(
                    evidence=self.evidence,
                    claim=Claim(id="C", says="s", holds_when=parse(self.criterion)),
                    recipe=recipe,
                    problem=self.unreadable,
                    method=None,
                    environment=self.environment,
                    undeclared=self.undeclared,
                ),
                standing=indexed.standing("E"),
                now=self.now,
                distribution=self.distribution,
                events=indexed.events,
                waivers=self.waivers,
                problem=self.problem,
            )
        )

    @property
    def word(self) -> str:
        return self.current().freshness.word


def event(word: str, *, seq: int = 9, **about: Any) -> EventRecord:
    return EventRecord(
        seq=seq,
        at="2026-11-22T00:00:00Z",
        event=word,
        says="it was found out",
        about=about or {"all": True},
        since=None,
        keyid="2" * 64,
    )


def waiver(given: Given, *fields: str, **changed: Any) -> WaiverRecord:
    assert given.now_is is not None
    found = WaiverRecord(
        seq=9,
        at="2026-11-22T00:00:00Z",
        evidence="E",
        old_recipe=Recipe(groups=given.registered).digest,
        new_recipe=Recipe(groups=given.now_is).digest,
        fields=fields,
        reason="a comment",
        author="Ada",
        reviewer="Grace",
        expires="2027-01-01T00:00:00Z",
        keyid="3" * 64,
    )
    return replace(found, **changed)


def planned(**fields: Any) -> Plan:
    return Plan(**fields)
