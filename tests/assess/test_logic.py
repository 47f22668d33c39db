"""Three-valued support and defeat: every rule, circles, order of writing, reinstatement."""

from __future__ import annotations

import random

import pytest

from safetycase.argument.graph import attackers
from safetycase.argument.model import (
    Argument,
    Assumption,
    Claim,
    Defeater,
    Element,
    Evidence,
)
from safetycase.assess.logic import Facts, solve

Value = bool | None


def claim(name: str, by: str | None = None) -> Claim:
    return Claim(id=name, says=name, by=by)


def step(
    name: str,
    *premises: str,
    rule: str = "all",
    k: int | None = None,
    exact: bool = False,
    despite: dict[str, str] | None = None,
    side: tuple[str, ...] = (),
) -> Argument:
    return Argument(
        id=name,
        kind="decomposition",
        because="b",
        premises=premises,
        rule=rule,
        k=k,
        exact=exact,
        despite=despite or {},
        side_conditions=side,
    )


def leaf(name: str) -> Evidence:
    return Evidence(id=name, method="toy/coin", because="b")


def doubt(name: str, against: str, *answers: str, by: str | None = None) -> Defeater:
    return Defeater(id=name, against=against, says=name, answered_by=answers, by=by)


def solved(
    *elements: Element,
    leaves: dict[str, Value] | None = None,
    blocked: frozenset[str] = frozenset(),
    accepted: frozenset[str] = frozenset(),
    silent: frozenset[str] = frozenset(),
) -> dict[str, Value]:
    table = {e.id: e for e in elements}

    class Shape:
        pass

    shape = Shape()
    shape.elements = table  # type: ignore[attr-defined]
    facts = Facts(
        elements=table,
        leaves=leaves or {},
        assumed={e.id: e.owner is not None for e in elements if isinstance(e, Assumption)},
        blocked=frozenset(blocked),
        attacks=attackers(shape),  # type: ignore[arg-type]
        accepted=frozenset(accepted),
        silent=frozenset(silent),
    )
    return dict(solve(facts))


@pytest.mark.parametrize(
    ("rule", "k", "legs", "expected"),
    [
        ("all", None, (True, True), True),
        ("all", None, (True, None), None),
        ("all", None, (True, False), None),
        ("any", None, (True, None), True),
        ("any", None, (None, None), None),
        ("any", None, (True, False), None),
        ("any", None, (False, False), None),
        ("k of n", 2, (True, True, None), True),
        ("k of n", 2, (True, False, None), None),
        ("k of n", 2, (True, True, False), True),
    ],
)
def test_rules(rule: str, k: int | None, legs: tuple[Value, ...], expected: Value) -> None:
    names = [f"E{i}" for i in range(len(legs))]
    found = solved(
        claim("C", "S"),
        step("S", *names, rule=rule, k=k),
        *map(leaf, names),
        leaves=dict(zip(names, legs, strict=True)),
    )
    assert found["C"] is expected


@pytest.mark.parametrize(
    ("rule", "k", "legs", "expected"),
    [
        ("all", None, (True, False), False),
        ("any", None, (False, False), False),
        ("any", None, (False, None), None),
        ("k of n", 2, (False, False, None), False),
        ("k of n", 2, (False, True, None), None),
    ],
)
def test_only_an_exact_step_refutes(
    rule: str, k: int | None, legs: tuple[Value, ...], expected: Value
) -> None:
    names = [f"E{i}" for i in range(len(legs))]
    found = solved(
        claim("C", "S"),
        step("S", *names, rule=rule, k=k, exact=True),
        *map(leaf, names),
        leaves=dict(zip(names, legs, strict=True)),
    )
    assert found["C"] is expected


def test_a_premise_that_is_named_twice_counts_once() -> None:
    found = solved(
        claim("C", "S"),
        step("S", "E0", "E0", "E1", rule="k of n", k=2),
        leaf("E0"),
        leaf("E1"),
        leaves={"E0": True, "E1": None},
    )
    assert found["C"] is None


def test_a_refuted_leg_is_answered_only_in_writing() -> None:
    legs = {"E": True, "F": False}
    open_ = solved(
        claim("C", "S"), step("S", "E", "F", rule="any"), leaf("E"), leaf("F"), leaves=legs
    )
    told = solved(
        claim("C", "S"),
        step("S", "E", "F", rule="any", despite={"F": "why"}),
        leaf("E"),
        leaf("F"),
        leaves=legs,
    )
    assert open_["C"] is None
    assert told["C"] is True


