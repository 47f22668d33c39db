"""gsn2x files: what is read, what is written, what is lost, and what is refused."""

import dataclasses
import gc
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.argument.findings import Span
from safetycase.argument.structure import (
    ClaimPoint,
    Link,
    Loss,
    ModuleInfo,
    Part,
    Structure,
)
from safetycase.interop import gsn2x_quick
from safetycase.interop.gsn2x import FORMAT
from safetycase.interop.gsn2x_draft import FileDraft, Report
from safetycase.interop.gsn2x_elements import ELEMENT_KEYS, near_miss
from safetycase.interop.gsn2x_records import make_link, make_part, make_span
from safetycase.plugin.formats import Reading, Source

SAMPLE = """\
module: {name: Case, brief: Toy control argument, owner: board}
G1:
  text: |
    Agent A, deployed as in C1,
    does no severe harm
  supportedBy: [S1]
  inContextOf: C1
  acp: {ACP1: [S1, G1]}
  classes: [red, "thick line"]
  horizontalIndex: {relative: -1}
S1: {text: Argument over two legs, supportedBy: [G2, G3], defeatedRelation: G3}
G2: {text: It cannot evade the monitor, supportedBy: Sn1, defeated: true}
G3: {text: "Actions are stopped: always", undeveloped: true, confidence: "0.83"}
C1: {text: Internal coding deployment}
Sn1: {text: Control evaluation, url: evals/ctrl.json}
CSn1: {text: A model evades the monitor, challenges: G2}
D1: {nodeType: CounterGoal, text: Inputs can be told apart, challenges: G2->Sn1}
"""


def read(*texts: str | bytes, **files: str) -> Reading:
    names = ("argument.yaml", "second.yaml")
    data = [t.encode() if isinstance(t, str) else t for t in texts]
    found = {f"{name}.yaml": text.encode() for name, text in files.items()}
    assert FORMAT.read is not None
    sources = [Source(name=n, data=d) for n, d in zip(names, data, strict=False)]
    return FORMAT.read(sources, found.get)


def reread(structure: Structure) -> tuple[Structure, tuple[Loss, ...]]:
    assert FORMAT.write is not None
    assert FORMAT.read is not None
    written = FORMAT.write(structure, "case")
    main, *_ = written.files
    found = {name: text.encode() for name, text in written.files.items()}
    reading = FORMAT.read([Source(name=main, data=found[main])], found.get)
    assert [f for f in reading.findings if f.code not in ("V01", "F021")] == []
    assert reading.structure is not None
    return reading.structure, written.losses


def plain(structure: Structure) -> Structure:
    """A structure without its places, and with the order that no notation keeps made one."""
    parts = {
        name: dataclasses.replace(part, span=None, name=part.name or part.id)
        for name, part in sorted(structure.parts.items())
    }
    order = {"supported by": 0, "in context of": 1, "challenges": 2}
    links = [dataclasses.replace(link, span=None) for link in structure.links]
    links.sort(key=lambda link: (link.source, order[link.kind]))
    points = [dataclasses.replace(point, span=None) for point in structure.points]
    points.sort(key=lambda p: (p.on_part or p.on_links[0].partition(" ")[0], p.id))
    modules = {
        name: dataclasses.replace(info, span=None, file="")
        for name, info in sorted(structure.modules.items())
    }
    return Structure(
        parts=parts, links=tuple(links), points=tuple(points), modules=modules, title=""
    )


