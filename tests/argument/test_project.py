"""A case as a GSN structure: each word of the language, modules, losses, and linear time."""

from __future__ import annotations

import dataclasses
import gc
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import HEADER

from safetycase.argument.load import load
from safetycase.argument.model import (
    Argument,
    Assumption,
    Case,
    Claim,
    Context,
    Defeater,
    Element,
    Evidence,
    Hazard,
    Justification,
    Module,
    Monitor,
    Problem,
    Use,
)
from safetycase.argument.project import structure_of
from safetycase.argument.structure import Link, Structure

CASE = (
    HEADER
    + """\
root:
  claim: SAFE
  says: It is safe.
  context: [FIELD, WHY]
  in_support: [NICE]
  by:
    argument: PARTS
    kind: decomposition
    because: There are two parts.
    premises:
      - assumption: COMPLETE
        says: There is no third part.
        owner: lead
        expires: 2099-03-01
      - claim: RARE
        says: Heads are rare.
        holds_when: rate <= 0.20
        by:
          evidence: E-COIN
          method: toy/coin
          with: {n: 400}
          reads: {rate: rate}
          valid_for: 90 days
          type: capability evaluation
          statistic: upper bound
          context: [COIN]
          because: It is the coin.
      - claim: EITHER
        says: One of two stops it.
        by:
          argument: LEGS
          kind: alternatives
          because: One is enough.
          premises:
            - {claim: LEFT, says: The left one stops it.}
            - {claim: RIGHT, says: The right one stops it.}
          side_conditions:
            - {claim: SAME, says: Both see the same., argues: harm control}
claims:
  - {claim: NICE, says: It looks nice.}
  - {claim: ANSWER, says: The coin was weighed.}
contexts:
  - {context: FIELD, says: On the table., artefact: docs/table.md}
  - {context: COIN, says: A euro.}
justifications:
  - {justification: WHY, says: Tables are flat.}
defeaters:
  - {defeater: D-WEIGHT, against: E-COIN, says: The coin is bent., answered_by: [ANSWER]}
  - {defeater: D-STEP, against: PARTS, says: Parts interact.}
  - {defeater: D-INTO, against: RARE.by, says: The items differ.}
  - {defeater: D-RAISED, against: E-COIN.below-chance, says: It was noise.}
  - defeater: D-LATE
    against: D-STEP
    says: They do not.
    accepted: {doubt: 0.05, because: small, owner: board, expires: 2099-01-01}
problems:
  - {problem: P-LEFT, says: Show it., blocks: [LEFT], closed_when: shown}
monitors:
  - {monitor: M-HEADS, says: Heads per day., owner: ops, conditions: [RARE]}
hazards:
  - {hazard: H-EDGE, says: It lands on its edge., covered_by: [RARE, LEFT]}
"""
)


def case_of(text: str = CASE) -> Case:
    loaded = load(text, "toy/case.yaml")
    assert loaded.findings == ()
    assert loaded.case is not None
    return loaded.case


def hand_made(elements: list[Element], **more: object) -> Case:
    """A case of the given elements with the header of the toy case."""
    values = {
        "root": elements[0].id,
        "elements": {e.id: e for e in elements},
        **more,
    }
    return dataclasses.replace(case_of(), **values)  # type: ignore[arg-type]


def links(structure: Structure, source: str) -> list[tuple[str, str]]:
    return [(k.kind, k.target) for k in structure.links if k.source == source]


def link(structure: Structure, source: str, target: str) -> Link:
    (found,) = (k for k in structure.links if (k.source, k.target) == (source, target))
    return found


@pytest.fixture(scope="module")
def toy() -> Structure:
    return structure_of(case_of())[0]


def test_types_and_texts(toy: Structure) -> None:
    types = {name: part.type for name, part in toy.parts.items()}
    assert types["SAFE"] == types["D-WEIGHT"] == "goal"
    assert types["PARTS"] == "strategy"
    assert types["E-COIN"] == "solution"
    assert (types["COMPLETE"], types["FIELD"], types["WHY"]) == (
        "assumption",
        "context",
        "justification",
    )
    assert toy.parts["PARTS"].text == "There are two parts."
    assert toy.parts["E-COIN"].text == "It is the coin."
    assert toy.parts["FIELD"].url == "docs/table.md"
    assert toy.title == "A coin"
    assert toy.tags["sc.root"] == "SAFE"
    assert "P-LEFT" not in toy.parts


