"""GraphML, DOT, Mermaid and JSON Canvas: syntax, counts, and texts that try to break out."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.interop.sacm_structures import structures

from safetycase.argument.structure import ClaimPoint, Link, ModuleInfo, Part, Structure
from safetycase.interop import canvas, dot, graphml, mermaid
from safetycase.interop.graph import graph_of
from safetycase.interop.placement import place
from safetycase.interop.xml import Element, local, parse_xml, walk
from safetycase.plugin.formats import Format

ALL = (graphml.FORMAT, dot.FORMAT, mermaid.FORMAT, canvas.FORMAT)
NASTY = (
    '"] --> x\n%%{init: {}}%%\n\\" end; <script>#quot; `a` [b](http://c) ![d](e) {{f}} ]]> \x00\\'
)

SMALL = Structure(
    title="Toy",
    parts={
        "G1": Part(id="G1", type="goal", text="Safe"),
        "S1": Part(id="S1", type="strategy", text="By parts", module=""),
        "G2": Part(id="G2", type="goal", text="Caught", undeveloped=True),
        "Sn1": Part(id="Sn1", type="solution", text="Run", url="evals/run.json"),
        "C1": Part(id="C1", type="context", text="Scope"),
        "CG1": Part(id="CG1", type="goal", text="Evaded", counter=True, module="doubts"),
    },
    links=(
        Link(kind="supported by", source="G1", target="S1"),
        Link(kind="supported by", source="S1", target="G2"),
        Link(kind="supported by", source="G2", target="Sn1", id="L1", multiplicity="1..3"),
        Link(kind="in context of", source="G1", target="C1"),
        Link(kind="challenges", source="CG1", target="", target_link="L1"),
        Link(kind="supported by", source="G1", target="gone"),
        Link(kind="challenges", source="CG1", target="", target_link="L9"),
    ),
    points=(ClaimPoint(id="ACP1", on_links=("L1",), argued_by="G2"),),
    modules={"doubts": ModuleInfo(name="doubts", brief="What may be wrong")},
)


def text(form: Format, structure: Structure) -> str:
    assert form.write is not None
    writing = form.write(structure, "a")
    assert form.write(structure, "a") == writing
    ((name, written),) = writing.files.items()
    assert name.endswith(form.extensions[0])
    written.encode()
    return written


# GraphML


def parsed(written: str) -> Element:
    root, findings = parse_xml(written.encode(), "a.graphml")
    assert findings == ()
    assert root is not None
    return root


def check_graphml(structure: Structure) -> None:
    root = parsed(text(graphml.FORMAT, structure))
    graph = graph_of(structure)
    nodes = [e for e in walk(root) if local(e.tag) == "node"]
    edges = [e for e in walk(root) if local(e.tag) == "edge"]
    assert len(nodes) == len(structure.parts) + len(graph.joints)
    assert len(edges) == len(graph.edges)
    ids = [e.attributes["id"] for e in (*nodes, *edges)]
    assert len(set(ids)) == len(ids)
    known = {e.attributes["id"] for e in nodes}
    assert all(e.attributes[end] in known for e in edges for end in ("source", "target"))
    keys = {e.attributes["id"] for e in walk(root) if local(e.tag) == "key"}
    assert all(e.attributes["key"] in keys for e in walk(root) if local(e.tag) == "data")


def test_graphml_counts_and_data() -> None:
    check_graphml(SMALL)
    root = parsed(text(graphml.FORMAT, SMALL))
    data = [(e.attributes["key"], e.text) for e in walk(root) if local(e.tag) == "data"]
    for pair in (
        ("title", "Toy"),
        ("node.text", "Evaded"),
        ("node.module", "doubts"),
        ("node.undeveloped", "true"),
        ("node.type", "relation"),
        ("edge.multiplicity", "1..3"),
        ("edge.acp", '["ACP1"]'),
    ):
        assert pair in data


# DOT: ID [attributes] statements, edges and clusters, with quoted strings as the language has them.

STRING = r'"(?:[^"\\]|\\.)*"'
WORD = r"(?:[A-Za-z_][A-Za-z_0-9]*|[0-9]+)"
VALUE = rf"(?:{STRING}|{WORD})"
ATTRIBUTES = rf"\[{WORD}={VALUE}(?:, {WORD}={VALUE})*\]"
STATEMENT = re.compile(
    rf"(?:label={STRING};|rankdir=TB; node {ATTRIBUTES}; edge {ATTRIBUTES};"
    rf"|subgraph {STRING} \{{|\}}|{STRING} {ATTRIBUTES};|{STRING} -> {STRING} {ATTRIBUTES};)"
)


def check_dot(structure: Structure) -> None:
    first, *lines, last, end = text(dot.FORMAT, structure).split("\n")
    assert (first, last, end) == ("digraph argument {", "}", "")
    depth = 0
    for line in lines:
        assert STATEMENT.fullmatch(line.strip()), line
        depth += line.endswith("{") - (line.strip() == "}")
        assert 0 <= depth <= 1
    assert depth == 0
    graph = graph_of(structure)
    assert sum(" -> " in re.sub(STRING, "s", line) for line in lines) == len(graph.edges)
    boxes = [line for line in lines if re.match(r' *"n\d+" \[', line)]
    assert len(boxes) == len(structure.parts)


def test_dot() -> None:
    check_dot(SMALL)
    written = text(dot.FORMAT, SMALL)
    assert '"n4" [label="Sn1\\nRun\\nevals/run.json", shape=circle];' in written
    assert 'subgraph "cluster_1" {' in written
    assert '"n6" -> "j3" [arrowhead=normal, style=dashed];' in written
    assert 'label="ACP1, 1..3"' in written


# Mermaid

LABEL = r'"[^"\\`%\[\](){}|<>;]*(?:(?:<br>|#\d+;)[^"\\`%\[\](){}|<>;]*)*"'
SHAPE = rf"(?:\[{LABEL}\]|\[/{LABEL}/\]|\(\({LABEL}\)\)|\({LABEL}\)|\(\[{LABEL}\]\)"
SHAPE += rf"|\[\[{LABEL}\]\]|\{{\{{{LABEL}\}}\}})"
ARROW = rf"(?:-->|--o|-\.->|---|-\.-)(?:\|{LABEL}\|)?"
MERMAID = re.compile(
    rf"(?:subgraph m\d+\[{LABEL}\]|end|[nj]\d+{SHAPE}|[nj]\d+ {ARROW} [nj]\d+"
    r"|classDef \w+ [\w:,#\-. ]+|class [nj\d,]+ \w+)"
)


def check_mermaid(structure: Structure) -> None:
    first, *lines, end = text(mermaid.FORMAT, structure).split("\n")
    assert (first, end) == ("flowchart TD", "")
    for line in lines:
        assert MERMAID.fullmatch(line.strip()), line
    graph = graph_of(structure)
    defined = [m.group(1) for line in lines if (m := re.match(r" *([nj]\d+)[\[({]", line))]
    assert sorted(defined) == sorted([*graph.nodes.values(), *(j.key for j in graph.joints)])
    ends = [re.findall(r"^ *([nj]\d+) .* ([nj]\d+)$", line) for line in lines]
    found = [pair for pairs in ends for pair in pairs]
    assert found == [(edge.source, edge.target) for edge in graph.edges]


def unescape(label: str) -> str:
    return re.sub(r"#(\d+);", lambda m: chr(int(m.group(1))), label)


def test_mermaid() -> None:
    check_mermaid(SMALL)
    written = text(mermaid.FORMAT, SMALL)
    assert 'n1["G1<br>Safe"]' in written
    assert 'n3["G2 #91;undeveloped#93;<br>Caught"]' in written
    assert "n1 --o n5" in written
    assert 'n6 -.->|"challenges"| j3' in written


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20))
def test_mermaid_shows_the_text_that_was_meant(words: str) -> None:
    assert unescape(mermaid.escape(words)) == words


# JSON Canvas


def check_canvas(structure: Structure) -> None:
    read: dict[str, Any] = json.loads(text(canvas.FORMAT, structure))
    assert set(read) == {"nodes", "edges"}
    ids = [each["id"] for each in (*read["nodes"], *read["edges"])]
    assert len(set(ids)) == len(ids)
    known = {node["id"] for node in read["nodes"]}
    for edge in read["edges"]:
        assert {edge["fromNode"], edge["toNode"]} <= known
        assert {edge["fromSide"], edge["toSide"]} <= {"top", "right", "bottom", "left"}
    boxes = [node for node in read["nodes"] if node["type"] == "text"]
    groups = [node for node in read["nodes"] if node["type"] == "group"]
    assert len(boxes) == len(structure.parts)
    assert len(boxes) + len(groups) == len(read["nodes"])
    for node in read["nodes"]:
        assert all(type(node[side]) is int for side in ("x", "y", "width", "height"))
    for listed in (boxes, groups):
        for one, two in itertools.combinations(listed, 2):
            assert apart(one, two), (one, two)


def apart(one: dict[str, int], two: dict[str, int]) -> bool:
    return any(
        a[side] + a[length] <= b[side]
        for a, b in ((one, two), (two, one))
        for side, length in (("x", "width"), ("y", "height"))
    )


def test_canvas() -> None:
    check_canvas(SMALL)
    nodes = json.loads(text(canvas.FORMAT, SMALL))["nodes"]
    assert nodes[0] == {
        "id": "m1",
        "type": "group",
        "label": "doubts",
        **{side: nodes[0][side] for side in ("x", "y", "width", "height")},
    }
    assert nodes[1]["text"] == "**G1**\n*goal*\nSafe"
    (group, inner) = nodes[0], nodes[-1]
    assert group["x"] < inner["x"]
    assert inner["x"] + inner["width"] < group["x"] + group["width"]


def test_canvas_text_is_no_markdown() -> None:
    shown = canvas.escape("![a](http://b) <b> `c`\n- d\n1. e\n# f")
    assert shown == r"\!\[a\](http://b) \<b\> \`c\`" + "\n" + r"\- d" + "\n1\\. e\n" + r"\# f"


# All of them

CHECKS: dict[str, Callable[[Structure], None]] = {
    "graphml": check_graphml,
    "dot": check_dot,
    "mermaid": check_mermaid,
    "json-canvas": check_canvas,
}


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_texts_cannot_break_out(name: str) -> None:
    nasty = Structure(
        title=NASTY,
        parts={
            NASTY: Part(id=NASTY, type="goal", text=NASTY, name=NASTY, module=NASTY, url=NASTY),
            "end": Part(id="end", type="contract", text=NASTY, away=NASTY),
        },
        links=(
            Link(
                kind="supported by",
                source=NASTY,
                target="end",
                id=NASTY,
                multiplicity=NASTY,
                choice=NASTY,
            ),
            Link(kind="challenges", source="end", target="", target_link=NASTY),
        ),
        points=(ClaimPoint(id=NASTY, on_part="end", on_links=(NASTY,)),),
    )
    CHECKS[name](nasty)


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_empty(name: str) -> None:
    CHECKS[name](Structure())


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CHECKS))
@settings(max_examples=20, deadline=None)
@given(structure=structures())
def test_any_structure(name: str, structure: Structure) -> None:
    CHECKS[name](structure)


@pytest.mark.parametrize("form", ALL, ids=lambda form: form.name)
def test_losses(form: Format) -> None:
    assert form.write is not None
    losses = form.write(SMALL, "a").losses
    said = {(loss.about, loss.what) for loss in losses}
    assert {("G1", "relation"), ("CG1", "relation"), ("ACP1", "argued by")} <= said
    assert ("doubts", "module") in said
    assert (("L1", "challenge of a relation") in said) == (form.name == "json-canvas")
    assert all(loss.says for loss in losses)


@pytest.mark.slow
def test_long_chains_and_loops_are_placed() -> None:
    names = [f"n{n}" for n in range(20_000)]
    chain = {a: [b] for a, b in itertools.pairwise(names)} | {names[-1]: [names[0]]}
    places = place(names, chain, {})
    assert places["n0"].layer == 0
    assert places["n19999"].layer == 19_999


@pytest.mark.slow
def test_long_chains_of_challenges_take_linear_time() -> None:
    parts = {"G": Part(id="G", type="goal")}
    links = tuple(
        Link(kind="challenges", source="G", target="", id=f"L{n}", target_link=f"L{n + 1}")
        for n in range(50_000)
    )
    assert graph_of(Structure(parts=parts, links=links)).edges == ()
