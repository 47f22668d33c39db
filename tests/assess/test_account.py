"""The number of a case, taken apart: known answers, sums that add up, and laws, on whole cases."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scipy.optimize import linprog
from tests.conftest import HEADER

from safetycase.assess.account import account
from safetycase.assess.planning import plan
from safetycase.assess.records import Assessment
from safetycase.assess.what_if import what_if
from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT
from safetycase.workspace.folder import open_case

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PILLARS = Path(__file__).parents[2] / "cases" / "three-pillars"
SURE = "credence: {at_least: 1.0, owner: o, because: b}"

ROOT = """{header}
root:
  claim: SAFE
  says: It is safe.
  by:
    argument: TOP
    kind: decomposition
    because: b
    {sure}
    premises:
      - {registry}
      - WHOLE
"""


def assumed(name: str, low: float, high: float = 1.0) -> str:
    return (
        f"{{assumption: {name}, says: {name}., owner: o, expires: 2099-01-01, "
        f"credence: {{at_least: {low}, at_most: {high}, owner: o, because: b}}}}"
    )


def opened(folder: Path, premises: list[str], more: str = "", rule: str = "all") -> Assessment:
    legs = "\n".join(f"          - {p}" for p in premises)
    head = ROOT.format(header=HEADER, sure=SURE, registry=assumed("REGISTRY-COMPLETE", 1.0))
    text = f"""{head}
claims:
  - claim: WHOLE
    says: All of it.
    by:
        argument: PARTS
        kind: {"alternatives" if rule == "any" else "decomposition"}
        rule: {rule}
        because: b
        {SURE}
        premises:
{legs}
{more}"""
    folder.mkdir(exist_ok=True)
    (folder / "case.yaml").write_text(text)
    space = open_case(folder, NOW)
    assert not space.errors, [str(f) for f in space.errors]
    return space.assess()


def bel(assessment: Assessment) -> float:
    found = account(assessment)
    assert not found.no_number_because
    return found.bel


def brute_force(assessment: Assessment) -> tuple[float, float]:
    """(Bel, Pl) of the root by a linear program over every world."""
    assert assessment.numbers is not None
    net = assessment.numbers.network
    query, graph = net.queries[assessment.case.root], net.graph
    events = [i for i, op in enumerate(graph.ops) if op == EVENT]
    worlds = list(itertools.product([0, 1], repeat=len(events)))
    support, rebuttal = [], []
    for world in worlds:
        truth = dict(zip(events, world, strict=True))
        value: list[int] = []
        for i, op in enumerate(graph.ops):
            parts = [value[p] for p in graph.parts[i]]
            value.append(
                truth[i]
                if op == EVENT
                else int(all(parts))
                if op == ALL
                else int(any(parts))
                if op == ANY
                else int(sum(parts) >= graph.k[i])
                if op == AT_LEAST
                else 1 - parts[0]
            )
        psi = 0 if query.rebuttal is None else value[query.rebuttal]
        support.append(value[query.support] * (1 - psi))
        rebuttal.append(psi * (1 - value[query.support]))
    rows, limits = [], []
    for position, event in enumerate(events):
        rows.append([w[position] for w in worlds])
        limits.append(graph.high[event])
        rows.append([-w[position] for w in worlds])
        limits.append(-graph.low[event])
    one = {"A_eq": [[1] * len(worlds)], "b_eq": [1], "A_ub": rows, "b_ub": limits}
    return linprog(support, **one).fun, 1 - linprog(rebuttal, **one).fun


def test_one_bad_hazard_among_ten_decides(tmp_path: Path) -> None:
    parts = [assumed("BAD", 0.2), *[assumed(f"GOOD{i}", 0.999) for i in range(9)]]
    assert bel(opened(tmp_path / "c", parts)) == pytest.approx(0.191)


def test_two_of_three(tmp_path: Path) -> None:
    parts = [assumed(f"P{i}", 0.9) for i in range(3)]
    found = opened(tmp_path / "c", parts, rule="k of n\n        k: 2")
    assert bel(found) == pytest.approx(0.85)


def test_the_same_evidence_on_two_legs_is_charged_once(tmp_path: Path) -> None:
    more = "\n".join(
        f"""  - claim: LEG{i}
    says: Leg.
    by: {{argument: S{i}, kind: substitution, because: b, {SURE}, premises: [SHARED]}}"""
        for i in range(30)
    )
    more += f"\nassumptions:\n  - {assumed('SHARED', 0.95)}\n"
    assert bel(opened(tmp_path / "c", [f"LEG{i}" for i in range(30)], more)) == pytest.approx(0.95)


def test_strong_support_against_a_strong_rebuttal_is_conflict(tmp_path: Path) -> None:
    more = f"""
