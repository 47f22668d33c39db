"""Templates: what they make of their parameters, and a finding for everything that does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import COIN, HEADER

from safetycase.argument.library import Library
from safetycase.argument.load import Loaded, load
from safetycase.argument.model import Argument, Claim, Defeater, Evidence, Problem
from safetycase.workspace.checking import check_folder

TEMPLATE = """\
template: control
version: 1
title: Control
source: nobody
says: A test.
parameters:
  monitor: {type: text, says: The monitor.}
  samples: {type: number, says: How many outputs.}
  tau: {type: probability, says: The bound., default: 0.1}
  routes: {type: list, fields: [id, says], says: The ways to the harm.}
  collusion: {type: boolean, default: true, says: Whether the monitor is untrusted.}
  protocol: {type: choice, choices: [auditing, deferring], default: auditing, says: What is done.}
  note: {type: text, optional: true, says: Anything else.}
root:
  claim: CONTROL
  says: "With {monitor} it does not happen in {samples} samples ({deployment.volume}, {{so}})."
  because: =note
  by:
    argument: PARTS
    kind: decomposition
    because: The routes cover the ways.
    premises:
      - claim: "ROUTE-{route.id}"
        each: route in routes
        says: "{route.says} is caught."
        holds_when: "miss <= {tau}"
        by:
          evidence: "E-{route.id}"
          because: It is planned.
          with: {n: =samples, monitor: =monitor}
      - claim: NO-COLLUSION
        when: collusion
        says: The monitor does not collude.
      - claim: DEFERS
        when: protocol is deferring
        says: Doubtful work is deferred.
defeaters:
  - {defeater: D-COLLUSION, against: NO-COLLUSION, says: It may.}
  - {defeater: "D-{route.id}", each: route in routes, against: "E-{route.id}", says: It may hide.}
problems:
  - {problem: P, says: p, blocks: ["ROUTE-{route.id}", NO-COLLUSION, DEFERS], closed_when: done}
  - {problem: P-DEFER, says: p, blocks: [DEFERS], closed_when: done}
"""
USE = """\
root:
  use: control@1
  as: SAFE
  with:
    monitor: a monitor
    samples: =deployment.volume
    routes: [{id: A, says: The first}, {id: B, says: The second}]
"""


def library(text: str = TEMPLATE) -> Library:
    return Library(
        names=lambda: ("control",),
        text=lambda name: ("templates/control.yaml", text) if name == "control" else None,
    )


def read(use: str = USE, template: str = TEMPLATE, extra: str = "") -> Loaded:
    return load(HEADER + use + extra, library=library(template))


def test_an_instance_has_the_elements_its_parameters_ask_for() -> None:
    loaded = read()
    assert loaded.findings == ()
    case = loaded.case
    assert case is not None
    assert case.root == "SAFE"
    assert list(case.elements) == [
        "SAFE", "SAFE/PARTS", "SAFE/ROUTE-A", "SAFE/E-A", "SAFE/ROUTE-B", "SAFE/E-B",
        "SAFE/NO-COLLUSION", "SAFE/D-COLLUSION", "SAFE/D-A", "SAFE/D-B", "SAFE/P",
    ]  # fmt: skip
    root, parts = case.elements["SAFE"], case.elements["SAFE/PARTS"]
    assert isinstance(root, Claim)
    assert isinstance(parts, Argument)
    assert root.says == (
        "With a monitor it does not happen in 10000 samples (10000 throws per month, {so})."
    )
    assert root.because is None
    assert parts.premises == ("SAFE/ROUTE-A", "SAFE/ROUTE-B", "SAFE/NO-COLLUSION")
    evidence, problem = case.elements["SAFE/E-A"], case.elements["SAFE/P"]
    assert isinstance(evidence, Evidence)
    assert evidence.with_ == {"n": 10000, "monitor": "a monitor"}
    assert isinstance(problem, Problem)
    assert problem.blocks == ("SAFE/ROUTE-A", "SAFE/ROUTE-B", "SAFE/NO-COLLUSION")
    defeater = case.elements["SAFE/D-B"]
    assert isinstance(defeater, Defeater)
    assert defeater.against == "SAFE/E-B"
    use = case.uses["SAFE"]
    assert (use.template, use.version, len(use.digest)) == ("control", 1, 64)
    assert case.span("SAFE/E-A", "because").file == "templates/control.yaml"


def test_optional_and_choice_take_what_speaks_of_them_along() -> None:
    loaded = read(USE + "    collusion: false\n    protocol: deferring\n")
    assert loaded.findings == ()
    assert loaded.case is not None
    names = set(loaded.case.elements)
    assert {"SAFE/DEFERS", "SAFE/P-DEFER"} <= names
    assert not {"SAFE/NO-COLLUSION", "SAFE/D-COLLUSION"} & names


def test_develops_gives_open_parts_their_support() -> None:
    loaded = read(
        USE
        + """\
  develops:
    E-A: {method: toy/coin, with: {n: 4}, reads: {miss: rate}}
    NO-COLLUSION: K