def test_the_sample_is_read() -> None:
    reading = read(SAMPLE)
    assert reading.findings == ()
    structure = reading.structure
    assert structure is not None
    parts = structure.parts
    assert list(parts) == ["G1", "S1", "G2", "G3", "C1", "Sn1", "CSn1", "D1"]
    assert parts["G1"].text == "Agent A, deployed as in C1,\ndoes no severe harm\n"
    assert parts["G1"].tags == {
        "classes": '["red", "thick line"]',
        "horizontalIndex": '{"relative": -1}',
    }
    assert parts["G3"].tags == {"confidence": "0.83"}
    assert parts["G3"].undeveloped
    assert (parts["D1"].type, parts["D1"].counter) == ("goal", True)
    assert (parts["CSn1"].type, parts["CSn1"].counter) == ("solution", True)
    assert parts["Sn1"].url == "evals/ctrl.json"
    assert {part.module for part in parts.values()} == {"Case"}
    assert structure.modules["Case"].tags == {"owner": "board"}
    assert parts["G2"].span == Span(
        file="argument.yaml", line=12, column=1, end_line=12, end_column=3
    )
    links = {(link.source, link.target or link.target_link): link for link in structure.links}
    assert links["D1", "G2 -> Sn1"].target_link == links["G2", "Sn1"].id == "G2 -> Sn1"
    assert links["S1", "G3"].defeated
    assert not links["S1", "G2"].defeated
    assert structure.points[0].on_part == "G1"
    assert structure.points[0].on_links == (links["G1", "S1"].id,)


def test_the_sample_is_written_without_loss() -> None:
    structure = read(SAMPLE).structure
    assert structure is not None
    again, losses = reread(structure)
    assert losses == ()
    assert plain(again) == plain(structure)


def test_modules_are_one_file_each() -> None:
    main = "module: {name: A, uses: [sub/b.yaml], stylesheets: [a.css]}\nG1: {undeveloped: true}\n"
    b = (
        "module: {name: B, uses: [c.yaml], extends: [{module: A, develops: {G1: [G2]}}]}\n"
        "G2: {supportedBy: Sn1}\nSn1: {}\n"
    )
    files = {"sub/b": b, "sub/c": "module: {name: C}\nSn2: {}\n"}
    structure = read(main, **files).structure
    assert structure is not None
    assert list(structure.modules) == ["A", "B", "C"]
    assert structure.modules["A"].uses == ("B",)
    assert structure.modules["B"].extends == {"G1": ("G2",)}
    assert structure.modules["C"].file == "sub/c.yaml"
    again, losses = reread(structure)
    assert losses == ()
    assert plain(again) == plain(structure)


