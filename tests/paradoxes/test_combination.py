"""The paradoxes that are about combining numbers: what ours gives, and what the others give.

P1 one bad hazard, P3 padding, P4 refactoring, P5 evidence counted twice, P6 monotonicity, P7 no
evidence, P8 Zadeh, P14 many good leaves, P15 the lottery, P21 a strong leaf and its warrant, P22
a shared assumption, P23 two of three, P26 a vacuous leg, P27 order and labels, P30 a solver that
is stopped early.
"""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.paradoxes import schemes
from tests.paradoxes.engine import bel, belief, local_low, proof_low, worst_within
from tests.paradoxes.worlds import shape

from safetycase.confidence.graph import ALL, ANY, EVENT, Builder, Graph, Query

EXACT = 1e-6


def all_of(*lows: float) -> tuple[Graph, int]:
    build = Builder()
    node = build.all([build.event(f"e{i}", low) for i, low in enumerate(lows)])
    return build.freeze(), node


def any_of(*lows: float) -> tuple[Graph, int]:
    build = Builder()
    node = build.any([build.event(f"e{i}", low) for i, low in enumerate(lows)])
    return build.freeze(), node


def lows(graph: Graph) -> dict[int, float]:
    return {i: graph.low[i] for i, op in enumerate(graph.ops) if op == EVENT}


def test_p1_one_bad_hazard_among_ten() -> None:
    hazards = (0.2, *[0.999] * 9)
    graph, node = all_of(*hazards)
    assert bel(graph, node) == pytest.approx(0.191, abs=EXACT)
    assert schemes.averaging(graph, node, lows(graph)) == pytest.approx(0.919, abs=1e-3)
    assert schemes.evidential_reasoning(hazards, [1] * 10) > 0.9
    assert schemes.baconian(9, 10) == 0.9


def test_p3_padding_with_certain_leaves_changes_nothing() -> None:
    hazards = (0.2, *[0.999] * 9)
    short, padded = all_of(*hazards), all_of(*hazards, *[1.0] * 990)
    assert bel(*padded) == pytest.approx(bel(*short), abs=EXACT)
    assert schemes.baconian(999, 1000) > schemes.baconian(9, 10) + 0.09
    # What everybody finds acceptable: a hundred lines nobody disputes.
    assert schemes.averaging(*padded, lows(padded[0])) > schemes.averaging(*short, lows(short[0]))


def nested(split: bool) -> tuple[Graph, int]:
    build = Builder()
    parts = [build.event(f"e{i}", low) for i, low in enumerate((0.5, 0.98, 0.99, 0.97))]
    if split:
        left = build.all(parts[:1], "alone")
        right = build.all([build.all(parts[1:3]), parts[3], parts[1]], "rejoined")
        return (lambda node: (build.freeze(), node))(build.all([left, right]))
    node = build.all(parts)
    return build.freeze(), node


def test_p4_nesting_and_flattening_are_the_same_argument() -> None:
    flat, deep = nested(False), nested(True)
    assert bel(*flat) == pytest.approx(0.44, abs=EXACT)
    assert bel(*deep) == pytest.approx(0.44, abs=EXACT)
    means = [schemes.averaging(*g, lows(g[0])) for g in (flat, deep)]
    assert abs(means[0] - means[1]) > 0.1
    # Fréchet node by node is sound, but charges the part that was named twice twice.
    assert schemes.sum_of_doubts(*deep, lows(deep[0])) == pytest.approx(0.42)


def test_p5_the_same_evidence_on_two_legs() -> None:
    build = Builder()
    once = build.event("once", 0.9)
    twice = build.any([build.all([once], "left"), build.all([once], "right")], "either")
    both = build.all([build.all([once], "first"), build.all([once], "second")], "both")
    graph = build.freeze()
    assert bel(graph, twice) == pytest.approx(0.9, abs=EXACT)
    assert bel(graph, both) == pytest.approx(0.9, abs=EXACT)
    chances = {once: 0.9}
    assert schemes.product(graph, twice, chances) == pytest.approx(0.99)
    assert schemes.product(graph, both, chances) == pytest.approx(0.81)
    assert schemes.sum_of_doubts(graph, both, chances) == pytest.approx(0.8)
    told = schemes.opinion(0.9, 1.0)
    assert schemes.dempster(told, told).b == pytest.approx(0.99)
    assert schemes.sl_cumulative(told, told).b == pytest.approx(0.18 / 0.19)


def test_p6_what_supports_never_hurts_and_what_attacks_never_helps_by_example() -> None:
    one, two = any_of(0.9), any_of(0.9, 0.5)
    assert bel(*two) == pytest.approx(bel(*one), abs=EXACT)
    assert schemes.averaging(*two, lows(two[0])) < schemes.averaging(*one, lows(one[0]))
    # Finding a doubt one had not thought of, and answering it, raises the Baconian ratio.
    assert schemes.baconian(10, 11) > schemes.baconian(9, 10)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.3, 1), st.floats(0, 1))
