"""One small file per dialect of SACM, and what is read from it."""

from __future__ import annotations

import pytest

from safetycase.argument.structure import Structure
from safetycase.interop.sacm import FORMAT, read_sacm, revision_of, write_sacm
from safetycase.plugin.formats import Reading, Source

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
XMI = 'xmlns:xmi="http://www.omg.org/spec/XMI/20131001" xmi:version="2.0"'
P = f'xmlns:sacm="http://www.omg.org/spec/SACM/20220301" {XMI} {XSI}'


def reading(*texts: str) -> Reading:
    sources = [Source(name=f"{n}.xmi", data=text.encode()) for n, text in enumerate(texts)]
    return read_sacm(sources, lambda _: None)


def structure(text: str, *, codes: tuple[str, ...] = ()) -> Structure:
    read = reading(text)
    assert read.structure is not None
    assert [f.code for f in read.findings] == list(codes), read.findings
    return read.structure


def links(read: Structure) -> set[tuple[str, str, str]]:
    return {(x.source, x.kind, x.target or f"link {x.target_link}") for x in read.links}


def types(read: Structure) -> dict[str, str]:
    return {part.id: part.type for part in read.parts.values()}


DIALECT_P = f"""<sacm:AssuranceCasePackage {P} xmi:id="acp1">
 <name content="SchemingCase"/>
 <artifactPackage xmi:id="art"><name content="Evidence"/>
  <artifactElement xsi:type="sacm:Artifact" xmi:id="a_log" version="v7" date="2026-11-01">
   <name content="Control log"/></artifactElement>
 </artifactPackage>
 <argumentPackage xmi:id="arg"><name content="Main"/>
  <argumentElement xsi:type="sacm:Claim" xmi:id="G1"><name content="G1"/>
   <description><content><value lang="de" content="Sicher"/><value lang="en" content="Safe"/>
   </content></description></argumentElement>
  <argumentElement xsi:type="sacm:Claim" xmi:id="G2" assertionDeclaration="defeated">
   <name content="G2"/></argumentElement>
  <argumentElement xsi:type="sacm:Claim" xmi:id="G3" assertionDeclaration="needsSupport">
   <name content="G3"/></argumentElement>
  <argumentElement xsi:type="sacm:Claim" xmi:id="A1" assertionDeclaration="assumed">
   <name content="A1"/></argumentElement>
  <argumentElement xsi:type="sacm:Claim" xmi:id="CG1" isAbstract="true"><name content="CG1"/>
   </argumentElement>
  <argumentElement xsi:type="sacm:Claim" xmi:id="M1"><name content="ACP1"/></argumentElement>
  <argumentElement xsi:type="sacm:ArgumentReasoning" xmi:id="S1"><name content="S1"/>
   </argumentElement>
  <argumentElement xsi:type="sacm:ArtifactReference" xmi:id="Sn1"
    referencedArtifactElement="a_log"><name content="Sn1"/></argumentElement>
  <argumentElement xsi:type="sacm:AssertedInference" xmi:id="I1" source="G2 G3" target="G1"
    reasoning="S1" metaClaim="M1"/>
  <argumentElement xsi:type="sacm:AssertedEvidence" xmi:id="E1" source="Sn1" target="G2"/>
  <argumentElement xsi:type="sacm:AssertedContext" xmi:id="X1" source="A1" target="S1"/>
  <argumentElement xsi:type="sacm:AssertedInference" xmi:id="D1" isCounter="true" source="CG1"
    target="E1"/>
 </argumentPackage>
</sacm:AssuranceCasePackage>"""


