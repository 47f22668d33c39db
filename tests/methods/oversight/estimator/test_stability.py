"""Critical ratios and moduli: closed forms, enumeration, files, cases, and what is refused."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.oversight.stability import ranges
from safetycase.methods.oversight.stability.analysis import enumerated
from safetycase.methods.oversight.stability.arguments import read_argument
from safetycase.methods.oversight.stability.combiners import (
    Leaf,
    Node,
    Table,
    Threshold,
    all_of,
    at_least,
    majority,
    truth,
)
from safetycase.methods.oversight.stability.critical import critical_ratio, modulus
from safetycase.methods.oversight.stability.dependence import dependent_ratio
from safetycase.methods.oversight.stability.method import METHOD, Parameters
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.stats import Certified, Proportion
from safetycase.testing.methods import check_measurement, check_method

STEPS = [i / 5000 for i in range(1, 5001)]
MODULE = "safetycase.methods.oversight.stability.method"


def context(folder: Path) -> Context:
    return Context(
        case_folder=folder,
        scratch=folder,
        seed=0,
        model=None,
        models={},
        progress=lambda *_: None,
    )


def measured(folder: Path, *inputs: str, **parameters: Any) -> Measurement:
    found = METHOD.run(inputs, Parameters(**parameters), context(folder))
    assert isinstance(found, Measurement)
    return found


def written(folder: Path, arguments: Sequence[object]) -> str:
    lines = [json.dumps({"id": f"a{i}", "argument": a}) for i, a in enumerate(arguments)]
    (folder / "arguments.jsonl").write_text("\n".join(lines))
    return "arguments.jsonl"


def certified(found: Measurement, name: str) -> Certified:
    value = found.quantities[name]
    assert isinstance(value, Certified)
    return value


def alike(count: int) -> tuple[Node, ...]:
    return (Leaf("leaf"),) * count


@pytest.mark.slow
def test_the_method_holds_the_contract() -> None:
    check_method(METHOD, module=MODULE)


@pytest.mark.parametrize("count", [2, 5, 40, 101])
def test_a_conjunction_of_n_has_n(count: int) -> None:
    found = critical_ratio(all_of(alike(count)))
    assert found.low == pytest.approx(count, rel=1e-8)
    assert found.high == pytest.approx(count, rel=1e-8)
    assert found.at == 0


@pytest.mark.parametrize(
    ("count", "wanted"),
    [(101, 1.638), (1001, 1.845), pytest.param(10001, 1.941, marks=pytest.mark.slow)],
)
def test_majorities_rise_to_two(count: int, wanted: float) -> None:
    found = critical_ratio(majority(alike(count)))
    assert found.low == pytest.approx(wanted, abs=5e-4)
    assert found.low <= found.high <= found.low * (1 + 2e-6)
    assert found.high < 2


@pytest.mark.parametrize(("share", "near"), [(0.6, 0.3), (0.75, 0.6), (0.9, 2.5)])
def test_a_threshold_comes_near_one_over_one_less_its_share(share: float, near: float) -> None:
    small, large = (
        critical_ratio(at_least(int(share * n) + 1, alike(n)), tolerance=1e-4).high
        for n in (201, 1001)
    )
    assert small < large < 1 / (1 - share)
    assert 1 / (1 - share) - large < near


def test_majorities_of_five_grow_less_at_each_depth() -> None:
    node, roots = Leaf("leaf"), []
    tree: Node = node
    for depth in range(1, 5):
        tree = majority((tree,) * 5)
        roots.append(critical_ratio(tree).high ** (1 / depth))
    assert roots == pytest.approx([1.198, 1.184, 1.166, 1.147], abs=6e-4)
    conjunction: Node = node
    for _ in range(3):
        conjunction = all_of((conjunction,) * 3)
    assert critical_ratio(conjunction).high == pytest.approx(27, rel=1e-6)


def test_many_parts_with_their_own_weights() -> None:
    parts = tuple(Leaf(f"leaf {i}") for i in range(30))
    node = Threshold(parts, tuple(range(1, 31)), 230)
    found = critical_ratio(node, tolerance=1e-3)
    chords = [modulus(node, i / 40) / (i / 40) for i in range(1, 41)]
    assert max(chords) <= found.high
    assert found.low == pytest.approx(max(chords), rel=1e-3)


def test_a_table_that_moves_most_at_small_errors() -> None:
    rows = tuple(row.bit_count() % 2 == 1 for row in range(2**10))
    found = critical_ratio(Table(tuple(Leaf(f"leaf {i}") for i in range(10)), rows))
    assert (found.low, found.high, found.at) == (pytest.approx(10), pytest.approx(10), 0)


def drawn(seed: int, *, table: bool) -> Node:
    draw = random.Random(seed)
    count = 0

    def node(depth: int) -> Node:
        nonlocal count
        if depth == 0 or (count > 1 and draw.random() < 0.4):
            count += 1
            return Leaf(f"leaf {count}", draw.random() < 0.7)
        parts = tuple(node(depth - 1) for _ in range(draw.randint(2, 3)))
        if table and draw.random() < 0.5:
            return Table(parts, tuple(draw.random() < 0.5 for _ in range(2 ** len(parts))))
        weights = tuple(draw.randint(1, 3) for _ in parts)
        return Threshold(parts, weights, draw.randint(1, sum(weights)))

    return node(2)


@pytest.mark.parametrize("table", [False, True])
def test_random_arguments_agree_with_enumeration(table: bool) -> None:
    for seed in range(25):
        node = drawn(seed, table=table)
        for error in (0.03, 0.4, 1.0):
            assert modulus(node, error) == pytest.approx(enumerated(node, error), abs=1e-9), seed


@pytest.mark.parametrize("table", [False, True])
def test_no_chord_of_a_random_argument_is_steeper_than_its_ratio(table: bool) -> None:
    for seed in range(7):
        node = drawn(seed, table=table)
        found = critical_ratio(node, tolerance=0.02)
        chords = [modulus(node, i / 100) / (i / 100) for i in range(1, 101)]
        assert max(chords) <= found.high * (1 + 1e-9), seed
        assert found.low <= found.high, seed
        steepest = max([*chords, modulus(node, 1e-5) / 1e-5])
        assert found.low <= steepest * 1.02 + 1e-9, seed


def test_errors_that_depend_on_each_other_cost_the_packing() -> None:
    assert dependent_ratio(majority(alike(101))) == pytest.approx(101 / 51, rel=1e-6)
    assert dependent_ratio(all_of(alike(9))) == pytest.approx(9, rel=1e-6)
    tree = majority((majority(alike(5)),) * 5)
    assert dependent_ratio(tree) == pytest.approx((5 / 3) ** 2, rel=1e-6)
    with pytest.raises(ValueError, match="truth table"):
        dependent_ratio(Table((Leaf("a"),), (False, True)))
    with pytest.raises(ValueError, match="claimed false"):
        dependent_ratio(all_of((Leaf("a", claimed=False),)))


@pytest.mark.slow
def test_a_file_of_arguments_is_read_and_measured(tmp_path: Path) -> None:
    name = written(
        tmp_path,
        [
            {"all": ["x", "y", {"majority": ["p", "q", "r"]}]},
            {"needed": 4, "weights": [3, 2, 2], "of": ["a", "b", {"leaf": "c", "claimed": True}]},
            {"at_least": 2, "of": ["a", "b", {"any": ["c", "d"]}]},
        ],
    )
    found = measured(tmp_path, name, error=0.1, stake=2.0)
    ratio = certified(found, "critical_ratio")
    chords = [(1 - (1 - e) ** 2 * (1 - 3 * e**2 + 2 * e**3)) / e for e in STEPS]
    assert ratio.low == pytest.approx(max(chords), abs=1e-4)
    assert ratio.high == pytest.approx(max(chords), abs=1e-4)
    assert certified(found, "dependent_ratio").high >= ratio.high
    top = 0.9**2 * (3 * 0.9**2 - 2 * 0.9**3)
    assert certified(found, "modulus").low == pytest.approx(1 - top, rel=1e-5)
    share = found.quantities["accepted_share"]
    assert isinstance(share, Proportion)
    assert share.trials == 3
    assert all(check.passed for check in found.instrument)
    check_measurement(METHOD, lambda: measured(tmp_path, name))


def test_a_table_has_no_dependent_ratio_and_says_so(tmp_path: Path) -> None:
    found = measured(tmp_path, written(tmp_path, [{"table": "0110", "of": ["a", "b"]}]))
    assert "dependent_ratio" not in found.quantities
    assert "truth table" in found.diagnostics["without dependent_ratio"]
    assert certified(found, "critical_ratio").high == pytest.approx(2, abs=1e-4)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"all": []}, "a threshold has parts"),
        ({"at_least": 4, "of": ["a", "b"]}, "4 of 2 decides nothing"),
        ({"at_least": 0, "of": ["a", "b"]}, "0 of 2 decides nothing"),
        ({"some": ["a"]}, "a node with `some` is none of"),
        ({"table": "012", "of": ["a"]}, "digits 0 and 1"),
        ({"table": "010", "of": ["a"]}, "has 2 rows"),
        ({"all": ["a", {"leaf": "a", "claimed": False}]}, "claimed true and false"),
        ({"all": ["", "b"]}, "has no name"),
        ({"leaf": "a", "claimed": 1}, "is true or false"),
        ({"needed": 2, "weights": [1, -1], "of": ["a", "b"]}, "a whole number"),
        ({"needed": 2, "weights": [1], "of": ["a", "b"]}, "a weight for each"),
        (["a"], "an object is expected"),
        ({"all": "a"}, "a list is expected"),
        ({"needed": 2, "weights": [10**9], "of": ["a"]}, "more than 100,000"),
        ({"table": "0" * 2048, "of": ["a"] * 11}, "1 to 10 parts"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(
    tmp_path: Path, argument: object, message: str
) -> None:
    name = written(tmp_path, [{"all": ["a"]}, argument])
    with pytest.raises(MethodError, match=r"`arguments.jsonl` line 2") as refused:
        measured(tmp_path, name)
    assert message in str(refused.value)


def test_files_that_say_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(MethodError, match="holds no argument"):
        measured(tmp_path, "empty.jsonl")
    (tmp_path / "twice.jsonl").write_text('{"id": "a", "argument": "x"}\n' * 2)
    with pytest.raises(MethodError, match="stands twice"):
        measured(tmp_path, "twice.jsonl")
    with pytest.raises(MethodError, match="and not both"):
        measured(tmp_path)
    name = written(tmp_path, ["x"])
    (tmp_path / "again.jsonl").write_text((tmp_path / name).read_text())
    with pytest.raises(MethodError, match="in two files"):
        measured(tmp_path, name, "again.jsonl")


def test_a_falling_rule_over_a_shared_part_is_refused(tmp_path: Path) -> None:
    shared = {"table": "0110", "of": ["a", {"all": ["a", "b"]}]}
    with pytest.raises(MethodError, match="stands in several places"):
        measured(tmp_path, written(tmp_path, [shared]))
    assert modulus(read_argument({"all": ["a", "a"]}, "here"), 0.1) == pytest.approx(0.19)


def test_parameters_out_of_range_are_refused() -> None:
    for given, message in (
        ({"error": 0.0}, "`error`"),
        ({"stake": float("inf")}, "`stake`"),
        ({"claim": "TOP"}, "`case`"),
    ):
        with pytest.raises(ValueError, match=message):
            Parameters(**given)  # type: ignore[arg-type]


def test_the_truth_of_mixed_claims() -> None:
    node = read_argument(
        {"at_least": 2, "of": ["a", {"leaf": "b", "claimed": False}, {"table": "10", "of": ["c"]}]},
        "here",
    )
    assert not truth(node)


def test_broken_binomials_fail_the_oracles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "binomial", lambda n, k, p: p**k * (1 - p) ** (n - k))
    assert not all(oracle.passed for oracle in METHOD.self_check())
