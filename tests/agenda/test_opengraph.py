"""The graph that is planned on means what the graph of the case means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.agenda.cases import EITHER, PAIR, opened

from safetycase.agenda.items import items_of
from safetycase.agenda.opengraph import OpenGraph, open_graph
from safetycase.agenda.planning import lower_bounds, planned
from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Builder, Graph, Query


def true(graph: Graph, root: int, held: Mapping[int, bool]) -> bool:
    values: list[bool] = []
    for node, op in enumerate(graph.ops):
        parts = [values[p] for p in graph.parts[node]]
        values.append(
            held.get(node, False)
            if op == EVENT
            else {
                ALL: all(parts),
                ANY: any(parts),
                AT_LEAST: sum(parts) >= graph.k[node],
                NOT: bool(parts) and not parts[0],
            }[op]
        )
    return values[root]


@st.composite
def graphs(draw: st.DrawFn) -> OpenGraph:
    """Monotone gates over events, some of which stand below one negation only."""
    build = Builder()
    items = {f"P{n}": build.event(f"P{n}") for n in range(draw(st.integers(1, 4)))}
    doubts = {f"D{n}": build.event(f"D{n}") for n in range(draw(st.integers(0, 2)))}
    pool = [*items.values(), *(build.negate(node) for node in doubts.values())]
    for _ in range(draw(st.integers(1, 6))):
        parts = draw(st.lists(st.sampled_from(pool), max_size=4))
        kind = draw(st.sampled_from(["all", "any", "k", "not not"]))
        if kind == "all":
            pool.append(build.all(parts))
        elif kind == "any":
            pool.append(build.any(parts))
        elif kind == "k":
            pool.append(build.at_least(draw(st.integers(0, 4)), parts))
        else:
            pool.append(build.negate(build.negate(pool[-1])))
    rebuttal = draw(st.sampled_from([None, *doubts.values()]))
    return OpenGraph(
        graph=build.freeze(),
        root=Query(support=pool[-1], rebuttal=rebuttal),
        events=items | doubts,
    )


@given(graphs())
@settings(max_examples=60)
def test_planning_keeps_the_meaning_under_every_outcome(given_: OpenGraph) -> None:
    plan = planned(given_)
    assert all(op != NOT for op in plan.graph.ops)
    assert plan.twice == ()
    names = list(given_.events)
    for outcome in product((False, True), repeat=len(names)):
        solved = dict(zip(names, outcome, strict=True))
        # a doubt is solved when it does not hold
        held = {e: solved[n] == n.startswith("P") for n, e in given_.events.items()}
        old = true(given_.graph, given_.root.support, held) and not (
            given_.root.rebuttal is not None and true(given_.graph, given_.root.rebuttal, held)
        )
        new = true(plan.graph, plan.root, {e: solved[n] for n, e in plan.events.items()})
        assert old == new


def test_what_is_needed_anyway_stands_once_so_that_the_rest_is_a_tree() -> None:
    build = Builder()
    a, b, c = (build.event(name) for name in "ABC")
    root = build.all([a, build.any([build.all([a, b]), build.all([a, c])])])
    plan = planned(
        OpenGraph(graph=build.freeze(), root=Query(support=root), events={"A": a, "B": b, "C": c})
    )
    uses = [part for node in plan.graph.below([plan.root]) for part in plan.graph.parts[node]]
    assert len(uses) == len(set(uses))
    assert set(plan.events) == {"A", "B", "C"}


def test_what_nobody_assessed_is_taken_to_hold_and_named() -> None:
    build = Builder()
    item, warrant, leaf = build.event("P"), build.event("warrant"), build.event("leaf", 0.9, 0.95)
    root = build.all([item, warrant, leaf])
    given_ = OpenGraph(graph=build.freeze(), root=Query(support=root), events={"P": item})
    plan = planned(given_)
    assert plan.taken == ("warrant",)
    assert lower_bounds(plan.graph, plan.root) == [0.0]
    assert lower_bounds(plan.graph, plan.root, [(plan.events["P"],)]) == [pytest.approx(0.9)]
    done = planned(given_, ["P"])
    assert lower_bounds(done.graph, done.root) == [pytest.approx(0.9)]
    assert planned(given_, ["P"]).events == {}


def test_a_part_that_helps_and_hurts_is_named() -> None:
    build = Builder()
    item, both = build.event("P"), build.event("B", 0.3, 0.4)
    root = build.any([build.all([item, both]), build.negate(both)])
    plan = planned(OpenGraph(graph=build.freeze(), root=Query(support=root), events={"P": item}))
    assert plan.twice == ("B",)


def test_frechet_by_hand() -> None:
    build = Builder()
    events = [build.event(name, 0.9) for name in "ABC"]
    nodes = [build.all(events), build.any(events), build.at_least(2, events)]
    graph = build.freeze()
    low = [lower_bounds(graph, node, [(), (events[0],)]) for node in nodes]
    assert [found[0] for found in low] == pytest.approx([0.7, 0.9, 0.85])
    assert [found[1] for found in low] == pytest.approx([0.8, 1.0, 0.9])
    no = build.negate(build.event("D", 0.0, 0.3))
    assert lower_bounds(build.freeze(), no) == pytest.approx([0.7])


def _when(graph: OpenGraph, solved: Iterable[int]) -> bool:
    """Whether the headline goes through when `solved` are and all else that is stated holds."""
    root = graph.root.support
    world = dict.fromkeys(graph.graph.events([root]), True) | dict.fromkeys(
        graph.events.values(), False
    )
    return true(graph.graph, root, world | dict.fromkeys(solved, True))


@pytest.mark.parametrize(("text", "needed"), [(PAIR, 2), (EITHER, 1)])
def test_the_logic_of_a_case(tmp_path: Path, text: str, needed: int) -> None:
    assessment = opened(tmp_path / "c", text).assess()
    items = items_of(assessment)
    graph = open_graph(assessment, items)
    assert set(graph.events) == {"P-LEFT", "P-RIGHT"}
    held = {n: _when(graph, list(graph.events.values())[:n]) for n in range(3)}
    assert held == {n: n >= needed for n in range(3)}


def test_a_circle_of_support_proves_nothing(tmp_path: Path) -> None:
    text = PAIR.replace(
        "      - {claim: RIGHT, says: The right holds.}\n",
        "      - claim: RIGHT\n        says: It holds.\n        by: {argument: ROUND, kind: "
        "decomposition, because: It is so., premises: [LOOP]}\n",
    ).replace(
        "problems:\n",
        "claims:\n  - {claim: LOOP, says: Round., by: {argument: BACK, kind: decomposition, "
        "because: It is so., premises: [RIGHT]}}\nproblems:\n",
    )
    assessment = opened(tmp_path / "c", text).assess()
    graph = open_graph(assessment, items_of(assessment))
    assert not _when(graph, graph.events.values())


DOUBTED = PAIR.replace(
    "problems:\n",
    """defeaters:
  - {defeater: D-ANSWERED, against: LEFT, says: It may not., answered_by: [RIGHT]}
  - {defeater: D-BARE, against: RIGHT, says: It may not either.}
problems:
""",
)


def test_a_doubt_stands_until_it_is_answered_and_is_work_only_without_stated_answers(
    tmp_path: Path,
) -> None:
    assessment = opened(tmp_path / "c", DOUBTED).assess()
    graph = open_graph(assessment, items_of(assessment))
    assert set(graph.events) == {"P-LEFT", "P-RIGHT", "D-BARE"}
    plan = planned(graph)
    assert set(plan.taken) >= {"BOTH~warrant"}
    for outcome in product((False, True), repeat=3):
        solved = dict(zip(graph.events, outcome, strict=True))
        chosen = {e: solved[n] for n, e in plan.events.items()}
        assert true(plan.graph, plan.root, chosen) == all(outcome)
