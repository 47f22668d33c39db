"""The attacker of the published class: every task is attacked with one probability β."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from safetycase.methods.games.certify import Reading, Supremum, supremum
from safetycase.methods.games.rates import Rates, rates_of
from safetycase.plugin.attackers import AuditGame

__all__ = ["ConstantRate", "constant_rate"]


@dataclass(frozen=True, slots=True, eq=False)
class ConstantRate:
    """The risk of a game as a function of the attack rate, in closed form.

    While audits are left a task wins with w = β · passes, uses up an audit with e = (1 − β) audit
    and changes nothing with b. The task at which the last audit goes is negative binomial, so that
    risk(β) is a sum over tasks: O(tasks) for each β. `log_choose[t]` is ln C(t − 1, audits − 1).
    """

    rates: Rates
    tasks: int
    audits: int
    log_choose: Any

    @classmethod
    def of(cls, game: AuditGame) -> ConstantRate:
        """Prepare a game; `ValueError` for one that cannot be."""
        import numpy as np

        rates, c = rates_of(game), game.audits
        table = np.array([math.lgamma(i + 1) for i in range(game.tasks + 1)])
        t = np.arange(c, game.tasks + 1)
        choose = table[t - 1] - table[c - 1] - table[t - c] if 0 < c <= game.tasks else None
        return cls(rates, game.tasks, c, choose)

    def __call__(self, rate: float, spent: float | None = None) -> float:
        """P(an attack gets through) at rate β; `spent` is the rate after the last audit, else β."""
        return self.read(rate, spent).risk

    def read(self, rate: float, spent: float | None = None) -> Reading:
        """The risk at rate β, and what no higher rate exceeds.

        An attack that is made while audits are left and ends the game wins with the share κ =
        passes / (passes + caught). So risk(β) ≤ κ + (1 − κ) P(the audits are spent), and that
        probability falls in β: an honest task turned into an attack uses up no audit.
        """
        import numpy as np

        r = self.rates
        through = (rate if spent is None else spent) * r.passes_spent
        t = np.arange(self.tasks + 1)
        after = -np.expm1(t * math.log1p(-through)) if through < 1 else (t > 0).astype(float)
        if self.audits == 0:
            return Reading(risk=float(after[-1]), above=1.0)
        win, lose = rate * r.passes, (1 - rate) * r.audit
        go_on = 1 - win - rate * r.caught
        ends = r.passes + r.caught
        share = r.passes / ends if ends > 0 else 0.0
        if go_on <= 0:
            return Reading(risk=float(win), above=1.0)
        spends = self.last_audit(lose / go_on)
        still = np.exp(t * math.log(go_on))
        playing = np.maximum(1 - np.cumsum(spends), 0) * still
        spends *= still
        risk = float(win * playing[:-1].sum() + (spends * after[::-1]).sum())
        return Reading(risk=risk, above=float(share + (1 - share) * min(1.0, spends.sum())))

    def last_audit(self, share: float) -> Any:
        """P(the last audit goes at task t), t = 0 .. tasks, if each task uses one with `share`."""
        import numpy as np

        found = np.zeros(self.tasks + 1)
        c = self.audits
        if share <= 0 or self.log_choose is None:
            return found
        if share >= 1:
            found[c] = 1.0
            return found
        t = np.arange(self.tasks + 1 - c)
        found[c:] = np.exp(self.log_choose + (c * math.log(share) + t * math.log1p(-share)))
        return found

    def tasks_with_audits(self) -> float:
        """Expected tasks, of honest ones, at which an audit is left."""
        import numpy as np

        if self.audits == 0:
            return 0.0
        return float(np.clip(1 - np.cumsum(self.last_audit(self.rates.audit)), 0, 1)[:-1].sum())


def constant_rate(game: AuditGame, *, tolerance: float = 1e-4) -> Supremum:
    """The worst constant rate, with a certificate over all rates in [0, 1]."""
    risk = ConstantRate.of(game)
    if game.audits == 0:
        value = risk(1.0)
        return Supremum(rate=1.0, low=value, high=value)
    r = risk.rates
    stopping = float(min(1 - r.deferred, r.passes_spent))
    return supremum(risk.read, game.tasks, stopping, tolerance=tolerance)
