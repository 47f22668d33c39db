"""The drawings of GSN and CAE: every text is there, safe, and inside its shape."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.argument.load import load
from safetycase.argument.project import structure_of
from safetycase.argument.structure import ClaimPoint, Link, LinkKind, Part, PartType, Structure
from safetycase.report.cae_svg import render_cae
from safetycase.report.gsn_svg import render_gsn
from safetycase.report.text_width import text_width

Render = Callable[..., str]
BOTH = pytest.mark.parametrize("render", [render_gsn, render_cae])
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "</text><script>alert(1)</script><img src=x onerror=alert(1)>\"' onload=alert(1) "
    "javascript:alert(1) &amp; ]]> <!-- \x1b[31m\x00\u202e\u2028\ud800\ufffe\uffff "
)


def part(name: str, kind: PartType, text: str, **more: object) -> Part:
    return Part(id=name, type=kind, text=text, **more)  # type: ignore[arg-type]


def link(kind: LinkKind, source: str, target: str, **more: object) -> Link:
    return Link(kind=kind, source=source, target=target, **more)  # type: ignore[arg-type]


def structure(parts: list[Part], links: list[Link], **more: object) -> Structure:
    return Structure(parts={p.id: p for p in parts}, links=tuple(links), **more)  # type: ignore[arg-type]


def every_symbol() -> Structure:
    """One of everything that GSN can draw."""
    parts = [
        part("G1", "goal", "The drone does not harm people on the ground.", public=True),
        part("C1", "context", "The test field, below 60 m.", url="https://example.org/field"),
        part("A1", "assumption", "The wind stays below 12 m/s."),
        part("J1", "justification", "The two channels are independent by design."),
        part("S1", "strategy", "Argument over each way to come down.", tags={"sc.rule": "any"}),
        part("G2", "goal", "The motor does not stop in flight.", undeveloped=True),
        part("G3", "goal", "Loss of link leads to a landing for {operator}.", uninstantiated=True),
        part("G4", "goal", "It lasts for {mission}.", uninstantiated=True, undeveloped=True),
        part("G5", "goal", "The parachute opens.", by_contract=True),
        part("G6", "goal", "The autopilot keeps its height."),
        part("Sn1", "solution", "Flight test report FT-12"),
        part("Sn2", "solution", "Bench test of the release over 400 openings", defeated=True),
        part("AG", "goal", "The software has no runtime errors.", away="software/G9"),
        part("ASn", "solution", "Proof log of the analyser", away="software/Sn3"),
        part("AC", "context", "The tool chain as listed.", away="software/C4"),
        part("AA", "assumption", "The compiler is right.", away="software/A2"),
        part("AJ", "justification", "Proof replaces test.", away="software/J2"),
        part("M1", "module", "Argument about the ground crew"),
        part("K1", "contract", "Joins drone and crew"),
        part("CG1", "goal", "The height sensor drifts when it is cold.", counter=True),
        part("CG2", "goal", "The drift was corrected in version 3.", counter=True),
        part("CG3", "goal", "Bench tests say little.", counter=True, undeveloped=True),
    ]
    links = [
        link("supported by", "G1", "S1", id="l1"),
        link("in context of", "G1", "C1"),
        link("in context of", "G1", "A1"),
        link("in context of", "S1", "J1"),
        link("in context of", "S1", "AC"),
        link("supported by", "S1", "G2", multiplicity="1..n"),
        link("supported by", "S1", "G3", optional=True),
        link("supported by", "S1", "G4", choice="a", choose="1"),
        link("supported by", "S1", "G5", choice="a", choose="1"),
        link("supported by", "S1", "G6"),
        link("supported by", "G6", "Sn1", id="l7", defeated=True),
        link("supported by", "G6", "Sn2"),
        link("supported by", "G3", "Sn2"),
        link("supported by", "G3", "ASn"),
        link("in context of", "G3", "AA"),
        link("in context of", "G3", "AJ"),
        link("supported by", "S1", "AG"),
        link("supported by", "S1", "M1"),
        link("supported by", "S1", "K1"),
        link("challenges", "CG1", "G6"),
        link("challenges", "CG2", "CG1"),
        link("challenges", "CG3", "", target_link="l7"),
        link("in context of", "G6", "C1"),
    ]
    points = (ClaimPoint(id="ACP1", on_links=("l1",)), ClaimPoint(id="ACP2", on_part="Sn1"))
    return structure(parts, links, title="Every symbol", points=points)


def small() -> Structure:
    """A goal on a strategy in context, evidence, a doubt and its answer."""
    return structure(
        [
            part("G1", "goal", "The monitor catches the attack."),
            part("C1", "context", "At most 200 requests per day."),
            part("S1", "strategy", "Over recall and cover.", tags={"sc.kind": "decomposition"}),
            part("G2", "goal", "Recall is at least 0.6.", tags={"sc.holds_when": "recall >= 0.6"}),
            part("G3", "goal", "All outputs are read.", undeveloped=True),
            part("Sn1", "solution", "Control evaluation"),
            part("D1", "goal", "The red team was weak.", counter=True, undeveloped=True),
        ],
        [
            link("in context of", "G1", "C1"),
            link("supported by", "G1", "S1"),
            link("supported by", "S1", "G2"),
            link("supported by", "S1", "G3", tags={"sc.side": "1"}),
            link("supported by", "G2", "Sn1"),
            link("challenges", "D1", "Sn1"),
        ],
        title="A monitor",
    )


def texts(svg: str) -> str:
    """All text that a reader or a screen reader meets, white space as one blank."""
    return " ".join(" ".join(ET.fromstring(svg).itertext()).split())


def symbols(svg: str) -> list[ET.Element]:
    return [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("role") == "graphics-symbol"]


@BOTH
@pytest.mark.parametrize("name", ["small", "every"])
def test_golden(render: Render, name: str, golden: Callable[[str, str], None]) -> None:
    drawn = small() if name == "small" else every_symbol()
    notation = render.__name__.removeprefix("render_")
    golden(f"{notation}-{name}.svg", render(drawn, statuses={"G1": ("open", "○")}))


@BOTH
def test_every_part_has_its_id_and_its_text(render: Render) -> None:
    drawn = every_symbol()
    said = texts(render(drawn))
    for p in drawn.parts.values():
        assert p.text in said, p.text
        assert (p.away or p.id) in said
    assert len(symbols(render(drawn))) == len(drawn.parts)


@BOTH
def test_it_can_be_read_without_seeing_it(render: Render) -> None:
    root = ET.fromstring(render(small(), statuses={"Sn1": ("stale", "◧")}))
    assert root.get("role") == "graphics-document document"
    assert root.get("aria-label") == "A monitor"
    assert root.findtext(f"{SVG}title") == "A monitor"
    assert root.findtext(f"{SVG}desc")
    titles = [g.findtext(f"{SVG}title", "") for g in root.iter(f"{SVG}g")]
    assert len(titles) == 7
    assert any("Sn1" in title and "stale" in title for title in titles)
    assert "◧ stale" in texts(render(small(), statuses={"Sn1": ("stale", "◧")}))


def test_decorators_are_said_in_words() -> None:
    titles = {g.findtext(f"{SVG}title") for g in symbols(render_gsn(every_symbol()))}
    assert {
        "Goal G1 (public)",
        "Goal G4 (undeveloped, uninstantiated)",
        "Goal G5 (to be supported by contract)",
        "Solution Sn2 (defeated)",
        "Away goal software/G9",
        "Counter goal CG3 (undeveloped)",
    } <= titles
    said = texts(render_gsn(every_symbol()))
    for word in ("1..n", "1 of 2", "ACP1", "ACP2", "any of", "Defeated relation"):
        assert word in said


@BOTH
def test_no_scripts_no_loads_light_and_dark(render: Render) -> None:
    svg = render(every_symbol())
    assert "<script" not in svg
    assert not re.search(r"\son\w+=", svg)
    assert "@import" not in svg
    assert "url(" not in svg
    assert "prefers-color-scheme:dark" in svg
    assert re.findall(r'href="([^"]*)"', svg) == ["https://example.org/field"]


@BOTH
def test_hostile_text_stays_text(render: Render) -> None:
    """Attacks in every field: the picture parses, and nothing of them became markup."""
    drawn = every_symbol()
    parts = {
        HOSTILE + name: replace(
            p, id=HOSTILE + name, text=HOSTILE + p.text, url="javascript:alert(1)", tags={}
        )
        for name, p in drawn.parts.items()
    }
    links = tuple(
        replace(
            k,
            source=HOSTILE + k.source,
            target=HOSTILE + k.target if k.target else "",
            multiplicity=HOSTILE if k.multiplicity else "",
            choose=HOSTILE if k.choose else "",
        )
        for k in drawn.links
    )
    points = (ClaimPoint(id=HOSTILE, on_links=("l1",)),)
    spoiled = replace(drawn, title=HOSTILE, parts=parts, links=links, points=points)
    statuses = dict.fromkeys(parts, (HOSTILE, HOSTILE))
    root = ET.fromstring(render(spoiled, statuses=statuses).encode("utf-8"))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {
        *("svg", "title", "desc", "style", "rect", "path", "g", "text", "tspan", "ellipse"),
        "circle",
    }
    for element in root.iter():
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
    assert len(symbols(render(spoiled))) == len(parts)


@BOTH
def test_only_web_addresses_are_links(render: Render) -> None:
    for url in ("javascript:alert(1)", "//x.example", "data:text/html,x", "http://a b", "file.md"):
        svg = render(structure([part("Sn1", "solution", "x", url=url)], []))
        assert "href" not in svg


@BOTH
def test_text_stays_inside_its_shape(render: Render) -> None:
    """By the widths of the widest common font; in a round shape, inside its outline."""
    for symbol in symbols(render(every_symbol(), statuses={"Sn1": ("fresh", "■")})):
        link_to = symbol.find(f"{SVG}a")
        g = symbol if link_to is None else link_to
        for x, y, wide in written(g):
            assert inside(g, x, y), ET.tostring(g)
            assert inside(g, x + wide, y), ET.tostring(g)


def written(g: ET.Element) -> Iterator[tuple[float, float, float]]:
    """Left end, middle height and width of every line of the statement of one symbol."""
    text = g.find(f"{SVG}text")
    assert text is not None
    middle = text.get("class") == "m"
    x, y = float(text.get("x", "")), float(text.get("y", ""))
    for span in text.iter(f"{SVG}tspan"):
        if span.get("class") == "n":
            continue
        y += float(span.get("dy", "0"))
        wide = text_width(span.text or "", 12.0) * (1.15 if span.get("class") == "i" else 1.0)
        left = float(span.get("x", x)) - (wide / 2 if middle else 0.0)
        yield left, y - 4, wide


def inside(g: ET.Element, x: float, y: float) -> bool:
    ellipse = g.find(f"{SVG}ellipse")
    if ellipse is not None:
        cx, cy, rx, ry = (float(ellipse.get(k, "")) for k in ("cx", "cy", "rx", "ry"))
        return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1.0
    rect = g.find(f"{SVG}rect")
    if rect is not None and rect.get("class") != "b":
        return 0 <= x <= float(rect.get("width", "")) and 0 <= y <= float(rect.get("height", ""))
    path = g.find(f"{SVG}path")
    assert path is not None
    ends = re.findall(r"H([\d.]+)|A[\d.]+ [\d.]+ 0 0 1 ([\d.]+)", path.get("d", ""))
    wide = max(float(a or b) for a, b in ends)
    return 2 <= x <= wide - 2


def test_words_without_end_are_broken() -> None:
    """No shape grows without bound, whatever its text."""
    drawn = structure(
        [
            part("G1", "goal", "W" * 3_000),
            part("Sn1", "solution", "word " * 3_000),
            part("N" * 4_000, "assumption", "漢" * 900),
        ],
        [],
    )
    for render in (render_gsn, render_cae):
        width, height = size_of(render(drawn))
        assert width < 2_000
        assert height < 1_200


def size_of(svg: str) -> tuple[float, float]:
    root = ET.fromstring(svg)
    return float(root.get("width", "")), float(root.get("height", ""))


@BOTH
def test_a_part_of_the_argument_says_what_it_leaves_out(render: Render) -> None:
    whole = every_symbol()
    below = render(whole, root="G6")
    names = {g.findtext(f"{SVG}title", "") for g in symbols(below)}
    assert len(names) == 7  # G6, two solutions, three doubts, its context
    flat = texts(render(whole, root="G1", depth=1))
    assert "▾ 8 more" in flat
    assert "▾ 4 more" in texts(render(whole, root="G6", depth=0))  # two of them are doubts
    assert "G2" not in flat
    assert symbols(render(whole, root="nowhere")) == []
    assert symbols(render(Structure())) == []


@BOTH
def test_the_shipped_case(render: Render) -> None:
    text = Path("cases/internal-assistant/case.yaml").read_text(encoding="utf-8")
    case = load(text).case
    assert case is not None
    drawn, _losses = structure_of(case)
    svg = render(drawn)
    said = texts(svg)
    assert all(p.text in said for p in drawn.parts.values())
    width, height = size_of(svg)
    assert 0.5 < width / height < 3


@pytest.mark.slow
@BOTH
def test_five_thousand_parts_in_half_a_second(render: Render) -> None:
    """Measured on one core of a busy machine; the bound leaves room for a slower one."""
    parts = [part(f"N{i}", "goal", "words of a claim " * 5) for i in range(5_000)]
    links = [link("supported by", f"N{(i - 1) // 3}", f"N{i}") for i in range(1, 5_000)]
    links += [link("supported by", f"N{i}", f"N{i * 7 + 40}") for i in range(1, 400)]
    start = time.process_time()
    svg = render(structure(parts, links))
    spent = time.process_time() - start
    assert len(symbols(svg)) == 5_000
    assert spent < 2.0


LINES: tuple[LinkKind, ...] = ("supported by", "in context of", "challenges")
TYPES: tuple[PartType, ...] = ("goal", "strategy", "solution", "context", "assumption", "module")


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_structure_is_drawn(data: st.DataObject) -> None:
    """Loops, links to nowhere, links on links, repeated links: always one well-formed picture."""
    count = data.draw(st.integers(1, 10))
    texts_ = st.text(max_size=60)
    parts = [
        part(
            f"N{i}",
            data.draw(st.sampled_from(TYPES)),
            data.draw(texts_),
            away=data.draw(st.sampled_from(["", "", "m/X"])),
            undeveloped=data.draw(st.booleans()),
            counter=data.draw(st.booleans()),
        )
        for i in range(count)
    ]
    ends = st.integers(0, count).map("N{}".format)  # one of them is nowhere
    links = [
        link(
            data.draw(st.sampled_from(LINES)),
            data.draw(ends),
            data.draw(ends),
            id=f"l{i}",
            target_link=data.draw(st.sampled_from(["", "", "l0", "l3", "l99"])),
            optional=data.draw(st.booleans()),
            choice=data.draw(st.sampled_from(["", "c"])),
            defeated=data.draw(st.booleans()),
            tags=data.draw(st.sampled_from([{}, {"sc.side": "1"}])),
        )
        for i in range(data.draw(st.integers(0, 14)))
    ]
    for render in (render_gsn, render_cae):
        svg = render(structure(parts, links))
        assert len(symbols(svg)) == count
        assert svg == render(structure(parts, links))


@BOTH
def test_the_pictures_in_the_docs_are_current(
    render: Render, golden: Callable[[str, str], None]
) -> None:
    text = Path("cases/internal-assistant/case.yaml").read_text(encoding="utf-8")
    case = load(text).case
    assert case is not None
    drawn = render(structure_of(case)[0], root="SCHEMING-INABILITY")
    name = render.__name__.removeprefix("render_")
    golden(f"../../../docs/images/{name}.svg", drawn.removesuffix("\n"))


def test_the_snippet_in_the_docs_runs() -> None:
    page = Path("docs/reference/views.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.S)
    found: dict[str, object] = {}
    exec(snippet, found)
    assert str(found["gsn"]).startswith("<svg")
    assert found["lines"]
