"""A structure becomes a case file that loads, and that supports nothing by itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.argument.load import load
from safetycase.argument.model import Argument, Case, Claim, Defeater, Evidence
from safetycase.argument.structure import ClaimPoint, Link, Loss, Part, Structure
from safetycase.interop.import_yaml import quoted
from safetycase.interop.importing import HEADER_KEYS, case_text
from safetycase.interop.ltac import read_ltac
from safetycase.plugin.formats import Source

TODAY = date(2026, 11, 25)


def imported(structure: Structure, **header: str) -> tuple[Case, tuple[Loss, ...]]:
    """The loaded case; the test fails if reading it has findings."""
    text, losses = case_text(structure, header=header or None, today=TODAY)
    text.encode()
    loaded = load(text)
    assert loaded.findings == (), text
    assert loaded.case is not None
    return loaded.case, losses


def goal(name: str, /, **more: Any) -> Part:
    return Part(id=name, type="goal", text=f"{name} holds.", **more)


def of(*links: tuple[str, str, str], parts: tuple[Part, ...], **more: Any) -> Structure:
    words = {"s": "supported by", "c": "in context of", "x": "challenges"}
    made = tuple(Link(kind=words[k], source=a, target=b) for k, a, b in links)
    return Structure(parts={p.id: p for p in parts}, links=made + more.pop("more", ()), **more)


def whats(losses: tuple[Loss, ...]) -> set[str]:
    return {loss.what for loss in losses if loss.what != "header"}


LTAC = """\
- Claim G1: Agent A does not cause severe harm by sabotage
  - Context C1: Internal coding deployment v3
  - Strategy S1: Argument over inability and control
    - Assumption A1: Red team elicited capability at least as well as deployment will
    - Claim G2: Agent A cannot reliably evade the monitor
      - Evidence Sn1: Control evaluation run (evals/ctrl.json)
      - Claim CG1: Eval inputs are distinguishable from deployment inputs {defeater}
        - Evidence CSn2: Probe separates eval from deployment prompts (evals/probe.json)
    - Claim G3: Escalated actions are stopped before harm {needssupport}
