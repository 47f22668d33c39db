"""The assessment: the computed state of a case at one instant, as plain records.

Nothing here decides; `assess.statuses` fills these records and `report` draws them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from safetycase.argument.findings import Finding
from safetycase.argument.model import Case
from safetycase.assess.monitored import Challenge, Watched
from safetycase.assess.numbers import Numbers
from safetycase.assess.reviewed import Review
from safetycase.ledger.fold import EventRecord
from safetycase.stats import Interval

__all__ = [
    "Assessment",
    "Attempt",
    "Cause",
    "Confidence",
    "ControlsRecord",
    "Credence",
    "Freshness",
    "LeafResult",
    "QuantityResult",
    "Reason",
    "State",
    "Tally",
    "Verdict",
    "WORST_FIRST",
    "Waived",
]

Truth = Literal["true", "false", "unknown"]
SupportWord = Literal["supported", "refuted", "contested", "assumed", "open"]
FreshnessWord = Literal[
    "fresh",
    "stale",
    "expired",
    "invalidated",
    "not applicable",
    "insufficient",
    "tainted",
    "unknown",
    "never run",
]
WORST_FIRST: Final[tuple[FreshnessWord, ...]] = (
    "unknown",
    "never run",
    "invalidated",
    "tainted",
    "not applicable",
    "expired",
    "stale",
    "insufficient",
    "fresh",
)
"""The states of a leaf in the order in which one is named before another."""
Verdict = Literal["holds", "insufficient", "fails", "unknown", "not posed"]
Outcome = Literal["supports", "refutes", "inconclusive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One field that made a leaf other than fresh: what it was and what it is.

    `file` is where the field's content lives, if it is that of a file; `line` its first changed
    line (from 1), with `was` and `now` that line, once somebody looked it up. `record` is the
    number of the record that tells of it, where one does.
    """

    field: str
    was: str = ""
    now: str = ""
    file: str = ""
    line: int | None = None
    record: int | None = None

    def __str__(self) -> str:
        if self.line is not None:
            return f"{self.file}:{self.line} was `{self.was}` and is `{self.now}`"
        if self.file:
            return (
                f"{self.file} changed ({self.was[:12] or 'absent'} → {self.now[:12] or 'absent'})"
            )
        return f"{self.field} was `{self.was}` and is `{self.now}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """A signed statement of somebody other than the author that two recipes are equivalent.

    `until` is the UTC time at which it ends, `record` its sequence number.
    """

    reviewer: str
    author: str
    until: str
    reason: str
    fields: tuple[str, ...]
    record: int

    def __str__(self) -> str:
        return (
            f"equivalent by waiver of {self.reviewer} until {self.until[:10]} "
            f"({', '.join(self.fields)}): {self.reason}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How current a leaf is, with the fields or the time that made it otherwise.

    `also` are the further states that would hold without the first, `warnings` what does not make
    it less than fresh, and `waived` the waivers without which it would be.
    """

    word: FreshnessWord
    detail: str = ""
    causes: tuple[Cause, ...] = ()
    also: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    waived: tuple[Waived, ...] = ()

    def __str__(self) -> str:
        return f"{self.word} ({self.detail})" if self.detail else self.word


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One sentence of why, and the element it points to next."""

    says: str
    about: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityResult:
    """One measured quantity of a leaf at the level it is judged at.

    `interval` is one-sided at `level` on each side; `n` counts items, `clusters` independent
    units. `unit` and `safer` come from the method. `computed` says that the interval was worked
    out elsewhere, so that there is no n of its own.
    """

    name: str
    measured_as: str
    estimate: float
    interval: Interval
    level: float
    n: int
    clusters: int
    unit: str
    safer: str
    text: str
    computed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a registration, as the record tells it."""

    id: str
    seq: int
    registration: int
    evidence: str
    exploratory: bool
    started_at: str
    ended_at: str | None
    outcome: Literal["completed", "failed", "aborted", "lost", "running"]
    reason: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The attempts at one leaf, by outcome, beside what was planned and allowed.

    `registration` is the record of its latest one, which `planned` (completed attempts), `budget`
    (attempts however they end) and `outcomes` belong to; `earlier` are those at earlier ones.
    Exploratory attempts stand apart. `ordering` is how well it is shown that the criterion came
    before the result: none, self, cosigned or public.
    """

    registration: int | None
    planned: int
    budget: int
    left: int
    used_up: bool
    outcomes: Mapping[str, int]
    earlier: Mapping[str, int]
    earlier_registrations: int
    exploratory: Mapping[str, int]
    exploratory_allowed: int
    ordering: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlsRecord:
    """Planted subjects run through a method: how often a claim passes although it is false.

    Each side of the two intervals is one-sided at `level`.
    """

    method: str
    version: str
    criterion: str
    false_passes: int
    false_runs: int
    true_passes: int
    true_runs: int
    p_pass_if_false: Interval
    p_pass_if_true: Interval
    level: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Credence:
    """What a measured leaf is worth, and what lowered it.

    `confidence` is the highest level at which it passes; `attempts` the registration of its claim
    that this is; `power` how surely the method catches a planted subject whose claim is false,
    None if none is in the record; `posterior` its value under the declared prior, None if none is
    declared. `low` to `high` is the interval that the case is computed with.
    """

    confidence: float
    attempts: int
    power: float | None
    posterior: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafResult:
    """Everything the record says about one evidence, judged now.

    `valid_until` is the time after which its result no longer counts; None without a limit, or a
    result.
    """

    evidence: str
    claim: str
    method: str
    criterion: str
    level: float
    outcome: Outcome | None
    quantities: tuple[QuantityResult, ...]
    attempts: tuple[Attempt, ...]
    registrations: int
    registered_at: str | None
    ran_at: str | None
    seed: int | None
    counts: Mapping[str, int] = field(default_factory=dict)
    effort: Mapping[str, str] = field(default_factory=dict)
    instrument: tuple[tuple[str, bool, str], ...] = ()
    raised: tuple[tuple[str, str], ...] = ()
    plots: tuple[Mapping[str, object], ...] = ()
    transcripts: tuple[Mapping[str, str], ...] = ()
    diagnostics: Mapping[str, str] = field(default_factory=dict)
    artefacts: Mapping[str, str] = field(default_factory=dict)
    controls: ControlsRecord | None = None
    limits: tuple[str, ...] = ()
    recipe_digest: str | None = None
    method_version: str = ""
    planned_attempts: int = 1
    valid_until: datetime | None = None
    credence: Credence | None = None
    tally: Tally | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """Layer-1 bounds: at least `low` that the argument goes through, at most `high`.

    None in `State.confidence` means the case is not closed and gets no number.
    """

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The three channels of one element, and why.

    `truth` is what passes upward; `support` the word shown. `assumes` lists the assumptions it
    rests on, `attackers` the defeaters that stand against it.
    """

    id: str
    kind: str
    posed: Literal["ready", "not ready"]
    support: SupportWord
    residual: bool
    truth: Truth
    freshness: Freshness
    reasons: tuple[Reason, ...]
    assumes: tuple[str, ...] = ()
    attackers: tuple[str, ...] = ()
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The computed state of a case at one instant.

    `verdict` is `holds`, `insufficient` (supported below the target), `fails` (root refuted),
    `unknown` (open, contested, stale) or `not posed` (findings). `due` says of each leaf that
    should be run why; `freshness` is that of the leaves themselves. `rebound` are the parameters of
    templates that are bound otherwise than the file says, as `PARAMETER=VALUE`. `monitors` are
    those of the case and of the record by id, `challenges` the doubts that alarms raise by theirs.
    `review` is what reviewers said of the case.
    `events` are what the record says happened, in its order.
    """

    case: Case
    at: datetime
    states: Mapping[str, State]
    leaves: Mapping[str, LeafResult]
    findings: tuple[Finding, ...]
    verdict: Verdict
    headline: str
    no_number_because: tuple[str, ...]
    record_length: int
    record_head: str | None
    attempts: tuple[Attempt, ...]
    due: Mapping[str, str] = field(default_factory=dict)
    freshness: Mapping[str, Freshness] = field(default_factory=dict)
    numbers: Numbers | None = None
    rebound: tuple[str, ...] = ()
    events: tuple[EventRecord, ...] = ()
    monitors: Mapping[str, Watched] = field(default_factory=dict)
    challenges: Mapping[str, Challenge] = field(default_factory=dict)
    review: Review = field(default_factory=Review)

    @property
    def root(self) -> State:
        """The state of the root claim."""
        return self.states[self.case.root]
