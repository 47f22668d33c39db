"""The outline of a structure: every part once, marks in words, any width, any depth."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.argument.structure import ClaimPoint, Link, LinkKind, Part, PartType, Structure
from safetycase.report.clean import columns
from safetycase.report.structure_text import structure_lines


def part(name: str, kind: PartType, text: str, **more: object) -> Part:
    return Part(id=name, type=kind, text=text, **more)  # type: ignore[arg-type]


def link(kind: LinkKind, source: str, target: str, **more: object) -> Link:
    return Link(kind=kind, source=source, target=target, **more)  # type: ignore[arg-type]


def drone() -> Structure:
    parts = [
        part("G1", "goal", "The drone harms nobody.", public=True),
        part("C1", "context", "Below 60 m."),
        part("A1", "assumption", "Wind below 12 m/s."),
        part("S1", "strategy", "Over each way to come down.", tags={"sc.rule": "any"}),
        part("G2", "goal", "The motor does not stop in flight, whatever the weather does to it."),
        part("G3", "goal", "It lands for every {operator}.", uninstantiated=True),
        part("G4", "goal", "The parachute opens.", undeveloped=True),
        part("Sn1", "solution", "Flight test FT-12", defeated=True),
        part("AG", "goal", "The software is sound.", away="software/G9"),
        part("D1", "goal", "It was cold.", counter=True, undeveloped=True),
        part("D2", "goal", "Tests say little.", counter=True),
        part("G9", "goal", "Stands alone."),
    ]
    links = [
        link("supported by", "G1", "S1", id="l1"),
        link("supported by", "S1", "G2", multiplicity="1..n"),
        link("supported by", "S1", "G3", optional=True),
        link("supported by", "S1", "G4", tags={"sc.side": "1"}),
        link("supported by", "G2", "Sn1", id="l5"),
        link("supported by", "G3", "Sn1", defeated=True),
        link("supported by", "G1", "AG", tags={"sc.in_support": "1"}),
        link("in context of", "G1", "C1"),
        link("in context of", "S1", "A1", tags={"sc.premise": "1"}),
        link("challenges", "D1", "Sn1"),
        link("challenges", "D2", "", target_link="l5"),
    ]
    return Structure(
        title="A drone",
        parts={p.id: p for p in parts},
        links=tuple(links),
        points=(ClaimPoint(id="ACP1", on_links=("l1",)), ClaimPoint(id="ACP2", on_part="Sn1")),
    )


EXPECTED = """\
A drone

Goal G1 [public]: The drone harms nobody.
├─ Context C1: Below 60 m.
├─ Strategy S1 [any, ■ ACP1]: Over each way to come down.
│  ├─ (premise) Assumption A1: Wind below 12 m/s.
│  ├─ (× 1..n) Goal G2: The motor does not stop in flight, whatever the
│  │  │  weather does to it.
│  │  ├─ doubts the step to Sn1: Counter goal D2: Tests say little.
│  │  └─ Solution Sn1 [✕ defeated, ■ ACP2]: Flight test FT-12
│  │     └─ challenged by Counter goal D1 [◇ undeveloped]: It was cold.
│  ├─ (optional) Goal G3 [△ uninstantiated]: It lands for every {operator}.
│  │  └─ (defeated) Solution Sn1 [shown above]
│  └─ (side condition) Goal G4 [◇ undeveloped]: The parachute opens.
└─ (in support) Away goal software/G9: The software is sound.

Goal G9: Stands alone."""


def test_the_whole_outline() -> None:
    assert "\n".join(structure_lines(drone(), width=76)) == EXPECTED


def test_a_part_of_it() -> None:
    assert structure_lines(drone(), root="G3", depth=0) == [
        "A drone",
        "",
        "Goal G3 [△ uninstantiated, 1 folded]: It lands for every {operator}.",
    ]
    assert len(structure_lines(drone(), root="G2")) == 6
    assert structure_lines(drone(), root="nowhere") == ["A drone"]
    assert structure_lines(Structure()) == []


@pytest.mark.parametrize("width", [1, 24, 40, 80, 200])
def test_no_line_is_too_wide(width: int) -> None:
    whole = drone()
    words = " ".join(structure_lines(whole, width=width))
    assert all(columns(line) <= max(width, 24) for line in structure_lines(whole, width=width))
    said = "".join(words.replace("│", " ").split())
    assert all("".join(p.text.split()) in said for p in whole.parts.values())


@pytest.mark.slow
def test_a_chain_of_five_thousand() -> None:
    """Depth becomes a number, lines stay short, and time stays linear."""
    parts = {f"N{i}": part(f"N{i}", "goal", "words of a claim") for i in range(5_000)}
    links = tuple(link("supported by", f"N{i}", f"N{i + 1}") for i in range(4_999))
    start = time.process_time()
    lines = structure_lines(Structure(parts=parts, links=links), width=80)
    assert time.process_time() - start < 3.0
    assert lines[-1].startswith("⋯4999 Goal N4999")
    assert len(lines) == 5_000
    assert all(columns(line) <= 80 for line in lines)


def test_loops_end_and_are_shown() -> None:
    parts = {name: part(name, "goal", name) for name in "abc"}
    links = (
        link("supported by", "a", "b"),
        link("supported by", "b", "a"),
        link("challenges", "c", "c"),
    )
    lines = structure_lines(Structure(parts=parts, links=links))
    assert lines == [
        "Goal a: a",
        "└─ Goal b: b",
        "   └─ Goal a [shown above]",
        "",
        "Goal c: c",
        "└─ challenged by Goal c [shown above]",
    ]


def test_hostile_text_is_made_visible() -> None:
    bad = "\x1b[31m\x00\u202e\u2028\ud800\nnext"
    shown = "\n".join(
        structure_lines(
            Structure(
                title=bad,
                parts={bad: part(bad, "goal", bad, away=bad)},
                points=(ClaimPoint(id=bad, on_part=bad),),
            )
        )
    )
    assert not set(shown) & set("\x1b\x00\u202e\u2028\ud800")
    assert "␛[31m" in shown


KINDS: tuple[LinkKind, ...] = ("supported by", "in context of", "challenges")


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 8), st.data())
def test_every_part_is_opened_once(count: int, data: st.DataObject) -> None:
    """In any graph, loops and all."""
    ends = st.integers(0, count).map("N{}".format)
    parts = {f"N{i}": part(f"N{i}", "goal", "") for i in range(count)}
    links = tuple(
        link(data.draw(st.sampled_from(KINDS)), data.draw(ends), data.draw(ends), id=f"l{i}")
        for i in range(data.draw(st.integers(0, 12)))
    )
    lines = structure_lines(Structure(parts=parts, links=links))
    opened = [line.split("Goal ")[1] for line in lines if line and "shown above" not in line]
    assert sorted(opened) == sorted(parts)
