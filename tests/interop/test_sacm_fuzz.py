"""No SACM file, however broken, gives a traceback; what is read can be written and read again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.interop.sacm_structures import structures
from tests.interop.test_sacm_round_trip import comparable
from tests.timing import cpu_time

from safetycase.checks.sacm import RULES
from safetycase.interop.sacm import FORMAT, read_sacm, write_sacm
from safetycase.interop.sacm_index import MEMBERS
from safetycase.interop.xml import XSI
from safetycase.plugin.formats import Reading, Source


def reading(data: bytes) -> Reading:
    return read_sacm([Source(name="a.xmi", data=data)], lambda _: None)


# fmt: off
CLASSES = [
    "AssuranceCasePackage", "ArgumentPackage", "ArgumentPackageInterface",
    "ArgumentPackageBinding", "ArgumentGroup", "Claim", "ArgumentReasoning", "ArtifactReference",
    "AssertedInference", "AssertedEvidence", "AssertedContext", "AssertedArtifactSupport",
    "ArtifactPackage", "Artifact", "Resource", "Property", "TerminologyPackage", "Expression",
    "Term", "Goal", "Strategy", "Solution", "Context", "AwayGoal", "Module", "SupportedBy",
    "InContextOf", "Nonsense",
]
# fmt: on
ATTRIBUTES = [
    *sorted(MEMBERS),
    *("id", "gid", "isCitation", "isAbstract", "isCounter", "assertionDeclaration", "key", "lang"),
    *("undeveloped", "isMany", "href", "ref", "colour", "expression", "element", "version"),
]
VALUES = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "a b",
        "#a",
        "//@x.0",
        "//",
        "/9",
        "true",
        "asCited",
        "x y",
        "",
        "sc.link",
        "en",
    ]
)
TAGS = [*sorted(MEMBERS), "argumentElement", "argumentPackage", "value", "claim", "vendor"]


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A nest of elements with the words of SACM in any order."""
    pieces: list[str] = []
    open_tags: list[str] = []
    for step in draw(st.lists(st.sampled_from("oooc"), max_size=25)):
        if step == "c" and open_tags:
            pieces.append(f"</{open_tags.pop()}>")
            continue
        tag = draw(st.sampled_from(TAGS))
        names = draw(st.lists(st.sampled_from(ATTRIBUTES), unique=True, max_size=5))
        said = "".join(f' {name}="{draw(VALUES)}"' for name in names)
        kind = draw(st.sampled_from(CLASSES))
        said += f' xsi:type="s:{kind}"' if draw(st.booleans()) else ""
        pieces.append(f"<{tag}{said}>{draw(st.sampled_from(['', 'text', ' ']))}")
        open_tags.append(tag)
    pieces += [f"</{tag}>" for tag in reversed(open_tags)]
    root = draw(st.sampled_from(CLASSES))
    return f'<s:{root} xmlns:s="urn:s" xmlns:xsi="{XSI}">{"".join(pieces)}</s:{root}>'


@settings(max_examples=40, deadline=None)
@given(documents())
def test_any_words_in_any_order(text: str) -> None:
    read = reading(text.encode())
    assert read.structure is not None or read.findings
    if read.structure is None:
        return
    for rule in RULES:
        if rule.judge is not None:
            assert all(found.code == rule.code for found in rule.judge(read.structure))
    (written,) = write_sacm(read.structure, "a").files.values()
    again = reading(written.encode()).structure
    assert again is not None
    assert comparable(again) == comparable(read.structure)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(structures(), st.data())
def test_damaged_files(structure: object, data: st.DataObject) -> None:
    assert FORMAT.write is not None
    (text,) = FORMAT.write(structure, "a").files.values()  # type: ignore[arg-type]
    raw = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw) - 1))
        stop = start + data.draw(st.sampled_from([1, 3, 40]))
        raw[start:stop] = data.draw(st.sampled_from([b"", b'"', b"<", b"sc.", b"\xff", b" id='x'"]))
        if not raw:
            break
    read = reading(bytes(raw))
    assert read.structure is not None or read.findings


@pytest.mark.slow
def test_many_of_one_kind_take_linear_time() -> None:
    """Ten times the file may take some thirty times as long, not a hundred."""

    value = '<value lang="de" content="x"/>'

    def seconds(number: int) -> float:
        body = "".join(
            f'<claim id="a" name="n"><description><content>{value * 3}'
            f'</content></description></claim><assertedInference id="a" source="a" target="a" '
            f'metaClaim="a"/><claim name="same"/><taggedValue key="k"/>'
            for _ in range(number)
        )
        text = f'<argumentPackage xmlns="urn:x">{body}</argumentPackage>'.encode()
        with cpu_time() as took:
            assert reading(text).structure is not None
        return took.seconds

    seconds(10)
    assert seconds(2000) < 30 * max(seconds(200), 0.02)