"""


def test_a_foreign_argument_becomes_a_case() -> None:
    reading = read_ltac([Source(name="x.ltac", data=LTAC.encode())], lambda name: None)
    assert reading.structure is not None
    case, losses = imported(reading.structure)
    assert case.root == "G1"
    top, step, leaf = case.elements["G1"], case.elements["S1"], case.elements["Sn1"]
    assert isinstance(top, Claim)
    assert isinstance(step, Argument)
    assert isinstance(leaf, Evidence)
    assert (top.by, top.context) == ("S1", ("C1",))
    assert (step.kind, step.because) == ("decomposition", "Argument over inability and control")
    assert (step.premises, step.side_conditions) == (("G2", "G3"), ("A1",))
    assert (leaf.method, leaf.artefact) == (None, "evals/ctrl.json")
    doubt = case.elements["CG1"]
    assert isinstance(doubt, Defeater)
    assert (doubt.against, doubt.by) == ("G2", "CSn2")
    assert whats(losses) == {"method", "owner"}
    stated = {loss.about for loss in losses if loss.what == "header"}
    assert stated == set(HEADER_KEYS) - {"case"}


def test_what_supports_a_goal_directly_becomes_a_step_without_a_warrant() -> None:
    case, losses = imported(
        of(("s", "G1", "G2"), ("s", "G1", "G3"), parts=(goal("G1"), goal("G2"), goal("G3")))
    )
    step = case.elements["G1-STEP"]
    assert isinstance(step, Argument)
    assert step.because == "The source states no warrant."
    assert step.premises == ("G2", "G3")
    assert whats(losses) == {"warrant"}


def test_several_strategies_stand_as_claims() -> None:
    parts = (
        goal("G1"),
        Part(id="S1", type="strategy", text="first"),
        Part(id="S2", type="strategy", text="second"),
        goal("G2"),
    )
    case, losses = imported(
        of(("s", "G1", "S1"), ("s", "G1", "S2"), ("s", "S1", "G2"), parts=parts)
    )
    step, second, open_claim = (case.elements[n] for n in ("G1-STEP", "S2", "S2-OPEN"))
    assert isinstance(step, Argument)
    assert isinstance(second, Argument)
    assert isinstance(open_claim, Claim)
    assert step.premises == ("S1-CLAIM", "S2-CLAIM")
    assert second.premises == ("S2-OPEN",)
    assert open_claim.by is None  # an empty strategy supports nothing
    assert whats(losses) == {"warrant", "strategy as claim", "undeveloped strategy"}


def test_a_challenge_on_a_relation_is_a_doubt_about_the_step() -> None:
    link = Link(kind="supported by", source="G1", target="E", id="L")
    doubt = Link(kind="challenges", source="D", target="", target_link="L")
    parts = (goal("G1"), Part(id="E", type="solution", text="e"), goal("D", counter=True))
    case, _ = imported(of(parts=parts, more=(link, doubt)))
    step, defeater = case.elements["G1-STEP"], case.elements["D"]
    assert isinstance(step, Argument)
    assert isinstance(defeater, Defeater)
    assert (step.kind, step.premises) == ("incorporation", ("E",))
    assert defeater.against == "G1-STEP"


def test_a_doubt_that_aims_twice_is_two_defeaters_on_one_claim() -> None:
    parts = (goal("A"), goal("B"), goal("D"), Part(id="E", type="solution", text="e"))
    case, _ = imported(
        of(("s", "A", "B"), ("x", "D", "A"), ("x", "D", "B"), ("x", "E", "D"), parts=parts)
    )
    found = {n: e for n, e in case.elements.items() if isinstance(e, Defeater)}
    assert {e.against for e in found.values()} == {"A", "B", "D"}
    assert isinstance(case.elements["D"], Claim)
    assert all(e.by for e in found.values())


def test_a_mark_of_defeat_becomes_a_doubt_that_stands() -> None:
    bad = Link(kind="supported by", source="A", target="B", defeated=True)
    case, losses = imported(of(parts=(goal("A", defeated=True), goal("B")), more=(bad,)))
    against = [e.against for e in case.elements.values() if isinstance(e, Defeater)]
    assert sorted(against) == ["A", "A-STEP"]
    assert "defeated" in whats(losses)


def test_a_developed_justification_is_a_side_condition() -> None:
    parts = (
        goal("G"),
        Part(id="S", type="strategy", text="s"),
        goal("H"),
        Part(id="J", type="justification", text="j"),
        Part(id="E", type="solution", text="e"),
    )
    case, losses = imported(
        of(("s", "G", "S"), ("s", "S", "H"), ("c", "S", "J"), ("s", "J", "E"), parts=parts)
    )
    step = case.elements["S"]
    assert isinstance(step, Argument)
    assert step.side_conditions == ("J",)
    assert isinstance(case.elements["J"], Claim)
    assert "developed justification" in whats(losses)


def test_the_step_rests_on_the_assumptions_in_whose_context_it_is_argued() -> None:
    parts = (
        goal("G"),
        Part(id="A", type="assumption", text="a"),
        goal("H"),
        Part(id="B", type="assumption", text="b"),
        Part(id="E", type="solution", text="e"),
        Part(id="S", type="strategy", text="s"),
        goal("O"),
    )
    structure = of(
        ("c", "G", "A"),
        ("s", "G", "S"),
        ("s", "S", "H"),
        ("s", "S", "O"),
        ("c", "H", "B"),
        ("s", "H", "E"),
        ("c", "O", "B"),
        parts=parts,
    )
    case, losses = imported(structure)
    step, leaf, still = (case.elements[n] for n in ("S", "H-STEP", "O"))
    assert isinstance(step, Argument)
    assert isinstance(leaf, Argument)
    assert isinstance(still, Claim)
    assert step.side_conditions == ("A",)
    assert (leaf.premises, leaf.side_conditions) == (("E",), ("B",))
    assert still.context == ("B",)
    assert [loss.about for loss in losses if loss.what == "assumption"] == ["B"]


def test_ids_are_made_where_they_have_to_be() -> None:
    parts = (
        goal("10d001b4-ce39-4666-9203-aed030fe6055", name="G1"),
        goal("G 1/ä"),
        goal("G-1"),
        goal("no"),
        goal("E.D"),
    )
    case, losses = imported(of(("x", "E.D", "no"), parts=parts))
    assert [n for n, e in case.elements.items() if isinstance(e, Claim)] == [
        "G1",
        "G-1-2",
        "G-1",
        "no",
    ]
    assert isinstance(case.elements["E-D"], Defeater)
    said = {loss.about: loss.says for loss in losses if loss.what == "id"}
    assert "`10d001b4-ce39-4666-9203-aed030fe6055`" in said[parts[0].id]
    text, _ = case_text(of(parts=parts), header=None, today=TODAY)
    assert '# in the source: "10d001b4-ce39-4666-9203-aed030fe6055"' in text


def test_an_away_goal_is_the_claim_that_it_cites() -> None:
    parts = (goal("A", module="M"), goal("A^B", away="B", module="M"), goal("B", module="N"))
    case, losses = imported(of(("s", "A", "A^B"), parts=parts))
    step = case.elements["A-STEP"]
    assert isinstance(step, Argument)
    assert step.premises == ("B",)
    assert {"away", "module of a part"} <= whats(losses)


def test_goals_that_cite_each_other_stay_claims() -> None:
    parts = (goal("A", away="B", defeated=True), goal("B", away="A"), goal("C", away="A"))
    case, _ = imported(of(parts=parts))
    assert {"A", "B", "C"} <= set(case.elements)


def test_further_roots_stand_by_themselves_and_are_reported() -> None:
    case, losses = imported(of(parts=(goal("A"), goal("B"))))
    assert case.root == "A"
    assert [loss.about for loss in losses if loss.what == "second root"] == ["B"]
    empty, lost = imported(Structure())
    assert empty.root == "ROOT"
    assert "root" in whats(lost)


def test_the_header_is_what_the_caller_states() -> None:
    case, losses = imported(
        of(parts=(goal("A"),), title="A: title"),
        **{
            "decision.owner": "board",
            "target": "0.95",
            "decision.expires": "2027-01-01",
            "model.weights": "a, b} c",
        },
    )
    assert (case.header.case, case.header.title) == ("a-title", "A: title")
    assert (case.header.decision.owner, case.header.target) == ("board", 0.95)
    assert case.header.deployment.users.text == "not stated"
    about = {loss.about for loss in losses if loss.what == "header"}
    assert "target" not in about
    assert "harm.what" in about
    unknown = case_text(Structure(), header={"hram": "x"}, today=TODAY)[1]
    assert "hram" in {loss.about for loss in unknown}


@pytest.mark.slow
def test_a_deep_and_a_circular_argument_load() -> None:
    count = 5000
    parts = tuple(goal(f"G{n}") for n in range(count))
    links = tuple(("s", f"G{n}", f"G{n + 1}") for n in range(count - 1))
    case, _ = imported(of(*links, parts=parts))
    assert len(case.elements) == 2 * count - 1
    circle = of(("s", "A", "B"), ("s", "B", "A"), parts=(goal("A"), goal("B")))
    assert case_text(circle, header=None, today=TODAY)[0].count("claim:") == 2


ANY_TEXT = st.one_of(
    st.sampled_from(
        ["", " ", "no", "012", "a: b # c", "- x", '"q"', "x\ny", "{", "\ud800", "ok.", "\u2028"]
    ),
    st.text(max_size=12),
    st.text(alphabet="'\"\\\n\t\0:#-?{}[]&*!|>%@`, ab\x85\ufeff😀", max_size=12),
)


@pytest.mark.slow
@given(ANY_TEXT)
@settings(max_examples=200)
def test_a_quoted_text_reads_back(text: str) -> None:
    wanted = "".join("\ufffd" if 0xD800 <= ord(c) < 0xE000 else c for c in text)
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        assert yaml.load(f"key: {quoted(text)}\n", Loader=loader) == {"key": wanted}


TYPES = ["goal", "goal", "strategy", "solution", "context", "assumption", "justification"]
TYPES += ["module", "contract"]
NAMES = [f"N{n}" for n in range(9)] + ["N.1", "N.1.2", "no", "a b", "ä", "9", "N1-STEP", "x/y"]


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    """Anything at all: loops, dangling ends, doubts about doubts, parts of every type."""
    names = draw(st.lists(st.sampled_from(NAMES), max_size=8, unique=True))
    ends = [*names, "nowhere"]
    flag = st.integers(0, 5).map(lambda n: n == 0)
    parts = {
        name: Part(
            id=name,
            type=draw(st.sampled_from(TYPES)),
            text=draw(ANY_TEXT),
            name=draw(st.sampled_from(["", "N0", "x"])),
            module=draw(st.sampled_from(["", "M"])),
            away=draw(st.sampled_from(["", "", "", *ends])),
            undeveloped=draw(flag),
            defeated=draw(flag),
            counter=draw(flag),
            url=draw(st.sampled_from(["", " ", "a#b: c"])),
            declaration=draw(st.sampled_from(["asserted", "assumed", "defeated", "as cited"])),
        )
        for name in names
    }
    links = tuple(
        Link(
            kind=draw(
                st.sampled_from(["supported by", "supported by", "in context of", "challenges"])
            ),
            source=draw(st.sampled_from(ends)),
            target=draw(st.sampled_from(ends)),
            id=f"L{n}",
            target_link=draw(st.sampled_from(["", "", "", "L0", "L1", "L2", "L9"])),
            inference=draw(st.sampled_from(["", "", "I"])),
            defeated=draw(flag),
        )
        for n in range(draw(st.integers(0, 12)))
    )
    points = (ClaimPoint(id="P", on_part=ends[0], argued_by=ends[-1]),) if draw(flag) else ()
    return Structure(title=draw(ANY_TEXT), parts=parts, links=links, points=points)


@pytest.mark.slow
@given(structures())
@settings(max_examples=200, deadline=None)
def test_every_structure_becomes_a_case_that_loads(structure: Structure) -> None:
    text, losses = case_text(structure, header=None, today=TODAY)
    loaded = load(text)
    assert [f for f in loaded.findings if f.code.startswith("F")] == [], text
    case = loaded.case
    assert case is not None
    said = {getattr(e, "says", None) or getattr(e, "because", None) for e in case.elements.values()}
    for part in structure.parts.values():
        aliased = part.type == "goal" and part.away in structure.parts
        if part.text.strip() and "\ud800" not in part.text and not aliased:
            assert part.text in said
    for element in case.elements.values():
        assert not (isinstance(element, Evidence) and element.method)
        assert not (isinstance(element, Argument) and not element.premises)
    assert all(loss.says for loss in losses)


@pytest.mark.parametrize("kind", ["goal", "solution"])
def test_a_source_that_aims_at_itself_is_no_doubt(kind: Any) -> None:
    case, losses = imported(of(("x", "A", "A"), parts=(Part(id="A", type=kind, text="a"),)))
    assert not [e for e in case.elements.values() if isinstance(e, Defeater)]
    assert "dangling relation" in whats(losses)


LINES = st.builds(
    lambda depth, kind, name, text: f"{'  ' * depth}- {kind} {name}: {text}",
    st.integers(0, 3),
    st.sampled_from(["Claim", "Strategy", "Evidence", "Context", "Assumption", "Justification"]),
    st.sampled_from(["A", "B", "C.1", "^A", "^Z", "no", "x y"]),
    st.sampled_from(["", "text", "a: b", "x {defeater}", "y {defeated}", "z {iscounter} (u)"]),
)
MORE = st.sampled_from(
    ["  - Link A", "    - Link B {defeater}", "  - Relation R: {defeated}", "# c"]
)


@pytest.mark.slow
@given(st.lists(st.one_of(LINES, LINES, MORE), max_size=10))
@settings(max_examples=100, deadline=None)
def test_every_file_that_is_read_can_be_imported(lines: list[str]) -> None:
    data = "\n".join(lines).encode()
    reading = read_ltac([Source(name="x.ltac", data=data)], lambda name: None)
    assert reading.structure is not None or reading.findings
    if reading.structure is not None:
        text, _ = case_text(reading.structure, header=None, today=TODAY)
        assert load(text).findings == (), text
