"""What a record's body must hold, and which record may follow which.

One set of rules, used three times: the writer refuses what breaks them, `fold` skips it, and
`verify` reports it. Extra keys are welcome: they belong to whoever wrote the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from safetycase.ledger.dsse import keyid_of, unbase64
from safetycase.ledger.names import folded
from safetycase.ledger.points import is_strong
from safetycase.ledger.record import is_digest, is_instant
from safetycase.ledger.vocabulary import (
    EVENTS,
    RESOLUTIONS,
    RULINGS,
    SELECTORS,
    SEVERITIES,
    SIGNALS,
    VERDICTS,
)

__all__ = ["OUTCOMES", "ROLES", "SHOT_OUTCOMES", "Order", "misfits", "noted", "public_key"]

ROLES: Final = ("author", "runner", "reviewer", "log")
"""What a key may be for; `trust` says which record asks for which."""

OUTCOMES: Final = ("completed", "failed", "aborted", "lost")
SHOT_OUTCOMES: Final = ("solved", "failed", "partial")

_DECIMAL = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """One key of a body: what it must be, in words and as a test."""

    is_a: str
    test: Callable[[Any], bool]
    required: bool = True


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _decimal(value: Any) -> bool:
    return isinstance(value, str) and _DECIMAL.fullmatch(value) is not None


def _digests(value: Any) -> bool:
    return isinstance(value, dict) and all(is_digest(each) for each in value.values())


def _measured(value: Any) -> bool:
    return value is None or isinstance(value, dict) or is_digest(value)


def _whole(value: Any) -> bool:
    return type(value) is int


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _text_or_null(value: Any) -> bool:
    return value is None or _text(value)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(_text(each) for each in value)


def _roles(value: Any) -> bool:
    return _texts(value) and len(set(value)) == len(value) and set(value) <= set(ROLES)


def _instant_or_null(value: Any) -> bool:
    return value is None or is_instant(value)


def _about(value: Any) -> bool:
    """Selectors, or `{"all": true}`: an event about everything says so."""
    if not isinstance(value, dict) or not value:
        return False
    if value.get("all") is True and len(value) == 1:
        return True
    return all(k in SELECTORS and _texts(v) for k, v in value.items())


_TEXT = _Field(is_a="a text", test=_text)
_MAPPING = _Field(is_a="a mapping", test=_is_mapping)
_DIGEST = _Field(is_a="a SHA-256 in hex", test=is_digest)
_WHOLE = _Field(is_a="a whole number", test=_whole)
_SWITCH = _Field(is_a="true or false", test=lambda value: isinstance(value, bool), required=False)
_LIMIT = _Field(is_a="a UTC time or null", test=_instant_or_null, required=False)

_COUNT = _Field(is_a="a whole number of at least 0", test=lambda v: _whole(v) and v >= 0)
_MAYBE = _Field(is_a="a decimal as text or null", test=lambda v: v is None or _decimal(v))


def _one_of(words: Collection[str]) -> _Field:
    return _Field(
        is_a="one of " + ", ".join(words), test=lambda v: isinstance(v, str) and v in words
    )


_BODIES: Final[Mapping[str, Mapping[str, _Field]]] = {
    "key": {
        "keyid": _DIGEST,
        "public_key": _TEXT,
        "algorithm": _Field(is_a="`ed25519`", test=lambda value: value == "ed25519"),
        "owner": _Field(is_a="a text", test=lambda value: isinstance(value, str)),
        "roles": _Field(is_a="a list of " + ", ".join(ROLES), test=_roles, required=False),
        "not_before": _LIMIT,
        "not_after": _LIMIT,
        "public": _SWITCH,
        "proof": _Field(is_a="a text", test=_text, required=False),
    },
    "registration": {
        "evidence": _TEXT,
        "claim": _TEXT,
        "criterion": _TEXT,
        "level": _Field(is_a="a decimal as text", test=_decimal),
        "plan": _MAPPING,
        "recipe": _MAPPING,
        "recipe_digest": _DIGEST,
        "exploratory": _Field(is_a="true or false", test=lambda value: isinstance(value, bool)),
        "seed": _WHOLE,
        "artefacts": _Field(
            is_a="a mapping from a role to a SHA-256", test=_digests, required=False
        ),
        "imported": _SWITCH,
    },
    "attempt-start": {
        "attempt": _TEXT,
        "registration": _WHOLE,
        "executor": _Field(is_a="a text", test=_text, required=False),
        "lease_until": _LIMIT,
        "token": _Field(is_a="a text", test=_text, required=False),
        "retry_of": _Field(is_a="a text or null", test=_text_or_null, required=False),
    },
    "attempt-end": {
        "attempt": _TEXT,
        "outcome": _one_of(OUTCOMES),
        "reason": _Field(is_a="a text", test=lambda value: isinstance(value, str), required=False),
        "seconds": _Field(
            is_a="a decimal as text or null",
            test=lambda value: value is None or _decimal(value),
            required=False,
        ),
        "measurement": _Field(
            is_a="a mapping, the SHA-256 of an artefact, or null", test=_measured, required=False
        ),
        "artefacts": _Field(
            is_a="a mapping from a role to a SHA-256", test=_digests, required=False
        ),
        "token": _Field(is_a="a text", test=_text, required=False),
        "observed": _Field(is_a="a mapping", test=_is_mapping, required=False),
    },
    "controls": {
        "method": _TEXT,
        "version": _TEXT,
        "criterion": _TEXT,
        "planted": _Field(is_a="a list", test=lambda value: isinstance(value, list)),
        "code_digest": _DIGEST,
    },
    "event": {
        "event": _one_of(EVENTS),
        "says": _TEXT,
        "about": _Field(
            is_a="a mapping from " + ", ".join(SELECTORS) + " to lists of texts, or all: true",
            test=_about,
        ),
        "since": _Field(
            is_a="a whole number or null", test=lambda v: v is None or _whole(v), required=False
        ),
    },
    "waiver": {
        "evidence": _TEXT,
        "old_recipe": _DIGEST,
        "new_recipe": _DIGEST,
        "fields": _Field(is_a="a list of texts", test=_texts),
        "reason": _TEXT,
        "author": _TEXT,
        "reviewer": _TEXT,
        "expires": _Field(is_a="a UTC time", test=is_instant),
    },
    "signal": {
        "monitor": _TEXT,
        "indicator": _DIGEST,
        "state": _one_of(SIGNALS),
        "since": _Field(is_a="a UTC time", test=is_instant),
        "until": _Field(is_a="a UTC time", test=is_instant),
        "events": _COUNT,
        "lost": _COUNT,
        "segment": _COUNT,
        "value": _MAYBE,
        "e_value": _MAYBE,
        "alarm_at": _MAYBE,
        "root": _Field(is_a="a SHA-256 in hex or null", test=lambda v: v is None or is_digest(v)),
        "says": _TEXT,
        "details": _Field(is_a="a mapping", test=_is_mapping, required=False),
    },
    "resolution": {
        "signal": _WHOLE,
        "outcome": _one_of(RESOLUTIONS),
        "by": _TEXT,
        "reason": _TEXT,
    },
    "challenge": {
        "challenge": _TEXT,
        "against": _TEXT,
        "digest": _DIGEST,
        "severity": _one_of(SEVERITIES),
        "says": _TEXT,
        "by": _TEXT,
    },
    "response": {"challenge": _TEXT, "says": _TEXT, "by": _TEXT},
    "ruling": {
        "challenge": _TEXT,
        "outcome": _one_of(RULINGS),
        "reason": _TEXT,
        "by": _TEXT,
    },
    "sign-off": {
        "element": _TEXT,
        "digest": _DIGEST,
        "verdict": _one_of(VERDICTS),
        "conditions": _Field(is_a="a list of texts", test=lambda v: v == [] or _texts(v)),
        "says": _TEXT,
        "competence": _TEXT,
        "independence": _TEXT,
        "hours": _MAYBE,
        "by": _TEXT,
    },
    "dissent": {"element": _TEXT, "digest": _DIGEST, "says": _TEXT, "by": _TEXT},
    "override": {
        "element": _TEXT,
        "digest": _DIGEST,
        "clauses": _Field(is_a="a list of texts", test=_texts),
        "authority": _TEXT,
        "reason": _TEXT,
        "by": _TEXT,
        "expires": _Field(is_a="a UTC time", test=is_instant),
        "policy": _Field(is_a="a SHA-256 in hex", test=is_digest, required=False),
    },
    "note": {},
    "shot": {
        "shot": _TEXT,
        "item": _TEXT,
        "by": _TEXT,
        "approach": _TEXT,
        "family": _Field(is_a="a text or null", test=_text_or_null),
        "cost": _Field(
            is_a="a decimal of at least 0 as text, or null",
            test=lambda v: v is None or (_decimal(v) and not v.startswith("-")),
        ),
    },
    "redaction": {"sha256": _DIGEST, "reason": _TEXT},
    "shot-result": {
        "shot": _TEXT,
        "outcome": _one_of(SHOT_OUTCOMES),
        "says": _TEXT,
        "artefacts": _Field(
            is_a="a mapping from a role to a SHA-256", test=_digests, required=False
        ),
    },
}
_NOTES: Final = ("redaction", "shot", "shot-result")


def noted(kind: str, body: Mapping[str, Any]) -> str:
    """The kind that says which fields a body has: that of the record, or of what a note notes.

    Shots at problems are notes that say `note: shot`, artefacts taken out on purpose notes that say
    `note: redaction`. They bear on no verdict, so a reader that
    does not know them may pass them over, as it does with every note; a kind of their own would
    stop it.
    """
    name = body.get("note")
    return name if kind == "note" and isinstance(name, str) and name in _NOTES else kind


def misfits(kind: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Every way in which `body` is not a body of `kind`, as clauses that follow its name."""
    wrong: list[str] = []
    for key, expected in _BODIES.get(noted(kind, body), {}).items():
        if key not in body:
            if expected.required:
                wrong.append(f"has no `{key}`")
        elif not expected.test(body[key]):
            wrong.append(f"has a `{key}` that is not {expected.is_a}")
    if not wrong:
        wrong += _contradictions(kind, body)
    return tuple(wrong)


