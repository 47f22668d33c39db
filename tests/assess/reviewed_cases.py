"""A case that holds without evidence, and a review of it as the record folds it."""

from __future__ import annotations

from typing import Any

from tests.assess.watched_cases import NOW, SPARE, case_of

from safetycase.argument.model import Case
from safetycase.assess.assessment import Input, assess
from safetycase.assess.records import Assessment
from safetycase.checks.scope import scope_digest, target_of
from safetycase.ledger.fold import (
    ChallengeRecord,
    DissentRecord,
    History,
    OverrideRecord,
    ResponseRecord,
    RulingRecord,
    SignOffRecord,
)
from safetycase.ledger.trust import Key

AT = "2026-11-19T10:00:00Z"
GRACE, TEAM, RUNNER = "a" * 64, "b" * 64, "c" * 64
QUIET = "{monitor: M, says: Heads seen live., owner: ops, alarm_when: rate > 0.2, window: 1 day, silent_after: 3 days}"  # noqa: E501
DEFENDED = (
    SPARE
    + """\
defeaters:
  - {defeater: D, against: RARE, says: The light was bad., answered_by: [SPARE]}
"""
)


def key(keyid: str, owner: str, *roles: str, seq: int = 1) -> Key:
    return Key(
        keyid=keyid,
        public_key=bytes(32),
        owner=owner,
        roles=roles or ("reviewer",),
        seq=seq,
        introduced_by=TEAM,
        vouched=True,
    )


KEYS = (
    key(TEAM, "Team", "author", "log"),
    key(RUNNER, "Robot", "runner", seq=2),
    key(GRACE, "Grace", seq=3),
)


def plain(more: str = "") -> Case:
    """The case, with a monitor that conditions nothing."""
    return case_of(QUIET, more=more)


def digest(case: Case, name: str) -> str:
    return scope_digest(case, name) if target_of(case, name) else "0" * 64


def challenge(case: Case, against: str, severity: str = "major", **more: Any) -> ChallengeRecord:
    given: dict[str, Any] = {
        "id": "C1",
        "seq": 10,
        "at": AT,
        "against": against,
        "digest": digest(case, against),
        "severity": severity,
        "says": "Nobody looked at night.",
        "by": "Grace",
        "keyid": GRACE,
    }
    return ChallengeRecord(**given | more)


def response(name: str = "C1", **more: Any) -> ResponseRecord:
    given = {"seq": 11, "at": AT, "challenge": name, "says": "We looked.", "by": "Team",
             "keyid": TEAM}  # fmt: skip
    return ResponseRecord(**given | more)


def ruling(outcome: str = "answered", name: str = "C1", **more: Any) -> RulingRecord:
    given = {"seq": 12, "at": AT, "challenge": name, "outcome": outcome, "reason": "it is so",
             "by": "Ada", "keyid": GRACE}  # fmt: skip
    return RulingRecord(**given | more)


def sign_off(case: Case, element: str = "SAFE", **more: Any) -> SignOffRecord:
    given: dict[str, Any] = {
        "seq": 20,
        "at": AT,
        "element": element,
        "digest": digest(case, element),
        "verdict": "accept",
        "conditions": (),
        "says": "It convinces.",
        "competence": "weighs coins",
        "independence": "of another house",
        "hours": "3",
        "by": "Grace",
        "keyid": GRACE,
    }
    return SignOffRecord(**given | more)


def dissent(case: Case, element: str = "SAFE", **more: Any) -> DissentRecord:
    given: dict[str, Any] = {"seq": 30, "at": AT, "element": element,
                             "digest": digest(case, element), "says": "I would not throw it.",
                             "by": "Ida", "keyid": GRACE}  # fmt: skip
    return DissentRecord(**given | more)


def override(case: Case, element: str = "SAFE", **more: Any) -> OverrideRecord:
    given: dict[str, Any] = {"seq": 40, "at": AT, "element": element,
                             "digest": digest(case, element), "clauses": ("freshness",),
                             "authority": "head of safety", "reason": "it is urgent", "by": "Eve",
                             "expires": "2026-12-01T00:00:00Z", "keyid": GRACE}  # fmt: skip
    return OverrideRecord(**given | more)


def reviewed(case: Case, *rows: Any, **history: Any) -> Assessment:
    """The case with these rows in its record, and the keys of Team, Robot and Grace."""
    fields = {
        ChallengeRecord: "challenges",
        ResponseRecord: "responses",
        RulingRecord: "rulings",
        SignOffRecord: "sign_offs",
        DissentRecord: "dissents",
        OverrideRecord: "overrides",
    }
    found: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        name = fields[type(row)]
        found[name] = (*found.get(name, ()), row)
    told = History(**{"keys": KEYS} | found | history)
    return assess(Input(case=case, history=told, leaves={}, findings=(), now=NOW))
