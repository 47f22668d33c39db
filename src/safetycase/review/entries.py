"""What a reviewer has to say, as the body of a record; what makes no sense is refused.

The command line and the server write the same bodies. Nothing is signed here, and the rules of the
record (`ledger.trust`) decide in the end whose key may say what.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from safetycase.argument.findings import did_you_mean
from safetycase.assess.records import Assessment
from safetycase.assess.reviewed import Challenged
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
from safetycase.ledger.record import stamp
from safetycase.ledger.vocabulary import RULINGS, SEVERITIES, VERDICTS

__all__ = [
    "Entry",
    "ReviewRefused",
    "challenge",
    "dissent",
    "next_id",
    "override",
    "respond",
    "resolve",
    "sign",
    "with_entry",
]

MOST: Final = 20_000
"""The longest text that is taken, in characters: a record is read whole by every reader."""


class ReviewRefused(ValueError):
    """What somebody wants to record makes no sense; the message says why, and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record to be signed: its kind and its body."""

    kind: str
    body: Mapping[str, Any]


def challenge(
    assessment: Assessment,
    history: History,
    *,
    against: str,
    severity: str,
    says: str,
    by: str,
    name: str | None = None,
) -> Entry:
    """Raise a doubt against an element, a step (`X.by`) or a doubt; `name` is its id, if given."""
    target = element_of(assessment, against)
    taken = {c.id for c in history.challenges}
    if name is None:
        name = next_id(assessment, history)
    elif not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", name):
        raise ReviewRefused(f"`{name}` is no id: an id is letters and digits joined by hyphens")
    elif name in taken:
        raise ReviewRefused(f"there is a challenge {name} already, and an id is never used again")
    elif name in assessment.states:
        raise ReviewRefused(f"the case has an element {name} already; choose another id")
    return Entry(
        kind="challenge",
        body={
            "challenge": name,
            "against": target,
            "digest": _digest(assessment, target),
            "severity": _word(severity, SEVERITIES, "severity"),
            "says": _text(says, "what the challenge says"),
            "by": _text(by, "the name of who raises it"),
        },
    )


def next_id(assessment: Assessment, history: History) -> str:
    """The next free id of a challenge: `C1`, `C2`, and so on."""
    taken = {c.id for c in history.challenges} | assessment.states.keys()
    number = len(history.challenges) + 1
    while f"C{number}" in taken:
        number += 1
    return f"C{number}"


def respond(assessment: Assessment, *, name: str, says: str, by: str) -> Entry:
    """Say something to a challenge; it goes on standing until somebody else rules on it."""
    found = challenge_of(assessment, name)
    body = {
        "challenge": found.id,
        "says": _text(says, "the response"),
        "by": _text(by, "the name of who responds"),
    }
    return Entry(kind="response", body=body)


def resolve(assessment: Assessment, *, name: str, outcome: str, reason: str, by: str) -> Entry:
    """Rule that a challenge is answered, conceded or withdrawn."""
    found = challenge_of(assessment, name)
    _word(outcome, RULINGS, "outcome")
    last = next((ruled for ruled in reversed(found.rulings) if ruled.counts), None)
    if last is not None and found.standing == outcome:
        raise ReviewRefused(
            f"challenge {found.id} is {outcome} already: record {last.record} of {last.at[:10]}, "
            f"by {last.by} ({last.reason})"
        )
    if outcome == "answered" and not found.responses:
        raise ReviewRefused(
            f"nobody responded to challenge {found.id}, so nothing answers it: first "
            f"`safetycase review respond {found.id} --says TEXT`"
        )
    body = {
        "challenge": found.id,
        "outcome": outcome,
        "reason": _text(reason, "the reason"),
        "by": _text(by, "the name of who rules"),
    }
    return Entry(kind="ruling", body=body)


def sign(
    assessment: Assessment,
    *,
    element: str,
    verdict: str,
    conditions: Sequence[str],
    says: str,
    competence: str,
    independence: str,
    by: str,
    hours: str | None = None,
) -> Entry:
    """Sign off an element and all it rests on, as it is now."""
    target = _in_case(assessment, element)
    _word(verdict, VERDICTS, "verdict")
    if verdict == "accept-with-conditions" and not conditions:
        raise ReviewRefused("accept-with-conditions needs a condition: --condition TEXT")
    if verdict != "accept-with-conditions" and conditions:
        raise ReviewRefused(
            f"conditions are signed as accept-with-conditions, and not as {verdict}"
        )
    body = {
        "element": target,
        "digest": _digest(assessment, target),
        "verdict": verdict,
        "conditions": [_text(each, "a condition") for each in conditions],
        "says": _text(says, "what was found"),
        "competence": _text(competence, "the competence"),
        "independence": _text(independence, "the independence"),
        "hours": _hours(hours),
        "by": _text(by, "the name of who signs"),
    }
    return Entry(kind="sign-off", body=body)


def dissent(assessment: Assessment, *, element: str, says: str, by: str) -> Entry:
    """Disagree with an element, for ever."""
    target = _in_case(assessment, element)
    body = {
        "element": target,
        "digest": _digest(assessment, target),
        "says": _text(says, "what the dissent says"),
        "by": _text(by, "the name of who dissents"),
    }
    return Entry(kind="dissent", body=body)


def override(
    assessment: Assessment,
    *,
    element: str,
    clauses: Sequence[str],
    authority: str,
    reason: str,
    by: str,
    expires: datetime,
) -> Entry:
    """Decide against clauses of a release policy, until `expires`."""
    target = _in_case(assessment, element)
    if not clauses:
        raise ReviewRefused("an override names the clauses that it is about: --clause NAME")
    if expires <= assessment.at:
        raise ReviewRefused(f"an override until {expires:%Y-%m-%d} would be over already")
    body = {
        "element": target,
        "digest": _digest(assessment, target),
        "clauses": [_text(each, "a clause") for each in dict.fromkeys(clauses)],
        "authority": _text(authority, "the authority"),
        "reason": _text(reason, "the reason"),
        "by": _text(by, "the name of who overrides"),
        "expires": stamp(expires),
    }
    return Entry(kind="override", body=body)


_ROWS: Mapping[str, tuple[str, type[Any]]] = {
    "challenge": ("challenges", ChallengeRecord),
    "response": ("responses", ResponseRecord),
    "ruling": ("rulings", RulingRecord),
    "sign-off": ("sign_offs", SignOffRecord),
    "dissent": ("dissents", DissentRecord),
    "override": ("overrides", OverrideRecord),
}


def with_entry(history: History, entry: Entry, *, seq: int, at: str, keyid: str) -> History:
    """The history with the entry signed by a key as record `seq` at the time `at`."""
    field, row = _ROWS[entry.kind]
    body = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.body.items()}
    if entry.kind == "challenge":
        body["id"] = body.pop("challenge")
    new = row(seq=seq, at=at, keyid=keyid, **body)
    return replace(history, **{field: (*getattr(history, field), new)})


def element_of(assessment: Assessment, name: str) -> str:
    """The id that `name` means: an element, a step, or a doubt that a measurement raised.

    Raises `ReviewRefused` for what is none, and for what has a way of its own to be answered.
    """
    raised = assessment.review.doubt(name)
    if raised is not None or any(c.id == name for c in assessment.review.challenges):
        which = raised.id if raised else name
        raise ReviewRefused(
            f"{name} is a challenge itself: `safetycase review respond {which} --says TEXT` says "
            "something to it"
        )
    if name in assessment.challenges and name not in assessment.case.elements:
        records = ", ".join(map(str, assessment.challenges[name].alarms[:8]))
        raise ReviewRefused(
            f"{name} is the doubt that an alarm raises (record {records}); a reviewer says what "
            "the alarm was: `safetycase record resolve`"
        )
    if name in assessment.states:
        return name
    return _in_case(assessment, name)


def _in_case(assessment: Assessment, name: str) -> str:
    found = target_of(assessment.case, name)
    if found is not None and (found == name or name.endswith(".by")):
        return found
    hint = did_you_mean(name, assessment.case.elements)
    raise ReviewRefused(f"the case has no element `{name}`" + (f"; {hint}" if hint else ""))


def challenge_of(assessment: Assessment, name: str) -> Challenged:
    """The challenge with this id; `ReviewRefused` if there is none."""
    found = {c.id: c for c in assessment.review.challenges}
    if name in found:
        return found[name]
    hint = did_you_mean(name, found) or (
        "`safetycase review list` lists them" if found else "nobody challenged this case"
    )
    raise ReviewRefused(f"there is no challenge `{name}`; {hint}")


def _digest(assessment: Assessment, name: str) -> str:
    return scope_digest(assessment.case, name)


def _word(word: str, words: Collection[str], what: str) -> str:
    if word not in words:
        raise ReviewRefused(f"`{word}` is no {what}: it is one of {', '.join(words)}")
    return word


def _text(text: str, what: str) -> str:
    if not text.strip():
        raise ReviewRefused(f"{what} is empty")
    if len(text) > MOST:
        raise ReviewRefused(
            f"{what} is {len(text):,} characters long, and a record takes {MOST:,}: sum it up, and "
            "say where the rest is"
        )
    return text


def _hours(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ReviewRefused(f"`{text}` is no number of hours") from None
    if not found.is_finite() or not 0 <= found < 100_000:
        raise ReviewRefused(f"`{text}` is no number of hours")
    return format(found.normalize(), "f")
