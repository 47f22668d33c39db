"""The contract of an attacker class: what it knows, and what it gets out of an audit game.

An attacker class is one frozen `Attacker` under the entry-point group `safetycase.attackers`. A
control evaluation bounds the risk by the worst of the classes it names; a stronger class, ours or
yours, moves the bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from safetycase.plugin.entries import loaded

__all__ = ["GROUP", "AttackValue", "Attacker", "AuditGame", "BrokenAttacker", "attacker"]

GROUP = "safetycase.attackers"
Number = float | Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditGame:
    """A deployment of `tasks` tasks of which `audits` can be audited, seen by a monitor.

    `roc` holds the corners (false-positive rate, true-positive rate) of the monitor's curve, from
    (0, 0) to (1, 1), rising in both; between corners it is a straight line (a coin decides). While
    audits are left, a share `audit_rate` of honest outputs is audited and the next most suspicious,
    up to the share `defer_rate`, are replaced by trusted ones; once they are spent the share
    `defer_rate_spent` is. An audited attack ends the game and a deferred one does no harm. Numbers
    are floats, or fractions for exact values. Source: Griffin et al. 2024, arXiv:2409.07985.
    """

    tasks: int
    audits: int
    roc: tuple[tuple[Number, Number], ...]
    audit_rate: Number
    defer_rate: Number
    defer_rate_spent: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackValue:
    """The probability that the attacker of a class gets at least one attack through.

    It lies between `low` (a policy that was found) and `high` (nothing of the class does better);
    both are equal if `exact`. `policy` says in words, or in numbers, what the found policy does.
    """

    low: Number
    high: Number
    policy: str = ""

    @property
    def exact(self) -> bool:
        """Whether the value is known and not only bounded."""
        return self.low == self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacker:
    """A class of attackers: what all of them know, and the best that one of them can do.

    `knows` lists what an attack may depend on (`rate`, `clock`, `coins`, `score`, ...). `value`
    must be sound: no policy of the class may do better than `high`.
    `bounds` says whether the class is better at the attacks themselves too. What it knows and its
    `limits` stand beside its value in every result.
    """

    name: str
    version: str
    says: str
    knows: tuple[str, ...]
    source: str
    value: Callable[[AuditGame], AttackValue]
    bounds: Literal["timing", "timing and quality"] = "timing"
    limits: tuple[str, ...] = field(default_factory=tuple)


class BrokenAttacker(Exception):
    """An attacker class is named that cannot be had; the message says why."""


def attacker(name: str) -> Attacker:
    """The attacker class of that name, imported; `BrokenAttacker` with the reason otherwise."""
    return loaded(GROUP, name, Attacker, BrokenAttacker)
