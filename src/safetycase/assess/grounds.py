"""What the freshness of a leaf depends on, and one ground on which its result does not count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from safetycase.argument.model import Claim, Evidence
from safetycase.assess.indexed import Standing
from safetycase.assess.records import Cause, FreshnessWord
from safetycase.ledger.fold import EventRecord, WaiverRecord
from safetycase.ledger.recipe import Recipe
from safetycase.plugin.contract import Method

__all__ = ["Ground", "LeafTarget", "Question"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafTarget:
    """What a leaf is judged against: claim, recipe now (or why there is none), method.

    `environment` is the whole environment now. `undeclared` holds the present digests of the
    inputs that past runs opened without declaring them ("" for what cannot be read).
    """

    evidence: Evidence
    claim: Claim
    recipe: Recipe | None
    problem: str
    method: Method | None
    environment: Mapping[str, str] = field(default_factory=dict)
    undeclared: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Everything the freshness of one leaf depends on.

    `distribution` is that of the deployment. `problem` says why the recorded measurement cannot
    be read; `shortfall` (tried, planned) is set where fewer items were tried than planned.
    """

    target: LeafTarget
    standing: Standing
    now: datetime
    distribution: str = ""
    events: Sequence[EventRecord] = ()
    waivers: Sequence[WaiverRecord] = ()
    problem: str = ""
    shortfall: Callable[[], tuple[int, int] | None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One ground on which a result does not count; `due` if another run can clear it."""

    word: FreshnessWord
    detail: str
    causes: tuple[Cause, ...] = ()
    due: bool = True
