"""The history of a record, ready to be asked by leaf: read once, whatever the number of leaves."""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from safetycase.ledger.attempts import terms_of
from safetycase.ledger.fold import (
    AttemptRecord,
    ControlsEntry,
    EventRecord,
    History,
    Registration,
    WaiverRecord,
)

__all__ = ["Indexed", "Standing", "standing_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a leaf has in the record.

    `latest` is its last registration that counts, `tried` all its attempts, `pooled` the
    completed ones of `latest` that its plan allows, in the order of the record.
    """

    registrations: Sequence[Registration]
    latest: Registration | None
    tried: Sequence[AttemptRecord]
    pooled: Sequence[AttemptRecord]


class Indexed:
    """Registrations, attempts, controls, events and waivers by what they are looked up by."""

    def __init__(self, history: History, known: Collection[str] | None = None) -> None:
        """`known` are the elements of the case; without them no run counts as left behind."""
        self.history = history
        self.by_seq: dict[int, Registration] = {r.seq: r for r in history.registrations}
        self.by_evidence: dict[str, list[Registration]] = {}
        self.by_claim: dict[str, list[Registration]] = {}
        for registration in history.registrations:
            self.by_evidence.setdefault(registration.evidence, []).append(registration)
            self.by_claim.setdefault(registration.claim, []).append(registration)
        self.attempts: dict[int, list[AttemptRecord]] = {}
        for attempt in history.attempts:
            self.attempts.setdefault(attempt.registration, []).append(attempt)
        self.controls: dict[tuple[str, str], ControlsEntry] = {
            (c.method, c.code_digest): c for c in history.controls if c.planted
        }
        self._looked: dict[tuple[str, ...], list[int]] = {}
        self._refuting: dict[tuple[str, ...], list[Registration]] = {}
        self.waivers: dict[str, list[WaiverRecord]] = {}
        for waiver in history.waivers:
            self.waivers.setdefault(waiver.evidence, []).append(waiver)
        self._left = _left_behind(history.registrations, known)
        self._standings: dict[str, Standing] = {}
        # A revoked key speaks of whole records, which whoever folds the record leaves out.
        self.events: tuple[EventRecord, ...] = tuple(
            e for e in history.events if e.event != "key-revoked"
        )

    def standing(self, evidence: str) -> Standing:
        """What `evidence` has in the record."""
        found = self._standings.get(evidence)
        if found is None:
            found = standing_of(self.by_evidence.get(evidence, ()), self.attempts)
            self._standings[evidence] = found
        return found

    def looked_before(self, claim: str, evidence: str, seq: int) -> int:
        """How many registrations of a claim before record `seq` have a completed attempt.

        Of the claim are also those of `evidence`, which bears on it now, and of every claim that
        `evidence` was registered for: a claim with another name is not a claim nobody tried. Nor is
        one that has another name together with its evidence, if the same is run.
        """
        claims = self._claims(claim, evidence)
        found = self._looked.get(claims)
        if found is None:
            found = self._looked[claims] = [
                r.seq
                for r in self._registered(claims)
                if not r.exploratory
                and any(a.outcome == "completed" for a in self.attempts.get(r.seq, ()))
            ]
        return bisect.bisect_left(found, seq)

    def refuting(
        self,
        claim: str,
        evidence: str,
        refutes: Callable[[Registration, Sequence[AttemptRecord]], bool],
    ) -> Sequence[Registration]:
        """The registrations of a claim whose completed attempts refute it, by `refutes`.

        Of the claim are those that `looked_before` counts. Asked once for leaves with the same.
        """
        claims = self._claims(claim, evidence)
        found = self._refuting.get(claims)
        if found is None:
            found = self._refuting[claims] = [
                r
                for r in self._registered(claims)
                if not r.exploratory and refutes(r, self.attempts.get(r.seq, ()))
            ]
        return found

    def _claims(self, claim: str, evidence: str) -> tuple[str, ...]:
        """The claim, and those that the evidence was registered for, by any name, each once."""
        own = self.by_evidence.get(evidence, ())
        found = dict.fromkeys((claim, *(r.claim for r in own)))
        if self._left:
            for registration in own:
                found |= dict.fromkeys(self._left.get(_test_of(registration), ()))
        return tuple(found)

    def _registered(self, claims: tuple[str, ...]) -> Sequence[Registration]:
        """The registrations of some claims, in the order of the record."""
        if len(claims) == 1:
            return self.by_claim.get(claims[0], ())
        every = (r for claim in claims for r in self.by_claim.get(claim, ()))
        return sorted(every, key=lambda r: r.seq)


def _left_behind(
    registrations: Iterable[Registration], known: Collection[str] | None
) -> Mapping[str, Sequence[str]]:
    """The claims that the case has no more, nor the evidence for them, by what was run for them."""
    found: dict[str, list[str]] = {}
    for each in registrations if known is not None else ():
        if known is not None and each.claim not in known and each.evidence not in known:
            found.setdefault(_test_of(each), []).append(each.claim)
    return found


def _test_of(registration: Registration) -> str:
    """What a registration runs, whatever it is called: method, parameters, files, what is read.

    Content of files and versions are left out: it is the same test with them mended.
    """
    instrument = registration.recipe.get("instrument")
    named = instrument if isinstance(instrument, Mapping) else {}
    files = named.get("files")
    told = (
        named.get("method"),
        named.get("parameters"),
        sorted(files) if isinstance(files, Mapping) else None,
        sorted(registration.body.get("reads", {}).values()),
        registration.recipe.get("subject"),
    )
    return json.dumps(told, sort_keys=True, default=str)


def standing_of(
    registrations: Sequence[Registration], attempts: Mapping[int, Sequence[AttemptRecord]]
) -> Standing:
    """The standing of a leaf from its registrations, in the order of the record."""
    tried: Sequence[AttemptRecord]
    if len(registrations) == 1:
        only = registrations[0]
        latest, tried = None if only.exploratory else only, attempts.get(only.seq, ())
    else:
        latest = next((r for r in reversed(registrations) if not r.exploratory), None)
        tried = sorted(
            (a for r in registrations for a in attempts.get(r.seq, ())), key=lambda a: a.start_seq
        )
    pooled = _pooled(latest, attempts.get(latest.seq, ())) if latest else ()
    return Standing(registrations=registrations, latest=latest, tried=tried, pooled=pooled)


def _pooled(latest: Registration, tried: Iterable[AttemptRecord]) -> Sequence[AttemptRecord]:
    """The completed attempts that count: the first of the registered number, in order."""
    done = [a for a in tried if a.outcome == "completed" and a.measurement]
    return done[: terms_of(latest).attempts]