""",
        extra="""\
arguments:
  - {argument: K, kind: substitution, because: b, premises: [OUTSIDE]}
claims:
  - {claim: OUTSIDE, says: o}
""",
    )
    assert loaded.findings == ()
    assert loaded.case is not None
    claim, evidence = (loaded.case.elements[n] for n in ("SAFE/NO-COLLUSION", "SAFE/E-A"))
    assert isinstance(claim, Claim)
    assert claim.by == "K"
    assert isinstance(evidence, Evidence)
    assert (evidence.method, evidence.with_, evidence.because) == (
        "toy/coin", {"n": 4}, "It is planned.",
    )  # fmt: skip
    problem = loaded.case.elements["SAFE/P"]
    assert isinstance(problem, Problem)
    assert problem.blocks == ("SAFE/ROUTE-A", "SAFE/ROUTE-B")


def test_a_step_written_in_place_keeps_the_names_of_the_case() -> None:
    loaded = read(
        USE
        + "  develops:\n    NO-COLLUSION:\n      argument: K\n      kind: substitution\n"
        + "      because: b\n      premises: [OUTSIDE]\n",
        extra="claims:\n  - {claim: OUTSIDE, says: o}\n",
    )
    assert loaded.findings == ()
    assert loaded.case is not None
    step = loaded.case.elements["K"]
    assert isinstance(step, Argument)
    assert step.premises == ("OUTSIDE",)


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (("    monitor: a monitor\n", ""), "F042", "`monitor` is not bound"),
        (("monitor: a", "mointor: a"), "F043", "no parameter `mointor`"),
        (("=deployment.volume", "many"), "F044", "not a number"),
        (("=deployment.volume", "=deployment.volum"), "F044", "not a number"),
        (("samples: =deployment.volume", "samples: 3\n    tau: 1.5"), "F044", "between 0 and 1"),
        (("samples: =deployment.volume", "samples: 3\n    protocol: x"), "F044", "choices"),
        (("[{id: A, says: The first}", "[{id: A}"), "F044", "lacks `says`"),
        (("[{id: A, says: The first}", "[{id: A, says: x, y: z}"), "F044", "unknown key `y`"),
        (("[{id: A, says: The first}, {id: B, says: The second}]", "[]"), "F046", "empty"),
        (("id: B", "id: A"), "F013", "used twice"),
        (("id: B", "id: not an id"), "F011", "is not an id"),
        (("control@1", "control"), "F040", "no template and version"),
        (("control@1", "contrl@1"), "F040", "no template `contrl`"),
        (("control@1", "control@2"), "F041", "pins 2"),
        (("  as: SAFE\n", ""), "F021", "lacks `as`"),
        (("  as: SAFE", "  as: 9"), "F011", "not an id"),
        (("  as: SAFE", "  ass: SAFE"), "F020", "no key `ass`"),
        (("  as: SAFE", "  as: SAFE\n  develops: {E-C: {method: x}}"), "F048", "no element `E-C`"),
        (("  as: SAFE", "  as: SAFE\n  develops: {PARTS: X}"), "F048", "not left open"),
        (("  as: SAFE", "  as: SAFE\n  develops: {E-A: {meethod: x}}"), "F048", "`meethod`"),
        (("  as: SAFE", "  as: SAFE\n  each: x in y"), "F047", "only an element of a template"),
    ],
)
def test_what_does_not_fit(change: tuple[str, str], code: str, says: str) -> None:
    assert change[0] in USE
    found = {f.code: f for f in read(USE.replace(*change)).findings}
    assert code in found
    assert says in found[code].message
    assert found[code].span.line > 1 or code == "F021"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("version: 1", "version: one"), "F023"),
        (("title: Control\n", ""), "F021"),
        (("{monitor} it", "{montor} it"), "F045"),
        (("n: =samples", "n: =sampels"), "F045"),
        (("when: collusion", "when: colusion"), "F045"),
        (("each: route in routes\n        says", "each: all routes\n        says"), "F045"),
        (("type: text, says: The monitor.", "type: txt, says: The monitor."), "F022"),
        (("says: A test.", "sais: A test."), "F020"),
        (("root:", "roots:"), "F020"),
        (("against: NO-COLLUSION", "against: NO-COLUSION"), "F030"),
        (('holds_when: "miss <= {tau}"', 'holds_when: "miss =< {tau}"'), "F024"),
    ],
)
def test_what_is_wrong_with_a_template(change: tuple[str, str], code: str) -> None:
    assert change[0] in TEMPLATE
    found = [(f.code, f.span.file) for f in read(template=TEMPLATE.replace(*change)).findings]
    assert (code, "templates/control.yaml") in found


def test_a_template_that_uses_itself_is_a_finding() -> None:
    loop = TEMPLATE.replace("claims:", "claims:") + "claims:\n  - {use: control@1, as: AGAIN}\n"
    assert "F040" in [f.code for f in read(template=loop).findings]


def test_each_and_when_outside_a_template_are_findings() -> None:
    text = "root: {claim: SAFE, says: s, each: a in b, when: c}\n"
    assert [f.code for f in load(HEADER + text).findings] == ["F047", "F047"]


@given(st.text(max_size=30))
def test_a_text_parameter_never_becomes_anything_but_text(value: str) -> None:
    import json

    quoted = json.dumps(value)
    loaded = read(USE.replace("a monitor", quoted))
    if loaded.case is None or loaded.findings:
        assert any(f.code in ("F002", "F044") for f in loaded.findings)
        return
    root, evidence = loaded.case.elements["SAFE"], loaded.case.elements["SAFE/E-A"]
    assert isinstance(root, Claim)
    assert isinstance(evidence, Evidence)
    assert root.says.startswith(f"With {value} it")
    assert evidence.with_["monitor"] == value


def test_a_cache_never_keeps_what_a_template_made() -> None:
    cache: dict[object, object] = {}
    first = load(HEADER + USE, library=library(), cache=cache)
    changed = library(TEMPLATE.replace("The routes cover the ways.", "Otherwise."))
    second = load(HEADER + USE, library=changed, cache=cache)
    assert first.case is not None
    assert second.case is not None
    step = second.case.elements["SAFE/PARTS"]
    assert isinstance(step, Argument)
    assert step.because == "Otherwise."
    missing = load(HEADER + USE.replace("control@1", "later@1"), cache=cache)
    assert [f.code for f in missing.findings] == ["F040"]


def test_an_unsaved_template_stands_in_for_its_file(tmp_path: Path) -> None:
    text = (
        "template: mine\nversion: 1\ntitle: Mine\nsource: mine\nsays: mine\n"
        "root:\n  claim: TOP\n  says: As it was saved.\n"
    )
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "mine.yaml").write_text(text, "utf-8")
    (tmp_path / "case.yaml").write_text(COIN + "claims: [{use: mine@1, as: M}]\n", "utf-8")
    for texts, says in (
        ({}, "As it was saved."),
        ({"templates/mine.yaml": text.replace("was saved", "is typed")}, "As it is typed."),
    ):
        found = check_folder(tmp_path, texts=texts).case
        assert found is not None
        claim = found.elements["M"]
        assert isinstance(claim, Claim)
        assert claim.says == says