def test_dialect_p() -> None:
    read = structure(DIALECT_P)
    assert read.title == "SchemingCase"
    assert list(read.modules) == ["Main"]
    assert types(read) == {
        "G1": "goal",
        "G2": "goal",
        "G3": "goal",
        "A1": "assumption",
        "CG1": "goal",
        "M1": "goal",
        "S1": "strategy",
        "Sn1": "solution",
    }
    assert links(read) == {
        ("G1", "supported by", "S1"),
        ("S1", "supported by", "G2"),
        ("S1", "supported by", "G3"),
        ("G2", "supported by", "Sn1"),
        ("S1", "in context of", "A1"),
        ("CG1", "challenges", "link E1"),
    }
    g1, sn1 = read.parts["G1"], read.parts["Sn1"]
    assert (g1.text, g1.tags["sacm.text.de"]) == ("Safe", "Sicher")
    assert read.parts["G2"].defeated
    assert read.parts["G3"].undeveloped
    assert read.parts["CG1"].uninstantiated
    assert read.parts["CG1"].counter
    assert sn1.url == "Control log"
    assert sn1.tags["sacm.artifact.version"] == "v7"
    assert {x.id for x in read.links if x.source == "G1"} == {"I1"}
    (point,) = read.points
    assert (point.id, point.on_links, point.argued_by) == ("ACP1", ("I1",), "M1")
    (written,) = write_sacm(read, "x").files.values()
    for mark in ('xmi:id="I1"', 'version="v7"', 'lang="de" content="Sicher"', 'xmi:id="acp1"'):
        assert mark in written


def test_dialect_q_class_named_children_with_href() -> None:
    read = structure(
        f"""<AssuranceCasePackage xmlns="http://www.omg.org/spec/SACM/2.2/Argumentation" {XSI}
        id="c"><argumentPackage id="p" name="Main">
        <claim id="G1" name="G1" content="The claim" description="A remark"/>
        <claim id="G2" name="G2"><content lang="en">Sub claim</content></claim>
        <claim id="G3" name="G3"><description>Other</description></claim>
        <argumentReasoning id="S1" name="S1"/>
        <artifactReference id="Sn1" name="Sn1"/>
        <assertedInference id="I1"><source href="#G2"/><source href="#G3"/><target href="#G1"/>
        <reasoning href="#S1"/></assertedInference>
        <assertedEvidence id="E1"><source href="#Sn1"/><target href="#G2"/></assertedEvidence>
        </argumentPackage></AssuranceCasePackage>""",
        codes=("F057",),
    )
    texts = {part.id: part.text for part in read.parts.values()}
    assert texts == {"G1": "The claim", "G2": "Sub claim", "G3": "Other", "S1": "", "Sn1": ""}
    assert read.parts["G1"].tags == {"sacm.note": "A remark"}
    assert links(read) == {
        ("G1", "supported by", "S1"),
        ("S1", "supported by", "G2"),
        ("S1", "supported by", "G3"),
        ("G2", "supported by", "Sn1"),
    }


def test_dialect_q2_capitalised_tags_with_ref() -> None:
    read = structure(
        """<s:AssuranceCasePackage xmlns:s="http://example.org/sacm/2.3"><s:ArgumentPackage id="p">
        <s:Claim id="G1" content="Top"/><s:Claim id="G2" content="Sub"/>
        <s:ArgumentReasoning id="S1" content="By parts"/>
        <s:AssertedInference id="I" reasoning="S1"><s:source ref="G2"/><s:target ref="G1"/>
        </s:AssertedInference></s:ArgumentPackage></s:AssuranceCasePackage>"""
    )
    assert links(read) == {("G1", "supported by", "S1"), ("S1", "supported by", "G2")}
    assert read.parts["S1"].text == "By parts"


def test_dialect_e_a_namespace_per_package() -> None:
    read = structure(
        f"""<xmi:XMI {XMI} {XSI} xmlns:a="http://omg.sacm/2.2/assurancecase"
        xmlns:g="http://omg.sacm/2.2/argumentation"><a:AssuranceCasePackage xmi:id="c">
        <name content="Case"/><argumentPackage xmi:id="p"><name content="Main"/>
        <argumentationElement xsi:type="g:Claim" xmi:id="t" gid="77"><name lang="en" content="Top"/>
        </argumentationElement>
        <argumentationElement xsi:type="g:Claim" xmi:id="u"><name content="Sub"/>
        </argumentationElement>
        <argumentationElement xsi:type="g:AssertedInference" xmi:id="i" source="u" target="t"/>
        </argumentPackage></a:AssuranceCasePackage></xmi:XMI>""",
        codes=("F057",),
    )
    assert read.title == "Case"
    assert links(read) == {("t", "supported by", "u")}
    assert read.parts["t"].name == "Top"
    assert read.parts["t"].tags == {"sacm.gid": "77"}