def test_support_and_scope(toy: Structure) -> None:
    assert links(toy, "SAFE") == [
        ("supported by", "PARTS"),
        ("supported by", "NICE"),
        ("in context of", "FIELD"),
        ("in context of", "WHY"),
    ]
    assert link(toy, "SAFE", "NICE").tags == {"sc.in_support": "1"}
    assert links(toy, "PARTS")[0] == ("in context of", "COMPLETE")
    assert link(toy, "PARTS", "COMPLETE").tags == {"sc.premise": "1"}
    assert link(toy, "LEGS", "SAME").tags == {"sc.side": "1"}
    assert link(toy, "RARE", "COIN").tags == {"sc.of": "E-COIN"}  # a solution has no context


def test_tags(toy: Structure) -> None:
    assert toy.parts["LEGS"].tags == {"sc.kind": "alternatives", "sc.rule": "any"}
    assert toy.parts["RARE"].tags == {
        "sc.holds_when": "rate <= 0.20",
        "sc.monitored_by": "M-HEADS",
        "sc.covers": "H-EDGE",
    }
    assert toy.parts["E-COIN"].tags == {
        "sc.method": "toy/coin",
        "sc.because": "It is the coin.",
        "sc.type": "capability evaluation",
        "sc.statistic": "upper bound",
        "sc.valid_for": "90 days",
        "sc.reads.rate": "rate",
    }
    assert toy.parts["LEFT"].tags == {"sc.blocked_by": "P-LEFT", "sc.covers": "H-EDGE"}
    assert toy.parts["SAME"].tags == {"sc.argues": "harm control"}
    assert toy.parts["COMPLETE"].tags["sc.owner"] == "lead"
    assert toy.parts["D-LATE"].tags["sc.accepted.doubt"] == "0.05"
    assert toy.tags["sc.problem.P-LEFT"] == "Show it."
    assert toy.tags["sc.problem.P-LEFT.closed_when"] == "shown"
    assert toy.tags["sc.monitor.M-HEADS.conditions"] == "RARE"


def test_all_that_a_monitor_measures_is_kept_in_tags() -> None:
    fields = """alarm_when: heads > 0.3, metric: throws, kind: mean, detector: restarted,
    alternative: [0.4, 0.5], budget: 0.01, run_length: 1000, weight_at_most: 20,
    warns_only: true, reference: throws.jsonl,
    canaries: {recall: 0.9, at_least: 0.8, metric: planted}, window: 1 day, heartbeat: 5 minutes,
    silent_after: 2 days, loss: 0.02, answer_within: 3 days, conditions"""
    case = case_of(CASE.replace("owner: ops, conditions", f"owner: ops, {fields}"))
    structure, _ = structure_of(case)
    prefix = "sc.monitor.M-HEADS."
    assert {k.removeprefix(prefix): v for k, v in structure.tags.items() if prefix in k} == {
        "owner": "ops",
        "conditions": "RARE",
        "alarm_when": "heads > 0.3",
        "metric": "throws",
        "kind": "mean",
        "detector": "restarted",
        "alternative": "0.4, 0.5",
        "budget": "0.01",
        "run_length": "1000",
        "weight_at_most": "20",
        "warns_only": "1",
        "reference": "throws.jsonl",
        "canaries.recall": "0.9",
        "canaries.at_least": "0.8",
        "canaries.metric": "planted",
        "canaries.budget": "0.01",
        "window": "1 day",
        "heartbeat": "5 minutes",
        "silent_after": "2 days",
        "loss": "0.02",
        "answer_within": "3 days",
    }
    kept = {*prefix_free(structure.tags, prefix)}
    missing = {f.name for f in dataclasses.fields(Monitor)} - kept - {"id", "says", "reconstructed"}
    assert not missing, "a field of a monitor that no tag keeps"


def prefix_free(tags: Mapping[str, str], prefix: str) -> set[str]:
    return {k.removeprefix(prefix).partition(".")[0] for k in tags if k.startswith(prefix)}


def test_marks(toy: Structure) -> None:
    undeveloped = {name for name, part in toy.parts.items() if part.undeveloped}
    assert {"LEFT", "RIGHT", "SAME", "NICE", "ANSWER", "D-STEP"} <= undeveloped
    assert undeveloped.isdisjoint({"SAFE", "PARTS", "RARE", "EITHER", "LEGS", "E-COIN", "FIELD"})
    counters = {name for name, part in toy.parts.items() if part.counter}
    assert counters == {
        "D-WEIGHT",
        "D-STEP",
        "D-INTO",
        "D-RAISED",
        "D-LATE",
        "ANSWER",
        "E-COIN.below-chance",
    }
    assert toy.parts["COMPLETE"].declaration == "assumed"
    assert toy.parts["LEFT"].declaration == "needs support"