def test_p6_monotone_in_support_and_attack(seed: int, up: float, attack: float) -> None:
    generator = random.Random(seed)
    bare = shape(generator, events=generator.randint(3, 6), gates=3, monotone=True)
    build = Builder()
    values = [generator.uniform(0.6, 1) for _ in bare.ops]
    chosen = generator.randrange(3)

    def copy(prefix: str, raised: bool) -> int:
        made: dict[int, int] = {}
        for i, op in enumerate(bare.ops):
            parts = [made[p] for p in bare.parts[i]]
            if op == EVENT:
                low = max(values[i], up) if raised and i == chosen else values[i]
                made[i] = build.event(f"{prefix}{i}", low)
            else:
                k = {ALL: len(parts), ANY: 1}.get(op, bare.k[i])
                made[i] = build.at_least(k, parts, f"{prefix}{i}")
        return made[len(bare) - 1]

    before, better = copy("a", False), copy("b", True)
    extra = build.event("extra", attack)
    wider = build.any([before, extra], "wider")
    doubt = build.event("doubt", 0.0, attack)
    attacked = build.all([before, build.negate(doubt)], "attacked")
    answered = build.all([before, build.negate(build.event("refuted", 0, 0))], "answered")
    graph = build.freeze()
    base = bel(graph, before)
    assert bel(graph, better) >= base - EXACT
    assert bel(graph, wider) >= base - EXACT
    assert bel(graph, attacked) <= base + EXACT
    assert bel(graph, answered) == pytest.approx(base, abs=EXACT)
    rebutted = belief(graph, Query(support=before, rebuttal=doubt))
    assert rebutted.bel <= base + EXACT


def test_p7_no_evidence_is_no_opinion() -> None:
    build = Builder()
    parts = [build.event(f"e{i}") for i in range(3)]
    nodes = [parts[0], build.all(parts), build.any(parts), build.at_least(2, parts)]
    graph = build.freeze()
    for node in nodes:
        found = belief(graph, Query(support=node))
        assert (found.bel, found.pl) == (0, 1)
    assert schemes.opinion(0, 1).expected == 0.5
    assert schemes.uniform_prior(0, 0) == 0.5
    opinions = dict.fromkeys(parts, schemes.opinion(0, 1))
    assert schemes.subjective_logic(graph, nodes[2], opinions).expected == 0.875


def test_p8_zadeh_conflict_is_shown_and_not_divided_away() -> None:
    build = Builder()
    query = Query(support=build.event("for", 0.99), rebuttal=build.event("against", 0.99))
    found = belief(build.freeze(), query)
    assert found.bel <= 0.01 + EXACT
    assert 1 - found.pl <= 0.01 + EXACT
    assert found.conflict_low >= 0.98 - EXACT
    # Two physicians agree on 1 % concussion; Dempster's rule makes it certain.
    meningitis, tumour, concussion = (frozenset({d}) for d in ("m", "t", "c"))
    pooled = schemes.dempster_on_sets(
        {meningitis: 0.99, concussion: 0.01}, {tumour: 0.99, concussion: 0.01}
    )
    assert pooled == {concussion: pytest.approx(1)}
    # And of near-certain claim and rebuttal it makes an even bet, without a word of conflict.
    even = schemes.dempster(schemes.opinion(0.99, 1), schemes.opinion(0, 0.01))
    assert even.b == pytest.approx(even.d)
    assert even.u < 0.01
    averaged = schemes.sl_averaging(schemes.opinion(0.99, 1), schemes.opinion(0, 0.01))
    assert averaged.b == pytest.approx(0.495)


def test_p14_twenty_good_leaves() -> None:
    build = Builder()
    node = build.all([build.event(f"e{i}", 0.99, 0.99) for i in range(20)])
    graph = build.freeze()
    found = belief(graph, Query(support=node))
    assert found.bel == pytest.approx(0.80, abs=EXACT)
    assert _highest(graph, node) == pytest.approx(0.99, abs=EXACT)
    assert schemes.weakest_link(graph, node, lows(graph)) == 0.99
    assert schemes.product(graph, node, lows(graph)) == pytest.approx(0.818, abs=1e-3)


def _highest(graph: Graph, node: int) -> float:
    """max P(node), as the doubt about its negation."""
    return 1 - bel(*_negated(graph, node))


def _negated(graph: Graph, node: int) -> tuple[Graph, int]:
    build = Builder()
    for i, op in enumerate(graph.ops):
        if op == EVENT:
            build.event(graph.names[i], graph.low[i], graph.high[i])
        else:
            build.all(graph.parts[i], graph.names[i])
    top = build.negate(node, "not")
    return build.freeze(), top


