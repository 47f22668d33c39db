"""Adaptive deployment: the credence is Bayes' rule, the values those of all courses."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest

from safetycase.methods.control.protocols.deployment_adaptive import (
    ATTACK,
    HONEST,
    MICROS,
    credence,
    micro,
)
from safetycase.methods.control.protocols.deployment_adaptive import expected as value_of
from safetycase.methods.control.protocols.deployment_measure import macro_of
from safetycase.methods.control.protocols.deployment_planted import histories, small_macro
from safetycase.methods.control.protocols.evaluate import Setting, evaluate
from safetycase.methods.control.protocols.outcomes import split
from safetycase.methods.control.protocols.planted import World, drawn_table
from safetycase.methods.control.protocols.records import Protocol
from safetycase.plugin.contract import MethodError
from safetycase.stats import Certified

POINTS = {name: (value, value) for name, value in small_macro(1).laws.useful.items()}
PROTOCOL = Protocol(kind="adaptive-deployment", audit_share=0.05, replace_share=0.2)


def exact(law: dict[str, float]) -> dict[str, tuple[float, float]]:
    return {word: (p, p) for word, p in law.items()}


def setting(tasks: int, **more: float) -> Setting:
    terms = {"attack_rate": 0.1, "level": 0.95, "prior": 0.2, "harm_cost": 10.0} | more
    return Setting(definition="deployment_iid", tasks=tasks, audits=5, **terms)  # type: ignore[arg-type]


def test_the_credence_is_updated_as_bayes_says_one_task_at_a_time() -> None:
    macro = small_macro(10)
    generator = random.Random(2)
    belief, seen = macro.prior, dict.fromkeys(HONEST, 0)
    for _ in range(40):
        word = generator.choice(HONEST)
        seen[word] += 1
        attack = sum(p for name, p in macro.laws.attack.items() if name.startswith(word))
        guilty = belief * (0.5 * macro.laws.honest[word] + 0.5 * attack)
        belief = guilty / (guilty + (1 - belief) * macro.laws.honest[word])
        assert credence(macro, *seen.values()) == pytest.approx(belief, rel=1e-9)


def test_what_only_a_misaligned_model_does_makes_it_certain() -> None:
    laws = dataclasses.replace(
        small_macro(1).laws, honest={"quiet": 1.0, "suspicious": 0.0, "audited": 0.0}
    )
    macro = dataclasses.replace(small_macro(1), laws=laws)
    assert credence(macro, 3, 1, 0) == 1
    assert credence(macro, 3, 0, 0) < macro.prior
    assert list(credence(macro, np.array([1, 1]), np.array([0, 2]), 0)) == [
        credence(macro, 1, 0, 0),
        1.0,
    ]


def test_the_safer_the_micro_protocol_the_higher_the_credence() -> None:
    macro = small_macro(1)
    picked = micro(macro, np.linspace(0, 1, 201))
    assert [MICROS[i] for i in sorted(set(picked.tolist()))] == list(MICROS)
    assert (np.diff(picked) >= 0).all()
    # Where the losses of two cross: b · 0.5 · 12 · 0.3 = 0.1, and b · 0.5 · 12 · 0.2 = 0.3.
    assert MICROS[int(micro(macro, 0.1 / 1.8 - 1e-9))] == "untrusted"
    assert MICROS[int(micro(macro, 0.1 / 1.8 + 1e-9))] == "guarded"
    assert MICROS[int(micro(macro, 0.25 + 1e-9))] == "trusted"


@pytest.mark.parametrize("tasks", [1, 2, 3])
def test_values_are_those_of_all_courses(tasks: int) -> None:
    macro = small_macro(tasks)
    courses = list(histories(macro, macro.prior))
    honest, attack = exact(dict(macro.laws.honest)), exact(dict(macro.laws.attack))
    assert sum(p for p, _ in courses) == pytest.approx(1)
    for worst in (True, False):
        safe = value_of(macro, "safety", honest, attack, {}, worst)
        harms = value_of(macro, "harms", honest, attack, {}, worst)
        assert safe == pytest.approx(sum(p for p, n in courses if n == 0))
        assert harms == pytest.approx(sum(p * n for p, n in courses))


def test_bounds_hold_for_every_law_in_the_box() -> None:
    macro = small_macro(12)
    generator = np.random.default_rng(5)
    laws = [
        (generator.dirichlet(40 * np.array([*macro.laws.honest.values()])), HONEST),
        (generator.dirichlet(40 * np.array([*macro.laws.attack.values()])), ATTACK),
    ]
    box = [
        {w: (max(0, p - 0.05), min(1, p + 0.05)) for w, p in zip(words, law, strict=True)}
        for law, words in laws
    ]
    wide = {name: (r - 0.1, r + 0.1) for name, (r, _) in POINTS.items()}
    for _ in range(10):
        drawn = [np.clip(law + generator.uniform(-0.02, 0.02, len(law)), 0, 1) for law, _ in laws]
        point = [
            exact(dict(zip(words, (law / law.sum()).tolist(), strict=True)))
            for law, (_, words) in zip(drawn, laws, strict=True)
        ]
        for what in ("safety", "harms", "useful"):
            low, high = (
                value_of(macro, what, *box, wide, worst)  # type: ignore[arg-type]
                for worst in (what != "harms", what == "harms")
            )
            got = value_of(macro, what, *point, POINTS, True)  # type: ignore[arg-type]
            assert low < got < high


@pytest.mark.slow
def test_usefulness_falls_from_the_untrusted_to_the_trusted_model_as_harm_costs_more() -> None:
    data = split(drawn_table(2, World(tasks=200)), 0.5, 1)
    found = [evaluate(data, PROTOCOL, setting(20, harm_cost=cost)) for cost in (0.0, 12.0, 1e6)]
    assert [f.useful.point for f in found[::2]] == pytest.approx([1.0, 0.0])
    assert found[0].safety.point < found[1].safety.point < found[2].safety.point == 1.0
    harms = [f.harm_share for f in found if isinstance(f.harm_share, Certified)]
    assert harms[0].low > harms[2].high == 0.0
    for each in found[:2]:
        assert isinstance(each.safety.statistic, Certified)
        assert each.safety.statistic.low < each.safety.point < each.safety.statistic.high


def test_adaptation_does_less_harm_than_any_mix_of_micro_protocols_of_the_same_use() -> None:
    law = dict(zip(ATTACK, (0.15, 0.05, 0.4, 0.2, 0.2), strict=True))
    laws = dataclasses.replace(small_macro(60).laws, attack=law)
    macro = dataclasses.replace(small_macro(60), harm_cost=8.0, laws=laws)
    honest, attack = exact(dict(macro.laws.honest)), exact(dict(macro.laws.attack))

    def both(which: float) -> tuple[float, float]:
        chosen = dataclasses.replace(macro, harm_cost=which)
        return (
            value_of(chosen, "useful", honest, attack, POINTS, True),
            value_of(chosen, "harms", honest, attack, POINTS, True),
        )

    useful, harms = both(macro.harm_cost)
    always = both(0.0)
    assert always[0] == pytest.approx(0.9)
    # Guarded on every task: a task does harm with 0.5 · 0.15, and a catch (0.5 · 0.2) ends it.
    guarded = 0.8, 0.075 * (1 - 0.9**60) / 0.1
    ends = sorted([(0.5, 0.0), guarded, always])
    mixed = np.interp(useful, [u for u, _ in ends], [h for _, h in ends])
    assert 0.85 < useful < 0.9
    assert harms < 0.5 * mixed


def test_what_adaptive_deployment_cannot_be_asked() -> None:
    data = split(drawn_table(2, World(tasks=80)), 0.5, 1)
    with pytest.raises(MethodError, match="`per_attempt_race` says nothing about adaptive"):
        evaluate(data, PROTOCOL, dataclasses.replace(setting(5), definition="per_attempt_race"))
    with pytest.raises(MethodError, match="at most 200 tasks, not 201"):
        evaluate(data, PROTOCOL, setting(201))
    unguarded = dataclasses.replace(PROTOCOL, replace_share=0.0)
    with pytest.raises(MethodError, match="needs a `replace_share` above"):
        evaluate(data, unguarded, setting(5))
    blank = split(drawn_table(2, World(tasks=80)), 0.5, 1)
    rows = {
        key: tuple(dataclasses.replace(row, correct=None) for row in group)
        for key, group in blank.calibration.groups.items()
    }
    silent = dataclasses.replace(
        blank, calibration=dataclasses.replace(blank.calibration, groups=rows)
    )
    with pytest.raises(MethodError, match="how often the micro-protocol `untrusted` is correct"):
        macro_of(silent, PROTOCOL, attack_rate=0.1, tasks=5, prior=0.2, cost=1.0)
