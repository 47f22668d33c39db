"""Extended LTAC: what is read, that it reads back, and that no file brings it down."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.argument.structure import ClaimPoint, Link, Part, Structure
from safetycase.interop.ltac import FORMAT, read_ltac, write_ltac
from safetycase.interop.ltac_line import compose, parse_line, tail_of
from safetycase.plugin.formats import MAX_BYTES, Reading, Source, Writing

SAMPLE = """\
- Claim G1: Agent A does not cause severe harm by sabotage
  - Context C1: Internal coding deployment v3
  - Strategy S1: Argument over inability and control
    - Assumption A1: Red team elicited capability at least as well as deployment will
    - Claim G2: Agent A cannot reliably evade the monitor {defeated}
      - Evidence Sn1: Control evaluation run 2026-11-01 (evals/ctrl.json)
      - Claim CG1: Eval inputs are distinguishable from deployment inputs {defeater}
        - Evidence CSn2: Probe separates eval from deployment prompts (evals/probe.json)
    - Claim G3: Escalated actions are stopped before harm {needssupport}
"""


def read(text: str | bytes) -> Reading:
    data = text if isinstance(text, bytes) else text.encode()
    return read_ltac([Source(name="case.ltac", data=data)], lambda name: None)


def structure_of(text: str) -> Structure:
    found = read(text).structure
    assert found is not None
    return found


def codes(reading: Reading) -> list[str]:
    return sorted({finding.code for finding in reading.findings})


def bare(structure: Structure) -> Structure:
    """The structure without places and without the order of its links."""
    return Structure(
        parts={name: replace(part, span=None) for name, part in structure.parts.items()},
        links=tuple(sorted((replace(k, span=None) for k in structure.links), key=repr)),
        points=tuple(sorted((replace(p, span=None) for p in structure.points), key=repr)),
        modules={n: replace(m, span=None, file="") for n, m in structure.modules.items()},
        tags=dict(structure.tags),
    )


def test_the_parts_of_a_sample() -> None:
    reading = read(SAMPLE)
    found = reading.structure
    assert found is not None
    assert (reading.findings, reading.losses) == ((), ())
    types = {name: part.type for name, part in found.parts.items()}
    assert types == {
        "G1": "goal",
        "C1": "context",
        "S1": "strategy",
        "A1": "assumption",
        "G2": "goal",
        "Sn1": "solution",
        "CG1": "goal",
        "CSn2": "solution",
        "G3": "goal",
    }
    assert found.parts["Sn1"].url == "evals/ctrl.json"
    assert (found.parts["G2"].defeated, found.parts["G2"].declaration) == (True, "defeated")
    assert (found.parts["G3"].undeveloped, found.parts["CG1"].counter) == (True, True)
    links = [(link.kind, link.source, link.target) for link in found.links]
    assert ("in context of", "G1", "C1") in links
    assert ("challenges", "CG1", "G2") in links
    assert ("supported by", "CG1", "CSn2") in links
    assert len(links) == 8
    span = found.parts["G2"].span
    assert span is not None
    assert (span.line, span.column) == (5, 5)


def test_a_file_is_written_as_it_was_read() -> None:
    writing = write_ltac(structure_of(SAMPLE), "case")
    assert writing == Writing(files={"case.ltac": SAMPLE}, losses=())


@pytest.mark.parametrize(
    ("line", "text", "options", "reference"),
    [
        ("- Claim A: plain", "plain", (), ""),
        ("- Claim A: x {DEFEATED, abstract} (a.pdf)", "x", ("defeated", "abstract"), "a.pdf"),
        ("- Claim A: set {1, 2} {}", "set {1, 2}", (), ""),
        ("- Claim A: as said (here) ()", "as said (here)", (), ""),
        ("- Claim A: both {x} (y) {} ()", "both {x} (y)", (), ""),
        ("- Claim A: a: b", "a: b", (), ""),
        ("- Claim A: f(g(x)) {defeated}", "f(g(x))", ("defeated",), ""),
        ("* Evidence A: x (b)", "x", (), "b"),
    ],
)
def test_the_tail_of_a_line(line: str, text: str, options: tuple[str, ...], reference: str) -> None:
    parsed = parse_line(line)
    assert parsed is not None
    assert (parsed.text, parsed.options, parsed.reference) == (text, options, reference)


@given(st.text(alphabet="ab {}():,\\", max_size=12), st.booleans(), st.booleans())
@settings(max_examples=200)
def test_a_composed_tail_reads_back(text: str, optioned: bool, cited: bool) -> None:
    text = text.strip()
    wanted = (text, ("defeated",) if optioned else (), "r.txt" if cited else "")
    tail = compose(*wanted)
    if tail is not None:
        assert tail_of(tail) == wanted
    else:
        assert "{" in text or "(" in text


def test_packages_are_modules_and_citations_away_elements() -> None:
    text = "- Claim A: top\n  - Claim ^B: other\n\n- Claim B: other\n  - Evidence E: e\n"
    found = structure_of(text)
    assert list(found.modules) == ["A", "B"]
    assert found.parts["B"].module == "B"
    away = found.parts["A^B"]
    assert (away.away, away.name, away.module, away.text) == ("B", "B", "A", "other")
    assert write_ltac(found, "c").files["c.ltac"] == text


def test_a_relation_gives_its_links_an_inference_and_a_claim_point() -> None:
    text = (
        "- Claim A: top\n"
        "  - Relation R: step {defeated}\n"
        "    - Claim B: b\n"
        "    - Claim M: the step is sound {metaclaim}\n"
    )
    found = structure_of(text)
    (link,) = found.links
    assert (link.inference, link.defeated, link.id, link.tags) == (
        "R",
        True,
        "R",
        {"ltac.text": "step"},
    )
    (point,) = found.points
    assert (point.on_links, point.argued_by) == (("R",), "M")
    assert write_ltac(found, "c").files["c.ltac"] == text


def test_a_defeater_under_a_relation_challenges_what_is_above_it() -> None:
    found = structure_of(
        "- Claim A: a\n  - Relation R: {iscounter}\n    - Claim D: d\n      - Evidence E: e\n"
    )
    assert [(k.kind, k.source, k.target) for k in found.links] == [
        ("challenges", "D", "A"),
        ("supported by", "D", "E"),
    ]
    assert found.parts["D"].counter
    again = structure_of(write_ltac(found, "c").files["c.ltac"])
    assert [(k.kind, k.source, k.target) for k in again.links] == [
        ("challenges", "D", "A"),
        ("supported by", "D", "E"),
    ]


def test_a_link_may_stand_before_its_element() -> None:
    found = structure_of("- Claim A: a\n  - Link C\n  - Strategy S: s\n    - Claim C: c\n")
    assert [(k.kind, k.source, k.target) for k in found.links] == [
        ("supported by", "A", "C"),
        ("supported by", "A", "S"),
        ("supported by", "S", "C"),
    ]


def test_a_developed_justification_is_kept_and_reported() -> None:
    reading = read("- Claim A: a\n  - Justification J: j\n    - Evidence E: e\n    - Claim C: c\n")
    assert reading.findings == ()
    assert [(loss.about, loss.what) for loss in reading.losses] == [
        ("J", "developed justification")
    ]
    assert reading.structure is not None
    assert ("J", "E") in {(k.source, k.target) for k in reading.structure.links}


def test_comments_and_unnamed_elements_stay() -> None:
    text = "# first\n- Claim: no id here\n  # why\n  - Evidence E: e\n# last\n"
    found = structure_of(text)
    assert found.parts["no id here"].tags == {"ltac.comment": "# first", "ltac.id": "inferred"}
    assert found.parts["E"].tags["ltac.comment"] == "# why"
    assert write_ltac(found, "c").files["c.ltac"] == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hello\n- Claim A: a\n", "F050"),
        ("- Claim A: a\n   - Claim B: b\n", "F050"),
        ("- Claim A: a\n      - Claim B: b\n", "F050"),
        ("- Claim A\n", "F050"),
        ("- Claim A: a\n  - Claim ^B: b\n    - Claim C: c\n", "F050"),
        ("- Link A\n- Claim A: a\n", "F050"),
        ("- Relation R: a\n- Claim A: a\n", "F050"),
        ("- Claim A: a\n  - Link Z\n", "F055"),
        ("- Claim A: a\n  - Claim ^Z: z\n", "F055"),
        ("- Claim A: a\n  - Claim A: b\n", "F056"),
        ("- Claim A: a {defeeted}\n", "F057"),
        ("- Claim A: a {axiomatic, defeated}\n", "F058"),
        ("- Claim A: a\n  - Strategy ^B: b\n- Claim B: b\n", "F058"),
        ("- Claim A: a\n  - Claim B: b\n    - Link A\n", "F060"),
        ("", "F050"),
        ("- Claim A: a\0b\n", "F050"),
    ],
)
def test_what_is_wrong_is_a_finding_at_its_line(text: str, code: str) -> None:
    assert code in codes(read(text))


def test_the_second_of_two_elements_with_one_id_keeps_its_text() -> None:
    reading = read("- Claim A: a\n  - Claim B: b\n  - Claim B: c\n")
    assert reading.structure is not None
    assert reading.structure.parts["B#2"].text == "c"


def test_bytes_that_are_no_text() -> None:
    assert codes(read(b"- Claim A: \xff\n")) == ["F059"]
    assert codes(read(b"x" * (MAX_BYTES + 1))) == ["F051"]


def test_deep_nesting_and_long_lines_take_linear_time() -> None:
    deep = "".join("  " * depth + f"- Claim C{depth}: c\n" for depth in range(3000))
    started = time.process_time()
    assert len(structure_of(deep).parts) == 3000
    read("- Claim A: " + "{(" * 200_000 + "\n")
    read("- Claim A: " + "x{y} (" * 100_000 + ")\n")
    read("- Claim" + " " * 500_000 + "\n")
    assert codes(read(" " * 40_000 + "- Claim A: a\n")) == ["F050", "F052"]
    assert time.process_time() - started < 5


@pytest.mark.slow
def test_many_wrong_lines_give_few_findings() -> None:
    reading = read("junk\n" * 100_000)
    assert len(reading.findings) < 600
    assert codes(reading) == ["F050", "F051"]
    assert len(read("- Claim A: a\n" * 20_000).findings) < 600


IDS = st.text(alphabet="AbZ09-. _#/", min_size=1, max_size=6).map(str.strip).filter(bool)
TEXTS = st.text(alphabet="abc äß€{}():^#-,.\t", max_size=14).map(str.strip)
BELOW = {
    "goal": ("goal", "strategy", "solution", "context", "assumption", "justification"),
    "strategy": ("goal", "context", "justification"),
    "solution": ("context",),
    "justification": ("goal", "solution"),
}


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    """Structures that LTAC holds without loss, in the order in which it writes them."""
    names = draw(st.lists(IDS, min_size=1, max_size=9, unique=True))
    parts: dict[str, Part] = {}
    links: list[Link] = []
    points: list[ClaimPoint] = []
    parents: list[str] = []
    for name in names:
        while parents and draw(st.booleans()):
            parents.pop()
        if not parents or parts[parents[-1]].type not in BELOW:
            parents = [p for p in list(parts)[:1] if parts[p].type in BELOW]
        above = parents[-1] if parents else ""
        kind = draw(st.sampled_from(BELOW[parts[above].type])) if above else "goal"
        status = draw(st.sampled_from(["asserted", "needs support", "axiomatic", "defeated"]))
        status = "asserted" if kind == "assumption" else status
        challenge = bool(above) and kind in ("goal", "solution") and draw(st.booleans())
        parts[name] = Part(
            id=name,
            type=kind,
            text=draw(TEXTS),
            url=draw(st.sampled_from(["", "a/b.pdf", "x y.txt", "http://e.x/?q=(a"])),
            undeveloped=status == "needs support",
            defeated=status == "defeated",
            declaration=status,
            uninstantiated=draw(st.booleans()),
            counter=challenge,
        )
        if above and not challenge and kind == "goal" and draw(st.integers(0, 4)) == 0:
            points.append(ClaimPoint(id=f"ACP-{name}", on_part=above, argued_by=name))
        elif above:
            scope = kind in ("context", "assumption", "justification")
            word = "challenges" if challenge else "in context of" if scope else "supported by"
            step = draw(st.sampled_from(["", "", "R 1", "R2"]))
            defeated = bool(step) and draw(st.booleans())
            ends = (name, above) if challenge else (above, name)
            links.append(
                Link(kind=word, source=ends[0], target=ends[1], inference=step, defeated=defeated)
            )
        parents.append(name)
    for _ in range(draw(st.integers(0, 3))):  # what is used twice
        source = draw(st.sampled_from([n for n in parts if parts[n].type == "goal"]))
        later = [n for n in list(parts)[list(parts).index(source) :] if parts[n].type == "solution"]
        if later:
            links.append(
                Link(kind="supported by", source=source, target=draw(st.sampled_from(later)))
            )
    return Structure(parts=parts, links=tuple(links), points=tuple(points))


@pytest.mark.slow
@given(structures())
@settings(max_examples=60, deadline=None)
def test_a_structure_is_written_and_read_without_loss(structure: Structure) -> None:
    writing = write_ltac(structure, "case")
    reading = read(writing.files["case.ltac"])
    assert [loss for loss in writing.losses if loss.what != "text"] == []
    assert [f for f in reading.findings if f.severity == "error"] == []
    assert reading.structure is not None
    if writing.losses:
        return
    assert bare(reading.structure) == bare(structure)


def test_what_ltac_cannot_hold_is_reported() -> None:
    structure = Structure(
        title="T",
        parts={
            "a:b": Part(id="a:b", type="goal", text="two\nlines", public=True, tags={"x": "1"}),
            "M": Part(id="M", type="module", name="another", url="a) b"),
            "D": Part(id="D", type="goal", counter=True),
        },
        links=(
            Link(kind="supported by", source="a:b", target="M", id="L", multiplicity="n"),
            Link(kind="challenges", source="D", target="", target_link="L"),
            Link(kind="supported by", source="M", target="nowhere"),
        ),
    )
    writing = write_ltac(structure, "case")
    assert {loss.what for loss in writing.losses} == {
        "id",
        "text",
        "public",
        "tags",
        "type",
        "name",
        "url",
        "multiplicity",
        "challenge on a relation",
        "dangling relation",
        "title",
    }
    assert writing.files["case.ltac"].splitlines() == [
        "- Claim a-b: two lines",
        "  - Claim M: (a%29 b)",
        "  - Claim D: {defeater}",
    ]


def test_circles_are_written_and_end() -> None:
    structure = Structure(
        parts={n: Part(id=n, type="goal", text=n) for n in "ABC"},
        links=tuple(Link(kind="supported by", source=a, target=b) for a, b in ("AB", "BA", "CC")),
    )
    text = write_ltac(structure, "c").files["c.ltac"]
    assert text.count("Link") == 2
    assert codes(read(text)) == ["F060"]


def test_the_format_knows_its_files() -> None:
    assert FORMAT.sniff is not None
    assert FORMAT.sniff("a.ltac", b"")
    assert FORMAT.sniff("a.txt", b"# x\n\n- Claim A: a\n")
    assert not FORMAT.sniff("a.md", b"- a list\n")
