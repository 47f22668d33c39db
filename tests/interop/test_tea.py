"""TEA case files: three forms read, two written, and nothing lost without a word."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.argument.structure import Link, Part, Structure
from safetycase.interop.notes import Notes
from safetycase.interop.strict_json import dump_json, parse_json
from safetycase.interop.tea import FLAT, FORMAT, read_tea, write_flat, write_tea
from safetycase.interop.tea_words import attribute_id, element_id
from safetycase.plugin.formats import MAX_BYTES, Reading, Source

UUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
TYPES = ["GOAL", "STRATEGY", "PROPERTY_CLAIM", "EVIDENCE", "MODULE", "CONTRACT", "CONTEXT"]
TYPES += ["JUSTIFICATION", "ASSUMPTION", "AWAY_GOAL"]
TEXT = {"type": ["string", "null"]}
# The nested form as the platform's schema `case-export-v1.0` has it, every node key closed.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["version", "exportedAt", "case", "tree"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": "1.0"},
        "exportedAt": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"},
        "case": {
            "type": "object",
            "required": ["name", "description"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "description": {"type": "string"},
                "colorProfile": {"type": "string"},
            },
        },
        "tree": {"$ref": "#/definitions/node"},
    },
    "definitions": {
        "node": {
            "type": "object",
            "required": ["id", "type", "description", "inSandbox", "children"],
            "additionalProperties": False,
            "properties": {
                "id": UUID,
                "type": {"enum": TYPES},
                "name": TEXT,
                "description": {"type": "string"},
                "inSandbox": {"type": "boolean"},
                "children": {"type": "array", "items": {"$ref": "#/definitions/node"}},
                "role": {"enum": ["TOP_LEVEL", "SUPPORTING"]},
                "context": {"type": "array", "items": {"type": "string"}},
                "assumption": TEXT,
                "justification": TEXT,
                "level": {"type": "integer", "minimum": 1},
                "url": TEXT,
                "comments": {"type": "array"},
                "fromPattern": {"type": "boolean"},
                "modifiedFromPattern": {"type": "boolean"},
                "isDefeater": {"type": "boolean"},
                "defeatsElementId": UUID,
                "assertionStatus": {
                    "enum": ["NEEDS_SUPPORT", "ASSUMED", "AXIOMATIC", "DEFEATED", "AS_CITED"]
                },
                "moduleReferenceId": UUID,
                "moduleEmbedType": {"enum": ["COPY", "REFERENCE"]},
                "modulePublicSummary": TEXT,
                "citedElementId": UUID,
            },
            "allOf": [
                {
                    "if": {"properties": {"type": {"const": "MODULE"}}},
                    "then": {"required": ["moduleReferenceId", "moduleEmbedType"]},
                },
                {
                    "if": {"properties": {"type": {"const": "AWAY_GOAL"}}},
                    "then": {"required": ["moduleReferenceId"]},
                },
                {
                    "if": {
                        "properties": {"type": {"enum": ["CONTEXT", "JUSTIFICATION", "ASSUMPTION"]}}
                    },
                    "then": {"properties": {"children": {"maxItems": 0}}},
                },
            ],
        }
    },
}
G, S, P, E, D = (str(uuid.UUID(int=n, version=4)) for n in range(1, 6))


def node(uid: str, kind: str, text: str, *children: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": uid,
        "type": kind,
        "name": None,
        "description": text,
        "inSandbox": False,
        "children": list(children),
        **more,
    }


def case(tree: Any, **more: Any) -> dict[str, Any]:
    return {
        "version": "1.0",
        "exportedAt": "2026-01-02T03:04:05.678Z",
        "case": {"name": "Toy", "description": "A toy case"},
        "tree": tree,
        **more,
    }


SAMPLE = case(
    node(
        G,
        "GOAL",
        "Safe",
        node(
            S,
            "STRATEGY",
            "By parts",
            node(
                P, "PROPERTY_CLAIM", "Part one", node(E, "EVIDENCE", "Log", url="log.json"), level=1
            ),
            node(
                D,
                "PROPERTY_CLAIM",
                "Doubt",
                node(E, "EVIDENCE", "Log", url="log.json"),
                isDefeater=True,
                defeatsElementId=P,
                level=1,
            ),
            justification="both matter",
        ),
        role="TOP_LEVEL",
        context=["factory", "24/7"],
        assumption="normal use",
    )
)


def read(value: Any) -> Reading:
    data = (
        value
        if isinstance(value, bytes)
        else value.encode()
        if isinstance(value, str)
        else json.dumps(value).encode()
    )
    return read_tea([Source(name="case.json", data=data)], lambda name: None)


def structure_of(value: Any) -> Structure:
    reading = read(value)
    assert [f for f in reading.findings if f.severity == "error"] == []
    assert reading.structure is not None
    return reading.structure


def codes(reading: Reading) -> list[str]:
    return sorted({finding.code for finding in reading.findings})


def bare(structure: Structure) -> Structure:
    return Structure(
        title=structure.title,
        parts={n: replace(p, span=None, tags=dict(p.tags)) for n, p in structure.parts.items()},
        links=tuple(sorted((replace(k, span=None) for k in structure.links), key=repr)),
        tags=dict(structure.tags),
    )


def test_the_nested_form_is_read() -> None:
    found = structure_of(SAMPLE)
    assert (found.title, found.tags) == (
        "Toy",
        {"tea.description": "A toy case", "sc.at": "2026-01-02T03:04:05.678Z"},
    )
    assert len(found.parts) == 9  # evidence once, four attributes as parts
    assert [p.text for p in found.parts.values() if p.type == "context"] == ["factory", "24/7"]
    assert attribute_id(G, "assumption", 0) in found.parts
    links = {(k.kind, k.source, k.target) for k in found.links}
    assert ("challenges", D, P) in links
    assert ("supported by", S, D) not in links
    assert {("supported by", P, E), ("supported by", D, E)} <= links
    assert found.parts[D].counter


def test_the_sample_is_written_as_it_was_read() -> None:
    writing = write_tea(structure_of(SAMPLE), "case")
    again = json.loads(writing.files["case.json"])
    jsonschema.validate(again, SCHEMA)
    assert writing.losses == ()
    doubt = again["tree"]["children"][0]["children"][0]["children"][1]
    assert (doubt["id"], doubt["defeatsElementId"]) == (D, P)  # it stands under what it defeats
    assert bare(structure_of(again)) == bare(structure_of(SAMPLE))


def test_attributes_keep_their_ids_over_any_number_of_round_trips() -> None:
    structure = Structure(
        title="T",
        parts={
            "G1": Part(id="G1", type="goal", text="g"),
            "C1": Part(id="C1", type="context", text="c"),
        },
        links=(Link(kind="in context of", source="G1", target="C1"),),
    )
    writing = write_tea(structure, "t")
    assert [(loss.about, loss.what) for loss in writing.losses] == [("C1", "id")]
    once = structure_of(writing.files["t.json"])
    assert list(once.parts) == ["G1", attribute_id(element_id("G1"), "context", 0)]
    assert write_tea(once, "t") == write_tea(
        structure_of(write_tea(once, "t").files["t.json"]), "t"
    )
    assert write_tea(once, "t").losses == ()


def test_the_flat_form_is_read_with_its_evidence_links() -> None:
    flat = {
        "version": "2.0",
        "exportedAt": "2026-01-02T03:04:05Z",
        "case": {"name": "Toy", "description": ""},
        "elements": [
            {
                "id": E,
                "elementType": "EVIDENCE",
                "parentId": None,
                "name": "E1",
                "description": "Log",
                "url": "u",
            },
            {
                "id": P,
                "elementType": "PROPERTY_CLAIM",
                "parentId": G,
                "name": "P1",
                "description": "Part",
                "context": ["x"],
                "level": 1,
            },
            {
                "id": G,
                "elementType": "GOAL",
                "role": "TOP_LEVEL",
                "parentId": None,
                "name": "G1",
                "description": "Safe",
            },
        ],
        "evidenceLinks": [{"evidenceId": E, "claimId": P}, {"evidenceId": E, "claimId": G}],
    }
    found = structure_of(flat)
    assert {(k.kind, k.source, k.target) for k in found.links} == {
        ("supported by", G, P),
        ("supported by", P, E),
        ("supported by", G, E),
        ("in context of", P, attribute_id(P, "context", 0)),
    }
    assert [found.parts[n].name for n in (E, P, G)] == ["E1", "P1", "G1"]


def test_the_legacy_form_is_read() -> None:
    claim = {
        "name": "P1",
        "short_description": "Part",
        "long_description": "N/A",
        "property_claims": [],
        "evidence": [{"id": 7, "name": "E1", "short_description": "Log", "URL": "www.x"}],
    }
    other = {
        "name": "P2",
        "short_description": "Other",
        "property_claims": [],
        "evidence": [{"id": 7, "name": "E1", "short_description": "Log", "URL": "www.x"}],
    }
    legacy = {
        "type": "AssuranceCase",
        "name": "Old",
        "description": "d",
        "goals": [
            {
                "name": "G1",
                "short_description": "Safe",
                "long_description": "more",
                "property_claims": [],
                "context": [{"name": "C1", "short_description": "Scope"}],
                "strategies": [
                    {
                        "name": "S1",
                        "short_description": "By parts",
                        "property_claims": [claim, other],
                    }
                ],
            }
        ],
    }
    found = structure_of(legacy)
    assert {n: p.type for n, p in found.parts.items()} == {
        "G1": "goal",
        "C1": "context",
        "S1": "strategy",
        "P1": "goal",
        "E1": "solution",
        "P2": "goal",
    }
    assert found.parts["G1"].tags == {"tea.long_description": "more"}
    assert {(k.source, k.target) for k in found.links} == {
        ("G1", "C1"),
        ("G1", "S1"),
        ("S1", "P1"),
        ("S1", "P2"),
        ("P1", "E1"),
        ("P2", "E1"),
    }
    assert found.parts["E1"].url == "www.x"


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ({"tree": node(G, "GOAL", "x"), "case": {"name": "n", "description": ""}}, 1),
        (
            {
                "elements": [],
                "evidenceLinks": [],
                "tree": node(G, "GOAL", "x"),
                "case": {"name": "n"},
            },
            1,
        ),
        ({"version": "2.0", "elements": [], "evidenceLinks": [], "case": {"name": "n"}}, 0),
        ({"goals": [{"name": "G1"}]}, 1),
    ],
)
def test_forms_are_told_apart_in_the_platforms_order(value: Any, form: int) -> None:
    found = read(value).structure
    assert (len(found.parts) if found else 0) == form


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ('{"version": "1.0"', "F050"),
        ("[1,]", "F050"),
        ("[1] 2", "F050"),
        ('{"a" 1}', "F050"),
        ('["\\q"]', "F050"),
        ("{1: 2}", "F050"),
        ("nul", "F050"),
        ("01", "F050"),
        ("", "F050"),
        ("{}", "F050"),
        ('{"version": "1.0", "version": "1.0"}', "F053"),
        ("[NaN]", "F058"),
        ("[-Infinity]", "F058"),
        ("[1e999]", "F058"),
        ("[" + "9" * 5000 + "]", "F058"),
        ('["\\ud800"]', "F058"),
        (case(node(G, "GOAL", "x", defeatsElementId=P, isDefeater=True)), "F055"),
        (case(node(G, "GOAL", "x", node(G, "PROPERTY_CLAIM", "y"))), "F056"),
        (case(node(G, "GOAL", "x", childen=[])), "F057"),
        (case(node(G, "GAOL", "x")), "F058"),
        (case(node(G, "GOAL", 7)), "F058"),
        (case(node("G1", "GOAL", "x")), "F058"),
        (case(node(G, "GOAL", "x", level=0)), "F058"),
        (case(node(G, "GOAL", "x", 7)), "F058"),
        (case(7), "F050"),
        (b"\xff\xfe", "F059"),
        ("[\0]", "F050"),
    ],
)
def test_what_is_wrong_is_a_finding(value: Any, code: str) -> None:
    assert code in codes(read(value))


def test_a_circle_of_parents_is_a_finding() -> None:
    elements = [
        {"id": a, "elementType": "GOAL", "parentId": b, "name": None, "description": "x"}
        for a, b in ((G, P), (P, G))
    ]
    reading = read(
        {"version": "2.0", "case": {"name": "n"}, "elements": elements, "evidenceLinks": []}
    )
    assert codes(reading) == ["F060"]


def test_findings_name_line_and_column() -> None:
    (finding,) = read('{\n  "a": 1,\n  "a": 2\n}').findings[:1]
    assert (finding.code, finding.span.line, finding.span.column) == ("F053", 3, 3)


@pytest.mark.slow
def test_depth_and_size_are_bounded() -> None:
    started = time.process_time()
    for text in ("[" * 1_000_000, '{"a":' * 1_000_000, '[{"a":' * 1_000_000):
        assert codes(read(text)) == ["F052"]
    assert codes(read(b" " * (MAX_BYTES + 1))) == ["F051"]
    assert codes(read("[" + "0," * 2_100_000 + "0]")) == ["F051"]
    assert time.process_time() - started < 20


@pytest.mark.slow
def test_a_deep_tree_is_read_and_written() -> None:
    tree = Structure(
        title="T",
        parts={f"G{n}": Part(id=f"G{n}", type="goal", text="g") for n in range(4000)},
        links=tuple(
            Link(kind="supported by", source=f"G{n}", target=f"G{n + 1}") for n in range(3999)
        ),
    )
    text = write_tea(tree, "t").files["t.json"]
    assert len(text) < 5_000_000
    assert bare(structure_of(text)) == bare(replace(tree, tags={"sc.at": "1970-01-01T00:00:00Z"}))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from([None, 2]))
@settings(max_examples=60)
def test_json_is_read_as_python_reads_it(value: Any, indent: int | None) -> None:
    for text in (
        json.dumps(value, indent=indent),
        json.dumps(value, ensure_ascii=False),
        dump_json(value),
    ):
        notes = Notes("x")
        assert parse_json(text, notes)[0] == value
        assert notes.findings == []


@given(st.text(alphabet='[]{},:"\\0eE+-.1 aNnul\ud800'.replace("\ud800", ""), max_size=12))
@settings(max_examples=200)
def test_what_is_accepted_is_json(text: str) -> None:
    notes = Notes("x")
    value = parse_json(text, notes)[0]
    try:
        wanted = json.loads(text, parse_constant=lambda word: pytest.skip(word))
    except (ValueError, pytest.skip.Exception):
        assert notes.findings
    else:
        if not notes.findings:
            assert value == wanted


IDS = st.one_of(
    st.sampled_from([f"G{n}" for n in range(30)]),
    st.uuids(version=4).map(str),
)
TEXTS = st.text(alphabet='aé"\\\n€😀 {}', max_size=10)


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    """Structures that both forms hold without loss (the flat one all but defeaters)."""
    names = draw(st.lists(IDS, min_size=1, max_size=9, unique=True))
    parts: dict[str, Part] = {}
    links: list[Link] = []
    goals: list[str] = []
    for name in names:
        kind = (
            draw(st.sampled_from(["goal", "goal", "strategy", "solution", "module"]))
            if goals
            else "goal"
        )
        above = draw(st.sampled_from(goals)) if goals else ""
        challenge = bool(above) and kind in ("goal", "solution") and draw(st.integers(0, 3)) == 0
        status = draw(st.sampled_from(["asserted", "needs support", "axiomatic", "defeated"]))
        tags = {}
        if kind == "module":
            tags = {"tea.moduleReferenceId": G, "tea.moduleEmbedType": "COPY"}
        elif draw(st.integers(0, 3)) == 0:
            tags = {
                "tea.comments": '[{"author": "a", "content": "b", "createdAt": "c"}]',
                "tea.fromPattern": "true",
            }
        away = G if kind == "goal" and above and draw(st.integers(0, 5)) == 0 else ""
        parts[name] = Part(
            id=name,
            type=kind,
            text=draw(TEXTS),
            tags=tags,
            counter=challenge,
            declaration=status,
            name=draw(st.sampled_from(["", "P1"])) if element_id(name) == name else "",
            url="http://x" if kind == "solution" else "",
            away=away,
            undeveloped=status == "needs support",
            defeated=status == "defeated",
        )
        if challenge:
            links.append(Link(kind="challenges", source=name, target=above))
        elif above:
            links.append(Link(kind="supported by", source=above, target=name))
            if kind == "solution":
                extra = draw(st.sampled_from(goals))
                if extra != above:
                    links.append(Link(kind="supported by", source=extra, target=name))
        if kind in ("goal", "strategy"):
            goals.append(name)
            for word in draw(st.sets(st.sampled_from(["context", "assumption", "justification"]))):
                made = attribute_id(element_id(name), word, 0)
                parts[made] = Part(id=made, type=word, text=draw(TEXTS) + "x")
                links.append(Link(kind="in context of", source=name, target=made))
    return Structure(
        title="T",
        parts=parts,
        links=tuple(links),
        tags={"sc.at": "2026-01-02T03:04:05Z", "tea.description": "d"},
    )


@pytest.mark.slow
@given(structures())
@settings(max_examples=60, deadline=None)
def test_a_structure_is_written_and_read_without_loss(structure: Structure) -> None:
    nested = write_tea(structure, "case")
    jsonschema.validate(json.loads(nested.files["case.json"]), SCHEMA)
    assert nested.losses == ()
    assert bare(structure_of(nested.files["case.json"])) == bare(structure)
    flat = write_flat(structure, "case")
    assert {loss.what for loss in flat.losses} <= {"challenge"}
    assert bare(structure_of(flat.files["case.json"])) == bare(structure)


def test_what_tea_cannot_hold_is_reported() -> None:
    structure = Structure(
        parts={
            "G": Part(id="G", type="goal", text="g", url="x", uninstantiated=True, tags={"a": "b"}),
            "H": Part(id="H", type="goal", name="other", module="M"),
            "A": Part(id="A", type="assumption", text="a"),
            "B": Part(id="B", type="assumption", text="b"),
            "X": Part(id="X", type="module"),
            "R": Part(id="R", type="goal"),
        },
        links=(
            Link(kind="supported by", source="G", target="H", id="L", multiplicity="n"),
            Link(kind="supported by", source="G", target="X"),
            Link(kind="supported by", source="X", target="H"),
            Link(kind="in context of", source="G", target="A"),
            Link(kind="in context of", source="G", target="B"),
            Link(kind="challenges", source="H", target="", target_link="L"),
        ),
    )
    writing = write_tea(structure, "case")
    jsonschema.validate(json.loads(writing.files["case.json"]), SCHEMA)
    assert {loss.what for loss in writing.losses} == {
        "title",
        "url",
        "uninstantiated",
        "tags",
        "id",
        "module of a part",
        "several assumptions",
        "module reference",
        "multiplicity",
        "challenge on a relation",
        "support by a defeater",
        "second root",
    }
    assert [x.about for x in writing.losses if x.what == "second root"] == ["R"]


def test_circles_and_nothing_are_written_and_end() -> None:
    circle = Structure(
        title="T",
        parts={n: Part(id=n, type="goal", text=n) for n in "ABC"},
        links=tuple(Link(kind="supported by", source=a, target=b) for a, b in ("AB", "BC", "CA")),
    )
    for write in (write_tea, write_flat):
        writing = write(circle, "t")
        assert [(x.about, x.what) for x in writing.losses] == [("A", "shared part")]
        assert len(structure_of(writing.files["t.json"]).parts) == 3
    empty = write_tea(Structure(), "t")
    jsonschema.validate(json.loads(empty.files["t.json"]), SCHEMA)
    assert {x.what for x in empty.losses} == {"title", "root"}


def test_the_format_knows_its_files() -> None:
    assert FORMAT.sniff is not None
    assert FORMAT.sniff("a.json", json.dumps(SAMPLE).encode()[:500])
    assert not FORMAT.sniff("a.json", b'{"nodes": []}')
    assert FLAT.read is FORMAT.read
