"""The XML reader: places, namespaces, and what it refuses."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.interop import xml
from safetycase.interop.xml import XSI, all_text, local, namespace, parse_xml, walk
from safetycase.plugin.formats import MAX_DEPTH


def _code(data: bytes) -> str:
    root, findings = parse_xml(data, "a.xml")
    assert root is None
    (finding,) = findings
    assert finding.span.line >= 1
    assert finding.span.column >= 1
    return finding.code


def test_names_places_text_and_types() -> None:
    data = (
        f'<a:r xmlns:a="urn:a" xmlns="urn:d" xmlns:xsi="{XSI}" k="1" a:k="2">\n'
        '  one<b xsi:type="a:Claim">x&lt;y</b>two\n'
        '  <b xsi:type="Claim"/><b xsi:type="no:Claim"/></a:r>'
    ).encode()
    root, findings = parse_xml(data, "a.xml")
    assert findings == ()
    assert root is not None
    assert root.tag == "{urn:a}r"
    assert root.attributes == {"k": "1", "{urn:a}k": "2"}
    assert (root.line, root.column) == (1, 1)
    first, second, third = root.children
    assert (first.tag, first.line, first.column) == ("{urn:d}b", 2, 6)
    assert [c.type for c in root.children] == ["{urn:a}Claim", "{urn:d}Claim", "Claim"]
    assert first.text == "x<y"
    assert root.text.split() == ["onetwo"]
    assert len(root.runs) == len(root.children) + 1
    assert all_text(root).split() == ["onex<ytwo"]
    assert list(walk(root)) == [root, first, second, third]
    assert (local(root.tag), namespace(root.tag)) == ("r", "urn:a")
    assert (local("r"), namespace("r")) == ("r", "")


def test_a_prefix_ends_with_its_scope() -> None:
    data = f'<r xmlns:xsi="{XSI}"><a xmlns:p="u" xsi:type="p:T"/><b xsi:type="p:T"/></r>'.encode()
    root, _ = parse_xml(data, "a.xml")
    assert root is not None
    assert [child.type for child in root.children] == ["{u}T", "T"]


BOMB = b"<!DOCTYPE r [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><r>&b;</r>"
EXTERNAL = b"<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r/>"
XXE = b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><r>&x;</r>"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "F050"),
        (b"not xml", "F050"),
        (b"<r><a></r>", "F050"),
        (b"<r><a/>", "F050"),
        (b"<r/><r/>", "F050"),
        (b"<r>&unknown;</r>", "F050"),
        (b"<p:r/>", "F050"),
        (b'<r a="1" a="2"/>', "F053"),
        (b'<r xmlns:p="u" xmlns:q="u" p:a="1" q:a="2"/>', "F053"),
        (BOMB, "F054"),
        (EXTERNAL, "F054"),
        (XXE, "F054"),
        (b"<r>\xff\xfe</r>", "F059"),
        (b"<?xml version='1.0' encoding='klingon'?><r/>", "F059"),
        (b"<?xml version='1.0' encoding='utf-7'?><r/>", "F059"),
        (b"<?xml version='1.0' encoding='shift_jis'?><r/>", "F059"),
        (b"<r>\x00</r>", "F050"),
    ],
)
def test_refusals(data: bytes, code: str) -> None:
    assert _code(data) == code


def test_other_encodings_that_expat_reads() -> None:
    for data in ("<r>é</r>".encode("utf-16"), "﻿<r>é</r>".encode()):
        root, findings = parse_xml(data, "a.xml")
        assert findings == ()
        assert root is not None
        assert root.text == "é"
    latin = "<?xml version='1.0' encoding='iso-8859-1'?><r>é</r>".encode("latin-1")
    root, _ = parse_xml(latin, "a.xml")
    assert root is not None
    assert root.text == "é"


@pytest.mark.slow
def test_depth_is_bounded_and_deep_trees_are_freed() -> None:
    assert _code(b"<a>" * 1_000_000) == "F052"
    root, findings = parse_xml(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH, "a.xml")
    assert findings == ()
    assert root is not None
    assert sum(1 for _ in walk(root)) == MAX_DEPTH
    assert repr(root).startswith("Element(tag='a'")
    del root
    gc.collect()


def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "MAX_ELEMENTS", 10)
    assert _code(b"<r>" + b"<a/>" * 10 + b"</r>") == "F051"
    monkeypatch.setattr(xml, "MAX_BYTES", 10)
    assert _code(b"<r>0123456789</r>") == "F051"


def test_a_huge_attribute_is_read_once() -> None:
    root, _ = parse_xml(b'<r a="' + b"x" * 5_000_000 + b'"/>', "a.xml")
    assert root is not None
    assert len(root.attributes["a"]) == 5_000_000


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_an_element_or_a_finding(data: bytes) -> None:
    for text in (data, b"<r>" + data + b"</r>", b'<r a="' + data + b'"/>'):
        root, findings = parse_xml(text, "a.xml")
        assert (root is None) == bool(findings)
