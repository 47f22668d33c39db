"""The attacker that sees how many tasks are left, and not how many audits: a schedule.

The risk is linear in the attack probability of each task, so that some schedule of 0s and 1s is
best; which one is a search over 2^tasks. Up to `ENUMERATED` tasks all are tried. Beyond, what is
found is the exact risk of a real schedule, and what bounds the class is the attacker that sees the
audits as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from safetycase.methods.games.constant_rate import ConstantRate, constant_rate
from safetycase.methods.games.full_information import columns, full_information
from safetycase.methods.games.rates import rates_of
from safetycase.plugin.attackers import AuditGame

__all__ = ["Clocked", "clocked", "schedule_risks"]

ENUMERATED, SWEEPS, LARGEST_TABLE = 12, 30, 40_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Clocked:
    """`schedule[i]` says whether task i is attacked by the best schedule found.

    Its risk is `low`, and no schedule exceeds `high`.
    """

    schedule: Any
    low: float
    high: float

    def policy(self) -> str:
        """The tasks that are attacked, in words."""
        spans, at = [], 1
        for attacked, run in groupby(self.schedule.astype(bool).tolist()):
            length = sum(1 for _ in run)
            if attacked:
                spans.append(f"{at} to {at + length - 1}" if length > 1 else str(at))
            at += length
        shown = spans if len(spans) <= 6 else [*spans[:3], "...", *spans[-3:]]
        return f"attack tasks {', '.join(shown)} of {len(self.schedule)}" if spans else "no attack"


def clocked(game: AuditGame) -> Clocked:
    """The best schedule found, its risk, and a bound on the class."""
    import numpy as np

    ceiling = float(full_information(game).values[-1])
    if game.tasks <= ENUMERATED:
        bits = np.arange(2**game.tasks)[:, None] >> np.arange(game.tasks) & 1
        found = schedule_risks(game, bits.astype(float))
        best = int(found.argmax())
        return Clocked(bits[best].astype(float), float(found[best]), float(found[best]))
    starts = [_best_ending(game)]
    if (game.tasks + 1) * (game.audits + 1) <= LARGEST_TABLE:
        rate = constant_rate(game, tolerance=1e-3).rate
        starts = [_improved(game, s) for s in (*starts, np.full(game.tasks, rate))]
    values = schedule_risks(game, np.array(starts))
    best = int(values.argmax())
    low = float(values[best])
    return Clocked(starts[best], low, max(low, ceiling))


def schedule_risks(game: AuditGame, schedules: Any) -> Any:
    """P(an attack gets through) for each row of attack probabilities by task, shape (k, tasks).

    O(tasks · audits · k), in floats.
    """
    import numpy as np

    audit, deferred, passes = columns(rates_of(game), game.audits + 1)
    left = np.zeros((len(schedules), game.audits + 2))
    now, fewer = left[:, 1:], left[:, :-1]
    for task in range(game.tasks - 1, -1, -1):
        share = schedules[:, task, None]
        wait = now + audit * (fewer - now)
        now += share * (passes + deferred * now - now) + (1 - share) * (wait - now)
    return now[:, -1].copy()


def _best_ending(game: AuditGame) -> Any:
    """The best schedule that attacks the last k tasks and no other.

    Attacked tasks use up no audit, so that its risk is that of k attacks with audits left or with
    none, weighted by whether the honest tasks before have used them up.
    """
    import numpy as np

    one = ConstantRate.of(game)
    r, tasks = one.rates, game.tasks
    k = np.arange(tasks + 1)
    spent_by = np.cumsum(one.last_audit(float(r.audit))) if game.audits else np.ones(tasks + 1)
    ends = 1 - float(r.deferred)
    with_audits = r.passes * (1 - float(r.deferred) ** k) / ends if ends > 0 else 0.0 * k
    without = 1 - (1 - float(r.passes_spent)) ** k
    spent = np.minimum(1.0, spent_by[::-1])
    best = int((spent * without + (1 - spent) * with_audits).argmax())
    return (np.arange(tasks) >= tasks - best).astype(float)


def _improved(game: AuditGame, schedule: Any) -> Any:
    """Set each task to what is best given all others, last to first, until nothing changes.

    A sweep never loses: a task's gain is weighed by where the tasks before may have led, and by
    the value of the tasks after as they are set now.
    """
    import numpy as np

    steps = columns(rates_of(game), game.audits + 1)
    schedule = schedule.copy()
    for _ in range(SWEEPS):
        before = schedule.copy()
        _sweep(schedule, steps, _occupied(schedule, steps))
        if np.array_equal(before, schedule):
            break
    return schedule


def _occupied(schedule: Any, steps: tuple[Any, Any, Any]) -> Any:
    """P(the game goes on with c audits left) before each task, shape (tasks, audits + 1)."""
    import numpy as np

    audit, deferred, _ = steps
    table = np.zeros((len(schedule), len(audit)))
    table[0, -1] = 1.0
    lost = np.empty(len(audit))
    for task, share in enumerate(schedule[:-1].tolist()):
        now, after = table[task], table[task + 1]
        np.multiply(now, audit * (1 - share), out=lost)
        np.multiply(now, share * deferred + (1 - share) * (1 - audit), out=after)
        after[:-1] += lost[1:]
    return table


def _sweep(schedule: Any, steps: tuple[Any, Any, Any], occupied: Any) -> None:
    import numpy as np

    audit, deferred, passes = steps
    left = np.zeros(len(audit) + 1)
    now, fewer = left[1:], left[:-1]
    for task in range(len(schedule) - 1, -1, -1):
        wait = now + audit * (fewer - now)
        attack = passes + deferred * now
        better = float(occupied[task] @ (attack - wait)) > 0
        schedule[task] = float(better)
        now[:] = attack if better else wait