defeaters:
  - defeater: D
    against: SAFE
    says: No it is not.
    by:
      argument: DS
      kind: substitution
      because: b
      {SURE}
      premises: [{assumed("AGAINST", 0.99)}]
"""
    found = opened(tmp_path / "c", [assumed("FOR", 0.99)], more)
    told = account(found)
    assert told.bel <= 0.01 + 1e-12
    assert told.pl >= 0.99 - 1e-12
    assert told.conflict_low == pytest.approx(0.98)
    assert told.conflict_high == pytest.approx(1.0)
    assert found.root.support == "contested"


def test_reinstatement(tmp_path: Path) -> None:
    more = f"""
defeaters:
  - {{defeater: D, against: WHOLE, says: No., answered_by: [{assumed("ANSWER", 0.8)}]}}
"""
    assert bel(opened(tmp_path / "c", [assumed("A", 0.9)], more)) == pytest.approx(0.7)


def test_no_judgement_gives_nothing_rather_than_one_half(tmp_path: Path) -> None:
    bare = "{assumption: A, says: A., owner: o, expires: 2099-01-01}"
    told = account(opened(tmp_path / "c", [bare]))
    assert (told.bel, told.pl) == (0.0, 1.0)


@pytest.mark.parametrize("seed", range(6))
def test_bounds_are_those_of_every_joint_law(tmp_path: Path, seed: int) -> None:
    import random

    rng = random.Random(seed)
    names = [f"P{i}" for i in range(4)]
    more = "assumptions:\n" + "\n".join(
        f"  - {assumed(n, round(rng.uniform(0.5, 0.95), 2), 1.0)}" for n in names
    )
    more += f"""
claims:
  - claim: WHOLE
    says: All of it.
    by: {{argument: PARTS, kind: alternatives, because: b, {SURE}, premises: [ONE, TWO]}}
  - claim: ONE
    says: One.
    by:
      argument: S1
      kind: decomposition
      because: b
      {SURE}
      premises: [P0, {rng.choice(names[1:])}]
  - claim: TWO
    says: Two.
    by: {{argument: S2, kind: decomposition, because: b, {SURE}, premises: [P0, P2, P3]}}
defeaters:
  - {{defeater: D, against: ONE, says: No., answered_by: [{rng.choice(names)}]}}
  - {{defeater: E, against: SAFE, says: No., answered_by: [{rng.choice(names)}]}}