def _contradictions(kind: str, body: Mapping[str, Any]) -> list[str]:
    """What is wrong between the fields of a body that are right each by itself."""
    if kind == "key" and public_key(body) is None:
        return ["has a `public_key` that is not the key it names"]
    if kind == "key":
        first, last = body.get("not_before"), body.get("not_after")
        if first is not None and last is not None and first > last:
            return [f"has a `not_after` ({last}) before its `not_before` ({first})"]
    if kind == "waiver" and folded(body["author"]) == folded(body["reviewer"]):
        return [f"is reviewed by its author, {body['author']}: somebody else has to"]
    if kind == "signal" and body["since"] > body["until"]:
        return [f"has an `until` ({body['until']}) before its `since` ({body['since']})"]
    if kind == "sign-off" and (body["verdict"] == "accept-with-conditions") != bool(
        body["conditions"]
    ):
        return [
            "accepts with conditions and states none"
            if not body["conditions"]
            else f"states conditions and says {body['verdict']}, not accept-with-conditions"
        ]
    if kind == "event" and body["event"] == "key-revoked" and set(body["about"]) != {"keyid"}:
        return ["revokes a key without saying, by `keyid` alone, which one"]
    return []


def public_key(body: Mapping[str, Any]) -> bytes | None:
    """The 32 raw bytes that a `key` body introduces; None if they are no strong key, or another."""
    try:
        key = unbase64(body["public_key"])
    except ValueError:
        return None
    return key if is_strong(key) and keyid_of(key) == body["keyid"] else None