def test_side_conditions_and_blocked_elements_hold_a_step_up() -> None:
    base = [claim("C", "S"), leaf("E"), leaf("F")]
    assert solved(*base, step("S", "E", side=("F",)), leaves={"E": True})["C"] is None
    assert solved(*base, step("S", "E", side=("F",)), leaves={"E": True, "F": True})["C"] is True
    assert (
        solved(claim("C", "E"), leaf("E"), leaves={"E": True}, blocked=frozenset({"C"}))["C"]
        is None
    )


def test_defeat_and_reinstatement() -> None:
    base = [claim("C", "E"), leaf("E"), doubt("D", "E", "X"), claim("X", "F"), leaf("F")]
    assert solved(*base, leaves={"E": True})["C"] is None
    assert solved(*base, leaves={"E": True, "F": False})["C"] is None
    assert solved(*base, leaves={"E": True, "F": True})["C"] is True
    # A doubt about the answer takes it back; a doubt about that doubt gives it again.
    more = [*base, doubt("D2", "F")]
    assert solved(*more, leaves={"E": True, "F": True})["C"] is None
    again = [*more, doubt("D3", "D2")]
    assert solved(*again, leaves={"E": True, "F": True})["C"] is True


def test_a_doubt_with_evidence_of_its_own_goes_only_when_that_is_refuted() -> None:
    base = [claim("C", "E"), leaf("E"), doubt("D", "C", by="G"), leaf("G")]
    assert solved(*base, leaves={"E": True})["C"] is None
    assert solved(*base, leaves={"E": True, "G": True})["C"] is None
    assert solved(*base, leaves={"E": True, "G": False})["C"] is True


def test_a_doubt_also_keeps_a_refutation_from_counting() -> None:
    base = [claim("C", "E"), leaf("E"), doubt("D", "E")]
    assert solved(*base, leaves={"E": False})["C"] is None
    assert solved(*base, leaves={"E": False}, accepted=frozenset({"D"}))["C"] is False
    assert solved(*base, leaves={"E": True}, silent=frozenset({"D"}))["C"] is True


def test_loops_prove_nothing() -> None:
    found = solved(claim("A", "S"), step("S", "B"), claim("B", "T"), step("T", "A"))
    assert set(found.values()) == {None}
    # Odd and even circles of attack leave everything undecided.
    odd = solved(
        doubt("D1", "D3"),
        doubt("D2", "D1"),
        doubt("D3", "D2"),
        claim("C", "E"),
        leaf("E"),
        doubt("D", "C", "Z"),
        claim("Z"),
        leaves={"E": True},
    )
    assert odd["D1"] is None
    assert odd["C"] is None


def test_an_unowned_assumption_supports_nothing() -> None:
    owned = Assumption(id="A", says="a", owner="me")
    alone = Assumption(id="A", says="a")
    assert solved(claim("C", "S"), step("S", "A"), owned)["C"] is True
    assert solved(claim("C", "S"), step("S", "A"), alone)["C"] is None


def test_the_order_of_writing_does_not_matter() -> None:
    elements: list[Element] = [
        claim("C", "S"),
        step("S", "E", "F", "B", rule="k of n", k=2),
        leaf("E"),
        leaf("F"),
        claim("B", "G"),
        leaf("G"),
        doubt("D1", "E", "X"),
        claim("X", "H"),
        leaf("H"),
        doubt("D2", "H"),
        doubt("D3", "D2"),
        doubt("D4", "S", "B"),
    ]
    leaves: dict[str, Value] = {"E": True, "F": False, "G": True, "H": True}
    expected = solved(*elements, leaves=leaves)
    generator = random.Random(1)
    for _ in range(50):
        generator.shuffle(elements)
        assert solved(*elements, leaves=leaves) == expected
    assert expected["C"] is True


def test_more_support_never_hurts_and_more_attack_never_helps() -> None:
    generator = random.Random(2)
    rank = {False: 0, None: 1, True: 2}
    for _ in range(300):
        names = [f"E{i}" for i in range(4)]
        elements: list[Element] = [
            claim("C", "S"),
            *map(leaf, names),
            step(
                "S",
                *names,
                rule=generator.choice(["all", "any", "k of n"]),
                k=2,
                despite=dict.fromkeys(names, "why"),
            ),
        ]
        leaves: dict[str, Value] = {n: generator.choice([True, None, False]) for n in names}
        before = solved(*elements, leaves=leaves)["C"]
        better = dict(leaves)
        better[generator.choice(names)] = True
        assert rank[solved(*elements, leaves=better)["C"]] >= rank[before]
        attacked = solved(
            *elements, doubt("D", generator.choice([*names, "S", "C"])), leaves=leaves
        )["C"]
        assert attacked is not True or before is True
