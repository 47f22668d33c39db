"""The paradoxes that are about cases, through whole case files: what a rule on numbers cannot see.

P2 a hazard left out, P9 evidence for another version, P17 a failed test beside a passed one, P18
reinstatement, P19 circular support, P20 an odd circle of attacks, P21 a leaf stronger than its
warrant.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import HEADER, Ran, write_case
from tests.paradoxes.schemes import noisy_or, product_of, weakest_of

from safetycase.assess.records import Assessment, State
from safetycase.workspace.folder import open_case

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SURE = "{at_least: 1.0, owner: lead, because: given}"
TOP = f"""\
root:
  claim: SAFE
  says: The coin is safe.
  by:
    argument: ROUTES
    kind: decomposition
    because: These are the routes.
    credence: {SURE}
    premises:
      - assumption: REGISTRY-COMPLETE
        says: Every run is in the record.
        owner: lead
        expires: 2099-03-01
        credence: {SURE}
"""


def assumed(name: str, at_least: float | None) -> str:
    """An assumption that rests on a stated credence alone, or on none."""
    credence = (
        "" if at_least is None else f", credence: {{at_least: {at_least}, owner: lead, because: b}}"
    )
    return (
        f"{{assumption: {name}, says: {name} holds in this deployment., owner: lead, "
        f"expires: 2099-03-01{credence}}}"
    )


def premises(*assumptions: str) -> str:
    """Lines for the premises of the top step."""
    return "".join(f"      - {a}\n" for a in assumptions)


def assessed(folder: Path, text: str, now: datetime = NOW) -> Assessment:
    space = open_case(write_case(folder, HEADER + text), now)
    assert not space.errors, space.errors
    return space.assess()


def low(state: State) -> float:
    """Bel as a reader gets it; no number is no confidence."""
    return state.confidence.low if state.confidence else 0.0


def test_p2_a_hazard_left_out_is_an_open_question_of_its_own(tmp_path: Path) -> None:
    hazards = [assumed(f"HAZARD-{i}", 0.999) for i in range(9)]
    told = assessed(tmp_path / "a", TOP + premises(*hazards, assumed("COMPLETE", None)))
    assert told.root.confidence is not None
    assert (told.root.confidence.low, told.root.confidence.high) == (0, 1)
    # The schemes see a list of nine and call it good.
    assert product_of([0.999] * 9) == pytest.approx(0.991, abs=1e-3)
    assert weakest_of([0.999] * 9) == 0.999
    # Once somebody answers for the list, the number is that of the worst reading.
    owned = assessed(tmp_path / "b", TOP + premises(*hazards, assumed("COMPLETE", 0.95)))
    assert low(owned.root) == pytest.approx(0.941, abs=1e-6)


def attacked(target: str, answer: str = "") -> str:
    """A claim A on a ground of .9, and a doubt D against one of its parts."""
    return (
        TOP
        + f"""\
      - claim: A
        says: A holds.
        by:
          argument: BY-A
          kind: substitution
          because: It is the same thing.
          credence: {SURE}
          premises: [{assumed("GROUND", 0.9)}]
defeaters:
  - {{defeater: D, against: {target}, says: It may not be so.{answer}}}
"""
    )


ANSWER = f"""
claims:
  - claim: ANSWERED
    says: The doubt is void.
    by:
      argument: BY-ANSWER
      kind: substitution
      because: It is the same thing.
      credence: {SURE}
      premises: [{assumed("CHECK", 0.8)}]
"""


@pytest.mark.parametrize("target", ["GROUND", "BY-A", "A"])
def test_p18_reinstatement_has_a_price(tmp_path: Path, target: str) -> None:
    """The attack is sure, its answer .8, the ground .9: what goes through is at least .7."""
    text = attacked(target, ", answered_by: [ANSWERED]")
    found = assessed(tmp_path, text + ANSWER)
    assert found.states["A"].support == "supported"
    assert low(found.states["A"]) == pytest.approx(0.7, abs=1e-6)
    # The product pretends to know that the two doubts never add up; min forgets one of them.
    assert product_of([0.9, 0.8]) == pytest.approx(0.72)
    assert weakest_of([0.9, 0.8]) == 0.8


def test_p18_without_the_answer_nothing_is_left(tmp_path: Path) -> None:
    found = assessed(tmp_path, attacked("GROUND"))
    assert found.states["A"].support != "supported"
    assert low(found.states["A"]) == 0


def test_p19_circular_support_proves_nothing(tmp_path: Path) -> None:
    """Two claims that rest on each other; an iterated rule on numbers keeps what it starts with."""
    text = (
        TOP
        + f"""\
      - A
claims:
  - claim: A
    says: A holds.
    by: {{argument: BY-A, kind: substitution, because: b, credence: {SURE}, premises: [B]}}
  - claim: B
    says: B holds.
    by: {{argument: BY-B, kind: substitution, because: b, credence: {SURE}, premises: [A]}}
