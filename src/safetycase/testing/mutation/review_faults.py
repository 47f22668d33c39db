"""Faults in review: a challenge that is left open, talked away, or argued away in the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from safetycase.argument.model import Argument, Claim, Evidence
from safetycase.ledger import RecordRefused, SigningKey
from safetycase.ledger.record import stamp
from safetycase.testing.mutation.asif import key_of
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.records import Mutation, Plant
from safetycase.testing.mutation.tampering import append, append_past

__all__ = ["REVIEW"]

NAME = "PLANTED"
Entry = tuple[str, dict[str, Any]]


def _targets(ground: Ground) -> Iterator[str]:
    """A claim, a step and a leaf that have support."""
    for kind in (Claim, Argument, Evidence):
        for name, element in ground.case.elements.items():
            if isinstance(element, kind) and ground.supported(name) and name != ground.case.root:
                yield name
                break


def _challenge(target: str) -> Entry:
    return "challenge", {
        "challenge": NAME,
        "against": target,
        "digest": hashlib.sha256(target.encode()).hexdigest(),
        "severity": "critical",
        "says": "This does not hold.",
        "by": "a reviewer",
    }


def _ruling(outcome: str) -> Entry:
    said = {"challenge": NAME, "outcome": outcome, "reason": "So it is.", "by": "as-if"}
    return "ruling", said


def _response() -> Entry:
    return "response", {"challenge": NAME, "says": "It does hold.", "by": "as-if"}


def _said(folder: Path, ground: Ground, entries: Sequence[tuple[SigningKey, Entry]]) -> None:
    """Add records, past the writer where it refuses them, as somebody with the key would."""
    at = stamp(ground.now)
    for key, (kind, body) in entries:
        try:
            append(folder, key, [(kind, body, at)])
        except RecordRefused:
            append_past(folder, key, kind, body, at)


def _plants(
    ground: Ground, says: str, entries: Sequence[tuple[SigningKey, Entry]], target: str
) -> Plant:
    def spoil(folder: Path) -> None:
        _said(folder, ground, entries)

    return Plant(about=target, says=says, broken=frozenset((target,)), spoil=spoil)


def _open(ground: Ground) -> Iterator[Plant]:
    for target in _targets(ground):
        entries = [(ground.key, _challenge(target))]
        yield _plants(ground, f"a critical challenge against {target} is open", entries, target)


def _conceded(ground: Ground) -> Iterator[Plant]:
    for target in _targets(ground):
        entries = [(ground.key, _challenge(target)), (ground.key, _ruling("conceded"))]
        says = f"a critical challenge against {target} is conceded"
        yield _plants(ground, says, entries, target)


def _own_answer(ground: Ground) -> Iterator[Plant]:
    for target in _targets(ground):
        entries = [
            (ground.key, _challenge(target)),
            (ground.key, _response()),
            (ground.key, _ruling("answered")),
        ]
        says = f"the author calls a challenge against {target} answered by the author"
        yield _plants(ground, says, entries, target)


def _withdrawn(ground: Ground) -> Iterator[Plant]:
    for target in _targets(ground):
        entries = [(key_of("a reviewer"), _challenge(target)), (ground.key, _ruling("withdrawn"))]
        says = f"the author withdraws a challenge that somebody else raised against {target}"
        yield _plants(ground, says, entries, target)


def _argued_away(ground: Ground) -> Iterator[Plant]:
    """The file no longer has what the challenge is against."""
    for element in ground.case.elements.values():
        step = ground.case.elements.get(getattr(element, "by", None) or "")
        premises = ground.draft.at(step.id, "premises") if isinstance(step, Argument) else None
        entries = list(ground.draft.entries(premises))
        if not isinstance(step, Argument) or len(entries) != len(step.premises) or len(entries) < 2:
            continue
        for premise, site in zip(step.premises, entries, strict=True):
            challenged = ground.case.elements[premise]
            inside = not site.word  # written in its place, so that it goes with the premise
            if not isinstance(challenged, Claim) or not inside or not ground.supported(premise):
                continue
            said = [(ground.key, _challenge(premise))]

            def spoil(folder: Path, said: Any = said) -> None:
                _said(folder, ground, said)

            yield Plant(
                about=premise,
                says=f"{premise} is challenged, and then taken out of the case with all below it",
                broken=frozenset((ground.case.root,)),
                texts=ground.draft.drop(site),
                spoil=spoil,
            )
            break


def _mutation(name: str, plants: str, must: str, sites: Any) -> Mutation:
    return Mutation(name=name, group="review", kind="breaks", plants=plants, must=must, sites=sites)


REVIEW: tuple[Mutation, ...] = (
    _mutation(
        "open-challenge",
        "A reviewer challenges a claim, a step or a leaf, and nobody answers.",
        "It is contested, and all that needs it loses its support.",
        _open,
    ),
    _mutation(
        "conceded-challenge",
        "A challenge is conceded, and nothing else happens.",
        "What it is against stays contested.",
        _conceded,
    ),
    _mutation(
        "own-answer",
        "The author calls a challenge answered, by the author's own response.",
        "The ruling counts for nothing.",
        _own_answer,
    ),
    _mutation(
        "withdrawn-by-another",
        "The author withdraws a challenge that somebody else raised.",
        "The ruling counts for nothing.",
        _withdrawn,
    ),
    _mutation(
        "argue-away-challenge",
        "What was challenged is taken out of the file.",
        "The challenge bears on what that was for, in the end on the root.",
        _argued_away,
    ),
)