def test_a_wrong_extension_is_kept_as_it_was() -> None:
    text = "module: {name: A, extends: [{module: B, develops: {G9: [G1]}}]}\nG1: {}\n"
    structure = read(text).structure
    assert structure is not None
    again, losses = reread(structure)
    assert losses == ()
    assert plain(again) == plain(structure)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("suportedBy", "supportedBy"),
        ("supportedby", "supportedBy"),
        ("inContextOff", "inContextOf"),
        ("ulr", "url"),
        ("txet", "text"),
        ("defeat", "defeated"),
        ("owner", ""),
        ("confidence", ""),
        ("add", ""),
        ("sc.text", ""),
    ],
)
def test_a_layer_that_is_nearly_a_key(key: str, meant: str) -> None:
    assert near_miss(key, ELEMENT_KEYS) == meant
    findings = read(f"G1: {{text: a, {key}: b}}\n").findings
    assert [f.hint for f in findings] == ([f"did you mean `{meant}`?"] if meant else [])
    assert all(f.code == "F020" and f.severity == "warning" and f.span.line == 1 for f in findings)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("G1: {}\nG1: {}\n", "F006", 2, 1),
        ("G1:\n  text: a\n  text: b\n", "F006", 3, 3),
        ("G1: &a {}\n", "F003", 1, 5),
        ("G1: {text: a, b: *a}\n", "F003", 1, 18),
        ("G1: {horizontalIndex: !relative 1}\n", "F004", 1, 23),
        ("G1: !!python/object:os.system {}\n", "F004", 1, 5),
        ("G1:\n", "F005", 1, 4),
        ("G1: 3\n", "F005", 1, 5),
        ("G1: {supportedBy: {a: b}}\n", "F005", 1, 19),
        ("G1: {supportedBy: [[a]]}\n", "F005", 1, 20),
        ("G1: {classes: red}\n", "F005", 1, 15),
        ("G1: {acp: [a]}\n", "F005", 1, 11),
        ("G1: {text: 12}\n", "F007", 1, 12),
        ("G1: {text: true}\n", "F007", 1, 12),
        ("G1: {undeveloped: maybe}\n", "F023", 1, 19),
        ("G1: {rankIncrement: -1}\n", "F023", 1, 21),
        ("G1: {horizontalIndex: {absolute: first}}\n", "F023", 1, 23),
        ("G1: {nodeType: Gaol}\n", "F022", 1, 16),
        ("G1: {name: x}\n", "F020", 1, 6),
        ("G1: {}\n---\nG2: {}\n", "F005", 2, 1),
        ("- G1\n", "F005", 1, 1),
        ("G1: {text: 'a\n", "F002", 2, 1),
        ("G1: {}\n\tG2: {}\n", "F002", 2, 1),
        ("G1: {text: \x07}\n", "F002", 1, 1),
        ("X1: {}\n", "V01", 1, 1),
        ("module: {uses: [a.yaml]}\nG1: {}\n", "F030", 1, 17),
        ("module: {name: A, use: a}\nG1: {}\n", "F020", 1, 19),
        ("", "F021", 1, 1),
    ],
)
def test_bad_input_has_a_finding_with_its_place(
    text: str, code: str, line: int, column: int
) -> None:
    findings = read(text).findings
    found = {(f.code, f.span.line, f.span.column) for f in findings}
    assert (code, line, column) in found


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"G1: {text: \xff}\n", "F002"),
        (b"G1: {text: a\0b}\n", "F002"),
        ("G1: {}\n".encode("utf-16"), "F002"),
        (b"G1: {x: " + b"[" * 200_000, "F002"),
        (b"G1: {x: " + b"{a: " * 200_000, "F002"),
        (b"? [a, b]\n: c\n", "F005"),
        (b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n", "F003"),
        (b"\xef\xbb\xbfG1: {text: 3}\n", "F007"),
    ],
)
def test_hostile_bytes_have_a_finding(data: bytes, code: str) -> None:
    assert code in {f.code for f in read(data).findings}


def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safetycase.interop.gsn2x_draft.MAX_BYTES", 100)
    reading = read("G1: {}\n" + "# " * 100)
    assert reading.structure is None
    assert [f.code for f in reading.findings] == ["F001"]


def test_findings_are_bounded() -> None:
    reading = read("\n".join("G1: {}" for _ in range(5000)))
    assert len(reading.findings) < 1000
    assert "4499 more findings" in reading.findings[-1].message


def test_a_broken_module_does_not_hide_the_others() -> None:
    reading = read("module: {name: A, uses: [b.yaml]}\nG1: {}\n", b="- x\n")
    assert reading.structure is not None
    assert list(reading.structure.parts) == ["G1"]
    assert [f.code for f in reading.findings] == ["F005"]
    assert reading.findings[0].span.file == "b.yaml"


def test_reading_leaves_the_collector_as_it_was() -> None:
    assert gc.isenabled()
    read(SAMPLE)
    assert gc.isenabled()