def test_challenges(toy: Structure) -> None:
    assert links(toy, "D-WEIGHT") == [("challenges", "E-COIN")]
    assert links(toy, "ANSWER") == [("challenges", "D-WEIGHT")]
    assert links(toy, "D-STEP") == [("challenges", "PARTS")]
    assert links(toy, "D-LATE") == [("challenges", "D-STEP")]
    (into,) = (k for k in toy.links if k.source == "D-INTO")
    assert (into.target, into.target_link) == ("", "RARE.by")
    assert link(toy, "RARE", "E-COIN").id == "RARE.by"
    assert links(toy, "D-RAISED") == [("challenges", "E-COIN.below-chance")]
    assert links(toy, "E-COIN.below-chance") == [("challenges", "E-COIN")]


def test_losses() -> None:
    losses = structure_of(case_of())[1]
    assert Counter((loss.what, loss.about) for loss in losses) == Counter(
        {
            ("problem", "P-LEFT"): 1,
            ("monitor", "M-HEADS"): 1,
            ("hazard", "H-EDGE"): 1,
            ("in support", "SAFE"): 1,
            ("assumption as premise", "PARTS"): 1,
            ("execution", "E-COIN"): 1,
            ("context of a solution", "E-COIN"): 1,
            ("rule", "LEGS"): 1,
            ("accepted doubt", "D-LATE"): 1,
            ("header", ""): 1,
        }
    )
    (rule,) = (loss for loss in losses if loss.what == "rule")
    assert rule.says == "the rule of `LEGS` is `any`; GSN has no rules and reads `all`."


def test_places(toy: Structure) -> None:
    case = case_of()
    assert toy.parts["E-COIN"].span == case.span("E-COIN")
    line = CASE.splitlines().index("        says: Heads are rare.") + 1
    span = toy.parts["RARE"].span
    assert span is not None
    assert (span.file, span.line) == ("toy/case.yaml", line - 1)
    at = link(toy, "SAFE", "FIELD").span
    assert at is not None
    assert at.line == CASE.splitlines().index("  context: [FIELD, WHY]") + 1


MODULES = {
    "train": Module(
        name="train",
        file="train.yaml",
        title="Training",
        public=("train/DONE",),
        needs=("train/CONVERGED",),
        because="why",
    ),
    "play": Module(name="play", file="play.yaml", title="Play", public=("play/EQUILIBRIUM",)),
}


def joined() -> Case:
    """Two modules, a contract between them, and a template's instance."""
    return hand_made(
        [
            Claim(id="SAFE", says="Safe.", by="PARTS", context=("SCOPE",)),
            Argument(
                id="PARTS",
                kind="decomposition",
                because="Two.",
                premises=("train/DONE", "CONTROL"),
            ),
            Claim(id="CONTROL", says="Controlled.", by="CONTROL/E"),
            Evidence(id="CONTROL/E", because="Ran.", artefact="log.json"),
            Argument(
                id="JOIN",
                kind="substitution",
                because="Same game.",
                premises=("play/EQUILIBRIUM",),
                concludes="train/CONVERGED",
            ),
            Context(id="SCOPE", says="Here."),
            Claim(id="train/DONE", says="Done.", by="train/A", context=("SCOPE",)),
            Argument(
                id="train/A",
                kind="decomposition",
                because="All.",
                premises=("train/CONVERGED",),
            ),
            Claim(id="train/CONVERGED", says="Converged."),
            Claim(id="play/EQUILIBRIUM", says="In equilibrium."),
            Defeater(id="D", against="train/A", says="No."),
            Defeater(id="D-2", against="train/DONE", says="No."),
        ],
        modules=MODULES,
        uses={"CONTROL": Use(template="control", version=1, as_="CONTROL")},
    )


def test_modules_cite_each_other_by_away_parts() -> None:
    structure, _losses = structure_of(joined())
    parts = structure.parts
    assert parts["train/DONE"].module == "train"
    assert parts["train/DONE"].name == "DONE"
    assert parts["train/DONE"].public
    assert parts["CONTROL/E"].module == ""  # an instance of a template is no module
    assert parts["CONTROL"].tags["sc.template"] == "control@1"
    away = parts["away/train/DONE"]
    assert (away.type, away.away, away.module, away.text) == ("goal", "train/DONE", "", "Done.")
    assert links(structure, "PARTS") == [
        ("supported by", "away/train/DONE"),
        ("supported by", "CONTROL"),
    ]
    assert links(structure, "D-2") == [("challenges", "away/train/DONE")]  # cited once
    assert links(structure, "train/DONE")[1] == ("in context of", "train/away/SCOPE")
    assert parts["SCOPE"].public  # what another module cites is public
    assert structure.modules["train"].title == "Training"
    assert structure.modules["train"].brief == "why"
    assert set(structure.modules) == {"train", "play", "JOIN"}


