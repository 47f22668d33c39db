"""Every rule of the SACM profile fires on its example and is quiet on the other one."""

from __future__ import annotations

from importlib.resources import files

import pytest

from safetycase.argument.findings import Finding
from safetycase.argument.structure import ClaimPoint, Link, Part, Structure
from safetycase.checks.sacm import RULES
from safetycase.interop.sacm import read_sacm, write_sacm
from safetycase.plugin.formats import Source

EXAMPLES = files("safetycase.checks") / "examples"


def judged(data: bytes) -> list[Finding]:
    read = read_sacm([Source(name="argument.xmi", data=data)], lambda _: None)
    assert read.structure is not None
    found = list(read.findings)
    for rule in RULES:
        if rule.judge is not None:
            found += rule.judge(read.structure)
    return found


def test_codes_are_numbered() -> None:
    assert [rule.code for rule in RULES] == [f"S{n:02}" for n in range(1, len(RULES) + 1)]
    assert {rule.profile for rule in RULES} == {"sacm"}
    assert all(rule.clause and rule.text and rule.message for rule in RULES)


@pytest.mark.parametrize("code", [rule.code for rule in RULES])
def test_examples(code: str) -> None:
    fires = judged((EXAMPLES / code / "fires" / "argument.xmi").read_bytes())
    assert {f.code for f in fires} == {code}
    for finding in fires:
        assert finding.span.file == "argument.xmi"
        assert finding.subject
    assert judged((EXAMPLES / code / "quiet" / "argument.xmi").read_bytes()) == []


def test_what_only_a_structure_shows() -> None:
    structure = Structure(
        parts={
            "G1": Part(id="G1", type="goal", text="x"),
            "S1": Part(id="S1", type="strategy", text="x", undeveloped=True),
            "Sn1": Part(id="Sn1", type="solution", text="x"),
        },
        links=(
            Link(kind="supported by", source="G1", target="S1"),
            Link(kind="challenges", source="G1", target="", target_link="L9"),
        ),
        points=(ClaimPoint(id="ACP1", on_part="G1", argued_by="Sn1"),),
        source="a.yaml",
    )
    found = [f for rule in RULES if rule.judge for f in rule.judge(structure)]
    assert [(f.code, f.severity, f.subject) for f in found] == [
        ("S14", "warning", "S1"),
        ("S15", "error", "G1"),
        ("S16", "error", "ACP1"),
    ]


def test_what_our_writer_writes_breaks_no_constraint_of_the_file() -> None:
    parts = {
        key: Part(id=key, type=kind, text="x", url="a" if kind == "solution" else "")
        for key, kind in (
            ("G1", "goal"),
            ("S1", "strategy"),
            ("G2", "goal"),
            ("Sn1", "solution"),
            ("C1", "context"),
            ("A1", "assumption"),
            ("J1", "justification"),
        )
    }
    pairs = [("G1", "S1"), ("S1", "G2"), ("S1", "Sn1"), ("G2", "Sn1")]
    links = [Link(kind="supported by", source=a, target=b) for a, b in pairs]
    links += [Link(kind="in context of", source="S1", target=x) for x in ("C1", "A1", "J1")]
    (text,) = write_sacm(Structure(parts=parts, links=tuple(links)), "a").files.values()
    assert judged(text.encode()) == []
