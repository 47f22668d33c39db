"""A structure written as SACM and read back is the same structure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from tests.interop.sacm_structures import structures

from safetycase.argument.structure import ClaimPoint, Link, Part, Structure
from safetycase.interop.sacm import read_sacm, write_sacm
from safetycase.interop.xml import Element, local, parse_xml, walk
from safetycase.plugin.formats import Source


def read(text: str, broken: tuple[str, ...] = ()) -> Structure:
    reading = read_sacm([Source(name="a.xmi", data=text.encode())], lambda _: None)
    assert reading.structure is not None, reading.findings
    assert {f.code for f in reading.findings} <= {"F057", *broken}, reading.findings
    return reading.structure


def _order(link: Link) -> str:
    return repr(replace(link, span=None, tags=dict(sorted(link.tags.items()))))


def comparable(structure: Structure) -> Any:
    """The structure without places, and without the order of links across steps."""
    return (
        structure.title,
        {key: replace(part, span=None) for key, part in structure.parts.items()},
        sorted(map(_order, structure.links)),
        sorted(repr(replace(point, span=None)) for point in structure.points),
        {key: replace(info, span=None) for key, info in structure.modules.items()},
        dict(structure.tags),
    )


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(structures())
def test_what_is_written_is_read(structure: Structure) -> None:
    writing = write_sacm(structure, "a")
    (text,) = writing.files.values()
    # Only a class that a foreign file gave a challenge can break a constraint of the standard.
    foreign = any("sacm.class" in link.tags for link in structure.links)
    again = read(text, ("S12", "S13") if foreign else ())
    assert comparable(again) == comparable(structure)
    assert write_sacm(structure, "a") == writing


def write(structure: Structure) -> tuple[str, set[tuple[str, str]]]:
    writing = write_sacm(structure, "a")
    return writing.files["a.sacm.xmi"], {(loss.about, loss.what) for loss in writing.losses}


def elements(text: str) -> dict[str, Element]:
    root, _ = parse_xml(text.encode(), "a.xmi")
    assert root is not None
    found = [e for e in walk(root) if local(e.tag) in ("argumentElement", "artifactElement")]
    return {next(v for k, v in e.attributes.items() if local(k) == "id"): e for e in found}


def said(element: Element) -> dict[str, str]:
    return {local(k): v for k, v in element.attributes.items() if local(k) not in ("id", "type")}


GSN = Structure(
    title="Toy",
    parts={
        "G1": Part(id="G1", type="goal", text="Safe"),
        "S1": Part(id="S1", type="strategy", text="By parts", undeveloped=True),
        "G2": Part(id="G2", type="goal", text="Caught", undeveloped=True),
        "G3": Part(id="G3", type="goal", text="{token}", uninstantiated=True),
        "G4": Part(id="G4", type="goal", away="G1", module="other", public=True),
        "Sn1": Part(id="Sn1", type="solution", text="Run", url="run.json"),
        "C1": Part(id="C1", type="context", text="Scope"),
        "C2": Part(id="C2", type="context", text="Terms", url="terms.md"),
        "A1": Part(id="A1", type="assumption", text="Elicited"),
        "J1": Part(id="J1", type="justification", text="Why"),
        "CG1": Part(id="CG1", type="goal", text="Evaded", counter=True),
    },
    links=(
        Link(kind="supported by", source="G1", target="S1", id="I1"),
        Link(kind="supported by", source="S1", target="G2", multiplicity="1..3"),
        Link(kind="supported by", source="S1", target="G3", optional=True),
        Link(kind="supported by", source="S1", target="Sn1"),
        Link(kind="supported by", source="G2", target="Sn1", id="E9"),
        Link(kind="in context of", source="S1", target="C1"),
        Link(kind="in context of", source="G1", target="C2"),
        Link(kind="in context of", source="G1", target="A1"),
        Link(kind="in context of", source="G1", target="J1"),
        Link(kind="challenges", source="CG1", target="", target_link="E9", defeated=True),
    ),
    points=(
        ClaimPoint(id="ACP1", on_links=("I1",), argued_by="G3"),
        ClaimPoint(id="ACP2", on_part="Sn1"),
    ),
)


def test_gsn_in_the_words_of_sacm() -> None:
    text, losses = write(GSN)
    by_id = elements(text)
    kinds = {key: local(element.type) for key, element in by_id.items()}
    assert kinds["G1"] == kinds["A1"] == kinds["J1"] == kinds["C1"] == "Claim"
    assert kinds["S1"] == "ArgumentReasoning"
    assert kinds["Sn1"] == kinds["C2"] == "ArtifactReference"
    assert said(by_id["G2"]) == {"assertionDeclaration": "needsSupport"}
    assert said(by_id["A1"]) == {"assertionDeclaration": "assumed"}
    assert said(by_id["G3"]) == {"isAbstract": "true"}
    assert said(by_id["G4"]) == {
        "isCitation": "true",
        "citedElement": "G1",
        "assertionDeclaration": "asCited",
    }
    assert kinds["I1"] == "AssertedInference"
    assert said(by_id["I1"]) == {
        "source": "G2 G3",
        "target": "G1",
        "reasoning": "S1",
        "metaClaim": "ACP1",
    }
    (second,) = [k for k in by_id if k.startswith("sc.evidence")]
    assert said(by_id[second]) == {"source": "Sn1", "target": "G1", "reasoning": "S1"}
    assert (kinds["E9"], said(by_id["E9"])) == (
        "AssertedEvidence",
        {"source": "Sn1", "target": "G2"},
    )
    (counter,) = [k for k, e in by_id.items() if e.attributes.get("isCounter") == "true"]
    assert said(by_id[counter]) == {
        "source": "CG1",
        "target": "E9",
        "isCounter": "true",
        "assertionDeclaration": "defeated",
    }
    assert said(by_id["ACP1"]) == {
        "isCitation": "true",
        "citedElement": "G3",
        "assertionDeclaration": "asCited",
    }
    artefact = by_id[said(by_id["Sn1"])["referencedArtifactElement"]]
    assert artefact.children[0].attributes["content"] == "run.json"
    assert losses == {
        ("S1", "undeveloped"),
        ("J1", "justification"),
        ("G4", "public"),
        ("S1 -> G2", "multiplicity"),
        ("S1 -> G3", "optional"),
        ("ACP2", "claim point"),
    }
    assert comparable(read(text)) == comparable(GSN)


def test_what_has_no_relationship_is_kept_and_reported() -> None:
    parts = {key: Part(id=key, type="strategy", text=key) for key in ("S1", "S2")}
    parts["G1"] = Part(id="G1", type="goal", text="x")
    links = (
        Link(kind="supported by", source="G1", target="S1"),
        Link(kind="supported by", source="S1", target="S2"),
        Link(kind="supported by", source="G1", target="gone", id="L1"),
        Link(kind="challenges", source="G1", target="", target_link="L1"),
    )
    structure = Structure(parts=parts, links=links)
    text, losses = write(structure)
    assert losses == {
        ("G1 -> S1", "relation"),
        ("S1 -> S2", "relation"),
        ("L1", "relation"),
        ("G1 -> L1", "relation"),
    }
    assert comparable(read(text)) == comparable(structure)


def test_ids_that_xml_refuses_are_escaped_and_kept() -> None:
    parts = {key: Part(id=key, type="goal", text="x") for key in ("a/b", "a_x002F_b", "9", "")}
    text, _ = write(Structure(parts=parts))
    assert sorted(elements(text)) == ["_", "_x0039_", "a_x002F_b", "a_x002F_b.2"]
    assert list(read(text).parts) == list(parts)


def test_characters_outside_xml_are_a_loss() -> None:
    structure = Structure(parts={"G1": Part(id="G1", type="goal", text="a\x00b\ud800c\x0b")})
    text, losses = write(structure)
    assert losses == {("G1", "character")}
    assert read(text).parts["G1"].text == "a\ufffdb\ufffdc\ufffd"


def test_namespace_can_be_chosen() -> None:
    uri = "http://example.com/sacm"
    tagged = Structure(tags={"sacm.namespace": uri})
    assert f'xmlns:sacm="{uri}"' in write(tagged)[0]
    (given_text,) = write_sacm(Structure(), "a", namespace_uri=uri).files.values()
    assert f'xmlns:sacm="{uri}"' in given_text
    broken = Structure(tags={"sacm.namespace": 'x" onload="y'})
    assert 'xmlns:sacm="http://www.omg.org/spec/SACM/20220301"' in write(broken)[0]


def test_direct_support_is_one_inference_unless_it_says_otherwise() -> None:
    parts = {key: Part(id=key, type="goal", text=key) for key in ("G", "A", "B", "C", "D")}
    links = [Link(kind="supported by", source="G", target=x) for x in "AB"]
    links += [Link(kind="supported by", source="G", target=x, inference="I2") for x in "CD"]
    structure = Structure(parts=parts, links=tuple(links))
    text, losses = write(structure)
    sources = {e.attributes["source"] for e in elements(text).values() if "source" in e.attributes}
    assert sources == {"A B", "C D"}
    assert losses == set()
    assert comparable(read(text)) == comparable(structure)


def test_broken_tagged_values_of_ours_are_no_traceback() -> None:
    for key, value in (
        ("sc.link@1", "{"),
        ("sc.link@2", '{"kind": "supported by", "source": 1, "target": "x"}'),
        ("sc.link@3", '{"kind": "supported by"}'),
        ("sc.link@4", "[" * 100_000),
    ):
        text, _ = write(Structure(parts={"G1": Part(id="G1", type="goal")}))
        tag = f"<taggedValue><key>{key}</key><content>{value}</content></taggedValue>"
        broken = text.replace("<argumentPackage", tag + "<argumentPackage", 1)
        reading = read_sacm([Source(name="a.xmi", data=broken.encode())], lambda _: None)
        assert reading.structure is not None
        assert reading.structure.links == ()
        assert [loss.what for loss in reading.losses] == ["relation"]
