"""What a run happens in, and what it is asked to run: everything that is not decided here."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from safetycase.argument.model import Case, Claim, Evidence
from safetycase.evidence.recipes import CurrentRecipe
from safetycase.ledger import History
from safetycase.ledger.attempts import PlanTerms, terms
from safetycase.plugin.catalogue import MethodEntry
from safetycase.plugin.contract import Method
from safetycase.plugin.executors import Limits

__all__ = ["Job", "Setting", "fresh_token", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One leaf to run, with everything the scheduler needs to know about it.

    `anew`: what ran before no longer counts although nothing in the recipe changed (it expired,
    or an event ended its validity), so that the attempts need a registration of their own.
    """

    evidence: Evidence
    claim: Claim
    method: Method
    entry: MethodEntry
    recipe: CurrentRecipe
    because: str
    anew: bool = False

    @property
    def plan(self) -> PlanTerms:
        """What the leaf plans, with nothing left open."""
        return terms(self.evidence.plan)


def fresh_token() -> str:
    """A fencing token: 32 hex digits that nobody can guess."""
    return secrets.token_hex(16)


def never() -> bool:
    """Nobody asks to stop."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The case, its folder, the record as it stands, a clock, and randomness.

    `retries` is how often in one run a planned attempt that was lost is started again; `stop`
    says whether the operator asked to end; `token` makes a fencing token. An attempt counts as
    lost `margin` seconds after its time limit, if nobody has told of its end by then. `share` is
    the doubt that a leaf without a level may spend (`equal_share`), for a case of many leaves.
    """

    case: Case
    folder: Path
    history: History
    now: Callable[[], datetime]
    limits: Limits = field(default_factory=Limits)
    exploratory: bool = False
    retries: int = 1
    margin: float = 60.0
    share: float | None = None
    token: Callable[[], str] = fresh_token
    stop: Callable[[], bool] = never
