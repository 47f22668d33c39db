"""What a gate found, as plain records: `review` fills them, `report` and `cli` show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from safetycase.argument.changes import Change, Difference
from safetycase.argument.findings import Span
from safetycase.assess.records import Assessment
from safetycase.assess.reviewed import Dissented

__all__ = [
    "BLOCKS",
    "ClauseState",
    "Gated",
    "Judged",
    "Overrode",
    "Remark",
    "Weighed",
    "Weight",
]

ClauseState = Literal["pass", "fail", "unknown", "overridden"]
Weight = Literal["fails", "findings", "record", "review", "unknown"]
"""What stands behind a clause that did not pass; each has an exit code of its own."""
BLOCKS: Final[tuple[ClauseState, ...]] = ("fail", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing that keeps a clause from passing: at which element (`""`: the case), and where.

    `key` says the same in words that do not change when lines move, for programs that have to
    know a remark again.
    """

    element: str
    says: str
    at: Span | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrode:
    """A decision of somebody with authority against clauses of a policy, from the record.

    `until` is a UTC time, `record` a sequence number. `idle` says why it changes nothing now
    (expired, given for an earlier version, ...); empty if it is in force. `policy` is the SHA-256
    of the policy that stood beside the case, empty if the record does not say.
    """

    clauses: tuple[str, ...]
    element: str
    by: str
    authority: str
    reason: str
    until: str
    record: int
    idle: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of one clause of the policy.

    `clause` is its name in the policy and `kind` that of the rule. `says` is the sentence, `hint`
    the way out. `weight` matters only where it did not pass. `override` is what it was overridden
    by, if it was; `remarks` stay.
    """

    clause: str
    kind: str
    state: ClauseState
    says: str
    weight: Weight = "fails"
    remarks: tuple[Remark, ...] = ()
    hint: str = ""
    override: Overrode | None = None

    @property
    def blocks(self) -> bool:
        """Whether it keeps the gate shut."""
        return self.state in BLOCKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A change of the argument as the merge gate takes it.

    `means` is weaker (less is asked, or something is gone), undecided (it cannot be told), shown
    (wording alone) or tighter. `needed` reviewers have to sign it, `signed` are those who did, and
    `through` is the element that has to be signed: the changed one, or what is left above it.
    `rejected` are those who looked at it as it is and do not accept it. `says` is why not enough of
    them count.
    """

    change: Change
    means: Literal["weaker", "undecided", "shown", "tighter"]
    needed: int = 0
    signed: tuple[str, ...] = ()
    through: str = ""
    says: str = ""
    rejected: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        """How many reviewers have still to sign; whoever rejects it is one."""
        return max(min(self.needed, len(self.rejected)), self.needed - len(self.signed), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """A gate's answer: every clause, in the order of the policy, and what is always shown.

    `policy` is the name of the policy and `policy_digest` the SHA-256 of its text; `policy_source`
    where that text was found. `scope` is the digest of the argument under the root, by which a
    review knows it again. `overrides` are all in the record, those without force as well.
    `dissents` never block. `until` is when the answer ends at the latest, and `ends_by` why then.
    The rest is of the merge gate: what changed since `against`, and the case as it was before.
    """

    mode: Literal["release", "merge"]
    assessment: Assessment
    policy: str
    policy_source: str
    policy_digest: str
    scope: str
    clauses: tuple[Judged, ...]
    overrides: tuple[Overrode, ...] = ()
    dissents: tuple[Dissented, ...] = ()
    until: datetime | None = None
    ends_by: str = ""
    against: str = ""
    difference: Difference | None = None
    changes: tuple[Weighed, ...] = ()
    before: Assessment | None = None

    @property
    def passed(self) -> bool:
        """Whether no clause keeps the gate shut."""
        return not any(clause.blocks for clause in self.clauses)

    @property
    def blocking(self) -> tuple[Judged, ...]:
        """The clauses that keep it shut."""
        return tuple(clause for clause in self.clauses if clause.blocks)