def test_dialect_e2_positions_and_several_targets() -> None:
    read = structure(
        f"""<A:ArgumentPackage {XMI} {XSI} xmlns:A="http://www.omg.org/spec/SACM/2.0/Argumentation"
        gid="m1">
        <argumentAsset xsi:type="A:Claim" gid="g1" content="Top"/>
        <argumentAsset xsi:type="A:Claim" gid="g2" content="Sub"/>
        <argumentAsset xsi:type="A:ArgumentReasoning" content="By parts"/>
        <argumentAsset xsi:type="A:AssertedInference" source="//@argumentAsset.1"
          target="//@argumentAsset.0" reasoning="//@argumentAsset.2"/>
        <argumentAsset xsi:type="A:Claim" gid="a1" content="All found" assumed="true"/>
        <argumentAsset xsi:type="A:AssertedContext" source="//@argumentAsset.4"
          target="//@argumentAsset.3 //@argumentAsset.2"/>
        <argumentAsset xsi:type="A:ArtefactElementCitation" gid="sn" content="Test report"/>
        <argumentAsset xsi:type="A:AssertedEvidence" source="//@argumentAsset.6"
          target="//@argumentAsset.1"/>
        </A:ArgumentPackage>""",
        codes=("F057", "S14"),
    )
    assert types(read) == {
        "g1": "goal",
        "g2": "goal",
        "argumentreasoning-1": "strategy",
        "a1": "assumption",
        "sn": "solution",
    }
    assert links(read) == {
        ("g1", "supported by", "argumentreasoning-1"),
        ("argumentreasoning-1", "supported by", "g2"),
        ("argumentreasoning-1", "in context of", "a1"),
        ("g2", "supported by", "sn"),
    }
    assert len(read.links) == 4


GSN = f"""<c:AssuranceCasePackage {XMI} {XSI} xmlns:c="http://omg.sacm/2.3/assurancecase"
  xmlns:g="NAMESPACE"><name content="Case"/>
  <argumentPackage xsi:type="g:Module"><name content="Main"/>
   <argumentationElement xsi:type="g:Goal"><name content="G1"/></argumentationElement>
   <argumentationElement xsi:type="g:Strategy" undeveloped="true"><name content="S1"/>
   </argumentationElement>
   <argumentationElement xsi:type="g:Goal" isPublic="true"><name content="G2"/>
   </argumentationElement>
   <argumentationElement xsi:type="g:Solution"><name content="Sn1"/></argumentationElement>
   <argumentationElement xsi:type="g:AwayJustification"><name content="J1"/></argumentationElement>
   <argumentationElement xsi:type="g:Context"><name content="C1"/></argumentationElement>
   RELATIONS
  </argumentPackage></c:AssuranceCasePackage>"""


def gsn(space: str, pairs: list[tuple[str, int, int]]) -> str:
    path = "//@argumentPackage.0/@argumentationElement."
    relations = "".join(
        f'<argumentationElement xsi:type="g:{kind}" source="{path}{a}" target="{path}{b}"/>'
        for kind, a, b in pairs
    )
    return GSN.replace("RELATIONS", relations).replace("NAMESPACE", space)


PAIRS = [
    ("SupportedBy", 0, 1),
    ("SupportedBy", 1, 2),
    ("SupportedBy", 2, 3),
    ("InContextOf", 0, 4),
    ("InContextOf", 0, 5),
]
READ = {
    ("G1", "supported by", "S1"),
    ("S1", "supported by", "G2"),
    ("G2", "supported by", "Sn1"),
    ("G1", "in context of", "J1"),
    ("G1", "in context of", "C1"),
}


