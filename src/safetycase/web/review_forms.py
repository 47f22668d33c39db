"""The forms of a review: their fields, and the entry for the record that a filled one makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from safetycase.assess.records import Assessment
from safetycase.ledger import History
from safetycase.ledger.vocabulary import RULINGS, SEVERITIES, VERDICTS
from safetycase.review import entries
from safetycase.review.entries import Entry, ReviewRefused
from safetycase.web.forms import Fields

__all__ = ["FORMS", "Field", "Form", "entry_of"]

Shape = Literal["line", "text", "lines", "word", "date"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: `words` are those that it takes, each with what it means."""

    name: str
    label: str
    shape: Shape = "text"
    hint: str = ""
    words: Mapping[str, str] = ()  # type: ignore[assignment]
    needed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form. `about` is what its address names with `on`: an element, or a challenge."""

    title: str
    about: Literal["element", "challenge"]
    says: str
    fields: tuple[Field, ...]


_SAYS = Field(name="says", label="What you say", hint="In a sentence or a few.")
FORMS: Final[Mapping[str, Form]] = {
    "challenge": Form(
        title="Challenge",
        about="element",
        says="A major or critical challenge contests the element until somebody else rules that it "
        "is answered; nothing in the case file answers it.",
        fields=(
            Field(name="severity", label="How grave it is", shape="word", words=SEVERITIES),
            _SAYS,
        ),
    ),
    "respond": Form(
        title="Respond",
        about="challenge",
        says="A response ends nothing: the challenge stands until somebody else rules on it.",
        fields=(_SAYS,),
    ),
    "resolve": Form(
        title="Rule on",
        about="challenge",
        says="A later ruling replaces an earlier one, and all of them stay in the record.",
        fields=(
            Field(name="outcome", label="What became of it", shape="word", words=RULINGS),
            Field(name="reason", label="Why"),
        ),
    ),
    "sign": Form(
        title="Sign",
        about="element",
        says="You sign the element and all it rests on, as it is now. After any change there it "
        "shows as signed in an earlier version, and counts no longer.",
        fields=(
            Field(name="verdict", label="Your judgement", shape="word", words=VERDICTS),
            Field(
                name="conditions",
                label="Conditions",
                shape="lines",
                hint="One a line; for an acceptance with conditions.",
                needed=False,
            ),
            Field(name="says", label="What you found"),
            Field(name="competence", label="What makes you able to judge it", shape="line"),
            Field(name="independence", label="How you relate to those who made it", shape="line"),
            Field(
                name="hours", label="Hours you looked at it", shape="line",
                hint="Such as 3 or 1.5.", needed=False,
            ),
        ),
    ),
    "dissent": Form(
        title="Dissent from",
        about="element",
        says="A dissent is shown beside the conclusion in every report. Nothing takes it back.",
        fields=(Field(name="says", label="What you disagree with, and why"),),
    ),
    "override": Form(
        title="Override a policy for",
        about="element",
        says="An override changes no status. It decides by name, until a date, against clauses of "
        "the release policy, and ends with any change of what it is about.",
        fields=(
            Field(name="clauses", label="Clauses of the policy", shape="lines", hint="One a line."),
            Field(name="authority", label="By what right", shape="line"),
            Field(name="reason", label="Why"),
            Field(name="expires", label="In force until (UTC)", shape="date"),
        ),
    ),
}  # fmt: skip


def entry_of(
    verb: str, assessment: Assessment, history: History, about: str, given: Fields, by: str
) -> Entry:
    """The entry that a filled form makes; raises `ReviewRefused` with what is wrong with it."""
    return _MAKERS[verb](assessment, history, about, given, by)


def _challenge(a: Assessment, h: History, about: str, given: Fields, by: str) -> Entry:
    says, severity = given["says"], given["severity"]
    return entries.challenge(a, h, against=about, severity=severity, says=says, by=by)


def _respond(a: Assessment, _: History, about: str, given: Fields, by: str) -> Entry:
    return entries.respond(a, name=about, says=given["says"], by=by)


def _resolve(a: Assessment, _: History, about: str, given: Fields, by: str) -> Entry:
    outcome, reason = given["outcome"], given["reason"]
    return entries.resolve(a, name=about, outcome=outcome, reason=reason, by=by)


def _sign(a: Assessment, _: History, about: str, given: Fields, by: str) -> Entry:
    return entries.sign(
        a,
        element=about,
        verdict=given["verdict"],
        conditions=_lines(given["conditions"]),
        says=given["says"],
        competence=given["competence"],
        independence=given["independence"],
        by=by,
        hours=given["hours"] or None,
    )


def _dissent(a: Assessment, _: History, about: str, given: Fields, by: str) -> Entry:
    return entries.dissent(a, element=about, says=given["says"], by=by)


def _override(a: Assessment, _: History, about: str, given: Fields, by: str) -> Entry:
    try:
        expires = datetime.fromisoformat(given["expires"])
    except ValueError:
        raise ReviewRefused(f"`{given['expires']}` is no date; write 2026-11-23") from None
    return entries.override(
        a,
        element=about,
        clauses=_lines(given["clauses"]),
        authority=given["authority"],
        reason=given["reason"],
        by=by,
        expires=expires.replace(tzinfo=UTC) if expires.tzinfo is None else expires,
    )


_MAKERS: Final[Mapping[str, Callable[[Assessment, History, str, Fields, str], Entry]]] = {
    "challenge": _challenge,
    "respond": _respond,
    "resolve": _resolve,
    "sign": _sign,
    "dissent": _dissent,
    "override": _override,
}


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