def test_p15_the_lottery() -> None:
    """Each of 1,000 leaves is accepted at .99, and the conjunction of what is accepted is not."""
    build = Builder()
    leaves = [build.event(f"e{i}", 0.99) for i in range(1000)]
    node = build.all(leaves)
    graph = build.freeze()
    accepted = 0.95
    assert all(bel(graph, leaf) >= accepted for leaf in leaves[::100])
    assert bel(graph, node) == 0
    # A rule that accepts what follows from accepted premises accepts it; so do min and mean.
    assert schemes.weakest_link(graph, node, lows(graph)) >= accepted
    assert schemes.averaging(graph, node, lows(graph)) >= accepted
    assert schemes.product(graph, node, lows(graph)) < 1e-4


def test_p21_a_leaf_counts_no_more_than_its_warrant() -> None:
    graph, node = all_of(1 - 1e-9, 0.999)
    assert 0.998 < bel(graph, node) <= 0.999
    assert schemes.weakest_of([1 - 1e-9]) > 0.999  # a scheme without warrants
    assert schemes.averaging(graph, node, lows(graph)) > 0.999


def test_p22_thirty_legs_on_one_assumption() -> None:
    build = Builder()
    shared = build.event("shared", 0.95)
    legs = [build.all([build.event(f"e{i}", 0.998), shared], f"leg{i}") for i in range(30)]
    node = build.all(legs)
    graph = build.freeze()
    assert bel(graph, node) == pytest.approx(0.89, abs=EXACT)
    assert proof_low(graph, node) == pytest.approx(0.89, abs=EXACT)
    assert local_low(graph, node) == 0
    assert schemes.sum_of_doubts(graph, node, lows(graph)) == 0
    assert schemes.product(graph, node, lows(graph)) == pytest.approx(0.202, abs=1e-3)


def test_p23_two_of_three() -> None:
    build = Builder()
    node = build.at_least(2, [build.event(f"e{i}", 0.9) for i in range(3)])
    graph = build.freeze()
    assert bel(graph, node) == pytest.approx(0.85, abs=EXACT)
    assert proof_low(graph, node) == pytest.approx(0.80, abs=EXACT)
    assert schemes.product(graph, node, lows(graph)) == pytest.approx(0.972)
    assert schemes.weakest_link(graph, node, lows(graph)) == 0.9


def test_p26_a_leg_nobody_knows_anything_about() -> None:
    before, after = any_of(0.9), any_of(0.9, 0.0)
    assert bel(*after) == pytest.approx(bel(*before), abs=EXACT)
    assert schemes.averaging(*after, lows(after[0])) == pytest.approx(0.45)
    # Discounted by its (unknown) source, an averaged second opinion takes belief away as well.
    unknown = schemes.sl_averaging(schemes.opinion(0.9, 1), schemes.opinion(0, 1))
    assert unknown.b < 0.9


def test_p27_order_and_labels_do_not_matter() -> None:
    generator = random.Random(27)
    bare = shape(generator, events=6, gates=5, monotone=True)
    values = [generator.uniform(0.7, 1) for _ in range(6)]
    found = set()
    for turn in range(6):
        order = list(range(6))
        generator.shuffle(order)
        build = Builder()
        made = {i: build.event(f"t{turn}-{i}", values[i]) for i in order}
        for i in range(6, len(bare)):
            parts = [made[p] for p in bare.parts[i]]
            generator.shuffle(parts)
            k = {ALL: len(parts), ANY: 1}.get(bare.ops[i], bare.k[i])
            made[i] = build.at_least(k, parts)
        found.add(round(bel(build.freeze(), made[len(bare) - 1]), 9))
    assert len(found) == 1
    # Averaging fusion, folded pairwise as a tool folds a list, depends on the order of the list.
    legs = [schemes.opinion(0.9, 0.95), schemes.opinion(0.2, 0.9), schemes.opinion(0.5, 0.6)]
    folded = {
        round(schemes.sl_averaging(schemes.sl_averaging(a, b), c).b, 6)
        for a, b, c in itertools.permutations(legs)
    }
    assert len(folded) == 3


def test_p30_a_solver_stopped_early_still_gives_a_bound() -> None:
    """3 of 5 at .9: six overlapping legs; the truth is that three fail together in a sixth."""
    build = Builder()
    events = [build.event(f"e{i}", 0.9) for i in range(5)]
    node = build.at_least(3, events)
    graph = build.freeze()
    truth = 1 - 0.5 / 3
    for rounds in (0, 1, 2, 3, 50):
        assert worst_within(graph, node, rounds) <= truth + EXACT
    assert bel(graph, node) == pytest.approx(truth, abs=EXACT)
    cuts = [frozenset(c) for c in itertools.combinations(events, 3)]
    doubts = dict.fromkeys(events, 0.1)
    assert 1 - schemes.restricted_primal(cuts[:2], doubts) > truth + 0.05
    assert 1 - schemes.restricted_primal(cuts, doubts) == pytest.approx(truth)