"""
    head = ROOT.format(header=HEADER, sure=SURE, registry=assumed("REGISTRY-COMPLETE", 1.0))
    (tmp_path / "case.yaml").write_text(head + more)
    space = open_case(tmp_path, NOW)
    assert not space.errors, [str(f) for f in space.errors]
    found = space.assess()
    told = account(found)
    low, high = brute_force(found)
    assert told.bel == pytest.approx(low, abs=1e-6)
    assert told.pl == pytest.approx(high, abs=1e-6)


def test_the_lines_and_the_parts_add_up() -> None:
    told = account(open_case(PILLARS, NOW).assess())
    assert math.fsum(line.doubt for line in told.ledger) == pytest.approx(1 - told.bel)
    assert math.fsum(part.amount for part in told.gap_split) == pytest.approx(told.pl - told.bel)


def test_three_pillars_under_three_readings() -> None:
    told = account(open_case(PILLARS, NOW).assess())
    ways = {way.name: way for way in told.ways}
    steps = 0.015  # the three steps and the registry, 0.005 each, less the one below
    # One shared cause of .02 in three pillars of .9: q + (1 − q)((.1 − q)/(1 − q))³ = .0205.
    q = 0.2 * 0.1
    shared = q + (1 - q) * ((0.1 - q) / (1 - q)) ** 3
    assert shared == pytest.approx(0.0205, abs=5e-5)
    assert ways["unknown dependence"].low == pytest.approx(1 - 0.1 - steps)
    assert ways["declared"].low == pytest.approx(1 - shared - steps - 0.01, abs=1e-6)
    assert ways["declared"].uses == ("SANDBAGGING",)
    assert ways["fully independent"].point == pytest.approx(0.995**3 * (1 - 0.001), abs=1e-9)


def test_a_declaration_without_warrant_adds_nothing(tmp_path: Path) -> None:
    text = (PILLARS / "case.yaml").read_text()
    for change in (
        ("    credence: {at_least: 0.99", "    # {at_least: 0.99"),
        ("    expires: 2027-03-01\n", "    expires: 2026-01-01\n"),
    ):
        folder = tmp_path / change[1].strip()[:9].replace(" ", "").replace("#", "x").strip(":{")
        folder.mkdir()
        head, tail = text.split("dependences:")
        (folder / "case.yaml").write_text(head + "dependences:" + tail.replace(*change))
        told = account(open_case(folder, NOW).assess())
        assert told.bel == pytest.approx(0.885)
        assert any("SANDBAGGING adds nothing" in note for note in told.notes)


def test_what_if_equals_the_edited_file(tmp_path: Path) -> None:
    before = open_case(PILLARS, NOW).assess()
    text = (PILLARS / "case.yaml").read_text()
    found = what_if(before, ["CANNOT-SCHEME=0.99"])
    head, tail = text.split("assumption: CANNOT-SCHEME")
    (tmp_path / "case.yaml").write_text(
        head
        + "assumption: CANNOT-SCHEME"
        + tail.replace("at_least: 0.9,", "at_least: 0.99, at_most: 0.99,", 1)
    )
    edited = open_case(tmp_path, NOW).assess()
    assert found.after.bounds["SAFE"].low == pytest.approx(edited.root.confidence.low)  # type: ignore[union-attr]
    assert what_if(before, ["WHOLE=0.5"]).after.bounds["SAFE"].low < 0.5
    for wrong, says in (
        ("SAFE=refuted", "a claim"),
        ("NOBODY=refuted", "no element"),
        ("WHOLE=1.5", "no interval"),
        ("CONTROLLED", "no change"),
        ("CONTROLLED=green", "cannot be"),
    ):
        with pytest.raises(ValueError, match=says):
            what_if(before, [wrong])


def test_a_plan_shares_what_the_target_leaves() -> None:
    found = open_case(PILLARS, NOW).assess()
    assert found.numbers is not None
    tight = plan(found.case, found.numbers.network, 0.87, registrations={})
    assert tight.possible
    assert math.fsum(line.now for line in tight.lines if line.how == "fixed") <= 0.13
    loose = plan(found.case, found.numbers.network, 0.95, registrations={})
    assert not loose.possible  # nothing declared counts in a plan: .1 + .015 > .05
    chosen = plan(found.case, found.numbers.network, 0.87, registrations={}, through=["CONTROLLED"])
    assert "CONTROLLED" in {line.id for line in chosen.lines}
    with pytest.raises(ValueError, match="no leg"):
        plan(found.case, found.numbers.network, 0.9, registrations={}, through=["SAFE"])
    with pytest.raises(ValueError, match="between 0 and 1"):
        plan(found.case, found.numbers.network, 1.5, registrations={})


def test_an_open_leg_beside_a_closed_one_takes_nothing_from_it(tmp_path: Path) -> None:
    alone = bel(opened(tmp_path / "a", [assumed("A", 0.9)], rule="any"))
    more = "  - {claim: OPEN, says: Nobody knows.}\n"
    beside = bel(opened(tmp_path / "b", [assumed("A", 0.9), "OPEN"], more, rule="any"))
    assert beside == pytest.approx(alone) == pytest.approx(0.9)
