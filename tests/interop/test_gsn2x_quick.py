"""The quick way reads plain gsn2x files as libyaml does."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.interop.gsn2x_cases import (
    SAMPLE,
)

from safetycase.argument.findings import Span
from safetycase.argument.structure import (
    Link,
    Part,
)
from safetycase.interop import gsn2x_quick
from safetycase.interop.gsn2x_draft import FileDraft, Report
from safetycase.interop.gsn2x_records import make_link, make_part, make_span

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