"""
    )
    space = open_case(write_case(tmp_path, HEADER + text), NOW)
    found = space.assess()
    for name in ("A", "B", "SAFE"):
        assert found.states[name].support != "supported"
        assert low(found.states[name]) == 0
    a = b = 0.9  # what somebody hoped for
    for _ in range(100):
        a, b = weakest_of([b]), weakest_of([a])
    assert (a, b) == (0.9, 0.9)


def circle(length: int) -> str:
    """Claims C0, C1, ... on grounds of .9, each the ground of an attack on the one before."""
    claims, doubts = ["claims:"], ["defeaters:"]
    step = f"kind: substitution, because: b, credence: {SURE}"
    for i in range(length):
        ground, attacker = assumed(f"G{i}", 0.9), f"C{(i + 1) % length}"
        claims.append(
            f"  - {{claim: C{i}, says: Claim {i} holds., "
            f"by: {{argument: S{i}, {step}, premises: [{ground}]}}}}"
        )
        doubts.append(
            f"  - {{defeater: D{i}, against: C{i}, says: Claim {i} is false., "
            f"by: {{argument: T{i}, {step}, premises: [{attacker}]}}}}"
        )
    return "\n".join([TOP + "      - C0", *claims, *doubts]) + "\n"


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_p20_a_circle_of_attacks_decides_nothing(tmp_path: Path, length: int) -> None:
    found = open_case(write_case(tmp_path, HEADER + circle(length)), NOW).assess()
    for i in range(length):
        state = found.states[f"C{i}"]
        assert (state.truth, low(state)) == ("unknown", 0)
        assert state.confidence is None or state.confidence.high == 1
        assert found.states[f"D{i}"].truth == "unknown"
    # Product discounting, solved as an equation round the circle, makes up a number for it.
    value = 0.5
    for _ in range(200):
        value = 0.9 * (1 - value)
    assert value == pytest.approx(0.9 / 1.9, abs=1e-6)


def test_p20_a_chain_of_attacks_is_decided(tmp_path: Path) -> None:
    chain = "".join(
        f"  - {{defeater: D{i}, against: {target}, says: Not so.}}\n"
        for i, target in ((1, "D"), (2, "D1"), (3, "D2"))
    )
    found = assessed(tmp_path, attacked("GROUND") + chain)
    values = [found.states[d].truth for d in ("D3", "D2", "D1", "D")]
    assert values == ["true", "false", "true", "false"]
    assert found.states["A"].support == "supported"


def failing(hits: int) -> str:
    """Two legs: a sure one and a test that fails when `hits` of 400 are heads."""
    return (
        TOP
        + f"""\
      - claim: LEGS
        says: One of two ways shows it.
        by:
          argument: EITHER
          kind: alternatives
          because: Either is enough.
          credence: {SURE}
          premises:
            - {assumed("GOOD", 0.9)}
            - claim: RARE
              says: Heads are rare.
              holds_when: rate <= 0.20
              by:
                evidence: E-COIN
                method: toy/coin
                with: {{n: 400, failures: {hits}}}
                inputs: [items.txt]
                reads: {{rate: rate}}
                valid_for: 90 days
                because: It is the coin.
                credence: {{at_least: 0.999, owner: lead, because: seen}}
"""
    )


@pytest.mark.slow
def test_p17_a_failed_test_is_not_outvoted(tmp_path: Path, sc: Callable[..., Ran]) -> None:
    """An `any` with a refuted leg is contested until somebody answers for that leg in writing."""
    folder = write_case(tmp_path / "c", HEADER + failing(300), {"items.txt": "x"})
    assert sc("run", folder).code == 0
    now = datetime.now(UTC)
    found = open_case(folder, now).assess()
    assert found.states["RARE"].support == "refuted"
    assert found.states["LEGS"].support != "supported"
    assert low(found.states["LEGS"]) == 0
    # A noisy-OR (and max) gives the conclusion the full weight of the other leg.
    assert noisy_or([0.9, 0.0]) == pytest.approx(0.9)
    answered = failing(300).replace(
        "          because: Either is enough.\n",
        "          because: Either is enough.\n"
        "          despite: {RARE: The first way does not rest on the coin.}\n",
    )
    found = open_case(write_case(folder, HEADER + answered), now).assess()
    assert found.states["LEGS"].support == "supported"
    assert low(found.states["LEGS"]) == pytest.approx(0.9, abs=1e-6)


@pytest.mark.slow
def test_p9_and_p21_evidence_counts_for_its_own_version_and_no_more_than_its_warrant(
    tmp_path: Path, sc: Callable[..., Ran]
) -> None:
    folder = write_case(tmp_path / "c", HEADER + failing(0), {"items.txt": "x"})
    assert sc("run", folder).code == 0
    now = datetime.now(UTC)
    found = open_case(folder, now).assess()
    assert found.states["RARE"].support == "supported"
    # 400 clean throws through a warrant of .999, by a method that caught 20 of 20 planted coins.
    assert 0.95 < low(found.states["RARE"]) <= 0.999
    assert weakest_of([1 - 1e-9]) > 0.999  # a scheme without warrants
    # The same numbers, for another system: nothing about it has been shown.
    moved = failing(0).replace("{n: 400", "{pause: 0.001, n: 400")
    found = open_case(write_case(folder, HEADER + moved), now).assess()
    assert found.states["E-COIN"].freshness.word == "stale"
    assert low(found.states["RARE"]) == 0
    assert product_of([0.999]) == 0.999  # a rule on numbers is not told which version they are of