def test_dialect_g_source_is_the_supported_element() -> None:
    read = structure(gsn("http://scsc.acwg.gsn/2.0", PAIRS))
    assert links(read) == READ
    assert types(read)["J1"] == "justification"
    assert read.parts["S1"].undeveloped
    assert read.parts["G2"].public
    assert {x.inference for x in read.links} == {""}


def test_dialect_g_written_the_other_way_about() -> None:
    turned = [(kind, b, a) for kind, a, b in PAIRS]
    read = reading(gsn("http://acwg.org/3.0/gsn", turned))
    assert read.structure is not None
    assert links(read.structure) == READ
    assert {f.code: f.severity for f in read.findings} == {"F057": "note", "F058": "note"}


def test_unknown_namespace_is_told_from_an_older_revision() -> None:
    text = '<ArgumentPackage xmlns="{}"><claim id="a" content="x"/></ArgumentPackage>'
    for uri, severity in (
        ("http://www.omg.org/spec/SACM/2.0/Argumentation", "note"),
        ("http://nobody.org/sacm", "warning"),
    ):
        (finding,) = reading(text.format(uri)).findings
        assert (finding.code, finding.severity) == ("F057", severity)
    assert reading(text.format("http://www.omg.org/spec/SACM/20220301")).findings == ()
    assert revision_of("http://omg.sacm/2.2/base") == "SACM 2.2"


def test_unknown_parts_are_kept_and_reported() -> None:
    read = reading(
        f"""<sacm:ArgumentPackage {P} xmlns:v="urn:vendor" xmi:id="p">
        <argumentElement xsi:type="sacm:Claim" xmi:id="G1" colour="red"><name content="G1"/>
        <v:shape w="1">a<b/>c</v:shape></argumentElement></sacm:ArgumentPackage>"""
    )
    assert read.structure is not None
    tags = read.structure.parts["G1"].tags
    assert tags["sacm.attribute.colour"] == "red"
    kept = '<n0:shape w="1" xmlns:n0="urn:vendor">a<b></b>c</n0:shape>'
    assert tags["sacm.child.1"] == kept
    assert [(loss.about, loss.what) for loss in read.losses] == [
        ("G1", "attribute"),
        ("G1", "element"),
    ]
    (written,) = write_sacm(read.structure, "x").files.values()
    again = reading(written).structure
    assert again is not None
    assert dict(again.parts["G1"].tags) == dict(tags)


def test_interfaces_bindings_and_nesting_become_modules() -> None:
    read = structure(
        f"""<sacm:AssuranceCasePackage {P} xmi:id="c"><name content="Root"/>
        <argumentPackage xmi:id="outer"><name content="Outer"/>
        <argumentElement xsi:type="sacm:ArgumentPackage" xmi:id="a"><name content="A"/>
        <argumentElement xsi:type="sacm:Claim" xmi:id="GA"><name content="GA"/></argumentElement>
        </argumentElement></argumentPackage>
        <argumentPackage xsi:type="sacm:ArgumentPackageInterface" xmi:id="ai" implements="a">
        <argumentElement xsi:type="sacm:Claim" xmi:id="cGA" isCitation="true" citedElement="GA"
          assertionDeclaration="asCited"/></argumentPackage>
        <argumentPackage xmi:id="b"><name content="B"/>
        <argumentElement xsi:type="sacm:Claim" xmi:id="GB"><name content="GB"/></argumentElement>
        <argumentElement xsi:type="sacm:AssertedInference" xmi:id="i" source="cGA" target="GB"/>
        </argumentPackage>
        <argumentPackage xsi:type="sacm:ArgumentPackageBinding" xmi:id="k"
          participantPackage="a b"><name content="K"/>
        <argumentElement xsi:type="sacm:Claim" xmi:id="x" isCitation="true" citedElement="GA"
          assertionDeclaration="asCited"/>
        <argumentElement xsi:type="sacm:Claim" xmi:id="y" isCitation="true" citedElement="GB"
          assertionDeclaration="asCited"/></argumentPackage>
        </sacm:AssuranceCasePackage>"""
    )
    assert list(read.modules) == ["A", "B", "K"]
    assert read.modules["A"].tags["sacm.parent"] == "Outer"
    assert read.modules["K"].contract
    assert read.parts["GA"].public
    assert (read.parts["x"].away, read.parts["y"].away) == ("GA", "GB")
    assert links(read) == {("GB", "supported by", "GA")}
    (written,) = write_sacm(read, "x").files.values()
    assert 'xsi:type="sacm:ArgumentPackageBinding"' in written
    assert 'participantPackage="a b"' in written


