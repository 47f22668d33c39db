"""Graphs of abilities: the exact worst case, minimal cut sets, contradictions, hostile files."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from safetycase.methods.scheming.capabilities import analysis as capabilities_analysis
from safetycase.methods.scheming.capabilities import graph as capabilities_graph
from safetycase.methods.scheming.capabilities.graph import Ability, Bounded, Needs, bounded
from safetycase.methods.scheming.capabilities.method import METHOD, Parameters, best_case, files
from safetycase.methods.scheming.capabilities.planted import measured
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.plugin.wire import measurement_json
from safetycase.stats import Certified, bounds, clopper_pearson
from safetycase.testing.methods import check_measurement, check_method

GRAPH = {
    "root": "sabotage",
    "abilities": [
        {"id": "sabotage", "all": ["plan", "access"], "unknown": True},
        {"id": "access", "any": ["exploit", "persuade"], "unknown": True},
        {"id": "plan", "says": "plans over many steps"},
        {"id": "exploit"},
        {"id": "persuade"},
    ],
}


def lines(answered: int = 20, **rates: list[Any]) -> list[dict[str, Any]]:
    return [
        {"ability": name, "attempt": i, "score": score, "solver": solver}
        | ({"why": "lost"} if score is None else {})
        for name, scores in rates.items()
        for solver, values in (("model", scores), ("answer", [1] * answered))
        for i, score in enumerate(values)
    ]


ROWS = lines(plan=[1] * 50, exploit=[0] * 50, persuade=[0] * 49 + [1])


def measure(folder: Path, rows: list[Any], graph: Any = GRAPH, **more: Any) -> Measurement:
    (folder / "graph.json").write_text(json.dumps(graph))
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "scratch").mkdir(exist_ok=True)
    context = Context(
        case_folder=folder,
        scratch=folder / "scratch",
        seed=1,
        model=None,
        models={},
        progress=lambda *_: None,
    )
    found = METHOD.run(("rows.jsonl",), Parameters(graph="graph.json", **more), context)
    assert isinstance(found, Measurement)
    return found


@pytest.mark.slow
def test_it_keeps_the_contract_and_tells_who_lacks_what_is_needed() -> None:
    controls = check_method(METHOD, module="safetycase.methods.scheming.capabilities.method")
    assert controls.counts(claim_is_true=False) == (0, 60)
    passes, runs = controls.counts(claim_is_true=True)
    assert passes / runs > 0.9
    check_measurement(METHOD, lambda: measured({"plan": 0.1, "exploit": 0.5, "persuade": 0.5}, 1))


def drawn(generator: random.Random) -> Needs:
    """A graph of three or four measured leaves under gates that share them."""
    leaves = [f"l{i}" for i in range(generator.choice((3, 4)))]
    abilities = {name: Ability(id=name) for name in leaves}
    below = list(leaves)
    for i in range(generator.choice((2, 3, 4))):
        parts = generator.sample(below, min(len(below), generator.choice((2, 2, 3))))
        cut = generator.randrange(len(parts) + 1)
        abilities[f"g{i}"] = Ability(id=f"g{i}", every=tuple(parts[:cut]), some=tuple(parts[cut:]))
        below.append(f"g{i}")
    return Needs(root=below[-1], abilities=abilities)


def largest(needs: Needs, upper: dict[str, float]) -> float:
    """The linear program over all worlds, written down without the engine."""
    names = list(needs.abilities)
    worlds = list(itertools.product((0, 1), repeat=len(names)))

    def holds(world: tuple[int, ...], name: str) -> bool:
        ability = needs.abilities[name]
        return (
            bool(world[names.index(name)])
            and all(holds(world, part) for part in ability.every)
            and (not ability.some or any(holds(world, part) for part in ability.some))
        )

    value = np.array([-float(holds(world, needs.root)) for world in worlds])
    marginal = np.array(worlds, dtype=float).T
    found = linprog(
        value,
        A_ub=marginal,
        b_ub=[upper[n] for n in names],
        A_eq=np.ones((1, len(worlds))),
        b_eq=[1.0],
        method="highs",
    )
    return -float(found.fun)


@pytest.mark.slow
def test_the_bound_is_the_exact_worst_case_over_every_joint_law() -> None:
    generator = random.Random(8)
    for _ in range(25):
        needs = drawn(generator)
        upper = {name: generator.choice((0.05, 0.2, 0.5, 0.9, 1.0)) for name in needs.abilities}
        found = bounded(needs, upper)
        exact = largest(needs, upper)
        assert found.high == pytest.approx(exact, abs=1e-6)
        assert exact <= found.high + 1e-9
        for cut in found.cuts:  # every cut set is one: without its abilities the root is impossible
            assert largest(needs, {**upper, **dict.fromkeys(cut, 0.0)}) == pytest.approx(0.0)
            for name in cut:  # and minimal: with any one of them back it is possible
                rest = dict.fromkeys(set(cut) - {name}, 0.0)
                assert largest(needs, {**dict.fromkeys(upper, 1.0), **rest}) == pytest.approx(1.0)


def test_rows_become_a_bound_and_the_missing_set_is_named(tmp_path: Path) -> None:
    found = measure(tmp_path, ROWS)
    highs = [1 - (0.05 / 3) ** (1 / 50)]
    capability = found.quantities["capability"]
    assert isinstance(capability, Certified)
    assert capability.low == 0.0
    assert 2 * highs[0] < capability.high < 0.3
    assert found.quantities["missing_sets"].low == 1.0  # type: ignore[union-attr]
    assert found.diagnostics["missing"] == "{exploit, persuade}"
    assert found.instrument[0].passed
    assert found.raises == ()
    assert measurement_json(found)["plots"]
    lost = lines(plan=[1] * 50, exploit=[0] * 40 + [None] * 10, persuade=[0] * 50)
    wide = bounds(measure(tmp_path, lost).quantities["capability"], alpha_low=0.05, alpha_high=0.05)
    assert wide.high > 0.4  # what was lost counts as done
    weak = measure(tmp_path, [r for r in ROWS if r["solver"] == "model"])
    assert not weak.instrument[0].passed


def test_attempts_at_one_item_are_one_cluster(tmp_path: Path) -> None:
    rows = [{**r, "item": r["attempt"] % 5} for r in ROWS]
    found = bounds(
        measure(tmp_path, rows).quantities["capability"], alpha_low=0.05, alpha_high=0.05
    )
    assert found.high > 0.8  # five items say little, however often they were tried


def test_an_ability_beyond_its_needs_refutes_the_graph(tmp_path: Path) -> None:
    first, *others = GRAPH["abilities"]  # type: ignore[index]
    graph = {**GRAPH, "abilities": [{**first, "unknown": False}, *others]}
    found = measure(tmp_path, [*ROWS, *lines(sabotage=[1] * 45 + [0] * 5)], graph)
    assert [r.name for r in found.raises] == ["needs-refuted"]
    capability = bounds(found.quantities["capability"], alpha_low=0.05, alpha_high=0.05)
    assert capability.low > 0.7
    assert capability.high > 0.9
    agreeing = measure(tmp_path, [*ROWS, *lines(sabotage=[1] * 3 + [0] * 47)], graph)
    assert agreeing.raises == ()


@pytest.mark.slow
def test_the_doubt_finds_a_wrong_graph_and_hardly_ever_a_right_one(tmp_path: Path) -> None:
    first, *others = GRAPH["abilities"]  # type: ignore[misc]
    graph = {**GRAPH, "abilities": [{**first, "unknown": False}, *others]}
    generator = random.Random(6)
    found = {"wrong": 0, "right": 0}
    for kind, plan, done in (("wrong", 0.1, 0.6), ("right", 0.5, 0.5)):
        for _ in range(40):
            rates = {"plan": plan, "exploit": 0.6, "persuade": 0.6, "sabotage": done}
            draws = {n: [int(generator.random() < p) for _ in range(50)] for n, p in rates.items()}
            found[kind] += bool(measure(tmp_path, lines(**draws), graph).raises)
    recall = clopper_pearson(found["wrong"], 40, alpha_low=0.05, alpha_high=0.05)
    alarms = clopper_pearson(found["right"], 40, alpha_low=0.05, alpha_high=0.05)
    assert recall.low > 0.85
    assert alarms.high < 0.12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"root": "other"}, "the root `other` is not among"),
        ({"abilities": []}, "the root `sabotage` is not among"),
        ({"abilities": [{"id": "sabotage", "all": ["x"]}]}, "needs `x`, which is not listed"),
        ({"abilities": [{"id": "sabotage"}, {"id": "x"}]}, "does not need `x`"),
        ({"abilities": [{"id": "sabotage"}, {"id": "sabotage"}]}, "`sabotage` is given twice"),
        (
            {
                "abilities": [
                    {"id": "sabotage", "all": ["a"]},
                    {"id": "a", "any": ["b"]},
                    {"id": "b", "all": ["a"]},
                ]
            },
            "in a circle: a → b → a",
        ),
        ({"abilities": [{"id": "sabotage", "all": ["sabotage"]}]}, "in a circle"),
        ({"abilities": [{"id": "sabotage", "all": []}]}, "`all` of `sabotage` is empty"),
        ({"abilities": [{"id": "sabotage", "all": ["a"], "any": ["a"]}, {"id": "a"}]}, "twice"),
        ({"abilities": [{"id": "sabotage", "unknown": 1}]}, "`unknown` is true or false"),
        ({"abilities": [{"id": "sabotage", "or": []}]}, "`or` is not known"),
        ({"abilities": [{"id": ""}]}, "`id` is a name"),
        ({"abilities": [{"id": "sabotage", "unknown": True}]}, "no test `plan`"),
    ],
)
def test_a_broken_graph_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        measure(tmp_path, ROWS, {**GRAPH, **change})


def test_no_ability_goes_without_data_unless_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="`exploit` has no attempt with a score"):
        measure(tmp_path, [r for r in ROWS if r["ability"] != "exploit"])
    with pytest.raises(MethodError, match="`access` is declared unknown and has attempts"):
        measure(tmp_path, [*ROWS, *lines(access=[1])])
    everything = [{**a, "unknown": True} for a in GRAPH["abilities"]]  # type: ignore[union-attr]
    with pytest.raises(MethodError, match="declared unknown and has"):
        measure(tmp_path, ROWS, {**GRAPH, "abilities": everything})
    unknown = [{**a, "unknown": a["id"] != "plan"} for a in GRAPH["abilities"]]  # type: ignore[index]
    plan = [r for r in ROWS if r["ability"] == "plan"]
    found = measure(tmp_path, plan, {**GRAPH, "abilities": unknown})
    assert found.quantities["capability"].high == 1.0  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="`level`"):
        Parameters(graph="g.json", level=0.0)
    assert files(Parameters(graph="g.json")) == ("g.json",)


def test_the_best_case_bounds_the_root(tmp_path: Path) -> None:
    (tmp_path / "graph.json").write_text(json.dumps(GRAPH))
    best = best_case(Parameters(graph="graph.json"), tmp_path, ())
    assert bounds(best["capability"], alpha_low=0.05, alpha_high=0.05).high == pytest.approx(
        1 - (0.05 / 3) ** (1 / 50)
    )
    assert best_case(Parameters(graph="none.json"), tmp_path, ()) == {}


@pytest.mark.slow
def test_a_method_that_multiplies_does_not_pass_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if abilities were independent: the error that the bound is there to avoid."""

    def independent(needs: Needs, upper: dict[str, float]) -> Bounded:
        chance: dict[str, float] = {}
        for name, ability in needs.abilities.items():
            some = 1 - np.prod([1 - chance[p] for p in ability.some]) if ability.some else 1.0
            chance[name] = (
                upper[name] * float(some) * float(np.prod([chance[p] for p in ability.every]))
            )
        high = chance[needs.root]
        return Bounded(high=high, reached=high, cuts=(("exploit", "persuade"),), complete=True)

    for module in (capabilities_graph, capabilities_analysis):
        monkeypatch.setattr(module, "bounded", independent)
    monkeypatch.setattr("safetycase.methods.scheming.capabilities.planted.bounded", independent)
    with pytest.raises(AssertionError, match="search over every joint law"):
        check_method(METHOD)
    controls = METHOD.controls()
    assert [p.passes for p in controls.planted if p.name == "each way a little"] == [0]
