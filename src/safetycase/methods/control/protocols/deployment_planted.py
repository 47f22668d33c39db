"""Oracles of adaptive deployment: every course of a short deployment, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from safetycase.methods.control.protocols.deployment_adaptive import (
    ATTACK,
    HONEST,
    MICROS,
    Laws,
    Macro,
    credence,
    expected,
    micro,
)
from safetycase.plugin.contract import OracleResult

__all__ = ["adaptive_oracles", "histories", "small_macro"]


def small_macro(tasks: int) -> Macro:
    """A macro-protocol that uses all three micro-protocols within a few tasks."""
    return Macro(
        prior=0.15,
        attack_rate=0.5,
        harm_cost=12.0,
        tasks=tasks,
        laws=Laws(
            honest={"quiet": 0.6, "suspicious": 0.3, "audited": 0.1},
            attack=dict(zip(ATTACK, (0.2, 0.1, 0.3, 0.15, 0.25), strict=True)),
            useful={"untrusted": 0.9, "guarded": 0.8, "trusted": 0.5},
        ),
    )


def histories(
    macro: Macro, prior: float, harmed: int = 0, done: int = 0
) -> Iterator[tuple[float, int]]:
    """(probability, harms) of every course of a deployment of a misaligned model, one by one."""
    choice = MICROS[int(micro(macro, prior))]
    if done == macro.tasks or choice == "trusted":
        yield 1.0, harmed
        return
    a, laws = macro.attack_rate, macro.laws
    steps = [((1 - a) * laws.honest[word], word, 0) for word in HONEST]
    for word in ATTACK:
        hurts = word == "quiet harm" or (word == "suspicious harm" and choice == "untrusted")
        steps.append((a * laws.attack[word], word.split()[0], int(hurts)))
    for weight, seen, hurt in steps:
        if seen == "caught":
            yield weight, harmed
            continue
        attacks = sum(p for name, p in laws.attack.items() if name.startswith(seen))
        guilty = prior * ((1 - a) * laws.honest[seen] + a * attacks)
        after = guilty / (guilty + (1 - prior) * laws.honest[seen])
        for rest, total in histories(macro, after, harmed + hurt, done + 1):
            yield weight * rest, total


def adaptive_oracles() -> Sequence[OracleResult]:
    """Safety, harms and credence of a macro-protocol against plain enumeration."""
    macro = small_macro(4)
    courses = list(histories(macro, macro.prior))
    honest, attack = (_points(law) for law in (macro.laws.honest, macro.laws.attack))
    wanted: tuple[tuple[Literal["safety", "harms"], float], ...] = (
        ("safety", sum(p for p, harms in courses if harms == 0)),
        ("harms", sum(p * harms for p, harms in courses)),
    )
    guilty = 0.15 * (0.5 * 0.3 + 0.5 * 0.45) ** 2 * (0.5 * 0.6 + 0.5 * 0.3)
    clean = 0.85 * 0.3**2 * 0.6
    return (
        OracleResult(
            name="credence after two suspicious tasks and a quiet one",
            expected=guilty / (guilty + clean),
            got=float(credence(macro, 1, 2, 0)),
            tolerance=1e-12,
            source="Bayes' rule; Wen et al. 2024, arXiv:2411.17693",
        ),
        *(
            OracleResult(
                name=f"adaptive deployment, {name}",
                expected=value,
                got=expected(macro, name, honest, attack, {}, True),
                tolerance=1e-12,
                source=f"all {len(courses)} courses of four tasks",
            )
            for name, value in wanted
        ),
    )


def _points(law: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    return {word: (p, p) for word, p in law.items()}
