"""The graph of a case says in every world what the three-valued logic says of it."""

from __future__ import annotations

import itertools
import random

import pytest

from safetycase.argument.graph import attackers, kind_of
from safetycase.argument.model import (
    Accepted,
    Argument,
    Assumption,
    Case,
    Claim,
    Credence,
    Defeater,
    Element,
    Evidence,
)
from safetycase.assess.circles import components
from safetycase.assess.formulas import Formulas
from safetycase.assess.logic import Facts, solve
from safetycase.assess.network import Network, network
from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Graph


def holds(graph: Graph, truth: dict[str, bool]) -> list[bool]:
    """The value of every node in one world."""
    found: list[bool] = []
    for i, op in enumerate(graph.ops):
        parts = [found[p] for p in graph.parts[i]]
        if op == EVENT:
            found.append(truth[graph.names[i]])
        else:
            found.append(
                all(parts)
                if op == ALL
                else any(parts)
                if op == ANY
                else sum(parts) >= graph.k[i]
                if op == AT_LEAST
                else not parts[0]
            )
        assert op in (EVENT, ALL, ANY, AT_LEAST, NOT)
    return found


def facts_of(
    elements: dict[str, Element],
    *,
    assumed: dict[str, bool],
    leaves: dict[str, bool | None],
    blocked: frozenset[str] = frozenset(),
    silent: frozenset[str] = frozenset(),
) -> Facts:
    case = Case(header=None, root=next(iter(elements)), elements=elements)  # type: ignore[arg-type]
    return Facts(
        elements=elements,
        leaves=leaves,
        assumed=assumed,
        blocked=blocked,
        attacks=attackers(case),
        accepted=frozenset(),
        silent=silent,
    )


def random_elements(rng: random.Random) -> dict[str, Element]:
    """Claims, steps, leaves and defeaters with references anywhere, circles included."""
    claims = [f"C{i}" for i in range(rng.randint(2, 4))]
    leaves = [f"E{i}" for i in range(rng.randint(1, 2))] + ["A0"]
    elements: dict[str, Element] = {}
    for c in claims:
        kind = rng.choice(["step", "step", "leaf", "none"])
        if kind == "step":
            pool = [x for x in claims + leaves if x != c or rng.random() < 0.1]
            premises = tuple(rng.sample(pool, rng.randint(1, min(3, len(pool)))))
            rule = rng.choice(["all", "any", "k of n"])
            elements[f"{c}.by"] = Argument(
                id=f"{c}.by",
                kind="decomposition",
                because="b",
                premises=premises,
                rule=rule,  # type: ignore[arg-type]
                k=rng.randint(1, len(premises)) if rule == "k of n" else None,
            )
        by = {"step": f"{c}.by", "leaf": rng.choice(leaves[:-1]), "none": None}[kind]
        elements[c] = Claim(id=c, says=c, by=by)
    for name in leaves:
        elements[name] = (
            Evidence(id=name, method="m", because="b")
            if name[0] == "E"
            else Assumption(id=name, says=name, owner="o")
        )
    doubts = [f"D{i}" for i in range(rng.randint(0, 3))]
    for d in doubts:
        against = rng.choice([*elements, *doubts])
        answers = tuple(rng.sample([*claims, *leaves], rng.randint(0, 1)))
        by = rng.choice([None, None, rng.choice(leaves[:-1])])
        elements[d] = Defeater(id=d, against=against, says=d, answered_by=answers, by=by)
    return dict(sorted(elements.items(), key=lambda _: rng.random()))


def made(elements: dict[str, Element]) -> Network:
    facts = facts_of(
        elements,
        assumed={n: True for n, e in elements.items() if isinstance(e, Assumption)},
        leaves={n: True for n, e in elements.items() if isinstance(e, Evidence)},
    )
    measured = {n: (0.9, 1.0) for n, e in elements.items() if isinstance(e, Evidence)}
    return network(elements, Formulas(facts, {}, measured, {}))


Value = bool | None


def both(values: list[Value]) -> Value:
    return False if False in values else None if None in values else True


def denied(value: Value) -> Value:
    return None if value is None else not value


def in_world(elements: dict[str, Element], truth: dict[str, bool]) -> dict[str, Value]:
    """The least fixpoint of Kleene's logic when exactly the events of `truth` hold."""
    against = {
        n: [d for d, e in elements.items() if getattr(e, "against", "") == n] for n in elements
    }
    values: dict[str, Value] = dict.fromkeys(elements)

    def value(name: str) -> Value:
        element = elements[name]
        attacks = [denied(values[d]) for d in against[name]]
        if isinstance(element, Defeater):
            answers = [denied(values[a]) for a in element.answered_by]
            own = values[element.by] if element.by else truth.get(f"{name}~raised", truth.get(name))
            return both([own, *answers, *attacks])
        if isinstance(element, Claim):
            return both([values[element.by] if element.by else truth[name], *attacks])
        own = [truth.get(name, True), truth.get(f"{name}~warrant", True)]
        if isinstance(element, Argument):
            legs = [values[p] for p in element.premises]
            k = {"all": len(legs), "any": 1}.get(element.rule or "all", element.k or 0)
            yes, possible = legs.count(True), len(legs) - legs.count(False)
            own.append(True if yes >= k else False if possible < k else None)
        return both([*own, *attacks])

    for _ in range(2 * len(elements) + 1):
        values = {n: value(n) for n in elements}
    return values