@given(st.binary(max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_bytes_raise(data: bytes) -> None:
    read(data)
    read(b"G1: {text: a}\n" + data)


LINES = st.sampled_from(
    [
        "G1:",
        "Sn2:",
        "module:",
        "  name: Case",
        "  text: one line: two",
        "  text: one line, two",
        '  text: "quoted # text"',
        "  text: 'it''s'",
        "  text: true",
        "  text: 012",
        "  text: a # comment",
        "  text: a  b   ",
        "  supportedBy: [Sn1, G2]",
        "  supportedBy: [null, G2]",
        "  supportedBy: Sn1",
        "  inContextOf:   [C1]",
        "  undeveloped: true",
        "  undeveloped: no",
        "   url: http://a.b/c#d",
        "  url: http://a.b/c#d",
        "  nodeType: Goal",
        "    more",
        "# comment",
        "   # comment",
        "",
        "X1: {}",
        "G3: {}",
        "G4: ",
        "---",
        "  text: “ünï” – ok",
        "  text: a\u2028b",
        "  text: -5 apples",
        "  text: [a",
    ]
)


ELEMENTS = st.builds(
    lambda head, body: [f"{head}:", *body],
    st.sampled_from(["G1", "Sn2", "CSn-3", "D4", "module"]),
    st.lists(LINES.filter(lambda line: line.startswith("  ")), min_size=1, max_size=3),
)
PLAIN_ELEMENTS = st.builds(
    lambda name, text, refs: [f"{name}:", f"  text: {text}", f"  supportedBy: [{refs}]"],
    st.sampled_from(["G1", "Sn2", "CSn-3", "D4"]),
    st.text("ab-:#'\"[,] ü1", min_size=1, max_size=8),
    st.sampled_from(["G2", "G2, Sn1", "a-b, c_d", "true", "G2 , G3", "1, 2", "G2,G3"]),
)


@given(
    st.one_of(
        st.lists(LINES, max_size=12),
        *(
            st.lists(kind, max_size=3).map(lambda many: [line for one in many for line in one])
            for kind in (ELEMENTS, PLAIN_ELEMENTS)
        ),
    )
)
@settings(max_examples=60, deadline=None)
def test_the_quick_way_reads_what_libyaml_reads(lines: list[str]) -> None:
    both_ways("\n".join(lines))


VALUES = ["a # b", "a #b", "a#b", "a: b", "a:b", "a:", "a, b]", "a  b  ", "  a", "'a'", "'a'b'"]
VALUES += ['"a"', '"a" b', '"a\\n"', "'", '"', "''", "a'", "?a", "-a", "- a", "%a", "@a", "`a", "|"]
VALUES += ["> a", "*a", "&a b", "!a b", "true", "Null", "~", "12", "1.5e3", ".inf", "12 a", "0x1F"]
VALUES += ["no", "a\tb", "a\x85b", "a\u2028b", "\ufeffa", "ü", "😀", "[a]", "{}", "{a: b}", "a {b}"]
VALUES += ["[a, b]", "[a,b]", "[a , b]", "[a, b] # c", "[true, b]", "[]", "[a, b", "[a, 1]", "a ]"]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("key", ["text", "url", "supportedBy", "undeveloped", "nodeType", "layer"])
def test_the_quick_way_takes_a_value_as_libyaml_does(key: str, value: str) -> None:
    both_ways(f"G1:\n  {key}: {value}\n  undevelopedd: x\n")
    both_ways(f"module:\n  name: A\nG1:\n  {key}: {value}\nSn1: {{}}\n# end")


def both_ways(text: str) -> None:
    """Where the quick way takes a file, libyaml says the same."""
    from safetycase.interop.gsn2x_document import read_document
    from safetycase.interop.gsn2x_read import _read_file

    if gsn2x_quick.plain(text, "a.yaml") is None:
        return
    quick, slow = (FileDraft("a.yaml", "", Report()) for _ in range(2))
    _read_file(quick, text)
    read_document(slow, text)
    for field in FileDraft.__slots__:
        if field != "report":
            assert getattr(quick, field) == getattr(slow, field), field
    assert quick.report.findings == slow.report.findings


@pytest.mark.parametrize("lines", [SAMPLE.splitlines()[11:12], ["G1:", "  text: a", "Sn1: {}"]])
def test_the_quick_way_is_taken_for_plain_files_only(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert (gsn2x_quick.plain(text, "a.yaml") is not None) == ("G1:" in lines)


def test_bulk_records_are_the_records() -> None:
    span = make_span("a.yaml", 1, 2, 3, 4)
    assert span == Span(file="a.yaml", line=1, column=2, end_line=3, end_column=4)
    part = make_part("G1", "goal", True, "M", "t", "u", True, True, {"a": "b"}, span)
    assert part == Part(
        id="G1",
        type="goal",
        counter=True,
        module="M",
        name="G1",
        text="t",
        url="u",
        undeveloped=True,
        defeated=True,
        tags={"a": "b"},
        span=span,
    )
    link = make_link("challenges", "a", "b", span)
    assert link == Link(kind="challenges", source="a", target="b", span=span)
    with pytest.raises(dataclasses.FrozenInstanceError):
        part.text = "x"  # type: ignore[misc]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
IDS = ["G1", "S2", "Sn3", "C4", "A5", "J6", "CG7", "X8", "no", "G-9"]
TYPES = ["goal", "strategy", "solution", "context", "assumption", "justification"]
LAYERS = st.dictionaries(
    st.sampled_from(["confidence", "sc.status", "owner: x", "true"]), TEXT, max_size=2
)


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    """What gsn2x can carry, whatever its rules would say about it."""
    names = draw(st.lists(st.sampled_from(IDS), min_size=1, unique=True))
    count = draw(st.integers(1, 3))
    modules = ["Main", "Two words", "ünter"][:count] if draw(st.booleans()) else [""]
    parts = {}
    for position, name in enumerate(names):
        type_ = draw(st.sampled_from(TYPES))
        parts[name] = Part(
            id=name,
            type=type_,  # type: ignore[arg-type]
            text=draw(TEXT),
            module=modules[position % len(modules)],
            undeveloped=draw(st.booleans()),
            defeated=draw(st.booleans()),
            counter=type_ in ("goal", "solution") and draw(st.booleans()),
            url=draw(TEXT),
            tags=draw(LAYERS),
        )
    links = []
    for name in names:
        for kind in ("supported by", "in context of"):
            targets = draw(st.lists(st.sampled_from(IDS), max_size=3, unique=True))
            links += [Link(kind=kind, source=name, target=t) for t in targets]  # type: ignore[arg-type]
        if draw(st.booleans()):
            links.append(Link(kind="challenges", source=name, target=draw(st.sampled_from(IDS))))
    infos = {
        name: ModuleInfo(name=name, brief=draw(TEXT), tags=draw(LAYERS)) for name in modules if name
    }
    if infos:
        first = dataclasses.replace(infos[modules[0]], uses=tuple(modules[1:]))
        infos[modules[0]] = first
    points = [ClaimPoint(id="ACP1", on_part=name) for name in names if draw(st.booleans())]
    return Structure(parts=parts, links=tuple(links), points=tuple(points), modules=infos)


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


BASE = Structure(
    parts={
        "G1": Part(id="G1", type="goal", name="G1", undeveloped=True),
        "Sn1": Part(id="Sn1", type="solution", name="Sn1"),
        "CG1": Part(id="CG1", type="goal", counter=True, name="CG1"),
    },
    links=(
        Link(kind="supported by", source="G1", target="Sn1"),
        Link(kind="challenges", source="CG1", target="G1"),
    ),
    modules={},
)


def with_part(**fields: object) -> Structure:
    part = dataclasses.replace(BASE.parts["G1"], **fields)  # type: ignore[arg-type]
    return dataclasses.replace(BASE, parts={**BASE.parts, "G1": part})


def with_link(**fields: object) -> Structure:
    link = dataclasses.replace(BASE.links[0], **fields)  # type: ignore[arg-type]
    return dataclasses.replace(BASE, links=(link, *BASE.links[1:]))


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


def test_sniffing() -> None:
    assert FORMAT.sniff is not None
    assert FORMAT.sniff("a.gsn.yaml", b"")
    assert FORMAT.sniff("a.yaml", SAMPLE.encode())
    assert not FORMAT.sniff("case.yaml", b"case: x\nroot:\n  claim: A\n")
    assert not FORMAT.sniff("a.ltac", SAMPLE.encode())


def test_written_text_is_meant_for_people() -> None:
    assert FORMAT.write is not None
    text = FORMAT.write(BASE, "case").files["case.gsn.yaml"]
    assert re.search(r"^G1:\n  supportedBy: \[Sn1\]\n  undeveloped: true\n", text)
    assert "nodeType" not in text
