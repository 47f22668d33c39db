"""ASCE networks: what is read, whichever way the file spells it."""

from __future__ import annotations

import time
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.argument.structure import Structure
from safetycase.interop.asce import FORMAT, read_asce
from safetycase.plugin.formats import MAX_BYTES, Reading, Source

SAMPLE = """\
<?xml version="1.0" encoding="UTF-8"?>
<asce-network>
 <title>Kettle</title>
 <nodes>
  <node reference="N1"><type>1</type>
   <user-id>G1</user-id><user-title>Kettle is safe</user-title>
   <html-annotation>
    &lt;p&gt;As &lt;b&gt;used&lt;/b&gt; at home &amp;amp; work&lt;/p&gt;</html-annotation>
   <x>10</x><y>20</y></node>
  <node reference="N2"><type>3</type>
   <user-id>S1</user-id><user-title>Over hazards</user-title></node>
  <node reference="N3"><type>1</type>
   <user-id>G2</user-id><user-title>Scald is handled</user-title>
   <status-fields><requiresdevelopment>true</requiresdevelopment><risk>high</risk>
    <confidence/></status-fields></node>
  <node reference="N4"><type>2</type>
   <user-id>Sn1</user-id><user-title>Test report</user-title></node>
  <node reference="N5"><type>7</type>
   <user-id>M1</user-id><user-title>Kettle model</user-title></node>
  <node reference="N6"><type>8</type><user-title>to do</user-title></node>
 </nodes>
 <links>
  <link reference="L1"><type>1</type>
   <source-reference>N1</source-reference>
   <destination-reference>N2</destination-reference></link>
  <link><type>1</type>
   <source-reference>N2</source-reference>
   <destination-reference>N3</destination-reference></link>
  <link><type>1</type>
   <source-reference>N3</source-reference>
   <destination-reference>N4</destination-reference></link>
  <link><type>2</type>
   <source-reference>N1</source-reference>
   <destination-reference>N5</destination-reference></link>
  <link><type>2</type>
   <source-reference>N1</source-reference>
   <destination-reference>N6</destination-reference></link>
 </links>
</asce-network>
"""


def read(text: str | bytes) -> Reading:
    data = text if isinstance(text, bytes) else text.encode()
    return read_asce([Source(name="k.axml", data=data)], lambda name: None)


def structure_of(text: str) -> Structure:
    reading = read(text)
    assert reading.findings == ()
    assert reading.structure is not None
    return reading.structure


def ends(structure: Structure) -> set[tuple[str, str, str]]:
    return {(link.kind, link.source, link.target) for link in structure.links}


def codes(reading: Reading) -> list[str]:
    return sorted({finding.code for finding in reading.findings})


WANTED = {
    ("supported by", "N1", "N2"),
    ("supported by", "N2", "N3"),
    ("supported by", "N3", "N4"),
    ("in context of", "N1", "N5"),
}


def test_nodes_and_links() -> None:
    reading = read(SAMPLE)
    found = structure_of(SAMPLE)
    assert found.title == "Kettle"
    assert {n: (p.type, p.name) for n, p in found.parts.items()} == {
        "N1": ("goal", "G1"),
        "N2": ("strategy", "S1"),
        "N3": ("goal", "G2"),
        "N4": ("solution", "Sn1"),
        "N5": ("context", "M1"),
    }
    top, open_goal = found.parts["N1"], found.parts["N3"]
    assert (top.text, top.tags) == (
        "Kettle is safe",
        {"asce.annotation": "As used at home & work"},
    )
    assert open_goal.undeveloped
    assert open_goal.tags == {
        "asce.status.requiresdevelopment": "true",
        "asce.status.risk": "high",
    }
    assert ends(found) == WANTED
    assert [(loss.about, loss.what) for loss in reading.losses] == [("N6", "note")]
    span = open_goal.span
    assert span is not None
    assert (span.line, span.column) == (12, 3)


def test_the_other_spelling_of_ends_and_attributes_in_place_of_children() -> None:
    other = SAMPLE.replace("source-reference", "start-reference")
    other = other.replace("destination-reference", "end-reference")
    assert ends(structure_of(other)) == WANTED
    short = (
        '<n><node reference="A" type="1" user-title="a"><node reference="B" type="2"/></node>'
        '<link type="1" start-reference="A" end-reference="B"/></n>'
    )
    assert ends(structure_of(short)) == {("supported by", "A", "B")}


def test_links_the_other_way_round_are_turned() -> None:
    turned = SAMPLE.replace("source-reference", "other").replace("destination", "source")
    turned = turned.replace("other", "destination-reference")
    reading = read(turned)
    assert reading.structure is not None
    assert ends(reading.structure) == WANTED
    assert "direction" in {loss.what for loss in reading.losses}


def node(name: str, kind: str = "1") -> str:
    return f'<node reference="{name}" type="{kind}"/>'


def tie(first: str, second: str, kind: str = "1") -> str:
    return f'<link type="{kind}" source-reference="{first}" destination-reference="{second}"/>'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "F050"),
        ("<a>", "F050"),
        ("<a/>", "F050"),
        ("not xml", "F050"),
        ("<a>" * 20_000, "F052"),
        ("<!DOCTYPE a><a/>", "F054"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "F054"),
        (f"<a>{node('A')}{tie('A', 'B')}</a>", "F055"),
        (f"<a>{node('A')}{tie('A', '')}</a>", "F055"),
        (f"<a>{node('A')}{node('A')}</a>", "F056"),
        (f"<a>{node('A', '11')}</a>", "F058"),
        (f"<a>{node('A')}{node('B')}{tie('A', 'B', '3')}</a>", "F058"),
        (b"<a>\xff</a>", "F059"),
        (f"<a>{node('A')}{node('B')}{tie('A', 'B')}{tie('B', 'A')}</a>", "F060"),
        (b" " * (MAX_BYTES + 1), "F051"),
    ],
)
def test_what_is_wrong_is_a_finding(text: str | bytes, code: str) -> None:
    assert code in codes(read(text))


def test_annotations_full_of_brackets_take_linear_time() -> None:
    started = time.process_time()
    for hostile in ("<" * 300_000, "<br" * 200_000, "&" * 300_000, " \n" * 300_000):
        structure_of(
            f"<a><node reference='A' type='1'><html-annotation>{escape(hostile)}x"
            "</html-annotation></node></a>"
        )
    assert time.process_time() - started < 5


NAMES = st.lists(st.text(alphabet="ABé-1", min_size=1, max_size=4), max_size=6, unique=True)


@given(NAMES, st.data())
@settings(max_examples=60)
def test_every_network_is_read_as_it_is_written(names: list[str], data: st.DataObject) -> None:
    kinds = {name: data.draw(st.sampled_from("1234567")) for name in names}
    later = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :] if kinds[a] in "13"]
    ties = data.draw(st.lists(st.sampled_from(later), max_size=6, unique=True)) if later else []
    text = "".join(node(n, k) for n, k in kinds.items()) + "".join(tie(a, b) for a, b in ties)
    reading = read(f"<a>{text}</a>")
    assert codes(reading) == ([] if names else ["F050"])
    if reading.structure:
        assert list(reading.structure.parts) == names
        assert ends(reading.structure) == {("supported by", a, b) for a, b in ties}


def test_the_format_says_that_no_genuine_file_was_seen() -> None:
    assert FORMAT.sniff is not None
    assert FORMAT.sniff("a.axml", b"")
    assert FORMAT.sniff("a.xml", SAMPLE.encode()[:400])
    assert not FORMAT.sniff("a.xml", b"<a/>")
    assert any("no genuine file" in limit for limit in FORMAT.limits)
