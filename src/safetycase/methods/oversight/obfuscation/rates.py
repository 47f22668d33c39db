"""How often the dishonest side wins, by protocol and depth, on obfuscated and stable instances.

*Obfuscated*: a false conjunction of width^depth leaves with exactly one hidden false leaf.
*Stable*: a false claim below which every leaf is false, combined by majorities. *True*: the two
with all leaves true. Both sides look at a number of leaves before they play. The human answers a
leaf wrongly with probability `judge_error`, unforeseeably.

*Debate* (recursive, one path): the honest side names the part to descend into; see
`domains.obfuscated`. *Doubly-efficient debate*: the computation reads every leaf in turn; the liar
states 1 for each, the honest side may challenge one step, and the verifier samples it. The theorem
(arXiv:2311.14125) lets the honest side know every step, which takes it all leaves; here it has its
looks alone, and so has to hit the false step. On a stable false claim it knows all leaves to be
false, and any lie can be challenged. What the verifier then decides is bounded by the theorem with
the constants of its machine-checked proof. *Prover-estimator debate*: the reconstruction, with
consistent numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from safetycase.methods.oversight.domains.obfuscated import Obfuscated, recursive_debate_win
from safetycase.methods.oversight.protocols.prover_estimator.one_round import Leaves, solve
from safetycase.methods.oversight.protocols.prover_estimator.plays import Looks, best_win
from safetycase.methods.oversight.protocols.prover_estimator.switches import Switches
from safetycase.methods.oversight.stability.combiners import Leaf, Node, majority
from safetycase.methods.oversight.stability.critical import critical_ratio

__all__ = [
    "NAMES",
    "Name",
    "Setting",
    "dishonest_obfuscated",
    "dishonest_stable",
    "honest_brittle",
    "honest_stable",
    "judge_cost",
    "lipschitz",
]

Name = Literal["debate", "doubly-efficient", "prover-estimator"]
NAMES: tuple[Name, ...] = ("debate", "doubly-efficient", "prover-estimator")
VERIFIER = 106_000  # samples per K², with the constants of the machine-checked proof
FAILS, ROUNDS, CHALLENGE, OVERLOOKED = 0.01, 0.01, 0.01, 0.05  # v, q(t + 1), Kc and Kb of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Width of the conjunctions and of the majorities, looks of both sides, weights, human error.

    The liar looks at `attacker` times as many leaves as the honest side, `looks`; with `private`
    looks neither side can run what the other runs.
    """

    width: int
    stable_width: int
    looks: int
    attacker: float
    private: bool
    growth: float
    judge_error: float

    @property
    def sides(self) -> Looks:
        """The looks of the prover (the liar) and of the estimator."""
        return Looks(
            prover=int(self.attacker * self.looks + 1e-9),
            estimator=self.looks,
            private=self.private,
        )


def dishonest_obfuscated(name: Name, depth: int, setting: Setting) -> float:
    """How often a false claim with a hidden leaf is accepted."""
    instance = Obfuscated(width=setting.width, depth=depth)
    missed = float(recursive_debate_win(instance, setting.looks))
    error = setting.judge_error
    if name == "debate":
        return missed * (1 - error) + (1 - missed) * error
    if name == "doubly-efficient":
        final = error * (1 - error) ** (instance.leaves - 1)
        return missed + (1 - missed) * (1 - _sound(final))
    return best_win(instance.leaves, setting.sides, Switches(growth=setting.growth), depth)


def dishonest_stable(name: Name, depth: int, setting: Setting) -> float:
    """How often a false claim with nothing but false leaves is accepted, argued by majorities.

    Both sides know that the claim is false, and so that all its leaves are.
    """
    if name == "debate":
        return setting.judge_error
    if name == "doubly-efficient":
        return 1 - _sound(_majorities(depth, setting, setting.judge_error))
    return float(_root(depth, setting, stable=True, truth=False) >= 0.5)


def honest_stable(name: Name, depth: int, setting: Setting) -> float:
    """How often a true claim with nothing but true leaves is accepted, argued by majorities."""
    if name == "debate":
        return 1 - setting.judge_error
    if name == "doubly-efficient":
        return _complete(_majorities(depth, setting, 1 - setting.judge_error))
    return float(_root(depth, setting, stable=True, truth=True) >= 0.5)


def honest_brittle(name: Name, depth: int, setting: Setting) -> float:
    """How often a true claim is accepted that is argued by a conjunction with true leaves."""
    if name == "debate":
        return 1 - setting.judge_error
    if name == "doubly-efficient":
        return _complete((1 - setting.judge_error) ** (setting.width**depth))
    return float(_root(depth, setting, stable=False, truth=True) >= 0.5)


def lipschitz(depth: int, setting: Setting, *, stable: bool) -> float:
    """K: the most that the result moves per error that all steps share, by the critical ratio."""
    if not stable:
        return float(setting.width**depth)
    return _stable_ratio(depth, setting.stable_width)


def judge_cost(name: Name, depth: int, setting: Setting, *, stable: bool) -> float:
    """The most answers that the human gives in one debate."""
    if name != "doubly-efficient":
        return 1.0
    return VERIFIER * lipschitz(depth, setting, stable=stable) ** 2 + 1


def _complete(final: float) -> float:
    """(1 − v)(P − Kc − q(t + 1)): a true result that comes out with probability P is accepted."""
    return max(0.0, (1 - FAILS) * (final - CHALLENGE - ROUNDS))


def _sound(final: float) -> float:
    """(1 − v)(1 − q(t + 1))(1 − P − Kb): one that comes out with probability P is rejected."""
    return max(0.0, (1 - FAILS) * (1 - ROUNDS) * (1 - final - OVERLOOKED))


def _majorities(depth: int, setting: Setting, leaf: float) -> float:
    """The probability of the root when each leaf is answered "true" with that probability."""
    width = setting.stable_width
    return Leaves(count=width, needed=width // 2 + 1, call=_silent, rounds=depth).expected(leaf)


def _silent(_number: float, _switches: Switches) -> float:
    return 0.0


@lru_cache(maxsize=64)
def _stable_ratio(depth: int, width: int) -> float:
    node: Node = Leaf("leaf")
    for _ in range(depth):
        node = majority((node,) * width)
    return critical_ratio(node).high


@lru_cache(maxsize=256)
def _root(depth: int, setting: Setting, *, stable: bool, truth: bool) -> float:
    """The root's number with the estimator's best consistent numbers, leaves being alike.

    The human answers a leaf by its truth but for the error, so the calls of a leaf are about
    that rate. Of several best numbers the worst for the honest side counts.
    """
    told = 1 - setting.judge_error if truth else setting.judge_error
    width = setting.stable_width if stable else setting.width
    leaves = Leaves(
        count=width,
        needed=width // 2 + 1 if stable else width,
        call=lambda p, switches: switches.call(told - p),
        rounds=depth,
    )
    switches = Switches(growth=setting.growth)
    stake, first = switches.weight(depth), switches.weight(0)
    found = solve(leaves, stake=stake, first=first, switches=switches)
    return found.root_low if truth else found.root_high