@pytest.mark.parametrize("seed", range(150))
def test_every_world_is_the_grounded_one(seed: int) -> None:
    rng = random.Random(seed)
    elements = random_elements(rng)
    woven = made(elements)
    names = list(woven.events)
    worlds = list(itertools.product([True, False], repeat=len(names)))
    for world in rng.sample(worlds, min(40, len(worlds))):
        truth = dict(zip(names, world, strict=True))
        values, nodes = in_world(elements, truth), holds(woven.graph, truth)
        for name, node in woven.nodes.items():
            assert nodes[node] == (values[name] is True), (seed, name, elements, truth)
        for name, query in woven.queries.items():
            against = query.rebuttal is not None and nodes[query.rebuttal]
            # Bel counts the worlds in which the claim goes through, neither more nor less.
            assert (nodes[query.support] and not against) == (values[name] is True), (seed, name)
            if against and not nodes[query.support]:
                attackers_ = [d for d, e in elements.items() if getattr(e, "against", "") == name]
                by = elements[name].by  # type: ignore[union-attr]
                measured = isinstance(elements.get(by or ""), Evidence) and not truth[by or ""]
                assert measured or any(values[d] is True for d in attackers_)


@pytest.mark.parametrize("seed", range(150))
def test_what_the_logic_supports_goes_through_when_all_holds(seed: int) -> None:
    rng = random.Random(seed)
    elements = random_elements(rng)
    woven = made(elements)
    facts = facts_of(
        elements,
        assumed={n: True for n, e in elements.items() if isinstance(e, Assumption)},
        leaves={n: True for n, e in elements.items() if isinstance(e, Evidence)},
    )
    values = solve(facts)
    # An undeveloped claim has no support in the logic.
    truth = {
        n: not (b.what == "open" and n in elements and n[0] == "C") for n, b in woven.events.items()
    }
    nodes = holds(woven.graph, truth)
    for name, node in woven.nodes.items():
        if values[name] is True and not isinstance(elements[name], Defeater):
            assert nodes[node], (seed, name, elements)


def test_kinds_that_carry_nothing_have_no_node() -> None:
    elements: dict[str, Element] = {"C0": Claim(id="C0", says="c")}
    woven = made(elements)
    assert woven.opened == {"C0": 0}
    assert kind_of(elements["C0"]) == "claim"


def test_a_circle_of_support_proves_nothing_and_an_odd_circle_of_attacks_decides_nothing() -> None:
    loop: dict[str, Element] = {
        "C0": Claim(id="C0", says="c", by="S0"),
        "S0": Argument(id="S0", kind="substitution", because="b", premises=("C1",)),
        "C1": Claim(id="C1", says="c", by="S1"),
        "S1": Argument(id="S1", kind="substitution", because="b", premises=("C0",)),
    }
    woven = made(loop)
    assert not holds(woven.graph, dict.fromkeys(woven.events, True))[woven.nodes["C0"]]
    odd: dict[str, Element] = {
        "C0": Claim(id="C0", says="c", by="E0"),
        "E0": Evidence(id="E0", method="m", because="b"),
        "D0": Defeater(id="D0", against="C0", says="d"),
        "D1": Defeater(id="D1", against="D0", says="d"),
        "D2": Defeater(id="D2", against="D1", says="d"),
        "D3": Defeater(id="D3", against="D2", says="d"),
    }
    elements = odd | {"D4": Defeater(id="D4", against="D3", says="d")}
    ring = elements | {"D1": Defeater(id="D1", against="D0", says="d", answered_by=())}
    assert made(ring).nodes
    around = {**odd, "D3": Defeater(id="D3", against="D2", says="d")}
    around["D1"] = Defeater(id="D1", against="D3", says="d")
    woven = made(around)
    truth = dict.fromkeys(woven.events, True)
    nodes = holds(woven.graph, truth)
    assert not any(nodes[woven.nodes[d]] for d in ("D1", "D2", "D3"))


def test_components_stand_after_what_they_rest_on() -> None:
    parts = {"a": ("b",), "b": ("c", "a"), "c": ("d",), "d": (), "e": ("e",)}
    assert components(parts) == [("d",), ("c",), ("a", "b"), ("e",)]
    deep = {str(i): (str(i + 1),) for i in range(20_000)} | {"20000": ()}
    assert components(deep)[0] == ("20000",)


def test_intervals_are_those_of_the_judgements() -> None:
    sure = Credence(at_least=0.7, owner="o", because="b")
    accepted = Accepted(doubt=0.1, because="b", owner="o", expires=None)  # type: ignore[arg-type]
    elements: dict[str, Element] = {
        "C0": Claim(id="C0", says="c", by="E0"),
        "E0": Evidence(id="E0", method="m", because="b", credence=sure),
        "D0": Defeater(id="D0", against="C0", says="d", accepted=accepted),
    }
    facts = facts_of(elements, assumed={}, leaves={"E0": True})
    facts = Facts(**{f: getattr(facts, f) for f in facts.__slots__} | {"accepted": {"D0"}})
    woven = network(elements, Formulas(facts, {}, {"E0": (0.9, 0.95)}, {}))
    intervals = {n: (b.low, b.high) for n, b in woven.events.items()}
    assert intervals == {"E0": (0.9, 0.95), "E0~warrant": (0.7, 1.0), "D0~raised": (0.0, 0.1)}
