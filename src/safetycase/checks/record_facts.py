"""What the record says of each evidence, as far as the review rules ask: plain frozen data.

`facts_of` fills it from the verified record; `read_record_facts` reads the same data from JSON,
strictly, so that a rule can be shown on a made-up record.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from safetycase.ledger.canonical import digest
from safetycase.ledger.fold import AttemptRecord, History, Registration
from safetycase.ledger.recipe import Recipe
from safetycase.plugin.parameters import bind
from safetycase.plugin.wire import controls_of, quantities_of
from safetycase.stats import Interval, clopper_pearson, sample_size

__all__ = [
    "EvidenceFacts",
    "PlantedFacts",
    "RecordFacts",
    "RecordFactsError",
    "RegisteredFacts",
    "RunFacts",
    "facts_of",
    "read_record_facts",
]

MAX_CHARACTERS = 16 * 1024 * 1024
LEVEL = 0.95
Outcome = Literal["supports", "refutes", "inconclusive"]


class RecordFactsError(ValueError):
    """The text is not a record's facts; the message says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredFacts:
    """One registration. `basis` is a digest of the system, the method and the data it is for.

    A registration for another system or for fresh items has another basis: a threshold may be
    chosen anew there.
    """

    seq: int
    at: str
    claim: str
    criterion: str
    basis: str
    exploratory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """One attempt; `registration` is the sequence number of its registration."""

    registration: int
    started_at: str
    end_seq: int | None = None
    ended_at: str | None = None
    outcome: Literal["completed", "failed", "aborted", "lost", "running"] = "running"

    def __post_init__(self) -> None:
        if self.outcome == "completed" and (self.end_seq is None or self.ended_at is None):
            raise ValueError("a completed run has `end_seq` and `ended_at`")
        if self.ended_at is not None:
            date.fromisoformat(self.ended_at[:10])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedFacts:
    """How often the claim passed on planted subjects for which it is false, and true.

    Each side of the two intervals is one-sided at 95 % (Clopper & Pearson 1934); without runs it
    is [0, 1].
    """

    false_passes: int
    false_runs: int
    true_passes: int
    true_runs: int

    def __post_init__(self) -> None:
        for passes, runs in (
            (self.false_passes, self.false_runs),
            (self.true_passes, self.true_runs),
        ):
            if not 0 <= passes <= runs:
                raise ValueError(f"{passes} passes of {runs} runs")

    @property
    def p_pass_if_false(self) -> Interval:
        """P(pass | claim false)."""
        return _rate(self.false_passes, self.false_runs)

    @property
    def p_pass_if_true(self) -> Interval:
        """P(pass | claim true)."""
        return _rate(self.true_passes, self.true_runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFacts:
    """What the record says of one evidence id, in the order of the record.

    `n` counts the items of the latest completed counted run, `outcome` is the leaf's present
    one, `basis_now` the basis a run today would have (empty where it cannot be known), and
    `invalidated` says why its instrument version no longer counts (empty: it does).
    """

    registered: tuple[RegisteredFacts, ...] = ()
    runs: tuple[RunFacts, ...] = ()
    method_version: str = ""
    controls: PlantedFacts | None = None
    n: int | None = None
    outcome: Outcome | None = None
    basis_now: str = ""
    invalidated: str = ""

    @property
    def registered_at(self) -> str | None:
        """When the criterion was first registered for a run that counts."""
        return next((r.at for r in self.registered if not r.exploratory), None)

    @property
    def first_result_at(self) -> str | None:
        """When the first run ended with a result, exploratory or not."""
        return next((r.ended_at for r in self.runs if r.outcome == "completed"), None)

    @property
    def last_run_at(self) -> str | None:
        """When the last run that counts ended with a result."""
        return next(
            (r.ended_at for r in reversed(self.counted) if r.outcome == "completed"),
            None,
        )

    @property
    def counted(self) -> tuple[RunFacts, ...]:
        """The runs of registrations that count."""
        loose = {r.seq for r in self.registered if r.exploratory}
        return tuple(r for r in self.runs if r.registration not in loose)

    @property
    def exploratory_runs(self) -> int:
        """How many exploratory runs ended with a result."""
        counted = sum(r.outcome == "completed" for r in self.counted)
        return self.attempts["completed"] - counted

    @property
    def attempts(self) -> Counter[str]:
        """Attempts by outcome, exploratory ones included."""
        return Counter(r.outcome for r in self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFacts:
    """The record of a case on the day `as_of` (YYYY-MM-DD), by evidence id.

    Evidence that the case no longer holds is here too.
    """

    as_of: str
    evidence: Mapping[str, EvidenceFacts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        date.fromisoformat(self.as_of)

    @property
    def day(self) -> date:
        """The day as a date."""
        return date.fromisoformat(self.as_of)


def read_record_facts(text: str) -> RecordFacts:
    """The facts in a JSON text; `RecordFactsError` for anything unknown, doubled or misshapen."""
    if len(text) > MAX_CHARACTERS:
        raise RecordFactsError(f"longer than {MAX_CHARACTERS} characters")
    try:
        values = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise RecordFactsError(f"not JSON: {reason}") from None
    if not isinstance(values, dict):
        raise RecordFactsError("the text is not a mapping")
    bound = bind(RecordFacts, values)
    if bound.mismatches:
        first = bound.mismatches[0]
        where = ".".join(first.path)
        raise RecordFactsError(f"{where}: {first.message}" if where else first.message)
    facts: RecordFacts = bound.value
    return facts


def facts_of(
    history: History,
    *,
    as_of: date,
    recipes: Mapping[str, Recipe | None] | None = None,
    outcomes: Mapping[str, Outcome | None] | None = None,
    invalidated: Mapping[str, str] | None = None,
) -> RecordFacts:
    """What `history` says of every evidence it names.

    `recipes` are the current ones by evidence id (None: cannot be read), `outcomes` those of an
    assessment, `invalidated` the reasons why an instrument no longer counts.
    """
    recipes, outcomes, invalidated = recipes or {}, outcomes or {}, invalidated or {}
    registrations: dict[str, list[Registration]] = {}
    for registration in history.registrations:
        registrations.setdefault(registration.evidence, []).append(registration)
    attempts: dict[int, list[AttemptRecord]] = {}
    for attempt in history.attempts:
        attempts.setdefault(attempt.registration, []).append(attempt)
    planted = _planted(history)
    found = {}
    for name in dict.fromkeys((*registrations, *recipes)):
        recipe, mine = recipes.get(name), registrations.get(name, [])
        tried = sorted(
            (a for r in mine for a in attempts.get(r.seq, ())), key=lambda a: a.start_seq
        )
        now = recipe.groups if recipe else (mine[-1].recipe if mine else {})
        instrument = _group(now, "instrument")
        found[name] = EvidenceFacts(
            registered=tuple(_registered(r) for r in mine),
            runs=tuple(_run(a) for a in tried),
            method_version=_version(mine),
            controls=planted.get(
                (str(instrument.get("method")), str(instrument.get("method_code")))
            ),
            n=_size(mine, tried),
            outcome=outcomes.get(name),
            basis_now=_basis(recipe.groups) if recipe else "",
            invalidated=invalidated.get(name, ""),
        )
    return RecordFacts(as_of=as_of.isoformat(), evidence=found)


def _rate(passes: int, runs: int) -> Interval:
    return clopper_pearson(passes, runs, alpha_low=1 - LEVEL, alpha_high=1 - LEVEL)


def _group(groups: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """One group of a recipe; a record may hold any mapping for one."""
    found = groups.get(name)
    return found if isinstance(found, Mapping) else {}


def _basis(groups: Mapping[str, Any]) -> str:
    instrument = _group(groups, "instrument")
    kept = {
        "subject": _group(groups, "subject"),
        "method": instrument.get("method", ""),
        "files": instrument.get("files", {}),
    }
    return digest(kept, domain="safetycase basis v1")


def _registered(registration: Registration) -> RegisteredFacts:
    return RegisteredFacts(
        seq=registration.seq,
        at=registration.at,
        claim=registration.claim,
        criterion=registration.criterion,
        basis=_basis(registration.recipe),
        exploratory=registration.exploratory,
    )


def _run(attempt: AttemptRecord) -> RunFacts:
    return RunFacts(
        registration=attempt.registration,
        started_at=attempt.started_at,
        end_seq=attempt.end_seq,
        ended_at=attempt.ended_at,
        outcome=attempt.state,
    )


def _version(mine: list[Registration]) -> str:
    latest = next((r for r in reversed(mine) if not r.exploratory), None)
    return str(_group(latest.recipe, "instrument").get("method_version", "")) if latest else ""


def _size(mine: list[Registration], tried: list[AttemptRecord]) -> int | None:
    counted = {r.seq for r in mine if not r.exploratory}
    for attempt in reversed(tried):
        if attempt.registration in counted and attempt.measurement:
            try:
                sizes = [sample_size(s).items for s in quantities_of(attempt.measurement).values()]
            except (KeyError, ValueError, TypeError):
                return None
            return min((size for size in sizes if size), default=None)
    return None


def _planted(history: History) -> Mapping[tuple[str, str], PlantedFacts]:
    """The latest planted controls by (method, digest of its code)."""
    found = {}
    for entry in history.controls:
        try:
            controls = controls_of(entry.body)
            false, true = (controls.counts(claim_is_true=truth) for truth in (False, True))
            found[(entry.method, entry.code_digest)] = PlantedFacts(
                false_passes=false[0],
                false_runs=false[1],
                true_passes=true[0],
                true_runs=true[1],
            )
        except (KeyError, ValueError, TypeError):
            continue
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"`{word}` is no number")
