"""gsn2x files: what is written, what comes back, and what is lost."""

import dataclasses
import re

import pytest
from hypothesis import given, settings
from tests.interop.gsn2x_cases import (
    BASE,
    plain,
    reread,
    structures,
    with_link,
    with_part,
)

from safetycase.argument.structure import (
    ClaimPoint,
    Link,
    ModuleInfo,
    Part,
    Structure,
)
from safetycase.interop.gsn2x import FORMAT


@pytest.mark.parametrize(
    "text",
    [
        " led by a blank\nnext",
        "first\n  indented\n\nlast",
        "ends\n",
        "ends\n\n",
        "\nbegins",
        "trailing \nblank",
        "tab\tbed\nline",
        "a\n \nb",
        "cr\r\nlf",
        "nel\x85ls\u2028",
        "😀\nline",
        "true",
        "NO",
        "1e5",
        "~",
        "- item",
        "# no comment",
        "key: value",
        "a #b",
        "ends:",
        "%TAG",
        "{a}",
        '"',
        "\\",
        "---",
        "\ufeff",
        "\0",
        " ",
    ],
)
def test_any_text_comes_back(text: str) -> None:
    structure = with_part(text=text, url=text, tags={"note": text})
    again, losses = reread(structure)
    assert losses == ()
    assert plain(again) == plain(structure)


@pytest.mark.slow
@given(structures())
@settings(max_examples=60, deadline=None)
def test_what_gsn2x_carries_comes_back(structure: Structure) -> None:
    again, losses = reread(structure)
    assert losses == ()
    assert plain(again) == plain(structure)


@given(structures())
@settings(max_examples=20, deadline=None)
def test_writing_is_deterministic(structure: Structure) -> None:
    assert FORMAT.write is not None
    assert FORMAT.write(structure, "a") == FORMAT.write(structure, "a")
    again, _ = reread(structure)
    once, twice = FORMAT.write(again, "case"), FORMAT.write(reread(again)[0], "case")
    assert once.files == twice.files


@pytest.mark.parametrize(
    ("structure", "what", "about"),
    [
        (with_part(public=True), "public", "G1"),
        (with_part(by_contract=True), "contract", "G1"),
        (with_part(uninstantiated=True), "uninstantiated", "G1"),
        (with_part(away="G7"), "away element", "G1"),
        (with_part(declaration="axiomatic"), "declaration", "G1"),
        (with_part(name="Top"), "name", "G1"),
        (with_part(type="module"), "type", "G1"),
        (with_part(tags={"text": "x"}), "note", "G1"),
        (with_part(tags={"rankIncrement": "many"}), "note", "G1"),
        (with_link(multiplicity="1..3"), "multiplicity", "G1 -> Sn1"),
        (with_link(optional=True), "optional", "G1 -> Sn1"),
        (with_link(choice="c", choose="1"), "choice", "G1 -> Sn1"),
        (with_link(inference="I1"), "inference", "G1 -> Sn1"),
        (with_link(tags={"a": "b"}), "relation notes", "G1 -> Sn1"),
        (with_link(id="L1"), "relation id", "L1"),
        (dataclasses.replace(BASE, title="A"), "title", ""),
        (dataclasses.replace(BASE, tags={"a": "b"}), "notes", ""),
        (
            dataclasses.replace(BASE, points=(ClaimPoint(id="A1", on_part="G1", argued_by="G9"),)),
            "claim point",
            "A1",
        ),
        (
            dataclasses.replace(
                BASE, links=(*BASE.links, Link(kind="challenges", source="CG1", target="Sn1"))
            ),
            "challenge",
            "CG1",
        ),
    ],
)
def test_each_loss_is_named_and_is_all_that_differs(
    structure: Structure, what: str, about: str
) -> None:
    again, losses = reread(structure)
    assert [(loss.what, loss.about) for loss in losses] == [(what, about)]
    assert plain(again) != plain(structure) or structure.title or structure.tags
    base, none = reread(BASE)
    assert none == ()
    without_notes = {
        name: dataclasses.replace(part, tags={}, type="goal" if name == "G1" else part.type)
        for name, part in plain(again).parts.items()
    }
    assert without_notes == dict(plain(base).parts)


@pytest.mark.parametrize("flag", ["contract", "pattern", "published"])
def test_what_a_module_loses(flag: str) -> None:
    info = ModuleInfo(name="M", **{flag: True})
    parts = {n: dataclasses.replace(p, module="M") for n, p in BASE.parts.items()}
    structure = dataclasses.replace(BASE, parts=parts, modules={"M": info})
    _, losses = reread(structure)
    assert [(loss.what, loss.about) for loss in losses] == [(flag, "M")]


def test_a_module_that_is_used_by_two_ways_is_loaded_once() -> None:
    modules = {
        "A": ModuleInfo(name="A", uses=("B", "C")),
        "B": ModuleInfo(name="B", uses=("C",)),
        "C": ModuleInfo(name="C"),
    }
    parts = {f"G{m}": Part(id=f"G{m}", type="goal", name=f"G{m}", module=m) for m in modules}
    again, losses = reread(Structure(parts=parts, modules=modules))
    assert [(loss.what, loss.about) for loss in losses] == [("uses", "B")]
    assert again.modules["B"].uses == ()
    assert set(again.parts) == set(parts)


def test_written_text_is_meant_for_people() -> None:
    assert FORMAT.write is not None
    text = FORMAT.write(BASE, "case").files["case.gsn.yaml"]
    assert re.search(r"^G1:\n  supportedBy: \[Sn1\]\n  undeveloped: true\n", text)
    assert "nodeType" not in text
