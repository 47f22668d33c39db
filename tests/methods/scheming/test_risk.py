"""The risk as a tree: what is multiplied, what is only bounded, and what is refused."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.scheming.risk import tree as risk_tree
from safetycase.methods.scheming.risk.analysis import CommonCause, Factor, Stage
from safetycase.methods.scheming.risk.method import METHOD, Parameters, best_case
from safetycase.methods.scheming.risk.planted import SKETCH, SKETCH_STAGES
from safetycase.methods.scheming.risk.tree import Node, common_cause, joined, leaf
from safetycase.plugin.contract import Context, Measurement
from safetycase.plugin.parameters import bind
from safetycase.plugin.wire import measurement_json
from safetycase.stats import Certified, Exact, bounds, estimate
from safetycase.testing.methods import check_measurement, check_method

CONTEXT = Context(
    case_folder=Path(), scratch=Path(), seed=1, model=None, models={}, progress=lambda *_: None
)


def measure(**values: Any) -> Measurement:
    found = METHOD.run((), Parameters(**values), CONTEXT)
    assert isinstance(found, Measurement)
    return found


def factor(name: str, low: float, high: float, *given: str, level: float = 1.0) -> Factor:
    return Factor(name=name, low=low, high=high, source="study", given=given, level=level)


@pytest.mark.slow
def test_it_keeps_the_contract_and_a_hidden_common_cause_never_passes() -> None:
    controls = check_method(METHOD, module="safetycase.methods.scheming.risk.method")
    assert controls.counts(claim_is_true=False) == (0, 80)
    assert controls.counts(claim_is_true=True) == (60, 60)
    check_measurement(METHOD, lambda: measure(factors=(factor("can", 0.1, 0.2, level=0.95),)))


def test_the_worked_sketch_and_its_structure() -> None:
    found = measure(factors=SKETCH, stages=SKETCH_STAGES, stages_given=(SKETCH[0].name,))
    assert isinstance(found.quantities["risk"], Exact)
    assert found.quantities["risk"].value == pytest.approx(0.007475)
    assert (
        found.diagnostics["structure"]
        == """\