def test_references_lead_from_file_to_file() -> None:
    one = f"""<sacm:ArgumentPackage {P} xmi:id="p1"><argumentElement xsi:type="sacm:Claim"
        xmi:id="G1"/></sacm:ArgumentPackage>"""
    two = f"""<sacm:ArgumentPackage {P} xmi:id="p2"><argumentElement xsi:type="sacm:Claim"
        xmi:id="G2"/><argumentElement xsi:type="sacm:AssertedInference" xmi:id="i" source="G2">
        <target href="0.xmi#G1"/></argumentElement></sacm:ArgumentPackage>"""
    read = reading(one, two)
    assert read.structure is not None
    assert read.findings == ()
    assert links(read.structure) == {("G1", "supported by", "G2")}
    assert [f.code for f in reading(two).findings] == ["F055", "S14"]


def bad(body: str) -> str:
    return f'<sacm:ArgumentPackage {P} xmi:id="p">{body}</sacm:ArgumentPackage>'


CLAIM = '<argumentElement xsi:type="sacm:Claim" xmi:id="{}" {}/>'


@pytest.mark.parametrize(
    ("text", "code", "read"),
    [
        ("<html/>", "F050", False),
        ("<a", "F050", False),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "F054", False),
        ("<a>" * 1_000_000, "F052", False),
        (bad(CLAIM.format("a", "") + CLAIM.format("a", "")), "F056", True),
        (bad(CLAIM.format("a", 'assertionDeclaration="sure"')), "F058", True),
        (bad(CLAIM.format("a", 'citedElement="z" isCitation="true"')), "F055", True),
        (bad(CLAIM.format("a", 'citedElement="//@x.9999999999999"')), "F055", True),
        (bad('<argumentElement xsi:type="sacm:Miracle" xmi:id="m"/>'), "F057", True),
    ],
)
def test_bad_files(text: str, code: str, read: bool) -> None:
    found = reading(text)
    assert code in [f.code for f in found.findings]
    assert (found.structure is not None) == read


def test_many_mistakes_give_a_bounded_report() -> None:
    body = "".join(CLAIM.format(f"a{n}", 'assertionDeclaration="sure"') for n in range(3000))
    found = reading(bad(body)).findings
    assert len(found) == 500
    assert "no more are shown" in max(found, key=lambda f: f.span).message


@pytest.mark.slow
def test_deep_packages_do_not_recurse() -> None:
    deep = '<argumentElement xsi:type="sacm:ArgumentPackage">' * 5000
    read = reading(bad(deep + CLAIM.format("a", "") + "</argumentElement>" * 5000))
    assert read.structure is not None
    assert list(read.structure.parts) == ["a"]


def test_sniff() -> None:
    assert FORMAT.sniff is not None
    assert FORMAT.sniff("a.xmi", DIALECT_P.encode()[:400])
    assert FORMAT.sniff("a.xmi", DIALECT_P.encode("utf-16")[:800])
    assert not FORMAT.sniff("a.xml", b"<svg/>")
    assert not FORMAT.sniff("a.yaml", b"SACM: 1")