@dataclass(slots=True, kw_only=True)
class Order:
    """Which registrations, attempts and shots exist so far; asked before each record, told after.

    A registration comes before its attempts, an attempt starts once and ends at most once, by
    whoever knows the token of its start; a retry names an ended attempt of its registration. A
    shot is named once and has at most one result. A resolution is about an alarm. A challenge is
    raised once; responses and rulings are about one, and it is answered by a response before.
    """

    registrations: set[int] = field(default_factory=set)
    started: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str | None] = field(default_factory=dict)
    belongs: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    shots: dict[str, int] = field(default_factory=dict)
    results: dict[str, int] = field(default_factory=dict)
    alarms: set[int] = field(default_factory=set)
    challenges: dict[str, int] = field(default_factory=dict)
    responded: set[str] = field(default_factory=set)

    def refusals(self, kind: str, body: Mapping[str, Any]) -> tuple[str, ...]:
        """Why a record of `kind` with `body` may not come next; empty if it may."""
        wrong = misfits(kind, body)
        if wrong:
            return wrong
        if kind == "attempt-start":
            return self._start(body["attempt"], body["registration"], body.get("retry_of"))
        if kind == "attempt-end":
            return self._end(body["attempt"], body.get("token"))
        if kind == "resolution" and body["signal"] not in self.alarms:
            return (f"resolves record {body['signal']}, no alarm before it",)
        if kind in ("challenge", "response", "ruling"):
            return self._review(kind, body)
        which = noted(kind, body)
        if which == "shot" and body["shot"] in self.shots:
            return (f"names shot {body['shot']} again, after record {self.shots[body['shot']]}",)
        return self._result(body["shot"]) if which == "shot-result" else ()

    def take(self, seq: int, kind: str, body: Mapping[str, Any]) -> None:
        """Remember an accepted record."""
        if kind == "registration":
            self.registrations.add(seq)
        elif kind == "attempt-start":
            self.started[body["attempt"]] = seq
            self.tokens[body["attempt"]] = body.get("token")
            self.belongs[body["attempt"]] = body["registration"]
        elif kind == "attempt-end":
            self.ended[body["attempt"]] = seq
        elif kind == "signal" and body["state"] == "alarm":
            self.alarms.add(seq)
        elif kind == "challenge":
            self.challenges[body["challenge"]] = seq
        elif kind == "response":
            self.responded.add(body["challenge"])
        elif noted(kind, body) == "shot":
            self.shots[body["shot"]] = seq
        elif noted(kind, body) == "shot-result":
            self.results[body["shot"]] = seq

    @property
    def running(self) -> Mapping[str, int]:
        """The attempts that have started and not ended, with the sequence number of the start."""
        return {name: seq for name, seq in self.started.items() if name not in self.ended}

    def _start(self, attempt: str, registration: int, retry_of: str | None) -> tuple[str, ...]:
        wrong = []
        if registration not in self.registrations:
            wrong.append(f"starts an attempt at record {registration}, no registration before it")
        if attempt in self.started:
            wrong.append(f"starts attempt {attempt} again, after record {self.started[attempt]}")
        if retry_of is not None:
            if retry_of not in self.ended:
                wrong.append(f"repeats attempt {retry_of}, which has not ended")
            elif self.belongs[retry_of] != registration:
                wrong.append(
                    f"repeats attempt {retry_of} of another registration, "
                    f"record {self.belongs[retry_of]}"
                )
        return tuple(wrong)

    def _end(self, attempt: str, token: str | None) -> tuple[str, ...]:
        if attempt not in self.started:
            return (f"ends attempt {attempt}, which never started",)
        if attempt in self.ended:
            return (f"ends attempt {attempt} again, after record {self.ended[attempt]}",)
        expected = self.tokens[attempt]
        if expected is not None and token != expected:
            return (f"ends attempt {attempt} without the token of its start",)
        return ()

    def _review(self, kind: str, body: Mapping[str, Any]) -> tuple[str, ...]:
        name = body["challenge"]
        if kind == "challenge":
            raised = self.challenges.get(name)
            return () if raised is None else (f"raises {name} again, after record {raised}",)
        if name not in self.challenges:
            return (f"is about challenge {name}, which nobody raised",)
        if kind == "ruling" and body["outcome"] == "answered" and name not in self.responded:
            return (f"calls challenge {name} answered, and nobody responded to it",)
        return ()

    def _result(self, shot: str) -> tuple[str, ...]:
        if shot not in self.shots:
            return (f"gives a result of shot {shot}, which nobody recorded",)
        if shot in self.results:
            return (f"gives a second result of shot {shot}, after record {self.results[shot]}",)
        return ()