0.007475  both of these (product of conditional factors)
├─ 0.5  poisons if not stopped [sketch, section 8]
└─ 0.01495  a stage misses it (missed by a stage, or stopped there and missed by the next)
   ├─ 0.01  automation [sketch, section 8]
   └─ 0.005  people, on what automation flags [sketch, section 8]"""
    )
    others = {k: float(v) for k, v in found.diagnostics.items() if k.startswith("other reading")}
    assert sorted(others.values()) == pytest.approx([0.00005, 0.0075, 0.01495, 0.5, 0.5])
    assert measurement_json(found)["plots"]


def test_without_declared_conditions_nothing_is_multiplied() -> None:
    apart = measure(
        factors=(factor("can", 0.3, 0.3), factor("will", 0.2, 0.2), factor("harm", 0.1, 0.1))
    )
    assert bounds(apart.quantities["risk"], alpha_low=0.01, alpha_high=0.01).high == 0.1
    high = measure(factors=(factor("can", 0.9, 1.0), factor("will", 0.8, 0.9)))
    assert high.quantities["risk"].low == pytest.approx(0.7)  # type: ignore[union-attr]
    apart = measure(
        factors=SKETCH,
        stages=(
            SKETCH_STAGES[0],
            Stage(name="people", miss_low=0.005, miss_high=0.005, source="elsewhere"),
        ),
    )
    assert apart.quantities["risk"].high == pytest.approx(0.015)  # type: ignore[union-attr]
    assert "stages measured apart: at most the sum" in apart.diagnostics["structure"]


def test_the_levels_of_the_factors_add_their_doubts() -> None:
    found = measure(
        factors=(factor("can", 0.1, 0.3, level=0.98), factor("will", 0.1, 0.2, "can", level=0.97))
    )
    risk = found.quantities["risk"]
    assert isinstance(risk, Certified)
    assert risk.level == pytest.approx(0.95)
    assert (risk.low, risk.high) == pytest.approx((0.01, 0.06))
    assert bounds(risk, alpha_low=0.01, alpha_high=0.01).high == float("inf")
    assumed = measure(factors=(factor("can", 0.1, 0.3),))
    assert bounds(assumed.quantities["risk"], alpha_low=1e-6, alpha_high=1e-6).high == 0.3
    assert assumed.diagnostics["assumed, without a level"] == "can"


def worlds(generator: random.Random, n: int) -> dict[tuple[int, ...], float]:
    raw = {w: generator.random() ** 3 for w in itertools.product((0, 1), repeat=n)}
    total = sum(raw.values())
    return {w: p / total for w, p in raw.items()}


def test_the_bound_holds_in_every_joint_law_and_is_reached() -> None:
    generator = random.Random(4)
    plans = [((), (), ()), ((), (0,), (0, 1)), ((), (), (0, 1)), ((), (0,), ()), ((), (), (1,))]
    for _ in range(200):
        law = worlds(generator, 3)

        def rate(of: int, given: tuple[int, ...], law: dict[tuple[int, ...], float] = law) -> float:
            inside = {w: p for w, p in law.items() if all(w[g] for g in given)}
            return sum(p for w, p in inside.items() if w[of]) / sum(inside.values())

        true = law[1, 1, 1]
        for plan in plans:
            nodes = [
                (
                    leaf(f"f{i}", "", rate(i, given), rate(i, given)),
                    frozenset(f"f{g}" for g in given),
                )
                for i, given in enumerate(plan)
            ]
            found = joined(nodes).range
            assert found.low - 1e-12 <= true <= found.high + 1e-12
        chain = [
            (
                leaf(f"f{i}", "", rate(i, tuple(range(i))), rate(i, tuple(range(i)))),
                frozenset(f"f{g}" for g in range(i)),
            )
            for i in range(3)
        ]
        assert joined(chain).range.high == pytest.approx(true)  # the chain rule is exact


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"factors": ()}, "`factors` has a factor"),
        ({"factors": (factor("can", 0, 1), factor("can", 0, 1))}, "a name of its own"),
        ({"factors": (factor("stages", 0, 1),)}, "not `stages`"),
        ({"factors": (factor("can", -0.1, 1),)}, "the lower end of `can` -0.1"),
        ({"factors": (factor("can", 0.1, float("nan")),)}, "the upper end of `can` nan"),
        ({"factors": (factor("can", 0.3, 0.2),)}, "has no inside"),
        ({"factors": (factor("can", 0, 1, level=0.0),)}, "the level 0.0"),
        ({"factors": (Factor(name="can", low=0, high=1, source=" "),)}, "say in `source`"),
        ({"factors": (factor("can", 0, 1, "other"),)}, "`can` is given other"),
        (
            {
                "factors": (
                    factor("can", 0, 1),
                    factor("will", 0, 1, "can"),
                    factor("harm", 0, 1, "will"),
                )
            },
            "`harm` is given will: name all factors",
        ),
        ({"factors": (factor("can", 0, 1),), "stages_given": ("can",)}, "without `stages`"),
        ({"factors": SKETCH, "stages": SKETCH_STAGES, "stages_given": ("x",)}, "is given x"),
        (
            {"factors": (factor("a", 0, 1, level=0.5), factor("b", 0, 1, level=0.5))},
            "leave a doubt of 1",
        ),
    ],
)
def test_what_cannot_be_combined_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Parameters(**change)


def test_a_shared_cause_leaves_little_of_three_arguments() -> None:
    cause = CommonCause(arguments=3, failure=0.1, shared=(0.0, 0.02, 0.05))
    found = measure(factors=SKETCH, common_cause=cause)
    assert estimate(found.quantities["all_arguments_fail"]) == pytest.approx(0.0501, abs=5e-5)
    shown = [v for k, v in found.diagnostics.items() if k.startswith("all 3 arguments")]
    assert shown == ["0.001", "0.02053", "0.05014"]
    assert found.plots[-1].marks["declared: 0.02"] == 0.02  # type: ignore[union-attr]
    assert common_cause(0.1, 0.1, 9) == pytest.approx(0.1)
    assert common_cause(1.0, 1.0, 2) == 1.0
    for bad in ({"shared": (0.2,)}, {"shared": ()}, {"arguments": 0}, {"failure": 2.0}):
        with pytest.raises(ValueError):
            CommonCause(**{"arguments": 3, "failure": 0.1, "shared": (0.0,), **bad})


def test_a_case_binds_it() -> None:
    bound = bind(
        Parameters,
        {
            "factors": [{"name": "can", "low": 0, "high": 0.5, "source": "study", "level": 0.95}],
            "common_cause": {"arguments": 2, "failure": 0.1, "shared": [0.01]},
        },
    )
    assert not bound.mismatches
    best = best_case(bound.value, Path(), ())
    assert best["risk"].high == 0.5  # type: ignore[union-attr]
    wrong = bind(Parameters, {"factors": [{"name": "can", "low": 0, "high": 2, "source": "x"}]})
    assert "not between 0 and 1" in wrong.mismatches[0].message


def test_a_method_that_always_multiplies_does_not_pass_the_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def product(parts: list[Node]) -> Node:
        return parts[0] if len(parts) == 1 else risk_tree.times(parts[0], product(parts[1:]))

    monkeypatch.setattr(risk_tree, "apart", product)
    with pytest.raises(AssertionError, match="estimated apart"):
        check_method(METHOD)
    passes = {p.name: p.passes for p in METHOD.controls().planted}
    assert passes["one hidden cause, measured apart"] > 15  # the planted world would be let through