def test_a_step_across_modules_is_a_contract() -> None:
    structure, _losses = structure_of(joined())
    converged = structure.parts["train/CONVERGED"]
    assert converged.by_contract
    assert not converged.undeveloped
    assert structure.modules["JOIN"].contract
    assert set(structure.modules["JOIN"].uses) == {"train", "play"}
    assert structure.parts["JOIN"].module == "JOIN"
    assert links(structure, "JOIN/away/train/CONVERGED") == [("supported by", "JOIN")]
    assert links(structure, "JOIN") == [("supported by", "JOIN/away/play/EQUILIBRIUM")]
    assert links(structure, "D") == [("challenges", "train/A")]  # GSN has no away strategy


def test_a_step_written_apart_in_the_same_module_is_plain_support() -> None:
    case = hand_made(
        [
            Claim(id="SAFE", says="Safe."),
            Argument(
                id="A",
                kind="calculation",
                because="Sum.",
                premises=("E",),
                rule="k of n",
                k=1,
                concludes="SAFE",
            ),
            Evidence(id="E", because="Ran."),
        ]
    )
    structure, losses = structure_of(case)
    assert links(structure, "SAFE") == [("supported by", "A")]
    assert not structure.parts["SAFE"].undeveloped
    assert structure.modules == {}
    assert structure.parts["A"].tags["sc.k"] == "1"
    assert structure.parts["E"].tags == {"sc.because": "Ran.", "sc.planned": "1"}
    assert {loss.what for loss in losses} == {"solution under a strategy", "rule", "header"}
    (rule,) = (loss for loss in losses if loss.what == "rule")
    assert "`1 of 1`" in rule.says


def test_an_answer_that_also_supports_is_no_counter_goal() -> None:
    case = hand_made(
        [
            Claim(id="SAFE", says="Safe.", in_support=("SHOWN",)),
            Claim(id="SHOWN", says="s"),
            Claim(id="ALONE", says="a"),
            Evidence(id="LOG", because="l"),
            Assumption(id="TAKEN", says="t"),
            Defeater(
                id="D",
                against="SAFE",
                says="d",
                answered_by=("SHOWN", "ALONE", "LOG", "TAKEN"),
            ),
        ]
    )
    parts = structure_of(case)[0].parts
    assert {name for name, part in parts.items() if part.counter} == {"ALONE", "LOG", "D"}


def test_wrong_references_are_left_out_and_said() -> None:
    """The reader has a finding for each of them; nothing here raises."""
    case = hand_made(
        [
            Claim(id="SAFE", says="Safe.", by="GONE", context=("GONE",), in_support=("P",)),
            Argument(
                id="A",
                kind="decomposition",
                because="x",
                premises=("GONE", "SAFE", "P"),
                concludes="GONE",
            ),
            Problem(id="P", says="p", blocks=("GONE", "P"), closed_when="c"),
            Hazard(id="H", says="h"),
            Monitor(id="M", says="m", owner="o"),
            Defeater(id="D-1", against="GONE", says="x", answered_by=("GONE", "S")),
            Defeater(id="D-2", against="P", says="x", by="S"),
            Defeater(id="D-3", against="GONE.by", says="x"),
            Defeater(id="D-4", against="D-4", says="x"),
            Assumption(id="S", says="s"),
            Justification(id="J", says="j"),
        ]
    )
    structure, losses = structure_of(case)
    for k in structure.links:
        assert k.source in structure.parts
        assert k.target in structure.parts or k.target_link in {k.id for k in structure.links}
    what = Counter(loss.what for loss in losses)
    assert what["reference"] == 9
    assert what["challenge"] == 1
    assert what["answer"] == 1


def tree(count: int) -> Case:
    """A case of `count` elements: claims and steps in turn, four claims to a step."""
    elements: dict[str, Element] = {"C0": Claim(id="C0", says="top")}
    queue = ["C0"]
    for claim in queue:
        if len(elements) >= count:
            break
        names = tuple(f"C{len(elements) + i}" for i in range(1, 5))
        step = Argument(id=f"A{len(elements)}", kind="decomposition", because="all", premises=names)
        elements[claim] = Claim(id=claim, says="words " * 8, by=step.id)
        elements[step.id] = step
        elements |= {name: Claim(id=name, says="words " * 8) for name in names}
        queue += names
    return hand_made(list(elements.values()))


