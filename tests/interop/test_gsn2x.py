"""gsn2x files: what is read and what is refused."""

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.interop.gsn2x_cases import SAMPLE, plain, read, reread

from safetycase.argument.findings import Span
from safetycase.interop.gsn2x import FORMAT
from safetycase.interop.gsn2x_elements import ELEMENT_KEYS, near_miss


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


def test_values_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("gsn2x_events", "gsn2x_read"):
        monkeypatch.setattr(f"safetycase.interop.{room}.MAX_VALUES", 100)
    for text in ("G1: {supportedBy: [" + "G2, " * 200 + "]}", "G1: {}\n" * 200):
        reading = read("\n".join(f"G{n}: {{}}" for n in range(30)), text.replace("G1", "G99"))
        assert reading.structure is not None
        assert len(reading.structure.parts) == 30
        assert "F001" in {f.code for f in reading.findings}
    assert "F001" in {f.code for f in read("".join(f"S{n}: {{}}\n" for n in range(101))).findings}


def test_sniffing() -> None:
    assert FORMAT.sniff is not None
    assert FORMAT.sniff("a.gsn.yaml", b"")
    assert FORMAT.sniff("a.yaml", SAMPLE.encode())
    assert not FORMAT.sniff("case.yaml", b"case: x\nroot:\n  claim: A\n")
    assert not FORMAT.sniff("a.ltac", SAMPLE.encode())