@pytest.mark.slow
def test_the_time_is_linear() -> None:
    """Ten times as many elements take no more than some thirty times as long."""
    spent = []
    for count in (3_000, 30_000):
        case = tree(count)
        gc.disable()  # what other tests left behind is not searched again and again
        try:
            start = time.process_time()
            structure, _losses = structure_of(case)
            spent.append(time.process_time() - start)
        finally:
            gc.enable()
        assert len(structure.parts) >= count
        assert len(structure.links) == len(structure.parts) - 1
    assert spent[1] < 30 * max(spent[0], 0.01)


def test_a_doubt_about_a_step_that_is_written_apart_aims_at_its_link() -> None:
    case = hand_made(
        [
            Claim(id="G", says="Safe.", by="S"),
            Argument(id="S", kind="decomposition", because="b", concludes="G", premises=("P",)),
            Argument(id="T", kind="decomposition", because="b", concludes="G", premises=("P",)),
            Claim(id="P", says="Fair."),
            Defeater(id="D", says="It does not follow.", against="G.by"),
        ]
    )
    structure, _ = structure_of(case)
    assert [(k.source, k.target) for k in structure.links if k.id == "G.by"] == [("G", "S")]
    assert [k.source for k in structure.links if k.target_link == "G.by"] == ["D"]


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_element_has_its_part_whatever_refers_to_whatever(data: st.DataObject) -> None:
    """References drawn at random, loops included: closed, complete, the same twice."""
    names = [f"N{i}" for i in range(data.draw(st.integers(1, 9)))]
    names += [f"m/{name}" for name in names[::2]]
    pick = st.sampled_from([*names, "GONE", f"{names[0]}.by"])
    many = st.lists(pick, max_size=3).map(tuple)
    elements: list[Element] = []
    for name in names:
        kind = data.draw(st.integers(0, 5))
        if kind == 0:
            elements.append(Claim(id=name, says="c", by=data.draw(pick), context=data.draw(many)))
        elif kind == 1:
            to = data.draw(st.one_of(st.none(), pick))
            given_ = {"premises": data.draw(many), "side_conditions": data.draw(many)}
            elements.append(
                Argument(id=name, kind="decomposition", because="b", concludes=to, **given_)
            )
        elif kind == 2:
            elements.append(Evidence(id=name, because="b", context=data.draw(many)))
        elif kind == 3:
            against, answers = data.draw(pick), data.draw(many)
            elements.append(Defeater(id=name, says="d", against=against, answered_by=answers))
        elif kind == 4:
            elements.append(Assumption(id=name, says="a"))
        else:
            elements.append(Problem(id=name, says="p", blocks=data.draw(many), closed_when="c"))
    case = hand_made(elements, modules={"m": Module(name="m", file="m.yaml", title="m")})
    structure, losses = structure_of(case)
    expected = {e.id for e in elements if not isinstance(e, Problem)}
    assert expected <= set(structure.parts)
    for k in structure.links:
        assert k.source in structure.parts
        assert k.target in structure.parts or k.target_link in {k.id for k in structure.links}
    for part in structure.parts.values():
        assert not part.away or part.away in structure.parts
    assert (structure, losses) == structure_of(case)


def test_the_shipped_case_keeps_every_element() -> None:
    text = Path("cases/internal-assistant/case.yaml").read_text(encoding="utf-8")
    case = case_of(text)
    structure, losses = structure_of(case)
    lost = {loss.about for loss in losses if loss.what in ("problem", "monitor")}
    assert set(structure.parts) | lost == set(case.elements)


def test_modules_read_from_files_are_joined_by_a_contract() -> None:
    from tests.argument.test_modules import FILES

    from safetycase.argument.load import load_files

    case = load_files(FILES).case
    assert case is not None
    structure, _ = structure_of(case)
    converged = structure.parts["training/CONVERGED"]
    assert converged.by_contract
    assert not converged.undeveloped
    # Only the contract's own module supports it, by an away goal.
    assert links(structure, "training/CONVERGED") == []
    away = [p for p in structure.parts.values() if p.away == "training/CONVERGED"]
    assert [links(structure, p.id) for p in away] == [[("supported by", "CON")]]
